package target_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// hostileBodies are what targets may send in place of what they should.
var hostileBodies = []string{
	success, `{"requestId":"T1","code":"A","message":"b"}`, ``, `null`, `[]`, `{}`, `""`, `1e999999`, `{"requestId":1e999999}`,
	`{"requestId":"a","requestId":"b"}`, `{"RequestId":"a","REQUESTID":"b"}`, "{\"requestId\":\"\xff\"}", `{"requestId":"\ud800"}`,
	`{"response":null}`, `{"response":{"snapshotIds":null}}`, `{"response":{"snapshotIds":["a",null]}}`, `{"response":{"snapshotIds":[["a"]]}}`,
	`{"response":{"snapshotIds":{"a":"b"}}}`, `{"response":{"snapshotIds":"a"}}`, success + success, success + "x", "\ufeff" + success, " " + success + "\n",
	strings.Repeat("[", 20_000), `{"response":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`, `{"a":` + strings.Repeat("9", 1000) + `}`,
	`{"response":{"snapshotIds":[` + strings.Repeat(`"",`, 2000) + `""]}}`, `{"code":"` + strings.Repeat("A", 2000) + `"}`, "{\"code\":\"\x1b\"}",
}

// FuzzExchange: whatever bytes come, there is either a reason why they are no answer, or an answer whose members are those
// that encoding/json sees, however often it is asked for them.
func FuzzExchange(f *testing.F) {
	for _, body := range hostileBodies {
		for _, status := range []int{200, 400, 503} {
			f.Add(fmt.Appendf(nil, "HTTP/1.1 %d \r\nContent-Length: %d\r\n\r\n%s", status, len(body), body))
		}
	}
	for _, raw := range []string{
		"", "\r\n\r\n", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/0.9 200 OK\r\n\r\n{}", "HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 4611686018427387904\r\n\r\n{}", "HTTP/1.1 204 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x00", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}",
		"HTTP/1.1 429 OK\r\nRetry-After: 1\r\n\r\n", "HTTP/1.1 999 \x1b\r\n\xff: \xff\r\n\r\n", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 70_000) + "\r\n\r\n{}",
	} {
		f.Add([]byte(raw))
	}
	speaker := speaking(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		g := NewWithT(t)
		e := speaker.answer(t, raw)
		if e.Err != nil {
			g.Expect(e.Status()).To(BeZero())
			return
		}
		g.Expect(e.Status()).To(BeNumerically(">=", 100))
		g.Expect(len(e.Raw())).To(BeNumerically("<=", 1<<20))
		members, isObject := e.Members()
		expectMembers(g, e.Raw(), members, isObject)
		first := e.Answer()
		e.Shorten(len(e.Raw()) + target.Length(e.Header())) // which forgets what was taken apart
		g.Expect(e.Answer()).To(Equal(first))
		again, stillObject := e.Members()
		g.Expect(again).To(Equal(members))
		g.Expect(stillObject).To(Equal(isObject))
		if inner, ok := e.Response(); ok {
			expectMembers(g, members[contract.FieldResponse], inner, ok)
		}
		g.Expect(first.Unknown && first.Listed != nil).To(BeFalse())
		e.Shorten(100)
		g.Expect(len(e.Raw())).To(BeNumerically("<=", 100))
		g.Expect(target.Length(e.Header())).To(BeNumerically("<=", 100))
	})
}

// expectMembers compares members with what encoding/json makes of the text.
func expectMembers(g *WithT, text []byte, got map[string]json.RawMessage, isObject bool) {
	var all map[string]json.RawMessage
	err := json.Unmarshal(text, &all)
	g.Expect(isObject).To(Equal(err == nil && all != nil && utf8.Valid(text)))
	if !isObject {
		return
	}
	for _, name := range []string{contract.FieldRequestID, contract.FieldResponse, contract.FieldSnapshotIDs, contract.FieldCode, contract.FieldMessage} {
		g.Expect(string(got[name])).To(Equal(string(all[name])))
	}
}

// FuzzMember: texts and lists are what encoding/json makes of them, or none.
func FuzzMember(f *testing.F) {
	for _, body := range hostileBodies {
		f.Add([]byte(body))
	}
	for _, member := range []string{`["a","b"]`, `[null]`, `[1]`, `["a"`, `["a"]x`, `["a",]`, ` null `, `nul`, `[] []`, `"\u0000"`, `["\ud800"]`, "[\"\xff\"]"} {
		f.Add([]byte(member))
	}
	f.Fuzz(func(t *testing.T, member []byte) {
		g := NewWithT(t)
		var text *string
		wanted := json.Unmarshal(member, &text) == nil && text != nil && *text != ""
		got, ok := target.Text(member)
		g.Expect(ok).To(Equal(wanted))
		g.Expect(!ok || got == *text).To(BeTrue())

		var list []*string
		err := json.Unmarshal(member, &list)
		texts, isList := target.List(member)
		if len(list) <= contract.MaxBatch {
			wanted := len(member) == 0 || err == nil
			for _, text := range list {
				wanted = wanted && text != nil
			}
			g.Expect(isList).To(Equal(wanted))
		}
		for i, text := range texts {
			g.Expect(text).To(Equal(*list[i]))
		}
	})
}

// speaker is a server that answers what it is told to, on a unix socket, which unlike ports never run out.
type speaker struct {
	to   *target.Target
	next chan []byte
}

func speaking(f *testing.F) *speaker {
	listener, err := net.Listen("unix", filepath.Join(f.TempDir(), "s"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = listener.Close() })
	s := &speaker{next: make(chan []byte, 1)}
	s.to = reached(f, "unix:"+listener.Addr().String(), patient(time.Millisecond))
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			if request, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
				_, _ = io.Copy(io.Discard, request.Body)
			}
			_, _ = io.Copy(connection, bytes.NewReader(<-s.next))
			_ = connection.Close()
		}
	}()
	return s
}

func (s *speaker) answer(t *testing.T, raw []byte) *target.Exchange {
	s.next <- raw
	e := s.to.Send(t.Context(), target.Request{Body: []byte("{}")})
	if e.Attempts > 1 || len(s.next) > 0 {
		t.Fatalf("asked %d times, answered %d", e.Attempts, 1-len(s.next))
	}
	return e
}
