package mutants

import (
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// concurrency: CONC-1 and CONC-2.
func concurrency() []Variant {
	return slices.Concat(disturbed(), raced())
}

// window is how long a look and what follows from it lie apart, so that calls made at once meet in between.
const window = 10 * time.Millisecond

// underLoad does something else with a valid call while so many are under way, this one included.
func underLoad(calls int64, does behaviour) behaviour {
	return knowing(func(s *Server, c *call, _ roles) {
		if s.crowded(calls) {
			does(s, c)
			return
		}
		s.pass(c)
	})
}

// disturbed: CONC-1, calls that get in each other's way.
func disturbed() []Variant {
	return []Variant{
		{
			Name: "keeps-all-of-a-mixed-batch-under-load", Rules: []string{"CONC-1"},
			Does: "deletes nothing of a mixed batch that meets three other calls",
			serve: underLoad(4, keeping(func(_ *Server, _ *call, r roles) []string {
				if !r.mixed() {
					return nil
				}
				return r.normal
			})),
		},
		{
			Name: "misses-one-under-load", Rules: []string{"CONC-1"},
			Does: "does not find a snapshot that is named alone while three other calls are under way",
			serve: underLoad(4, knowing(func(s *Server, c *call, r roles) {
				if c.alone() && len(r.normal) == 1 {
					c.fails(contract.NotFound)
					return
				}
				s.pass(c)
			})),
		},
		{
			Name: "keeps-one-of-two-large-batches", Rules: []string{"CONC-1"},
			Does: "does not delete the first snapshot of a batch of more than 60 while another such batch is under way",
			serve: when(func(s *Server, c *call) bool {
				if len(c.ids) <= 60 {
					return false
				}
				large := s.count("large")
				<-time.After(window)
				return s.counted("large") != large
			}, keepFirst),
		},
		{
			Name: "shares-its-ids", Rules: []string{"CONC-1"},
			Does: "deletes what the call that came last has named",
			serve: knowing(func(s *Server, c *call, _ roles) {
				s.notes.Store("ids", c.ids)
				s.crowded(2)
				ids, _ := s.notes.Load("ids")
				s.passIDs(c, ids.([]string))
			}),
		},
		{
			Name: "breaks-under-heavy-load", Rules: []string{"CONC-1"},
			Does:  "answers with status 500 while twelve other calls are under way",
			serve: underLoad(13, func(_ *Server, c *call) { c.fails(contract.Internal) }),
		},
		{
			Name: "calls-denied-ones-missing-after-a-race", Rules: []string{"ERR-2"}, Whole: true,
			Does: "does not find a denied snapshot that is named alone once two calls have wanted the same one",
			serve: knowing(func(s *Server, c *call, r roles) {
				quiet := s.busy.Load() == 1
				if rivals := s.rivals(c, r.normal); rivals {
					s.first("race")
				}
				s.pass(c)
				if _, raced := s.notes.Load("race"); raced && quiet && c.is(contract.DeniedState) {
					c.fails(contract.NotFound)
				}
			}),
		},
	}
}

// rivals waits a moment, and tells whether another call under way names one of the ids.
func (s *Server) rivals(c *call, ids []string) bool {
	if len(ids) == 0 {
		return false
	}
	for _, id := range ids {
		s.count("wants " + id)
	}
	<-time.After(window)
	return slices.ContainsFunc(ids, func(id string) bool { return s.counted("wants "+id) > 1 })
}

// raced: CONC-2, calls that want the same snapshot.
func raced() []Variant {
	// looksFirst deletes what was NORMAL a moment ago, and says so whatever has become of it meanwhile.
	looksFirst := func(where func(c *call) bool) behaviour {
		return knowing(func(s *Server, c *call, r roles) {
			if len(r.normal) == 0 || !where(c) {
				s.pass(c)
				return
			}
			<-time.After(window)
			s.passPart(c, c.ids, those(distinct(c.ids), r.failing))
		})
	}
	return []Variant{
		{
			Name: "looks-then-deletes-one", Rules: []string{"CONC-2"},
			Does:  "looks some time before it deletes a snapshot that is named alone",
			serve: looksFirst((*call).alone),
		},
		{
			Name: "looks-then-deletes-a-batch", Rules: []string{"CONC-2"},
			Does:  "looks some time before it deletes snapshots of a batch",
			serve: looksFirst(func(c *call) bool { return !c.alone() }),
		},
		{
			Name: "looks-then-deletes-a-large-batch", Rules: []string{"CONC-2"},
			Does:  "looks some time before it deletes snapshots of a batch of ten or more",
			serve: looksFirst(func(c *call) bool { return len(c.ids) >= 10 }),
		},
		{
			Name: "answers-equal-requests-once", Rules: []string{"CONC-2"},
			Does: "gives equal requests at the same time the same answer",
			serve: knowing(func(s *Server, c *call, r roles) {
				if len(r.normal) == 0 {
					s.pass(c)
					return
				}
				key := strings.Join(c.ids, " ")
				if leader := s.first(key); leader {
					<-time.After(window)
					s.pass(c)
					s.notes.Store("answer to "+key, c.listed())
					s.notes.Delete(key)
					return
				}
				<-time.After(3 * window)
				if listed, ready := s.notes.Load("answer to " + key); ready {
					c.succeed(listed.([]string))
					return
				}
				s.pass(c)
			}),
		},
		{
			Name: "gives-up-a-batch-that-lost-one", Rules: []string{"CONC-2"},
			Does: "deletes nothing of a batch, and finds nothing, where another call was faster about one of it",
			serve: knowing(func(s *Server, c *call, r roles) {
				s.rivals(c, r.normal)
				if len(r.normal) > 1 && len(s.roles(c).normal) < len(r.normal) {
					c.fails(contract.NotFound)
					return
				}
				s.pass(c)
			}),
		},
	}
}
