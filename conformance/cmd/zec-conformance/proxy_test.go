package main

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// The proxy's user, and how its password is spelled in a URL.
const (
	proxyUser     = "porter"
	proxyPassword = "s%C3%A9same-ouvre-toi"
)

// recordingProxy passes everything on to one server, whatever host was meant, and keeps what it saw.
type recordingProxy struct {
	*httptest.Server
	to     string // host and port
	refuse bool   // whether it lets nobody through, and repeats what it was told

	mu   sync.Mutex
	seen bytes.Buffer
}

func serveProxy(t *testing.T, to string, refuse bool) *recordingProxy {
	t.Helper()
	p := &recordingProxy{to: strings.TrimPrefix(strings.TrimPrefix(to, "http://"), "https://"), refuse: refuse}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// url is how the environment names the proxy.
func (p *recordingProxy) url() string {
	return strings.Replace(p.URL, "http://", "http://"+proxyUser+":"+proxyPassword+"@", 1)
}

// Write keeps what went through a tunnel.
func (p *recordingProxy) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.Write(text)
}

func (p *recordingProxy) saw() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen.String()
}

func (p *recordingProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	whole, _ := httputil.DumpRequest(r, r.Method != http.MethodConnect)
	_, _ = p.Write(whole)
	switch {
	case p.refuse:
		told := r.Header.Get("Proxy-Authorization")
		connection, _, _ := http.NewResponseController(w).Hijack()
		fmt.Fprintf(connection, "HTTP/1.1 407 %[1]s %[2]s\r\nX-Told: %[1]s\r\nContent-Length: %[3]d\r\nConnection: close\r\n\r\n%[1]s", told, p.url(), len(told))
		_ = connection.Close()
	case r.Method == http.MethodConnect:
		server, err := net.Dial("tcp", p.to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		client, sent, _ := http.NewResponseController(w).Hijack()
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(client, server)
			_ = client.Close()
		}()
		_, _ = io.Copy(io.MultiWriter(server, p), sent)
		_ = server.Close()
	default:
		r.Header.Del("Proxy-Authorization")
		forward := httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Host = p.to }}
		forward.ServeHTTP(w, r)
	}
}

// through runs the command in a process of its own, since net/http reads its proxies once.
func through(g *WithT, environment variables, args ...string) outcome {
	command := exec.Command(os.Args[0], append([]string{"run", "--effort", "quick", "--linger", "0", "--quiet", "--label-filter", "REQ-1 || ERR-1 || CONC-1"}, args...)...)
	command.Env = append(os.Environ(), asCommand+"=1", "NO_PROXY=", "no_proxy=", "HTTP_PROXY=", "http_proxy=", "HTTPS_PROXY=", "https_proxy=")
	for name, value := range environment {
		command.Env = append(command.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	_ = command.Run() // its exit status says it
	g.Expect(command.ProcessState).NotTo(BeNil())
	return outcome{command.ProcessState.ExitCode(), out.String(), errs.String()}
}

// discreet sees that the proxy's password is nowhere, in whatever spelling.
func discreet(g *WithT, texts ...string) {
	for _, text := range texts {
		for _, secret := range []string{proxyPassword, "sésame-ouvre-toi", "cG9ydGVyOnPDqXNhbWUtb3V2cmUtdG9p", `s\u00e9same`} {
			g.Expect(strings.ToLower(text)).NotTo(ContainSubstring(strings.ToLower(secret)))
		}
	}
}

func TestAProxyOfTheEnvironmentIsUsed(t *testing.T) {
	t.Parallel()
	implementation := mock.NewService()
	plain := httptest.NewServer(implementation)
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(implementation)
	t.Cleanup(secure.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	NewWithT(t).Expect(os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600)).To(Succeed())

	t.Run("in plain text", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		proxy := serveProxy(t, plain.URL, false)
		path := filepath.Join(t.TempDir(), "report.json")
		got := through(g, variables{"HTTP_PROXY": proxy.url(), "ZENLAYER_TOKEN": hidden}, "--endpoint", "http://api.invalid",
			"--testbed", mock.TestbedPath, "--allow-plaintext", "--report", "json="+path)
		g.Expect(got.status).To(BeZero(), got.err)
		g.Expect(proxy.saw()).To(And(ContainSubstring("POST http://api.invalid"+contract.Path), ContainSubstring("Proxy-Authorization: Basic ")))
		written, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		discreet(g, got.out, got.err, string(written))
	})
	t.Run("over TLS", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		proxy := serveProxy(t, secure.URL, false)
		got := through(g, variables{"HTTPS_PROXY": proxy.url(), "ZENLAYER_TOKEN": hidden},
			"--endpoint", "https://example.com", "--testbed", mock.TestbedPath, "--cacert", ca) // the certificate is for that host
		g.Expect(got.status).To(BeZero(), got.err)
		g.Expect(proxy.saw()).To(And(ContainSubstring("CONNECT example.com:443"), ContainSubstring("Proxy-Authorization: Basic ")))
		for _, secret := range []string{hidden, "Bearer", contract.FieldSnapshotIDs, contract.Path, contract.HeaderAction} {
			g.Expect(proxy.saw()).NotTo(ContainSubstring(secret))
		}
		discreet(g, got.out, got.err)
	})
	t.Run("never for this machine", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		proxy := serveProxy(t, plain.URL, false)
		for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST"} {
			got := through(g, variables{"HTTP_PROXY": proxy.url(), "ZENLAYER_TOKEN": hidden},
				"--endpoint", strings.Replace(plain.URL, "127.0.0.1", host, 1), "--testbed", mock.TestbedPath)
			g.Expect(got.status).To(BeZero(), "%s %s", host, got.err)
			g.Expect(proxy.saw()).To(BeEmpty())
		}
	})
}

func TestAProxyThatIsOfNoUseKeepsItsPassword(t *testing.T) {
	t.Parallel()
	refusing := serveProxy(t, "", true)
	gone := strings.Replace(deaf(t), "http://", "http://"+proxyUser+":"+proxyPassword+"@", 1)
	for name, trial := range map[string]struct {
		proxy, endpoint, says string
	}{
		"it is gone":                    {gone, "http://api.invalid", "refused"},
		"it is gone, over TLS":          {gone, "https://api.invalid", "refused"},
		"it lets nobody in":             {refusing.url(), "http://api.invalid", "407"},
		"it lets nobody in, over TLS":   {refusing.url(), "https://api.invalid", "REDACTED"},
		"it cannot be read":             {"http://" + proxyUser + ":" + proxyPassword + "@[", "http://api.invalid", "_PROXY holds no URL of a proxy that can be read"},
		"it cannot be read, but no one": {proxyUser + ":" + proxyPassword + "@[\x7f", "https://api.invalid", "_PROXY holds no URL of a proxy that can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "report.json")
			got := through(g, variables{"HTTP_PROXY": trial.proxy, "HTTPS_PROXY": trial.proxy},
				"--endpoint", trial.endpoint, "--testbed", mock.TestbedPath, "--report", "json="+path)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(trial.says))
			written, _ := os.ReadFile(path) // there is none where nothing was tried
			discreet(g, got.out, got.err, string(written))
		})
	}
	t.Run("it lets the testbed alone be reached", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		sound := serve(t)
		path := filepath.Join(t.TempDir(), "report.json")
		got := through(g, variables{"HTTP_PROXY": refusing.url()}, "--endpoint", "http://api.invalid", "--testbed", sound.URL+mock.TestbedPath, "--report", "json="+path)
		g.Expect(got.status).To(Equal(1), got.err) // all that the implementation is heard to say
		g.Expect(got.out).To(ContainSubstring("REDACTED"))
		written, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		discreet(g, got.out, got.err, string(written))
	})
}
