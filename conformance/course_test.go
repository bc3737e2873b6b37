package conformance_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// TestTheCourseOfARunAddsUp: what a report tells of all exchanges agrees with what it tells of each check, and the time line
// is bounded however long the run is.
func TestTheCourseOfARunAddsUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r, err := conformance.Run(t.Context(), conformance.Config{Handler: mock.NewService(), Testbed: mock.TestbedPath, Seed: 7})
	g.Expect(err).NotTo(HaveOccurred())

	checks, err := conformance.Checks("")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Trials).To(HaveLen(len(checks)))
	tallied, byChecks := 0, 1 // the one request before the first check
	for _, tally := range r.Outcomes {
		tallied += tally.Exchanges
	}
	for i, trial := range r.Trials {
		g.Expect(trial.Check).To(Equal(checks[i].Text))
		g.Expect(trial.Rules).To(Equal(checks[i].Rules))
		byChecks += trial.Exchanges
		if trial.Exchanges == 0 {
			g.Expect(trial.Status).To(Equal(report.Skipped), trial.Check)
			g.Expect(trial.Reason).NotTo(BeEmpty())
			continue
		}
		g.Expect(trial.Status).To(Equal(report.Passed), trial.Check)
		g.Expect(trial.Seconds).To(BeNumerically(">", 0), trial.Check)
	}
	g.Expect(tallied).To(Equal(r.Exchanges))
	g.Expect(byChecks).To(Equal(r.Exchanges))

	for _, latency := range r.Latency {
		spread := []float64{latency.P25, latency.P50, latency.P75, latency.P95, latency.Max}
		g.Expect(slices.IsSorted(spread)).To(BeTrue(), "%v", spread)
	}
	g.Expect(len(r.Timeline.Marks)).To(And(BeNumerically("<=", 1000), BeNumerically(">", 400)))
	for i, mark := range r.Timeline.Marks {
		g.Expect(mark.Seq).To(Equal((i + 1) * r.Timeline.Every))
	}
}
