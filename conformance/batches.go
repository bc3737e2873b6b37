package conformance

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// bulky is the length of a body, in bytes, beyond which servers and gateways may refuse a request for its length before
// anybody looks into it: by a 413 that is not the implementation's, or by closing the connection.
const bulky = 60_000

// batches: BATCH-1 to BATCH-6, how many snapshots a request may name.
func (s *suite) batches() {
	It(fmt.Sprintf("deletes a batch of %d", contract.MaxBatch), Rule("BATCH-1", "BATCH-5", "ISO-1"), Catches("grows-late", "deletes-the-next"), func(ctx SpecContext) {
		batch, next := s.withNeighbour(ctx, contract.MaxBatch)
		answer := s.Delete(ctx, batch, "BATCH-1")
		s.ExpectPermitted(answer)
		s.ExpectUntouched(answer, next, "ISO-1")
	})

	It(fmt.Sprintf("takes %d snapshots again and again", contract.MaxBatch), Rule("BATCH-1", "PART-1", "PART-2"), Catches("full-only-once", "cut-short"), func(ctx SpecContext) {
		chance := s.random("full")
		batches := make([]string, s.amount.again)
		for i := range batches {
			roles := []byte(drawn(chance, contract.MaxBatch, 0.03))
			roles[chance.IntN(len(roles))] = 'd'
			batches[i] = string(roles)
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, batches[i]), "BATCH-1")) })
	})

	It("deletes batches of every size, each snapshot wherever it stands", Rule("BATCH-5", "STATE-1", "ISO-1"), Catches(
		"forgets-the-64th-of-64", "fails-every-seventh", "fails-at-33", "fails-at-37",
	), func(ctx SpecContext) {
		sizes := s.sizes(1, 2, 3, 9, 10, 11, 16, 20, 25, 31, 32, 33, 50, 64)
		s.InLanes(lanes/3, len(sizes), func(i int) {
			batch, next := s.withNeighbour(ctx, sizes[i])
			answer := s.Delete(ctx, batch)
			s.ExpectPermitted(answer)
			s.ExpectUntouched(answer, next, "ISO-1")
		})
	})

	It("lists all but one of a batch, at every size and wherever that one stands", Rule("BATCH-5", "PART-1", "PART-2", "STATE-2"), Catches(
		"forgets-the-only-one", "deletes-denied-ones-at-size-33", "omits-one-at-size-25", "deletes-a-refused-one-later", "fails-and-deletes-denied-ones", "gives-in-at-the-third-attempt", "lists-ten-at-the-most",
	), func(ctx SpecContext) {
		sizes := s.sizes(2, 3, 9, 10, 11, 16, 20, 25, 31, 32, 33, 49, 50, 51, 63, 64, 65, 99, contract.MaxBatch)
		batches := make([][]string, len(sizes))
		for i, size := range sizes {
			roles := []byte(repeat([]string{"nm", "mn", "nnm"}[i%3], size))
			roles[(7*size+i)%size] = 'd'
			batches[i] = s.batch(ctx, string(roles))
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
	})

	It("deletes all but one of a batch, wherever that one stands", Rule("BATCH-5", "PART-1", "PART-2", "STATE-2"), Catches("unlists-the-last"), func(ctx SpecContext) {
		for i, place := range []int{0, contract.MaxBatch - 1} {
			roles := []byte(repeat("d", contract.MaxBatch))
			roles[place] = "nm"[i%2]
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, string(roles))))
		}
	})

	It(fmt.Sprintf("refuses more than %d snapshots and deletes none of them", contract.MaxBatch), Rule("BATCH-2", "BATCH-3", "BATCH-4"), Catches(
		"counts-in-a-byte", "far-too-many-is-a-type", "limit-of-101", "queues-before-it-counts", "one-too-many-is-a-value",
	), func(ctx SpecContext) {
		// At the start, about the limit and at the end stand snapshots that could be deleted, the others are missing.
		limit := contract.MaxBatch
		excesses := []int{1, 2, 10, 27, 28, 100, 155, 156, 157}
		if s.amount.everySize {
			excesses = append(excesses, 200, 256, 400, 412)
		}
		batches := make([][]string, 0, len(excesses))
		for _, excess := range excesses {
			roles := []byte(repeat("m", limit+excess))
			for _, place := range []int{0, 1, limit / 2, limit - 1, limit, limit + excess - 1} {
				roles[place] = 'd'
			}
			if batch := s.batch(ctx, string(roles)); len(bodyOf(batch)) <= bulky {
				batches = append(batches, batch)
			}
		}
		batches = append(batches,
			s.batch(ctx, repeat("d", limit+1)),
			s.batch(ctx, repeat("dnm", limit+1)),
			s.batch(ctx, "d"+repeat("nm", limit)),
		)
		s.InLanes(lanes, len(batches), func(i int) {
			answer := s.Delete(ctx, batches[i], "BATCH-3")
			s.Expect("BATCH-2", answer).To(BeRefused())
			s.Expect("BATCH-4", answer).To(HaveCode(contract.TooMany))
		})
	})

	It("refuses a request that is as long as a body may be, and deletes nothing for one that is longer", Rule("BATCH-2", "BATCH-3"), Catches(
		"streams-large-bodies", "refuses-long-bodies-unread",
	), func(ctx SpecContext) {
		kept, _ := s.withNeighbour(ctx, 2)
		missing := s.Missing(ctx, 2*contract.MaxBatch)
		ids := append(kept[:1:1], slices.Repeat(missing, 25)...)      // fifty times the limit
		fitting := min(len(ids), bulky/(len(bodyOf(ids))/len(ids)+1)) // as many as a body of that length has
		answer := s.Send(ctx, target.Request{Body: bodyOf(append(ids[:fitting:fitting], kept[1]))})
		s.Expect("BATCH-2", answer).To(BeRefused())
		s.ExpectUntouched(answer, kept, "BATCH-3")

		answer = s.Send(ctx, target.Request{Body: bodyOf(append(ids, kept[1]))})
		s.Expect("BATCH-2", answer).To(BeRefusedOrCutOff())
		s.ExpectUntouched(answer, kept, "BATCH-3")
	})

	It("refuses too many snapshots again and again", Rule("BATCH-2", "BATCH-3", "BATCH-4"), Catches("warns-once", "second-refusal-deletes", "second-refusal-is-a-value"), func(ctx SpecContext) {
		batch := s.batch(ctx, repeat("d", 3)+repeat("m", 2*contract.MaxBatch))
		s.InLanes(lanes, max(2, s.amount.again/2), func(i int) {
			for range 2 {
				answer := s.Delete(ctx, batch[:contract.MaxBatch+1+i%contract.MaxBatch], "BATCH-3")
				s.Expect("BATCH-2", answer).To(BeRefused())
				s.Expect("BATCH-4", answer).To(HaveCode(contract.TooMany))
			}
		})
	})

	It("shows whether ids that are named twice count twice toward the limit", Rule("BATCH-6", "BATCH-3", "PART-3", "REQ-4"), Catches("duplicates-delete", "fails-at-many-duplicates"), func(ctx SpecContext) {
		ids := s.Make(ctx, contract.Normal, 2)
		answer := s.Delete(ctx, slices.Repeat(ids, contract.MaxBatch/2+1))
		s.ExpectPermitted(answer)
		if outcome, permitted := answer.expected.Match(answer.said); permitted && outcome.Refusal() {
			s.journal.choose("duplicates", "counted")
		} else if permitted {
			s.journal.choose("duplicates", "not-counted")
		}
	})
}

// sizes are the sizes of batches that are tried: all of them from the smallest on, or the telling ones, about which
// implementations are built.
func (s *suite) sizes(telling ...int) []int {
	if !s.amount.everySize {
		return telling
	}
	var sizes []int
	for size := telling[0]; size <= contract.MaxBatch; size++ {
		sizes = append(sizes, size)
	}
	return sizes
}

// withNeighbour gives new snapshots and, apart from them, the one that was made next, and is the newest of all. It is not to
// be named: what reaches past the end of a batch, or for the newest whatever was asked, reaches it first.
func (s *suite) withNeighbour(ctx SpecContext, size int) (batch, next []string) {
	ids := s.Newest(ctx, size+1) // of one order, since those that are made ahead come from several
	return ids[:size], ids[size:]
}
