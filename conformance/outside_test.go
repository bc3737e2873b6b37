package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// TestOutside uses the suite as somebody else's module does. The module works on a copy, since the go command completes
// its go.mod.
func TestOutside(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	root, err := filepath.Abs("..")
	g.Expect(err).NotTo(HaveOccurred())
	module := t.TempDir()
	g.Expect(os.CopyFS(module, os.DirFS("testdata/outside"))).To(Succeed())
	sums, err := os.ReadFile("../go.sum")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(filepath.Join(module, "go.sum"), sums, 0o600)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(module, "readme_test.go"), []byte(shownToClients(t)), 0o600)).To(Succeed())

	golang := func(env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = module
		cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod"), env...)
		output, err := cmd.CombinedOutput()
		return string(output), err
	}

	output, err := golang(nil, "mod", "edit", "-replace=github.com/zec-conformance/deletesnapshots="+root)
	g.Expect(err).NotTo(HaveOccurred(), output)

	output, err = golang([]string{"OUTSIDE_BROKEN=", "OUTSIDE_KNOWN="}, "test", "-v", "./...")
	g.Expect(err).NotTo(HaveOccurred(), output)
	g.Expect(output).To(And(ContainSubstring("--- PASS: TestContract"), ContainSubstring("--- PASS: TestMock"),
		ContainSubstring("--- PASS: TestDeleteAll"), ContainSubstring("--- PASS: TestAskAgain"), ContainSubstring("--- PASS: TestSigned")))

	output, err = golang([]string{"OUTSIDE_BROKEN=1", "OUTSIDE_KNOWN="}, "test", "-run=TestContract", "./...")
	g.Expect(err).To(BeAssignableToTypeOf(&exec.ExitError{}), output)
	g.Expect(output).To(And(ContainSubstring("--- FAIL: TestContract"), ContainSubstring("STATE-2 MUST: ")))

	known := "known:\n"
	for _, rule := range contract.Rules {
		if rule.Level != contract.Note {
			known += "- {rule: " + rule.ID + ", reason: it is careless, expires: 9999-12-31}\n"
		}
	}
	g.Expect(os.WriteFile(filepath.Join(module, "known.yaml"), []byte(known), 0o600)).To(Succeed())
	output, err = golang([]string{"OUTSIDE_BROKEN=1", "OUTSIDE_KNOWN=known.yaml"}, "test", "-v", "-run=TestContract", "./...")
	g.Expect(err).NotTo(HaveOccurred(), output)
	g.Expect(output).To(ContainSubstring("verdict: not conformant, as known"))
}

// shownToClients is a Go file of what README shows in Go to those who write clients, word for word.
func shownToClients(t *testing.T) string {
	t.Helper()
	_, section, _ := strings.Cut(readme(t), "\n## Develop a client against the mock\n")
	section, _, _ = strings.Cut(section, "\n### The vendor's own clients\n")
	return `package outside

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/limit"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

` + strings.Join(blocks(section, "go"), "\n")
}

// TestTheSuiteBringsNothingOfTheCommand: whoever calls it from a Go test builds nothing that only the command needs, or our own tests.
func TestTheSuiteBringsNothingOfTheCommand(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(output))
	for _, heavy := range []string{"oasdiff/oasdiff", "spf13/cobra", "prometheus", "chromedp", "goldmark", "actionlint"} {
		g.Expect(string(output)).NotTo(ContainSubstring(heavy))
	}
}
