package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
)

// TestASpoiltContractIsFound by both linters, in whatever it is spoilt.
func TestASpoiltContractIsFound(t *testing.T) {
	t.Parallel()
	fortest.Needs(t, "npm", "node")
	g := NewWithT(t)
	text, err := os.ReadFile("../../openapi.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	spoilt := string(text)
	for _, change := range [][2]string{
		{"      operationId: DeleteSnapshots\n", ""},
		{"snapshotIds: [snap-00000000]", "snapshotIds: snap-00000000"}, // an example
		{"  - bearer: []", "  - bearing: []"},
	} {
		g.Expect(spoilt).To(ContainSubstring(change[0]))
		spoilt = strings.Replace(spoilt, change[0], change[1], 1)
	}
	path := filepath.Join(t.TempDir(), "openapi.yaml")
	g.Expect(os.WriteFile(path, []byte(spoilt), 0o600)).To(Succeed())

	found := run(t, "../..", nil, ".ci/lint", path)
	if strings.HasPrefix(found.stderr, "the contract is not linted") {
		fortest.Lacking(t, found.stderr)
	}
	g.Expect(found.status).To(Equal(1))
	for _, rule := range []string{
		"operation-operationId rule", "no-invalid-media-type-examples rule", "security-defined rule", // Redocly's
		" operation-operationId ", " oas3-valid-media-example ", " oas3-operation-security-defined ", // Spectral's
	} {
		g.Expect(found.stdout).To(ContainSubstring(rule))
	}
}

// TestWithoutNpmTheContractIsNotLinted, which CI does not put up with.
func TestWithoutNpmTheContractIsNotLinted(t *testing.T) {
	t.Parallel()
	g, programs := NewWithT(t), t.TempDir()
	for _, program := range []string{"sh", "dirname"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("%s is not installed", program)
		}
		g.Expect(os.Symlink(path, filepath.Join(programs, program))).To(Succeed())
	}
	lint := func(ci string) answer {
		return run(t, "../..", []string{"PATH=" + programs, "CI=" + ci}, ".ci/lint", "openapi.yaml")
	}
	g.Expect(lint("")).To(Equal(answer{0, "", "the contract is not linted: there is no npm\n"}))
	g.Expect(lint("true")).To(Equal(answer{1, "", "the contract is not linted: there is no npm\n"}))
}
