package mock_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

func start(t *testing.T, addr string) *mock.Server {
	t.Helper()
	server, err := mock.Start(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestStartServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*mock.Server) error{
		"at once": (*mock.Server).Close,
		"gently":  func(s *mock.Server) error { return s.Shutdown(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			listening := start(t, "127.0.0.1:0")
			g.Expect(listening.URL()).To(HavePrefix("http://127.0.0.1:"))
			s := service{t: t, url: listening.URL(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
			g.Expect(s.send(s.request(http.MethodGet, mock.TestbedPath, nil)).status).To(Equal(http.StatusOK))

			g.Expect(stop(listening)).To(Succeed())

			g.Expect(listening.Wait()).To(Succeed())
			_, err := s.client.Do(s.request(http.MethodGet, mock.TestbedPath, nil))
			g.Expect(err).To(HaveOccurred())
		})
	}
}

func TestServesTLSWhereItHasACertificate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(start(t, "127.0.0.1:0").RootCAs()).To(BeNil())

	lender := httptest.NewTLSServer(nil)
	t.Cleanup(lender.Close)
	secure, err := mock.Serve("127.0.0.1:0", mock.NewService(), func(server *http.Server) {
		server.TLSConfig = &tls.Config{Certificates: lender.TLS.Certificates}
	})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(secure.Close()).To(Succeed()) })
	g.Expect(secure.URL()).To(HavePrefix("https://127.0.0.1:"))
	for major, http2 := range map[int]bool{1: false, 2: true} {
		trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: secure.RootCAs()}, ForceAttemptHTTP2: http2}}
		answer, err := trusting.Get(secure.URL() + mock.TestbedPath)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(answer.Body.Close()).To(Succeed())
		g.Expect(answer.StatusCode).To(Equal(http.StatusOK))
		g.Expect(answer.ProtoMajor).To(Equal(major))
		trusting.CloseIdleConnections()
	}
}

func TestURLCanBeCalledWhereTheHostIsUnspecified(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listening := start(t, ":0")
	g.Expect(listening.URL()).To(HavePrefix("http://localhost:"))
	s := service{t: t, url: listening.URL(), client: http.DefaultClient}
	g.Expect(s.send(s.request(http.MethodGet, mock.TestbedPath, nil)).status).To(Equal(http.StatusOK))
}

func TestStartReportsAnAddressInUse(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer taken.Close()
	server, err := mock.Start(taken.Addr().String())
	g.Expect(err).To(HaveOccurred())
	g.Expect(server).To(BeNil())
}

func TestOptionsOfTheWholeServerIsAnUnknownPath(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	address := strings.TrimPrefix(start(t, "127.0.0.1:0").URL(), "http://")
	got := exchangeRaw(t, address, "OPTIONS * HTTP/1.1\r\nHost: mock\r\n\r\n")
	expectError(g, got, http.StatusNotFound, string(api.CodeOperationFailedResourceNotFound))
}
