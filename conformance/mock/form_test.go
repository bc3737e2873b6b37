package mock_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// serving is a server of any handler, by its address.
func serving(t *testing.T, handler http.Handler, changes ...func(*http.Server)) string {
	t.Helper()
	server, err := mock.Serve("127.0.0.1:0", handler, changes...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	_, address, _ := strings.Cut(server.URL(), "://")
	return address
}

// TestWhatIsNoHTTPIsAnsweredByTheContractsForm goes through all that net/http answers without asking a handler.
func TestWhatIsNoHTTPIsAnsweredByTheContractsForm(t *testing.T) {
	t.Parallel()
	address := serving(t, mock.NewService())
	head := func(fields ...string) string {
		return "POST " + contract.Path + " HTTP/1.1\r\n" + strings.Join(append(fields, "", ""), "\r\n")
	}
	for name, row := range map[string]struct {
		request string
		status  int
		code    string
		message string
	}{
		"no request line":          {"\x00\r\n\r\n", 400, contract.WrongValue.Code, "400 Bad Request"},
		"a line of one word":       {"hello\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"a bad method":             {"G\x01T / HTTP/1.1\r\nHost: m\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"a bad path":               {"GET /%zz HTTP/1.1\r\nHost: m\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"a path with spaces":       {"GET /a b HTTP/1.1\r\nHost: m\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"no version":               {"GET /\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"a version of words":       {"GET / HTTP/one\r\nHost: m\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"a version to come":        {"GET / HTTP/3.0\r\nHost: m\r\n\r\n", 505, contract.WrongValue.Code, "unsupported protocol version"},
		"a version long gone":      {"GET / HTTP/0.9\r\nHost: m\r\n\r\n", 505, contract.WrongValue.Code, "unsupported protocol version"},
		"no host":                  {head(), 400, contract.WrongValue.Code, "missing required Host header"},
		"a bad host":               {head("Host: a b"), 400, contract.WrongValue.Code, "malformed Host header"},
		"two hosts":                {head("Host: m", "Host: n"), 400, contract.WrongValue.Code, ""},
		"a header without a colon": {head("Host: m", "nothing"), 400, contract.WrongValue.Code, ""},
		"a header with a space":    {head("Host: m", "X-A : b"), 400, contract.WrongValue.Code, "invalid header name"},
		"a folded header":          {head("Host: m", "X-A: b", "\x00"), 400, contract.WrongValue.Code, ""},
		"a control character":      {head("Host: m", "X-A: \x01"), 400, contract.WrongValue.Code, ""},
		"a header too large":       {head("Host: m", "X-A: "+strings.Repeat("a", http.DefaultMaxHeaderBytes+8<<10)), 431, contract.TooMany.Code, "Too Large"},
		"a negative length":        {head("Host: m", "Content-Length: -1"), 400, contract.WrongValue.Code, ""},
		"a length in words":        {head("Host: m", "Content-Length: ten"), 400, contract.WrongValue.Code, ""},
		"two lengths":              {head("Host: m", "Content-Length: 1", "Content-Length: 2"), 400, contract.WrongValue.Code, ""},
		"an unknown transfer":      {head("Host: m", "Transfer-Encoding: gzip"), 501, contract.WrongValue.Code, "Unsupported transfer encoding"},
		"an unknown expectation":   {head("Host: m", "Expect: tea"), 417, contract.WrongValue.Code, "Expectation Failed"},
		"a TLS handshake":          {"\x16\x03\x01\x00\xf0\x01\x00\x00\xec\x03\x03\r\n\r\n", 400, contract.WrongValue.Code, ""},
		"the preface of HTTP/2":    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404, contract.NoResource.Code, ""},
		"a tunnel":                 {"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n", 404, contract.NoResource.Code, ""},
		"a proxy's request":        {"GET http://other/ HTTP/1.1\r\nHost: other\r\n\r\n", 404, contract.NoResource.Code, ""},
		"chunks that are none":     {head("Host: m", "Content-Type: application/json", "X-ZC-Action: DeleteSnapshots", "Transfer-Encoding: chunked") + "x\r\n", 400, contract.WrongValue.Code, ""},
		"both length and chunks":   {head("Host: m", "Content-Type: application/json", "X-ZC-Action: DeleteSnapshots", "Content-Length: 5", "Transfer-Encoding: chunked") + "x\r\n", 400, contract.WrongValue.Code, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := exchangeRaw(t, address, row.request)
			expectError(g, got, row.status, row.code)
			g.Expect(string(got.text)).To(ContainSubstring(row.message))
			g.Expect(got.header).To(Or(HaveKey("Content-Length"), HaveKey("Connection")))
		})
	}
}

// TestWhatIsNoHTTPIsAnsweredAfterARequest that came over the same connection.
func TestWhatIsNoHTTPIsAnsweredAfterARequest(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	connection, err := net.Dial("tcp", serving(t, mock.NewService()))
	g.Expect(err).NotTo(HaveOccurred())
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for _, row := range []struct {
		request, said string
	}{
		{"GET " + mock.TestbedPath + " HTTP/1.1\r\nHost: m\r\n\r\n", `"states"`},
		{"GET /nowhere HTTP/1.1\r\nHost: m\r\n\r\n", contract.NoResource.Code},
		{"what?\r\n\r\n", contract.WrongValue.Code},
	} {
		_, err := io.WriteString(connection, row.request)
		g.Expect(err).NotTo(HaveOccurred())
		answer, err := http.ReadResponse(reader, nil)
		g.Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(answer.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(text)).To(ContainSubstring(row.said))
	}
	_, err = reader.ReadByte()
	g.Expect(err).To(MatchError(io.EOF))
}

// TestWhatNeverEndsIsGivenUp: a body that stops gets an answer, and a header that stops was never a request.
func TestWhatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	hasty := func(server *http.Server) {
		server.ReadHeaderTimeout, server.ReadTimeout = 50*time.Millisecond, 50*time.Millisecond
	}
	address := serving(t, mock.NewService(), hasty)
	head := "POST " + contract.Path + " HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nX-ZC-Action: DeleteSnapshots\r\n"
	for name, rest := range map[string]string{
		"a length": "Content-Length: 50\r\n\r\n{", "chunks": "Transfer-Encoding: chunked\r\n\r\n5\r\n{", "a promise": "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sendAndRead(t, address, head+rest)
			g := NewWithT(t)
			g.Expect(got).To(ContainSubstring("HTTP/1.1 400 Bad Request\r\n"))
			g.Expect(got).To(ContainSubstring(contract.WrongValue.Code))
		})
	}
	t.Run("a header", func(t *testing.T) {
		t.Parallel()
		NewWithT(t).Expect(sendAndRead(t, address, head)).To(BeEmpty())
	})
}

// TestAnswersOfHandlersAreLeftAlone, also where they look like what net/http says by itself.
func TestAnswersOfHandlersAreLeftAlone(t *testing.T) {
	t.Parallel()
	const own = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, handle := range map[string]http.HandlerFunc{
		"hijacked": func(w http.ResponseWriter, _ *http.Request) {
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, own)
		},
		"spelled out": func(w http.ResponseWriter, _ *http.Request) {
			header := w.Header()
			header["Date"] = nil
			header.Set("Content-Type", "text/plain; charset=utf-8")
			header.Set("Transfer-Encoding", "identity")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "400 Bad Request")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := sendAndRead(t, serving(t, handle), "GET / HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n")
			g.Expect(got).To(Equal(own))
		})
	}
	for name, handle := range map[string]http.HandlerFunc{
		"a file": func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) },
		"in pieces": func(w http.ResponseWriter, _ *http.Request) {
			for _, piece := range strings.SplitAfter(own, "\n") {
				_, _ = io.WriteString(w, piece)
				_ = http.NewResponseController(w).Flush()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := exchangeRaw(t, serving(t, handle), "GET / HTTP/1.1\r\nHost: m\r\n\r\n")
			NewWithT(t).Expect(string(got.text)).To(Equal(own))
		})
	}
	t.Run("an expectation that failed", func(t *testing.T) {
		t.Parallel()
		got := exchangeRaw(t, serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusExpectationFailed)
		})), "GET / HTTP/1.1\r\nHost: m\r\nConnection: close\r\n\r\n")
		NewWithT(t).Expect(got.text).To(BeEmpty())
	})
}

func sendAndRead(t *testing.T, address, request string) string {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, request); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(connection)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWhatIsNoHTTPIsAnsweredOverTLS, too, whatever was agreed on.
func TestWhatIsNoHTTPIsAnsweredOverTLS(t *testing.T) {
	t.Parallel()
	lender := httptest.NewTLSServer(nil)
	t.Cleanup(lender.Close)
	address := serving(t, mock.NewService(), func(server *http.Server) {
		server.TLSConfig = &tls.Config{Certificates: lender.TLS.Certificates}
	})
	roots := x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	for name, row := range map[string]struct {
		request string
		status  int
		code    string
	}{
		"no request line":        {"what is this?\r\n\r\n", 400, contract.WrongValue.Code},
		"no host":                {"GET / HTTP/1.1\r\n\r\n", 400, contract.WrongValue.Code},
		"an unknown transfer":    {"GET / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: gzip\r\n\r\n", 501, contract.WrongValue.Code},
		"an unknown expectation": {"GET / HTTP/1.1\r\nHost: m\r\nExpect: tea\r\n\r\n", 417, contract.WrongValue.Code},
		"a handler's answer":     {"GET /nowhere HTTP/1.1\r\nHost: m\r\n\r\n", 404, contract.NoResource.Code},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			for _, protocols := range [][]string{nil, {"http/1.1"}} {
				connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, NextProtos: protocols})
				g.Expect(err).NotTo(HaveOccurred())
				expectError(g, exchangeOver(t, connection, row.request), row.status, row.code)
			}
		})
	}
}

func TestPlainTextForATLSPortIsAnsweredByTheContractsForm(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lender := httptest.NewTLSServer(nil)
	t.Cleanup(lender.Close)
	address := serving(t, mock.NewService(), func(server *http.Server) {
		server.TLSConfig = &tls.Config{Certificates: lender.TLS.Certificates}
	})
	got := exchangeRaw(t, address, "GET / HTTP/1.1\r\nHost: m\r\n\r\n")
	expectRefusal(g, got, contract.WrongValue)
	g.Expect(string(got.text)).To(ContainSubstring("HTTPS"))
}

// TestServerKeepsTheHooksThatItIsGiven: its own come on top.
func TestServerKeepsTheHooksThatItIsGiven(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	type key struct{}
	states := make(chan http.ConnState, 10)
	address := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Context().Value(key{}))
	}), func(server *http.Server) {
		server.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, "kept") }
		server.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
	})
	got := exchangeRaw(t, address, "GET / HTTP/1.1\r\nHost: m\r\n\r\n")
	g.Expect(string(got.text)).To(Equal("kept"))
	g.Eventually(states).Should(Receive(Equal(http.StateIdle)))
}

// FuzzRawHTTP: whatever comes over a connection, what is answered is JSON, and an error of the contract or of the
// testbed protocol.
func FuzzRawHTTP(f *testing.F) {
	body := `{"snapshotIds": ["snap-1"]}`
	call := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: m\r\nContent-Type: application/json\r\nX-ZC-Action: %%s\r\nContent-Length: %d\r\n\r\n%s", contract.Path, len(body), body)
	for _, seed := range []string{
		"", "\r\n", "x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/2.0\r\nHost: m\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		fmt.Sprintf(call, contract.Action), fmt.Sprintf(call, "CreateSnapshot") + fmt.Sprintf(call, "DescribeSnapshots"),
		"GET " + mock.TestbedPath + " HTTP/1.1\r\nHost: m\r\n\r\n", "DELETE " + mock.TestbedPath + "/snapshots/%2F HTTP/1.1\r\nHost: m\r\n\r\n",
		"POST " + mock.TestbedPath + "/snapshots HTTP/1.1\r\nHost: m\r\nContent-Length: 31\r\n\r\n{\"state\": \"NORMAL\", \"count\": 1}",
		"POST / HTTP/1.1\r\nHost: m\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "GET / HTTP/1.1\r\nHost: m\r\nExpect: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: gzip\r\n\r\n", "\x16\x03\x01\x00\x05hello\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	var service atomic.Pointer[mock.Service] // another for each: what they make would add up
	server, err := mock.Serve("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { service.Load().ServeHTTP(w, r) }))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = server.Close() })
	address := strings.TrimPrefix(server.URL(), "http://")
	var number atomic.Uint32
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Contains(text, []byte("HEAD")) {
			t.Skip("what is answered to HEAD cannot be taken apart without knowing of it")
		}
		service.Store(mock.NewService())
		connection := dialFrom(t, number.Add(1), address)
		defer connection.Close()
		go func() {
			_, _ = connection.Write(text)
			_ = connection.CloseWrite()
		}()
		reader := bufio.NewReader(connection)
		for {
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				return // there are no more, or the connection is broken
			}
			said, err := io.ReadAll(answer.Body)
			if err == nil {
				judgeForm(t, answer, said)
			}
		}
	})
}

// dialFrom opens one of very many connections: each from an address of its own, since a port that was used is not free
// again for a minute. Where there is but one loopback address, it has to do.
func dialFrom(t *testing.T, number uint32, address string) *net.TCPConn {
	t.Helper()
	own := &net.TCPAddr{IP: net.IPv4(127, byte(number>>16), byte(number>>8), byte(number))}
	connection, err := (&net.Dialer{LocalAddr: own}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		connection, err = net.Dial("tcp", address)
	}
	if err != nil {
		t.Fatal(err)
	}
	return connection.(*net.TCPConn)
}

// judgeForm tells whether an answer has one of the forms that there are.
func judgeForm(t *testing.T, answer *http.Response, said []byte) {
	t.Helper()
	g := NewWithT(t)
	if answer.StatusCode == http.StatusContinue || answer.StatusCode == http.StatusNoContent {
		g.Expect(said).To(BeEmpty())
		return
	}
	g.Expect(answer.Header.Get("Content-Type")).To(Equal(contract.ContentType), "%s", said)
	var body map[string]any
	decodeStrictly(g, said, &body)
	switch {
	case answer.StatusCode < 300:
	case body["error"] != nil:
		g.Expect(body).To(HaveLen(1))
	default:
		g.Expect(body).To(And(HaveLen(3), HaveKeyWithValue(contract.FieldMessage, Not(BeEmpty()))))
		g.Expect(contract.UsualRequestID(body[contract.FieldRequestID].(string))).To(BeTrue())
		g.Expect(api.ErrorCode(body[contract.FieldCode].(string)).Valid()).To(BeTrue(), "%s", said)
	}
}
