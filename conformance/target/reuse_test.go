package target_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

var valid = target.Request{Body: []byte(`{"snapshotIds":["a"]}`), Reuse: true}

func TestConnectionsAreReusedWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var last atomic.Value
	last.Store("")
	opened := atomic.Int64{}
	to := reach(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if last.Swap(r.RemoteAddr) != r.RemoteAddr {
			opened.Add(1)
		}
		_, _ = io.WriteString(w, success)
	}))
	for range 5 {
		g.Expect(to.Send(t.Context(), valid).Err).NotTo(HaveOccurred())
	}
	g.Expect(opened.Load()).To(BeEquivalentTo(1))
	for range 5 {
		g.Expect(to.Send(t.Context(), target.Request{Body: valid.Body}).Err).NotTo(HaveOccurred())
	}
	g.Expect(opened.Load()).To(BeEquivalentTo(6))
}

// TestAnImplementationMayCloseConnections: one that closes each after its answer, and does not say so beforehand.
func TestAnImplementationMayCloseConnections(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	base := serveBytes(t, func(w io.Writer) {
		fmt.Fprintf(w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(success), success)
	})
	to := reach(t, base)
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
	to := reach(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
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
	to := reach(t, "http://"+listener.Addr().String())
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
