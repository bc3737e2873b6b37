package diff_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// rule gives a rule of the contract with a status; a failed one is shown broken by the checks, any other is tried by them.
func rule(id string, status report.Status, checks ...string) report.Rule {
	known, _ := contract.RuleByID(id)
	r := report.Rule{Rule: known, Status: status}
	switch status {
	case report.Failed:
		r.Broken, r.BrokenBy, r.Checks = len(checks), checks, checks
		r.Failures = []report.Failure{{Check: "a check", What: "200", Permitted: "a refusal"}}
	case report.Skipped:
		r.Skips = checks
	default:
		r.Checks = checks
	}
	return r
}

func kept(rules ...report.Rule) *report.Report {
	r := &report.Report{
		Format: report.Format, Endpoint: "http://127.0.0.1:8080", Testbed: "/testbed/v1", Seed: 7, Effort: "quick",
		Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Rules: rules,
	}
	r.Checks = report.Checks{Done: 1, Total: 1}
	r.Judge(false, false)
	return r
}

func gate(t *testing.T, words ...string) diff.Gate {
	t.Helper()
	g, err := diff.NewGate(words...)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return g
}

func compare(t *testing.T, a, b *report.Report, words ...string) *diff.Difference {
	t.Helper()
	d, err := diff.Compare(a, b, gate(t, words...))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return d
}

func TestWhatBecomesOfARule(t *testing.T) {
	t.Parallel()
	known := func(r report.Rule) report.Rule { r.Known = "until spring"; return r }
	at := func(level contract.Level, r report.Rule) report.Rule { r.Level = level; return r }
	for name, c := range map[string]struct {
		a, b        []report.Rule
		kind        diff.Kind // of the one change; empty for none
		must, other bool      // whether it is a regression by must, and by everything
		why         string
	}{
		"kept in both":               {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{rule("REQ-1", report.Passed, "x")}},
		"not tried in both":          {a: []report.Rule{rule("REQ-1", report.Skipped, "x")}, b: []report.Rule{rule("REQ-1", report.Skipped, "y")}},
		"broken in both":             {a: []report.Rule{rule("REQ-1", report.Failed, "x")}, b: []report.Rule{rule("REQ-1", report.Failed, "x")}},
		"broken":                     {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{rule("REQ-1", report.Failed, "x")}, kind: diff.Broken, must: true, other: true, why: "x"},
		"broken, of level SHOULD":    {a: []report.Rule{rule("REQ-6", report.Passed, "x")}, b: []report.Rule{rule("REQ-6", report.Failed, "x")}, kind: diff.Broken, other: true, why: "x"},
		"broken, and known":          {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{known(rule("REQ-1", report.Failed, "x"))}, kind: diff.Broken, why: "x"},
		"broken when first tried":    {a: []report.Rule{rule("REQ-1", report.Skipped, "x")}, b: []report.Rule{rule("REQ-1", report.Failed, "x")}, kind: diff.Broken, must: true, other: true, why: "x"},
		"broken as it is new":        {b: []report.Rule{rule("REQ-1", report.Failed, "x")}, kind: diff.Broken, must: true, other: true, why: "x"},
		"mended":                     {a: []report.Rule{rule("REQ-1", report.Failed, "x")}, b: []report.Rule{rule("REQ-1", report.Passed, "x")}, kind: diff.Mended, why: "x"},
		"mended, it seems":           {a: []report.Rule{rule("REQ-1", report.Failed, "x")}, b: []report.Rule{rule("REQ-1", report.Passed, "y")}, kind: diff.Untried, must: true, other: true, why: "none of the checks was carried out that had shown it broken"},
		"not tried any more":         {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{rule("REQ-1", report.Skipped, "no states")}, kind: diff.Untried, must: true, other: true, why: "no states"},
		"not tried any more, SHOULD": {a: []report.Rule{rule("REQ-6", report.Passed, "x")}, b: []report.Rule{rule("REQ-6", report.Skipped, "no states")}, kind: diff.Untried, other: true, why: "no states"},
		"not noted any more":         {a: []report.Rule{rule("REQ-8", report.Noted, "x")}, b: []report.Rule{rule("REQ-8", report.Skipped, "no states")}, kind: diff.Untried, other: true, why: "no states"},
		"broken, then not tried":     {a: []report.Rule{rule("REQ-1", report.Failed, "x")}, b: []report.Rule{rule("REQ-1", report.Skipped, "no states")}, kind: diff.Untried, must: true, other: true, why: "no states"},
		"not in the contract":        {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, kind: diff.Untried, must: true, other: true, why: "its contract does not have the rule"},
		"new in the contract":        {b: []report.Rule{rule("REQ-1", report.Passed, "x")}, kind: diff.Tried},
		"tried at last":              {a: []report.Rule{rule("REQ-1", report.Skipped, "x")}, b: []report.Rule{rule("REQ-1", report.Passed, "x")}, kind: diff.Tried},
		"excused":                    {a: []report.Rule{rule("REQ-1", report.Failed, "x")}, b: []report.Rule{known(rule("REQ-1", report.Failed, "x"))}, kind: diff.Excused, why: "until spring"},
		"not excused any more":       {a: []report.Rule{known(rule("REQ-1", report.Failed, "x"))}, b: []report.Rule{rule("REQ-1", report.Failed, "x")}, kind: diff.Unexcused, why: "until spring"},
		"broken at a lower level":    {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{at(contract.Should, rule("REQ-1", report.Failed, "x"))}, kind: diff.Broken, must: true, other: true, why: "x"},
		"nothing can break it":       {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{at(contract.Note, rule("REQ-1", report.Noted, "x"))}, kind: diff.Untried, must: true, other: true, why: "its contract leaves the choice, so that nothing breaks it"},
		"it can be broken now":       {a: []report.Rule{at(contract.Note, rule("REQ-1", report.Noted, "x"))}, b: []report.Rule{rule("REQ-1", report.Passed, "x")}, kind: diff.Tried},
		"a level that changed":       {a: []report.Rule{rule("REQ-1", report.Passed, "x")}, b: []report.Rule{at(contract.Should, rule("REQ-1", report.Passed, "x"))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			always := rule("ENV-1", report.Passed, "always")
			a, b := kept(append(c.a, always)...), kept(append(c.b, always)...)
			d := compare(t, a, b)
			if c.kind == diff.Alike {
				g.Expect(d.Rules).To(BeEmpty())
				g.Expect(d.Regression()).To(BeFalse())
				return
			}
			g.Expect(d.Rules).To(HaveLen(1))
			g.Expect(d.Rules[0].Kind).To(Equal(c.kind))
			if c.why != "" {
				g.Expect(d.Rules[0].Why).To(Equal([]string{c.why}))
			}
			g.Expect(d.Rules[0].Counts).To(Equal(c.must))
			g.Expect(d.Regression()).To(Equal(c.must))
			g.Expect(compare(t, a, b, "note").Regression()).To(Equal(c.other))
			g.Expect(compare(t, a, b, "none").Regression()).To(BeFalse())
		})
	}
}

// TestNewFailuresOfAKnownRuleCount: the list of A excused it, and that of B does not have all that shows it.
func TestNewFailuresOfAKnownRuleCount(t *testing.T) {
	t.Parallel()
	held := func(r *report.Report, standing report.Standing, known string) *report.Report {
		r.Rules[0].Known = known
		r.Baseline = &report.Baseline{Entries: []report.Known{{Rule: "REQ-1", Check: "x", Reason: "it is old", Expires: "2026-12-31", Standing: standing}}}
		return r
	}
	a := held(kept(rule("REQ-1", report.Failed, "x")), report.StandsFailing, "it is old")
	none := kept(rule("REQ-1", report.Failed, "x", "y"))
	for name, c := range map[string]struct {
		b      *report.Report
		counts bool
	}{
		"another check shows it":               {held(kept(rule("REQ-1", report.Failed, "x", "y")), report.StandsFailing, ""), true},
		"another one in its place":             {held(kept(rule("REQ-1", report.Failed, "y")), report.StandsPassing, ""), true},
		"the entry has expired":                {held(kept(rule("REQ-1", report.Failed, "x")), report.StandsExpired, ""), false},
		"it was not held against any list":     {none, false},
		"a list of which nothing is left":      {held(kept(rule("REQ-1", report.Failed, "x", "y")), report.StandsExpired, ""), true},
		"the same, which is excused as before": {held(kept(rule("REQ-1", report.Failed, "x")), report.StandsFailing, "it is old"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			d := compare(t, a, c.b)
			g.Expect(d.Regression()).To(Equal(c.counts))
			g.Expect(strings.Contains(markdown(t, d), "was `failed, as known`")).To(Equal(c.counts))
			g.Expect(compare(t, a, c.b, "none").Regression()).To(BeFalse())
		})
	}
}

// TestAStrictRunTakesSHOULDForMUST: whoever runs it so wants to hear of both.
func TestAStrictRunTakesSHOULDForMUST(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a, b := kept(rule("REQ-6", report.Passed, "x")), kept(rule("REQ-6", report.Failed, "x"))
	b.Strict = true
	d := compare(t, a, b)
	g.Expect(d.Regressions).To(ConsistOf("REQ-6"))
	g.Expect(d.Conditions).To(ConsistOf(diff.Condition{What: "strict", A: "no", B: "yes"}))
}

// TestARunThatSeesFarLessIsNamed, also where each check is carried out still: with few snapshots, all is tried less often.
func TestARunThatSeesFarLessIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		b     int // exchanges, of 1000
		named bool
	}{"about as much": {900, false}, "half": {500, false}, "a quarter": {250, true}, "far more": {4000, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			a, b := kept(rule("REQ-1", report.Passed, "x")), kept(rule("REQ-1", report.Passed, "x"))
			a.Exchanges, b.Exchanges = 1000, c.b
			d := compare(t, a, b)
			if !c.named {
				g.Expect(d.Conditions).To(BeEmpty())
				return
			}
			g.Expect(d.Conditions).To(ConsistOf(diff.Condition{What: "exchanges", A: "1000", B: fmt.Sprint(c.b)}))
			g.Expect(d.Headline()).To(Equal("no difference, though they were not made alike"))
		})
	}
}

// TestWhatIsLostByChoiceDoesNotCount: nobody gives a filter unaware.
func TestWhatIsLostByChoiceDoesNotCount(t *testing.T) {
	t.Parallel()
	whole := func() *report.Report {
		return kept(rule("REQ-1", report.Passed, "x"), rule("ERR-1", report.Passed, "y"))
	}
	part := func(change func(*report.Report)) *report.Report {
		r := kept(rule("REQ-1", report.Passed, "x"), rule("ERR-1", report.Skipped, "no check of it was chosen"))
		change(r)
		return r
	}
	for name, c := range map[string]struct {
		b      *report.Report
		excuse string
	}{
		"nobody knows why": {part(func(*report.Report) {}), ""},
		"by a filter":      {part(func(r *report.Report) { r.Filter = "REQ-1" }), "the filter of B chose other checks"},
		"not in the contract": {func() *report.Report {
			r := kept(rule("REQ-1", report.Passed, "x"))
			r.Filter = "REQ-1"
			return r
		}(), ""},
		"begun all the same": {part(func(r *report.Report) {
			r.Filter = "MUST"
			r.Trials = []report.Trial{{Check: "y", Rules: []string{"ERR-1"}, Status: report.Skipped}}
		}), ""},
		"by a log": {part(func(r *report.Report) { r.Log = &report.Log{Name: "kept.har"} }), "a log shows what it happens to show"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			d := compare(t, whole(), c.b)
			g.Expect(d.Rules).To(HaveLen(1))
			g.Expect(d.Rules[0].Excuse).To(Equal(c.excuse))
			g.Expect(d.Regression()).To(Equal(c.excuse == ""))
			g.Expect(compare(t, c.b, whole()).Regression()).To(BeFalse())
			ok := gate(t)
			ok.UntriedOK = true
			d, err := diff.Compare(whole(), c.b, ok)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(d.Regression()).To(BeFalse())
		})
	}
	t.Run("by a filter of A alone", func(t *testing.T) {
		t.Parallel()
		a := whole()
		a.Filter = "REQ-1 || ERR-1"
		NewWithT(t).Expect(compare(t, a, part(func(*report.Report) {})).Regressions).To(ConsistOf("ERR-1"))
	})
}

func TestChecksOfARuleThatWasTriedInBoth(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a := kept(rule("REQ-1", report.Passed, "x", "y"), rule("ERR-1", report.Failed, "p", "q"))
	b := kept(rule("REQ-1", report.Passed, "y", "z"), rule("ERR-1", report.Failed, "q", "r"))
	b.Rules[1].Checks = []string{"p", "q", "r"}
	b.Rules[0].Skips = []string{"too dear", "half of the texts"}
	b.Trials = []report.Trial{{Check: "x", Status: report.Skipped, Reason: "too dear"}}
	g.Expect(compare(t, a, b).Regression()).To(BeFalse())
	d := compare(t, a, b, "checks")
	counts := diff.Weight{Counts: true}
	g.Expect(d.Checks).To(ConsistOf(
		diff.CheckChange{Rule: "REQ-1", Check: "x", Kind: diff.Untried, Why: "too dear", Weight: counts},
		diff.CheckChange{Rule: "REQ-1", Kind: diff.Untried, Why: "half of the texts"},
		diff.CheckChange{Rule: "REQ-1", Check: "z", Kind: diff.Tried},
		diff.CheckChange{Rule: "ERR-1", Check: "p", Kind: diff.Mended},
		diff.CheckChange{Rule: "ERR-1", Check: "r", Kind: diff.Broken, Weight: counts},
	))
	g.Expect(d.Regressions).To(ConsistOf("REQ-1", "ERR-1"))
}

// TestAReportOfFormat1: it names the checks that show a rule broken with the failures only, and has no latency.
func TestAReportOfFormat1(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	old := kept(rule("REQ-1", report.Failed))
	old.Format, old.Rules[0].Failures[0].Check, old.Rules[0].Checks = 1, "x", []string{"x"}
	d := compare(t, old, kept(rule("REQ-1", report.Passed, "x")))
	g.Expect(d.Rules).To(HaveLen(1))
	g.Expect(d.Rules[0].Kind).To(Equal(diff.Mended))
	g.Expect(d.Latency.Missing).To(Equal("neither has recorded it"))
	timed := kept(rule("REQ-1", report.Passed, "x"))
	timed.Latency = []report.Latency{latency(1, 1, 100, 0.001)}
	g.Expect(compare(t, old, timed).Latency.Missing).To(Equal("A has not recorded it"))
	g.Expect(compare(t, timed, old).Latency.Missing).To(Equal("B has not recorded it"))
}

func TestTheContractsDiffer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a := kept(rule("REQ-1", report.Passed, "x"), rule("ERR-1", report.Passed, "y"), rule("ENV-1", report.Passed, "z"))
	b := kept(rule("REQ-1", report.Passed, "x"), rule("ERR-1", report.Passed, "y"), rule("ENV-2", report.Skipped, "z"))
	b.Rules[0].Level, b.Rules[1].Statement = contract.Should, "Otherwise."
	d := compare(t, a, b)
	g.Expect(d.Contract).To(Equal([]diff.Amendment{
		{Rule: "REQ-1", What: "level", A: "MUST", B: "SHOULD"},
		{Rule: "ENV-1", What: "rule", A: a.Rules[2].Statement},
		{Rule: "ENV-2", What: "rule", B: b.Rules[2].Statement},
		{Rule: "ERR-1", What: "statement", A: a.Rules[1].Statement, B: "Otherwise."},
	}))
	g.Expect(d.Same()).To(BeFalse())
}

func TestChoicesAndOutcomes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a, b := kept(rule("REQ-1", report.Passed, "x")), kept(rule("REQ-1", report.Passed, "x"))
	a.Profile = []report.Choice{
		{Silence: "rivals", Words: []string{"missing", "denied"}},
		{Silence: "odd-id", Words: []string{"refused"}},
		{Silence: "empty-list", Words: []string{"refused"}},
		{Silence: "deletion"},
	}
	b.Profile = []report.Choice{
		{Silence: "rivals", Words: []string{"denied", "missing"}},
		{Silence: "odd-id", Words: []string{"missing", "refused"}},
		{Silence: "deletion", Words: []string{"later"}},
		{Silence: "new", Words: []string{"word"}},
	}
	a.Outcomes = []report.Tally{{Family: "REQ", Outcome: report.OutcomeDone, Exchanges: 5}, {Family: "ENV", Outcome: report.OutcomeFault, Exchanges: 1}}
	b.Outcomes = []report.Tally{{Family: "REQ", Outcome: report.OutcomeDone, Exchanges: 9}, {Family: "REQ", Outcome: report.OutcomeFault, Exchanges: 2}}
	g.Expect(compare(t, a, b, "should", "checks", "latency").Regression()).To(BeFalse())
	d := compare(t, a, b, "note")
	counts := diff.Weight{Counts: true}
	g.Expect(d.Profile).To(Equal([]diff.ChoiceChange{
		{Silence: "odd-id", A: []string{"refused"}, B: []string{"missing", "refused"}, Kind: diff.Changed, Weight: counts},
		{Silence: "empty-list", A: []string{"refused"}, B: []string{}, Kind: diff.Untried, Weight: counts},
		{Silence: "deletion", A: []string{}, B: []string{"later"}, Kind: diff.Tried},
		{Silence: "new", A: []string{}, B: []string{"word"}, Kind: diff.Tried},
	}))
	g.Expect(d.Regressions).To(Equal([]string{"odd-id", "empty-list"}))
	g.Expect(d.Outcomes).To(Equal([]diff.OutcomeChange{{Family: "REQ", Outcome: report.OutcomeFault, A: 0, B: 2}}))
}

func TestWhatSaysNothingIsNotCompared(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	good := kept(rule("REQ-1", report.Passed, "x"))
	lost := kept(rule("REQ-1", report.Passed, "x"))
	lost.Verdict, lost.Reason = report.CouldNotRun, "connection refused"
	twice := kept(rule("REQ-1", report.Passed, "x"), rule("REQ-1", report.Failed, "x"))
	for _, c := range []struct {
		a, b *report.Report
		says string
	}{
		{good, lost, "B cannot be compared: its run could not be carried out (connection refused)"},
		{lost, good, "A cannot be compared: its run could not be carried out (connection refused)"},
		{good, kept(), "B cannot be compared"},
		{twice, good, "A cannot be compared: it tells of the rule REQ-1 twice"},
	} {
		_, err := diff.Compare(c.a, c.b, gate(t))
		g.Expect(err).To(MatchError(ContainSubstring(c.says)))
	}
}

func TestWordsOfTheGate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	a := kept(rule("REQ-1", report.Passed, "x"))
	for given, want := range map[string][]diff.Word{
		"must": {"must"}, "should": {"must", "should"}, "NOTE": {"must", "should", "note"}, "latency": {"must", "latency"},
		"checks, should,checks": {"must", "should", "checks"}, "none": {},
	} {
		g.Expect(compare(t, a, a, given).FailOn).To(Equal(want), given)
	}
	g.Expect(compare(t, a, a).FailOn).To(Equal([]diff.Word{"must"}))
	for _, wrong := range []string{"", "must,", "everything", "none,must"} {
		_, err := diff.NewGate(wrong)
		g.Expect(err).To(MatchError(ContainSubstring("give")), wrong)
	}
}
