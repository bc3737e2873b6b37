package conformance

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// callers is how many requests are made at the same moment, and rivals how many of those about one snapshot.
const (
	callers = 16
	rivals  = 8
)

// concurrency: CONC-1 and CONC-2, requests at the same time.
func (s *suite) concurrency() {
	It("answers requests about different snapshots as if each were alone", Rule("CONC-1", "ENV-3"), Catches(
		"keeps-all-of-a-mixed-batch-under-load", "misses-one-under-load", "shares-its-ids", "breaks-under-heavy-load", "request-ids-in-pairs", "keeps-one-of-two-large-batches",
	), func(ctx SpecContext) {
		few := []string{"d", "dnm", "m", "d", "mnd", "n", "d", "dd", "nm", "d", repeat("d", 6), "ddnnm", repeat("dm", 6)}
		large := "d" + repeat("m", 3*contract.MaxBatch/4)
		many := []string{"d", large, repeat("d", 40), "d", "m", repeat("dnm", 6), "d", large, repeat("d", 12), "n"} // all together more than one request may name
		for round := range s.amount.rounds {
			crowd := few
			if round%4 == 3 {
				crowd = many
			}
			batches := make([][]string, callers)
			denied := s.Denied(ctx, 6*callers)
			for i := range batches {
				roles := crowd[(round+i)%len(crowd)]
				batches[i] = s.batch(ctx, strings.ReplaceAll(roles, "n", ""))
				for place, role := range roles { // denied snapshots of its own for each caller
					if role == 'n' && len(denied) > 0 {
						batches[i], denied = slices.Insert(batches[i], min(place, len(batches[i])), denied[0]), denied[1:]
					}
				}
			}
			batches = slices.DeleteFunc(batches, func(batch []string) bool { return len(batch) == 0 })
			s.ExpectExplained(s.Race(ctx, batches))
		}
	})

	It("lets one of several requests about one snapshot succeed", Rule("CONC-2"), Catches(
		"looks-then-deletes-one", "answers-equal-requests-once", "gives-up-a-batch-that-lost-one",
	), func(ctx SpecContext) {
		for round := range s.amount.rounds {
			contested := s.Make(ctx, contract.Normal, 1)[0]
			own := s.Make(ctx, contract.Normal, rivals)
			missing := s.Missing(ctx, 1)[0]
			batches := make([][]string, rivals)
			for i := range batches {
				batches[i] = [][]string{
					{contested},
					{contested, own[i]},
					{missing, contested},
					{own[i], missing, contested, contested},
				}[[]int{0, 0, 3, i % 2, i % 4}[round%5]]
			}
			s.ExpectExplained(s.Race(ctx, batches))
		}
	})

	It("answers overlapping batches so that some order explains what became of each snapshot", Rule("CONC-2"), Catches("looks-then-deletes-a-batch", "looks-then-deletes-a-large-batch"), func(ctx SpecContext) {
		chance := s.random("overlapping")
		for round := range s.amount.rounds {
			crowd, most := rivals, 4
			if round%4 == 3 {
				crowd, most = 3*rivals, 2*rivals
			}
			contested := s.Make(ctx, contract.Normal, crowd)
			denied := s.Denied(ctx, 1)
			batches := make([][]string, callers)
			for i := range batches {
				batch := sample(chance, contested, 1+chance.IntN(most))
				batch = append(batch, s.batch(ctx, []string{"", "", "d", "m", "dm"}[chance.IntN(5)])...)
				batch = append(batch, sample(chance, denied, chance.IntN(2))...)
				chance.Shuffle(len(batch), func(a, b int) { batch[a], batch[b] = batch[b], batch[a] })
				batches[i] = batch
			}
			s.ExpectExplained(s.Race(ctx, batches))
		}
	})

	It("answers rightly when the rush is over", Rule("CONC-1"), Catches(
		"calls-denied-ones-missing-after-a-race",
	), func(ctx SpecContext) {
		for _, roles := range []string{"d", "m", "n", "dnm", "nm", "ddd"} {
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, roles), "CONC-1"))
		}
	})
}

// sample draws some of the ids, none twice.
func sample(chance *rand.Rand, ids []string, count int) []string {
	var drawn []string
	for _, at := range chance.Perm(len(ids))[:min(count, len(ids))] {
		drawn = append(drawn, ids[at])
	}
	return drawn
}

// Race makes requests at the same moment, each for a batch.
func (s *suite) Race(ctx SpecContext, batches [][]string) *race {
	if s.config.Parallel == 1 {
		Skip("requests at the same time are what it tries, and the run is to make one at a time")
	}
	done := s.people.Asking(slices.Concat(batches...)...)
	defer done()
	r := newRace(batches, s.people.ClassOf)
	s.AtOnce(len(batches), func(i int) {
		r.answers[i] = s.Send(ctx, target.Request{Body: bodyOf(batches[i]), Reuse: true})
	})
	s.settleRace(r)
	return r
}

// AtOnce does something n times at the same moment.
func (s *suite) AtOnce(n int, do func(i int)) {
	var ready sync.WaitGroup
	ready.Add(n)
	s.Together(n, func(i int) {
		ready.Done()
		ready.Wait()
		do(i)
	})
}
