package conformance_test

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

const walkCheck = "keeps to the contract on random walks"

// onlyWalks is a label filter that chooses the random walks alone.
const onlyWalks = "BATCH-3 && STATE-4"

// TestAWalkIsShrunkAndCanBeTakenAgain has a fault that takes two requests in a row to show.
func TestAWalkIsShrunkAndCanBeTakenAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	found := judge(t, forgets(), func(config *conformance.Config) { config.Filter, config.Effort = onlyWalks, conformance.Normal })
	failure := walked(found)
	g.Expect(failure.What).To(ContainSubstring("the shortest found"))
	spelled := regexp.MustCompile(`--walk '([^']*)'`).FindStringSubmatch(failure.What)
	g.Expect(spelled).To(HaveLen(2), failure.What)
	g.Expect(failure.Evidence).NotTo(BeEmpty())
	g.Expect(failure.Evidence[0].Curl).To(HavePrefix("curl "))

	again := judge(t, forgets(), func(config *conformance.Config) { config.Walk = spelled[1] })
	g.Expect(walked(again).Check).To(Equal(walkCheck))
	g.Expect(again.Checks.Total).To(Equal(1))
	// How short it gets is a matter of time, and that it gets as short as can be is the search's own test.
	lengths := regexp.MustCompile(`^a walk of (\d+) steps, the shortest found of one of (\d+):`).FindStringSubmatch(failure.What)
	g.Expect(lengths).To(HaveLen(3), failure.What)
	shortest, _ := strconv.Atoi(lengths[1]) // digits
	first, _ := strconv.Atoi(lengths[2])
	g.Expect(strings.Split(spelled[1], ";")).To(HaveLen(shortest))
	g.Expect(shortest).To(BeNumerically("<=", first))
}

func walked(result *report.Report) report.Failure {
	for _, rule := range result.With(report.Failed) {
		if i := slices.IndexFunc(rule.Failures, func(f report.Failure) bool { return f.Check == walkCheck }); i >= 0 {
			return rule.Failures[i]
		}
	}
	return report.Failure{}
}

// forgets takes a request that it gets word for word again, after it has deleted something for it, for carried out.
func forgets() *bent {
	var carriedOut sync.Map
	return bend(func(b *bent, c *call) {
		if _, done := carriedOut.Load(string(c.body)); done {
			b.passIDs(c, b.Create(contract.Normal, 1))
			return
		}
		able := b.deletable(c.ids)
		b.pass(c)
		if able && c.answer.Code == http.StatusOK {
			carriedOut.Store(string(c.body), true)
		}
	})
}

func TestAGivenWalkIsTakenOnceAndNothingElse(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var mu sync.Mutex
	var bodies []string
	result := judge(t, bend(func(b *bent, c *call) {
		mu.Lock()
		defer mu.Unlock()
		if c.request.Header.Get(contract.HeaderRequestClient) == walkCheck {
			bodies = append(bodies, string(c.body))
		}
		b.pass(c)
	}), func(config *conformance.Config) {
		config.Walk = "make NORMAL 2; delete 1 m1; again; garble 2; look 1 2"
	})
	g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
	g.Expect(result.Checks).To(Equal(report.Checks{Done: 1, Total: 1}))
	g.Expect(bodies).To(HaveLen(3))
	g.Expect(bodies[0]).To(MatchRegexp(`^\{"snapshotIds":\["[^"]+","[^"]+"\]\}$`))
	g.Expect(bodies[1]).To(Equal(bodies[0]))
	g.Expect(bodies[2]).To(MatchRegexp(`^\{"snapshotIds":\["[^"]+"\]\}\}$`))
	const greeting = 1 // by which the run finds out whether anybody is there
	g.Expect(result.Exchanges).To(Equal(len(bodies) + greeting))
	for _, rule := range result.With(report.Skipped) {
		g.Expect(rule.Checks).To(BeEmpty(), rule.ID)
	}
}

func TestAWalkNeedsItsStates(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	implementation := bend(func(b *bent, c *call) { b.pass(c) })
	onlyNormal := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == mock.TestbedPath {
			_, _ = fmt.Fprintf(w, `{"states": [%q]}`, contract.Normal) // a caller that has gone is nobody's fault
			return
		}
		implementation.ServeHTTP(w, r)
	})
	result := judge(t, onlyNormal, func(config *conformance.Config) { config.Walk = "make NORMAL; delete 1; make CREATING; delete 2" })
	g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
	g.Expect(result.Checks).To(Equal(report.Checks{Skipped: 1, Total: 1}))
	skipped := result.Rules[slices.IndexFunc(result.Rules, func(rule report.Rule) bool { return rule.ID == "STATE-4" })]
	g.Expect(skipped.Skips).To(ConsistOf(ContainSubstring("cannot make snapshots in state CREATING")))
	g.Expect(implementation.calls.Load()).To(BeEquivalentTo(1), "it deletes nothing on a walk that it cannot take to its end")
}

func TestAWalkThatCannotBeReadIsAMistake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	implementation := &counting{Service: mock.NewService()}
	_, err := conformance.Run(t.Context(), conformance.Config{Handler: implementation, Testbed: mock.TestbedPath, Walk: "make NORMAL; jump 1"})
	var mistake *conformance.ConfigError
	g.Expect(errors.As(err, &mistake)).To(BeTrue())
	g.Expect(err).To(MatchError(ContainSubstring(`step 2, "jump 1"`)))
	g.Expect(implementation.requests.Load()).To(BeZero())
}
