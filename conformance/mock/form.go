package mock

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// What cannot be read as HTTP never gets to a handler: net/http answers it in plain text. The connections here put an
// error of the contract's form in the place of such an answer.

// formListener gives connections on which every answer has the contract's form.
type formListener struct{ *net.TCPListener }

func (l formListener) Accept() (net.Conn, error) {
	connection, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return &formConn{TCPConn: connection}, nil
}

// formConn is a connection that knows whether a handler is answering: then what is written is the handler's, and none of
// its business. Beneath TLS it sees what is said before TLS is spoken.
type formConn struct {
	*net.TCPConn
	handling atomic.Bool
}

// Write implements net.Conn. An answer of net/http's own comes in one piece.
func (c *formConn) Write(text []byte) (int, error) {
	if c.handling.Load() || !bytes.HasPrefix(text, []byte("HTTP/1.")) {
		return c.TCPConn.Write(text)
	}
	if _, err := c.TCPConn.Write(inForm(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// formKey is where the context of a request has its connection.
type formKey struct{}

// answerForm has a server tell its connections when a handler is answering.
func answerForm(server *http.Server) {
	handler, begins, changes := server.Handler, server.ConnContext, server.ConnState
	server.ConnContext = func(ctx context.Context, connection net.Conn) context.Context {
		if begins != nil {
			ctx = begins(ctx, connection)
		}
		return context.WithValue(ctx, formKey{}, connection)
	}
	server.ConnState = func(connection net.Conn, state http.ConnState) {
		if changes != nil {
			changes(connection, state)
		}
		if own, is := connection.(*formConn); is && state == http.StateIdle { // the answer has been sent
			own.handling.Store(false)
		}
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if own, is := r.Context().Value(formKey{}).(*formConn); is {
			own.handling.Store(true)
		}
		handler.ServeHTTP(w, r)
	})
}

// inForm says what an answer of net/http's own says as an error of the contract's form. The status stays: it is about
// HTTP, which has its own for the case.
func inForm(text []byte) []byte {
	answer, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		return text
	}
	said, _ := io.ReadAll(answer.Body) // from memory
	reason := strings.TrimSuffix(strings.TrimSpace(string(said)), ".")
	if reason == "" {
		reason = answer.Status
	}
	kind := contract.WrongValue
	if answer.StatusCode == http.StatusRequestHeaderFieldsTooLarge {
		kind = contract.TooMany
	}
	refused := refusal{as(answer.StatusCode, kind), "The server cannot read this request as HTTP: " + reason + "."}
	envelope, err := json.Marshal(refused.envelope())
	if err != nil {
		return text
	}
	var whole bytes.Buffer
	_ = (&http.Response{ // to memory
		StatusCode: refused.kind.Status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: http.Header{"Content-Type": {contract.ContentType}},
		Body:   io.NopCloser(bytes.NewReader(envelope)), ContentLength: int64(len(envelope)),
	}).Write(&whole)
	return whole.Bytes()
}
