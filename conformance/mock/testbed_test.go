package mock_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

const snapshots = mock.TestbedPath + "/snapshots"

func (s service) order(body string) answer {
	s.t.Helper()
	return s.send(s.request(http.MethodPost, snapshots, strings.NewReader(body)))
}

func (s service) look(segment string) answer {
	s.t.Helper()
	return s.send(s.request(http.MethodGet, snapshots+"/"+segment, nil))
}

func (s service) release(segment string) answer {
	s.t.Helper()
	return s.send(s.request(http.MethodDelete, snapshots+"/"+segment, nil))
}

// expectComplaint judges an error of the testbed protocol.
func expectComplaint(g Gomega, got answer, status int) {
	g.Expect(got.status).To(Equal(status), string(got.text))
	g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
	var body struct {
		Error string `json:"error"`
	}
	decodeStrictly(g, got.text, &body)
	g.Expect(body.Error).NotTo(BeEmpty())
}

func TestTestbedTellsStates(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	got := s.send(s.request(http.MethodGet, mock.TestbedPath, nil))
	g.Expect(got.status).To(Equal(http.StatusOK))
	g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
	var body struct {
		States []contract.State `json:"states"`
	}
	decodeStrictly(g, got.text, &body)
	g.Expect(body.States).To(Equal(contract.States))
}

func TestTestbedMakesShowsAndReleases(t *testing.T) {
	t.Parallel()
	for _, state := range contract.States {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			made := s.order(fmt.Sprintf(`{"state": %q, "count": 3}`, state))
			g.Expect(made.status).To(Equal(http.StatusCreated))
			g.Expect(made.header.Get("Content-Type")).To(Equal(contract.ContentType))
			var ids struct {
				SnapshotIDs []string `json:"snapshotIds"`
			}
			decodeStrictly(g, made.text, &ids)
			g.Expect(ids.SnapshotIDs).To(HaveLen(3))
			g.Expect(s.states(ids.SnapshotIDs...)).To(HaveEach(state))

			id := ids.SnapshotIDs[1]
			for _, segment := range []string{id, strings.ReplaceAll(id, "-", "%2d")} {
				seen := s.look(segment)
				g.Expect(seen.status).To(Equal(http.StatusOK))
				g.Expect(seen.header.Get("Content-Type")).To(Equal(contract.ContentType))
				g.Expect(seen.text).To(MatchJSON(fmt.Sprintf(`{"snapshotId": %q, "state": %q}`, id, state)))
			}

			for range 2 { // the second time, it is gone already
				released := s.release(id)
				g.Expect(released.status).To(Equal(http.StatusNoContent))
				g.Expect(released.text).To(BeEmpty())
				expectComplaint(g, s.look(id), http.StatusNotFound)
			}
			g.Expect(s.states(ids.SnapshotIDs...)).To(Equal([]contract.State{state, "", state}))
		})
	}
}

func TestTestbedKnowsStatesByOtherNames(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	made := s.order(`{"state": "AVAILABLE", "count": 1}`)
	g.Expect(made.status).To(Equal(http.StatusCreated))
	var ids struct {
		SnapshotIDs []string `json:"snapshotIds"`
	}
	decodeStrictly(g, made.text, &ids)
	g.Expect(s.states(ids.SnapshotIDs...)).To(Equal([]contract.State{contract.Normal}))
}

func TestTestbedSeesDeletions(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	id := s.Create(contract.Normal, 1)[0]
	expectSuccess(g, s.delete(id))
	expectComplaint(g, s.look(id), http.StatusNotFound)
}

func TestTestbedRefusesOrders(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		body   string
		status int
	}{
		"an unknown state":   {`{"state": "MELTED", "count": 1}`, http.StatusUnprocessableEntity},
		"a state's case":     {`{"state": "normal", "count": 1}`, http.StatusUnprocessableEntity},
		"no state":           {`{"count": 1}`, http.StatusUnprocessableEntity},
		"no count":           {`{"state": "NORMAL"}`, http.StatusBadRequest},
		"count zero":         {`{"state": "NORMAL", "count": 0}`, http.StatusBadRequest},
		"count below zero":   {`{"state": "NORMAL", "count": -1}`, http.StatusBadRequest},
		"count too large":    {`{"state": "NORMAL", "count": 10001}`, http.StatusBadRequest},
		"count out of range": {`{"state": "NORMAL", "count": 99999999999999999999}`, http.StatusBadRequest},
		"count broken":       {`{"state": "NORMAL", "count": 1.5}`, http.StatusBadRequest},
		"count in words":     {`{"state": "NORMAL", "count": "1"}`, http.StatusBadRequest},
		"an unknown member":  {`{"state": "NORMAL", "count": 1, "size": 1}`, http.StatusBadRequest},
		"something after it": {`{"state": "NORMAL", "count": 1}]`, http.StatusBadRequest},
		"nothing":            {``, http.StatusBadRequest},
		"not JSON":           {`state=NORMAL`, http.StatusBadRequest},
		"not an object":      {`["NORMAL"]`, http.StatusBadRequest},
		"without an end":     {`{"state": "NORMAL", "count": 1` + strings.Repeat(" ", 1<<20) + `}`, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			expectComplaint(g, s.order(row.body), row.status)
		})
	}
}

func TestTestbedMakesAsManyAsItMay(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	made := s.order(`{"state": "NORMAL", "count": 10000}`)
	g.Expect(made.status).To(Equal(http.StatusCreated))
	var ids struct {
		SnapshotIDs []string `json:"snapshotIds"`
	}
	decodeStrictly(g, made.text, &ids)
	g.Expect(ids.SnapshotIDs).To(HaveLen(10_000))
}

func TestTestbedTakesAnyTextForAnID(t *testing.T) {
	t.Parallel()
	for _, segment := range []string{"", ".", "..", "%2E%2E", "%2F", "a%2Fb", "%00", "%FF", "%25", "%D1%81", "*", "%20", "a;b"} {
		t.Run(segment, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			expectComplaint(g, s.look(segment), http.StatusNotFound)
			g.Expect(s.release(segment).status).To(Equal(http.StatusNoContent))
		})
	}
}

func TestTestbedKnowsNothingElse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		method, path string
		allow        string // none where the path is unknown
	}{
		"below the base":       {http.MethodGet, mock.TestbedPath + "/", ""},
		"an unknown path":      {http.MethodGet, mock.TestbedPath + "/volumes", ""},
		"below a snapshot":     {http.MethodGet, snapshots + "/a/b", ""},
		"a slash too many":     {http.MethodGet, mock.TestbedPath + "//snapshots/a", ""},
		"posting to the base":  {http.MethodPost, mock.TestbedPath, "GET"},
		"releasing the base":   {http.MethodDelete, mock.TestbedPath, "GET"},
		"listing snapshots":    {http.MethodGet, snapshots, "POST"},
		"releasing them all":   {http.MethodDelete, snapshots, "POST"},
		"posting a snapshot":   {http.MethodPost, snapshots + "/a", "DELETE, GET, PUT"},
		"a method nobody uses": {"BREW", snapshots + "/a", "DELETE, GET, PUT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			got := s.send(s.request(row.method, row.path, nil))
			if row.allow == "" {
				expectComplaint(g, got, http.StatusNotFound)
			} else {
				expectComplaint(g, got, http.StatusMethodNotAllowed)
			}
			g.Expect(got.header.Get("Allow")).To(Equal(row.allow))
		})
	}
}

func TestTestbedPutsSnapshotsIntoStates(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	id := s.Create(contract.Leaving, 1)[0]
	put := func(id, body string) answer {
		return s.send(s.request(http.MethodPut, snapshots+"/"+id, strings.NewReader(body)))
	}
	for _, state := range contract.States {
		got := put(id, fmt.Sprintf(`{"state": %q}`, state.Listed()))
		g.Expect(got.status).To(Equal(http.StatusOK))
		g.Expect(got.text).To(Equal(s.look(id).text))
		g.Expect(s.states(id)).To(Equal([]contract.State{state}))
	}
	expectComplaint(g, put("nobody", `{"state": "FAILED"}`), http.StatusNotFound)
	for body, status := range map[string]int{
		``: http.StatusBadRequest, `{"state": 1}`: http.StatusBadRequest, `{"state": "FAILED", "count": 1}`: http.StatusBadRequest,
		`{}`: http.StatusUnprocessableEntity, `{"state": "MELTED"}`: http.StatusUnprocessableEntity,
	} {
		expectComplaint(g, put(id, body), status)
	}
	g.Expect(s.states(id)).To(Equal([]contract.State{contract.States[len(contract.States)-1]}))
}

func TestTestbedAnswersForItsPanics(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := serve(t, mock.WithControl("/early", func(*mock.Service) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of order") })
	}), mock.WithControl("/late", func(*mock.Service) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			panic("out of order")
		})
	}))
	expectComplaint(g, s.send(s.request(http.MethodGet, mock.TestbedPath+"/early", nil)), http.StatusInternalServerError)
	_, err := s.client.Do(s.request(http.MethodGet, mock.TestbedPath+"/late", nil))
	g.Expect(err).To(HaveOccurred())
}
