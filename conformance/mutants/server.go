package mutants

import (
	"context"
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
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// Server is a variant at work. It is an http.Handler, like the mock within it.
type Server struct {
	*mock.Service
	variant Variant
	inner   http.Handler // answers as the mock does

	calls atomic.Int64 // of the API, this one included
	busy  atomic.Int64 // calls that are under way
	notes sync.Map     // what a variant remembers from call to call

	mu   sync.Mutex
	made []snapshot // by the testbed, in order

	// Where the mock is another's, snapshots are made without the server's knowledge. It learns of them when it has to.
	shared bool
	known  map[string]bool // by their ids, those among made
	met    sync.Map        // ids of snapshots that calls named while they were there

	claims sync.Mutex // held while it is decided who deletes a snapshot

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
		s.inner.ServeHTTP(w, r)
	}
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	s.busy.Add(1)
	defer s.busy.Add(-1)
	c := newCall(r)
	s.meet(c)
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
		s.Service.ServeHTTP(w, r)
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
	s.Service.ServeHTTP(order, r)
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
	s.learn()
	last := slices.Clone(s.made[max(0, len(s.made)-count):])
	slices.Reverse(last)
	return last
}

// before gives the snapshot that was made before another, none before the first.
func (s *Server) before(id string) snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learn()
	at := slices.IndexFunc(s.made, func(one snapshot) bool { return one.id == id })
	if at < 1 {
		return snapshot{}
	}
	return s.made[at-1]
}

// oldest gives the snapshot that was made first, of those that can be deleted.
func (s *Server) oldest() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learn()
	for _, one := range s.made {
		if s.normal(one.id) {
			return one
		}
	}
	return snapshot{}
}

// find gives what is known of a snapshot that the testbed has made, and the one that was made next.
func (s *Server) find(id string) (found, next snapshot, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learn()
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

// removal deletes the snapshots of a request that is valid, all distinct, and tells which of them it cannot delete: state
// gives the state that is in the way for each of these, gone for one that is missing.
type removal func(s *Server, ids []string) (state map[string]contract.State)

// removing puts a variant's removal in the place of the mock's store.
func (s *Server) removing(server.StrictHandlerFunc, string) server.StrictHandlerFunc {
	return func(_ context.Context, _ http.ResponseWriter, _ *http.Request, request any) (any, error) {
		ids := distinct(request.(server.DeleteSnapshotsRequestObject).Body.SnapshotIds)
		inTheWay := s.variant.remove(s, ids)
		left := those(ids, func(id string) bool { _, is := inTheWay[id]; return is })
		if len(ids) == 1 && len(left) == 1 {
			failure := contract.DeniedState
			if inTheWay[ids[0]] == gone {
				failure = contract.NotFound
			}
			return server.DeleteSnapshots4XXJSONResponse{
				StatusCode: failure.Status,
				Body:       api.Failure{RequestId: newRequestID(), Code: failure.Code, Message: "no"},
			}, nil
		}
		result := api.DeleteSnapshotsResult{RequestId: newRequestID()}
		result.Response.RequestId = result.RequestId
		result.Response.SnapshotIds = &left
		return server.DeleteSnapshots200JSONResponse(result), nil
	}
}

// claim puts a snapshot that can be deleted on its way out, and gives the state that it was in before. Of several that
// claim one at the same time, one finds it NORMAL.
func (s *Server) claim(id string) contract.State {
	s.claims.Lock()
	defer s.claims.Unlock()
	state, _ := s.State(id)
	if state == contract.Normal {
		s.Put(id, contract.Leaving)
	}
	return state
}

// claimAll claims snapshots one after the other. It gives those that it got, and what was in the way of the others.
func (s *Server) claimAll(ids []string) (claimed []string, inTheWay map[string]contract.State) {
	inTheWay = map[string]contract.State{}
	for _, id := range ids {
		if state := s.claim(id); state == contract.Normal {
			claimed = append(claimed, id)
		} else {
			inTheWay[id] = state
		}
	}
	return claimed, inTheWay
}

// releaseLater makes away with a snapshot after a while.
func (s *Server) releaseLater(id string, while time.Duration) {
	time.AfterFunc(while, func() { s.Release(id) })
}

// relay has the mock answer a request to the testbed, and then the body changed.
func (s *Server) relay(w http.ResponseWriter, r *http.Request, change func(body map[string]any)) {
	answer := httptest.NewRecorder()
	s.Service.ServeHTTP(answer, r)
	var body map[string]any
	if json.Unmarshal(answer.Body.Bytes(), &body) == nil {
		change(body)
		answer.Body.Reset()
		_ = json.NewEncoder(answer.Body).Encode(body) // to memory
	}
	deliver(w, answer)
}

// counted is how often count was called for a key.
func (s *Server) counted(key string) int64 {
	if counter, ok := s.notes.Load(key); ok {
		return counter.(*atomic.Int64).Load()
	}
	return 0
}

// roles are the ids of a call by what they stand for, each once and in the call's order.
type roles struct{ normal, denied, missing []string }

func (s *Server) roles(c *call) roles {
	var r roles
	for _, id := range distinct(c.ids) {
		switch state, there := s.State(id); {
		case !there:
			r.missing = append(r.missing, id)
		case state == contract.Normal:
			r.normal = append(r.normal, id)
		default:
			r.denied = append(r.denied, id)
		}
	}
	return r
}

// failing tells whether an id is one that cannot be deleted.
func (r roles) failing(id string) bool { return !slices.Contains(r.normal, id) }

// mixed tells whether there is something to delete, and something that cannot be.
func (r roles) mixed() bool { return len(r.normal) > 0 && len(r.denied)+len(r.missing) > 0 }

// knowing answers valid calls, and knows what their ids stand for. The mock answers the others.
func knowing(do func(s *Server, c *call, r roles)) behaviour {
	return func(s *Server, c *call) {
		if !c.valid() {
			s.pass(c)
			return
		}
		do(s, c, s.roles(c))
	}
}

// keeping spares some of the snapshots that are to be deleted, and answers as if they were gone.
func keeping(which func(s *Server, c *call, r roles) []string) behaviour {
	return knowing(func(s *Server, c *call, r roles) {
		kept := which(s, c, r)
		if len(kept) == 0 {
			s.pass(c)
			return
		}
		s.passPart(c, without(c.ids, kept), those(distinct(c.ids), r.failing))
	})
}

// passButList has the mock carry a call out but for some snapshots, which the answer lists.
func (s *Server) passButList(c *call, ids []string) {
	if !c.valid() || len(ids) == 0 {
		s.pass(c)
		return
	}
	r := s.roles(c)
	s.passPart(c, without(c.ids, ids), those(distinct(c.ids), func(id string) bool { return r.failing(id) || slices.Contains(ids, id) }))
}

// passPart has the mock carry a part of a call out, and answers with a success of its own. A call that the mock refuses
// as a whole, for an odd id say, stays refused.
func (s *Server) passPart(c *call, part, listed []string) {
	if len(part) > 0 {
		s.passIDs(c, part)
		if !c.ok() && !c.is(contract.NotFound) && !c.is(contract.DeniedState) {
			return
		}
	}
	c.succeed(listed)
}

// deleting takes some of the snapshots for NORMAL that are not.
func deleting(which func(s *Server, c *call, r roles) []string) behaviour {
	return knowing(func(s *Server, c *call, r roles) {
		for _, id := range which(s, c, r) {
			s.Put(id, contract.Normal)
		}
		s.pass(c)
	})
}

// listing changes what a success lists.
func listing(change func(c *call, r roles, listed []string) []string) behaviour {
	return knowing(func(s *Server, c *call, r roles) {
		s.pass(c)
		c.editList(func(listed []string) any { return change(c, r, listed) })
	})
}

// following does something when the mock has carried out a call.
func following(do func(s *Server, c *call, r roles)) behaviour {
	return knowing(func(s *Server, c *call, r roles) {
		s.pass(c)
		do(s, c, r)
	})
}

// bringBack has the testbed show a deleted snapshot again.
func (s *Server) bringBack(state contract.State, ids ...string) {
	for _, id := range ids {
		s.shown.Store(id, state)
	}
}

// crowded waits a moment for other calls, and tells whether as many are under way, this one included.
func (s *Server) crowded(size int64) bool {
	for range 10 {
		if s.busy.Load() >= size {
			return true
		}
		<-time.After(time.Millisecond)
	}
	return false
}

// last remembers something until the next call, and gives what the call before left; nil if there was none.
func (s *Server) last(key string, now any) any {
	before, _ := s.notes.Swap(key, now)
	return before
}
