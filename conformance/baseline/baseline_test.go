package baseline

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// The checks of the small suite.
const (
	refusesMany    = "refuses 101 snapshots"
	refusesFarMore = "refuses far more snapshots"
	deletesOne     = "deletes a snapshot"
	everyAnswer    = "every answer of the log"
)

// reported is the report of a run on a day, in which some checks show rules broken, and some are not carried out.
func reported(day string, broken map[string][]string, skipped ...string) *report.Report {
	began, err := time.Parse(time.RFC3339, day)
	if err != nil {
		panic(err)
	}
	r := &report.Report{Started: began}
	for _, rule := range contract.Rules {
		result := report.Rule{Rule: rule, BrokenBy: broken[rule.ID], Broken: len(broken[rule.ID])}
	checks:
		for _, check := range few.Checks {
			for _, name := range skipped {
				if name == check.Text {
					continue checks
				}
			}
			for _, tried := range check.Rules {
				if tried == rule.ID {
					result.Checks = append(result.Checks, check.Text)
				}
			}
		}
		result.Settle("nothing tries it")
		r.Rules = append(r.Rules, result)
	}
	r.Checks.Done = len(few.Checks) - len(skipped)
	return r
}

const noon = "2026-11-26T12:00:00Z"

func rule(r *report.Report, id string) report.Rule {
	for _, rule := range r.Rules {
		if rule.ID == id {
			return rule
		}
	}
	panic("no rule " + id)
}

func TestWhatIsKnownIsExcused(t *testing.T) {
	t.Parallel()
	entry := func(rule, check string) report.Known {
		return report.Known{Rule: rule, Check: check, Reason: "r", Expires: "2026-12-31"}
	}
	over := func(known report.Known) report.Known { known.Expires = "2026-11-25"; return known }
	both := map[string][]string{"BATCH-2": {refusesMany, refusesFarMore}}
	for name, c := range map[string]struct {
		broken map[string][]string
		strict bool
		known  []report.Known
		status int
		stands []report.Standing
	}{
		"nothing is known":               {broken: both, status: 1},
		"the rule":                       {both, false, []report.Known{entry("BATCH-2", "")}, 0, []report.Standing{report.StandsFailing}},
		"another rule":                   {both, false, []report.Known{entry("REQ-1", "")}, 1, []report.Standing{report.StandsPassing}},
		"a rule that nothing tries":      {both, false, []report.Known{entry("ENV-1", ""), entry("BATCH-2", "")}, 0, []report.Standing{report.StandsNotTried, report.StandsFailing}},
		"one check of two":               {both, false, []report.Known{entry("", refusesMany)}, 1, []report.Standing{report.StandsFailing}},
		"both checks":                    {both, false, []report.Known{entry("", refusesMany), entry("BATCH-2", refusesFarMore)}, 0, []report.Standing{report.StandsFailing, report.StandsFailing}},
		"the check for another rule":     {both, false, []report.Known{entry("BATCH-2", ""), entry("BATCH-4", refusesMany)}, 0, []report.Standing{report.StandsFailing, report.StandsPassing}},
		"another check of the rule":      {map[string][]string{"BATCH-2": {refusesMany}}, false, []report.Known{entry("BATCH-2", refusesFarMore)}, 1, []report.Standing{report.StandsPassing}},
		"a check that shows other rules": {map[string][]string{"ENV-1": {deletesOne}}, false, []report.Known{entry("ENV-1", deletesOne)}, 0, []report.Standing{report.StandsFailing}},
		"a rule with no check of it":     {map[string][]string{"REQ-1": {deletesOne}}, false, []report.Known{entry("REQ-1", ""), entry("ENV-1", deletesOne)}, 0, []report.Standing{report.StandsFailing, report.StandsPassing}},
		"what judges a log":              {both, false, []report.Known{entry("BATCH-2", ""), entry("", everyAnswer)}, 0, []report.Standing{report.StandsFailing, report.StandsNotTried}},
		"shown outside of any check":     {map[string][]string{"ENV-1": {"setting up"}}, false, []report.Known{entry("ENV-1", "")}, 0, []report.Standing{report.StandsFailing}},
		"outside, and a check is known":  {map[string][]string{"ENV-1": {"setting up", deletesOne}}, false, []report.Known{entry("", deletesOne)}, 1, []report.Standing{report.StandsFailing}},
		"it has expired":                 {both, false, []report.Known{over(entry("BATCH-2", ""))}, 1, []report.Standing{report.StandsExpired}},
		"one of two has expired":         {both, false, []report.Known{entry("", refusesMany), over(entry("", refusesFarMore))}, 1, []report.Standing{report.StandsFailing, report.StandsExpired}},
		"it has expired, and passes":     {nil, false, []report.Known{over(entry("BATCH-2", ""))}, 0, []report.Standing{report.StandsExpired}},
		"a SHOULD":                       {map[string][]string{"BATCH-4": {refusesMany}}, false, []report.Known{entry("BATCH-4", "")}, 0, []report.Standing{report.StandsFailing}},
		"a SHOULD, strictly":             {map[string][]string{"BATCH-4": {refusesMany}}, true, []report.Known{entry("BATCH-4", "")}, 0, []report.Standing{report.StandsFailing}},
		"a SHOULD not, strictly":         {map[string][]string{"BATCH-4": {refusesMany}}, true, nil, 1, nil},
		"a MUST, and a SHOULD not":       {map[string][]string{"BATCH-2": {refusesMany}, "BATCH-4": {refusesMany}}, false, []report.Known{entry("BATCH-2", "")}, 0, []report.Standing{report.StandsFailing}},
		"they not, strictly":             {map[string][]string{"BATCH-2": {refusesMany}, "BATCH-4": {refusesMany}}, true, []report.Known{entry("BATCH-2", "")}, 1, []report.Standing{report.StandsFailing}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := reported(noon, c.broken)
			r.Strict = c.strict
			r.Judge(false, false)
			verdict := r.Verdict
			Apply(r, report.Baseline{Name: "known.yaml", Entries: c.known}, few)
			g.Expect(r.ExitStatus()).To(Equal(c.status))
			g.Expect(r.Verdict).To(Equal(verdict), "which stays true")
			g.Expect(r.AsKnown()).To(Equal(verdict == report.NotConformant && c.status == 0))
			var stands []report.Standing
			for _, entry := range r.Baseline.Entries {
				stands = append(stands, entry.Standing)
			}
			g.Expect(stands).To(Equal(c.stands))
			for _, entry := range c.known {
				g.Expect(entry.Standing).To(BeEmpty(), "the list is somebody else's")
			}
		})
	}
}

// TestAnEntryCountsUpToTheEndOfItsDay in UTC, whatever the clock on the wall says.
func TestAnEntryCountsUpToTheEndOfItsDay(t *testing.T) {
	t.Parallel()
	for began, standing := range map[string]report.Standing{
		"2026-11-26T00:00:00Z":      report.StandsFailing,
		"2026-11-26T23:59:59Z":      report.StandsFailing,
		"2026-11-27T00:00:00Z":      report.StandsExpired,
		"2026-11-27T05:00:00+09:00": report.StandsFailing,
		"2026-11-26T20:00:00-05:00": report.StandsExpired,
		"9999-12-31T00:00:00Z":      report.StandsExpired,
		"0001-01-01T00:00:00Z":      report.StandsFailing,
	} {
		r := reported(began, map[string][]string{"REQ-1": {deletesOne}})
		Apply(r, report.Baseline{Entries: []report.Known{{Rule: "REQ-1", Reason: "r", Expires: "2026-11-26"}}}, few)
		NewWithT(t).Expect(r.Baseline.Entries[0].Standing).To(Equal(standing), began)
	}
}

// TestOnlyWhatWasTriedIsCalledPassing: a rule by all of its checks, and in a run that came to its end.
func TestOnlyWhatWasTriedIsCalledPassing(t *testing.T) {
	t.Parallel()
	entries := []report.Known{{Rule: "BATCH-2"}, {Rule: "BATCH-4"}, {Check: refusesFarMore}, {Rule: "BATCH-2", Check: refusesMany}}
	for i := range entries {
		entries[i].Expires = "2026-12-31"
	}
	const passing, not = report.StandsPassing, report.StandsNotTried
	for name, c := range map[string]struct {
		skipped []string
		reason  string
		stands  []report.Standing
	}{
		"all of it":    {nil, "", []report.Standing{passing, passing, passing, passing}},
		"one left out": {[]string{refusesFarMore}, "", []report.Standing{not, passing, not, passing}},
		"the other":    {[]string{refusesMany}, "", []report.Standing{not, not, passing, not}},
		"both":         {[]string{refusesMany, refusesFarMore}, "", []report.Standing{not, not, not, not}},
		"cut short":    {nil, "interrupted", []report.Standing{not, not, not, not}},
	} {
		g := NewWithT(t)
		r := reported(noon, nil, c.skipped...)
		r.Reason = c.reason
		Apply(r, report.Baseline{Entries: entries}, few)
		for i, entry := range r.Baseline.Entries {
			g.Expect(entry.Standing).To(Equal(c.stands[i]), "%s: %s", name, entry)
		}
	}
}

func TestALogTellsWhatItHadAnOccasionFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := &report.Report{Log: &report.Log{}, Started: reported(noon, nil).Started, Rules: []report.Rule{
		{Rule: contract.Rule{ID: "ENV-1"}, Status: report.Passed, Checks: []string{everyAnswer}},
		{Rule: contract.Rule{ID: "REQ-1"}, Status: report.Skipped},
	}}
	entries := []report.Known{{Rule: "ENV-1"}, {Check: everyAnswer}, {Rule: "REQ-1"}, {Check: deletesOne}}
	for i := range entries {
		entries[i].Expires = "2026-12-31"
	}
	Apply(r, report.Baseline{Entries: entries}, few)
	g.Expect(r.Baseline.Standing(report.StandsPassing)).To(HaveLen(2))
	g.Expect(r.Baseline.Standing(report.StandsNotTried)).To(HaveLen(2))
}

// TestARunThatWasCutShortIsNotExcused: what it would have found besides, nobody knows.
func TestARunThatWasCutShortIsNotExcused(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, map[string][]string{"REQ-1": {deletesOne}})
	r.Reason = "it fell silent"
	r.Judge(true, false)
	Apply(r, report.Baseline{Entries: []report.Known{{Rule: "REQ-1", Reason: "r", Expires: "2026-12-31"}}}, few)
	g.Expect(rule(r, "REQ-1").Known).To(Equal("r"))
	g.Expect(r.ExitStatus()).To(Equal(1))
}

func TestAllReasonsAreTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, map[string][]string{"BATCH-2": {refusesMany, refusesFarMore}})
	Apply(r, report.Baseline{Entries: []report.Known{
		{Rule: "BATCH-2", Check: refusesMany, Reason: "one", Expires: "2026-12-31"},
		{Rule: "REQ-1", Reason: "none", Expires: "2026-12-31"},
		{Check: refusesFarMore, Reason: "two", Expires: "2026-12-31"},
		{Rule: "BATCH-2", Reason: "one", Expires: "2026-12-31"},
	}}, few)
	g.Expect(rule(r, "BATCH-2").Known).To(Equal("one; two"))
}
