package report_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// known is the report of a whole run in which everything that failed was known of.
func known(t *testing.T) *report.Report {
	t.Helper()
	r := broken(t)
	r.Reason, r.Rules[3].Known = "", "it is old; and slow"
	r.Baseline.Entries = []report.Known{
		{Rule: "REQ-6", Reason: "the gateway is replaced in spring", Expires: "2026-12-31", Standing: report.StandsFailing},
		{Rule: "BATCH-2", Check: "refuses 101 snapshots, time 1", Reason: "it is old", Expires: "2026-12-30", Standing: report.StandsFailing},
		{Check: "refuses far more than 100", Reason: "and slow", Expires: "2026-12-29", Standing: report.StandsFailing},
		{Rule: "REQ-1", Reason: "it was", Expires: "2026-12-28", Standing: report.StandsPassing},
		{Rule: "AUTH-1", Reason: "it may be", Expires: "2026-12-27", Standing: report.StandsNotTried},
	}
	return r
}

func TestWhatIsKnownIsToldShort(t *testing.T) {
	t.Parallel()
	out := text(t, known(t), report.Style{})
	expect(t, out,
		"baseline known.yaml, with 5 known failures", "! REQ-6 SHOULD", "✗ BATCH-2 MUST",
		"What failed as known",
		"! REQ-6 SHOULD broken once, excused until 2026-12-31: the gateway is replaced in spring",
		"✗ BATCH-2 MUST broken 7 times, excused until 2026-12-29: it is old; and slow",
		"What else the baseline has", "passing REQ-1 did not fail; once it is mended, the entry can go", "not tried AUTH-1",
	)
	refuse(t, out, "is new", "new failures", "curl", "source:")
	if got := lastLine(out); got != "verdict: not conformant, as known" {
		t.Errorf("the last line is %q", got)
	}
	expect(t, text(t, known(t), report.Style{Color: true}), "\x1b[33mverdict: not conformant, as known\x1b[")
}

func TestWhatIsNewComesFirst(t *testing.T) {
	t.Parallel()
	r := known(t)
	r.Rules[3].Known, r.Baseline.Entries = "", r.Baseline.Entries[:2]
	out := text(t, r, report.Style{})
	expect(t, out,
		"What failed, and is new", "✗ BATCH-2 MUST", `new: the baseline does not have it by "refuses far more than 100"`, "broken 7 times", "curl",
		"What failed as known", "! REQ-6 SHOULD broken once",
		"new failures, which the baseline does not excuse: BATCH-2", "verdict: not conformant",
	)
	r.Baseline.Entries = r.Baseline.Entries[:1]
	expect(t, text(t, r, report.Style{}), "new: the baseline does not have it broken 7 times")
}

func TestWhatHasExpiredHidesNothingNew(t *testing.T) {
	t.Parallel()
	r := known(t)
	r.Rules[3].Known, r.Baseline.Entries = "", r.Baseline.Entries[:2]
	r.Baseline.Entries[1].Standing = report.StandsExpired
	expect(t, text(t, r, report.Style{}),
		`new: the entry for BATCH-2 by "refuses 101 snapshots, time 1" expired on 2026-12-30; the baseline does not have it by "refuses far more than 100" broken 7 times`)
}

func TestNoFormCallsNewWhatIsKnown(t *testing.T) {
	t.Parallel()
	for _, form := range report.Forms {
		var written strings.Builder
		if err := form.Write(known(t), &written); err != nil {
			t.Fatal(err)
		}
		refuse(t, written.String(), "the baseline does not have it")
	}
}

func TestALongBaselineIsAbbreviated(t *testing.T) {
	t.Parallel()
	r := known(t)
	for i := range 1000 {
		r.Baseline.Entries = append(r.Baseline.Entries, report.Known{Check: fmt.Sprint(i, strings.Repeat("x", 10_000)), Standing: report.StandsNotTried})
	}
	out := text(t, r, report.Style{})
	expect(t, out, "not tried AUTH-1", "and 981 more; --report json=FILE has them")
	if len(out) > 60_000 {
		t.Errorf("the summary has %d bytes", len(out))
	}
}

func TestNothingHostileOfABaselineReachesTheTerminal(t *testing.T) {
	t.Parallel()
	r := known(t)
	r.Baseline.Name = hostile
	for i := range r.Baseline.Entries {
		entry := &r.Baseline.Entries[i]
		entry.Reason, entry.Expires = hostile, hostile
		if entry.Standing != report.StandsFailing {
			entry.Rule, entry.Check = hostile, hostile
		}
	}
	r.Rules[3].Known = hostile
	for _, out := range []string{text(t, r, report.Style{}), tabulate(t, report.Style{}, r, known(t))} {
		for _, c := range out {
			if c != '\n' && !unicode.IsPrint(c) {
				t.Fatalf("%q reached the terminal:\n%s", c, out)
			}
		}
		if strings.Count(out, "\nverdict: ") > 1 {
			t.Errorf("a verdict is forged:\n%s", out)
		}
	}
}

func TestATableTellsWhatIsAsKnown(t *testing.T) {
	t.Parallel()
	out := tabulate(t, report.Style{}, at(known(t), "http://one", report.NotConformant), at(broken(t), "http://two", report.NotConformant))
	expect(t, out, "1 http://one: not conformant, as known", "2 http://two: not conformant", "BATCH-2 MUST ✗ ✗", "verdict ✗ ✗")
}

func TestAsKnownIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*report.Report)
		status int
	}{
		"all of it":               {func(*report.Report) {}, 0},
		"a remark that is new":    {func(r *report.Report) { r.Rules[4].Known = "" }, 0},
		"the same, strictly":      {func(r *report.Report) { r.Rules[4].Known, r.Strict = "", true }, 1},
		"all of it, strictly":     {func(r *report.Report) { r.Strict = true }, 0},
		"a MUST that is new":      {func(r *report.Report) { r.Rules[3].Known = "" }, 1},
		"half a run":              {func(r *report.Report) { r.Reason = "interrupted" }, 1},
		"a run that came to none": {func(r *report.Report) { r.Verdict = report.CouldNotRun }, 2},
		"no baseline":             {func(r *report.Report) { r.Baseline = nil }, 1},
	} {
		r := known(t)
		c.change(r)
		if got := r.ExitStatus(); got != c.status {
			t.Errorf("%s: status %d, want %d", name, got, c.status)
		}
	}
}
