package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// judge runs the suite on an implementation in Go that has the mock's testbed.
func judge(t *testing.T, implementation http.Handler, change func(*conformance.Config)) *report.Report {
	t.Helper()
	config := conformance.Config{
		Handler: implementation, Testbed: mock.TestbedPath,
		Seed: 1, Effort: conformance.Quick, Settle: time.Second, Linger: 200 * time.Millisecond,
	}
	if change != nil {
		change(&config)
	}
	result, err := conformance.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func failed(result *report.Report) []string {
	var ids []string
	for _, rule := range result.With(report.Failed) {
		ids = append(ids, rule.ID)
	}
	return ids
}

// bent is the mock with something about it changed: for better or worse, the tests say.
type bent struct {
	*mock.Service
	serve func(b *bent, call *call)
	calls atomic.Int64
}

// call is one request of the action on its way to the mock.
type call struct {
	request *http.Request
	body    []byte
	ids     []string // nil if the body names none
	answer  *httptest.ResponseRecorder
}

func bend(serve func(*bent, *call)) *bent { return &bent{Service: mock.NewService(), serve: serve} }

func (b *bent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != contract.Path {
		b.Service.ServeHTTP(w, r)
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

// pass has the mock answer.
func (b *bent) pass(c *call) {
	c.request.Body = io.NopCloser(bytes.NewReader(c.body))
	c.answer = httptest.NewRecorder()
	b.Service.ServeHTTP(c.answer, c.request)
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

// deletable tells whether any of the ids is a snapshot that can be deleted.
func (b *bent) deletable(ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool {
		state, there := b.State(id)
		return there && state == contract.Normal
	})
}

func newID() string { return "T" + strings.ToUpper(uuid.NewString()) }
