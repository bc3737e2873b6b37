package callers_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

var unsafe = regexp.MustCompile(`[^\P{C}]|##`)

// FuzzJudge: whatever is sent breaks known rules, each once, and what is said of it can be shown.
func FuzzJudge(f *testing.F) {
	for _, requests := range wrong {
		for _, change := range requests {
			r := request(change)
			f.Add(r.Method, r.Path, r.Header.Get("Content-Type"), r.Header.Get(contract.HeaderAction), r.Header.Get(contract.HeaderVersion),
				r.Header.Get(contract.HeaderTimestamp), r.Header.Get(contract.HeaderAuthorization), r.Body, r.Cut)
		}
	}
	f.Fuzz(func(t *testing.T, method, path, contentType, action, version, timestamp, authorization string, body []byte, cut bool) {
		r := &callers.Request{Method: method, Path: path, Header: http.Header{}, Body: body, Cut: cut, At: now}
		for name, value := range map[string]string{
			"Content-Type": contentType, contract.HeaderAction: action, contract.HeaderVersion: version, contract.HeaderTimestamp: timestamp,
			contract.HeaderAuthorization: authorization,
		} {
			r.Header.Set(name, value)
		}
		seen := map[string]bool{}
		for _, breach := range callers.Judge(r) {
			if _, known := contract.CallerRuleByID(breach.Rule); !known || seen[breach.Rule] {
				t.Errorf("%s is no rule, or broken twice", breach.Rule)
			}
			seen[breach.Rule] = true
			if breach.What == "" || len(breach.What) > 1000 || unsafe.MatchString(breach.What) {
				t.Errorf("%s cannot be shown: %q", breach.Rule, breach.What)
			}
		}
		if text := r.Describe(); len(text) > 1000 || unsafe.MatchString(text) {
			t.Errorf("it cannot be shown: %q", text)
		}
	})
}
