package testbed_test

import (
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// FuzzHTTP: whatever a testbed answers, it is what the protocol says or an error, and none of it is made up.
func FuzzHTTP(f *testing.F) {
	for _, body := range []string{
		``, `null`, `[]`, `{}`, `{"states":["NORMAL","AVAILABLE","x"]}`, `{"states":{}}`, `{"States":["NORMAL"]}`, `{"snapshotIds":["a","b"]}`, `{"snapshotIds":["a","a"]}`,
		`{"snapshotIds":["a",null]}`, `{"snapshotIds":["\u001b[2J","*"]}`, `{"snapshotId":"a","state":"NORMAL"}`, `{"snapshotId":"a","state":"::error::"}`,
		`{"snapshotId":null,"state":"NORMAL"}`, `{"snapshotId":"","state":""}`, "\xff", `{"snapshotId":"a","state":"NORMAL"}x`, `{"error":"no"}`,
	} {
		for _, status := range []int{200, 201, 204, 302, 404, 422, 429, 500} {
			f.Add(status, "1", body)
		}
	}
	type reply struct {
		status     int
		wait, body string
	}
	var next atomic.Pointer[reply]
	listener, err := net.Listen("unix", filepath.Join(f.TempDir(), "s"))
	if err != nil {
		f.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", next.Load().wait)
		w.WriteHeader(next.Load().status)
		_, _ = w.Write([]byte(next.Load().body)) // where the status allows for one
	})}
	go func() { _ = server.Serve(listener) }() // until it is closed
	f.Cleanup(func() { _ = server.Close() })
	base, err := reach.Parse("unix:" + listener.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	bed := testbed.NewHTTP(base, testbed.Surroundings{Timeout: time.Minute, Patience: time.Millisecond})

	f.Fuzz(func(t *testing.T, status int, wait, body string) {
		if status < 200 || status > 999 { // net/http has no way to send it
			t.Skip()
		}
		g := NewWithT(t)
		next.Store(&reply{status, wait, body})
		states, err := bed.States(t.Context())
		for _, state := range states {
			g.Expect(contract.States).To(ContainElement(state))
		}
		g.Expect(err == nil || len(states) == 0).To(BeTrue())
		if ids, err := bed.Make(t.Context(), contract.Normal, 2); err == nil {
			g.Expect(testbed.Handed(ids, 2)).To(Succeed())
			g.Expect(status / 100).To(Equal(2))
		}
		for _, id := range []string{"a", "\x1b", ".."} {
			sight, err := bed.Look(t.Context(), id)
			switch {
			case err != nil:
			case sight.Gone:
				g.Expect(status).To(And(BeNumerically(">=", 400), BeNumerically("<", 500)))
			default:
				g.Expect(status / 100).To(Equal(2))
				g.Expect(sight.ID).NotTo(BeEmpty())
				g.Expect(sight.Name).NotTo(BeEmpty())
			}
		}
		if bed.Release(t.Context(), "a") == nil {
			g.Expect(status/100 == 2 || status == http.StatusNotFound).To(BeTrue())
		}
	})
}
