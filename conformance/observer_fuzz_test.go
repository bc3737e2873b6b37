package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// FuzzObserver: whatever bytes come for an answer, they are judged, the same each time, and what is no envelope is not let
// pass.
func FuzzObserver(f *testing.F) {
	for _, header := range []string{"application/json", "application/json; charset=utf-8", "text/plain", "", "application/json;;", "::error::", "\xff"} {
		f.Add(200, header, []byte(`{"requestId":"T1","response":{"requestId":"T1","snapshotIds":[]}}`))
	}
	for _, body := range []string{
		`{"requestId":"T1","response":{"requestId":"T2"}}`, `{"requestId":"T1","response":{"requestId":"T1","snapshotIds":["a",1]}}`, `{"requestId":"","response":{}}`,
		`{"requestId":"T1","code":"A","message":"b"}`, `{"requestId":"T1","code":"A","message":null}`, `{"requestId":["T1"],"code":{},"message":1}`,
		`{"REQUESTID":"T1","Code":"A","message":"b"}`, ``, `null`, `[]`, `{`, "{\"requestId\":\"\xff\"}", `{"requestId":"\u0000\u001b[2J"}`,
		`{"requestId":"T1","requestId":"T2","response":{"requestId":"T1"}}`, `{"requestId":"T1","response":{"requestId":"T1","snapshotIds":null}}`,
	} {
		for _, status := range []int{200, 204, 301, 400, 404, 413, 429, 500, 503, 999} {
			f.Add(status, contract.ContentType, []byte(body))
		}
	}
	listener, err := net.Listen("unix", filepath.Join(f.TempDir(), "s"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = listener.Close() })
	base, err := reach.Parse("unix:" + listener.Addr().String())
	if err != nil {
		f.Fatal(err)
	}
	to := target.New(target.Config{Endpoint: base, Timeout: time.Minute, Patience: time.Millisecond})
	next := make(chan []byte, 1)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
			}
			_, _ = connection.Write(<-next)
			_ = connection.Close()
		}
	}()

	f.Fuzz(func(t *testing.T, status int, mediaType string, body []byte) {
		if bytes.ContainsAny([]byte(mediaType), "\r\n") {
			t.Skip() // which is another header
		}
		g := NewWithT(t)
		next <- append(fmt.Appendf(nil, "HTTP/1.1 %03d x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", status, mediaType, len(body)), body...)
		e := to.Send(t.Context(), target.Request{Body: []byte("{}")})
		if e.Err != nil {
			return
		}
		broken := brokenBy(t, e)
		g.Expect(brokenBy(t, e)).To(Equal(broken))
		if len(broken) == 0 && e.Status() != contract.TooFast.Status && e.Status() != http.StatusRequestEntityTooLarge {
			expectEnvelope(g, e)
		}
	})
}

// brokenBy gives the rules that an observer who has seen nothing else finds broken.
func brokenBy(t *testing.T, e *target.Exchange) (ids []string) {
	s := newSuite(t.Context(), Config{Timeout: time.Minute})
	defer s.stop(nil)
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	s.observe(e)
	for _, rule := range s.journal.results("") {
		if rule.Status == report.Failed {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}

// expectEnvelope holds an answer to the contract in another way than the observer does.
func expectEnvelope(g *WithT, e *target.Exchange) {
	mediaType, _, _ := mime.ParseMediaType(e.Header().Get("Content-Type"))
	g.Expect(mediaType).To(Equal(contract.ContentType))
	g.Expect(utf8.Valid(e.Raw())).To(BeTrue())
	var outer map[string]any
	g.Expect(json.Unmarshal(e.Raw(), &outer)).To(Succeed())
	text := func(value any) string {
		got, isText := value.(string)
		g.Expect(isText && got != "").To(BeTrue(), "%#v", value)
		return got
	}
	id := text(outer[contract.FieldRequestID])
	if e.Status() != http.StatusOK {
		g.Expect(e.Status()).To(And(BeNumerically(">=", 400), BeNumerically("<", 600)))
		text(outer[contract.FieldCode])
		text(outer[contract.FieldMessage])
		return
	}
	inner, isObject := outer[contract.FieldResponse].(map[string]any)
	g.Expect(isObject).To(BeTrue())
	g.Expect(text(inner[contract.FieldRequestID])).To(Equal(id))
	if list := inner[contract.FieldSnapshotIDs]; list != nil {
		g.Expect(list).To(BeAssignableToTypeOf([]any{}))
		for _, member := range list.([]any) {
			g.Expect(member).To(BeAssignableToTypeOf(""))
		}
	}
}
