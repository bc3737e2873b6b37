package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
)

func TestAPlanTouchesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serve(t)
	got := call(t, nil, append([]string{"plan", "--effort", "quick", "--latency", "0s"}, target.flags()...)...)
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.err).To(BeEmpty())
	g.Expect(target.requests.Load()).To(BeZero())
	g.Expect(got.out).To(MatchRegexp(`(?m)^repeats +quick$`))
	g.Expect(got.out).To(MatchRegexp(`(?m)^creates +\d+ snapshots: \d+ NORMAL, \d+ CREATING,`))
	g.Expect(got.out).To(MatchRegexp(`(?m)^sends +\d+ requests to the endpoint, and \d+ to the testbed$`))
	g.Expect(got.out).To(ContainSubstring("assumes"))
	g.Expect(got.out).To(MatchRegexp(`AUTH-1 SHOULD: no credentials are given`))
	g.Expect(got.out).NotTo(ContainSubstring("given up"))
}

func TestAPlanNamesWhatItGivesUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "plan", "--budget", "60", "--latency", "0s", "--seed", "1")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.out).To(MatchRegexp(`(?m)^repeats +fewest, not normal`))
	g.Expect(got.out).To(MatchRegexp(`(?m)^\d+ checks are given up:$`))
	g.Expect(got.out).To(ContainSubstring("takes 100 snapshots again and again (BATCH-1,PART-1,PART-2): it would take"))
	g.Expect(got.out).To(ContainSubstring("rules that are not tried at all:"))
}

func TestARunTellsWhatItGivesUp(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "run", "--budget", "60", "--effort", "quick", "--linger", "0", "--seed", "1")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(lines(got.err)[0]).To(MatchRegexp(`^the run takes \d+ snapshots: .*; \d+ of \d+ checks are given up$`))
	g.Expect(got.out).To(ContainSubstring("was given up: it would take"))
}

func TestABudgetThatPaysForNoCheckIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serve(t)
	got := judge(t, nil, target.flags("--budget", "3")...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("the budget is 3 snapshots, and a run takes 8 before its first check"))
	g.Expect(target.requests.Load()).To(BeNumerically("<=", 1), "it asks what can be made")
}

func TestARunKeepsToItsPace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var inside, most, requests atomic.Int64
	target := serve(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := inside.Add(1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			requests.Add(1)
			next.ServeHTTP(w, r)
			inside.Add(-1)
		})
	})
	got := judge(t, nil, target.flags("--parallel", "1", "--label-filter", "CONC-1 || CONC-2 || STATE-1", "--budget", "200")...)
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(most.Load()).To(BeEquivalentTo(1))
	g.Expect(got.out).To(ContainSubstring("the run is to make one at a time"))
	g.Expect(strings.Count(got.out, "✗")).To(Equal(1), "only in the figures")
}
