package testbed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// long is more than any test takes. What ends by it has hung.
const long = time.Minute

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func adapt(t *testing.T, base string, timeout, patience time.Duration) *testbed.HTTP {
	t.Helper()
	parsed, err := reach.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return testbed.NewHTTP(parsed, testbed.Surroundings{Timeout: timeout, Patience: patience})
}

// bed is an adapter to a testbed that gives the same answer to everything.
func bed(t *testing.T, status int, body string) *testbed.HTTP {
	t.Helper()
	return adapt(t, serve(t, saying(status, body)), long, long)
}

func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// requests are all that the adapter makes, by the name of each.
var requests = map[string]func(ctx context.Context, b testbed.Bed) error{
	"GET /base":             func(ctx context.Context, b testbed.Bed) error { _, err := b.States(ctx); return err },
	"POST /base/snapshots":  func(ctx context.Context, b testbed.Bed) error { _, err := b.Make(ctx, contract.Normal, 1); return err },
	"GET /base/snapshots/a": func(ctx context.Context, b testbed.Bed) error { _, err := b.Look(ctx, "a"); return err },
	"DELETE /base/snapshots/a": func(ctx context.Context, b testbed.Bed) error {
		return b.Release(ctx, "a")
	},
}

// good answers every request as it should be.
func good(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"snapshotIds":["a"]}`)
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	case strings.HasSuffix(r.URL.Path, "/a"):
		_, _ = io.WriteString(w, `{"snapshotId":"a","state":"NORMAL"}`)
	default:
		_, _ = io.WriteString(w, `{"states":["NORMAL"]}`)
	}
}

func TestRequestsAsTheProtocolHasThem(t *testing.T) {
	t.Parallel()
	for _, slash := range []string{"", "/"} {
		for name, ask := range requests {
			t.Run(name+slash, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				var seen, kind, body string
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					text, _ := io.ReadAll(r.Body)
					seen, kind, body = r.Method+" "+r.RequestURI, r.Header.Get("Content-Type"), string(text)
					good(w, r)
				})
				g.Expect(ask(t.Context(), adapt(t, base+"/base"+slash, long, long))).To(Succeed())
				g.Expect(seen).To(Equal(name))
				if strings.HasPrefix(name, "POST") {
					g.Expect(kind).To(Equal("application/json"))
					g.Expect(body).To(MatchJSON(`{"state":"NORMAL","count":1}`))
				} else {
					g.Expect(body).To(BeEmpty())
				}
			})
		}
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]contract.State{
		`{"states":["NORMAL","FAILED"]}`:                           {contract.Normal, "FAILED"},
		`{"states":["AVAILABLE","NORMAL","AVAILABLE","CREATING"]}`: {contract.Normal, "CREATING"},
		`{"states":["UPLOADING","NORMAL","normal",""]}`:            {contract.Normal}, // more states than the contract has
		`{"states":["UPLOADING"]}`:                                 nil,
		`{"states":[],"more":1}`:                                   nil,
		`{}`:                                                       nil,
	} {
		g := NewWithT(t)
		states, err := bed(t, 200, body).States(t.Context())
		g.Expect(err).NotTo(HaveOccurred(), body)
		g.Expect(states).To(Equal(want), body)
	}
}

func TestMake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ids, err := bed(t, 201, `{"snapshotIds":["a","b"]}`).Make(t.Context(), contract.Normal, 2)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ids).To(Equal([]string{"a", "b"}))

	_, err = bed(t, 422, `{"error":"no"}`).Make(t.Context(), contract.Leaving, 2)
	g.Expect(err).To(MatchError(testbed.ErrCannotMake))
	g.Expect(err).To(MatchError(ContainSubstring(string(contract.Leaving))))
}

func TestMakeNamesTheRequestThatShowedAFault(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string]string{
		"too few": `["a"]`, "none": `[]`, "null": `null`, "too many": `["a","b","c"]`, "twice": `["a","a"]`, "empty": `["a",""]`,
		"a space": `["a","b c"]`, "too long": `["a","` + strings.Repeat("x", contract.MaxIDLength+1) + `"]`, "other letters": `["a","é"]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			made, err := bed(t, 201, `{"snapshotIds":`+ids+`}`).Make(t.Context(), contract.Normal, 2)
			g.Expect(err).To(MatchError(And(ContainSubstring("POST http://"), ContainSubstring("/snapshots"))))
			g.Expect(err).NotTo(MatchError(testbed.ErrCannotMake))
			if strings.Contains(ids, `"a"`) {
				g.Expect(made).To(ContainElement("a"), "what it did make can be released")
			}
		})
	}
}

func TestNonsenseNamesTheRequest(t *testing.T) {
	t.Parallel()
	for fault, answer := range map[string]http.HandlerFunc{
		"no JSON":  saying(200, "fine"),
		"page":     saying(200, "<html></html>"),
		"list":     saying(200, "[]"),
		"text":     saying(200, `{"states":"NORMAL","snapshotIds":"a","state":1}`),
		"nothing":  saying(200, ""),
		"500":      saying(500, `{"error":"x"}`),
		"403":      saying(403, ""),
		"oversize": saying(200, strings.Repeat("x", 8<<20+1)),
		"unclear":  saying(302, ""),
		"truncated": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		},
		"closed": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			base := serve(t, answer)
			for name, ask := range requests {
				method, path, _ := strings.Cut(name, " ")
				if method == http.MethodDelete && (fault == "text" || fault == "list" || fault == "page" || fault == "no JSON" || fault == "nothing") {
					continue // nothing is read of the answer to a release but its status
				}
				err := ask(t.Context(), adapt(t, base+"/base", long, long))
				g.Expect(err).To(MatchError(ContainSubstring(method+" "+base+path)), name)
			}
		})
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", contract.MaxIDLength+1)
	for name, c := range map[string]struct {
		id     string
		status int
		body   string
		want   testbed.Sight
	}{
		"there":                {"a", 200, `{"snapshotId":"a","state":"FAILED"}`, testbed.Sight{ID: "a", State: "FAILED", Name: "FAILED"}},
		"under the other name": {"a", 200, `{"snapshotId":"a","state":"AVAILABLE","more":1}`, testbed.Sight{ID: "a", State: contract.Normal, Name: "AVAILABLE"}},
		"another one":          {"A", 200, `{"snapshotId":"a","state":"NORMAL"}`, testbed.Sight{ID: "a", State: contract.Normal, Name: "NORMAL"}},
		"a state of its own":   {"a", 200, `{"snapshotId":"a","state":"UPLOADING"}`, testbed.Sight{ID: "a", State: "UPLOADING", Name: "UPLOADING"}},
		"gone":                 {"a", 404, ``, testbed.Sight{ID: "a", Gone: true}},
		"gone with a page":     {"a", 404, `<html>`, testbed.Sight{ID: "a", Gone: true}},
		"odd":                  {"a b", 400, ``, testbed.Sight{ID: "a b", Gone: true, Odd: true}},
		"too long":             {long, 414, ``, testbed.Sight{ID: long, Gone: true, Odd: true}},
		"empty":                {"", 405, ``, testbed.Sight{Gone: true, Odd: true}},
		"odd and missing":      {"a b", 404, ``, testbed.Sight{ID: "a b", Gone: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			sight, err := bed(t, c.status, c.body).Look(t.Context(), c.id)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(sight).To(Equal(c.want))
		})
	}
	for name, body := range map[string]string{
		"no state": `{"snapshotId":"a"}`, "null": `null`,
		"no id": `{"state":"NORMAL"}`, "empty id": `{"snapshotId":"","state":"NORMAL"}`, "id is a number": `{"snapshotId":1,"state":"NORMAL"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := bed(t, 200, body).Look(t.Context(), "a")
			NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("/snapshots/a"), Or(ContainSubstring("the status is 404"), ContainSubstring("snapshotId: number is of the wrong type")))))
		})
	}
}

func TestATestbedThatWillNotLook(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, status := range []int{301, 307, 400, 403, 422} {
		_, err := bed(t, status, "").Look(t.Context(), "a/")
		g.Expect(err).To(MatchError(testbed.ErrWillNotLook))
		g.Expect(err).To(MatchError(ContainSubstring("/snapshots/a%2F")))
	}
	_, err := bed(t, 500, "").Look(t.Context(), "a b")
	g.Expect(err).To(HaveOccurred())
	g.Expect(err).NotTo(MatchError(testbed.ErrWillNotLook))
}

func TestRelease(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, status := range []int{200, 202, 204, 404} {
		g.Expect(bed(t, status, "").Release(t.Context(), "a")).To(Succeed())
	}
	for _, status := range []int{302, 400, 403, 409, 500} {
		g.Expect(bed(t, status, "").Release(t.Context(), "a")).To(MatchError(ContainSubstring("/snapshots/a")))
	}
}

func TestAnIDIsOneSegment(t *testing.T) {
	t.Parallel()
	var last atomic.Value
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		last.Store(r.RequestURI)
		w.WriteHeader(http.StatusNotFound)
	})
	adapter := adapt(t, base+"/b%2Fc", long, long)
	for _, id := range []string{
		"a", "a/b", "/", "a/", "../x", "a:b", ".", "..", "...", "a.b", "a%2Fb", "%", "%zz", "a?b=c", "a#b", "a b", "a+b", "a;b,c",
		"\x00", "a\x00b", "a\nb", `a\b`, "\u00e9", "快照", "📷", "\xff", "http://x/y", "", strings.Repeat("x", 5000),
	} {
		g := NewWithT(t)
		for name, ask := range map[string]func() error{
			"look":    func() error { _, err := adapter.Look(t.Context(), id); return err },
			"release": func() error { return adapter.Release(t.Context(), id) },
		} {
			g.Expect(ask()).To(Succeed(), "%s %q", name, id)
			segment, found := strings.CutPrefix(last.Load().(string), "/b%2Fc/snapshots/")
			g.Expect(found).To(BeTrue(), "%q came as %q", id, last.Load())
			g.Expect(segment).NotTo(ContainSubstring("/"))
			g.Expect(url.PathUnescape(segment)).To(Equal(id))
			g.Expect(id == "" || strings.Trim(segment, ".") != "").To(BeTrue(), "no place in the path: %q", segment)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	var strayed atomic.Bool
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { strayed.Store(true) })
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
	})
	for name, ask := range requests {
		g := NewWithT(t)
		g.Expect(ask(t.Context(), adapt(t, base, long, long))).NotTo(Succeed(), name)
		g.Expect(strayed.Load()).To(BeFalse(), name)
	}
}

func TestPutOff(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for name, ask := range requests {
			t.Run(fmt.Sprint(status, name), func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				var seen atomic.Int32
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if seen.Add(1) < 3 {
						w.WriteHeader(status)
						return
					}
					good(w, r)
				})
				g.Expect(ask(t.Context(), adapt(t, base, long, long))).To(Succeed())

				err := ask(t.Context(), adapt(t, serve(t, saying(status, "")), long, 120*time.Millisecond))
				g.Expect(err).To(MatchError(And(ContainSubstring("keeps putting it off"), ContainSubstring(strings.Fields(name)[0]+" http"))))

				patient := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", "3000")
					w.WriteHeader(status)
				})
				err = ask(t.Context(), adapt(t, patient, long, 40*time.Minute))
				g.Expect(err).To(MatchError(ContainSubstring("keeps putting it off")))
			})
		}
	}
}

func TestEndsOfWaiting(t *testing.T) {
	t.Parallel()
	reason := errors.New("the reason")
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or net/http would not notice that the client is gone
		<-r.Context().Done()
	}
	halfway := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "3")
		_, _ = w.Write([]byte("{}"))
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
	for name, ask := range requests {
		t.Run("timeout halfway "+name, func(t *testing.T) {
			t.Parallel()
			err := ask(t.Context(), adapt(t, serve(t, halfway), 50*time.Millisecond, long))
			NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("is its Content-Length right?"), ContainSubstring(strings.Fields(name)[0]+" http"))))
		})
		t.Run("timeout "+name, func(t *testing.T) {
			t.Parallel()
			err := ask(t.Context(), adapt(t, serve(t, hang), 50*time.Millisecond, long))
			NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("did not come within"), ContainSubstring(strings.Fields(name)[0]+" http"))))
		})
		for kind, answer := range map[string]http.HandlerFunc{"asked": hang, "put off": saying(429, "")} {
			t.Run("cancelled while "+kind+" "+name, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancelCause(t.Context())
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					cancel(reason)
					answer(w, r)
				})
				NewWithT(t).Expect(ask(ctx, adapt(t, base, long, long))).To(MatchError(reason))
			})
		}
	}
	t.Run("protocol switched", func(t *testing.T) {
		t.Parallel()
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = connection.Close() })
			_, _ = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		})
		for _, ask := range requests {
			NewWithT(t).Expect(ask(t.Context(), adapt(t, base, long, long))).NotTo(Succeed())
		}
	})
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	_, err = adapt(t, "http://"+listener.Addr().String(), long, long).States(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("cannot be asked")))
}

// A testbed that closes each connection, and does not say so, costs nothing: what may be asked twice is asked again, and
// what may not has a connection of its own.
func TestConnectionsThatAreClosed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var made atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			made.Add(1)
		}
		text := httptest.NewRecorder()
		good(text, r)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s", text.Code, text.Body.Len(), text.Body)
	})
	adapter := adapt(t, base, long, long)
	const rounds = 30
	for range rounds {
		for name, ask := range requests {
			g.Expect(ask(t.Context(), adapter)).To(Succeed(), name)
		}
	}
	g.Expect(made.Load()).To(Equal(int32(rounds)))
}

func TestSightString(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(testbed.Sight{ID: "a", Gone: true}.String()).To(Equal("gone"))
	g.Expect(testbed.Sight{ID: "a", State: contract.Normal}.String()).To(Equal(string(contract.Normal)))
}
