package conformance_test

import (
	"bytes"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// notes is what several goroutines log.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(line)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// TestTheLogHasNoSecretInIt, though a target goes on after its answer. It is not parallel, since there is one log.
func TestTheLogHasNoSecretInIt(t *testing.T) {
	g := NewWithT(t)
	written, before := &notes{}, log.Writer()
	log.SetOutput(written)
	defer log.SetOutput(before)

	credentials := signing.Credentials{KeyID: "hush-hush-id", Secret: "hush-hush-secret"}
	implementation := mock.NewService()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != contract.Path {
			implementation.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		implementation.ServeHTTP(answer, r)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = fmt.Fprintf(connection, "HTTP/1.1 %d -\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%sHTTP/1.1 200 %s %s\r\n\r\n",
			answer.Code, contract.ContentType, answer.Body.Len(), answer.Body, r.Header.Get(contract.HeaderAuthorization), credentials.Secret)
	}))
	defer server.Close()
	_, err := conformance.Run(t.Context(), conformance.Config{
		Endpoint: server.URL, Testbed: server.URL + mock.TestbedPath, Credentials: credentials,
		Effort: conformance.Quick, Linger: time.Millisecond, Filter: "ERR-1",
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(written.String()).To(ContainSubstring("REDACTED"), "nothing was logged")
	g.Expect(written.String()).NotTo(Or(ContainSubstring("hush"), MatchRegexp("[0-9a-f]{64}")))
	g.Expect(log.Writer() == written).To(BeTrue())
}
