package conformance_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
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
	g.Expect(spelled[1]).To(HaveSuffix("; again"))
	lengths := regexp.MustCompile(`^a walk of (\d+) steps, the shortest found of one of (\d+):`).FindStringSubmatch(failure.What)
	g.Expect(lengths).To(HaveLen(3), failure.What)
	g.Expect(strconv.Atoi(lengths[1])).To(Equal(len(strings.Split(spelled[1], ";"))))
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
	return bend(func(b *bent, c *call) {
		if _, done := b.shown.Load(string(c.body)); done {
			b.passIDs(c, b.Create(contract.Normal, 1))
			return
		}
		able := b.deletable(c.ids)
		b.pass(c)
		if able && c.answer.Code == http.StatusOK {
			b.shown.Store(string(c.body), true)
		}
	})
}
