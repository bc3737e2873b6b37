package conformance_test

import (
	"cmp"
	"context"
	"fmt"
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
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// listed is a testbed that holds the ids of a list, and can look at a snapshot only by asking for its deletion.
type listed struct {
	api http.Handler

	mu      sync.Mutex
	stock   map[contract.State][]string
	states  map[string]contract.State
	missing []string
}

// list has an implementation make snapshots, so many NORMAL ones and so many of each other state, and makes a list of them.
func list(t *testing.T, api http.Handler, normal, others int) *listed {
	t.Helper()
	l := &listed{api: api, stock: map[contract.State][]string{}, states: map[string]contract.State{}}
	maker := testbed.NewHandler(api, mock.TestbedPath, time.Minute)
	for _, state := range contract.States {
		count := others
		if state == contract.Normal {
			count = normal
		}
		if count == 0 {
			continue
		}
		ids, err := maker.Make(t.Context(), state, count)
		if err != nil {
			t.Fatal(err)
		}
		l.stock[state] = ids
		for _, id := range ids {
			l.states[id] = state
		}
	}
	for i := range 300 {
		l.missing = append(l.missing, fmt.Sprintf("snap-missing%d", i))
	}
	return l
}

func (l *listed) States(context.Context) ([]contract.State, error) {
	var states []contract.State
	for _, state := range contract.States {
		if l.Has(state) > 0 {
			states = append(states, state)
		}
	}
	return states, nil
}

func (l *listed) Has(state contract.State) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.stock[state])
}

func (l *listed) Missing() []string { return l.missing }

func (l *listed) Make(_ context.Context, state contract.State, count int) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if count > len(l.stock[state]) {
		return nil, fmt.Errorf("the list has no %d snapshots in state %s left", count, state)
	}
	ids := l.stock[state][:count]
	l.stock[state] = l.stock[state][count:]
	return ids, nil
}

func (l *listed) Look(_ context.Context, id string) (testbed.Sight, error) {
	state, known := l.states[id]
	if !known {
		return testbed.Sight{}, testbed.ErrWillNotLook
	}
	r := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(fmt.Sprintf(`{"snapshotIds":[%q]}`, id)))
	r.Header.Set(contract.HeaderAction, contract.Action)
	r.Header.Set("Content-Type", contract.ContentType)
	answer := httptest.NewRecorder()
	l.api.ServeHTTP(answer, r)
	switch answer.Code {
	case http.StatusOK:
		return testbed.Sight{ID: id, State: contract.Normal}, nil
	case contract.NotFound.Status:
		return testbed.Sight{ID: id, Gone: true}, nil
	}
	return testbed.Sight{ID: id, State: state}, nil
}

func (l *listed) Release(context.Context, string) error { return nil }

func TestAListOfSnapshotsIsEnoughToJudgeBy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		normal, others int
		variant        string // empty: the mock
	}{
		"few":                       {normal: 60, others: 5},
		"hardly any":                {normal: 6},
		"deletions that take time":  {normal: 300, others: 5, variant: "gone-after-100ms"},
		"deletes what it refuses":   {normal: 300, others: 5, variant: "duplicates-delete"},
		"deletes what nobody named": {normal: 300, others: 20, variant: "deletes-the-newest-later"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			variant, known := mutants.Named(cmp.Or(c.variant, "x"))
			g.Expect(known).To(Equal(c.variant != ""))
			var api http.Handler = mock.NewService()
			if known {
				api = variant.New()
			}
			bed := list(t, api, c.normal, c.others)
			var plan *conformance.Plan
			result, err := conformance.Run(t.Context(), conformance.Config{
				Handler: api, Bed: bed, Seed: 1, Effort: conformance.Quick,
				Settle: max(2*variant.Settle, time.Second), Linger: cmp.Or(variant.Linger, 1),
				Planned: func(p *conformance.Plan) { plan = p },
			})
			g.Expect(err).NotTo(HaveOccurred())
			if variant.Mutant() {
				g.Expect(result.Verdict).To(Equal(report.NotConformant), result.Reason)
				g.Expect(failed(result)).To(ContainElement(BeElementOf(variant.Rules)))
				return
			}
			g.Expect(result.Verdict).To(Equal(report.Conformant), "%s %v", result.Reason, failed(result))
			used := c.normal - bed.Has(contract.Normal)
			g.Expect(used).To(BeNumerically("<=", plan.Snapshots[contract.Normal]))
		})
	}
}
