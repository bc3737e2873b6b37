package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// endpoints name several implementations to the command.
func endpoints(targets ...*served) (flags []string) {
	for _, target := range targets {
		flags = append(flags, target.flags()...)
	}
	return flags
}

func TestSeveralEndpointsAreComparedInTheEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	good, remarkable, bad := serve(t), serve(t, breakingBATCH4()), serve(t, breakingERR2())
	gone := &served{URL: deaf(t)}
	folder := t.TempDir()
	path := filepath.Join(folder, "report.json")
	got := judge(t, nil, append(endpoints(good, remarkable, gone, bad), "--label-filter", someRules, "--report", "json="+path, "--pictures", folder)...)
	g.Expect(got.status).To(Equal(1), got.err)
	g.Expect(lines(got.err)).To(HaveLen(1), "of the one that is gone")

	verdicts := []report.Verdict{report.Conformant, report.Remarks, report.CouldNotRun, report.NotConformant}
	seeds := map[int64]bool{}
	for i, name := range []string{"report-1.json", "report-2.json", "report-3.json", "report-4.json"} {
		written := read(g, filepath.Join(folder, name))
		g.Expect(written.Verdict).To(Equal(verdicts[i]))
		seeds[written.Seed] = true
	}
	g.Expect(seeds).To(HaveLen(1), "all are judged with one seed")
	g.Expect(path).NotTo(BeAnExistingFile())
	g.Expect(filepath.Join(folder, "4")).To(BeADirectory())

	before, table, found := strings.Cut(got.out, "\nSide by side\n")
	g.Expect(found).To(BeTrue(), got.out)
	for _, verdict := range verdicts {
		g.Expect(before).To(ContainSubstring("\nverdict: " + string(verdict) + "\n"))
	}
	g.Expect(table).To(MatchRegexp(`(?m)^  BATCH-4  SHOULD +✓ +! +– +✓$`))
	g.Expect(table).To(MatchRegexp(`(?m)^  ERR-2    MUST +✓ +✓ +– +✗$`))
	g.Expect(table).To(MatchRegexp(`(?m)^  verdict +✓ +! +\? +✗$`))
	g.Expect(table).To(ContainSubstring("  3  " + gone.URL + ": could not run\n"))
}

func TestTheStatusOfSeveralVerdicts(t *testing.T) {
	t.Parallel()
	of := func(verdicts ...report.Verdict) int {
		var results []*report.Report
		for _, verdict := range verdicts {
			results = append(results, &report.Report{Verdict: verdict})
		}
		return overall(results)
	}
	g := NewWithT(t)
	g.Expect(of(report.Conformant, report.Remarks)).To(Equal(0))
	g.Expect(of(report.Conformant, report.CouldNotRun, report.Remarks)).To(Equal(2))
	g.Expect(of(report.CouldNotRun, report.NotConformant, report.CouldNotRun)).To(Equal(1))
}

func TestOneTestbedMayServeSeveralEndpoints(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	one, other := serve(t), serve(t)
	for name, flags := range map[string][]string{
		"a path":   {"--endpoint", one.URL, "--endpoint", other.URL + "/", "--testbed", mock.TestbedPath},
		"one base": {"--endpoint", one.URL, "--endpoint", one.URL + "/", "--testbed", one.URL + mock.TestbedPath},
	} {
		got := judge(t, nil, append(flags, "--label-filter", "REQ-1")...)
		g.Expect(got.status).To(BeZero(), name)
		g.Expect(got.out).To(MatchRegexp(`(?m)^  verdict +✓ +✓$`), name)
	}
}

func TestAMistakeAboutOneOfSeveralEndpointsSendsNothingToAny(t *testing.T) {
	t.Parallel()
	good := serve(t)
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "report-2.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, usage := range map[string]struct {
		flags []string
		mend  string
	}{
		"a testbed too few":        {[]string{"--endpoint", good.URL, "--testbed", mock.TestbedPath, "--endpoint", good.URL, "--endpoint", good.URL, "--testbed", mock.TestbedPath}, "one testbed for all endpoints, or one for each"},
		"a testbed too many":       {good.flags("--testbed", mock.TestbedPath), "there are 1 of --endpoint and 2 of --testbed"},
		"an endpoint that is none": {append(good.flags(), "--endpoint", "ftp://x"), "does not begin with http://"},
		"a testbed that is none":   {good.flags("--endpoint", good.URL, "--testbed", "x"), "testbed: "},
		"one in production":        {good.flags("--endpoint", "https://console.zenlayer.com"), "--yes-delete-snapshots-on console.zenlayer.com"},
		"a report in the way":      {good.flags("--endpoint", good.URL, "--report", "json="+filepath.Join(folder, "report.json")), "name a file in it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := judge(t, nil, usage.flags...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(good.requests.Load()).To(BeZero())
		})
	}
}

func TestAnInterruptEndsAllOfIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target, never := serveStuck(t), serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"run", "--quiet"}, endpoints(target.served, never)...), variables{}.lookup, &out, &errs)
	}()
	target.begun(g)
	cancel()
	var status int
	g.Eventually(ended, patient).Should(Receive(&status))
	g.Expect(status).To(Equal(2))
	g.Expect(never.requests.Load()).To(BeZero())
	g.Expect(lines(errs.String())).To(HaveLen(2))
	g.Expect(errs.String()).To(ContainSubstring(never.URL + " was not judged: the run was interrupted"))
	g.Expect(out.String()).To(MatchRegexp(`(?m)^  verdict +\? +\?$`))
}
