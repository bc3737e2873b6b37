package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// asCommand makes the test binary behave as the command, which saves a build and has the race detector watch it.
const asCommand = "ZEC_CONFORMANCE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asBed) != "" {
		beBed(os.Getenv(asBed))
		os.Exit(0)
	}
	if os.Getenv(asBare) != "" {
		beBare()
	}
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(away(m.Run))
}

// away has nothing of what the command keeps for its user land at home.
func away(run func() int) int {
	folder, err := os.MkdirTemp("", "zec-conformance-test")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	for _, name := range []string{"TMPDIR", "XDG_STATE_HOME"} {
		if err := os.Setenv(name, folder); err != nil {
			panic(err)
		}
	}
	return run()
}

// variables is an environment.
type variables map[string]string

func (v variables) lookup(name string) (string, bool) {
	value, set := v[name]
	return value, set
}

// outcome is what became of one call of the command.
type outcome struct {
	status   int
	out, err string
}

func call(t *testing.T, environment variables, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	own := variables{"XDG_STATE_HOME": t.TempDir()} // what one leaves is none of the others' business
	maps.Copy(own, environment)
	status := Run(t.Context(), args, own.lookup, &out, &errs)
	return outcome{status, out.String(), errs.String()}
}

// judge calls run in the quickest way that there is.
func judge(t *testing.T, environment variables, args ...string) outcome {
	t.Helper()
	return call(t, environment, append([]string{"run", "--effort", "quick", "--linger", "0", "--quiet"}, args...)...)
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

func last(text string) string {
	all := lines(text)
	return all[len(all)-1]
}

// complaint is what bad usage and broken surroundings have in common: status 2 and one line for people.
func (o outcome) complaint(g *WithT) {
	g.Expect(o.status).To(Equal(2), o.out)
	g.Expect(o.err).To(HavePrefix("zec-conformance: "))
	g.Expect(o.err).To(HaveSuffix("\n"))
	g.Expect(lines(o.err)).To(HaveLen(1))
	g.Expect(o.err).NotTo(MatchRegexp(`goroutine \d|[^\P{Cc}\n]`))
}

type middleware func(http.Handler) http.Handler

// at bends what is answered to requests that begin so, as in "GET /testbed/v1/snapshots/".
func at(prefix string, answer func(w http.ResponseWriter, r *http.Request, next http.Handler)) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.Method+" "+r.URL.Path, prefix) {
				answer(w, r, next)
			} else {
				next.ServeHTTP(w, r)
			}
		})
	}
}

func text(status int, contentType, body string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// saying has the API say something else instead of a text.
func saying(old, other string) middleware {
	return at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		text(recorder.Code, contract.ContentType, strings.ReplaceAll(recorder.Body.String(), old, other))(w, r, next)
	})
}

// The wrong servers: one breaks a rule of level MUST, and one a rule of level SHOULD.
func breakingERR2() middleware   { return saying(contract.DeniedState.Code, contract.WrongValue.Code) }
func breakingBATCH4() middleware { return saying(contract.TooMany.Code, contract.WrongValue.Code) }

// handing has the testbed hand out something else than the ids that it made.
func handing(change func(ids []string) any) middleware {
	return at("POST "+mock.TestbedPath+"/snapshots", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		var made struct {
			SnapshotIDs []string `json:"snapshotIds"`
		}
		_ = json.Unmarshal(recorder.Body.Bytes(), &made) // the mock's own answer
		body, _ := json.Marshal(map[string]any{"snapshotIds": change(made.SnapshotIDs)})
		text(recorder.Code, contract.ContentType, string(body))(w, r, next)
	})
}

// served is an implementation with its testbed on a loopback port, which counts what it is sent.
type served struct {
	URL      string
	requests atomic.Int64
}

func serve(t *testing.T, bend ...middleware) *served {
	t.Helper()
	var handler http.Handler = mock.NewService()
	for _, b := range bend {
		handler = b(handler)
	}
	s := &served{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// flags name the implementation to the command.
func (s *served) flags(more ...string) []string {
	return append([]string{"--endpoint", s.URL, "--testbed", s.URL + mock.TestbedPath}, more...)
}

// remembering is an implementation that knows every snapshot that its testbed ever made.
type remembering struct {
	*served
	mock *mock.Service
	busy sync.WaitGroup // requests to the testbed that are under way

	mu    sync.Mutex
	there []string
}

func serveRemembering(t *testing.T, bend ...middleware) *remembering {
	t.Helper()
	r := &remembering{mock: mock.NewService()}
	bend = append([]middleware{func(http.Handler) http.Handler { return r.mock }, handing(func(ids []string) any {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.there = append(r.there, ids...)
		return ids
	})}, bend...)
	r.served = serve(t, append(bend, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			r.busy.Add(1)
			defer r.busy.Done()
			next.ServeHTTP(w, request)
		})
	})...)
	return r
}

func (r *remembering) made() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.there)
}

// left gives the snapshots that are there still.
func (r *remembering) left() (left []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range r.there {
		if _, there := r.mock.State(id); there {
			left = append(left, id)
		}
	}
	return left
}
