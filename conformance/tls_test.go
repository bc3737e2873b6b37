package conformance_test

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// secured serves the mock over TLS, with HTTP/2 on top, and gives the versions of HTTP that its API was called by.
func secured(t *testing.T) (config conformance.Config, versions *sync.Map) {
	t.Helper()
	implementation := mock.NewService()
	versions = new(sync.Map)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == contract.Path {
			versions.Store(r.ProtoMajor, true)
		}
		implementation.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of callers that do not trust it
	server.StartTLS()
	t.Cleanup(server.Close)
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return conformance.Config{
		Endpoint: server.URL, Testbed: server.URL + mock.TestbedPath, Trust: reach.Trust{Roots: pool},
		Seed: 1, Effort: conformance.Quick, Linger: time.Millisecond, Filter: "REQ-1 || CONC-1 || CONC-2 || ERR-1",
	}, versions
}

func TestHTTP2IsSpokenWhereItIsOffered(t *testing.T) {
	g := NewWithT(t)
	config, versions := secured(t)
	result, err := conformance.Run(t.Context(), config)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.Verdict).To(Equal(report.Conformant))
	versions.Range(func(version, _ any) bool {
		g.Expect(version).To(Equal(2))
		return true
	})
}

// TestAnEndpointThatCannotBeTrustedIsNotJudged: nothing was said by the implementation, so nothing is said about it.
func TestAnEndpointThatCannotBeTrustedIsNotJudged(t *testing.T) {
	g := NewWithT(t)
	config, versions := secured(t)
	plain := httptest.NewServer(mock.NewService())
	t.Cleanup(plain.Close)
	config.Testbed, config.Trust = plain.URL+mock.TestbedPath, reach.Trust{}
	for endpoint, reason := range map[string]string{
		config.Endpoint: "certificate signed by unknown authority",
		strings.Replace(plain.URL, "http:", "https:", 1): "does not look like a TLS handshake",
	} {
		config.Endpoint = endpoint
		result, err := conformance.Run(t.Context(), config)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
		g.Expect(result.Reason).To(And(ContainSubstring("the endpoint cannot be reached"), ContainSubstring(reason)))
	}
	versions.Range(func(any, any) bool {
		g.Expect(true).To(BeFalse(), "the API was called")
		return false
	})
}
