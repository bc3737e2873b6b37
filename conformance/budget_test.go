package conformance_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// counting is the mock, which counts what it is asked and how many snapshots its testbed makes.
type counting struct {
	*mock.Mock
	requests, made atomic.Int64
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests.Add(1)
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, mock.TestbedPath) {
		c.Mock.ServeHTTP(w, r)
		return
	}
	recorder := httptest.NewRecorder()
	c.Mock.ServeHTTP(recorder, r)
	var order struct{ SnapshotIDs []string }
	if json.Unmarshal(recorder.Body.Bytes(), &order) == nil {
		c.made.Add(int64(len(order.SnapshotIDs)))
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes()) // a caller that has gone is nobody's fault
}

func TestAnEffortThatTheBudgetCannotPayForIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*conformance.Config){
		"too small":          func(c *conformance.Config) { c.Budget = 100 },
		"negative":           func(c *conformance.Config) { c.Budget = -1 },
		"negative, filtered": func(c *conformance.Config) { c.Budget, c.Filter = -1, "REQ-1" },
		"enough for less":    func(c *conformance.Config) { c.Budget, c.Effort = 5000, conformance.Thorough },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			implementation := &counting{Mock: mock.New()}
			config := conformance.Config{Handler: implementation, Testbed: mock.TestbedPath, Effort: conformance.Quick}
			change(&config)
			_, err := conformance.Run(t.Context(), config)
			var mistake *conformance.ConfigError
			g.Expect(errors.As(err, &mistake)).To(BeTrue())
			g.Expect(err.Error()).To(ContainSubstring("budget"))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			g.Expect(implementation.requests.Load()).To(BeZero(), "something was sent")
		})
	}
}

// TestABudgetIsNeverExceeded gives runs of some checks less than they take, and in the end enough.
func TestABudgetIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		budget int
		enough bool
	}{{budget: 5}, {budget: 16}, {budget: 40}, {budget: 333}, {budget: 3000, enough: true}} {
		g := NewWithT(t)
		implementation := &counting{Mock: mock.New()}
		result := judge(t, implementation, func(config *conformance.Config) {
			config.Budget, config.Filter = c.budget, "BATCH-5 || CONC-1"
		})
		g.Expect(implementation.made.Load()).To(BeNumerically("<=", c.budget))
		g.Expect(result.Snapshots).To(BeEquivalentTo(implementation.made.Load()))
		g.Expect(result.Left).To(BeEmpty())
		if c.enough {
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
			continue
		}
		g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
		g.Expect(result.Reason).To(ContainSubstring(population.ErrBudget.Error()))
		g.Expect(failed(result)).To(BeEmpty())
	}
}

// TestWalksKeepWithinTheBudget has a fault, so that the search for the shortest walk would go on and on.
func TestWalksKeepWithinTheBudget(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const budget = 1200
	result := judge(t, forgets(), func(config *conformance.Config) {
		config.Budget, config.Filter, config.Effort = budget, onlyWalks, conformance.Normal
	})
	g.Expect(result.Snapshots).To(BeNumerically("<=", budget))
	g.Expect(result.Verdict).To(Equal(report.NotConformant), result.Reason)
}
