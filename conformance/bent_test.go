package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// bent is the mock with something about it changed: for better or worse, the tests say.
type bent struct {
	*mock.Mock
	serve func(b *bent, call *call)
	calls atomic.Int64

	newest atomic.Value // the id that the testbed handed out last
	shown  sync.Map     // what the testbed shows of an id in place of the truth: a state, or nothing where it is ""
}

// call is one request of the action on its way to the mock.
type call struct {
	request *http.Request
	body    []byte
	ids     []string // nil if the body names none
	answer  *httptest.ResponseRecorder
}

func bend(serve func(*bent, *call)) *bent { return &bent{Mock: mock.New(), serve: serve} }

func (b *bent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != contract.Path {
		b.serveTestbed(w, r)
		return
	}
	b.calls.Add(1)
	c := &call{request: r, answer: httptest.NewRecorder()}
	c.body, _ = io.ReadAll(r.Body) // what cannot be read is refused by the mock
	var body struct{ SnapshotIDs []string }
	if json.Unmarshal(c.body, &body) == nil {
		c.ids = body.SnapshotIDs
	}
	b.serve(b, c)
	for name, values := range c.answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(c.answer.Code)
	_, _ = w.Write(c.answer.Body.Bytes()) // a caller that has gone is nobody's fault
}

func (b *bent) serveTestbed(w http.ResponseWriter, r *http.Request) {
	id := path.Base(r.URL.Path)
	state, instead := b.shown.Load(id)
	switch {
	case r.Method == http.MethodPost:
		order := httptest.NewRecorder()
		b.Mock.ServeHTTP(order, r)
		var made struct{ SnapshotIDs []string }
		if json.Unmarshal(order.Body.Bytes(), &made) == nil && len(made.SnapshotIDs) > 0 {
			b.newest.Store(made.SnapshotIDs[len(made.SnapshotIDs)-1])
		}
		w.WriteHeader(order.Code)
		_, _ = w.Write(order.Body.Bytes()) // a caller that has gone is nobody's fault
	case !instead || r.Method != http.MethodGet:
		b.Mock.ServeHTTP(w, r)
	case state == contract.State(""):
		http.NotFound(w, r)
	default:
		_ = json.NewEncoder(w).Encode(map[string]any{"snapshotId": id, "state": state}) // as above
	}
}

// pass has the mock answer.
func (b *bent) pass(c *call) {
	c.request.Body = io.NopCloser(bytes.NewReader(c.body))
	c.answer = httptest.NewRecorder()
	b.Mock.ServeHTTP(c.answer, c.request)
}

// passIDs has the mock answer for other ids than those that were named.
func (b *bent) passIDs(c *call, ids []string) {
	c.body, _ = json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids}) // strings always encode
	b.pass(c)
}

// refuse answers with an error that has an envelope.
func (c *call) refuse(status int, code string) {
	c.answer = httptest.NewRecorder()
	c.answer.Header().Set("Content-Type", contract.ContentType)
	c.answer.WriteHeader(status)
	_ = json.NewEncoder(c.answer).Encode(map[string]string{"requestId": newID(), "code": code, "message": "no"}) // to memory
}

// edit changes the answer's body.
func (c *call) edit(change func(body map[string]any)) {
	var body map[string]any
	if json.Unmarshal(c.answer.Body.Bytes(), &body) != nil {
		return
	}
	change(body)
	c.answer.Body.Reset()
	_ = json.NewEncoder(c.answer.Body).Encode(body) // to memory
}

// editList changes the list of what failed, where the answer has one.
func (c *call) editList(change func(list []string) any) {
	c.edit(func(body map[string]any) {
		if response, ok := body[contract.FieldResponse].(map[string]any); ok {
			response[contract.FieldSnapshotIDs] = change(texts(response[contract.FieldSnapshotIDs]))
		}
	})
}

func texts(list any) []string {
	members, _ := list.([]any)
	all := []string{}
	for _, member := range members {
		all = append(all, member.(string))
	}
	return all
}

// deletable tells whether any of the ids is a snapshot that can be deleted.
func (b *bent) deletable(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		state, there := b.State(id)
		return there && state == contract.Normal
	})
}

func (b *bent) in(state contract.State, id string) bool {
	is, there := b.State(id)
	return there && is == state
}

func newID() string { return "T" + strings.ToUpper(uuid.NewString()) }
