package mutants

import (
	"fmt"
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// batches: BATCH-1 to BATCH-5.
func batches() []Variant {
	return slices.Concat(fullBatches(), longBatches(), lateRefusals(), longRepetitions(), lengthCodes(), places())
}

// fullBatches: BATCH-1.
func fullBatches() []Variant {
	return []Variant{
		{
			Name: "grows-late", Rules: []string{"BATCH-1"}, Does: "fails when it deletes a hundred snapshots for the first time",
			serve: when(func(s *Server, c *call) bool {
				return len(those(c.ids, s.normal)) == contract.MaxBatch && len(distinct(c.ids)) == contract.MaxBatch && s.first("grown")
			}, crash),
		},
		{
			Name: "halves-the-limit-after-a-long-batch", Rules: []string{"BATCH-1"}, Does: "refuses more than fifty right after a batch that was too long",
			serve: when(func(s *Server, c *call) bool {
				return s.last("long", long(s, c)) == true && len(c.ids) > contract.MaxBatch/2
			}, refuseLength),
		},
		{
			Name: "full-only-once", Rules: []string{"BATCH-1"}, Does: "refuses every full batch but the first",
			serve: when(func(s *Server, c *call) bool { return full(s, c) && !s.first("full") }, refuseLength),
		},
	}
}

// longBatches: BATCH-2. BATCH-3 is about those that are refused.
func longBatches() []Variant {
	beyond := []string{"BATCH-2"}
	return []Variant{
		{
			Name: "limit-of-101", Rules: beyond, Does: "carries out a batch that is one over the limit",
			serve: when(func(_ *Server, c *call) bool { return len(c.ids) == contract.MaxBatch+1 }, carryOut),
		},
		{
			Name: "counts-in-a-byte", Rules: beyond, Does: "counts ids in one byte, so that 257 are one",
			serve: when(func(s *Server, c *call) bool {
				return long(s, c) && len(c.ids)%256 > 0 && len(c.ids)%256 <= contract.MaxBatch
			}, carryOut),
		},
		{
			Name: "streams-large-bodies", Rules: beyond, Does: "does not count ids where there are thousands",
			serve: when(func(_ *Server, c *call) bool { return len(c.ids) > 4096 }, carryOut),
		},
		{
			Name: "warns-once", Rules: beyond, Does: "refuses a batch that is too long, and carries it out when asked again",
			serve: when(longAgain, carryOut),
		},
	}
}

// lateRefusals: BATCH-3.
func lateRefusals() []Variant {
	only := []string{"BATCH-3"}
	return []Variant{
		{
			Name: "queues-before-it-counts", Rules: only, Linger: 400 * time.Millisecond,
			Does: "refuses a batch that is too long, and deletes the last of it a little later",
			serve: when(long, func(s *Server, c *call) {
				time.AfterFunc(200*time.Millisecond, func() { s.erase(c.ids[len(c.ids)-1]) })
				s.pass(c)
			}),
		},
		{
			Name: "duplicates-delete", Rules: only, Does: "deletes what is named too often before it refuses that",
			serve: when(longByRepetition, deleteAndRefuse),
		},
		{
			Name: "second-refusal-deletes", Rules: only, Does: "deletes a batch that is too long when it comes again, and refuses it again",
			serve: when(longAgain, deleteAndRefuse),
		},
	}
}

// longRepetitions: more ids than the limit, and fewer snapshots.
func longRepetitions() []Variant {
	return []Variant{
		{
			Name: "fails-at-many-duplicates", Rules: []string{"REQ-4"}, Does: "fails where repetitions make a batch too long",
			serve: when(longByRepetition, crash),
		},
	}
}

// lengthCodes: BATCH-4.
func lengthCodes() []Variant {
	only := []string{"BATCH-4"}
	return []Variant{
		{
			Name: "far-too-many-is-a-type", Rules: only, Does: "answers for more than twice the limit that the type is wrong",
			serve: recodes(contract.TooMany, contract.WrongType, func(c *call) bool { return len(c.ids) > 2*contract.MaxBatch }),
		},
		{
			Name: "second-refusal-is-a-value", Rules: only, Does: "answers that a value is wrong when a batch that is too long comes again",
			serve: when(longAgain, refuseValue),
		},
		{
			Name: "one-too-many-is-a-value", Rules: only, Does: "answers for one id too many that a value is wrong",
			serve: recodes(contract.TooMany, contract.WrongValue, func(c *call) bool { return len(c.ids) == contract.MaxBatch+1 }),
		},
	}
}

// places: BATCH-5.
func places() []Variant {
	only := []string{"BATCH-5"}
	return []Variant{
		{
			Name: "fails-at-33", Rules: only, Does: "fails at a batch of 33",
			serve: when(ofSize(33), crash),
		},
		{
			Name: "fails-at-37", Rules: only, Effort: "normal", Does: "fails at a batch of 37",
			serve: when(ofSize(37), crash),
		},
		{
			Name: "forgets-the-64th-of-64", Rules: only, Does: "leaves out the last of 64 where all of them can be deleted",
			serve: when(func(s *Server, c *call) bool { return len(those(c.ids, s.normal)) == 64 },
				forgets(func(place, size int) bool { return size == 64 && place == 63 })),
		},
		{
			Name: "forgets-the-only-one", Rules: only, Does: "leaves out the only one of fifty that can be deleted",
			serve: func(s *Server, c *call) {
				if len(c.ids) == 50 && len(those(c.ids, s.normal)) == 1 {
					s.passIDs(c, those(c.ids, func(id string) bool { return !s.normal(id) }))
				} else {
					s.pass(c)
				}
			},
		},
		{
			Name: "unlists-the-last", Rules: only, Does: "does not list the last of a full batch if it is the only one that cannot be deleted",
			serve: unlists(func(place, size, listed int) bool {
				return size == contract.MaxBatch && place == size-1 && listed == 1
			}),
		},
	}
}

// full is true of a batch at the limit, and long of one beyond it.
func full(_ *Server, c *call) bool { return len(c.ids) == contract.MaxBatch }
func long(_ *Server, c *call) bool { return len(c.ids) > contract.MaxBatch }

// longAgain is true of a batch beyond the limit that has come before, and longByRepetition of one that has no more
// snapshots than are allowed.
func longAgain(s *Server, c *call) bool { return long(s, c) && !s.first(fmt.Sprint(c.ids)) }

func longByRepetition(s *Server, c *call) bool {
	return long(s, c) && len(distinct(c.ids)) <= contract.MaxBatch
}

// ofSize is true of a batch of that size.
func ofSize(size int) func(*Server, *call) bool {
	return func(_ *Server, c *call) bool { return len(c.ids) == size }
}

func refuseLength(_ *Server, c *call) { c.fails(contract.TooMany) }

// carryOut does what is asked, however much that is.
func carryOut(s *Server, c *call) {
	left := those(distinct(c.ids), func(id string) bool { return !s.normal(id) })
	s.erase(c.ids...)
	c.succeed(left)
}

// deleteAndRefuse deletes what a call names before the mock refuses it.
func deleteAndRefuse(s *Server, c *call) {
	s.erase(c.ids...)
	s.pass(c)
}

// passMost is passIDs for a part of the ids, if it is one.
func (s *Server) passMost(c *call, kept []string) {
	if len(kept) == 0 || len(kept) == len(c.ids) {
		s.pass(c)
	} else {
		s.passIDs(c, kept)
	}
}

// forgets neither deletes nor lists what stands at some places of a batch.
func forgets(at func(place, size int) bool) behaviour {
	return func(s *Server, c *call) {
		if long(s, c) {
			s.pass(c)
			return
		}
		var kept []string
		for place, id := range c.ids {
			if !at(place, len(c.ids)) {
				kept = append(kept, id)
			}
		}
		s.passMost(c, kept)
	}
}

// unlists takes out of a success's list what stands at some places of the batch.
func unlists(is func(place, size, listed int) bool) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		c.editList(func(listed []string) any {
			return those(listed, func(id string) bool {
				return !is(slices.Index(c.ids, id), len(c.ids), len(listed))
			})
		})
	}
}
