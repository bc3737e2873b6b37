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
		all := map[string]string{}
		for _, kind := range []string{"junit", "markdown", "har", "badge"} {
			all[kind] = formed(t, r, kind)
			if len(all[kind]) > 1<<20+200*len(text) {
				t.Errorf("%s takes %d bytes for a text of %d", kind, len(all[kind]), len(text))
			}
		}
		expectXML(t, all["junit"])
		expectXML(t, all["badge"])
		if !json.Valid([]byte(all["har"])) {
			t.Errorf("this is no JSON: %s", all["har"])
		}
		expectPrintable(t, all["har"])
		expectInert(t, text, all["markdown"], formed(t, spoiled(t, "x"), "markdown"))
		annotated(t, r)
	})
}
