// Package mock is the reference implementation of the contract: the API on the generated server stub, with the actions
// beside it that its clients need, and the testbed protocol, by which snapshots are brought into being. Unless it is told
// otherwise, a deletion has finished when its answer is sent.
//
// [New] is a running mock for a test, [Start] a server, and [NewService] the handler that both serve.
package mock

import (
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// Service is one implementation with snapshots of its own. It is an http.Handler for the API at contract.Path and for
// the testbed protocol at TestbedPath, and may be used by several goroutines.
type Service struct {
	stub    http.HandlerFunc
	api     http.Handler // with all that stands before it
	astray  http.Handler // what names an action and is sent somewhere else
	store   *store.Store
	naming  sync.Mutex
	newID   func() string           // under naming
	control map[string]http.Handler // by their places below TestbedPath
	beside  map[string]companions.Action
	history history
}

var _ server.StrictServerInterface = (*Service)(nil)

// Option is something that a service may have otherwise.
type Option func(*options)

type options struct {
	middlewares []server.StrictMiddlewareFunc
	newID       func() string
	store       *store.Store
	timing      *store.Timing
	around      []func(*Service, http.Handler) http.Handler
	control     map[string]func(*Service) http.Handler
	observers   []func(*Exchange)
	tolerated   []string // rules for callers
	tolerateAll bool
	secrets     []string
}

// WithMiddleware puts something between the API's stub and the store, so that a caller can watch or bend what the mock
// does. Of several, the last is the outermost.
func WithMiddleware(middleware server.StrictMiddlewareFunc) Option {
	return func(o *options) { o.middlewares = append(o.middlewares, middleware) }
}

// WithIDs has new snapshots named by next, which has to give another id at every call. It is called by one goroutine at
// a time.
func WithIDs(next func() string) Option { return func(o *options) { o.newID = next } }

// WithStore has the service keep its snapshots in a store that there is already.
func WithStore(s *store.Store) Option { return func(o *options) { o.store = s } }

// WithDelays has a snapshot that the action CreateSnapshot makes be usable only after a while, and a deletion go on for a
// while, as in a live service.
func WithDelays(creating, deleting time.Duration) Option {
	return func(o *options) { o.timing = &store.Timing{Creating: creating, Deleting: deleting} }
}

// WithAround puts something before the API: it is given the service and what comes next, and sees every request with a
// body that Body reads without using it up. Of several, the last is the outermost. What it answers is on the record like
// any other answer.
func WithAround(around func(s *Service, next http.Handler) http.Handler) Option {
	return func(o *options) { o.around = append(o.around, around) }
}

// WithControl serves something more at a place below TestbedPath, such as "/trouble".
func WithControl(place string, handler func(s *Service) http.Handler) Option {
	return func(o *options) { o.control[place] = handler }
}

// WithObserver has every exchange with the API told to somebody, before its answer has been sent to the end. It must
// neither wait nor change anything, and is called by several goroutines at a time.
func WithObserver(tell func(*Exchange)) Option {
	return func(o *options) { o.observers = append(o.observers, tell) }
}

// WithSecrets tells of texts, such as the passwords of keys, that are not to be shown in what the mock says of its callers,
// wherever they put them.
func WithSecrets(secrets ...string) Option {
	return func(o *options) { o.secrets = append(o.secrets, secrets...) }
}

// NewService makes a service; without WithStore, one without snapshots.
func NewService(changes ...Option) *Service {
	o := options{newID: randomID, control: map[string]func(*Service) http.Handler{}}
	for _, change := range changes {
		change(&o)
	}
	if o.store == nil {
		o.store = store.New(time.Now)
	}
	if o.timing != nil {
		o.store.SetTiming(*o.timing)
	}
	s := &Service{store: o.store, newID: o.newID, control: map[string]http.Handler{}}
	s.history.observers = o.observers
	s.stub, s.beside = stub(s, o.middlewares), s.actionsBeside()
	s.history.callers.actions = slices.Sorted(maps.Keys(s.beside))
	s.history.callers.tolerated, s.history.callers.tolerateAll = o.tolerated, o.tolerateAll
	s.history.callers.secrets = redact.New(o.secrets...)
	var api http.Handler = http.HandlerFunc(s.serveAPI)
	for _, around := range o.around {
		api = around(s, api)
	}
	s.api, s.astray = s.history.record(api), s.history.record(http.HandlerFunc(elsewhere))
	s.control[CallersPath] = http.HandlerFunc(s.serveCallers)
	for place, handler := range o.control {
		s.control[place] = handler(s)
	}
	return s
}

// randomID has letters, so that an id in the wrong case is another id, and is random, so that nobody hits one by guessing.
func randomID() string { return "snap-" + strings.ToLower(rand.Text()) }

// ServeHTTP implements http.Handler. Paths are compared as they were sent: http.ServeMux would tidy them up and
// answer some with a redirect or a page of text, neither of which the contract knows.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	place, below := strings.CutPrefix(path, TestbedPath)
	switch {
	case path == contract.Path:
		s.api.ServeHTTP(w, r)
	case below && (place == "" || place[0] == '/'):
		s.serveTestbed(w, r, place)
	case len(r.Header.Values(contract.HeaderAction)) > 0:
		s.astray.ServeHTTP(w, r)
	default:
		elsewhere(w, r)
	}
}

// Core is the API alone: without what stands before it, and off the record.
func (s *Service) Core() http.Handler { return http.HandlerFunc(s.serveAPI) }

// Store is where the snapshots are.
func (s *Service) Store() *store.Store { return s.store }

// DeleteSnapshots implements the contract's action for a request of valid form.
func (s *Service) DeleteSnapshots(
	_ context.Context, request server.DeleteSnapshotsRequestObject,
) (server.DeleteSnapshotsResponseObject, error) {
	ids := distinct(request.Body.SnapshotIds)
	left, err := s.store.Delete(ids)
	if err != nil {
		return nil, err
	}
	if len(ids) == 1 && len(left) == 1 {
		return refuse(left[0]), nil
	}
	return success(left), nil
}

// refuse answers for a snapshot that was named alone and cannot be deleted.
func refuse(one store.Snapshot) server.DeleteSnapshotsResponseObject {
	refused := refusal{contract.NotFound, "There is no such snapshot."}
	if one.State != "" {
		refused = refusal{contract.DeniedState, "The snapshot is " + string(one.State) + "."}
	}
	return server.DeleteSnapshots4XXJSONResponse{StatusCode: refused.kind.Status, Body: refused.envelope()}
}

func success(left []store.Snapshot) server.DeleteSnapshotsResponseObject {
	listed := make([]string, len(left))
	for i, one := range left {
		listed[i] = one.ID
	}
	result := api.DeleteSnapshotsResult{RequestId: newRequestID()}
	result.Response.RequestId = result.RequestId
	result.Response.SnapshotIds = &listed
	return server.DeleteSnapshots200JSONResponse(result)
}

// Create makes snapshots in a state, in which they stay until they are deleted or released, and returns their ids. It
// panics where the store cannot keep them, as a full disk could have it: see store.Store.
func (s *Service) Create(state contract.State, count int) []string {
	ids, err := s.Make(state, count)
	if err != nil {
		panic(err)
	}
	return ids
}

// Make is Create for who can tell somebody that the store could not keep the snapshots.
func (s *Service) Make(state contract.State, count int) ([]string, error) {
	ids, made := s.newIDs(count), make([]store.Snapshot, count)
	for i := range ids {
		made[i] = store.Snapshot{ID: ids[i], State: state}
	}
	return ids, s.store.Add(made...)
}

func (s *Service) newIDs(count int) []string {
	s.naming.Lock()
	defer s.naming.Unlock()
	ids := make([]string, count)
	for i := range ids {
		ids[i] = s.newID()
	}
	return ids
}

// State tells what a snapshot is doing, and whether there is such a snapshot.
func (s *Service) State(id string) (contract.State, bool) {
	one, there, err := s.store.Get(id)
	return one.State, there && err == nil
}

// Put gives a snapshot another state, as time does in a service. It tells whether there is such a snapshot.
func (s *Service) Put(id string, state contract.State) bool {
	there, err := s.store.Put(id, state)
	return there && err == nil
}

// Release removes a snapshot whatever its state. It is nothing to release one that is gone.
func (s *Service) Release(id string) { _ = s.store.Release(id) }

// distinct keeps the first of each id.
func distinct(ids []string) []string {
	if len(ids) == 1 {
		return ids
	}
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
