package report_test

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

var hostileTexts = []string{
	"", "plain", "ü 汉字 😀", "\x1b]0;x\a\x1b[2J", "\u009b2J\u202e\u2066\u200b", "\xff\xfe\x80", "a\r\nb\x7f",
	"::error::x", " \t::error::x", "\n::x", "\u00a0::x", "##vso[task.complete]", "##[error]x", "###[x]", "##a##b[", "##teamcity[x",
	"\U000e0041", "\ufeff::x", "<script>", "`$(x)`'\"\\", "\u2028::x", "\ufffd",
}

// FuzzPrintable: whatever a target sends is shown on one line, and nobody acts on it.
func FuzzPrintable(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text)
	}
	commands := regexp.MustCompile(`(?i)^\s*::|##[a-z]*\[`)
	f.Fuzz(func(t *testing.T, text string) {
		shown := report.Printable(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !strconv.IsPrint(r) }) {
			t.Errorf("%q is shown as %q", text, shown)
		}
		if commands.MatchString(shown) {
			t.Errorf("%q is shown as %q, which is a command", text, shown)
		}
		if again := report.Printable(shown); again != shown {
			t.Errorf("%q is shown as %q, and that as %q", text, shown, again)
		}
	})
}

// FuzzJSON: whatever a target sends comes back from a report as it was, and the file is safe to show.
func FuzzJSON(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := report.Report{Rules: []report.Rule{{Failures: []report.Failure{{
			Evidence: []report.Exchange{{Got: report.Got{Body: text, Header: map[string][]string{text: {text}}}}},
		}}}}}
		var written strings.Builder
		if err := r.WriteJSON(&written); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(written.String(), "##") || strings.ContainsFunc(written.String(), func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }) {
			t.Errorf("%q is written as %q", text, written.String())
		}
		var back report.Report
		if err := json.Unmarshal([]byte(written.String()), &back); err != nil {
			t.Fatal(err)
		}
		got := back.Rules[0].Failures[0].Evidence[0].Got
		if whole := got.Body == text || string(got.Raw) == text; !whole {
			t.Errorf("%q comes back as %q", text, got.Body)
		}
	})
}
