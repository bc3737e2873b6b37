package contract_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/spec"
)

func TestDocumentIsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	// A copy of its own: validation compiles patterns and puts them into the document.
	document, err := spec.GetSpec()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(document.Validate(t.Context(), openapi3.EnableExamplesValidation())).To(Succeed())

	for name, schema := range document.Components.Schemas {
		_, err := regexp.Compile(schema.Value.Pattern)
		g.Expect(err).NotTo(HaveOccurred(), name)
	}
}

func TestEmbeddedDocumentIsTheOneAtTheRoot(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	written, err := openapi3.NewLoader().LoadFromFile("../../openapi.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	expected, err := json.Marshal(written)
	g.Expect(err).NotTo(HaveOccurred())
	embedded, err := json.Marshal(contract.Documented)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(embedded).To(MatchJSON(expected), "run `make generate`")
}

func TestRulesAreNumberedAndBacked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	expectNumberedAndBacked(g, contract.Rules)
	for _, rule := range contract.Rules {
		found, ok := contract.RuleByID(rule.ID)
		g.Expect(ok).To(BeTrue())
		g.Expect(found).To(Equal(rule))
	}
	_, ok := contract.RuleByID("REQ-0")
	g.Expect(ok).To(BeFalse())
}

// TestCallerRulesAreNumberedAndBacked: what works by luck says what it needs luck for, and is no more than a SHOULD, whatever
// the document that is silent about it.
func TestCallerRulesAreNumberedAndBacked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var plain []contract.Rule
	for _, rule := range contract.CallerRules {
		g.Expect(rule.Level).To(BeElementOf(contract.Must, contract.Should), rule.ID)
		if rule.About != "" {
			g.Expect(rule.Level).To(Equal(contract.Should), rule.ID)
			g.Expect(slices.ContainsFunc(contract.Ambiguities, func(a contract.Ambiguity) bool { return a.ID == rule.About })).To(BeTrue(), rule.ID)
			rule.Level = contract.Note // so far as the documents go
		}
		plain = append(plain, rule.Rule)
		found, ok := contract.CallerRuleByID(rule.ID)
		g.Expect(ok).To(BeTrue())
		g.Expect(found.ID).To(Equal(rule.ID))
		_, ok = contract.RuleByID(rule.ID)
		g.Expect(ok).To(BeFalse(), "%s is the id of another rule", rule.ID)
	}
	g.Expect(plain).NotTo(BeEmpty())
	expectNumberedAndBacked(g, plain)
	_, ok := contract.CallerRuleByID("CALL-0")
	g.Expect(ok).To(BeFalse())
}

func expectNumberedAndBacked(g Gomega, rules []contract.Rule) {
	bindings := map[string]contract.Level{}
	for _, source := range contract.Sources {
		g.Expect(source.Title).NotTo(BeEmpty(), source.ID)
		g.Expect(bindings).NotTo(HaveKey(source.ID))
		g.Expect(source.Binding).To(BeElementOf(contract.Must, contract.Should), source.ID)
		bindings[source.ID] = source.Binding
	}

	last := map[string]int{} // number by family: counting leaves room for neither gaps nor twins
	for _, rule := range rules {
		family := rule.Family()
		last[family]++
		g.Expect(family).To(MatchRegexp(`^[A-Z]+$`))
		g.Expect(rule.ID).To(Equal(fmt.Sprintf("%s-%d", family, last[family])))
		g.Expect(rule.Level).To(BeElementOf(contract.Must, contract.Should, contract.Note), rule.ID)
		g.Expect(rule.Statement).NotTo(BeEmpty(), rule.ID)

		g.Expect(rule.Source).NotTo(BeEmpty(), rule.ID)
		var backing []contract.Level
		for _, source := range rule.Source {
			g.Expect(source).To(MatchRegexp(`^[A-Z]( §[1-9])?$`), rule.ID)
			name, _, _ := strings.Cut(source, " ")
			g.Expect(bindings).To(HaveKey(name), rule.ID)
			backing = append(backing, bindings[name])
		}
		switch rule.Level {
		case contract.Must:
			g.Expect(backing).To(ContainElement(contract.Must), rule.ID)
		case contract.Should:
			g.Expect(backing).NotTo(ContainElement(contract.Must), rule.ID+" is backed by more than it claims")
		}
	}
}

func TestAmbiguitiesAreComplete(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	g.Expect(contract.Ambiguities).NotTo(BeEmpty())
	seen := map[string]bool{}
	for _, a := range contract.Ambiguities {
		g.Expect(a.ID).NotTo(BeEmpty())
		g.Expect(seen).NotTo(HaveKey(a.ID))
		seen[a.ID] = true
		for _, text := range []string{a.Question, a.Documents, a.Reading, a.Reason} {
			g.Expect(text).NotTo(BeEmpty(), a.ID)
		}
		g.Expect(a.Rules).NotTo(BeEmpty(), a.ID)
		for _, rule := range a.Rules {
			_, ok := contract.RuleByID(rule)
			g.Expect(ok).To(BeTrue(), "%s names %s", a.ID, rule)
		}
	}
}

func TestErrorsAreTheEnumeratedCodes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	var codes, roles []string
	for _, e := range contract.Errors {
		codes, roles = append(codes, e.Code), append(roles, e.Role)
		g.Expect(e.Status).To(And(BeNumerically(">=", 400), BeNumerically("<", 600)), e.Code)
		g.Expect(api.ErrorCode(e.Code).Valid()).To(BeTrue(), e.Code)
	}
	g.Expect(codes).To(ConsistOf(contract.Documented.Components.Schemas["ErrorCode"].Value.Enum...))
	for _, names := range [][]string{codes, roles} {
		g.Expect(slices.Compact(slices.Sorted(slices.Values(names)))).To(HaveLen(len(contract.Errors)), "none twice")
	}
}

func TestErrorsOfTheDocuments(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	var documented, retried []string
	for _, e := range contract.Errors {
		if e.Documented {
			documented = append(documented, fmt.Sprint(e.Status, " ", e.Code))
		}
		if e.Retry {
			retried = append(retried, fmt.Sprint(e.Status, " ", e.Code))
		}
	}
	g.Expect(documented).To(ConsistOf("404 INVALID_DISK_SNAPSHOT_NOT_FOUND", "400 OPERATION_DENIED_DISK_SNAPSHOT_STATUS"))
	g.Expect(retried).To(ConsistOf("429 REQUEST_LIMIT_EXCEEDED", "503 SERVICE_TEMPORARY_UNAVAILABLE"))
	g.Expect(contract.NotFound.Code).To(Equal(string(api.CodeSnapshotNotFound)))
	g.Expect(contract.DeniedState.Code).To(Equal(string(api.CodeDeniedSnapshotStatus)))
}

func TestStates(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	g.Expect(contract.States).To(Equal([]contract.State{"NORMAL", "CREATING", "FAILED", "ROLLING_BACK", "DELETING"}))
	g.Expect(contract.Normal).To(BeEquivalentTo("NORMAL"))
	g.Expect(contract.Leaving).To(BeEquivalentTo("DELETING"))
	for _, state := range contract.States {
		own, known := contract.ParseState(string(state))
		g.Expect(known).To(BeTrue(), string(state))
		g.Expect(own).To(Equal(state))
	}

	g.Expect(contract.Normal.Listed()).To(Equal("AVAILABLE"))
	g.Expect(contract.Leaving.Listed()).To(Equal("DELETING"))

	own, known := contract.ParseState("AVAILABLE")
	g.Expect(known).To(BeTrue())
	g.Expect(own).To(Equal(contract.Normal))
	for _, name := range []string{"", "normal", "available", " NORMAL", "GONE"} {
		_, known := contract.ParseState(name)
		g.Expect(known).To(BeFalse(), "%q", name)
	}
}

func TestPlausibleID(t *testing.T) {
	t.Parallel()
	for id, plausible := range map[string]bool{
		"snap-5b1f0c7e": true, "A": true, "0": true,
		"a.b": true, "a_b": true, "a:b": true, "a/b": true, "a-b": true, "+//yp03kUua0OA==": true, "{a}": true, "urn:a#b@c": true, "[a]~1,(2)": true,
		strings.Repeat("x", 200): true,
		strings.Repeat("x", 201): false,
		"":                       false,
		"a b":                    false, " a": false, "a\n": false, "a\x00": false, "a\x7f": false,
		"'a'": false, `"a"`: false, "a`": false, `a\b`: false,
		"a*": false, "a?": false, "a%": false,
		"é": false, "снимок": false, "ａ": false, "📷": false,
		"a\xff": false,
	} {
		NewWithT(t).Expect(contract.PlausibleID(id)).To(Equal(plausible), "%q", id)
	}
}

func TestUsualRequestID(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(contract.UsualRequestID("T8E3F6C52-0B6D-4D3A-9C1E-5A7B2F904D11")).To(BeTrue())
	for _, id := range []string{"", "T", "8E3F6C52-0B6D-4D3A-9C1E-5A7B2F904D11", "T8e3f6c52-0b6d-4d3a-9c1e-5a7b2f904d11"} {
		g.Expect(contract.UsualRequestID(id)).To(BeFalse(), "%q", id)
	}
}

func TestFieldsAreMembersOfTheSchemas(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	members := func(schema *openapi3.Schema) []string {
		var names []string
		for name := range schema.Properties {
			names = append(names, name)
		}
		return names
	}
	schemas := contract.Documented.Components.Schemas
	result := schemas["DeleteSnapshotsResult"].Value
	g.Expect(members(contract.RequestSchema())).To(ConsistOf(contract.FieldSnapshotIDs))
	g.Expect(members(result)).To(ConsistOf(contract.FieldRequestID, contract.FieldResponse))
	g.Expect(members(result.Properties[contract.FieldResponse].Value)).To(ConsistOf(contract.FieldRequestID, contract.FieldSnapshotIDs))
	g.Expect(members(schemas["Failure"].Value)).To(ConsistOf(contract.FieldRequestID, contract.FieldCode, contract.FieldMessage))
}

// What callers depend on is spelled out a second time here, so that no slip in the document passes for the contract.
func TestTheWire(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	g.Expect(contract.MaxBatch).To(Equal(100))
	g.Expect(contract.MaxIDLength).To(Equal(200))
	g.Expect(contract.MaxClockSkew).To(Equal(5 * time.Minute))
	g.Expect(contract.SignedHeaders).To(ConsistOf("content-type", "host"))
	for want, got := range map[string]string{
		"/api/v2/zec":           contract.Path,
		"console.zenlayer.com":  contract.Host,
		"application/json":      contract.ContentType,
		"DeleteSnapshots":       contract.Action,
		"2025-09-01":            contract.Version,
		"zec":                   contract.ServiceName,
		"ZC2-HMAC-SHA256":       contract.SignatureMethod,
		"AUTHFAILURE_":          contract.AuthCodePrefix,
		"X-ZC-Action":           contract.HeaderAction,
		"X-ZC-Version":          contract.HeaderVersion,
		"X-ZC-Timestamp":        contract.HeaderTimestamp,
		"X-ZC-Signature-Method": contract.HeaderSignatureMethod,
		"x-zc-service":          contract.HeaderService,
		"x-zc-request-client":   contract.HeaderRequestClient,
		"Authorization":         contract.HeaderAuthorization,
	} {
		g.Expect(got).To(Equal(want))
	}
}

// Answers are open and requests are strict.
func TestUnknownMembers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	request := map[string]any{"snapshotIds": []any{"snap-1"}, "more": true}
	g.Expect(contract.RequestSchema().VisitJSON(request)).NotTo(Succeed())
	answers := map[string]map[string]any{
		"Failure":               {"requestId": "r", "code": "C", "message": "m", "more": true},
		"DeleteSnapshotsResult": {"requestId": "r", "response": map[string]any{"requestId": "r", "more": true}, "more": true},
	}
	for name, answer := range answers {
		g.Expect(contract.Documented.Components.Schemas[name].Value.VisitJSON(answer)).To(Succeed(), name)
	}
}

func TestWhatIsInProduction(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(contract.Production(contract.Host)).To(BeTrue())
	var domains []string
	text, err := json.Marshal(contract.Documented.Servers[0].Extensions["x-production-domains"])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(json.Unmarshal(text, &domains)).To(Succeed())
	g.Expect(domains).NotTo(BeEmpty())
	for _, domain := range domains {
		for host, production := range map[string]bool{
			domain: true, "a." + domain: true, "a.b." + domain: true, "a" + domain: false, domain + ".example": false, "": false, "." + domain: true,
		} {
			g.Expect(contract.Production(host)).To(Equal(production), host)
		}
	}
}

func TestErrorByCode(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, e := range contract.Errors {
		found, ok := contract.ErrorByCode(e.Code)
		g.Expect(ok).To(BeTrue(), e.Code)
		g.Expect(found).To(Equal(e))
	}
	_, ok := contract.ErrorByCode("NO_SUCH_CODE")
	g.Expect(ok).To(BeFalse())
}

// TestRulesAreInTheContractsOrder, also beside those of other contracts, and have families by their ids.
func TestRulesAreInTheContractsOrder(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ids := []string{"X-1"}
	for _, rule := range slices.Backward(contract.Rules) {
		ids = append(ids, rule.ID)
	}
	slices.SortStableFunc(ids, contract.Order)
	for i, rule := range contract.Rules {
		g.Expect(ids[i]).To(Equal(rule.ID))
		g.Expect(rule.ID).To(HavePrefix(rule.Family() + "-"))
	}
	g.Expect(ids[len(contract.Rules)]).To(Equal("X-1"))
	g.Expect(contract.Order("X-1", "A-1")).To(BeZero())
	g.Expect(contract.Family("none")).To(Equal("none"))
}

func TestSourcesAreCitedByTheirTitles(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	first := contract.Sources[0]
	g.Expect(contract.Cite(first.ID)).To(Equal(first.Title))
	g.Expect(contract.Cite(first.ID + " §1")).To(Equal(first.Title + ", §1"))
	g.Expect(contract.Cite("? §1")).To(Equal("? §1"))
}
