package report_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// shownAnnotation is a command to GitHub Actions as its runner reads it.
type shownAnnotation struct{ Kind, Title, Message string }

// readAnnotations reads lines by the runner's grammar: a line is a command if it begins with two colons behind white space. Each
// line has to be one that is ours.
func readAnnotations(t *testing.T, out string) (read []shownAnnotation) {
	t.Helper()
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	command := regexp.MustCompile(`^::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)$`)
	for line := range strings.Lines(out) {
		parts := command.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if parts == nil {
			t.Errorf("%q is no command of ours", line)
			continue
		}
		if strings.Contains(line, "##[") || strings.Contains(line, "##vso") {
			t.Errorf("%q is a command to somebody else", line)
		}
		read = append(read, shownAnnotation{parts[1], unescape.Replace(parts[2]), unescape.Replace(parts[3])})
	}
	return read
}

func annotated(t *testing.T, reports ...*report.Report) []shownAnnotation {
	t.Helper()
	var out strings.Builder
	if err := report.WriteAnnotations(&out, reports...); err != nil {
		t.Fatal(err)
	}
	return readAnnotations(t, out.String())
}

func byKind(annotations []shownAnnotation) map[string]int {
	count := map[string]int{}
	for _, a := range annotations {
		count[a.Kind]++
	}
	return count
}

func TestAnnotationsAgreeWithTheExitStatus(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name, r := range results(t) {
		if name == "a verdict that nothing bears out" {
			continue // there is nothing to point at, and the exit status says it
		}
		g.Expect(byKind(annotated(t, r))["error"] > 0).To(Equal(r.ExitStatus() != 0), name)
	}
}

func TestAnnotationsSayWhatIsToBeKnown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all := annotated(t, broken(t))
	g.Expect(all[0]).To(Equal(shownAnnotation{"error", "DeleteSnapshots: not conformant", "interrupted"}))
	g.Expect(all[1].Kind + " " + all[1].Title).To(Equal("error DeleteSnapshots: BATCH-2 MUST is broken"))
	g.Expect(all[1].Message).To(ContainSubstring("\nseen: 200 for a batch over the limit\npermitted: a refusal\ncheck: refuses 101 snapshots, time 1\nsource: The vendor's page"))
	g.Expect(all).To(ContainElement(shownAnnotation{"notice", "DeleteSnapshots: 2 rules not tried", "STATE-2, STATE-3"}))
	g.Expect(all).To(ContainElement(shownAnnotation{
		"warning", "DeleteSnapshots: a known failure has expired", "BATCH-2 by \"refuses 101 snapshots, time 1\": unknown\nIt was excused until 2026-01-01.",
	}))
	g.Expect(all).To(ContainElement(And(
		HaveField("Kind", "notice"), HaveField("Title", "DeleteSnapshots: REQ-6 SHOULD is broken, as known"), HaveField("Message", ContainSubstring("known: the gateway")))))

	g.Expect(annotated(t, quiet(t))).To(BeEmpty())
	two := annotated(t, broken(t), broken(t))
	g.Expect(two[0].Title).To(Equal("DeleteSnapshots http://127.0.0.1:8080: not conformant"))
}

// TestAnnotationsAreAsManyAsGitHubShows, and the last tells of the others.
func TestAnnotationsAreAsManyAsGitHubShows(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all := annotated(t, huge(t))
	g.Expect(byKind(all)).To(Equal(map[string]int{"error": 10, "warning": 10}))
	g.Expect(all[9].Message).To(MatchRegexp(`^\d+ more like the 9 before`))
	length := 0
	for _, a := range all {
		length += len(a.Message)
	}
	g.Expect(length).To(BeNumerically("<", 100_000))

	other := huge(t)
	other.Endpoint = "http://other"
	two := annotated(t, huge(t), other)
	g.Expect(two[0].Title).NotTo(ContainSubstring("http://other"))
	g.Expect(two[1].Title).To(HavePrefix("DeleteSnapshots http://other: "), "neither is left out for the other")

	ten := quiet(t)
	ten.Verdict = report.NotConformant
	for i := range 10 {
		own := rule(t, "BATCH-2", report.Failed)
		own.ID = fmt.Sprintf("BATCH-%d", i)
		ten.Rules = append(ten.Rules, own)
	}
	all = annotated(t, ten)
	g.Expect(all).To(HaveLen(10))
	g.Expect(all[9].Title).To(ContainSubstring("MUST is broken"))
}

func TestNothingOfATargetIsACommand(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	plain := byKind(annotated(t, spoiled(t, "x"), spoiled(t, "x")))
	for _, text := range append([]string{
		"%0A::set-env name=PATH::/evil", "x::y", "a,b=c", "::stop-commands::x", "\r\n::error::x", "%25", "100%", "file=a,line=1", "##[set-env name=x]y",
	}, hostileTexts...) {
		if text == "" {
			continue // nothing is known then, for no reason
		}
		all := annotated(t, spoiled(t, text), spoiled(t, text))
		g.Expect(byKind(all)).To(Equal(plain), "%q", text)
		if report.Printable(text) == text {
			g.Expect(all).To(ContainElement(HaveField("Message", ContainSubstring(text))), "escaping is undone as a whole")
		}
	}
}
