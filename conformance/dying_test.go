package conformance_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/walk"
)

// mortal answers so many requests of the random walks, and then is gone: nobody listens any more, and whoever waits for
// an answer is cut off.
func mortal(t *testing.T, answered int64) *httptest.Server {
	t.Helper()
	var server *httptest.Server
	var asked atomic.Int64
	var die sync.Once
	server = httptest.NewServer(bend(func(b *bent, c *call) {
		if c.request.Header.Get(contract.HeaderRequestClient) != walkCheck || asked.Add(1) <= answered {
			b.pass(c)
			return
		}
		die.Do(func() {
			_ = server.Listener.Close() // the first to close it
			go server.CloseClientConnections()
		})
		<-c.request.Context().Done()
	}))
	t.Cleanup(server.Close)
	return server
}

// TestATargetThatDiesOnAWalkIsNotJudged has the testbed die with it, or live on.
func TestATargetThatDiesOnAWalkIsNotJudged(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]string{"in a walk alone": onlyWalks, "in a whole run": ""} {
		for _, together := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " with its testbed", false: ""}[together], func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				dying := mortal(t, 20)
				bed := dying.URL
				if !together {
					bed = standIn(t, dying)
				}
				result := judge(t, nil, func(config *conformance.Config) {
					config.Handler, config.Endpoint, config.Testbed = nil, dying.URL, bed+mock.TestbedPath
					config.Filter = filter
				})
				g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
				g.Expect(failed(result)).To(BeEmpty())
				if !together {
					g.Expect(result.Reason).To(ContainSubstring("stopped answering"))
				}
				g.Expect(result.Walk).NotTo(BeNil(), result.Reason)
				steps, err := walk.Parse(result.Walk.Steps)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(len(result.Walk.Story)).To(BeNumerically(">=", len(steps))) // with the looks at the end
				for i, step := range steps {
					g.Expect(result.Walk.Story[i]).To(HavePrefix(step.String() + " → "))
				}
				g.Expect(result.Walk.Story[len(result.Walk.Story)-1]).To(Or(HaveSuffix(" → no outcome"), ContainSubstring(" → no answer: ")))
				satisfiesTheSchema(t, result)
			})
		}
	}
}

// standIn serves the testbed of an implementation at another address, where it lives on.
func standIn(t *testing.T, of *httptest.Server) (url string) {
	t.Helper()
	server := httptest.NewServer(of.Config.Handler)
	t.Cleanup(server.Close)
	return server.URL
}

// TestATargetThatDropsARequestAndLivesIsJudged has the first request of the walks dropped, however often it is made.
func TestATargetThatDropsARequestAndLivesIsJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var first atomic.Pointer[[]byte]
	result := judge(t, bend(func(b *bent, c *call) {
		if c.request.Header.Get(contract.HeaderRequestClient) == walkCheck {
			first.CompareAndSwap(nil, &c.body)
			if bytes.Equal(*first.Load(), c.body) {
				panic(http.ErrAbortHandler)
			}
		}
		b.pass(c)
	}), func(config *conformance.Config) { config.Filter = onlyWalks })
	g.Expect(result.Verdict).To(Equal(report.NotConformant), result.Reason)
	g.Expect(failed(result)).To(ContainElement("ENV-5"))
	g.Expect(result.Walk).To(BeNil(), "the run went on")
	satisfiesTheSchema(t, result)
}

// satisfiesTheSchema holds a report of a real run against the schema that is published.
func satisfiesTheSchema(t *testing.T, result *report.Report) {
	t.Helper()
	g := NewWithT(t)
	var text bytes.Buffer
	g.Expect(result.WriteJSON(&text)).To(Succeed())
	g.Expect(fortest.Fits(fortest.Schema(t, report.Schema), text.Bytes())).To(Succeed())
}
