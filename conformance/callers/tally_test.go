package callers_test

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
)

func TestTallyCountsByRuleAndKeepsTheFirst(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var tally callers.Tally
	g.Expect(json.Marshal(tally.Summary())).To(MatchJSON(`{"judged":0,"broken":[]}`))
	described := 0
	for exchange := range 100 {
		breaches := []callers.Breach{{Rule: "CALL-14", What: "the list is empty"}}
		if exchange == 7 {
			breaches = append(breaches, callers.Breach{Rule: "CALL-2", What: "there is no Content-Type"})
		}
		if exchange >= 50 {
			breaches = nil
		}
		tally.Add(exchange, breaches, func() string { described++; return "POST /" })
	}
	g.Expect(described).To(Equal(4), "the others are not shown")
	summary := tally.Summary()
	g.Expect(summary.String()).To(Equal(`CALL-2 MUST, broken by 1 of 100 requests: The Content-Type is application/json, with or without parameters. [D §4]
  exchange 7, POST /: there is no Content-Type
CALL-14 SHOULD, broken by 50 of 100 requests: A call names at least one snapshot. [D §2; else by luck: empty-list]
  exchange 0, POST /: the list is empty
  exchange 1, POST /: the list is empty
  exchange 2, POST /: the list is empty
  and 47 more
`))
	left, unbroken := summary.Without("CALL-14", "CALL-5")
	g.Expect(left.Broken).To(Equal(summary.Broken[:1]))
	g.Expect(left.Judged).To(Equal(100))
	g.Expect(unbroken).To(Equal([]string{"CALL-5"}))

	tally.Reset()
	g.Expect(tally.Summary()).To(Equal(callers.Summary{Broken: []callers.Broken{}}))
	g.Expect(summary.Broken).To(HaveLen(2), "what was told stays told")
}
