package report_test

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// rendered makes HTML of a comment as GitHub and GitLab do, and hides nothing of what a text smuggles in.
func rendered(t *testing.T, comment string) string {
	t.Helper()
	var out bytes.Buffer
	engine := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe(), html.WithXHTML()))
	if err := engine.Convert([]byte(comment), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// ours is what of HTML a comment is made of.
var ours = regexp.MustCompile(`^(details|summary|table|thead|tbody|tr|th|td|h3|p|strong|code|pre)$`)

// outsideCode gives the text that is not code, and sees that there is no other element than ours. A platform makes links,
// mentions and references of what stands there.
func outsideCode(t *testing.T, comment string) string {
	t.Helper()
	var outside strings.Builder
	decoder := xml.NewDecoder(strings.NewReader("<all>" + rendered(t, comment) + "</all>"))
	decoder.Entity = xml.HTMLEntity
	code := 0
	for {
		token, err := decoder.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Errorf("%v in %s", err, comment)
			}
			return outside.String()
		}
		switch token := token.(type) {
		case xml.StartElement:
			if name := token.Name.Local; name != "all" && !ours.MatchString(name) {
				t.Errorf("there is an element %q in %s", name, comment)
			}
			if token.Name.Local == "code" {
				code++
			}
		case xml.EndElement:
			if token.Name.Local == "code" {
				code--
			}
		case xml.CharData:
			if code == 0 {
				outside.Write(token)
			}
		case xml.Comment:
			t.Errorf("there is a comment in %s", comment)
		}
	}
}

// unfolded gives what of a comment is to be seen before anybody opens anything.
func unfolded(comment string) string {
	return regexp.MustCompile(`(?s)</summary>.*?</details>`).ReplaceAllString(comment, "")
}

func TestMarkdownIsAScreenful(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all := results(t)
	all["huge"] = huge(t)
	for name, r := range all {
		seen := unfolded(formed(t, r, "markdown"))
		g.Expect(strings.Count(seen, "\n")).To(BeNumerically("<=", 30), "%s: %s", name, seen)
		g.Expect(seen).To(ContainSubstring(r.Headline()))
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	comment := formed(t, huge(t), "markdown")
	g.Expect(len(comment)).To(BeNumerically("<=", 65_536))
	g.Expect(len(comment)).To(BeNumerically(">", 40_000), "there is room for more")
	g.Expect(regexp.MustCompile("(?m)^`+text$").FindAllString(comment, -1)).To(HaveLen(len(contract.Rules)), "each rule has its share")
	g.Expect(comment).To(MatchRegexp(`… \d+ bytes …`))
	g.Expect(comment).To(ContainSubstring("and 32 more rules, below"))

	ticks := huge(t)
	for i := range ticks.Rules {
		for j := range ticks.Rules[i].Failures {
			ticks.Rules[i].Failures[j].What = strings.Repeat("`", 10_000)
		}
	}
	g.Expect(len(formed(t, ticks, "markdown"))).To(BeNumerically("<=", 65_536))

	r := spoiled(t, strings.Repeat("\u202e", 5000))
	for len(r.Rules) < 2000 {
		r.Rules = append(r.Rules, r.Rules...)
		r.Profile = append(r.Profile, r.Profile...)
	}
	comment = formed(t, r, "markdown")
	g.Expect(len(comment)).To(BeNumerically("<=", 65_536))
	g.Expect(comment).To(ContainSubstring("Every rule: left out here, for want of room"))
	g.Expect(comment).To(MatchRegexp(`The evidence of \d+ rules is left out here, for want of room`))
}

func TestMarkdownSaysWhatDecides(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all := results(t)
	comment := formed(t, all["broken"], "markdown")
	seen := unfolded(comment)
	g.Expect(seen).To(HavePrefix("### ❌ DeleteSnapshots: not conformant\n"))
	g.Expect(seen).To(ContainSubstring("\n| MUST | 1 | 0 | 0 | 2 | 1 |\n| SHOULD | 0 | 0 | 1 | 0 | 0 |\n| NOTE | 0 | 0 | 0 | 0 | 1 |\n"))
	g.Expect(seen).To(ContainSubstring("| **BATCH-2** MUST: A call with 101 snapshots, or many more, is refused. | `200 for a batch over the limit` | `a refusal` |\n"))
	g.Expect(seen).To(ContainSubstring("| **REQ-6** SHOULD, known (`the gateway is replaced in spring`): Absent ids"))
	g.Expect(seen).To(ContainSubstring("**Not tried**: STATE-2, STATE-3 (`keeps what is CREATING: the testbed cannot make it`)"))
	g.Expect(seen).To(ContainSubstring("**Known failures that expired**: `BATCH-2 by \"refuses 101 snapshots, time 1\"`"))
	g.Expect(seen).To(ContainSubstring("**2 snapshots could not be released**"))
	g.Expect(comment).To(MatchRegexp("(?s)<details><summary>What failed.*curl -i"))
	g.Expect(comment).To(ContainSubstring("| seed | 42 |"))

	for name, beginning := range map[string]string{
		"quiet": "### ✅ DeleteSnapshots: conformant\n", "remarks": "### ⚠️ DeleteSnapshots: conformant with remarks\n",
		"as known": "### ⚠️ DeleteSnapshots: not conformant, as known\n", "hopeless": "### ❔ DeleteSnapshots: could not run\n",
	} {
		g.Expect(formed(t, all[name], "markdown")).To(HavePrefix(beginning))
	}
	const reason = "the testbed cannot be asked (GET http://127.0.0.1:8080/testbed/v1): dial tcp 127.0.0.1:8080: connect: connection refused"
	all["hopeless"].Reason = reason
	g.Expect(formed(t, all["hopeless"], "markdown")).To(ContainSubstring("not carried out to its end: `"+reason+"`"), "the end says what is wrong")
}

// markdownTexts are what somebody might send to be seen in a comment.
var markdownTexts = append([]string{
	"@everyone", "#1 and GH-1", "owner/repo#1", "https://evil.example/?a=b", "www.evil.example", "me@evil.example", ":smile:",
	"<img src=x onerror=alert(1)>", "</details>", "<!--", "-->", "<details>", "](javascript:alert(1))", "[x](http://evil.example)", "![x](//evil.example)",
	"|", `\|`, `\\|`, `a\`, "`", "``", "```", "`` ` ```", " `", "` ", "```\n</details>\n<b>", "~~~", "a\n\n# head", "| a | b |\n|---|---|", "**b**", "&lt;b&gt;", "&#64;all",
	"$x$", "- [ ] x", "> quote", "    code", "\\", "\\`", "`\\", "[^1]: x", "==x==", "a  \nb",
}, hostileTexts...)

// expectInert sees that a text changes nothing outside of code: that it is the same as with another text.
func expectInert(t *testing.T, text, comment, other string) {
	t.Helper()
	if got, plain := outsideCode(t, comment), outsideCode(t, other); respaced(got) != respaced(plain) && strings.TrimSpace(text) != "" {
		t.Errorf("%q shows as more than code:\n%s\nin place of\n%s", text, got, plain)
	}
}

// respaced has one space where there is white space, of which an empty cell may have less.
func respaced(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestMarkdownOfARunIsWhatGitHubTakes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	html := rendered(t, formed(t, results(t)["broken"], "markdown"))
	g.Expect(strings.Count(html, "<table>")).To(Equal(5))
	g.Expect(strings.Count(html, "<pre>")).To(Equal(2))
	g.Expect(strings.Count(html, "<details>")).To(Equal(strings.Count(html, "</details>")))
}
