package contract_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// FuzzPlausibleID: nothing that could do anything but name a snapshot passes for an id, and what passes is what the document
// allows, in whatever way that is found out.
func FuzzPlausibleID(f *testing.F) {
	for _, id := range []string{
		"", "snap-1", "00000000-0000-0000-0000-000000000000", "a.b:c/d", strings.Repeat("x", contract.MaxIDLength), strings.Repeat("x", contract.MaxIDLength+1),
		" ", "a b", "a\n", "снимок", "*", "%", "a'b", `a"b`, "a\x00", "..", "::error::x", "##vso[x]", "<a>",
	} {
		f.Add(id)
	}
	pattern := regexp.MustCompile(contract.Documented.Components.Schemas["SnapshotId"].Value.Pattern)
	f.Fuzz(func(t *testing.T, id string) {
		allowed := utf8.ValidString(id) && utf8.RuneCountInString(id) <= contract.MaxIDLength && pattern.MatchString(id)
		if contract.PlausibleID(id) != allowed {
			t.Errorf("%q: the document says %v", id, allowed)
		}
		if !contract.PlausibleID(id) {
			return
		}
		if id == "" || len(id) > contract.MaxIDLength || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.ContainsAny(id, "'\"`*?%\\") {
			t.Errorf("%q passes for an id", id)
		}
	})
}
