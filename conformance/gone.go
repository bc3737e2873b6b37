package conformance

import (
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// goneForGood: STATE-4, what follows a deletion, and what becomes of old snapshots. It comes last, when most deletions of
// the run have long settled; that what is gone stays gone is seen by the last look.
func (s *suite) goneForGood() {
	It("finds a snapshot missing when the batch that deleted it comes again", Rule("STATE-4", "PART-1"), Catches(
		"brings-back-after-a-second", "replays-a-batch",
	), func(ctx SpecContext) {
		const few = 5
		ids := s.Make(ctx, contract.Normal, few)
		s.Together(len(ids), func(i int) { // at once, gone or not
			s.ExpectPermitted(s.Delete(ctx, ids[i:i+1]))
			s.ExpectPermitted(s.Delete(ctx, ids[i:i+1]))
		})
		s.ExpectPermitted(s.Delete(ctx, append(s.Make(ctx, contract.Normal, 1), ids...)))
		batch := s.batch(ctx, "mdn") // as soon as it is gone, with no other request in between
		s.ExpectPermitted(s.Delete(ctx, batch))
		s.Gone(ctx, batch)
		s.ExpectPermitted(s.Delete(ctx, batch))
	})

	It("finds a snapshot missing when it is gone", Rule("STATE-4", "ERR-1"), Catches(
		"succeeds-twice", "replays-one-alone", "succeeds-at-the-fourth-attempt", "calls-gone-ones-denied",
	), func(ctx SpecContext) {
		const few, times = 12, 3
		fresh := s.Make(ctx, contract.Normal, few)
		s.ExpectPermitted(s.Delete(ctx, fresh))
		last := s.Make(ctx, contract.Normal, 1)
		s.ExpectPermitted(s.Delete(ctx, last))
		gone := s.Gone(ctx, slices.Concat(last, fresh, s.deleted(max(few, s.amount.again/times))))
		s.ExpectPermitted(s.Delete(ctx, last)) // with no other request in between
		s.InLanes(lanes, len(gone), func(i int) {
			for range times {
				s.ExpectPermitted(s.Delete(ctx, gone[i:i+1]))
			}
		})
	})

	It("deletes a snapshot that was made when the run began", Rule("STATE-1"), Catches("forgets-old-snapshots"), func(ctx SpecContext) {
		s.ExpectPermitted(s.Delete(ctx, s.early[:1]))
		s.ExpectPermitted(s.Delete(ctx, append(s.Denied(ctx, 1), s.early[1:]...)))
	})

	It("refuses at the end of a run what it refused in the beginning", Rule("REQ-2", "REQ-3", "REQ-4", "REQ-5"), Catches(
		"skips-null-after-500-requests", "no-action-after-500-requests",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		a, b := quoted(kept[0]), quoted(kept[1])
		for _, mistake := range []struct{ rule, body string }{
			{"REQ-2", `{}`},
			{"REQ-2", `{"snapshotIds":null}`},
			{"REQ-3", `{"snapshotIds":` + a + `}`},
			{"REQ-3", `{"snapshotIds":[` + a + `,null,` + b + `]}`},
			{"REQ-3", `{"snapshotIds":[7,` + a + `]}`},
			{"REQ-4", `{"snapshotIds":[` + a + `]`},
			{"REQ-4", `[` + a + `]`},
			{"BATCH-2", string(bodyOf(slices.Concat(kept, s.Missing(ctx, contract.MaxBatch))))},
		} {
			answer := s.Send(ctx, target.Request{Body: []byte(mistake.body)})
			s.Expect(mistake.rule, answer).To(BeRefused())
			s.ExpectUntouched(answer, kept, mistake.rule)
		}
		answer := s.Send(ctx, target.Request{Body: bodyOf(kept), Edit: func(r *http.Request) { r.Header.Del(contract.HeaderAction) }})
		s.ExpectUntouched(answer, kept, "REQ-5")
	})

	It("lists what is gone among what it deletes", Rule("STATE-4", "PART-1", "REQ-4"), Catches(
		"omits-many-gone-ones", "omits-a-gone-one-of-two", "omits-a-gone-one-of-four", "fails-at-gone-and-denied-ones",
	), func(ctx SpecContext) {
		gone := s.Gone(ctx, s.deleted(contract.MaxBatch-1))
		if len(gone) == 0 {
			Skip("nothing that was deleted is gone")
		}
		s.ExpectPermitted(s.Delete(ctx, append(gone[:1:1], s.Make(ctx, contract.Normal, 1)...)))
		s.ExpectPermitted(s.Delete(ctx, append(s.Make(ctx, contract.Normal, 1), gone...)))
		s.ExpectPermitted(s.Delete(ctx, append(gone[:1:1], s.batch(ctx, "dnm")...)))
		s.ExpectPermitted(s.Delete(ctx, append(gone[:1:1], s.batch(ctx, "nm")...)))
	})
}

// Gone waits until the snapshots are gone, and gives those that are when their settle time is over.
func (s *suite) Gone(ctx SpecContext, ids []string) []string {
	live, cancel := s.going(ctx)
	defer cancel()
	gone, err := s.people.AwaitGone(live, ids...)
	if err != nil {
		s.abort(err)
	}
	return gone
}

// deleted gives snapshots that were deleted earlier in the run, spread over it.
func (s *suite) deleted(count int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	count = min(count, len(s.gone))
	ids := make([]string, count)
	for i := range ids {
		ids[i] = s.gone[i*len(s.gone)/count]
	}
	return ids
}
