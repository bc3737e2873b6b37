package report_test

import (
	"slices"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestVerdictsGiveTheExitStatus(t *testing.T) {
	t.Parallel()
	for verdict, want := range map[report.Verdict]int{
		report.Conformant: 0, report.Remarks: 0, report.NotConformant: 1, report.CouldNotRun: 2, "": 2,
	} {
		if got := verdict.ExitStatus(); got != want {
			t.Errorf("%q: exit status %d, want %d", verdict, got, want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	passed := rule(t, "REQ-1", report.Passed)
	noted := rule(t, "REQ-8", report.Noted)
	skipped := rule(t, "AUTH-1", report.Skipped)
	must := rule(t, "BATCH-2", report.Failed)
	should := rule(t, "REQ-6", report.Failed)
	for name, test := range map[string]struct {
		rules                      []report.Rule
		strict, cutShort, hopeless bool
		want                       report.Verdict
	}{
		"all is well":                    {rules: []report.Rule{passed, noted}, want: report.Conformant},
		"a skip is no fault":             {rules: []report.Rule{passed, skipped}, want: report.Conformant},
		"a MUST is broken":               {rules: []report.Rule{passed, must}, want: report.NotConformant},
		"a SHOULD is broken":             {rules: []report.Rule{passed, should}, want: report.Remarks},
		"a SHOULD is broken, strictly":   {rules: []report.Rule{should}, strict: true, want: report.NotConformant},
		"both are broken":                {rules: []report.Rule{should, must}, want: report.NotConformant},
		"cut short":                      {rules: []report.Rule{passed}, cutShort: true, want: report.CouldNotRun},
		"cut short, a MUST is broken":    {rules: []report.Rule{must}, cutShort: true, want: report.NotConformant},
		"cut short, a SHOULD is broken":  {rules: []report.Rule{should}, cutShort: true, want: report.CouldNotRun},
		"hopeless, a MUST seemed broken": {rules: []report.Rule{must}, cutShort: true, hopeless: true, want: report.CouldNotRun},
		"nothing was tried":              {rules: []report.Rule{skipped}, want: report.CouldNotRun},
		"there was nothing to try":       {want: report.CouldNotRun},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report.Report{Rules: test.rules, Strict: test.strict}
			r.Checks.Done = len(test.rules) - len(r.With(report.Skipped))
			if r.Judge(test.cutShort, test.hopeless); r.Verdict != test.want {
				t.Errorf("judged %q, want %q", r.Verdict, test.want)
			}
			if nothing := !test.cutShort && r.Verdict == report.CouldNotRun; nothing && r.Reason == "" {
				t.Error("a run that tried nothing does not say so")
			}
		})
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	tried, skips := []string{"tries it"}, []string{"the testbed cannot make it"}
	for name, test := range map[string]struct {
		id     string
		found  report.Rule
		want   report.Status
		reason []string
	}{
		"tried and kept":              {"REQ-1", report.Rule{Checks: tried}, report.Passed, nil},
		"tried in part":               {"REQ-1", report.Rule{Checks: tried, Skips: skips}, report.Passed, skips},
		"broken once":                 {"REQ-1", report.Rule{Checks: tried, Broken: 1}, report.Failed, nil},
		"broken by the way":           {"REQ-1", report.Rule{Broken: 2}, report.Failed, nil},
		"broken though tried nowhere": {"REQ-1", report.Rule{Broken: 2, Skips: skips}, report.Failed, skips},
		"skipped for a reason":        {"REQ-1", report.Rule{Skips: skips}, report.Skipped, skips},
		"not tried for no reason":     {"REQ-1", report.Rule{}, report.Skipped, []string{"filtered out"}},
		"a note":                      {"REQ-8", report.Rule{Checks: tried}, report.Noted, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settled := test.found
			settled.Rule = rule(t, test.id, "").Rule
			settled.Settle("filtered out")
			if settled.Status != test.want {
				t.Errorf("%q, want %q", settled.Status, test.want)
			}
			if !slices.Equal(settled.Skips, test.reason) {
				t.Errorf("skipped for %q, want %q", settled.Skips, test.reason)
			}
		})
	}
}
