package contract

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/generated/spec"
)

// TestTakeReportsWhatIsMissing breaks the document in one place at a time.
func TestTakeReportsWhatIsMissing(t *testing.T) {
	t.Parallel()
	schema := func(doc *openapi3.T, name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }
	action := func(doc *openapi3.T) *openapi3.Parameter {
		return doc.Paths.Value(Path).Post.Parameters.GetByInAndName("header", HeaderAction)
	}
	for name, broken := range map[string]struct {
		by    func(*openapi3.T)
		names string
	}{
		"no rules": {func(doc *openapi3.T) { delete(doc.Extensions, "x-rules") }, "x-rules is missing"},
		"no rules for callers": {
			func(doc *openapi3.T) { delete(doc.Extensions, "x-caller-rules") }, "x-caller-rules is missing",
		},
		"no sources":     {func(doc *openapi3.T) { delete(doc.Extensions, "x-sources") }, "x-sources is missing"},
		"no ambiguities": {func(doc *openapi3.T) { delete(doc.Extensions, "x-ambiguities") }, "x-ambiguities is missing"},
		"no errors":      {func(doc *openapi3.T) { delete(doc.Extensions, "x-errors") }, "x-errors is missing"},
		"no authentication": {
			func(doc *openapi3.T) { delete(doc.Extensions, "x-authentication") }, "x-authentication is missing",
		},
		"rules under another name": {func(doc *openapi3.T) {
			doc.Extensions["x-rule"] = doc.Extensions["x-rules"]
			delete(doc.Extensions, "x-rules")
		}, "x-rules is missing"},
		"no production domains": {
			func(doc *openapi3.T) { delete(doc.Servers[0].Extensions, "x-production-domains") }, "x-production-domains is missing",
		},
		"a production domain, large": {func(doc *openapi3.T) {
			doc.Servers[0].Extensions["x-production-domains"] = []string{"Example.com"}
		}, `x-production-domains has "Example.com"`},
		"a production domain, dotted": {func(doc *openapi3.T) {
			doc.Servers[0].Extensions["x-production-domains"] = []string{".example.com"}
		}, `x-production-domains has ".example.com"`},
		"one production domain": {func(doc *openapi3.T) {
			doc.Servers[0].Extensions["x-production-domains"] = "example.com"
		}, "x-production-domains: json: cannot unmarshal string"},
		"a misspelled member": {func(doc *openapi3.T) {
			doc.Extensions["x-rules"] = []any{map[string]any{"id": "REQ-1", "levle": "MUST"}}
		}, `x-rules: json: unknown field "levle"`},
		"a member of another type": {func(doc *openapi3.T) {
			doc.Extensions["x-errors"] = []any{map[string]any{"status": "404"}}
		}, "x-errors: json: cannot unmarshal string"},
		"a header without a role": {
			func(doc *openapi3.T) { delete(action(doc).Extensions, "x-role") }, "the document lacks an action",
		},
		"no form of request ids": {
			func(doc *openapi3.T) { delete(schema(doc, "RequestId").Extensions, "x-usual-pattern") }, "x-usual-pattern is missing",
		},
		"no deletable state": {
			func(doc *openapi3.T) { delete(schema(doc, "SnapshotState").Extensions, "x-deletable") }, "x-deletable is missing",
		},
		"no state while deleting": {
			func(doc *openapi3.T) { delete(schema(doc, "SnapshotState").Extensions, "x-deletion-pending") },
			"x-deletion-pending is missing",
		},
		"no success": {
			func(doc *openapi3.T) { doc.Paths.Value(Path).Post.Responses.Delete("200") }, "a success has no requestId",
		},
		"a pattern of ids that is none": {
			func(doc *openapi3.T) { schema(doc, "SnapshotId").Pattern = "[" }, "the pattern of ids",
		},
		"no components": {func(doc *openapi3.T) { doc.Components = nil }, "the security scheme signature"},
		"no request schema": {func(doc *openapi3.T) {
			doc.Paths.Value(Path).Post.RequestBody.Value.Content[ContentType].Schema = nil
		}, "the request body has no schema"},
		"no aliases": {
			func(doc *openapi3.T) { delete(schema(doc, "SnapshotState").Extensions, "x-aliases") }, "x-aliases is missing",
		},
		"no limit": {
			func(doc *openapi3.T) {
				schema(doc, "DeleteSnapshotsRequest").Properties[FieldSnapshotIDs].Value.MaxItems = nil
			},
			"no bounded list",
		},
		"no bound of ids": {func(doc *openapi3.T) { schema(doc, "SnapshotId").MaxLength = nil }, "no bounded list of bounded ids"},
		"another path":    {func(doc *openapi3.T) { doc.Paths.Set("/api/v3/zec", doc.Paths.Value(Path)) }, "one path with one POST"},
		"another method": {func(doc *openapi3.T) {
			item := doc.Paths.Value(Path)
			item.Put, item.Post = item.Post, nil
		}, "one path with one POST"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			doc, err := spec.GetSpec() // a new one for every caller
			g.Expect(err).NotTo(HaveOccurred())
			broken.by(doc)
			_, err = take(doc)
			g.Expect(err).To(MatchError(ContainSubstring(broken.names)))
		})
	}
}

func TestTakeReportsAllThatIsMissing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	doc, err := spec.GetSpec()
	g.Expect(err).NotTo(HaveOccurred())
	delete(doc.Extensions, "x-rules")
	delete(doc.Components.Schemas["SnapshotState"].Value.Extensions, "x-aliases")
	_, err = take(doc)
	g.Expect(err).To(MatchError(And(ContainSubstring("x-rules"), ContainSubstring("x-aliases"))))
}

// What Go code asks for by its role is found when the package is loaded, so a role that is gone stops every program.
func TestRolesThatAreMissing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(func() { document.header("nobody") }).To(PanicWith(ContainSubstring("nobody")))
	g.Expect(func() { document.errorFor("nobody") }).To(PanicWith(ContainSubstring("nobody")))
}

func TestTakeReportsWhatIsEmpty(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*openapi3.T){
		"an action":         func(doc *openapi3.T) { doc.Components.Schemas["Action"].Value.Enum = nil },
		"a version":         func(doc *openapi3.T) { doc.Components.Schemas["Version"].Value.Enum = nil },
		"a pattern for ids": func(doc *openapi3.T) { doc.Components.Schemas["SnapshotId"].Value.Pattern = "" },
		"the deletable state": func(doc *openapi3.T) {
			doc.Components.Schemas["SnapshotState"].Value.Extensions["x-deletable"] = "GOOD"
		},
		"a production domain": func(doc *openapi3.T) { doc.Servers[0].Extensions["x-production-domains"] = []string{} },
		"a server":            func(doc *openapi3.T) { doc.Servers = nil },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			doc, err := spec.GetSpec()
			g.Expect(err).NotTo(HaveOccurred())
			spoil(doc)
			_, err = take(doc)
			g.Expect(err).To(MatchError(ContainSubstring(what)))
		})
	}
}
