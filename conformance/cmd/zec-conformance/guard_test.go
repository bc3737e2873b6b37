package main

import (
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
)

func TestWhatCannotBeTakenBackIsAskedFor(t *testing.T) {
	t.Parallel()
	target := serve(t)
	production := "https://" + contract.Host
	for name, usage := range map[string]struct {
		flags []string
		mend  string
	}{
		"credentials in plain text":      {[]string{"--endpoint", "http://staging.invalid", "--testbed", target.URL}, "--allow-plaintext"},
		"credentials, a testbed by them": {[]string{"--endpoint", "http://staging.invalid", "--testbed", "zec:disk-1"}, "--allow-plaintext"},
		"production":                     {[]string{"--endpoint", production, "--testbed", target.URL}, "a run makes snapshots there and deletes those, and no others; give --yes-delete-snapshots-on " + contract.Host},
		"production, another host":       {[]string{"--endpoint", production, "--testbed", target.URL, "--yes-delete-snapshots-on", "staging.invalid"}, "--yes-delete-snapshots-on " + contract.Host},
		"production, without a host":     {[]string{"--endpoint", production, "--testbed", target.URL, "--yes-delete-snapshots-on", ""}, "--yes-delete-snapshots-on " + contract.Host},
		"a testbed in production":        {target.flagsWith(production), "--yes-delete-snapshots-on " + contract.Host},
		"a host of nobody":               {target.flags("--yes-delete-snapshots-on", "staging.invalid"), "names the host of no endpoint"},
		"a host of nobody, empty":        {target.flags("--yes-delete-snapshots-on", ""), "names the host of no endpoint"},
		"a host of the mock":             {[]string{"--yes-delete-snapshots-on", "127.0.0.1"}, "names the host of no endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := judge(t, variables{"ZENLAYER_TOKEN": hidden}, usage.flags...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.err).NotTo(ContainSubstring(hidden))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(target.requests.Load()).To(BeZero())
		})
	}
	t.Run("a plan sends nothing, and needs no consent", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		for _, base := range []string{production, "http://staging.invalid"} {
			got := call(t, variables{"ZENLAYER_TOKEN": hidden}, "plan", "--effort", "quick", "--label-filter", "REQ-1", "--endpoint", base, "--testbed", "/testbed/v1")
			g.Expect(got.status).To(BeZero(), got.err)
			g.Expect(got.out).To(ContainSubstring("checks are carried out"))
		}
	})
	t.Run("a host that is there need not be in production", func(t *testing.T) {
		t.Parallel()
		got := judge(t, nil, serve(t).flags("--yes-delete-snapshots-on", "127.0.0.1", "--label-filter", "REQ-1")...)
		NewWithT(t).Expect(got.status).To(BeZero(), got.err)
	})
}

func (s *served) flagsWith(testbed string) []string {
	return []string{"--endpoint", s.URL, "--testbed", testbed}
}

// TestNoTestbedIsGivenCredentials, and none that stands beside the endpoint either.
func TestNoTestbedIsGivenCredentials(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var signed, leaked atomic.Int64
	target := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get(contract.HeaderAuthorization) != "" {
				if r.URL.Path == contract.Path {
					signed.Add(1)
				} else {
					leaked.Add(1)
				}
			}
			next.ServeHTTP(w, r)
		})
	})
	got := judge(t, variables{"ZENLAYER_TOKEN": hidden}, "--endpoint", target.URL, "--testbed", mock.TestbedPath, "--label-filter", "REQ-1")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(signed.Load()).To(BeNumerically(">", 0))
	g.Expect(leaked.Load()).To(BeZero())
}

// TestARunHasATime is not parallel: runs in one process take turns, and the wait would count.
func TestARunHasATime(t *testing.T) {
	g := NewWithT(t)
	target, never := serveStuck(t), serve(t)
	begun := time.Now()
	got := call(t, nil, append([]string{"run", "--quiet", "--run-timeout", "3s"}, target.flags()...)...)
	g.Expect(time.Since(begun)).To(BeNumerically("<", 20*time.Second), "nothing is waited for any more")
	target.interrupted(g, got)
	g.Expect(got.err).To(ContainSubstring("the time for the whole run is over (3s)"))

	got = call(t, nil, append([]string{"run", "--quiet", "--run-timeout", "1ms"}, endpoints(target.served, never)...)...)
	g.Expect(got.status).To(Equal(2))
	g.Expect(got.err).To(ContainSubstring(never.URL + " was not judged: the time for the whole run is over (1ms)"))
	g.Expect(never.requests.Load()).To(BeZero())

	got = judge(t, nil, serve(t).flags("--run-timeout", "10m", "--label-filter", "REQ-1")...)
	g.Expect(got.status).To(BeZero(), got.err)
	for _, none := range []string{"0", "-1s"} {
		got = judge(t, nil, never.flags("--run-timeout", none)...)
		got.complaint(g)
		g.Expect(got.err).To(ContainSubstring("give one such as 10m"))
	}
}

// TestEveryPlaceIsJudged: a unix socket, IPv6, a path below the endpoint, HTTP/2 without encryption.
func TestEveryPlaceIsJudged(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("", "zec") // a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	serveAt := func(t *testing.T, network, address string, http2 bool) net.Addr {
		listener, err := net.Listen(network, address)
		if err != nil {
			t.Skipf("nothing can listen there: %s", err)
		}
		server := httptest.NewUnstartedServer(http.StripPrefix("/gateway", mock.NewService()))
		_ = server.Listener.Close()
		server.Listener = listener
		server.Config.Protocols = new(http.Protocols)
		server.Config.Protocols.SetHTTP1(!http2)
		server.Config.Protocols.SetUnencryptedHTTP2(http2)
		server.Start()
		t.Cleanup(server.Close)
		return listener.Addr()
	}
	for name, place := range map[string]struct {
		network, address, before, after string
		flags                           []string
	}{
		"a unix socket":     {network: "unix", address: filepath.Join(folder, "socket"), before: "unix:", after: ":/gateway"},
		"IPv6":              {network: "tcp", address: "[::1]:0", before: "http://", after: "/gateway/"},
		"HTTP/2":            {network: "tcp", address: "127.0.0.1:0", before: "http://", after: "/gateway", flags: []string{"--http2"}},
		"HTTP/2 and a unix": {network: "unix", address: filepath.Join(folder, "socket2"), before: "unix:", after: ":/gateway", flags: []string{"--http2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			endpoint := place.before + serveAt(t, place.network, place.address, place.flags != nil).String() + place.after
			for _, testbed := range []string{mock.TestbedPath, strings.TrimSuffix(endpoint, "/") + mock.TestbedPath} {
				got := judge(t, variables{"ZENLAYER_TOKEN": hidden}, append(place.flags, "--endpoint", endpoint, "--testbed", testbed, "--label-filter", "REQ-1 || ERR-1 || CONC-1")...)
				g.Expect(got.status).To(BeZero(), got.err)
				g.Expect(got.out).To(ContainSubstring(strings.TrimSuffix(endpoint, "/") + mock.TestbedPath))
			}
		})
	}
}

// TestAnEndpointThatSpeaksHTTP2IsNoHintAboutTheTestbed, which may be anything elsewhere.
func TestAnEndpointThatSpeaksHTTP2IsNoHintAboutTheTestbed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	implementation := mock.NewService()
	endpoint := httptest.NewUnstartedServer(implementation)
	endpoint.Config.Protocols = new(http.Protocols)
	endpoint.Config.Protocols.SetUnencryptedHTTP2(true)
	endpoint.Start()
	t.Cleanup(endpoint.Close)
	elsewhere := serve(t, func(http.Handler) http.Handler { return implementation })
	got := judge(t, nil, "--http2", "--endpoint", endpoint.URL, "--testbed", elsewhere.URL+mock.TestbedPath, "--label-filter", "REQ-1")
	g.Expect(got.status).To(BeZero(), got.err)
}
