package conformance

import (
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
		It("answers for one snapshot in state "+string(state)+" that its state forbids it", Rule("ERR-2", "STATE-2", "STATE-3"), Catches("calls-a-pair-of-"+slug(state)+"-bad"), func(ctx SpecContext) {
			ids := s.Make(ctx, state, 3)
			s.InLanes(lanes, max(len(ids), s.amount.again/len(contract.States)), func(i int) {
				id := ids[i%len(ids)]
				s.ExpectPermitted(s.Delete(ctx, []string{id}))
				s.ExpectPermitted(s.Delete(ctx, []string{id})) // asking again changes nothing
				s.ExpectPermitted(s.Delete(ctx, []string{id, id}))
			})
		})
	}

	It("answers rightly after every kind of answer before", Rule("ERR-1", "STATE-1"), Catches(
		"repeats-a-denial", "remembers-a-list", "holds-a-grudge", "keeps-all-after-an-error", "list-of-one-is-text",
	), func(ctx SpecContext) {
		for _, before := range []string{"m", "n", "nm", "md", "d"} {
			for _, after := range []string{"d", "m"} {
				s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, before)))
				s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, after)))
			}
		}
		s.Send(ctx, target.Request{Body: []byte(`{"snapshotIds":`)})
		s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, "d")))
	})
}
