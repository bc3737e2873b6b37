package mock

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
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
type formListener struct {
	*net.TCPListener
	secure *tls.Config // nil: they are not encrypted
}

// Accept implements net.Listener. A connection that is encrypted looks to http.Server like one that is not, since it
// writes to its own kind of those behind everybody's back.
func (l formListener) Accept() (net.Conn, error) {
	connection, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	open := &formConn{stream: connection}
	if l.secure == nil {
		return open, nil
	}
	return &formConn{stream: secureConn{tls.Server(open, l.secure), open}}, nil
}

// stream is what TCP and TLS have in common.
type stream interface {
	net.Conn
	CloseWrite() error
	SetLinger(seconds int) error
}

// formConn is a connection that knows whether a handler is answering: then what is written is the handler's, and none of
// its business.
type formConn struct {
	stream
	handling atomic.Bool
}

// Write implements net.Conn. An answer of net/http's own comes in one piece.
func (c *formConn) Write(text []byte) (int, error) {
	if c.handling.Load() || !bytes.HasPrefix(text, []byte("HTTP/1.")) {
		return c.stream.Write(text)
	}
	if _, err := c.stream.Write(inForm(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// secureConn shakes hands when it is first read from, and answers who does not speak TLS.
type secureConn struct {
	*tls.Conn
	open *formConn // beneath
}

// SetLinger is net.TCPConn's.
func (c secureConn) SetLinger(seconds int) error { return c.open.SetLinger(seconds) }

// Read implements net.Conn.
func (c secureConn) Read(into []byte) (int, error) {
	n, err := c.Conn.Read(into)
	var plain tls.RecordHeaderError
	if errors.As(err, &plain) && plain.Conn != nil { // not one within a conversation in TLS
		_, _ = io.WriteString(c.open, "HTTP/1.0 400 Bad Request\r\n\r\nthis port speaks HTTPS")
		return n, io.EOF
	}
	return n, err
}

// encrypting is the configuration for TLS of a server, which has to serve HTTP/2 as if nothing were encrypted. It is nil for
// a server without.
func encrypting(server *http.Server) *tls.Config {
	if server.TLSConfig == nil {
		return nil
	}
	config, protocols := server.TLSConfig.Clone(), server.Protocols
	config.NextProtos = []string{"http/1.1"}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	if protocols == nil || protocols.HTTP2() {
		config.NextProtos = []string{"h2", "http/1.1"}
		server.Protocols.SetUnencryptedHTTP2(true)
	}
	return config
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
