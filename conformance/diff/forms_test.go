package diff_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func text(t *testing.T, d *diff.Difference, style report.Style) string {
	t.Helper()
	var out strings.Builder
	NewWithT(t).Expect(d.WriteText(&out, style)).To(Succeed())
	return out.String()
}

func markdown(t *testing.T, d *diff.Difference) string {
	t.Helper()
	var out strings.Builder
	NewWithT(t).Expect(d.WriteMarkdown(&out)).To(Succeed())
	return out.String()
}

func last(text string) string {
	all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return all[len(all)-1]
}

// full is a difference that has everything in it, with these texts where a report has texts.
func full(t *testing.T, said string, rules int) *diff.Difference {
	t.Helper()
	a, b := kept(rule("REQ-1", report.Failed, said, "2"+said)), kept(rule("REQ-1", report.Failed, said, "3"+said))
	a.Rules[0].Known = "known " + said
	for i := range rules {
		lost := report.Rule{Rule: contract.Rule{ID: fmt.Sprintf("NEW-%d", i), Level: contract.Must, Statement: said}, Status: report.Passed, Checks: []string{said}}
		a.Rules = append(a.Rules, lost)
		lost.Status, lost.Skips, lost.Checks = report.Skipped, []string{said}, nil
		b.Rules = append(b.Rules, lost)
	}
	a.Rules = append(a.Rules, rule("ERR-1", report.Passed, "x"), rule("ERR-2", report.Failed, said), rule("ENV-1", report.Passed, "x", said))
	b.Rules = append(b.Rules, rule("ERR-1", report.Failed, said), rule("ERR-2", report.Passed, said), rule("ENV-1", report.Passed, "y"))
	b.Rules[0].Statement = said
	b.Endpoint, b.Effort, b.Filter, b.Reason, b.Strict = said, said, said, said, true
	b.Baseline = &report.Baseline{Name: said}
	b.Log = &report.Log{Name: said}
	a.Profile = []report.Choice{{Silence: said, Question: said, Words: []string{said}}}
	b.Profile = []report.Choice{{Silence: said, Question: said, Words: []string{said, "other"}}}
	a.Outcomes = []report.Tally{{Family: said, Outcome: report.OutcomeDone, Exchanges: 1}}
	b.Outcomes = []report.Tally{{Family: said, Outcome: report.OutcomeFault, Exchanges: 1}}
	a.Latency, b.Latency = []report.Latency{latency(1, 1, 99, 0.01)}, []report.Latency{latency(1, 1, 99, 0.1)}
	if rules > 0 {
		b.Effort, b.Filter = a.Effort, a.Filter
	}
	d := compare(t, a, b, "note", "checks", "latency")
	d.A.Name, d.B.Name = said+"a.json", said+"b.json"
	return d
}

func TestTheTextTellsWhatChanged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := text(t, full(t, "a check", 1), report.Style{})
	for _, part := range []string{
		"✗ ERR-1    MUST   passed → failed", "by: a check", "✓ ERR-2    MUST   failed → passed", "– NEW-0    MUST   passed → skipped",
		"! REQ-1    MUST   failed → failed", "statement: ", "done: 1 → 0", "fault: 0 → 1",
		"slower        10.0 ms (9.5 ms to 10.5 ms) of 99 → 100.0 ms", diff.Criterion, "a check → a check, other",
	} {
		g.Expect(out).To(ContainSubstring(part))
	}
	g.Expect(last(out)).To(HavePrefix("regression, by must, should, note, checks, latency: "))
	g.Expect(last(text(t, compare(t, kept(rule("REQ-1", report.Passed, "x")), kept(rule("REQ-1", report.Passed, "x"))), report.Style{}))).To(Equal("no difference"))
	mended := compare(t, kept(rule("REQ-1", report.Failed, "x")), kept(rule("REQ-1", report.Passed, "x")))
	g.Expect(last(text(t, mended, report.Style{}))).To(Equal("no regression, by must"))
}

func TestColourIsTheSameTextWithMarks(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d := full(t, "a check", 1)
	bare, coloured := text(t, d, report.Style{}), text(t, d, report.Style{Color: true})
	g.Expect(bare).NotTo(ContainSubstring("\x1b"))
	g.Expect(coloured).To(ContainSubstring("\x1b[31m"))
	g.Expect(regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(coloured, "")).To(Equal(bare))
}

// hostile is what a target may have said to make a terminal, a CI system, or a page act.
const hostile = "a\x1b[2J\a\r\n### no regression\n\u202e\u009b31m\xff ##[error]x | `b` *c* <img src=x> [d](https://e) @everyone #1 </details> \\| $f$ ünï 汉字"

func TestNothingHostileReachesTheTerminal(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := text(t, full(t, hostile, 3), report.Style{})
	for i, c := range out {
		if c != '\n' && !unicode.IsPrint(c) || c == utf8.RuneError {
			t.Fatalf("%q reached the terminal: %q", c, out[max(0, i-20):i+20])
		}
	}
	g.Expect(out).To(ContainSubstring("ünï 汉字"))
	g.Expect(out).NotTo(ContainSubstring("##["))
	g.Expect(strings.Split(out, "\n")).NotTo(ContainElement(HavePrefix("### ")))
}

// TestNothingHostileReachesThePage: in a comment, what somebody else wrote stands as code, without a character that could end that.
func TestNothingHostileReachesThePage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := markdown(t, full(t, hostile, 3))
	g.Expect(out).To(ContainSubstring("ünï 汉字"))
	rest := fortest.OutsideCode(t, out)
	for _, part := range []string{"everyone", "img", "https", "汉字", "@"} {
		g.Expect(rest).NotTo(ContainSubstring(part))
	}
	g.Expect(strings.Count(out, "\n### ")).To(BeZero())
	fortest.EvenTables(t, out)
}

func TestMarkdownFitsAComment(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d := full(t, strings.Repeat(hostile, 100), 3000)
	out := markdown(t, d)
	g.Expect(len(out)).To(BeNumerically("<", 65_536))
	g.Expect(out).To(ContainSubstring("more"))
	fortest.OutsideCode(t, out) // where something was cut off, too, all is closed again
	fold := strings.Index(out, "\n<details>")
	g.Expect(strings.Count(out[:fold], "\n")).To(BeNumerically("<", 30), "what is not folded fits on a screen")
	g.Expect(len(text(t, d, report.Style{}))).To(BeNumerically("<", 500_000))
}

func TestJSONSatisfiesItsSchema(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	schema := fortest.Schema(t, diff.Schema)
	plain := kept(rule("REQ-1", report.Passed, "x"))
	for name, d := range map[string]*diff.Difference{
		"full": full(t, "a check", 2), "hostile": full(t, hostile, 2), "of a log": full(t, "a check", 0), "none": compare(t, plain, plain, "none"),
	} {
		var out bytes.Buffer
		g.Expect(d.WriteJSON(&out)).To(Succeed())
		g.Expect(fortest.Fits(schema, out.Bytes())).To(Succeed(), name)
		g.Expect(strings.ContainsFunc(out.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })).To(BeFalse(), name)
		var back diff.Difference
		g.Expect(json.Unmarshal(out.Bytes(), &back)).To(Succeed())
		g.Expect(back.Regressions).To(HaveLen(len(d.Regressions)))
	}
	g.Expect(fortest.Fits(schema, []byte(`{"format": 1}`))).NotTo(Succeed())
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAFailedWriteIsToldOf(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	d := full(t, "a check", 1)
	g.Expect(d.WriteText(brokenPipe{}, report.Style{})).To(MatchError("broken pipe"))
	for _, form := range diff.Forms {
		g.Expect(form.Write(d, brokenPipe{})).To(MatchError("broken pipe"), form.Kind)
	}
}
