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
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// counting is the mock, which counts what it is asked and how many snapshots its testbed makes.
type counting struct {
	*mock.Service
	requests, made atomic.Int64
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests.Add(1)
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, mock.TestbedPath) {
		c.Service.ServeHTTP(w, r)
		return
	}
	recorder := httptest.NewRecorder()
	c.Service.ServeHTTP(recorder, r)
	var order struct{ SnapshotIDs []string }
	if json.Unmarshal(recorder.Body.Bytes(), &order) == nil {
		c.made.Add(int64(len(order.SnapshotIDs)))
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes()) // a caller that has gone is nobody's fault
}

func TestABudgetThatPaysForNothingIsRefused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*conformance.Config){
		"too small":          func(c *conformance.Config) { c.Budget = 5 },
		"negative":           func(c *conformance.Config) { c.Budget = -1 },
		"negative, filtered": func(c *conformance.Config) { c.Budget, c.Filter = -1, "REQ-1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			implementation := &counting{Service: mock.NewService()}
			config := conformance.Config{Handler: implementation, Testbed: mock.TestbedPath, Effort: conformance.Quick}
			change(&config)
			_, err := conformance.Run(t.Context(), config)
			var mistake *conformance.ConfigError
			g.Expect(errors.As(err, &mistake)).To(BeTrue())
			g.Expect(err.Error()).To(ContainSubstring("budget"))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			g.Expect(implementation.made.Load()).To(BeZero(), "a snapshot was made")
		})
	}
}

// TestABudgetChoosesChecks gives runs less than they take, down to what pays for hardly a check. Nothing that is left out may
// look as if it had been tried, and what is tried has to be found as it is.
func TestABudgetChoosesChecks(t *testing.T) {
	t.Parallel()
	before := map[string]bool{}
	for _, budget := range []int{12, 100, 1000} {
		g := NewWithT(t)
		implementation := &counting{Service: mock.NewService()}
		var plan *conformance.Plan
		result := judge(t, implementation, func(config *conformance.Config) {
			config.Budget, config.Planned = budget, func(p *conformance.Plan) { plan = p }
		})
		g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
		g.Expect(implementation.made.Load()).To(BeNumerically("<=", budget))
		g.Expect(result.Snapshots).To(BeEquivalentTo(implementation.made.Load()))
		g.Expect(result.Snapshots).To(BeNumerically("<=", plan.All()))
		g.Expect(plan.All()).To(BeNumerically("<=", budget))
		g.Expect(result.Checks.Skipped).To(BeNumerically(">=", len(plan.GivenUp())))
		g.Expect(result.Exchanges).To(BeNumerically("~", plan.Exchanges, plan.Exchanges/4+10))
		tried := map[string]bool{}
		for _, rule := range result.Rules {
			tried[rule.ID] = rule.Status != report.Skipped
			if rule.Status == report.Skipped && rule.ID != "AUTH-1" {
				g.Expect(rule.Skips).To(ContainElement(ContainSubstring("given up")), rule.ID)
			}
			g.Expect(before[rule.ID] && !tried[rule.ID]).To(BeFalse(), "%s is tried with less than %d snapshots", rule.ID, budget)
		}
		before = tried
	}
	for id, tried := range before {
		NewWithT(t).Expect(tried).To(Equal(id != "AUTH-1"), id)
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
