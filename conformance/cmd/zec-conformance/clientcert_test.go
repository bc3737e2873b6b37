package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// guest is a client's certificate and its key, in files.
type guest struct {
	certificate *x509.Certificate
	cert, key   string
}

func newGuest(t *testing.T) guest {
	t.Helper()
	g := NewWithT(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	g.Expect(err).NotTo(HaveOccurred())
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "guest"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	g.Expect(err).NotTo(HaveOccurred())
	certificate, err := x509.ParseCertificate(der)
	g.Expect(err).NotTo(HaveOccurred())
	private, err := x509.MarshalPKCS8PrivateKey(key)
	g.Expect(err).NotTo(HaveOccurred())
	return guest{certificate, writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", private)}
}

func writePEM(t *testing.T, kind string, bytes []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file.pem")
	NewWithT(t).Expect(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600)).To(Succeed())
	return path
}

// serveGuests serves an implementation with its testbed to those alone who show a certificate, and gives its URL
// and the flags that it is trusted by.
func serveGuests(t *testing.T, implementation http.Handler, invited guest, requests *atomic.Int64) (url string, trust []string) {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		implementation.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of callers that nobody invited
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()}
	server.TLS.ClientCAs.AddCert(invited.certificate)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL, []string{"--cacert", writePEM(t, "CERTIFICATE", server.Certificate().Raw), "--label-filter", "REQ-1 || ERR-1"}
}

func TestACertificateIsShownWhereOneIsAskedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	invited, stranger := newGuest(t), newGuest(t)
	var requests atomic.Int64
	implementation := mock.NewService()
	url, trust := serveGuests(t, implementation, invited, &requests)
	open := serve(t, func(http.Handler) http.Handler { return implementation })
	both := append([]string{"--endpoint", url, "--testbed", mock.TestbedPath}, trust...)
	endpoint := append([]string{"--endpoint", url, "--testbed", open.URL + mock.TestbedPath}, trust...)

	for name, more := range map[string][]string{
		"no certificate":        nil,
		"another's certificate": {"--cert", stranger.cert, "--key", stranger.key},
	} {
		for reason, flags := range map[string][]string{"the testbed cannot be asked": both, "the endpoint cannot be reached": endpoint} {
			got := judge(t, nil, append(flags, more...)...)
			got.complaint(g)
			g.Expect(got.err).To(And(ContainSubstring(reason), ContainSubstring("certificate")), name)
			g.Expect(requests.Load()).To(BeZero(), name)
		}
	}

	for _, flags := range [][]string{both, endpoint} {
		got := judge(t, nil, append(flags, "--cert", invited.cert, "--key", invited.key)...)
		g.Expect(got.status).To(BeZero(), got.err)
	}
	g.Expect(requests.Load()).To(BeNumerically(">", 0))
}

func TestACertificateThatIsOfNoUseIsToldInOneLine(t *testing.T) {
	t.Parallel()
	target := serve(t)
	one, other := newGuest(t), newGuest(t)
	secret := func(path string) string {
		text, err := os.ReadFile(path)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		return strings.Split(string(text), "\n")[1]
	}
	locked := writePEM(t, "ENCRYPTED PRIVATE KEY", []byte(hidden))
	lockedOld := filepath.Join(t.TempDir(), "old.pem")
	if err := os.WriteFile(lockedOld, []byte("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\naHVudGVyMg==\n-----END EC PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	nonsense := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(nonsense, []byte(hidden), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, usage := range map[string]struct {
		flags []string
		mend  string
	}{
		"a certificate alone":        {[]string{"--cert", one.cert}, "give both, or neither"},
		"a key alone":                {[]string{"--key", one.key}, "give both, or neither"},
		"a certificate in no file":   {[]string{"--cert", filepath.Join(t.TempDir(), "none"), "--key", one.key}, "--cert"},
		"a key in no file":           {[]string{"--cert", one.cert, "--key", filepath.Join(t.TempDir(), "none")}, "no such file or directory); give a PEM file of a private key"},
		"a key in a folder":          {[]string{"--cert", one.cert, "--key", t.TempDir()}, "give a PEM file of a private key"},
		"no paths":                   {[]string{"--cert", "", "--key", ""}, "give a PEM file"},
		"another's key":              {[]string{"--cert", one.cert, "--key", other.key}, "give two files that belong together"},
		"the wrong way round":        {[]string{"--cert", one.key, "--key", one.cert}, "give two files that belong together"},
		"a key that is none":         {[]string{"--cert", one.cert, "--key", nonsense}, "give two files that belong together"},
		"a locked key":               {[]string{"--cert", one.cert, "--key", locked}, "decrypt it"},
		"a key locked in an old way": {[]string{"--cert", one.cert, "--key", lockedOld}, "decrypt it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"run"}, target.flags(usage.flags...)...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			for _, text := range []string{hidden, "aHVudGVyMg", secret(one.key), secret(other.key)} {
				g.Expect(got.err).NotTo(ContainSubstring(text))
			}
			g.Expect(target.requests.Load()).To(BeZero())
		})
	}
}
