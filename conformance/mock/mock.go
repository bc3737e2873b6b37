// Package mock is the reference implementation of the contract: a store of snapshots in memory, the API on the
// generated server stub, and two ways of bringing snapshots into being: the testbed protocol, and the actions by which
// the service's clients do so. Unless it is told otherwise, a deletion has finished when its answer is sent.
package mock

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// Mock is one implementation with snapshots of its own. It is an http.Handler for the API at contract.Path and for
// the testbed protocol at TestbedPath, and may be used by several goroutines.
type Mock struct {
	stub  http.HandlerFunc
	newID func() string

	creating, deleting time.Duration

	mu      sync.Mutex
	states  map[string]contract.State // by id
	created map[string]created        // what else is known of those that CreateSnapshot has made
	count   int                       // how many it has made
}

var _ server.StrictServerInterface = (*Mock)(nil)

// Option is something that a mock may have otherwise.
type Option func(*options)

type options struct {
	middlewares []server.StrictMiddlewareFunc
	newID       func() string

	creating, deleting time.Duration
}

// WithMiddleware puts something between the API's stub and the store, so that a caller can watch or bend what the mock
// does. Of several, the last is the outermost.
func WithMiddleware(middleware server.StrictMiddlewareFunc) Option {
	return func(o *options) { o.middlewares = append(o.middlewares, middleware) }
}

// WithIDs has new snapshots named by next, which has to give another id at every call. It is called by one goroutine at
// a time.
func WithIDs(next func() string) Option { return func(o *options) { o.newID = next } }

// WithDelays has a snapshot that the action CreateSnapshot makes be usable only after a while, and a deletion go on for a
// while, as in a live service.
func WithDelays(creating, deleting time.Duration) Option {
	return func(o *options) { o.creating, o.deleting = creating, deleting }
}

// New makes a mock without snapshots.
func New(changes ...Option) *Mock {
	o := options{newID: randomID}
	for _, change := range changes {
		change(&o)
	}
	m := &Mock{
		newID: o.newID, creating: o.creating, deleting: o.deleting,
		states: map[string]contract.State{}, created: map[string]created{},
	}
	m.stub = stub(m, o.middlewares)
	return m
}

// randomID has letters, so that an id in the wrong case is another id, and is random, so that nobody hits one by guessing.
func randomID() string { return "snap-" + strings.ToLower(rand.Text()) }

// ServeHTTP implements http.Handler. Paths are compared as they were sent: http.ServeMux would tidy them up and
// answer some with a redirect or a page of text, neither of which the contract knows.
func (m *Mock) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	place, below := strings.CutPrefix(path, TestbedPath)
	switch {
	case path == contract.Path:
		guard(m.serveAPI)(w, r)
	case below && (place == "" || place[0] == '/'):
		m.serveTestbed(w, r, place)
	default:
		// Not contract.NotFound, which tells a caller that a snapshot is gone.
		fail(w, r, refusal{contract.NoResource, "There is nothing at this path."})
	}
}

// DeleteSnapshots implements the contract's action for a request of valid form.
func (m *Mock) DeleteSnapshots(
	_ context.Context, request server.DeleteSnapshotsRequestObject,
) (server.DeleteSnapshotsResponseObject, error) {
	ids := distinct(request.Body.SnapshotIds)

	// One lock around the whole batch makes it one step: no other call sees, or comes between, half of it.
	m.mu.Lock()
	defer m.mu.Unlock()

	left := []string{}
	for _, id := range ids {
		if m.states[id] == contract.Normal {
			m.remove(id)
		} else {
			left = append(left, id)
		}
	}
	if len(ids) == 1 && len(left) == 1 {
		return m.refuse(left[0]), nil
	}
	return success(left), nil
}

// remove deletes a snapshot, at once or after a while. The caller holds the lock.
func (m *Mock) remove(id string) {
	if m.deleting == 0 {
		m.forget(id)
		return
	}
	m.states[id] = contract.Leaving
	time.AfterFunc(m.deleting, func() { m.Release(id) })
}

// forget removes every trace of a snapshot. The caller holds the lock.
func (m *Mock) forget(id string) {
	delete(m.states, id)
	delete(m.created, id)
}

// refuse answers for a snapshot that was named alone and cannot be deleted. The caller holds the lock.
func (m *Mock) refuse(id string) server.DeleteSnapshotsResponseObject {
	refused := refusal{contract.NotFound, "There is no such snapshot."}
	if state, there := m.states[id]; there {
		refused = refusal{contract.DeniedState, "The snapshot is " + string(state) + "."}
	}
	return server.DeleteSnapshots4XXJSONResponse{StatusCode: refused.kind.Status, Body: refused.envelope()}
}

func success(left []string) server.DeleteSnapshotsResponseObject {
	result := api.DeleteSnapshotsResult{RequestId: newRequestID()}
	result.Response.RequestId = result.RequestId
	result.Response.SnapshotIds = &left
	return server.DeleteSnapshots200JSONResponse(result)
}

// Create makes snapshots in a state, in which they stay until they are deleted or released, and returns their ids.
func (m *Mock) Create(state contract.State, count int) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = m.newID()
		m.states[ids[i]] = state
	}
	return ids
}

// State tells what a snapshot is doing, and whether there is such a snapshot.
func (m *Mock) State(id string) (contract.State, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, there := m.states[id]
	return state, there
}

// Put gives a snapshot another state, as time does in a service. It tells whether there is such a snapshot.
func (m *Mock) Put(id string, state contract.State) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := m.states[id]
	if there {
		m.states[id] = state
	}
	return there
}

// Release removes a snapshot whatever its state. It is nothing to release one that is gone.
func (m *Mock) Release(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(id)
}

// distinct keeps the first of each id.
func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	var once []string
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			once = append(once, id)
		}
	}
	return once
}
