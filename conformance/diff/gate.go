package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Word is something that can count as a regression.
type Word string

// The words. Those of levels include the ones before them.
const (
	FailOnMust    Word = "must"
	FailOnShould  Word = "should"
	FailOnNote    Word = "note"
	FailOnChecks  Word = "checks"
	FailOnLatency Word = "latency"
	FailOnNone    Word = "none"
)

// Words are those that there are, each with what counts by it.
var Words = []struct {
	Word  Word
	About string
}{
	{FailOnMust, "a rule of level MUST that is broken, also by more than B's baseline has, or not tried any more; counts always, unless it is none"},
	{FailOnShould, "that, and the same of level SHOULD"},
	{FailOnNote, "that, and a choice of the profile that is another one, or not seen any more"},
	{FailOnChecks, "of a rule that was tried in both, a check that is not carried out any more; of one that is broken in both, another check that shows it"},
	{FailOnLatency, "latency that is beyond noise"},
	{FailOnNone, "nothing"},
}

// Weight says whether a change is a regression.
type Weight struct {
	Counts bool   `json:"counts"`
	Excuse string `json:"excuse,omitempty"` // why it does not count, though such changes do
}

// Gate says which changes are regressions. The zero value is that of FailOnMust.
type Gate struct {
	words     []Word // that were chosen
	UntriedOK bool   // what is not tried any more does not count
}

// NewGate takes the words as people give them, in any case, several to a text with commas between them.
func NewGate(texts ...string) (Gate, error) {
	var gate Gate
	for _, text := range texts {
		for given := range strings.SplitSeq(text, ",") {
			word := Word(strings.ToLower(strings.TrimSpace(given)))
			if !slices.Contains(names(), word) {
				return Gate{}, fmt.Errorf("nothing is called %q; give some of %s", given, joined(names()))
			}
			if !slices.Contains(gate.words, word) {
				gate.words = append(gate.words, word)
			}
		}
	}
	if len(gate.words) > 1 && slices.Contains(gate.words, FailOnNone) {
		return Gate{}, fmt.Errorf("%q stands beside others; give it alone", FailOnNone)
	}
	return gate, nil
}

func names() (all []Word) {
	for _, w := range Words {
		all = append(all, w.Word)
	}
	return all
}

// all gives all that counts, in the order of Words.
func (g Gate) all() []Word {
	has := func(words ...Word) bool {
		return slices.ContainsFunc(words, func(w Word) bool { return slices.Contains(g.words, w) })
	}
	if has(FailOnNone) {
		return []Word{}
	}
	all := []Word{FailOnMust}
	if has(FailOnShould, FailOnNote) {
		all = append(all, FailOnShould)
	}
	for _, word := range []Word{FailOnNote, FailOnChecks, FailOnLatency} {
		if has(word) {
			all = append(all, word)
		}
	}
	return all
}

// levels are what the levels of rules are called here.
var levels = map[contract.Level]Word{contract.Must: FailOnMust, contract.Should: FailOnShould, contract.Note: FailOnNote}

// judge puts down what of a difference is a regression.
func (g Gate) judge(d *Difference, p *pair) {
	d.FailOn, d.Regressions = g.all(), []string{}
	named := map[string]bool{}
	count := func(w *Weight, name string, excuse string) {
		if w.Excuse = excuse; excuse != "" {
			return
		}
		w.Counts = true
		if !named[name] {
			d.Regressions = append(d.Regressions, name)
		}
		named[name] = true
	}
	on := func(word Word) bool { return slices.Contains(d.FailOn, word) }
	strict := p.a.Strict || p.b.Strict // then SHOULD is as good as MUST
	for i := range d.Rules {
		c := &d.Rules[i]
		switch chosen := on(levels[c.Level]) || on(FailOnMust) && c.Level == contract.Should && strict; {
		case chosen && c.Kind == Broken:
			count(&c.Weight, c.Rule, p.excuse(c.Rule))
		case chosen && c.Kind == Untried:
			whole := c.B == Absent || c.B == report.Noted // whatever was chosen
			count(&c.Weight, c.Rule, g.untried(p, whole || c.B == report.Skipped && p.b.begun[c.Rule]))
		case chosen && c.Kind == Unexcused && p.outgrown(c.Rule):
			count(&c.Weight, c.Rule, "")
		}
	}
	for i := range d.Checks {
		c := &d.Checks[i]
		switch chosen := on(FailOnChecks) && c.Check != ""; { // how many parts there are hangs on what ids look like
		case chosen && c.Kind == Broken:
			count(&c.Weight, c.Rule, p.excuse(c.Rule))
		case chosen && c.Kind == Untried:
			count(&c.Weight, c.Rule, g.untried(p, p.b.begun[c.Check]))
		}
	}
	for i := range d.Profile {
		c := &d.Profile[i]
		switch chosen := on(FailOnNote); {
		case chosen && c.Kind == Changed:
			count(&c.Weight, c.Silence, "")
		case chosen && c.Kind == Untried:
			count(&c.Weight, c.Silence, g.untried(p, false))
		}
	}
	for i := range d.Latency.Buckets {
		if b := &d.Latency.Buckets[i]; b.Kind == Slower && on(FailOnLatency) {
			count(&b.Weight, "latency of "+b.size(), "")
		}
	}
}

// untried tells why something may not be tried any more; empty where it may not. What was begun all the same was chosen.
func (g Gate) untried(p *pair, begun bool) string {
	switch {
	case g.UntriedOK:
		return "what is not tried any more is not to count"
	case p.a.Log != nil || p.b.Log != nil:
		return "a log shows what it happens to show"
	case p.b.Filter != "" && p.a.Filter != p.b.Filter && !begun:
		return "the filter of B chose other checks"
	}
	return ""
}

// excuse is what the baseline of b excuses the rule with.
func (p *pair) excuse(id string) string {
	if reason := p.b.rules[id].Known; reason != "" {
		return "known: " + reason
	}
	return ""
}

// outgrown tells whether the baseline of b lacks a check that shows the rule broken there, and did not in a. One that expired, or
// is not there at all, tells nothing about the implementation.
func (p *pair) outgrown(id string) bool {
	shown := set(p.a.rules[id].BrokenBy)
	return p.b.Baseline != nil && slices.ContainsFunc(p.b.Baseline.Anew(p.b.rules[id]), func(check string) bool { return !shown[check] })
}

// Regression tells whether there is any.
func (d *Difference) Regression() bool { return len(d.Regressions) > 0 }

// size says of which requests a bucket is.
func (b Bucket) size() string {
	switch {
	case b.To == 0:
		return fmt.Sprintf("over %d snapshots", b.From-1)
	case b.From == b.To && b.To == 1:
		return "1 snapshot"
	case b.From == b.To:
		return fmt.Sprintf("%d snapshots", b.To)
	}
	return fmt.Sprintf("%d to %d snapshots", b.From, b.To)
}
