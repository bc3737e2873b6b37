package target_test

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

var valid = target.Request{Body: []byte(`{"snapshotIds":["a"]}`), Reuse: true}

func TestConnectionsAreReusedWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	for proto, start := range map[string]func(*httptest.Server){
		"HTTP/1.1": (*httptest.Server).Start,
		"HTTP/2.0": func(server *httptest.Server) {
			server.EnableHTTP2 = true
			server.StartTLS()
		},
	} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var mu sync.Mutex
			from, protos := map[string]bool{}, map[string]bool{}
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				from[r.RemoteAddr], protos[r.Proto] = true, true
				_, _ = io.WriteString(w, success)
			}))
			start(server)
			t.Cleanup(server.Close)
			to := reached(t, server.URL, func(c *target.Config) {
				if certificate := server.Certificate(); certificate != nil {
					c.Trust.Roots = x509.NewCertPool()
					c.Trust.Roots.AddCert(certificate)
				}
			})
			for range 5 {
				g.Expect(to.Send(t.Context(), valid).Err).NotTo(HaveOccurred())
			}
			g.Expect(from).To(HaveLen(1))
			var tasks sync.WaitGroup
			for range 20 {
				tasks.Go(func() { g.Expect(to.Send(t.Context(), target.Request{Body: valid.Body}).Err).NotTo(HaveOccurred()) })
			}
			tasks.Wait()
			g.Expect(from).To(HaveLen(21))
			g.Expect(protos).To(Equal(map[string]bool{proto: true}))
		})
	}
}

// TestAnImplementationMayCloseConnections: one that closes each after its answer, and does not say so beforehand.
func TestAnImplementationMayCloseConnections(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	base := serveBytes(t, func(w io.Writer) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(success), success)
	})
	to := reached(t, base)
	for range 50 {
		e := to.Send(t.Context(), valid)
		g.Expect(e.Err).NotTo(HaveOccurred())
		g.Expect(e.Status()).To(Equal(http.StatusOK))
	}
}

// TestDroppedRequestsShow: one that drops a request now and then is not hidden by asking again, but for the first time.
func TestDroppedRequestsShow(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var count atomic.Int64
	to := reached(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1)%5 == 0 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, success)
	}))
	dropped := 0
	for range 30 {
		if to.Send(t.Context(), valid).Err != nil {
			dropped++
		}
	}
	g.Expect(dropped).To(BeNumerically(">=", 4))
}

// TestAFullQueueIsNoFault: connections that are reset before anybody reads from them are opened again.
func TestAFullQueueIsNoFault(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	var accepted atomic.Int64
	resetting := resettingListener{listener, &accepted}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, success) })}
	go func() { _ = server.Serve(resetting) }() // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	to := reached(t, "http://"+listener.Addr().String())
	for range 10 {
		g.Expect(to.Send(t.Context(), target.Request{Body: valid.Body}).Err).NotTo(HaveOccurred())
	}
	g.Expect(accepted.Load()).To(BeNumerically(">", 10))
}

// resettingListener resets every third connection.
type resettingListener struct {
	net.Listener
	accepted *atomic.Int64
}

func (l resettingListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil || l.accepted.Add(1)%3 != 0 {
			return connection, err
		}
		_ = connection.(*net.TCPConn).SetLinger(0) // so that closing it resets it
		_ = connection.Close()
	}
}
