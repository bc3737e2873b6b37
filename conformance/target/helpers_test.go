package target_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

const success = `{"requestId":"T1","response":{"requestId":"T1","snapshotIds":[]}}`

// long is more than any test takes. What ends by it has hung.
const long = time.Minute

// serve puts a handler on a loopback port and gives its base URL.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// serveConnections takes connections, each in a goroutine of its own, and gives the base URL. A connection is closed when
// speak returns.
func serveConnections(t *testing.T, speak func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				speak(connection)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// serveBytes answers every connection with bytes that net/http would not send, and gives the base URL. The connection
// is closed when speak returns.
func serveBytes(t *testing.T, speak func(io.Writer)) string {
	t.Helper()
	return serveConnections(t, func(connection net.Conn) {
		// Read first: closing a connection with unread bytes would reset it, and lose the answer.
		if request, err := http.ReadRequest(bufio.NewReader(connection)); err == nil {
			_, _ = io.Copy(io.Discard, request.Body)
		}
		speak(connection)
	})
}

func reached(t testing.TB, base string, edits ...func(*target.Config)) *target.Target {
	t.Helper()
	endpoint, err := reach.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	config := target.Config{Endpoint: endpoint, Timeout: long, Patience: long}
	for _, edit := range edits {
		edit(&config)
	}
	return target.New(config)
}

func within(timeout time.Duration) func(*target.Config) {
	return func(c *target.Config) { c.Timeout = timeout }
}

func patient(patience time.Duration) func(*target.Config) {
	return func(c *target.Config) { c.Patience = patience }
}
