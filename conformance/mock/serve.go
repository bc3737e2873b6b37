package mock

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// The patience with a client: generous for a person with curl, and short enough that one which hangs does not stay.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = time.Minute
	idleTimeout   = 5 * time.Minute
)

// Server is a mock that listens on a TCP address.
type Server struct {
	http    *http.Server
	url     string
	roots   *x509.CertPool
	stopped chan struct{}
	err     error // why it stopped; set before stopped is closed
}

// Start serves a new mock on an address such as "127.0.0.1:8080", or "127.0.0.1:0" for a port that is free. The server
// takes requests when Start returns.
func Start(addr string) (*Server, error) { return Serve(addr, NewService()) }

// Serve is Start for a handler that is, or wraps, a mock. The changes are made to the server before it listens; one that
// gives it a TLSConfig has it speak TLS.
func Serve(addr string, handler http.Handler, changes ...func(*http.Server)) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &Server{
		http: &http.Server{
			Handler:                      handler,
			ReadHeaderTimeout:            headerTimeout,
			ReadTimeout:                  readTimeout,
			IdleTimeout:                  idleTimeout,
			DisableGeneralOptionsHandler: true, // "OPTIONS *" gets an answer of the contract's form, too
			ErrorLog:                     log.New(io.Discard, "", 0),
		},
		stopped: make(chan struct{}),
	}
	for _, change := range changes {
		change(s.http)
	}
	answerForm(s.http)
	// Before it serves: http.Server gives itself a TLSConfig then, whether it speaks TLS or not.
	s.url, s.roots = baseURL(s.http.TLSConfig != nil, listener.Addr()), rootCAs(s.http.TLSConfig)
	go s.serve(formListener{listener.(*net.TCPListener), encrypting(s.http)})
	return s, nil
}

func (s *Server) serve(listener net.Listener) {
	defer close(s.stopped)
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.err = err
	}
}

// URL is the base that contract.Path and TestbedPath are appended to.
func (s *Server) URL() string { return s.url }

// RootCAs vouches for a server that speaks TLS with a certificate that nobody else would vouch for. It is nil for one that
// does not speak TLS.
func (s *Server) RootCAs() *x509.CertPool { return s.roots }

func rootCAs(config *tls.Config) *x509.CertPool {
	if config == nil {
		return nil
	}
	pool := x509.NewCertPool()
	for _, certificate := range config.Certificates {
		if certificate.Leaf != nil {
			pool.AddCert(certificate.Leaf)
		}
	}
	return pool
}

// Wait returns when the server has stopped listening: nil if it was told to, and the reason if not.
func (s *Server) Wait() error {
	<-s.stopped
	return s.err
}

// Shutdown stops the server when the requests that it is at are answered, or with an error when ctx ends before.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close stops the server at once and breaks its connections.
func (s *Server) Close() error { return s.http.Close() }

// baseURL names the address as a client has to: an unspecified host says where to listen, not where to call.
func baseURL(secure bool, addr net.Addr) string {
	host, port, _ := net.SplitHostPort(addr.String()) // a TCP address always has both
	if net.ParseIP(host).IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
