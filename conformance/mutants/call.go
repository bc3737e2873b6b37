package mutants

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// call is one request to the API on its way to the mock, and then the answer on its way back.
type call struct {
	request *http.Request
	body    []byte
	ids     []string // that the body names; nil if it is no valid request
	answer  *httptest.ResponseRecorder
}

func newCall(r *http.Request) *call {
	c := &call{request: r, answer: httptest.NewRecorder()}
	c.body, _ = io.ReadAll(r.Body) // what cannot be read is refused by the mock
	var body struct {
		SnapshotIDs []*string `json:"snapshotIds"`
	}
	if json.Unmarshal(c.body, &body) == nil && body.SnapshotIDs != nil && !slices.Contains(body.SnapshotIDs, nil) {
		c.ids = []string{}
		for _, id := range body.SnapshotIDs {
			c.ids = append(c.ids, *id)
		}
	}
	return c
}

// pass has the mock answer.
func (s *Server) pass(c *call) {
	c.request.Body = io.NopCloser(bytes.NewReader(c.body))
	c.answer = httptest.NewRecorder()
	s.inner.ServeHTTP(c.answer, c.request)
}

// passIDs has the mock answer for other ids than those that were named.
func (s *Server) passIDs(c *call, ids []string) {
	c.body, _ = json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids}) // strings always encode
	s.pass(c)
}

// passUnder has the mock answer as if the request had come with another action.
func (s *Server) passUnder(c *call, action string) {
	c.request.Header.Set(contract.HeaderAction, action)
	s.pass(c)
}

// deliver sends the answer.
func (c *call) deliver(w http.ResponseWriter) { deliver(w, c.answer) }

func deliver(w http.ResponseWriter, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // a caller that has gone is nobody's fault
}

// say answers with a status and a body in place of the mock.
func (c *call) say(status int, body any) {
	c.answer = httptest.NewRecorder()
	c.answer.Header().Set("Content-Type", contract.ContentType)
	c.answer.WriteHeader(status)
	_ = json.NewEncoder(c.answer.Body).Encode(body) // to memory
}

// refuse answers with an error of the contract's form.
func (c *call) refuse(status int, code string) {
	c.say(status, map[string]string{"requestId": newRequestID(), "code": code, "message": "no"})
}

// fails answers with one of the contract's errors.
func (c *call) fails(e contract.Error) { c.refuse(e.Status, e.Code) }

// succeed answers with a success of the contract's form that lists these ids, whatever has been done.
func (c *call) succeed(listed []string) {
	id := newRequestID()
	c.say(http.StatusOK, map[string]any{"requestId": id, "response": map[string]any{"requestId": id, "snapshotIds": listed}})
}

// status is that of the answer, code its error code, empty for a success.
func (c *call) status() int { return c.answer.Code }

func (c *call) code() string {
	var body struct{ Code string }
	_ = json.Unmarshal(c.answer.Body.Bytes(), &body) // an answer that cannot be read has no code
	return body.Code
}

// ok tells whether the answer is a success.
func (c *call) ok() bool { return c.status() == http.StatusOK }

// is tells whether the answer is one of the contract's errors.
func (c *call) is(e contract.Error) bool { return c.status() == e.Status && c.code() == e.Code }

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

// editResponse changes the inner object of a success.
func (c *call) editResponse(change func(response map[string]any)) {
	c.edit(func(body map[string]any) {
		if response, ok := body[contract.FieldResponse].(map[string]any); ok {
			change(response)
		}
	})
}

// editList changes the list of a success.
func (c *call) editList(change func(listed []string) any) {
	c.editResponse(func(response map[string]any) {
		response[contract.FieldSnapshotIDs] = change(texts(response[contract.FieldSnapshotIDs]))
	})
}

// listed gives the list of a success.
func (c *call) listed() []string {
	var listed []string
	c.editList(func(list []string) any {
		listed = list
		return list
	})
	return listed
}

func texts(list any) []string {
	members, _ := list.([]any)
	all := []string{}
	for _, member := range members {
		all = append(all, member.(string))
	}
	return all
}

// those gives the ids for which something is true, in order.
func those(ids []string, is func(id string) bool) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !is(id) })
}

// distinct gives the ids without repetitions, in order.
func distinct(ids []string) []string {
	var once []string
	for _, id := range ids {
		if !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

func newRequestID() string { return "T" + strings.ToUpper(uuid.NewString()) }

// answered has the mock answer, and then something about the answer changed.
func answered(change func(s *Server, c *call)) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		change(s, c)
	}
}

// edited has the mock answer, and then the answer's body changed.
func edited(change func(body map[string]any)) behaviour {
	return answered(func(_ *Server, c *call) { c.edit(change) })
}

// action is what the call asks for, empty where it does not say.
func (c *call) action() string { return c.request.Header.Get(contract.HeaderAction) }

// valid tells whether the mock carries the call out.
func (c *call) valid() bool {
	return c.action() == contract.Action && len(c.ids) > 0 && len(c.ids) <= contract.MaxBatch
}

// place is where an id stands in the call for the first time, from 0 on.
func (c *call) place(id string) int { return slices.Index(c.ids, id) }

// neighbour gives the id that stands so many places behind another, or before it. There is none beyond the ends.
func (c *call) neighbour(id string, distance int) string {
	at := c.place(id) + distance
	if at < 0 || at >= len(c.ids) {
		return ""
	}
	return c.ids[at]
}

// times is how often the call names an id.
func (c *call) times(id string) int {
	return len(those(c.ids, func(other string) bool { return other == id }))
}

// alone tells whether the call names one snapshot only, however often.
func (c *call) alone() bool { return len(distinct(c.ids)) == 1 }

// without gives the ids that are not among others.
func without(ids, others []string) []string {
	return those(ids, func(id string) bool { return !slices.Contains(others, id) })
}

// final gives the last of the ids, none if there is none.
func final(ids []string) []string { return ids[max(0, len(ids)-1):] }
