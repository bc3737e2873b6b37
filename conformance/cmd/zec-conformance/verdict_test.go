package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func read(g *WithT, path string) report.Report {
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	var written report.Report
	g.Expect(json.Unmarshal(text, &written)).To(Succeed())
	return written
}

func TestTheEmbeddedMockIsConformant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	got := call(t, nil, "run", "--effort", "quick", "--linger", "50ms", "--seed", "4711", "--report", "json="+path)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(got.out).To(ContainSubstring("seed 4711"))

	g.Expect(got.err).To(MatchRegexp(`(?m)^ *\d+\.\d s(, ~\d+ s left)?  \d+/\d+ checks, \d+ exchanges?`), "there is no progress")
	g.Expect(got.out + got.err).NotTo(MatchRegexp(`[^\P{Cc}\n]`)) // nobody looks at it on a terminal

	written := read(g, path)
	g.Expect(written.Verdict).To(Equal(report.Conformant))
	g.Expect(written.Seed).To(Equal(int64(4711)))
	g.Expect(written.Seconds).To(BeNumerically(">", 0))
	g.Expect(written.Exchanges).To(BeNumerically(">", 0))
	g.Expect(written.Rules).To(HaveLen(len(contract.Rules)))
	g.Expect(written.Left).To(BeEmpty())
	g.Expect(os.ReadDir(directory)).To(HaveLen(1), "a draft of the report is left")
}

func TestQuietShowsNoProgress(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := judge(t, nil, "--label-filter", "REQ-1")
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(got.err).To(BeEmpty())
}

func TestALabelFilterLeavesTheOtherRulesUntried(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "report.json")
	got := judge(t, nil, "--label-filter", "BATCH-2", "--report", "json="+path)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(got.out).To(MatchRegexp(`\d+ rules were not tried: REQ-1, .*BATCH-1, `))
	for _, rule := range read(g, path).Rules {
		if rule.ID == "BATCH-2" {
			g.Expect(rule.Status).To(Equal(report.Passed))
		}
		if rule.ID == "CONC-1" {
			g.Expect(rule.Status).To(Equal(report.Skipped))
		}
	}
}

func TestASeedRepeatsWhatIsArrangedByChance(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	arranged := func(seed string) []int {
		var mu sync.Mutex
		var sizes []int
		target := serve(t, at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			sizes = append(sizes, len(body)) // the mock's ids are all of one length
			mu.Unlock()
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		}))
		got := judge(t, nil, target.flags("--seed", seed, "--label-filter", "PART-1")...)
		g.Expect(got.status).To(BeZero(), got.out)
		g.Expect(got.out).To(ContainSubstring("seed " + seed + "\n"))
		slices.Sort(sizes)
		return sizes
	}
	sizes := arranged("7")
	g.Expect(arranged("7")).To(Equal(sizes))
	g.Expect(arranged("8")).NotTo(Equal(sizes))
}

func TestABrokenMustFailsTheVerdictWithItsEvidence(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "report.json")
	target := serve(t, breakingERR2())
	got := judge(t, nil, target.flags("--label-filter", "ERR-2", "--report", "json="+path)...)
	g.Expect(got.status).To(Equal(1), got.out)
	g.Expect(got.err).To(BeEmpty())
	g.Expect(last(got.out)).To(Equal("verdict: not conformant"))
	g.Expect(got.out).To(MatchRegexp(`✗ ERR-2 +MUST`))
	g.Expect(got.out).To(ContainSubstring(contract.WrongValue.Code))
	g.Expect(got.out).To(MatchRegexp(`(?m)^ +repeat +curl .*'` + target.URL + contract.Path + `'$`))

	written := read(g, path)
	g.Expect(written.Verdict).To(Equal(report.NotConformant))
	for _, rule := range written.With(report.Failed) {
		g.Expect(rule.ID).To(Equal("ERR-2"))
		g.Expect(rule.Failures[0].Evidence[0].Got.Body).To(ContainSubstring(contract.WrongValue.Code))
	}
}

func TestABrokenShouldIsARemarkUnlessStrict(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serve(t, breakingBATCH4())
	got := judge(t, nil, target.flags("--label-filter", "BATCH-4")...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: conformant with remarks"))
	g.Expect(got.out).To(ContainSubstring("! BATCH-4"))

	got = judge(t, nil, target.flags("--label-filter", "BATCH-4", "--strict")...)
	g.Expect(got.status).To(Equal(1), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: not conformant"))
}

func TestAReportThatCannotBeWrittenInTheEndCostsOnlyItself(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	directory := filepath.Join(t.TempDir(), "reports")
	g.Expect(os.Mkdir(directory, 0o755)).To(Succeed())
	target := serve(t, at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		_ = os.RemoveAll(directory)
		next.ServeHTTP(w, r)
	}))
	path := filepath.Join(directory, "report.json")
	kept := filepath.Join(t.TempDir(), "kept.json")
	got := judge(t, nil, target.flags("--label-filter", "REQ-1", "--report", "json="+path, "--report", "json="+kept)...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring(path))
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(read(g, kept).Verdict).To(Equal(report.Conformant))
}

// full is a standard output on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestASummaryThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"run", "--quiet", "--linger", "0", "--label-filter", "REQ-1"}, {"rules"}, {"mock", "--addr", "127.0.0.1:0"}} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var errs bytes.Buffer
			status := Run(t.Context(), args, variables{}.lookup, full{}, &errs)
			outcome{status: status, err: errs.String()}.complaint(g)
			g.Expect(errs.String()).To(ContainSubstring("no space left"))
		})
	}
}
