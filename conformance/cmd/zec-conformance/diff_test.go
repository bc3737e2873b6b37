package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// keep writes a report with one rule of each level, all kept, to a file, after something was changed in it.
func keep(t *testing.T, change func(*report.Report)) (path string) {
	t.Helper()
	g := NewWithT(t)
	r := &report.Report{Endpoint: "http://127.0.0.1:8080", Testbed: "/testbed/v1", Seed: 7, Effort: "quick"}
	for id, status := range map[string]report.Status{"REQ-1": report.Passed, "REQ-6": report.Passed, "REQ-8": report.Noted} {
		rule, known := contract.RuleByID(id)
		g.Expect(known).To(BeTrue(), id)
		r.Rules = append(r.Rules, report.Rule{Rule: rule, Status: status, Checks: []string{"tries " + id}})
	}
	r.Profile = []report.Choice{{Silence: "empty-list", Question: "An empty list.", Words: []string{"refused"}}}
	r.Latency = []report.Latency{{From: 1, To: 1, Exchanges: 99, P25: 0.010, P50: 0.011, P75: 0.012, P95: 0.02, Max: 0.1}}
	r.Checks = report.Checks{Done: 3, Total: 3}
	change(r)
	r.Judge(false, false)
	path = filepath.Join(t.TempDir(), "kept.json")
	g.Expect(report.WriteFile(path, r.WriteJSON)).To(Succeed())
	return path
}

func brokenReport(id string) func(*report.Report) {
	return func(r *report.Report) {
		for i := range r.Rules {
			if rule := &r.Rules[i]; rule.ID == id {
				rule.Status, rule.Broken, rule.BrokenBy = report.Failed, 1, rule.Checks
				rule.Failures = []report.Failure{{Check: rule.Checks[0], What: "200", Permitted: "a refusal"}}
			}
		}
	}
}

func skipping(id string) func(*report.Report) {
	return func(r *report.Report) {
		for i := range r.Rules {
			if rule := &r.Rules[i]; rule.ID == id {
				rule.Status, rule.Checks, rule.Skips = report.Skipped, nil, []string{"the testbed cannot make it"}
			}
		}
	}
}

func nothing(*report.Report) {}

func TestDiffGivesItsExitStatus(t *testing.T) {
	t.Parallel()
	choosing := func(r *report.Report) { r.Profile[0].Words = []string{"success"} }
	slowing := func(r *report.Report) {
		r.Latency[0].P25, r.Latency[0].P50, r.Latency[0].P75, r.Latency[0].P95 = 0.050, 0.051, 0.052, 0.06
	}
	for name, c := range map[string]struct {
		a, b   func(*report.Report)
		flags  []string
		status int
		last   string
	}{
		"the same":                  {nothing, nothing, nil, 0, "no difference"},
		"a MUST":                    {nothing, brokenReport("REQ-1"), nil, 1, "regression, by must: REQ-1"},
		"a MUST, mended":            {brokenReport("REQ-1"), nothing, nil, 0, "no regression, by must"},
		"a MUST, not tried":         {nothing, skipping("REQ-1"), nil, 1, "regression, by must: REQ-1"},
		"a MUST, not tried, and ok": {nothing, skipping("REQ-1"), []string{"--untried-ok"}, 0, "no regression, by must"},
		"a MUST, and nothing":       {nothing, brokenReport("REQ-1"), []string{"--fail-on", "none"}, 0, "no regression, since nothing counts"},
		"a MUST, and latency":       {nothing, brokenReport("REQ-1"), []string{"--fail-on", "latency"}, 1, "regression, by must, latency: REQ-1"},
		"a SHOULD":                  {nothing, brokenReport("REQ-6"), nil, 0, "no regression, by must"},
		"a SHOULD, and should":      {nothing, brokenReport("REQ-6"), []string{"--fail-on", "should"}, 1, "regression, by must, should: REQ-6"},
		"a choice":                  {nothing, choosing, []string{"--fail-on", "should"}, 0, "no regression, by must, should"},
		"a choice, and note":        {nothing, choosing, []string{"--fail-on", "note"}, 1, "regression, by must, should, note: empty-list"},
		"slow":                      {nothing, slowing, nil, 0, "no regression, by must"},
		"slow, and latency":         {nothing, slowing, []string{"--fail-on", "checks,latency", "--fail-on", "must"}, 1, "regression, by must, checks, latency: latency of 1 snapshot"},
		"fast, and latency":         {slowing, nothing, []string{"--fail-on", "latency"}, 0, "no regression, by must, latency"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"diff", keep(t, c.a), keep(t, c.b)}, c.flags...)...)
			g.Expect(got.status).To(Equal(c.status), got.out+got.err)
			g.Expect(got.err).To(BeEmpty())
			g.Expect(last(got.out)).To(Equal(c.last))
		})
	}
}

func TestDiffWritesWhatItTells(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	comment, whole := filepath.Join(folder, "comment.md"), filepath.Join(folder, "diff.json")
	a := keep(t, nothing)
	got := call(t, nil, "diff", a, keep(t, brokenReport("REQ-1")), "--report", "markdown="+comment, "--report", "json="+whole)
	g.Expect(got.status).To(Equal(1))
	g.Expect(got.out).To(HavePrefix("A  " + a))
	written, err := os.ReadFile(comment)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(HavePrefix("### ❌ 1 regression (by must)\n"))
	written, err = os.ReadFile(whole)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(written)).To(ContainSubstring(`"regressions": [` + "\n    \"REQ-1\"\n  ]"))
	g.Expect(os.ReadDir(folder)).To(HaveLen(2), "a draft is left")
}

func TestReportsComeFromStandardInput(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile(keep(t, brokenReport("REQ-1")))
	g.Expect(err).NotTo(HaveOccurred())
	from := func(args ...string) outcome {
		var out, errs bytes.Buffer
		c := &command{environment: variables{}.lookup, out: &out, err: &errs, in: bytes.NewReader(text)}
		return outcome{c.execute(t.Context(), args), out.String(), errs.String()}
	}
	got := from("diff", keep(t, nothing), "-")
	g.Expect(got.status).To(Equal(1), got.err)
	g.Expect(got.out).To(HaveSuffix("regression, by must: REQ-1\n"))
	g.Expect(from("diff", "-", keep(t, nothing)).status).To(BeZero())
	got = from("baseline", "write", filepath.Join(t.TempDir(), "known.yaml"), "--from", "-")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.out).To(ContainSubstring("added      REQ-1 until"))
}

// TestWhatCannotBeComparedIsToldInOneLine, and nothing that was there is lost.
func TestWhatCannotBeComparedIsToldInOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	good := keep(t, nothing)
	text, err := os.ReadFile(good)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		NewWithT(t).Expect(os.WriteFile(path, []byte(text), 0o666)).To(Succeed())
		return path
	}
	unable := filepath.Join(folder, "unable.json")
	lost := &report.Report{Verdict: report.CouldNotRun, Reason: "connection refused"}
	NewWithT(t).Expect(report.WriteFile(unable, lost.WriteJSON)).To(Succeed())
	before := file("comment.md", "before")
	for name, c := range map[string]struct {
		args []string
		mend string
	}{
		"nothing":                  {nil, "two reports are compared, and 0 given; see zec-conformance diff --help"},
		"one":                      {[]string{good}, "two reports are compared, and 1 given"},
		"three":                    {[]string{good, good, good}, "is one word too many"},
		"none there":               {[]string{good, filepath.Join(folder, "none.json")}, "no such file"},
		"half of one":              {[]string{file("half.json", string(text[:len(text)/2])), good}, "not whole"},
		"another thing":            {[]string{good, file("other.json", `{"openapi": "3.0.3"}`)}, "no report of a run"},
		"an empty one":             {[]string{good, file("empty.json", "")}, "it is empty"},
		"a later one":              {[]string{good, file("later.json", `{"format": 999}`)}, "take a later version"},
		"a folder":                 {[]string{good, folder}, "cannot be read"},
		"no name":                  {[]string{good, ""}, "cannot be read"},
		"B could not run":          {[]string{good, unable}, "B cannot be compared: its run could not be carried out (connection refused)"},
		"A could not run":          {[]string{unable, good}, "A cannot be compared: its run could not be carried out (connection refused)"},
		"an unknown word":          {[]string{good, good, "--fail-on", "everything"}, `--fail-on: nothing is called "everything"; give some of must, should, note, checks, latency, none`},
		"no word":                  {[]string{good, good, "--fail-on", ""}, "give some of must"},
		"none and another":         {[]string{good, good, "--fail-on", "none", "--fail-on", "should"}, "give it alone"},
		"an unknown form":          {[]string{good, good, "--report", "html=x"}, "give one of json, markdown"},
		"a form and no path":       {[]string{good, good, "--report", "json="}, "is not KIND=PATH"},
		"no such folder":           {[]string{good, good, "--report", "json=" + filepath.Join(folder, "no", "x")}, "mkdir -p"},
		"twice in one":             {[]string{good, good, "--report", "json=" + before, "--report", "markdown=" + before}, "a file of its own"},
		"twice, spelled otherwise": {[]string{good, good, "--report", "json=" + folder + "/./new", "--report", "markdown=" + folder + "/new"}, "a file of its own"},
		"over a report":            {[]string{good, good, "--report", "json=" + good}, "one of the two that are compared"},
		"control characters":       {[]string{"\x1b[2J\n", good}, "cannot be read"},
		"after a good form":        {[]string{good, unable, "--report", "markdown=" + before}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"diff"}, c.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(c.mend))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(os.ReadFile(before)).To(Equal([]byte("before")))
			g.Expect(os.ReadFile(good)).To(Equal(text))
		})
	}
}

// TestDiffOfRuns: two kept runs of one mock do not differ, in whatever order, and a fault of its successor is found.
func TestDiffOfRuns(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	run := func(flags ...string) string {
		path := filepath.Join(t.TempDir(), "report.json")
		g.Expect(judge(t, nil, append(flags, "--report", "json="+path)...).err).To(BeEmpty())
		return path
	}
	one, other, broken := run(), run(serve(t).flags()...), run(serve(t, breakingERR2()).flags()...)
	for _, pair := range [][]string{{one, other}, {other, one}, {one, one}} {
		got := call(t, nil, append([]string{"diff", "--fail-on", "note,checks"}, pair...)...)
		g.Expect(got.status).To(BeZero(), got.out+got.err)
	}
	got := call(t, nil, "diff", one, broken)
	g.Expect(got.status).To(Equal(1), got.out+got.err)
	g.Expect(last(got.out)).To(MatchRegexp("^regression, by must: .*ERR-2"))
	g.Expect(call(t, nil, "diff", broken, one).status).To(BeZero())
}
