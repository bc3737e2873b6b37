package mutants

import (
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// isolation: ISO-1.
func isolation() []Variant {
	// bystanders gives the newest snapshots in a state that a call does not name, newest first.
	bystanders := func(s *Server, c *call, state contract.State) []string {
		var ids []string
		for _, one := range s.newest(300) {
			if s.in(state, one.id) && !slices.Contains(c.ids, one.id) {
				ids = append(ids, one.id)
			}
		}
		return ids
	}
	// newest gives the newest snapshot that could be deleted and that the call does not name, if there is one.
	newest := func(s *Server, c *call) []string {
		ids := bystanders(s, c, contract.Normal)
		return ids[:min(len(ids), 1)]
	}
	deleteNewest := func(s *Server, c *call) {
		for _, id := range newest(s, c) {
			s.Release(id)
		}
	}
	return []Variant{
		{
			Name: "deletes-the-next", Rules: []string{"ISO-1"},
			Does: "deletes the snapshot, too, that was made next to the last of a batch of ten or more",
			serve: following(func(s *Server, c *call, r roles) {
				if len(r.normal) < 10 {
					return
				}
				if _, next, _ := s.find(final(r.normal)[0]); s.normal(next.id) {
					s.Release(next.id)
				}
			}),
		},
		{
			Name: "deletes-the-newest-for-another-action", Rules: []string{"ISO-1"},
			Does: "refuses another action, and deletes the newest snapshot that nobody named",
			serve: func(s *Server, c *call) {
				if otherAction(s, c) {
					deleteNewest(s, c)
				}
				s.pass(c)
			},
		},
		{
			Name: "deletes-the-one-before-after-a-full-batch", Rules: []string{"ISO-1"},
			Does: "deletes the snapshot, too, that was made before one that is named alone right after a full batch",
			serve: func(s *Server, c *call) {
				r := s.roles(c)
				s.pass(c)
				if s.last("full", full(s, c)) == true && c.alone() && len(r.normal) == 1 {
					s.erase(s.before(c.ids[0]).id)
				}
			},
		},
		{
			Name: "empty-list-takes-the-newest", Rules: []string{"ISO-1"}, Does: "deletes the newest snapshot for an empty list",
			serve: func(s *Server, c *call) {
				if namesNone(s, c) {
					deleteNewest(s, c)
				}
				s.pass(c)
			},
		},
		{
			Name: "flickers", Rules: []string{"ISO-1"}, shows: true,
			Does: "has snapshots that nobody named look as if they were being deleted, for a moment after it has deleted 20",
			serve: knowing(func(s *Server, c *call, r roles) {
				s.pass(c)
				if len(r.normal) != 20 {
					return
				}
				for _, id := range bystanders(s, c, contract.Normal) {
					s.shown.Store(id, contract.Leaving)
					time.AfterFunc(900*time.Millisecond, func() { s.shown.Delete(id) })
				}
			}),
		},
		{
			Name: "deletes-the-newest-later", Rules: []string{"ISO-1"}, Linger: time.Second,
			Does: "deletes what is the newest snapshot half a second after a success",
			serve: following(func(s *Server, c *call, r roles) {
				if len(r.normal) > 0 {
					time.AfterFunc(500*time.Millisecond, func() { deleteNewest(s, c) })
				}
			}),
		},
		{
			Name: "finishes-creating", Rules: []string{"ISO-1"},
			Does: "makes snapshots NORMAL that are CREATING whenever it deletes 20",
			serve: following(func(s *Server, c *call, r roles) {
				if len(r.normal) == 20 {
					for _, id := range bystanders(s, c, creating) {
						s.Put(id, contract.Normal)
					}
				}
			}),
		},
	}
}
