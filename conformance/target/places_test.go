package target_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// TestEveryPlaceIsReached, by the target and again by the line that a failure gives for curl.
func TestEveryPlaceIsReached(t *testing.T) {
	t.Parallel()
	_, noCurl := exec.LookPath("curl")
	folder, err := os.MkdirTemp("", "it's a") // a test's own folder is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "socket")
	for name, place := range map[string]struct {
		network, address string
		base             func(address string) string
		path             string // of the base, as it is sent
		http2            bool
	}{
		"a unix socket":             {network: "unix", address: socket, base: func(s string) string { return "unix:" + s }},
		"a unix socket and a path":  {network: "unix", address: socket + "2", base: func(s string) string { return "unix:" + s + ":/gate%2Fway/" }, path: "/gate%2Fway"},
		"a unix socket and HTTP/2":  {network: "unix", address: socket + "3", base: func(s string) string { return "unix:" + s }, http2: true},
		"IPv6":                      {network: "tcp", address: "[::1]:0", base: func(a string) string { return "http://" + a }},
		"IPv6 with a zone":          {network: "tcp", address: "[::1]:0", base: func(a string) string { return "http://" + strings.Replace(a, "]", "%25lo]", 1) }},
		"a path":                    {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a + "/gateway" }, path: "/gateway"},
		"a path with a slash":       {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a + "/gateway/" }, path: "/gateway"},
		"a path with escapes":       {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a + "/a%2Fb%20c/%7e/%C3%A9" }, path: "/a%2Fb%20c/%7e/%C3%A9"},
		"a path without escapes":    {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a + "/é b" }, path: "/%C3%A9%20b"},
		"a path with patterns":      {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a + "/[1-3]" }, path: "/[1-3]"},
		"HTTP/2 without encryption": {network: "tcp", address: "127.0.0.1:0", base: func(a string) string { return "http://" + a }, http2: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			listener, err := net.Listen(place.network, place.address)
			if err != nil && strings.Contains(name, "IPv6") {
				t.Skipf("there is no IPv6 here: %s", err)
			}
			g.Expect(err).NotTo(HaveOccurred())
			var requests []*http.Request
			var signed []error
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if len(requests) < 3 { // curl has no key
					signed = append(signed, (signing.Credentials{KeyID: "key", Secret: "hush"}).Verify(r, body, time.Now()))
				}
				requests = append(requests, r) // one after the other
				_, _ = io.WriteString(w, success)
			}), Protocols: new(http.Protocols)}
			server.Protocols.SetHTTP1(!place.http2)
			server.Protocols.SetUnencryptedHTTP2(place.http2)
			go func() { _ = server.Serve(listener) }() // until it is closed
			t.Cleanup(func() { _ = server.Close() })
			to := reached(t, place.base(listener.Addr().String()), func(c *target.Config) {
				c.Credentials.KeyID, c.Credentials.Secret = "key", "hush"
				if place.http2 {
					c.Endpoint = c.Endpoint.HTTP2()
				}
			})
			for _, reuse := range []bool{false, true} {
				e := to.Send(t.Context(), target.Request{Body: valid.Body, Reuse: reuse})
				g.Expect(e.Err).NotTo(HaveOccurred())
			}
			e := to.Send(t.Context(), valid)
			if noCurl == nil {
				output, err := exec.CommandContext(t.Context(), "sh", "-c", e.Curl()).CombinedOutput()
				g.Expect(err).NotTo(HaveOccurred(), "%s\n%s", e.Curl(), output)
				g.Expect(requests).To(HaveLen(4))
			}
			g.Expect(signed).To(HaveLen(3))
			g.Expect(signed).To(HaveEach(BeNil()))
			for _, r := range requests {
				g.Expect(r.RequestURI).To(Equal(place.path + contract.Path))
				g.Expect(r.Host).To(Equal(requests[0].Host))
				g.Expect(r.Host).NotTo(ContainSubstring("%"))
				g.Expect(r.ProtoMajor == 2).To(Equal(place.http2))
			}
		})
	}
}
