package conformance

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// lanes is how many requests are made at once where they are independent of each other. The waiting overlaps; rules that
// hold under load have checks of their own.
const lanes = 32

// partialFailures: PART-1 to PART-4, batches of which a part cannot be deleted.
func (s *suite) partialFailures() {
	It("lists what it cannot delete and deletes the rest, in small batches of every order", Rule("PART-1", "PART-2", "PART-3"), Catches(
		"skips-the-middle-of-three", "skips-one-behind-a-gap", "refuses-a-batch-for-one-missing", "lists-what-it-deletes",
	), func(ctx SpecContext) {
		// Every way to fill two or three places with one to delete, one that is denied and one that is missing.
		var batches [][]string
		for _, pattern := range []string{"dn", "dm", "nd", "nm", "md", "mn", "nn", "mm"} {
			for _, added := range []string{"", "d", "n", "m"} {
				batches = append(batches, s.batch(ctx, pattern+added))
			}
		}
		batches = append(batches, s.batch(ctx, neighbourhoods("dnm", 4)))
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
	})

	It("sorts out mixed batches of every size, whatever stands wherever", Rule("PART-1", "PART-2", "BATCH-5"), Catches(
		"omits-the-100th-behind-a-denied-one", "skips-the-last-of-57",
	), func(ctx SpecContext) {
		// Shifted by one from batch to batch, so that every place has every role, beside every other.
		var batches []string
		for i, size := range s.sizes(4, contract.MaxBatch-1, contract.MaxBatch) {
			order := []string{"dnm", "dmn"}[i%2]
			for shift := range order {
				batches = append(batches, repeat(order[shift:]+order[:shift], size))
			}
		}
		for shift := 0; s.amount.everySize && shift < 15; shift += 5 {
			batches = append(batches, repeat("dddddnnnnnmmmmmdddddnnnnnmmmmm"[shift:], contract.MaxBatch))
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, batches[i]))) })
	})

	It("sorts out mixed batches in random order", Rule("PART-1", "PART-2", "PART-3", "BATCH-5"), Catches("stops-at-the-first-failure"), func(ctx SpecContext) {
		chance := s.random("mixed")
		batches := make([]string, s.amount.again)
		for i := range batches {
			// Many that fail: each of them is judged, and snapshots to delete are dear.
			batches[i] = drawn(chance, 2+chance.IntN(contract.MaxBatch-1), chance.Float64()*chance.Float64()/2)
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, batches[i]))) })
	})

	It("treats an id that is named more than once as one", Rule("PART-1", "PART-2", "PART-3"), Catches(
		"keeps-a-pair-in-a-full-batch", "keeps-one-named-a-hundred-times", "calls-a-pair-missing",
	), func(ctx SpecContext) {
		n := s.Make(ctx, contract.Normal, 10)
		m := s.Missing(ctx, 2)
		batches := [][]string{
			{n[0], n[0]},
			{n[1], n[2], n[1]},
			{n[3], m[0], n[3], m[0]},
			{m[0], m[0], n[4], m[1], m[0]},
			slices.Repeat([]string{n[5]}, contract.MaxBatch),
			append(slices.Repeat([]string{n[6], m[0]}, contract.MaxBatch/2-1), n[7], m[1]),
			slices.Repeat(s.batch(ctx, repeat("dnm", contract.MaxBatch/2)), 2),
		}
		if d := s.Denied(ctx, 2); len(d) == 2 {
			batches = append(batches, []string{d[0], n[8], d[0], n[8]}, []string{n[9], n[9], d[0], m[0], d[0], m[0], d[1]})
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
	})

	It("treats repeated ids as one in random batches", Rule("PART-1", "PART-3"), Catches("lists-what-comes-again-far-behind"), func(ctx SpecContext) {
		chance := s.random("duplicates")
		batches := make([][]string, s.amount.again)
		for i := range batches {
			distinct := s.batch(ctx, drawn(chance, 2+chance.IntN(contract.MaxBatch-3), 0.2))
			batch := slices.Clone(distinct)
			again := contract.MaxBatch - len(batch) // fills the batch up
			if i%2 == 1 {
				again = 1 + chance.IntN(again)
			}
			for range again {
				batch = append(batch, distinct[chance.IntN(len(distinct))])
			}
			chance.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
			batches[i] = batch
		}
		s.InLanes(lanes, len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
	})

	It("answers for several snapshots of which none can be deleted", Rule("PART-4", "PART-3"), Catches("lists-nothing-where-nothing-goes"), func(ctx SpecContext) {
		var batches [][]string
		for _, size := range []int{2, 3, 10, 11, contract.MaxBatch / 2, contract.MaxBatch} {
			batches = append(batches, s.batch(ctx, repeat("m", size)), s.batch(ctx, repeat("n", size)), s.batch(ctx, repeat("nm", size)))
		}
		s.Again(len(batches), func(i int) { s.ExpectPermitted(s.Delete(ctx, batches[i])) })
	})
}

// batch arranges a batch by a text that says what stands at each place: d is a snapshot to delete, n one that is not
// deleted because of its state, and m one that is missing. Where the testbed can make no n, an m stands in.
func (s *suite) batch(ctx context.Context, roles string) []string {
	ids := map[rune][]string{}
	for _, role := range roles {
		ids[role] = append(ids[role], "")
	}
	if len(ids['d']) > 0 {
		ids['d'] = s.Make(ctx, contract.Normal, len(ids['d']))
	}
	if len(ids['n']) > 0 {
		ids['n'] = s.Denied(ctx, len(ids['n']))
	}
	ids['m'] = s.Missing(ctx, len(roles)-len(ids['d'])-len(ids['n']))
	batch := make([]string, 0, len(roles))
	for _, role := range roles {
		if role == 'n' && len(s.others()) == 0 {
			role = 'm'
			s.miss("missing ids stood in for snapshots in other states, of which the testbed makes none that keep theirs")
		}
		batch = append(batch, ids[role][0])
		ids[role] = ids[role][1:]
	}
	return batch
}

// neighbourhoods gives a text of roles in which every sequence of so many of them stands somewhere: a de Bruijn sequence,
// made of Lyndon words, and as much of its start again as makes it a line.
func neighbourhoods(roles string, length int) string {
	var text strings.Builder
	word := []int{0}
	for len(word) > 0 {
		if length%len(word) == 0 {
			for _, role := range word {
				text.WriteByte(roles[role])
			}
		}
		period := len(word)
		for len(word) < length {
			word = append(word, word[len(word)-period])
		}
		for len(word) > 0 && word[len(word)-1] == len(roles)-1 {
			word = word[:len(word)-1]
		}
		if len(word) > 0 {
			word[len(word)-1]++
		}
	}
	return text.String() + text.String()[:length-1]
}

// repeat repeats a text of roles up to a size.
func repeat(order string, size int) string {
	roles := make([]byte, size)
	for place := range roles {
		roles[place] = order[place%len(order)]
	}
	return string(roles)
}

// drawn draws roles by chance, d with the probability given.
func drawn(chance *rand.Rand, size int, deletable float64) string {
	roles := make([]byte, size)
	for place := range roles {
		switch {
		case chance.Float64() < deletable:
			roles[place] = 'd'
		case chance.IntN(2) == 0:
			roles[place] = 'n'
		default:
			roles[place] = 'm'
		}
	}
	return string(roles)
}
