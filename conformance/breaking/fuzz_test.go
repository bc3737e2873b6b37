package breaking_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// FuzzCompare: whatever two documents say, they are compared, or a line tells why not; and no document differs from itself.
func FuzzCompare(f *testing.F) {
	text := contractText()
	f.Add("maxItems: 100", "maxItems: [1]")
	f.Add("x-rules:\n", "x-rules: 5\nx-other:\n")
	f.Add("  - id: ISO-1\n", "  - [1]\n  - id: ISO-1\n")
	f.Add("enum: [NORMAL, CREATING, FAILED, ROLLING_BACK, DELETING]", "enum: {a: b}")
	f.Add("x-aliases:\n", "x-aliases: []\n      x-other:\n")
	f.Add("x-production-domains: [zenlayer.com]", "x-production-domains: {a: [1]}")
	f.Add("signedHeaders: [content-type, host]", "signedHeaders: null")
	f.Add("choices: {counted", "choices: [a]\n    others: {counted")
	f.Add("x-population: {}", "x-population: []")
	f.Add("snapshotIds: [snap-00000000]", "snapshotIds: {a: b}")
	f.Add("required: [requestId, code, message]", "required: []")
	f.Add("  - url: https://console.zenlayer.com", "  - url: '%zz://'")
	f.Fuzz(func(t *testing.T, old, new string) {
		changed := strings.Replace(text, old, new, 1)
		after, err := breaking.Read("new", []byte(changed))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error of several lines: %q", err)
			}
			return
		}
		before, err := breaking.Read("old", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, result := range []*breaking.Result{breaking.Compare(before, after), breaking.Compare(after, before)} {
			for _, write := range []func() error{
				func() error { return result.WriteText(&bytes.Buffer{}, report.Style{Color: true}) },
				func() error { return result.WriteMarkdown(&bytes.Buffer{}) },
				func() error { return result.WriteJSON(&bytes.Buffer{}) },
			} {
				if err := write(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if changes := breaking.Compare(after, after).Changes; len(changes) > 0 {
			t.Fatalf("a document differs from itself: %+v", changes)
		}
	})
}
