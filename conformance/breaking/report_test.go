package breaking_test

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// hostile is what somebody might put into a document to have it carried out where changes are shown.
const hostile = "\x1b[2J\u202e @everyone #1 <script>alert(1)</script> [x](http://example.com) `code` | ![i](//e) \\` **bold** ::error::x ##vso[task] https://example.com www.example.com"

// hostileResult compares documents that say such things wherever words are shown.
func hostileResult(t *testing.T) *breaking.Result {
	t.Helper()
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	text := contractText()
	text = edited(t, text, "statement: Snapshots that nobody named are left as they are.", "statement: "+string(quoted))
	text = edited(t, text, "x-authentication:\n", "x-"+strings.ReplaceAll(string(quoted[1:len(quoted)-1]), " ", "_")+": 1\nx-authentication:\n")
	text = edited(t, text, "enum: [NORMAL, CREATING,", "enum: [NORMAL, "+string(quoted)+", CREATING,")
	g := NewWithT(t)
	return breaking.Compare(read(g, "old`"+hostile, contractText()), read(g, "new\n"+hostile, text))
}

func TestJSONFitsItsSchema(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	schema := fortest.Schema(t, breaking.Schema)
	limited := edited(t, contractText(), "maxItems: 100", "maxItems: 50")
	for _, result := range []*breaking.Result{compare(g, contractText(), contractText()), compare(g, contractText(), limited), hostileResult(t)} {
		written := writtenBy(g, result.WriteJSON)
		g.Expect(fortest.Fits(schema, []byte(written))).To(Succeed())
		g.Expect(written).NotTo(MatchRegexp("[\x1b\u202e]|##"))
	}
}

func writtenBy(g Gomega, write func(io.Writer) error) string {
	var text bytes.Buffer
	g.Expect(write(&text)).To(Succeed())
	return text.String()
}

func TestMarkdownShowsHostileWordsAsTheyAre(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := writtenBy(g, hostileResult(t).WriteMarkdown)
	outside := fortest.OutsideCode(t, text)
	g.Expect(text).NotTo(MatchRegexp("[\x1b\u202e]"))
	g.Expect(outside).NotTo(MatchRegexp(`@\w|#\d|https?://`))
	g.Expect(outside).To(ContainSubstring("**bold**"), "it is shown as it is")
	g.Expect(text).NotTo(MatchRegexp(`(?m)^ *::|##[A-Za-z]*\[`))
}

func TestMarkdownIsByWhoMustAct(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	changed := edited(t, contractText(), "maxItems: 100", "maxItems: 50")
	changed = edited(t, changed, "  - id: CONC-2\n    level: SHOULD\n", "  - id: CONC-2\n    level: NOTE\n")
	changed = edited(t, changed, "summary: Delete snapshots", "summary: Delete disk snapshots")
	text := writtenBy(g, compare(g, contractText(), changed).WriteMarkdown)
	order := []string{
		"1 breaking, 4 warnings, 1 notice",
		"### Callers", "**breaking** `request-max-items-lowered`", "**warning** `rule-weaker`",
		"### Implementers", "**breaking** `request-max-items-lowered`",
		"### Designers", "**warning** `words-outdated`",
		"<summary>Nobody has to act (1)</summary>", "**notice** `wording-changed`",
	}
	for _, part := range order {
		at := strings.Index(text, part)
		g.Expect(at).To(BeNumerically(">=", 0), "%s is not in its place", part)
		text = text[at+len(part):]
	}
}

func TestTextIsSafeToShow(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	result := hostileResult(t)
	plain := writtenBy(g, func(w io.Writer) error { return result.WriteText(w, report.Style{}) })
	g.Expect(plain).NotTo(MatchRegexp("[\x1b\u202e]|(?m)^ *::|##vso"))
	g.Expect(writtenBy(g, func(w io.Writer) error { return result.WriteText(w, report.Style{Color: true}) })).To(ContainSubstring("\x1b[31;1mbreaking"))
	g.Expect(writtenBy(g, func(w io.Writer) error {
		return compare(g, contractText(), contractText()).WriteText(w, report.Style{})
	})).To(
		Equal("From old to new\nnothing has changed\n"))
}

// TestReportsAreBounded: however much has changed, people are told of a part, and of how much is left.
func TestReportsAreBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var rules strings.Builder
	for range 2000 {
		rules.WriteString("  - {id: MORE-" + strings.Repeat("1", rules.Len()%7+1) + ", level: MUST, statement: " + strings.Repeat("more and ", 20) + ", source: [R]}\n")
	}
	changed := edited(t, contractText(), "x-rules:\n", "x-rules:\n"+rules.String())
	result := compare(g, contractText(), changed)
	for _, write := range []func(io.Writer) error{result.WriteMarkdown, func(w io.Writer) error { return result.WriteText(w, report.Style{}) }} {
		text := writtenBy(g, write)
		g.Expect(len(text)).To(BeNumerically("<", 128<<10))
		g.Expect(text).To(MatchRegexp(`and \d+ more`))
	}
}
