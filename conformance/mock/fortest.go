package mock

import (
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// T is the test that a mock is for: a *testing.T, or what GinkgoT gives.
type T interface {
	Helper()
	Cleanup(do func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Mock is a service that runs for one test. It shares nothing with any other.
type Mock struct {
	*Service
	server *Server
	client *api.ClientWithResponses
}

// New serves the mock on a loopback port until the test is over.
func New(t T, changes ...Option) *Mock {
	t.Helper()
	service := NewService(changes...)
	server, err := Serve("127.0.0.1:0", service)
	if err != nil {
		t.Fatalf("the mock cannot listen on a loopback port: %v", err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := api.NewClientWithResponses(server.URL())
	if err != nil {
		t.Fatalf("there is no client for %s: %v", server.URL(), err)
	}
	return &Mock{Service: service, server: server, client: client}
}

// URL is the base that contract.Path and TestbedPath are appended to.
func (m *Mock) URL() string { return m.server.URL() }

// Client is a generated client of the mock.
func (m *Mock) Client() *api.ClientWithResponses { return m.client }

// Given makes snapshots in a state, in which they stay until they are deleted, and gives their ids.
func (m *Mock) Given(state contract.State, count int) []string { return m.Create(state, count) }
