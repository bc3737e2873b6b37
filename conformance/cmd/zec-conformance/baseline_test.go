package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// aboutLimits chooses the checks of what limit-of-101 breaks: BATCH-2, and BATCH-4 of level SHOULD.
const aboutLimits = "BATCH-2 || BATCH-4"

// knownFile writes a baseline with an entry for each line.
func knownFile(t *testing.T, entries ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known.yaml")
	text := "known:\n"
	for _, entry := range entries {
		text += "- {" + entry + "}\n"
	}
	NewWithT(t).Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	return path
}

func knownRule(id string) string { return "rule: " + id + ", reason: it is old, expires: 9999-12-31" }

func expiredRule(id string) string {
	return "rule: " + id + ", reason: it is old, expires: 2020-12-31"
}

// TestASuiteIsAdoptedBeforeEverythingPasses, from the first run to the last entry.
func TestASuiteIsAdoptedBeforeEverythingPasses(t *testing.T) {
	t.Parallel()
	g, folder := NewWithT(t), t.TempDir()
	kept, path := filepath.Join(folder, "report.json"), filepath.Join(folder, "known.yaml")
	mutant := append(serveVariant(t, "limit-of-101"), "--label-filter", aboutLimits)

	first := judge(t, nil, append(mutant, "--report", "json="+kept)...)
	g.Expect(first.status).To(Equal(1))
	g.Expect(first.out).NotTo(Or(ContainSubstring("known"), ContainSubstring("baseline")))

	made := call(t, nil, "baseline", "write", path, "--from", kept, "--reason", "the gateway counts, see #7")
	g.Expect(made.status).To(BeZero(), made.err)
	g.Expect(made.err).To(BeEmpty())
	g.Expect(made.out).To(HavePrefix(path + ": 2 added, 0 taken out, 2 in all\n"))
	soon := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	g.Expect(made.out).To(Or(ContainSubstring("BATCH-2 until "+soon(90)), ContainSubstring("BATCH-2 until "+soon(89))), "the day may have just begun")

	again := judge(t, nil, append(mutant, "--strict", "--baseline", path, "--report", "json="+kept)...)
	g.Expect(again.status).To(BeZero(), again.out)
	g.Expect(again.err).To(BeEmpty())
	g.Expect(last(again.out)).To(Equal("verdict: not conformant, as known"))
	g.Expect(again.out).To(MatchRegexp(`(?m)^  ✗ BATCH-2  MUST   broken \d+ times, excused until \d{4}-\d\d-\d\d: the gateway counts, see #7$`))
	g.Expect(again.out).NotTo(Or(ContainSubstring("curl"), ContainSubstring("is new"), ContainSubstring("new failures")))
	written := read(g, kept)
	g.Expect(written.Verdict).To(Equal(report.NotConformant))
	g.Expect(written.Baseline.Name).To(Equal(path))
	g.Expect(written.Baseline.Standing(report.StandsFailing)).To(HaveLen(2))
	for _, rule := range written.With(report.Failed) {
		g.Expect(rule.Known).To(Equal("the gateway counts, see #7"))
	}

	mended := judge(t, nil, append(serve(t).flags(), "--label-filter", aboutLimits, "--baseline", path, "--report", "json="+kept)...)
	g.Expect(mended.status).To(BeZero(), mended.out)
	g.Expect(last(mended.out)).To(Equal("verdict: conformant"))
	g.Expect(mended.out).To(ContainSubstring("BATCH-2 did not fail; once it is mended, the entry can go"))
	g.Expect(mended.err).To(Equal("zec-conformance: " + path + ": entries that did not fail, and can go from the baseline once they are mended: BATCH-2, BATCH-4\n"))

	updated := call(t, nil, "baseline", "write", path, "--from", kept, "--update")
	g.Expect(updated.status).To(BeZero(), updated.err)
	g.Expect(updated.out).To(HavePrefix(path + ": 0 added, 2 taken out, 0 in all\n"))
	g.Expect(os.ReadFile(path)).To(ContainSubstring("known: []"))
	g.Expect(judge(t, nil, append(mutant, "--baseline", path)...).status).To(Equal(1))
}

func TestTheBaselineDecidesWhatAMutantCosts(t *testing.T) {
	t.Parallel()
	mutant := append(serveVariant(t, "limit-of-101"), "--label-filter", aboutLimits)
	refuses := "refuses more than 100 snapshots and deletes none of them"
	for name, c := range map[string]struct {
		entries []string
		strict  bool
		status  int
		shows   []string
		says    string
	}{
		"all, strictly":      {entries: []string{knownRule("BATCH-2"), knownRule("BATCH-4")}, strict: true},
		"the MUST":           {entries: []string{knownRule("BATCH-2")}, shows: []string{"What failed, and is new\n\n! BATCH-4"}},
		"the MUST, strictly": {entries: []string{knownRule("BATCH-2")}, strict: true, status: 1, shows: []string{"new failures, which the baseline does not excuse: BATCH-4\nverdict: not conformant\n"}},
		"the SHOULD": {
			entries: []string{knownRule("BATCH-4")}, status: 1,
			shows: []string{"What failed, and is new\n\n✗ BATCH-2", "new: the baseline does not have it\n", "curl", "What failed as known\n  ! BATCH-4  SHOULD broken "},
		},
		"one check of it": {
			entries: []string{"check: " + refuses + ", reason: it is old, expires: 9999-12-31"}, status: 1,
			shows: []string{`new: the baseline does not have it by "`},
		},
		"an expired entry": {
			entries: []string{expiredRule("BATCH-2"), knownRule("BATCH-4")}, status: 1,
			shows: []string{"new: the entry for BATCH-2 expired on 2020-12-31\n", "expired    BATCH-2 on 2020-12-31; it excuses nothing any more\n"},
			says:  "entries that have expired, and excuse nothing any more: BATCH-2 on 2020-12-31\n",
		},
		"one that is not tried": {
			entries: []string{knownRule("BATCH-2"), knownRule("BATCH-4"), knownRule("AUTH-1")},
			shows:   []string{"  not tried  AUTH-1\n", "verdict: not conformant, as known\n"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			args := append(mutant[:len(mutant):len(mutant)], "--baseline", knownFile(t, c.entries...))
			if c.strict {
				args = append(args, "--strict")
			}
			got := judge(t, nil, args...)
			g.Expect(got.status).To(Equal(c.status), got.out)
			rest := got.out
			for _, shown := range c.shows {
				_, after, found := strings.Cut(rest, shown)
				g.Expect(found).To(BeTrue(), "%q is missing, or out of order, in:\n%s", shown, got.out)
				rest = after
			}
			g.Expect(got.err).To(HaveSuffix(c.says))
			g.Expect(c.says == "").To(Equal(got.err == ""))
		})
	}
}

func TestATwinIsConformantWhateverIsKnown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := judge(t, nil, append(serveVariant(t, "counts-distinct-ids"), "--label-filter", aboutLimits, "--baseline", knownFile(t, knownRule("BATCH-2"), knownRule("REQ-2")))...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(got.err).To(HaveSuffix(": BATCH-2\n"), "REQ-2 was not tried by all of its checks")
}

func TestSeveralEndpointsHaveOneBaseline(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	flags := append(serve(t).flags(), serveVariant(t, "limit-of-101")...)
	got := judge(t, nil, append(flags, "--label-filter", aboutLimits, "--baseline", knownFile(t, knownRule("BATCH-2")))...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(got.out).To(MatchRegexp(`(?m)^  2  http://.*: not conformant, as known$`))
	g.Expect(lines(got.err)).To(HaveLen(1), "of the one that is mended")
}

func TestALogIsHeldAgainstABaseline(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, _ := recorded(t, nil, append(serveVariant(t, "no-message"), "--label-filter", "ENV-4")...)
	logged := "every answer of the log has the envelope of the contract"
	for entry, status := range map[string]int{
		"rule: ENV-4": 0, "check: " + logged: 0, "rule: ENV-4, check: " + logged: 0, "rule: ENV-5": 1, "rule: ENV-4, check: takes the request as it is documented": 1,
	} {
		got := call(t, nil, "judge", path, "--settle", "1ms", "--baseline", knownFile(t, entry+", reason: r, expires: 9999-12-31"))
		g.Expect(got.status).To(Equal(status), entry+"\n"+got.out+got.err)
	}
}

// TestABadBaselineIsToldInOneLineBeforeAnythingIsSent, and changes nothing.
func TestABadBaselineIsToldInOneLineBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	target, folder := serve(t), t.TempDir()
	har := filepath.Join("..", "..", "testdata", "logs", "browser.har")
	for name, c := range map[string]struct{ path, mend string }{
		"no name":          {"", "--baseline is empty; name a file"},
		"no file":          {filepath.Join(folder, "none.yaml"), "cannot be read (no such file or directory)"},
		"a directory":      {folder, "cannot be read (is a directory)"},
		"nothing in it":    {os.DevNull, "line 1, column 1: there is nothing here"},
		"control":          {"\x1b[2J\n", "cannot be read"},
		"an unknown rule":  {knownFile(t, knownRule("BATCH-2"), knownRule("BATCH-22")), "line 3, column 10: the contract has no rule \"BATCH-22\"; did you mean BATCH-2?"},
		"a note":           {knownFile(t, knownRule("REQ-8")), "level NOTE"},
		"an unknown check": {knownFile(t, "check: takes a request as it is documented, reason: r, expires: 9999-12-31"), "did you mean takes the request as it is documented?"},
		"no day":           {knownFile(t, "rule: BATCH-2, reason: r, expires: 2026-13-01"), `"2026-13-01" is no day`},
		"a HAR":            {har, "a baseline has no member"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			written := filepath.Join(t.TempDir(), "report.json")
			for _, args := range [][]string{
				{"run"}, append([]string{"run"}, target.flags()...), append([]string{"run"}, target.flags(target.flags()...)...), {"judge", har},
			} {
				got := call(t, nil, append(args, "--baseline", c.path, "--report", "json="+written)...)
				got.complaint(g)
				g.Expect(got.err).To(ContainSubstring(c.mend))
				g.Expect(got.out).To(BeEmpty())
				g.Expect(written).NotTo(BeAnExistingFile())
			}
			g.Expect(target.requests.Load()).To(BeZero(), "something was sent")
		})
	}
}

func TestBadUsageOfBaselineWriteIsToldInOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	kept := filepath.Join(folder, "report.json")
	NewWithT(t).Expect(judge(t, nil, append(serve(t, breakingERR2()).flags(), "--label-filter", "ERR-2", "--report", "json="+kept)...).status).To(Equal(1))
	whole, err := os.ReadFile(kept)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	half := file("half.json", string(whole[:len(whole)/2]))
	cut := file("cut.json", strings.Replace(string(whole), `"strict": false`, `"strict": false, "reason": "interrupted"`, 1))
	foreign := file("foreign.json", `{"openapi": "3.0.3"}`)
	theirs, broken := file("theirs.yaml", "known:\n- "+knownRuleLines("BATCH-2")), file("broken.yaml", "known:\n- rule: BATCH-22\n")
	fresh := filepath.Join(folder, "new.yaml")
	before, err := os.ReadDir(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())

	write := func(args ...string) []string { return append([]string{"baseline", "write"}, args...) }
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"nothing to do":          {[]string{"baseline"}, "nothing is given to do; give write, or see --help"},
		"another verb":           {[]string{"baseline", "wirte", fresh}, `no command "wirte"; give write`},
		"no file":                {write(), "name one such as known.yaml"},
		"two files":              {write(fresh, "more"), "one word too many"},
		"an empty name":          {write("", "--from", kept), "name a file"},
		"no report":              {write(fresh), "give --from report.json"},
		"no such report":         {write(fresh, "--from", filepath.Join(folder, "none.json")), "no such file or directory"},
		"half a report":          {write(fresh, "--from", half), "not whole"},
		"no report at all":       {write(fresh, "--from", foreign), "no report of a run"},
		"a report of half a run": {write(fresh, "--from", cut), "not carried out to its end (interrupted)"},
		"a file that exists":     {write(theirs, "--from", kept), "exists already; give --update"},
		"a directory":            {write(folder, "--from", kept), "name a file in it"},
		"no directory":           {write(filepath.Join(folder, "no", "x.yaml"), "--from", kept), "mkdir -p"},
		"nothing to update":      {write(fresh, "--from", kept, "--update"), "no such file or directory"},
		"a wrong one to update":  {write(broken, "--from", kept, "--update"), "line 2, column 9: the contract has no rule"},
		"a report to update":     {write(kept, "--from", kept, "--update"), "a baseline has no member"},
		"an empty reason":        {write(fresh, "--from", kept, "--reason", " "), "--reason: the reason is empty"},
		"a reason of bytes":      {write(fresh, "--from", kept, "--reason", "a\xff"), "--reason: the reason is not in UTF-8"},
		"no day":                 {write(fresh, "--from", kept, "--expires", "2026-13-01"), `--expires: "2026-13-01" is no day`},
		"a day in words":         {write(fresh, "--from", kept, "--expires", "never"), `--expires: "never" is no day`},
		"no day at all":          {write(fresh, "--from", kept, "--expires", ""), "is no day"},
		"a day that is over":     {write(fresh, "--from", kept, "--expires", "2020-12-31"), "is over; give a day that is to come"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			got := call(t, nil, usage.args...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.out).To(BeEmpty())
		})
	}
	g := NewWithT(t)
	g.Expect(os.ReadDir(folder)).To(HaveLen(len(before)), "nothing is made")
	g.Expect(os.ReadFile(theirs)).To(ContainSubstring("BATCH-2"))
	g.Expect(os.ReadFile(kept)).To(Equal(whole))
}

// TestAnUpdateLeavesWhatHasExpiredToPeople, and says so.
func TestAnUpdateLeavesWhatHasExpiredToPeople(t *testing.T) {
	t.Parallel()
	g, kept := NewWithT(t), filepath.Join(t.TempDir(), "report.json")
	path := knownFile(t, expiredRule("ERR-2"), knownRule("REQ-2"))
	judge(t, nil, append(serve(t, breakingERR2()).flags(), "--label-filter", "ERR-2", "--report", "json="+kept)...)
	got := call(t, nil, "baseline", "write", path, "--from", kept, "--update")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.out).To(Equal(path + ": 0 added, 0 taken out, 2 in all\n"))
	g.Expect(got.err).To(Equal("zec-conformance: " + path + ": entries that have expired, and excuse nothing any more: ERR-2 on 2020-12-31\n"))
}

func knownRuleLines(id string) string {
	return fmt.Sprintf("rule: %s\n  reason: r\n  expires: 9999-12-31\n", id)
}

// TestABaselineOfARemarkIsWritten, so that a run may become strict.
func TestABaselineOfARemarkIsWritten(t *testing.T) {
	t.Parallel()
	g, folder := NewWithT(t), t.TempDir()
	kept, path := filepath.Join(folder, "report.json"), filepath.Join(folder, "known.yaml")
	target := serve(t, breakingBATCH4()).flags("--label-filter", "BATCH-4")
	g.Expect(judge(t, nil, append(target, "--report", "json="+kept)...).status).To(BeZero())
	g.Expect(call(t, nil, "baseline", "write", path, "--from", kept, "--expires", "9999-12-31").status).To(BeZero())
	got := judge(t, nil, append(target, "--strict", "--baseline", path)...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: not conformant, as known"))
	g.Expect(last(judge(t, nil, append(target, "--baseline", path)...).out)).To(Equal("verdict: conformant with remarks"))
}
