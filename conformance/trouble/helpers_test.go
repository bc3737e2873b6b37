package trouble

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// clock is one that a test puts forward.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(while time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(while)
}

// served is a mock on a loopback port, which does not mind what its callers do.
type served struct {
	*mock.Service
	url    string
	client *api.ClientWithResponses
}

func serve(t *testing.T, options ...mock.Option) *served {
	t.Helper()
	service := mock.NewService(options...)
	server, err := mock.Serve("127.0.0.1:0", service)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := api.NewClientWithResponses(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return &served{service, server.URL(), client}
}

// troubled is a mock with its trouble.
func troubled(t *testing.T, settings Settings) (*Trouble, *served) {
	t.Helper()
	made, err := New(7, settings)
	if err != nil {
		t.Fatal(err)
	}
	return made, serve(t, made.Option())
}

// deletion asks for the deletion of snapshots.
func deletion(t *testing.T, m *served, ids ...string) (*api.DeleteSnapshotsResponse, error) {
	t.Helper()
	return m.client.DeleteSnapshotsWithResponse(t.Context(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: ids})
}

func deleted(t *testing.T, m *served, ids ...string) int {
	t.Helper()
	answer, err := deletion(t, m, ids...)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode()
}

// state is that of a snapshot, empty where it is gone.
func state(m *served, id string) contract.State {
	is, _ := m.State(id)
	return is
}

func last(g Gomega, m *served) *mock.Exchange {
	all := m.Exchanges()
	g.ExpectWithOffset(1, all).NotTo(BeEmpty())
	return all[len(all)-1]
}

func send(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	out, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(out)
}
