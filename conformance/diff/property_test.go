package diff_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// reports draws a report of some rules with any status, any choices and any latency.
func reports(t *rapid.T, name string) *report.Report {
	checks := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p", "q", "r", "s"}), 1, 3, rapid.ID)
	var rules []report.Rule
	for _, known := range append(contract.Rules[:6:6], contract.Rule{ID: "NEW-1", Level: contract.Must, Statement: "New."}) {
		statuses := []report.Status{report.Passed, report.Failed, report.Skipped, diff.Absent}
		if known.Level == contract.Note {
			statuses = []report.Status{report.Noted, report.Skipped, diff.Absent}
		}
		status := rapid.SampledFrom(statuses).Draw(t, name+known.ID)
		if status == diff.Absent {
			continue
		}
		r := rule(known.ID, status, checks.Draw(t, name+known.ID+" checks")...)
		r.Rule = known
		if status == report.Failed && rapid.Bool().Draw(t, name+known.ID+" known") {
			r.Known = "for a reason"
		}
		rules = append(rules, r)
	}
	r := kept(append(rules, rule("ENV-1", report.Passed, "always"))...)
	words := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"listed", "missing", "denied"}), rapid.ID)
	for _, silence := range []string{"rivals", "odd-id"} {
		r.Profile = append(r.Profile, report.Choice{Silence: silence, Question: silence, Words: words.Draw(t, name+silence)})
	}
	for _, to := range []int{1, 100, 0} {
		r.Latency = append(r.Latency, latency(1, to, rapid.IntRange(10, 90).Draw(t, name+"answers"), rapid.Float64Range(0.001, 0.05).Draw(t, name+"median")))
	}
	for _, outcome := range report.AllOutcomes[:3] {
		if n := rapid.IntRange(0, 2).Draw(t, name+string(outcome)); n > 0 {
			r.Outcomes = append(r.Outcomes, report.Tally{Family: "REQ", Outcome: outcome, Exchanges: n})
		}
	}
	return r
}

// TestNothingSetsAReportApartFromItself, whatever there is in it.
func TestNothingSetsAReportApartFromItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := reports(t, "a ")
		gate, err := diff.NewGate("note,checks,latency")
		d, wrong := diff.Compare(a, a, gate)
		if err != nil || wrong != nil || !d.Same() || d.Regression() || len(d.Conditions) > 0 {
			t.Fatalf("%v %v %+v", err, wrong, d)
		}
	})
}

// TestTheOtherWayAround everything is told as what it is from there. Where one of the two does not try a rule that the other
// breaks, either way is a loss: of the rule, or of the evidence.
func TestTheOtherWayAround(t *testing.T) {
	t.Parallel()
	mirror := map[diff.Kind][]diff.Kind{
		diff.Broken: {diff.Mended, diff.Untried}, diff.Mended: {diff.Broken}, diff.Tried: {diff.Untried}, diff.Untried: {diff.Tried, diff.Broken},
		diff.Excused: {diff.Unexcused}, diff.Unexcused: {diff.Excused}, diff.Changed: {diff.Changed},
		diff.Slower: {diff.Faster}, diff.Faster: {diff.Slower}, diff.Alike: {diff.Alike},
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := reports(t, "a "), reports(t, "b ")
		there, err := diff.Compare(a, b, diff.Gate{})
		back, wrong := diff.Compare(b, a, diff.Gate{})
		if err != nil || wrong != nil {
			t.Fatal(err, wrong)
		}
		same := func(ok bool, this, that any) {
			if !ok {
				t.Fatalf("there: %+v\nback: %+v", this, that)
			}
		}
		same(len(there.Rules) == len(back.Rules), there.Rules, back.Rules)
		for i, c := range there.Rules {
			r := back.Rules[i]
			same(c.Rule == r.Rule && c.A == r.B && c.B == r.A && c.Level == r.Level && slices.Contains(mirror[c.Kind], r.Kind), c, r)
			same(c.Kind != diff.Mended || c.A == report.Failed && c.B == report.Passed, c, r)
		}
		same(len(there.Checks) == len(back.Checks), there.Checks, back.Checks)
		for _, c := range there.Checks {
			i := slices.IndexFunc(back.Checks, func(r diff.CheckChange) bool { return r.Rule == c.Rule && r.Check == c.Check })
			same(i >= 0 && slices.Contains(mirror[c.Kind], back.Checks[i].Kind), c, back.Checks)
		}
		same(len(there.Profile) == len(back.Profile), there.Profile, back.Profile)
		for i, c := range there.Profile {
			r := back.Profile[i]
			same(slices.Equal(c.A, r.B) && slices.Equal(c.B, r.A) && slices.Contains(mirror[c.Kind], r.Kind), c, r)
		}
		for i, c := range there.Latency.Buckets {
			r := back.Latency.Buckets[i]
			same(c.A == r.B && c.B == r.A && slices.Contains(mirror[c.Kind], r.Kind), c, r)
		}
		same(len(there.Outcomes) == len(back.Outcomes) && len(there.Contract) == len(back.Contract), there, back)
	})
}

// TestARegressionIsOneOfWhatIsTold: what counts is told of as counting, and nothing else.
func TestARegressionIsOneOfWhatIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := reports(t, "a "), reports(t, "b ")
		gate, _ := diff.NewGate(rapid.SampledFrom([]string{"must", "should", "note", "checks", "latency", "none"}).Draw(t, "gate"))
		d, err := diff.Compare(a, b, gate)
		if err != nil {
			t.Fatal(err)
		}
		counting := 0
		for _, c := range d.Rules {
			if c.Counts {
				counting++
			}
			if c.Counts && (c.Kind != diff.Broken && c.Kind != diff.Untried || c.Excuse != "") {
				t.Fatalf("%+v counts", c)
			}
		}
		var text bytes.Buffer
		if err := d.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		var back diff.Difference
		if err := json.Unmarshal(text.Bytes(), &back); err != nil || len(back.Regressions) < min(1, counting) || back.Regression() != d.Regression() {
			t.Fatalf("%v: %d count, and %v is told", err, counting, back.Regressions)
		}
	})
}
