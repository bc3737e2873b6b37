package gentle_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

// FuzzRetryAfter: whatever a host asks for, it is not waited for backwards, nor for ever.
func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{
		"", "0", "1", "-1", "3600", "3601", "99999999999999999999", "-99999999999999999999", "1.5", "1e9", " 7 ", "+7", "0x10",
		"Wed, 25 Nov 2026 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 0001 00:00:00 GMT", "soon", "\x00",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if wait := gentle.RetryAfter(http.Header{"Retry-After": {text}}); wait < 0 || wait > time.Hour {
			t.Errorf("%q is taken for %s", text, wait)
		}
	})
}
