package mutants

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// Server is a variant at work. It is an http.Handler, like the mock within it.
type Server struct {
	*mock.Mock
	variant Variant

	calls atomic.Int64 // of the API, this one included
	busy  atomic.Int64 // calls that are under way
	notes sync.Map     // what a variant remembers from call to call

	mu   sync.Mutex
	made []snapshot // by the testbed, in order

	// shown is what the testbed shows of an id in place of the truth: a state, or gone.
	shown sync.Map
}

// snapshot is one that the testbed has made.
type snapshot struct {
	id    string
	state contract.State // it was made in
	at    time.Time
}

// gone is what the testbed shows of a snapshot that it hides.
const gone contract.State = ""

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.EscapedPath() == contract.Path && s.variant.serve != nil:
		s.serveAPI(w, r)
	case strings.HasPrefix(r.URL.Path, mock.TestbedPath):
		s.serveTestbed(w, r)
	default:
		s.Mock.ServeHTTP(w, r)
	}
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	s.busy.Add(1)
	defer s.busy.Add(-1)
	c := newCall(r)
	s.variant.serve(s, c)
	c.deliver(w)
}

func (s *Server) serveTestbed(w http.ResponseWriter, r *http.Request) {
	if s.variant.testbed != nil && s.variant.testbed(s, w, r) {
		return
	}
	segment := strings.TrimPrefix(r.URL.EscapedPath(), mock.TestbedPath+"/snapshots/")
	id, _ := url.PathUnescape(segment) // what cannot be unescaped is the mock's to refuse
	state, instead := s.shown.Load(id)
	switch {
	case r.Method == http.MethodPost:
		s.make(w, r)
	case !instead || r.Method != http.MethodGet:
		s.Mock.ServeHTTP(w, r)
	case state == gone:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", contract.ContentType)
		_ = json.NewEncoder(w).Encode(map[string]any{"snapshotId": id, "state": state}) // a caller that has gone is nobody's fault
	}
}

// make has the mock make snapshots, and remembers them.
func (s *Server) make(w http.ResponseWriter, r *http.Request) {
	order := httptest.NewRecorder()
	s.mu.Lock() // so that made is in order
	s.Mock.ServeHTTP(order, r)
	var answer struct{ SnapshotIDs []string }
	if json.Unmarshal(order.Body.Bytes(), &answer) == nil {
		for _, id := range answer.SnapshotIDs {
			state, _ := s.State(id)
			s.made = append(s.made, snapshot{id, state, time.Now()})
		}
	}
	s.mu.Unlock()
	deliver(w, order)
}

// newest gives the snapshots that were made last, newest first.
func (s *Server) newest(count int) []snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := slices.Clone(s.made[max(0, len(s.made)-count):])
	slices.Reverse(last)
	return last
}

// find gives what is known of a snapshot that the testbed has made, and the one that was made next.
func (s *Server) find(id string) (found, next snapshot, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, one := range s.made {
		if one.id == id {
			if i+1 < len(s.made) {
				next = s.made[i+1]
			}
			return one, next, true
		}
	}
	return snapshot{}, snapshot{}, false
}

// normal tells whether an id is that of a snapshot that can be deleted.
func (s *Server) normal(id string) bool { return s.in(contract.Normal, id) }

// in tells whether an id is that of a snapshot in the state.
func (s *Server) in(state contract.State, id string) bool {
	is, there := s.State(id)
	return there && is == state
}

// missing tells whether an id is that of no snapshot.
func (s *Server) missing(id string) bool {
	_, there := s.State(id)
	return !there
}

// denied tells whether an id is that of a snapshot that cannot be deleted.
func (s *Server) denied(id string) bool { return !s.missing(id) && !s.normal(id) }

// first makes sure that something is done once for a key, however often it is asked for.
func (s *Server) first(key string) bool {
	_, before := s.notes.LoadOrStore(key, true)
	return !before
}

// count counts how often it was called for a key, this time included.
func (s *Server) count(key string) int64 {
	counter, _ := s.notes.LoadOrStore(key, new(atomic.Int64))
	return counter.(*atomic.Int64).Add(1)
}
