package gentle_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

func TestUnansweredConnectionsAreFew(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = listener.Close() })
	dialer := gentle.NewDialer()
	opened := make(chan net.Conn, 100)
	var tasks sync.WaitGroup
	for range 20 {
		tasks.Go(func() {
			connection, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
			if err == nil {
				_, _ = io.WriteString(connection, "question") // one that is never answered
				opened <- connection
			}
		})
	}
	for range 8 { // as many as it begins with, none of which is answered
		defer (<-opened).Close()
	}
	g.Consistently(opened, "50ms").ShouldNot(Receive())

	accepted, err := listener.Accept()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(accepted.Close()).To(Succeed()) // unanswered: no room for another
	g.Consistently(opened, "50ms").ShouldNot(Receive())
	g.Expect(listener.Close()).To(Succeed())
}

func TestAnswersMakeRoom(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var at, most atomic.Int64
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/held" {
			most.Store(max(most.Load(), at.Add(1)))
			<-release
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	dialer := gentle.NewDialer()
	transport := &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}
	get := func(path string) error {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			return err
		}
		answer, err := transport.RoundTrip(request)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}
	for range 40 {
		g.Expect(get("/")).To(Succeed())
	}
	var tasks sync.WaitGroup
	for range 32 {
		tasks.Go(func() { _ = get("/held") })
	}
	g.Eventually(at.Load, "10s").Should(BeEquivalentTo(32))
	close(release)
	tasks.Wait()
}

// TestUnaskedConnectionsLeaveRoom: net/http keeps connections that it opened for a request which then went over another.
func TestUnaskedConnectionsLeaveRoom(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = listener.Close() })
	dialer := gentle.NewDialer()
	for range 20 {
		connection, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		g.Expect(err).NotTo(HaveOccurred())
		defer connection.Close()
	}
}

// TestUnaskedConnectionsTeachNothing: a host that closes what is idle is not overloaded.
func TestUnaskedConnectionsTeachNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = listener.Close() })
	dialer := gentle.NewDialer()
	dial := func() net.Conn {
		connection, err := dialer.DialContext(t.Context(), "tcp", listener.Addr().String())
		g.Expect(err).NotTo(HaveOccurred())
		return connection
	}
	go func() { // closes every connection at once, until the listener is closed
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.Close()
		}
	}()
	for range 10 {
		g.Expect(dial().Close()).To(Succeed())
		idle := dial()
		_, err := idle.Read(make([]byte, 1))
		g.Expect(err).To(MatchError(io.EOF))
		g.Expect(idle.Close()).To(Succeed())
	}
	for range 8 { // as many as it begins with
		_, _ = io.WriteString(dial(), "question") // it may be closed already
	}
}
