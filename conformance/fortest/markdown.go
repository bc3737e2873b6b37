package fortest

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// Rendered makes HTML of Markdown as GitHub and GitLab do, and hides nothing of what it smuggles in.
func Rendered(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	engine := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe(), html.WithXHTML()))
	if err := engine.Convert([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// ours is what of HTML our Markdown is made of.
var ours = regexp.MustCompile(`^(details|summary|table|thead|tbody|tr|th|td|h2|h3|ul|li|br|p|strong|code|pre)$`)

// OutsideCode gives the text that is not code, and sees that there is no other element than ours. A platform makes links,
// mentions and references of what stands there.
func OutsideCode(t testing.TB, text string) string {
	t.Helper()
	var outside strings.Builder
	decoder := xml.NewDecoder(strings.NewReader("<all>" + Rendered(t, text) + "</all>"))
	decoder.Entity = xml.HTMLEntity
	code := 0
	for {
		token, err := decoder.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Errorf("%v in %s", err, text)
			}
			return outside.String()
		}
		switch token := token.(type) {
		case xml.StartElement:
			if name := token.Name.Local; name != "all" && !ours.MatchString(name) {
				t.Errorf("there is an element %q in %s", name, text)
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
			t.Errorf("there is a comment in %s", text)
		}
	}
}

// EvenTables sees that every row of a table in Markdown has as many cells as its head.
func EvenTables(t testing.TB, text string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			columns = 0
			continue
		}
		bars := strings.Count(line, "|") - strings.Count(line, `\|`)
		if columns == 0 {
			columns = bars
		}
		if bars != columns {
			t.Errorf("there are not %d columns in %s", columns-1, line)
		}
	}
}
