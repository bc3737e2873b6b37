package diff_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// judged is the report on a mutant or a twin; without a name, on the mock.
func judged(t *testing.T, name string) *report.Report {
	t.Helper()
	g := NewWithT(t)
	config := conformance.Config{Handler: mock.NewService(), Seed: 7, Effort: conformance.Quick, Linger: 1}
	if name != "" {
		variant, known := mutants.Named(name)
		g.Expect(known).To(BeTrue(), name)
		config.Handler, config.Linger = variant.New(), max(1, variant.Linger)
	}
	config.Bed = testbed.NewHandler(config.Handler, mock.TestbedPath, time.Minute)
	r, err := conformance.Run(t.Context(), config)
	g.Expect(err).NotTo(HaveOccurred())
	return r
}

// TestAMutantIsARegressionAndATwinIsNone: of real runs, with all that there is to count save what the twin is there to differ in.
func TestAMutantIsARegressionAndATwinIsNone(t *testing.T) {
	t.Parallel()
	usual := judged(t, "")
	for name, choices := range map[string][]string{
		"":                       {},
		"list-shuffled":          {},
		"empty-list-succeeds":    {"empty-list"},
		"ignores-unknown-fields": {"extra-field"},
		"nothing-failed-null":    {"nothing-failed"},
		"none-deletable-404":     {"several-missing", "several-denied", "missing-and-denied"},
	} {
		g := NewWithT(t)
		d := compare(t, usual, judged(t, name), "should", "checks")
		g.Expect(d.Rules).To(BeEmpty(), name)
		g.Expect(d.Checks).To(BeEmpty(), name)
		g.Expect(d.Regression()).To(BeFalse(), name)
		var changed []string
		for _, c := range d.Profile {
			g.Expect(c.Kind).To(Equal(diff.Changed), name)
			changed = append(changed, c.Silence)
		}
		g.Expect(changed).To(ConsistOf(choices), name)
	}
	for _, name := range []string{"folds-case", "limit-of-101", "types-are-values"} {
		mutant, _ := mutants.Named(name)
		g := NewWithT(t)
		broken := judged(t, mutant.Name)
		there, back := compare(t, usual, broken, "should"), compare(t, broken, usual, "should")
		g.Expect(there.Regressions).To(ContainElements(mutant.Rules), mutant.Name)
		g.Expect(back.Regression()).To(BeFalse(), mutant.Name)
		for i, c := range there.Rules {
			g.Expect(c.Kind).To(Equal(diff.Broken), mutant.Name)
			g.Expect(c.Why).NotTo(BeEmpty(), mutant.Name)
			g.Expect(back.Rules[i].Kind).To(Equal(diff.Mended), mutant.Name)
		}
		var failed []string
		for _, rule := range broken.With(report.Failed) {
			failed = append(failed, rule.ID)
		}
		g.Expect(there.Regressions).To(ConsistOf(failed), mutant.Name)
	}
}
