package callers

import (
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// slowly judges a body without the quick look.
func slowly(text []byte) []Breach {
	j := judging{Request: &Request{Body: text}}
	j.body(contract.Action)
	return j.breaches
}

// FuzzPlain: what is right at a glance breaks no rule.
func FuzzPlain(f *testing.F) {
	for _, text := range []string{
		``, `{}`, `[]`, `{"snapshotIds":["snap-1"]}`, ` { "snapshotIds" : [ "a" , "b" ] } `, `{"snapshotIds":["snap-1"],"more":1}`, `{"snapshotIds":["a","a"]}`,
		`{"snapshotIds":[""]}`, `{"snapshotIds":["\u0061"]}`, `{"snapshotIds":["a"]}}`, `{"snapshotIds":["a",]}`, "{\"snapshotIds\":[\"\xff\"]}", `{"snapshotIds":["a"`,
		`{"snapshotIds":["` + strings.Repeat("x", contract.MaxIDLength+1) + `"]}`, `{"snapshotIds":["a"` + strings.Repeat(`,"a"`, contract.MaxBatch) + `]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		wrong := slowly(text)
		if _, plain := contract.Plain(text); plain && len(wrong) > 0 {
			t.Errorf("%q is taken for right: %v", text, wrong)
		}
		for _, breach := range wrong {
			if _, known := contract.CallerRuleByID(breach.Rule); !known || breach.What == "" {
				t.Errorf("%q breaks %v", text, breach)
			}
		}
	})
}
