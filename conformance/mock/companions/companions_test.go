package companions_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
)

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	doc, err := companions.GetSpec()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(doc.Validate(t.Context(), openapi3.EnableExamplesValidation())).To(Succeed())
	for _, path := range doc.Paths.Keys() {
		g.Expect(path).To(HavePrefix(contract.Path + "#"))
		operation := doc.Paths.Value(path).Post
		g.Expect(operation.OperationID).To(Equal(strings.TrimPrefix(path, contract.Path+"#")))
		action := operation.Parameters[0].Value
		g.Expect(action.Name).To(Equal(contract.HeaderAction))
		g.Expect(action.Schema.Value.Enum).To(Equal([]any{operation.OperationID}))
	}
}

// TestDocumentAgreesWithTheContract where it says the same once more, for those who generate a client from it alone.
func TestDocumentAgreesWithTheContract(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	doc, err := companions.GetSpec()
	g.Expect(err).NotTo(HaveOccurred())
	var listed []any
	for _, state := range contract.States {
		listed = append(listed, state.Listed())
	}
	g.Expect(doc.Components.Schemas["Status"].Value.Enum).To(Equal(listed))
	version := doc.Components.Parameters["Version"].Value
	g.Expect([]any{version.Name, version.Schema.Value.Example}).To(Equal([]any{contract.HeaderVersion, contract.Version}))
	g.Expect(doc.Servers[0].URL).To(Equal(contract.Documented.Servers[0].URL))
	g.Expect(doc.Info.Version).To(Equal(contract.Documented.Info.Version))
	for _, name := range []string{"Refused", "Failed"} {
		example := doc.Components.Responses[name].Value.Content.Get(contract.ContentType).Example.(map[string]any)
		_, known := contract.ErrorByCode(example[contract.FieldCode].(string))
		g.Expect(known).To(BeTrue(), name)
	}
}

func TestGeneratedCodeIsUpToDate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const here = "conformance/mock/companions/"
	root, err := filepath.Abs("../../..")
	g.Expect(err).NotTo(HaveOccurred())
	read := func(path string) string {
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		return string(text)
	}
	// The same configuration, save where to: the flag -o would lose against the file.
	scratch := t.TempDir()
	config := strings.Replace(read("config.yaml"), "output: "+here, "output: "+scratch+"/", 1)
	elsewhere := filepath.Join(scratch, "config.yaml")
	g.Expect(os.WriteFile(elsewhere, []byte(config), 0o600)).To(Succeed())
	generate := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-config", elsewhere, here+"openapi.yaml")
	generate.Dir = root
	output, err := generate.CombinedOutput()
	g.Expect(err).NotTo(HaveOccurred(), string(output))
	if read(filepath.Join(scratch, "companions.gen.go")) != read("companions.gen.go") {
		t.Error("companions.gen.go is not what openapi.yaml makes of it: run `make generate`")
	}
}
