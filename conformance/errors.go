package conformance

import (
	"fmt"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// errors: ERR-1 and ERR-2, the answers to a single snapshot that cannot be deleted.
func (s *suite) errors() {
	It("answers for one missing snapshot that it is not found", Rule("ERR-1"), Catches("misses-every-20th"), func(ctx SpecContext) {
		ids := s.Missing(ctx, lanes)
		s.Again(len(ids), func(i int) { s.ExpectPermitted(s.Delete(ctx, ids[i:i+1])) })
	})

	It("answers for a missing snapshot that is named twice as if it were named once", Rule("ERR-1"), Catches("denies-a-missing-pair"), func(ctx SpecContext) {
		id := s.Missing(ctx, 1)[0]
		s.ExpectPermitted(s.Delete(ctx, []string{id, id}))
	})

	for _, state := range contract.States {
		if state == contract.Normal {
			continue
		}
		It("answers for one snapshot in state "+string(state)+" that its state forbids it", Rule("ERR-2", "STATE-2", "STATE-3"), Catches(
			"calls-a-pair-of-"+slug(state)+"-bad", "misses-"+slug(state)+"-the-second-time", "changes-a-refused-"+slug(state),
		), func(ctx SpecContext) {
			ids := s.Make(ctx, state, 3)
			s.InLanes(lanes, max(len(ids), s.amount.again/len(contract.States)), func(i int) {
				id := ids[i%len(ids)]
				s.ExpectPermitted(s.Delete(ctx, []string{id}))
				s.ExpectPermitted(s.Delete(ctx, []string{id})) // asking again changes nothing
				s.ExpectPermitted(s.Delete(ctx, []string{id, id}))
			})
		})
	}

	It("answers rightly whatever was asked before", Rule("ERR-1", "ERR-2", "STATE-1", "PART-1", "BATCH-1", "REQ-2", "REQ-4", "REQ-5", "ISO-1"), Catches(
		"repeats-a-denial", "remembers-a-list", "holds-a-grudge", "keeps-all-after-an-error", "list-of-one-is-text",
		"forgets-the-list-after-a-long-batch", "misses-denied-ones-after-bad-json", "action-sticks", "pools-its-requests", "halves-the-limit-after-a-long-batch",
		"deletes-the-one-before-after-a-full-batch",
	), func(ctx SpecContext) {
		kept := s.Make(ctx, contract.Normal, 3)
		body := bodyOf(kept[:1])
		valid := func(roles string) func() { return func() { s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, roles))) } }
		refused := func(rule string, request target.Request) func() {
			return func() {
				answer := s.Send(ctx, request)
				s.Expect("REQ-4", answer).To(BeRefused())
				s.ExpectUntouched(answer, kept, rule)
			}
		}
		ask := map[rune]func(){
			'd': func() { // with a neighbour on either side that nobody names
				s.ExpectPermitted(s.Delete(ctx, s.Newest(ctx, 3)[1:2]))
			},
			'm': valid("m"), 'n': valid("n"), '2': valid("md"), '3': valid("dnm"), 'f': valid("d" + repeat("m", contract.MaxBatch-1)),
			'l': func() {
				answer := s.Delete(ctx, slices.Concat(kept, s.Missing(ctx, contract.MaxBatch)))
				s.Expect("BATCH-2", answer).To(BeRefused())
			},
			'e': refused("REQ-2", target.Request{Body: []byte(`{}`)}),
			'j': refused("REQ-4", target.Request{Body: body[:len(body)-1]}),
			't': refused("REQ-3", target.Request{Body: fmt.Appendf(nil, `{%q:[%q,7]}`, contract.FieldSnapshotIDs, kept[1])}),
			'a': refused("REQ-5", target.Request{Body: body, Edit: func(r *http.Request) { r.Header.Set(contract.HeaderAction, "Nothing") }}),
			'w': refused("REQ-5", target.Request{Body: body, Edit: func(r *http.Request) { r.Header.Del(contract.HeaderAction) }}),
		}
		for _, kind := range neighbourhoods("dmn23flejtaw", 2) { // one after the other, so that each kind follows each
			ask[kind]()
		}
	})
}
