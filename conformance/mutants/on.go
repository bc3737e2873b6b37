package mutants

import (
	"fmt"
	"math"
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// Portable tells, by its error, why a variant cannot be had on a mock that there is already: there it can bend the answers
// of the API, and nothing else.
func (v Variant) Portable() error {
	switch {
	case v.listen != nil:
		return fmt.Errorf("it is about how the server listens")
	case v.ids != nil:
		return fmt.Errorf("it is about the ids of new snapshots")
	case v.testbed != nil || v.shows:
		return fmt.Errorf("it is about what the testbed shows")
	}
	return nil
}

// On gives the API of the variant on the snapshots of a mock, for those requests to it that are to be answered so. What
// stands before the mock's API does not stand before this one, and what is said here is not on the mock's record. Its
// error is that of Portable.
func (v Variant) On(m *mock.Service) (http.Handler, error) {
	if err := v.Portable(); err != nil {
		return nil, err
	}
	s := &Server{Service: m, variant: v, inner: m.Core(), shared: true, known: map[string]bool{}}
	if v.remove != nil {
		s.inner = mock.NewService(mock.WithStore(m.Store()), mock.WithMiddleware(s.removing)).Core()
	}
	var handler http.Handler = s
	if v.around != nil {
		handler = v.around(s)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := mock.Body(w, r); err != nil {
			m.Core().ServeHTTP(w, r) // which says why it cannot be read
			return
		}
		handler.ServeHTTP(w, r.Clone(r.Context())) // some change what they pass on, and the request is on the record
	}), nil
}

// learn finds the snapshots that are there and not known yet, where others make them. The caller holds mu.
func (s *Server) learn() {
	if !s.shared {
		return
	}
	all, _, _ := s.Store().List(store.Query{Limit: math.MaxInt}) // nothing is learned from a store that fails
	for _, one := range all {
		if !s.known[one.ID] {
			s.known[one.ID] = true
			s.made = append(s.made, snapshot{one.ID, one.State, one.Created})
		}
	}
}

// meet remembers the snapshots that a call names, where others make them: they may be gone when they are named again.
func (s *Server) meet(c *call) {
	if !s.shared || !c.valid() {
		return
	}
	for _, id := range c.ids {
		if !s.missing(id) {
			s.met.Store(id, true)
		}
	}
}
