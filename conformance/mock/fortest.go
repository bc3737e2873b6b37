package mock

import (
	"context"
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// T is the test that a mock is for: a *testing.T, a *testing.B, or what GinkgoT gives.
type T interface {
	Helper()
	Cleanup(do func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Mock is a service that runs for one test. It shares nothing with any other.
type Mock struct {
	*Service
	server *Server
	http   *http.Client
}

// New serves the mock on a loopback port until the test is over. Then the test fails if requests broke rules for callers,
// save those that Tolerate names: see the package callers. A test may have several, and be one of many at the same time.
func New(t T, changes ...Option) *Mock {
	t.Helper()
	service := NewService(changes...)
	for _, id := range service.history.callers.tolerated {
		if _, known := contract.CallerRuleByID(id); !known {
			t.Fatalf("mock.Tolerate: there is no rule %s for callers", id)
		}
	}
	server, err := Serve("127.0.0.1:0", service)
	if err != nil {
		t.Fatalf("the mock cannot listen on a loopback port: %v", err)
	}
	m := &Mock{Service: service, server: server, http: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		t.Helper()
		m.http.CloseIdleConnections()
		_ = server.Close()
		m.judge(t)
	})
	return m
}

func (m *Mock) judge(t T) {
	t.Helper()
	broken, unbroken := m.Untolerated()
	if len(broken.Broken) > 0 {
		t.Errorf("the client breaks rules for callers (what it has to break, mock.Tolerate lets it break):\n%s", broken)
	}
	for _, id := range unbroken {
		t.Logf("mock.Tolerate(%q): nothing broke this rule", id)
	}
}

// Tolerate lets requests break rules, by their ids such as "CALL-5", without failing the test of New. They are counted all
// the same. That a rule is not broken fails no test, since that may be a matter of chance; it is logged.
func Tolerate(rules ...string) Option {
	return func(o *options) { o.tolerated = append(o.tolerated, rules...) }
}

// TolerateAll lets requests break all rules, where a test is about something else.
func TolerateAll() Option { return func(o *options) { o.tolerateAll = true } }

// URL is the base that contract.Path and TestbedPath are appended to.
func (m *Mock) URL() string { return m.server.URL() }

// Client is a generated client of the mock. It says the version and the time with every request, so that nothing is left to
// do to be right; changes come after that, such as signing.Credentials.Option, which has it sign.
func (m *Mock) Client(changes ...api.ClientOption) *api.ClientWithResponses {
	client, err := api.NewClientWithResponses(m.URL(), append([]api.ClientOption{
		api.WithHTTPClient(m.http), api.WithRequestEditorFn(sayVersion), signing.Credentials{}.Option(),
	}, changes...)...)
	if err != nil {
		panic(err)
	}
	return client
}

// sayVersion leaves a version that the call gives alone.
func sayVersion(_ context.Context, request *http.Request) error {
	if request.Header.Get(contract.HeaderVersion) == "" {
		request.Header.Set(contract.HeaderVersion, contract.Version)
	}
	return nil
}

// Given makes snapshots in a state, in which they stay until they are deleted, and gives their ids.
func (m *Mock) Given(state contract.State, count int) []string { return m.Create(state, count) }
