package conformance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

const creating = contract.State(api.Creating)

func rule(g Gomega, result *report.Report, id string) report.Rule {
	at := slices.IndexFunc(result.Rules, func(r report.Rule) bool { return r.ID == id })
	g.Expect(at).To(BeNumerically(">=", 0))
	return result.Rules[at]
}

func TestTheServiceItselfIsConformant(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"that takes its time": 50 * time.Millisecond, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			b := bend((*bent).pass)
			b.Service = mock.NewService(mock.WithDelays(delay, delay))
			result := judge(t, b, func(config *conformance.Config) { config.Testbed, config.Settle = "zec:disk-1", 10*time.Second })
			g.Expect(failed(result)).To(BeEmpty())
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
			g.Expect(result.Left).To(BeEmpty())
			g.Eventually(b.remaining).Should(ContainSubstring(`"totalCount":0`), "nothing is left behind")
			if delay == 0 { // what could not be made was not tried, whatever stood in for it
				for _, id := range []string{"STATE-2", "ERR-2"} {
					r := rule(g, result, id)
					g.Expect(r.Status).To(Equal(report.Skipped), id)
					g.Expect(r.Skips).To(ContainElements(ContainSubstring("it passes too fast"), ContainSubstring("missing ids stood in")))
				}
			}
		})
	}
}

// remaining tells how many snapshots there are.
func (b *bent) remaining() string {
	request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader("{}"))
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, "DescribeSnapshots")
	answer := httptest.NewRecorder()
	b.Service.ServeHTTP(answer, request)
	return answer.Body.String()
}

// moving is a testbed whose states pass when a test has them pass.
type moving struct {
	*mock.Service
	mu   sync.Mutex
	made []string
}

// pass has time pass for all snapshots.
func (m *moving) pass() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.made {
		switch state, _ := m.State(id); state {
		case creating:
			m.Put(id, contract.Normal)
		case contract.Leaving:
			m.Service.Release(id)
		}
	}
}

func (m *moving) States(context.Context) ([]contract.State, error) {
	return []contract.State{contract.Normal, creating, contract.Leaving}, nil
}

func (m *moving) Moves(state contract.State) (into []contract.State, gone bool) {
	switch state {
	case creating:
		return []contract.State{contract.Normal}, false
	case contract.Leaving:
		return nil, true
	}
	return nil, false
}

func (m *moving) Make(_ context.Context, state contract.State, count int) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := m.Create(state, count)
	m.made = append(m.made, ids...)
	return ids, nil
}

func (m *moving) Look(_ context.Context, id string) (testbed.Sight, error) {
	state, there := m.State(id)
	return testbed.Sight{ID: id, State: state, Gone: !there}, nil
}

func (m *moving) Release(_ context.Context, id string) error {
	m.Service.Release(id)
	return nil
}

// onMoving judges an implementation with such a testbed, by the checks of single snapshots in other states.
func onMoving(t *testing.T, serve func(*moving, *bent, *call)) *report.Report {
	t.Helper()
	bed := &moving{Service: mock.NewService()}
	b := bend(func(b *bent, c *call) { serve(bed, b, c) })
	b.Service = bed.Service
	return judge(t, b, func(config *conformance.Config) {
		config.Testbed, config.Bed, config.Filter = "", bed, "ERR-2 && STATE-2"
	})
}

// TestStatesThatPass has them pass at the worst moments. What an implementation makes of that is its own affair.
func TestStatesThatPass(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(*moving, *bent, *call){
		"never":  func(_ *moving, b *bent, c *call) { b.pass(c) },
		"before": func(m *moving, b *bent, c *call) { m.pass(); b.pass(c) },
		"after":  func(m *moving, b *bent, c *call) { b.pass(c); m.pass() },
		"at times": func(m *moving, b *bent, c *call) {
			if b.calls.Load()%3 == 0 {
				m.pass()
			}
			b.pass(c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			result := onMoving(t, serve)
			g.Expect(failed(result)).To(BeEmpty())
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
			tried := rule(g, result, "STATE-2").Checks
			switch name {
			case "never":
				g.Expect(tried).To(ConsistOf(ContainSubstring("state CREATING"), ContainSubstring("state DELETING")))
			case "before", "after": // nothing was told
				g.Expect(tried).To(BeEmpty())
			}
		})
	}
}

func TestWhatIsDoneToPassingStatesIsCaught(t *testing.T) {
	t.Parallel()
	// meddle does something to the snapshots in a state that a request names.
	meddle := func(state contract.State, before bool, with func(b *bent, id string)) func(*bent, *call) {
		return func(b *bent, c *call) {
			named := b.named(c, state)
			if !before {
				b.pass(c)
			}
			for _, id := range named {
				with(b, id)
			}
			if before {
				b.pass(c)
			}
		}
	}
	// miss calls the snapshots in a state missing.
	miss := func(state contract.State) func(*bent, *call) {
		return func(b *bent, c *call) {
			if len(b.named(c, state)) > 0 {
				c.refuse(contract.NotFound.Status, contract.NotFound.Code)
				return
			}
			b.pass(c)
		}
	}
	becomes := func(state contract.State) func(*bent, string) {
		return func(b *bent, id string) { b.Put(id, state) }
	}
	gone := func(b *bent, id string) { b.Release(id) }
	for name, c := range map[string]struct {
		serve  func(*bent, *call)
		broken []string
	}{
		"deletes those that are being made":             {meddle(creating, true, becomes(contract.Normal)), []string{"ERR-2", "STATE-2"}},
		"refuses and deletes those that are being made": {meddle(creating, false, gone), []string{"STATE-2", "STATE-3"}},
		"has those fail that are being made":            {meddle(creating, false, becomes("FAILED")), []string{"STATE-3"}},
		"begins to delete those that are being made":    {meddle(creating, false, becomes(contract.Leaving)), []string{"STATE-2", "STATE-3"}},
		"calls those missing that are being made":       {miss(creating), []string{"ERR-2"}},
		"calls those missing that are being deleted":    {miss(contract.Leaving), []string{"ERR-2"}},
		"brings back those that are being deleted":      {meddle(contract.Leaving, false, becomes(contract.Normal)), []string{"STATE-3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			result := onMoving(t, func(_ *moving, b *bent, call *call) { c.serve(b, call) })
			g.Expect(result.Verdict).To(Equal(report.NotConformant), result.Reason)
			g.Expect(failed(result)).To(ContainElements(c.broken), strings.Join(failed(result), " "))
		})
	}
}

// named gives the snapshots in a state that a request of the action names.
func (b *bent) named(c *call, state contract.State) []string {
	if c.request.Header.Get(contract.HeaderAction) != contract.Action {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool {
		now, _ := b.State(id)
		return now != state
	})
}
