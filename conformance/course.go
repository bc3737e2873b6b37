package conformance

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// mostMarks is how many exchanges a time line has. Of a longer run, every second is left out as often as it takes.
const mostMarks = 1000

// longestSample is how many bytes the request and the answer of a check's sample have together: enough to see how they look.
const longestSample = 8 << 10

// course is what all exchanges of a run tell together: when they were sent, how long they took, and what they meant. It may be
// used by several goroutines.
type course struct {
	mu       sync.Mutex
	trials   []report.Trial
	seconds  map[int][]float64 // that answers took, by the bound of how many snapshots were named
	outcomes map[string]map[report.Outcome]int
	families []string // in the order of their first exchanges
	every    int
	marks    []report.Mark
	times    []time.Time // of the marks
}

func newCourse() *course {
	return &course{seconds: map[int][]float64{}, outcomes: map[string]map[report.Outcome]int{}, every: 1}
}

// sizes are the upper bounds by which requests are told apart, of how many snapshots they name. The last has none.
var sizes = []int{1, contract.MaxBatch / 10, contract.MaxBatch / 2, contract.MaxBatch, 0}

// begin puts down that a check begins.
func (c *course) begin(check string, rules []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trials = append(c.trials, report.Trial{Check: check, Rules: rules, Status: report.Skipped, Reason: endedBefore})
}

// end puts down what became of the check that was begun last; the reason is empty if it was carried out to its end.
func (c *course) end(took time.Duration, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	trial := &c.trials[len(c.trials)-1]
	trial.Seconds, trial.Reason = took.Seconds(), reason
	if reason == "" {
		trial.Status = report.Passed
	}
}

// add puts an exchange down. A sample is made of it if it is the first short one of its check.
func (c *course) add(e *target.Exchange, sample func() report.Exchange) {
	named, said := len(ask(e.Body).ids), e.Answer()
	listed := len(said.Listed)
	if said.Unknown {
		listed = -1
	}
	outcome := report.OutcomeOf(e.Status(), said.Code, listed)
	c.mu.Lock()
	defer c.mu.Unlock()
	family := ""
	if last := len(c.trials) - 1; last >= 0 && c.trials[last].Check == e.From {
		trial := &c.trials[last]
		trial.Exchanges++
		if len(trial.Rules) > 0 {
			family = contract.Family(trial.Rules[0])
		}
		if trial.Sample == nil && len(e.Body)+len(e.Raw())+target.Length(e.Header()) <= longestSample {
			short := sample()
			trial.Sample = &short
		}
	}
	if c.outcomes[family] == nil {
		c.outcomes[family] = map[report.Outcome]int{}
		c.families = append(c.families, family)
	}
	c.outcomes[family][outcome]++
	if e.Err == nil && named > 0 {
		bound := sizes[slices.IndexFunc(sizes, func(bound int) bool { return named <= bound || bound == 0 })]
		c.seconds[bound] = append(c.seconds[bound], e.Answered.Sub(e.Asked).Seconds())
	}
	if len(c.marks) == mostMarks {
		c.thin()
	}
	if e.Seq%c.every != 0 {
		return
	}
	c.marks = append(c.marks, report.Mark{
		Seq: e.Seq, Seconds: max(0, e.Ended.Sub(e.Started).Seconds()), Check: e.From, Named: named, Status: e.Status(), Outcome: outcome,
	})
	c.times = append(c.times, e.Started)
}

// thin leaves out every second mark, those that are still to come included. The mutex is held.
func (c *course) thin() {
	c.every *= 2
	marks, times := c.marks, c.times
	c.marks, c.times = nil, nil
	for i, mark := range marks {
		if mark.Seq%c.every == 0 {
			c.marks, c.times = append(c.marks, mark), append(c.times, times[i])
		}
	}
}

// report writes down what is known, in a report that has its rules.
func (c *course) report(r *report.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Trials = slices.Clone(c.trials)
	for i := range r.Trials {
		trial := &r.Trials[i]
		if slices.ContainsFunc(r.Rules, func(rule report.Rule) bool { return slices.Contains(rule.BrokenBy, trial.Check) }) {
			trial.Status, trial.Reason = report.Failed, ""
		}
	}
	from := 1
	for _, bound := range sizes {
		if seconds := slices.Sorted(slices.Values(c.seconds[bound])); len(seconds) > 0 {
			part := func(percent int) float64 { return max(0, seconds[(len(seconds)-1)*percent/100]) }
			r.Latency = append(r.Latency, report.Latency{
				From: from, To: bound, Exchanges: len(seconds), P25: part(25), P50: part(50), P75: part(75), P95: part(95), Max: part(100),
			})
		}
		from = bound + 1
	}
	for _, family := range c.families {
		for _, outcome := range report.AllOutcomes {
			if n := c.outcomes[family][outcome]; n > 0 {
				r.Outcomes = append(r.Outcomes, report.Tally{Family: family, Outcome: outcome, Exchanges: n})
			}
		}
	}
	if len(c.marks) == 0 {
		return
	}
	r.Timeline = &report.Timeline{Every: c.every, Marks: slices.Clone(c.marks)}
	for i := range r.Timeline.Marks {
		r.Timeline.Marks[i].At = max(0, c.times[i].Sub(r.Started).Seconds())
	}
	slices.SortFunc(r.Timeline.Marks, func(a, b report.Mark) int { return cmp.Compare(a.Seq, b.Seq) })
}
