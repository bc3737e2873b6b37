package report_test

import (
	"encoding/json"
	"testing"
)

// FuzzForms: whatever a target sends, each form is what it is to be, and nothing in it acts.
func FuzzForms(f *testing.F) {
	for _, text := range markdownTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := spoiled(t, text)
		expectXML(t, formed(t, r, "junit"))
		expectXML(t, formed(t, r, "badge"))
		if own := formed(t, r, "har"); !json.Valid([]byte(own)) {
			t.Errorf("this is no JSON: %s", own)
		}
		expectInert(t, text)
		annotated(t, r)
		expectPrintable(t, formed(t, r, "har"))
		for _, kind := range []string{"junit", "markdown", "har"} {
			if own := formed(t, r, kind); len(own) > 1<<20+200*len(text) {
				t.Errorf("%s takes %d bytes for a text of %d", kind, len(own), len(text))
			}
		}
	})
}
