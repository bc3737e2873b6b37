package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// TestbedPath is where the testbed protocol is served.
const TestbedPath = "/testbed/v1"

// The bounds of one order for snapshots.
const (
	maxCount = 10_000
	maxOrder = 1 << 12 // bytes
)

// serveTestbed answers for a place below TestbedPath. A panic becomes an answer, or breaks the connection if one has begun.
func (s *Service) serveTestbed(w http.ResponseWriter, r *http.Request, place string) {
	watched := &recorder{ResponseWriter: w, exchange: &Exchange{}}
	defer func() {
		switch cause := recover(); {
		case cause == nil:
		case cause == http.ErrAbortHandler, watched.exchange.Status != 0:
			panic(http.ErrAbortHandler)
		default:
			complain(w, http.StatusInternalServerError, fmt.Sprintf("the mock failed: %v", cause))
		}
	}()
	s.answerTestbed(watched, r, place)
}

func (s *Service) answerTestbed(w http.ResponseWriter, r *http.Request, place string) {
	if control, there := s.control[place]; there {
		control.ServeHTTP(w, r)
		return
	}
	methods := s.testbedMethods(place)
	handle, ok := methods[r.Method]
	switch {
	case ok:
		handle(w, r)
	case methods == nil:
		complain(w, http.StatusNotFound, "there is nothing at this path")
	default:
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(methods)), ", "))
		complain(w, http.StatusMethodNotAllowed, "this path does not know the method")
	}
}

func (s *Service) testbedMethods(place string) map[string]http.HandlerFunc {
	switch place {
	case "":
		return map[string]http.HandlerFunc{http.MethodGet: tellStates}
	case "/snapshots":
		return map[string]http.HandlerFunc{http.MethodPost: s.order}
	case "/population":
		return map[string]http.HandlerFunc{http.MethodGet: s.tellPopulation, http.MethodPut: s.takePopulation}
	}
	segment, ok := strings.CutPrefix(place, "/snapshots/")
	id, err := url.PathUnescape(segment)
	if !ok || err != nil || strings.Contains(segment, "/") {
		return nil
	}
	return map[string]http.HandlerFunc{
		http.MethodGet:    func(w http.ResponseWriter, _ *http.Request) { s.look(w, id) },
		http.MethodPut:    func(w http.ResponseWriter, r *http.Request) { s.put(w, r, id) },
		http.MethodDelete: func(w http.ResponseWriter, _ *http.Request) { s.release(w, id) },
	}
}

func tellStates(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"states": contract.States})
}

func (s *Service) order(w http.ResponseWriter, r *http.Request) {
	var order struct {
		State string `json:"state"`
		Count int    `json:"count"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	if err := decodeOnly(decoder, &order); err != nil {
		complain(w, http.StatusBadRequest, fmt.Sprintf(`the body is not like {"state": %q, "count": 3}: %v`, contract.Normal, err))
		return
	}
	if order.Count < 1 || order.Count > maxCount {
		complain(w, http.StatusBadRequest, fmt.Sprintf("count has to be from 1 to %d", maxCount))
		return
	}
	state, known := contract.ParseState(order.State)
	if !known {
		complain(w, http.StatusUnprocessableEntity, fmt.Sprintf("there is no state %q", order.State))
		return
	}
	ids, err := s.Make(state, order.Count)
	if err != nil {
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusCreated, map[string]any{contract.FieldSnapshotIDs: ids})
}

func (s *Service) look(w http.ResponseWriter, id string) {
	one, there, err := s.store.Get(id)
	switch {
	case err != nil:
		complain(w, http.StatusInternalServerError, err.Error())
	case !there:
		complain(w, http.StatusNotFound, "there is no such snapshot")
	default:
		writeJSON(w, http.StatusOK, map[string]any{"snapshotId": id, "state": one.State})
	}
}

// put gives a snapshot another state, as time would. The protocol has no words for that: it is the mock's own.
func (s *Service) put(w http.ResponseWriter, r *http.Request, id string) {
	var wanted struct {
		State string `json:"state"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	if err := decodeOnly(decoder, &wanted); err != nil {
		complain(w, http.StatusBadRequest, fmt.Sprintf(`the body is not like {"state": %q}: %v`, contract.Normal, err))
		return
	}
	state, known := contract.ParseState(wanted.State)
	if !known {
		complain(w, http.StatusUnprocessableEntity, fmt.Sprintf("there is no state %q", wanted.State))
		return
	}
	if _, err := s.store.Put(id, state); err != nil {
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	s.look(w, id)
}

func (s *Service) release(w http.ResponseWriter, id string) {
	if err := s.store.Release(id); err != nil {
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// complain answers with an error of the testbed protocol, which is not the contract's.
func complain(w http.ResponseWriter, status int, reason string) {
	writeJSON(w, status, map[string]any{"error": reason})
}
