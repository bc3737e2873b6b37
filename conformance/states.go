package conformance

import (
	"fmt"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// states: STATE-1 to STATE-3, from which state a snapshot is deleted. STATE-4 needs deletions that are over, and has
// its checks at the end of the run.
func (s *suite) states() {
	It("deletes a snapshot in state "+string(contract.Normal), Rule("STATE-1"), Catches("keeps-all-after-200-requests"), func(ctx SpecContext) {
		ids := s.Make(ctx, contract.Normal, s.amount.again)
		s.InLanes(lanes, len(ids), func(i int) { s.ExpectPermitted(s.Delete(ctx, ids[i:i+1])) })
	})

	for _, state := range contract.States {
		if state == contract.Normal {
			continue
		}
		It("does not delete snapshots in state "+string(state)+" among others", Rule("STATE-2", "STATE-3", "PART-1"), Catches(
			"deletes-several-"+slug(state)+"-in-a-small-batch",
		), func(ctx SpecContext) {
			denied := s.Make(ctx, state, 6)
			ids := s.Make(ctx, contract.Normal, 7)
			missing := s.Missing(ctx, 1)[0]
			batches := [][]string{
				{denied[0], ids[0]},
				{ids[1], denied[1]},
				{ids[2], denied[2], ids[3]},
				{denied[3], denied[4], ids[4], missing},
				{missing, denied[5]},
				{denied[5], missing, denied[5], ids[5]},
				append(slices.Clone(denied), ids[6]),
			}
			s.Together(len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
		})

		It("does not delete a batch of snapshots in state "+string(state), Rule("STATE-2", "STATE-3", "PART-4"), Catches("deletes-a-batch-of-"+slug(state)), func(ctx SpecContext) {
			denied := s.Make(ctx, state, 3)
			s.Together(2, func(i int) { s.ExpectPermitted(s.Delete(ctx, denied[:2+i])) })
		})
	}

	It("keeps what refused requests named so that it can still be deleted", Rule("STATE-3", "STATE-1"), Catches(
		"locks-what-a-broken-request-names", "locks-what-stands-beside-a-number", "locks-what-another-action-names", "locks-what-a-refused-batch-names",
	), func(ctx SpecContext) {
		mistakes := []struct {
			refused, untouched string // by which rule
			request            func(kept []string) target.Request
		}{
			{"REQ-4", "REQ-4", func(kept []string) target.Request { return target.Request{Body: append(bodyOf(kept), '}')} }},
			{"REQ-3", "REQ-3", func(kept []string) target.Request {
				return target.Request{Body: fmt.Appendf(nil, `{%q:[%q,%q,%q,7]}`, contract.FieldSnapshotIDs, kept[0], kept[1], kept[2])}
			}},
			{"REQ-4", "REQ-5", func(kept []string) target.Request {
				return target.Request{Body: bodyOf(kept), Edit: func(r *http.Request) { r.Header.Set(contract.HeaderAction, "Nothing") }}
			}},
			{"BATCH-2", "BATCH-3", func(kept []string) target.Request {
				return target.Request{Body: bodyOf(slices.Concat(kept, s.Missing(ctx, contract.MaxBatch)))}
			}},
		}
		s.Together(len(mistakes), func(i int) {
			kept := s.Make(ctx, contract.Normal, 3)
			refused := s.Send(ctx, mistakes[i].request(kept))
			s.Expect(mistakes[i].refused, refused).To(BeRefused())
			s.ExpectUntouched(refused, kept, mistakes[i].untouched)
			s.ExpectPermitted(s.Delete(ctx, kept[:1]))
			s.ExpectPermitted(s.Delete(ctx, slices.Concat(kept[1:2], s.Missing(ctx, 1), kept[2:])))
		})
	})
}
