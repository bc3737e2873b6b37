package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// kept runs the suite on an implementation that breaks a rule of level MUST, and keeps the report.
func kept(t *testing.T, more ...string) (path string, got outcome) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "report.json")
	target := serve(t, breakingERR2())
	got = judge(t, nil, target.flags(append([]string{"--label-filter", "ERR-2 || REQ-1", "--report", "json=" + path}, more...)...)...)
	return path, got
}

func TestAnyFormIsMadeOfAKeptReport(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	atOnce := t.TempDir()
	var during []string
	for _, form := range report.Forms {
		during = append(during, "--report", form.Kind+"="+filepath.Join(atOnce, form.Kind))
	}
	path, got := kept(t, during...)
	g.Expect(got.status).To(Equal(1), got.err)

	later := t.TempDir()
	args := []string{"report", path}
	for _, form := range report.Forms {
		args = append(args, "--to", form.Kind+"="+filepath.Join(later, form.Kind))
	}
	got = call(t, nil, args...)
	g.Expect(got).To(Equal(outcome{}), "it says nothing, and the status is 0 whatever the verdict")
	for _, form := range report.Forms {
		first, err := os.ReadFile(filepath.Join(atOnce, form.Kind))
		g.Expect(err).NotTo(HaveOccurred())
		second, err := os.ReadFile(filepath.Join(later, form.Kind))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(second)).To(Equal(string(first)), form.Kind)
	}
	g.Expect(os.ReadDir(later)).To(HaveLen(len(report.Forms)))
}

func TestAKeptReportIsShownAsTheRunWas(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, run := kept(t)
	got := call(t, nil, "report", path)
	g.Expect(got).To(Equal(outcome{out: run.out}))
}

func TestAKeptReportIsReadFromStandardInput(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, run := kept(t)
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	from := func(text string) outcome {
		var out, errs bytes.Buffer
		c := &command{environment: variables{}.lookup, out: &out, err: &errs, in: strings.NewReader(text)}
		status := c.execute(t.Context(), []string{"report", "-"})
		return outcome{status, out.String(), errs.String()}
	}
	g.Expect(from(string(text))).To(Equal(outcome{out: run.out}))
	got := from(string(text[:len(text)/2]))
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("standard input"))
}

// TestAReportToAStandardStreamLosesNothing of what else is written there, where a shell has led the stream into a file.
func TestAReportToAStandardStreamLosesNothing(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/dev/stdout", "/dev/fd/1", "/dev/stderr"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			g.Expect(err).NotTo(HaveOccurred())
			defer out.Close()
			_, ended := start(g, out, out, "run", "--quiet", "--effort", "quick", "--label-filter", "REQ-1", "--report", "json="+path)
			g.Eventually(ended, patient).Should(Receive(BeNil()))
			text, err := os.ReadFile(out.Name())
			g.Expect(err).NotTo(HaveOccurred())
			decoder := json.NewDecoder(bytes.NewReader(text))
			var whole report.Report
			g.Expect(decoder.Decode(&whole)).To(Succeed())
			g.Expect(string(text[decoder.InputOffset():])).To(And(HavePrefix("\nendpoint "), HaveSuffix("verdict: conformant\n")))
		})
	}
}

// TestAReportDoesNotTakeThePlaceOfWhatAShellHasOpened: the summary would go to a file that nobody finds any more.
func TestAReportDoesNotTakeThePlaceOfWhatAShellHasOpened(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	from, _ := kept(t)
	text, err := os.ReadFile(from)
	g.Expect(err).NotTo(HaveOccurred())
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	g.Expect(err).NotTo(HaveOccurred())
	defer out.Close()
	in, err := os.Open(from)
	g.Expect(err).NotTo(HaveOccurred())
	defer in.Close()
	for path, what := range map[string]string{out.Name(): "which is where standard output goes", from: "which is the report itself"} {
		var errs bytes.Buffer
		command := exec.Command(os.Args[0], "report", "-", "--to", "badge="+path)
		command.Stdin = in
		_, ended := launch(g, command, out, &errs)
		g.Eventually(ended, patient).Should(Receive(HaveOccurred()))
		g.Expect(errs.String()).To(ContainSubstring(what))
	}
	g.Expect(os.ReadFile(out.Name())).To(BeEmpty())
	g.Expect(os.ReadFile(from)).To(Equal(text))
}

// TestAnInterruptEndsTheWaitForAReport, which may never come from a pipe. Nothing has to be released, and nothing is written.
func TestAnInterruptEndsTheWaitForAReport(t *testing.T) {
	t.Parallel()
	path, _ := kept(t)
	for name, args := range map[string][]string{
		"report": {"report", "/dev/fd/0", "--to", "badge=" + path},
		"input":  {"report", "-", "--to", "badge=" + path},
		"diff":   {"diff", "/dev/fd/0", path},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			text, err := os.ReadFile(path)
			g.Expect(err).NotTo(HaveOccurred())
			in, never, err := os.Pipe()
			g.Expect(err).NotTo(HaveOccurred())
			defer never.Close()
			defer in.Close()
			var out, errs bytes.Buffer
			command := exec.Command(os.Args[0], args...)
			command.Stdin = in
			_, ended := launch(g, command, &out, &errs)
			_, err = never.Write(bytes.Repeat([]byte(" "), 1<<20)) // more than a pipe holds: it is being read
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(command.Process.Signal(syscall.SIGINT)).To(Succeed())
			g.Eventually(ended, patient).Should(Receive())
			g.Expect(os.ReadFile(path)).To(Equal(text))
			outcome{command.ProcessState.ExitCode(), out.String(), errs.String()}.complaint(g)
			g.Expect(errs.String()).To(ContainSubstring("interrupted before the report was read"))
		})
	}
}

// TestTheHAROfAReportIsJudged like any other log: what was broken shows again.
func TestTheHAROfAReportIsJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := filepath.Join(t.TempDir(), "report.har")
	states := filepath.Join(t.TempDir(), "states.json")
	path, _ := kept(t, "--report", "har="+log)
	whole := read(g, path)
	var denied []string
	for _, rule := range whole.With(report.Failed) {
		for _, failure := range rule.Failures {
			for _, e := range failure.Evidence {
				var sent struct{ SnapshotIDs []string }
				g.Expect(json.Unmarshal([]byte(e.Sent.Body), &sent)).To(Succeed())
				denied = append(denied, sent.SnapshotIDs...)
			}
		}
	}
	slices.Sort(denied)
	text, err := json.Marshal(map[string][]string{"FAILED": slices.Compact(denied)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(states, text, 0o600)).To(Succeed())
	got := call(t, nil, "judge", log, "--states", states)
	g.Expect(got.err).To(BeEmpty())
	g.Expect(got.status).To(Equal(1), got.out)
	g.Expect(got.out).To(MatchRegexp(`✗ ERR-2 +MUST`))
}

func TestBadReportsAreToldOfInOneLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, _ := kept(t)
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, text := range map[string]string{
		"truncated": string(text[:len(text)/2]),
		"empty":     "",
		"foreign":   `{"swagger": "2.0"}`,
		"text":      "verdict: conformant",
		"newer":     strings.Replace(string(text), `"format": `, `"format": 9`, 1),
		"old":       "old",
	} {
		g.Expect(os.WriteFile(in(name), []byte(text), 0o600)).To(Succeed())
	}
	g.Expect(os.Link(path, in("linked"))).To(Succeed())
	g.Expect(os.Symlink("loop", in("loop"))).To(Succeed())
	g.Expect(os.Symlink(filepath.Base(path), filepath.Join(filepath.Dir(path), "link"))).To(Succeed())
	to := func(kind, path string) []string { return []string{"--to", kind + "=" + path} }
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"nothing":               {nil, "no report is given; give what --report json=FILE has written"},
		"two":                   {[]string{path, path}, "one word too many"},
		"none there":            {[]string{in("none")}, "no such file or directory"},
		"a folder":              {[]string{folder}, "is a directory"},
		"a truncated one":       {[]string{in("truncated")}, "not whole"},
		"an empty one":          {[]string{in("empty")}, "it is empty"},
		"a foreign one":         {[]string{in("foreign")}, "it is no report of a run"},
		"no JSON":               {[]string{in("text")}, "it is no JSON"},
		"a newer one":           {[]string{in("newer")}, "take a later version"},
		"an endless one":        {[]string{"/dev/zero"}, "it is longer than"},
		"control characters":    {[]string{"\x1b[2J\n"}, "no such file or directory"},
		"no kind":               {append([]string{path}, to("xml", in("old"))...), "--to has no kind \"xml\"; give one of " + report.Kinds()},
		"no path":               {append([]string{path}, to("junit", "")...), "give json=report.json"},
		"a folder to write to":  {append([]string{path}, to("junit", folder)...), "name a file in it"},
		"no folder":             {append([]string{path}, to("junit", in("no/x"))...), "mkdir -p"},
		"below a file":          {append([]string{path}, to("junit", in("old/x"))...), "is not a directory"},
		"a loop":                {append([]string{path}, to("junit", in("loop"))...), "name another file"},
		"itself":                {append([]string{path}, to("json", path)...), "which is the report itself; name another file"},
		"itself by another way": {append([]string{path}, to("json", filepath.Dir(path)+"/../"+filepath.Base(filepath.Dir(path))+"/report.json")...), "the report itself"},
		"itself by a link":      {append([]string{path}, to("json", filepath.Join(filepath.Dir(path), "link"))...), "the report itself"},
		"itself by a hard link": {append([]string{path}, to("json", in("linked"))...), "the report itself"},
		"one file twice":        {append(append([]string{path}, to("junit", in("old"))...), to("har", folder+"/./old")...), "a file of its own"},
		"a full disk":           {append([]string{path}, to("junit", "/dev/full")...), "no space left"},
		"a full disk, badge":    {append([]string{path}, to("badge", "/dev/full")...), "no space left"},
		"pictures in no folder": {[]string{path, "--pictures", in("none")}, "give a folder that exists"},
		"a bad one, an old one": {append([]string{in("truncated")}, to("junit", in("old"))...), "not whole"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"report"}, usage.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(os.ReadFile(in("old"))).To(BeEquivalentTo("old"), "something is overwritten")
			g.Expect(os.ReadFile(path)).To(Equal(text), "the report is overwritten")
		})
	}
}

// TestNothingThatIsReadIsOverwritten by what is written in the end, and nothing is written to one place twice.
func TestNothingThatIsReadIsOverwritten(t *testing.T) {
	t.Parallel()
	target := serve(t)
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	g := NewWithT(t)
	for name, text := range map[string]string{"log.har": `{"log":{"entries":[]}}`, "list.yaml": "NORMAL: [a]", "ca.pem": "x"} {
		g.Expect(os.WriteFile(in(name), []byte(text), 0o600)).To(Succeed())
	}
	run := func(more ...string) []string { return append([]string{"run"}, target.flags(more...)...) }
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"the log":            {[]string{"judge", in("log.har"), "--report", "har=" + in("log.har")}, "which is the log"},
		"the states":         {[]string{"judge", in("log.har"), "--states", in("list.yaml"), "--report", "json=" + in("list.yaml")}, "which is --states"},
		"the list":           {[]string{"run", "--endpoint", target.URL, "--testbed", "file:" + in("list.yaml"), "--report", "json=" + in("list.yaml")}, "the list of snapshots"},
		"the recording":      {run("--record", in("new.har"), "--report", "har="+in("new.har")), "--report har and --record lead to one place"},
		"the ledger":         {run("--ledger", in("ledger"), "--report", "json="+in("ledger")), "--ledger"},
		"the ledger, record": {run("--ledger", in("ledger"), "--record", folder+"/../"+filepath.Base(folder)+"/ledger"), "lead to one place"},
		"two forms":          {run("--report", "json="+in("x"), "--report", "junit="+folder+"//x"), "--report json and --report junit lead to one place"},
		"numbered": {
			append(run("--endpoint", target.URL, "--report", "json="+in("x.json")), "--record", in("x.json")),
			"lead to one place",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, usage.args...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.out).To(BeEmpty())
		})
	}
	t.Cleanup(func() {
		if target.requests.Load() > 0 {
			t.Error("something was sent")
		}
		g.Expect(os.ReadDir(folder)).To(HaveLen(3), "something is written") // what tries whether it could be is gone by now
	})
}

func TestAFullDiskCostsAFormAndNothingElse(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serve(t)
	path := filepath.Join(t.TempDir(), "report.xml")
	got := judge(t, nil, target.flags("--label-filter", "REQ-1", "--report", "markdown=/dev/full", "--report", "junit="+path)...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("no space left"))
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(xml.Unmarshal(text, new(struct{}))).To(Succeed())
}

func TestAJobOfGitHubActionsIsAnnotated(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	actions := variables{"GITHUB_ACTIONS": "true"}
	commands := func(out string) (found []string) {
		for _, line := range lines(out) {
			if strings.HasPrefix(strings.TrimSpace(line), "::") {
				found = append(found, line)
			}
		}
		return found
	}
	target := serve(t, breakingERR2())
	flags := func(more ...string) []string {
		return target.flags(append([]string{"--label-filter", "ERR-2"}, more...)...)
	}
	path := filepath.Join(t.TempDir(), "report.json")
	got := judge(t, actions, flags("--report", "json="+path)...)
	g.Expect(got.status).To(Equal(1))
	g.Expect(commands(got.out)).To(HaveLen(2), got.out)
	g.Expect(commands(got.out)[0]).To(HavePrefix("::error title=DeleteSnapshots%3A ERR-2 MUST is broken::"))
	g.Expect(commands(got.out)[1]).To(MatchRegexp(`^::notice title=DeleteSnapshots%3A \d+ rules not tried::REQ-1, `))
	g.Expect(last(got.out)).To(Equal("verdict: not conformant"))

	shown := call(t, actions, "report", path)
	g.Expect(commands(shown.out)).To(Equal(commands(got.out)))
	g.Expect(call(t, actions, "report", path, "--to", "badge="+filepath.Join(t.TempDir(), "badge.svg"))).To(Equal(outcome{}))

	log := filepath.Join(t.TempDir(), "report.har")
	g.Expect(call(t, nil, "report", path, "--to", "har="+log).status).To(BeZero())
	g.Expect(commands(call(t, actions, "judge", log).out)).To(HaveExactElements(MatchRegexp(`^::notice title=DeleteSnapshots%3A \d+ rules not tried::`)))

	several := judge(t, actions, append(flags(), "--endpoint", target.URL)...)
	g.Expect(commands(several.out)).To(HaveLen(4), several.out)
	g.Expect(commands(several.out)[0]).To(HavePrefix("::error title=DeleteSnapshots " + strings.ReplaceAll(target.URL, ":", "%3A")))
	g.Expect(commands(several.out)[1]).To(HavePrefix("::error "))

	for _, environment := range []variables{nil, {"GITHUB_ACTIONS": ""}, {"GITHUB_ACTIONS": "false"}} {
		own := maps.Clone(environment)
		g.Expect(commands(call(t, own, "report", path).out)).To(BeEmpty())
	}
}
