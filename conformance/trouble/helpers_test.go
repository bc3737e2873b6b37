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

// troubled is a mock with its trouble.
func troubled(t *testing.T, settings Settings) (*Trouble, *mock.Mock) {
	t.Helper()
	made, err := New(7, settings)
	if err != nil {
		t.Fatal(err)
	}
	return made, mock.New(t, made.Option())
}

// deletion asks for the deletion of snapshots. The answer is nil where the connection was broken.
func deletion(t *testing.T, m *mock.Mock, ids ...string) (*api.DeleteSnapshotsResponse, error) {
	t.Helper()
	return m.Client().DeleteSnapshotsWithResponse(t.Context(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: ids})
}

func deleted(t *testing.T, m *mock.Mock, ids ...string) int {
	t.Helper()
	answer, err := deletion(t, m, ids...)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode()
}

// state is that of a snapshot, empty where it is gone.
func state(m *mock.Mock, id string) contract.State {
	is, _ := m.State(id)
	return is
}

func last(g Gomega, m *mock.Mock) *mock.Exchange {
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
