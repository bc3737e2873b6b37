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

// serveTestbed answers for a place below TestbedPath.
func (m *Mock) serveTestbed(w http.ResponseWriter, r *http.Request, place string) {
	methods := m.testbedMethods(place)
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

func (m *Mock) testbedMethods(place string) map[string]http.HandlerFunc {
	switch place {
	case "":
		return map[string]http.HandlerFunc{http.MethodGet: tellStates}
	case "/snapshots":
		return map[string]http.HandlerFunc{http.MethodPost: m.create}
	}
	segment, ok := strings.CutPrefix(place, "/snapshots/")
	id, err := url.PathUnescape(segment)
	if !ok || err != nil || strings.Contains(segment, "/") {
		return nil
	}
	return map[string]http.HandlerFunc{
		http.MethodGet:    func(w http.ResponseWriter, _ *http.Request) { m.look(w, id) },
		http.MethodDelete: func(w http.ResponseWriter, _ *http.Request) { m.release(w, id) },
	}
}

func tellStates(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"states": contract.States})
}

func (m *Mock) create(w http.ResponseWriter, r *http.Request) {
	var order struct {
		State string `json:"state"`
		Count int    `json:"count"`
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	if err := decodeOnly(decoder, &order); err != nil {
		complain(w, http.StatusBadRequest, err.Error())
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
	ids := m.Create(state, order.Count)
	writeJSON(w, http.StatusCreated, map[string]any{contract.FieldSnapshotIDs: ids})
}

func (m *Mock) look(w http.ResponseWriter, id string) {
	state, there := m.State(id)
	if !there {
		complain(w, http.StatusNotFound, "there is no such snapshot")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"snapshotId": id, "state": state})
}

func (m *Mock) release(w http.ResponseWriter, id string) {
	m.Release(id)
	w.WriteHeader(http.StatusNoContent)
}

// complain answers with an error of the testbed protocol, which is not the contract's.
func complain(w http.ResponseWriter, status int, reason string) {
	writeJSON(w, status, map[string]any{"error": reason})
}
