package report_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func tabulate(t *testing.T, style report.Style, reports ...*report.Report) string {
	t.Helper()
	var out strings.Builder
	NewWithT(t).Expect(report.WriteTable(&out, reports, style)).To(Succeed())
	return out.String()
}

// at gives a report an endpoint and a verdict.
func at(r *report.Report, endpoint string, verdict report.Verdict) *report.Report {
	r.Endpoint, r.Verdict = endpoint, verdict
	return r
}

func TestVerdictsSideBySide(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out := tabulate(t, report.Style{}, at(quiet(t), "http://one", report.Conformant), at(broken(t), "http://two", report.NotConformant),
		at(&report.Report{}, "unix:/three", report.CouldNotRun), at(quiet(t), "http://four", report.Remarks))
	g.Expect(out).To(HavePrefix(`Side by side
  1  http://one: conformant
  2  http://two: not conformant
  3  unix:/three: could not run
  4  http://four: conformant with remarks

                   http://one  http://two  unix:/three  http://four
  REQ-1    MUST             ✓           ✓            –            ✓
  REQ-6    SHOULD           –           !            –            –
  REQ-8    NOTE             –           ·            –            –
  BATCH-2  MUST             –           ✗            –            –
  STATE-2  MUST             –           –            –            –
  STATE-3  MUST             –           –            –            –
  verdict                   ✓           ✗            ?            !

`))
	g.Expect(lastLine(out)).To(HavePrefix("✓ passed, ✗ failed"))
}

// TestATableKeepsToTheWidth: first the names are left out, then the columns come in several tables.
func TestATableKeepsToTheWidth(t *testing.T) {
	t.Parallel()
	for columns, heads := range map[int][]string{
		2:  {"http://host-1  http://host-2"},
		4:  {"1  2  3  4"},
		30: {"1  2  3", "16  17"},
	} {
		for _, colour := range []bool{false, true} {
			g := NewWithT(t)
			var reports []*report.Report
			for i := range columns {
				reports = append(reports, at(quiet(t), fmt.Sprintf("http://host-%d", i+1), report.Conformant))
			}
			const width = 60
			out := tabulate(t, report.Style{Width: width, Color: colour}, reports...)
			for _, head := range heads {
				g.Expect(out).To(ContainSubstring("  " + head))
			}
			marks := 0
			for _, line := range strings.Split(out, "\n") {
				if strings.Contains(line, "REQ-1") {
					marks += strings.Count(line, "✓")
					if !colour {
						g.Expect(utf8.RuneCountInString(line)).To(BeNumerically("<=", width), line)
					}
				}
			}
			g.Expect(marks).To(Equal(columns))
			for _, r := range reports {
				g.Expect(out).To(ContainSubstring(r.Endpoint + ": "))
			}
		}
	}
	g := NewWithT(t)
	pair := func(width int) string {
		return tabulate(t, report.Style{Width: width}, at(quiet(t), "http://one", report.Conformant), at(quiet(t), "http://two", report.Conformant))
	}
	g.Expect(pair(41)).To(ContainSubstring("  http://one  http://two\n"), "it just fits")
	g.Expect(pair(40)).To(ContainSubstring("  1  2\n"))
	g.Expect(pair(23)).To(ContainSubstring("  1  2\n"), "it just fits")
	g.Expect(pair(22)).NotTo(ContainSubstring("  1  2\n"))
	g.Expect(tabulate(t, report.Style{Width: 1}, at(quiet(t), "http://one", report.Conformant), at(quiet(t), "http://two", report.Conformant))).
		To(MatchRegexp(`(?s)\n +1\n.*\n +2\n`), "one column at the least")
}

func TestNothingHostileReachesTheTerminalInATable(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	hostile := at(quiet(t), "http://\x1b[2J\u202ehost\nverdict: conformant", "\x1b]0;x\a")
	hostile.Rules[0].ID = "REQ\x1b[2J-1"
	for _, width := range []int{0, 40} {
		out := tabulate(t, report.Style{Width: width}, hostile, quiet(t))
		g.Expect(out).NotTo(MatchRegexp(`[^\P{Cc}\n]|\x{202e}`))
		g.Expect(out).NotTo(ContainSubstring("\nverdict: "))
	}
}

func TestATableThatCannotBeWrittenIsToldOf(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(report.WriteTable(brokenPipe{}, []*report.Report{quiet(t)}, report.Style{})).NotTo(Succeed())
}
