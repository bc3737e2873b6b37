package conformance

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// TestAnEffortTakesWhatItSays holds the prices that people plan with to what runs take: no more, and not so much less
// that the figures would say nothing.
func TestAnEffortTakesWhatItSays(t *testing.T) {
	t.Parallel()
	for _, effort := range []Effort{Quick, Normal} {
		t.Run(string(effort), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			result, err := Run(t.Context(), Config{Handler: mock.NewService(), Testbed: mock.TestbedPath, Effort: effort, Linger: 1, Seed: 1})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
			t.Logf("%s: %d exchanges, %d snapshots", effort, result.Exchanges, result.Snapshots)
			price := efforts[effort]
			g.Expect(result.Exchanges).To(And(BeNumerically("<=", price.exchanges), BeNumerically(">", price.exchanges/3)))
			g.Expect(result.Snapshots).To(And(BeNumerically("<=", price.snapshots), BeNumerically(">", price.snapshots/3)))
		})
	}
}

func TestAHigherEffortCostsMore(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	quick, normal, thorough := efforts[Quick], efforts[Normal], efforts[Thorough]
	g.Expect(quick.exchanges).To(BeNumerically("<", normal.exchanges))
	g.Expect(normal.exchanges).To(BeNumerically("<", thorough.exchanges))
	g.Expect(quick.snapshots).To(BeNumerically("<", normal.snapshots))
	g.Expect(normal.snapshots).To(BeNumerically("<", thorough.snapshots))
}
