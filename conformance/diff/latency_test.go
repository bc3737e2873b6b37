package diff_test

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// latency gives answers whose middle half is a tenth around the median.
func latency(from, to, answers int, median float64) report.Latency {
	return report.Latency{
		From: from, To: to, Exchanges: answers,
		P25: median * 0.95, P50: median, P75: median * 1.05, P95: median * 2, Max: median * 3,
	}
}

func timed(buckets ...report.Latency) *report.Report {
	r := kept(rule("REQ-1", report.Passed, "x"))
	r.Latency = buckets
	return r
}

func TestLatencyBeyondNoise(t *testing.T) {
	t.Parallel()
	wide := latency(1, 1, 100, 0.05)
	wide.P25, wide.P75 = 0.005, 0.1
	for name, c := range map[string]struct {
		a, b  report.Latency
		kind  diff.Kind
		doubt string
	}{
		"the same":                    {a: latency(1, 1, 100, 0.02), b: latency(1, 1, 100, 0.02)},
		"slower":                      {a: latency(1, 1, 100, 0.02), b: latency(1, 1, 100, 0.04), kind: diff.Slower},
		"faster":                      {a: latency(1, 1, 100, 0.04), b: latency(1, 1, 100, 0.02), kind: diff.Faster},
		"slower by little":            {a: latency(1, 1, 100, 0.02), b: latency(1, 1, 100, 0.026)},
		"thrice as slow as no time":   {a: latency(1, 1, 100, 0.001), b: latency(1, 1, 100, 0.003)},
		"slower on a busy machine":    {a: latency(1, 1, 100, 0.003), b: wide, doubt: "the medians are apart, and the answers spread: a busy machine, or a part of the requests"},
		"slower, a few":               {a: latency(1, 1, 20, 0.02), b: latency(1, 1, 20, 0.04), doubt: "too few answers"},
		"slower, of far more answers": {a: latency(1, 1, 100, 0.02), b: latency(1, 1, 300, 0.04), doubt: "far more answers in one than in the other"},
		"slower, without a bound":     {a: latency(101, 0, 100, 0.02), b: latency(101, 0, 100, 0.04), kind: diff.Slower},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			d := compare(t, timed(c.a), timed(c.b))
			g.Expect(d.Latency.Buckets).To(HaveLen(1))
			g.Expect(d.Latency.Buckets[0].Kind).To(Equal(c.kind))
			g.Expect(d.Latency.Buckets[0].Doubt).To(Equal(c.doubt))
			g.Expect(d.Regression()).To(BeFalse(), "it counts only where somebody wants it to")
			g.Expect(compare(t, timed(c.a), timed(c.b), "latency").Regression()).To(Equal(c.kind == diff.Slower))
		})
	}
}

func TestLatencyOfOtherRunsIsNotCompared(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a, b := timed(latency(1, 1, 100, 0.02)), timed(latency(1, 1, 100, 0.2))
	b.Effort = "normal"
	g.Expect(compare(t, a, b, "latency").Latency.Missing).To(ContainSubstring("effort"))
	g.Expect(compare(t, a, timed(latency(1, 2, 100, 0.2)), "latency").Latency.Missing).To(ContainSubstring("sizes"))
}

func TestReadmeTellsTheCriterion(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("../../README.md")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("\n> " + diff.Criterion + "\n"))
	for _, word := range diff.Words {
		g.Expect(string(text)).To(ContainSubstring("\n| `" + string(word.Word) + "` | "))
	}
}
