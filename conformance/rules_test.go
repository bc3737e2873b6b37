package conformance_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

func checks(t *testing.T, filter string) []conformance.Check {
	t.Helper()
	chosen, err := conformance.Checks(filter)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return chosen
}

func TestEveryRuleHasACheckAndEveryCheckARule(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	tried, seen := map[string]bool{}, map[string]bool{}
	for _, check := range checks(t, "") {
		g.Expect(check.Text).NotTo(BeEmpty())
		g.Expect(seen).NotTo(HaveKey(check.Text), "a failure names its check by the text")
		seen[check.Text] = true
		g.Expect(check.Rules).NotTo(BeEmpty(), check.Text)
		for _, rule := range check.Rules {
			tried[rule] = true
		}
	}
	for _, rule := range contract.Rules {
		g.Expect(tried).To(HaveKey(rule.ID))
	}
	g.Expect(tried).To(HaveLen(len(contract.Rules)), "checks name rules that the contract does not have")
}

// TestLabels: a filter by rule or by level chooses exactly the checks that try such a rule.
func TestLabels(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	byLabel := map[string][]conformance.Check{
		string(contract.Must): nil, string(contract.Should): nil, string(contract.Note): nil,
	}
	for _, check := range checks(t, "") {
		for _, label := range labelsOf(check.Rules) {
			byLabel[label] = append(byLabel[label], check)
		}
	}
	for label, expected := range byLabel {
		g.Expect(checks(t, label)).To(Equal(expected), label)
	}
}

// labelsOf gives the rules and, once each, their levels in the contract.
func labelsOf(rules []string) []string {
	labels, levels := append([]string{}, rules...), map[contract.Level]bool{}
	for _, id := range rules {
		rule, _ := contract.RuleByID(id)
		if !levels[rule.Level] {
			levels[rule.Level] = true
			labels = append(labels, string(rule.Level))
		}
	}
	return labels
}

func TestLabelsOfOneCheck(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(conformance.Rule("REQ-2", "REQ-6")).To(ConsistOf("REQ-2", "REQ-6", "MUST", "SHOULD"))
	g.Expect(conformance.Rule("REQ-8")).To(ConsistOf("REQ-8", "NOTE"))
}

func TestFilterThatCannotBeRead(t *testing.T) {
	t.Parallel()
	_, err := conformance.Checks("REQ-1 ||")
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring(`"REQ-1 ||" cannot be read`)))
}

// TestReportHasTheContractsRules: all of them, in order and unaltered, also those that the run did not try.
func TestReportHasTheContractsRules(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	result, err := conformance.Run(t.Context(), conformance.Config{
		Handler: mock.NewService(), Testbed: mock.TestbedPath, Filter: "ERR-1", Effort: conformance.Quick, Linger: time.Millisecond,
	})
	g.Expect(err).NotTo(HaveOccurred())
	var reported []contract.Rule
	for _, rule := range result.Rules {
		reported = append(reported, rule.Rule)
	}
	g.Expect(reported).To(Equal(contract.Rules))
}
