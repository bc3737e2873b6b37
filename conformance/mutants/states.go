package mutants

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// The states that some mutants single out.
const (
	creating contract.State = "CREATING"
	failed   contract.State = "FAILED"
)

// states: STATE-1 to STATE-4.
func states() []Variant {
	var all []Variant
	for _, state := range others {
		all = append(all, deletesState(state)...)
		all = append(all, Variant{
			Name: "changes-" + slug(state), Rules: []string{"STATE-3"},
			Does: "gives a snapshot in state " + string(state) + " another one when it is refused",
			serve: following(func(s *Server, _ *call, r roles) {
				for _, id := range r.denied {
					if s.in(state, id) {
						s.Put(id, others[(slices.Index(others, state)+1)%len(others)])
					}
				}
			}),
		})
	}
	return slices.Concat(all, deletesDenied(), keepsNormal(), changesRefused(), forgetsDeletions())
}

// slug spells a state as part of a name.
func slug(state contract.State) string {
	return strings.ToLower(strings.ReplaceAll(string(state), "_", "-"))
}

// deletesState: STATE-2, by the state of what is deleted all the same.
func deletesState(state contract.State) []Variant {
	in := func(s *Server, ids []string) []string {
		return those(ids, func(id string) bool { return s.in(state, id) })
	}
	return []Variant{
		{
			Name: "deletes-" + slug(state) + "-alone", Rules: []string{"STATE-2", "ERR-2"},
			Does: "deletes a snapshot in state " + string(state) + " that is named alone",
			serve: deleting(func(s *Server, c *call, r roles) []string {
				if !c.alone() {
					return nil
				}
				return in(s, r.denied)
			}),
		},
		{
			Name: "deletes-several-" + slug(state) + "-in-a-small-batch", Rules: []string{"STATE-2"},
			Does: "deletes snapshots in state " + string(state) + " where a batch of fewer than ten has several, and one to delete",
			serve: deleting(func(s *Server, c *call, r roles) []string {
				if several := in(s, r.denied); len(several) > 1 && len(r.normal) > 0 && len(c.ids) < 10 {
					return several
				}
				return nil
			}),
		},
		{
			Name: "deletes-a-batch-of-" + slug(state), Rules: []string{"STATE-2"},
			Does: "deletes several snapshots if all of them are in state " + string(state),
			serve: deleting(func(s *Server, c *call, r roles) []string {
				if all := in(s, r.denied); len(all) > 1 && len(all) == len(distinct(c.ids)) {
					return all
				}
				return nil
			}),
		},
	}
}

// deletesDenied: STATE-2, by the place and the size.
func deletesDenied() []Variant {
	return []Variant{
		{
			Name: "deletes-any-state", Rules: []string{"STATE-2"},
			Does: "does not look at the states in a batch of which something can be deleted",
			serve: deleting(func(_ *Server, _ *call, r roles) []string {
				if len(r.normal) == 0 {
					return nil
				}
				return r.denied
			}),
		},
		{
			Name: "deletes-a-denied-one-in-the-100th-place", Rules: []string{"STATE-2"},
			Does: "does not look at the state in the 100th place",
			serve: deleting(func(_ *Server, c *call, r roles) []string {
				return those(r.denied, func(id string) bool { return c.place(id) == 99 })
			}),
		},
		{
			Name: "deletes-denied-ones-at-size-33", Rules: []string{"STATE-2"},
			Does: "does not look at the state of the first snapshot in a batch of 33",
			serve: deleting(func(_ *Server, c *call, r roles) []string {
				if len(c.ids) != 33 {
					return nil
				}
				return r.denied[:min(len(r.denied), 1)]
			}),
		},
		{
			Name: "deletes-a-denied-neighbour", Rules: []string{"STATE-2"},
			Does: "takes a snapshot for NORMAL because the one named before it was",
			serve: deleting(func(_ *Server, c *call, r roles) []string {
				return those(r.denied, func(id string) bool { return slices.Contains(r.normal, c.neighbour(id, -1)) })
			}),
		},
		{
			Name: "deletes-what-it-lists", Rules: []string{"STATE-2", "PART-3"},
			Does: "lists a snapshot in state FAILED that stands first in a mixed batch, and deletes it all the same",
			serve: following(func(s *Server, c *call, r roles) {
				if r.mixed() && s.in(failed, c.ids[0]) {
					s.Release(c.ids[0])
				}
			}),
		},
		{
			Name: "deletes-denied-ones-beside-missing-ones", Rules: []string{"STATE-2"},
			Does: "deletes what is denied where all the others are missing",
			serve: deleting(func(_ *Server, _ *call, r roles) []string {
				if len(r.missing) == 0 || len(r.normal) > 0 {
					return nil
				}
				return r.denied
			}),
		},
	}
}

// keepsNormal: STATE-1.
func keepsNormal() []Variant {
	return []Variant{
		{
			Name: "keeps-one-that-is-alone", Rules: []string{"STATE-1"},
			Does: "does not delete a snapshot that is named alone",
			serve: keeping(func(_ *Server, c *call, r roles) []string {
				if !c.alone() {
					return nil
				}
				return r.normal
			}),
		},
		{
			Name: "keeps-all-on-every-7th-request", Rules: []string{"STATE-1"},
			Does: "deletes nothing on every 7th request",
			serve: keeping(func(s *Server, _ *call, r roles) []string {
				if s.count("call")%7 != 0 {
					return nil
				}
				return r.normal
			}),
		},
		{
			Name: "keeps-all-after-200-requests", Rules: []string{"STATE-1"},
			Does: "deletes nothing any more after 200 requests",
			serve: keeping(func(s *Server, _ *call, r roles) []string {
				if s.count("call") <= 200 {
					return nil
				}
				return r.normal
			}),
		},
		{
			Name: "never-finishes-deleting", Rules: []string{"STATE-1"},
			Does: "leaves a deleted snapshot in state DELETING for good",
			serve: knowing(func(s *Server, c *call, r roles) {
				if len(r.normal) == 0 {
					s.pass(c)
					return
				}
				for _, id := range r.normal {
					s.Put(id, contract.Leaving)
				}
				c.succeed(those(distinct(c.ids), r.failing))
			}),
		},
		{
			Name: "fails-every-5th-deletion", Rules: []string{"STATE-1"},
			Does: "leaves every fifth deleted snapshot in state FAILED",
			serve: keeping(func(s *Server, _ *call, r roles) []string {
				unlucky := those(r.normal, func(string) bool { return s.count("deletion")%5 == 0 })
				for _, id := range unlucky {
					s.Put(id, failed)
				}
				return unlucky
			}),
		},
		{
			Name: "keeps-all-after-an-error", Rules: []string{"STATE-1"},
			Does: "deletes nothing in the request that follows an error",
			serve: func(s *Server, c *call) {
				keeping(func(s *Server, _ *call, r roles) []string {
					if s.last("failed", false) != true {
						return nil
					}
					return r.normal
				})(s, c)
				s.last("failed", !c.ok())
			},
		},
		{
			Name: "repeats-a-denial", Rules: []string{"STATE-1"},
			Does: "answers for a snapshot alone as it did for the one before, if that was denied",
			serve: func(s *Server, c *call) {
				quiet := s.busy.Load() == 1
				before := s.last("denied", false)
				if before == true && quiet && c.alone() && s.normal(c.ids[0]) {
					c.fails(contract.DeniedState)
					return
				}
				s.pass(c)
				s.last("denied", quiet && c.is(contract.DeniedState))
			},
		},
		{
			Name: "locks-what-a-broken-request-names", Rules: []string{"STATE-1"},
			Does: "lists for ever what was named in a body that is not JSON",
			serve: func(s *Server, c *call) {
				for _, id := range namedByAccident(s, c) {
					s.first("locked " + id)
				}
				s.passButList(c, those(distinct(c.ids), func(id string) bool {
					_, locked := s.notes.Load("locked " + id)
					return locked
				}))
			},
		},
		{
			Name: "locks-what-a-refused-batch-names", Rules: []string{"STATE-1"},
			Does: "lists for ever what was named in a batch that was too large",
			serve: func(s *Server, c *call) {
				for _, id := range c.ids {
					if len(c.ids) > contract.MaxBatch && s.normal(id) {
						s.first("locked " + id)
					}
				}
				s.passButList(c, those(distinct(c.ids), func(id string) bool {
					_, locked := s.notes.Load("locked " + id)
					return locked
				}))
			},
		},
		{
			Name: "forgets-old-snapshots", Rules: []string{"STATE-1"},
			Does: "does not find a snapshot any more when a thousand have been made after it",
			serve: func(s *Server, c *call) {
				recent := s.newest(1000)
				forgotten := those(distinct(c.ids), func(id string) bool {
					return s.normal(id) && !slices.ContainsFunc(recent, func(one snapshot) bool { return one.id == id })
				})
				if c.alone() && len(forgotten) > 0 {
					c.fails(contract.NotFound)
					return
				}
				s.passButList(c, forgotten)
			},
		},
	}
}

// namedByAccident gives the snapshots whose ids are in a body that is not JSON.
func namedByAccident(s *Server, c *call) []string {
	if json.Valid(c.body) {
		return nil
	}
	var named []string
	for _, one := range s.newest(1000) {
		if bytes.Contains(c.body, []byte(one.id)) && s.normal(one.id) {
			named = append(named, one.id)
		}
	}
	return named
}

// changesRefused: STATE-3, what becomes of a snapshot whose deletion was refused.
func changesRefused() []Variant {
	return []Variant{
		{
			Name: "deletes-a-refused-one-later", Rules: []string{"STATE-3", "STATE-2"}, Linger: 1500 * time.Millisecond,
			Does: "deletes a refused snapshot a second after its answer",
			serve: following(func(s *Server, _ *call, r roles) {
				for _, id := range r.denied {
					time.AfterFunc(time.Second, func() { s.Release(id) })
				}
			}),
		},
		{
			Name: "frees-a-refused-one-later", Rules: []string{"STATE-3"}, Linger: 1500 * time.Millisecond,
			Does: "makes a snapshot NORMAL a second after it was refused alone",
			serve: following(func(s *Server, c *call, r roles) {
				if c.is(contract.DeniedState) {
					time.AfterFunc(time.Second, func() { s.Put(r.denied[0], contract.Normal) })
				}
			}),
		},
		{
			Name: "gives-in-at-the-third-attempt", Rules: []string{"STATE-3", "STATE-2"},
			Does: "deletes a snapshot that it has refused twice",
			serve: deleting(func(s *Server, _ *call, r roles) []string {
				return those(r.denied, func(id string) bool { return s.count("refused "+id) == 3 })
			}),
		},
		{
			Name: "fails-what-a-broken-request-names", Rules: []string{"STATE-3"},
			Does: "puts what is named in a body that is not JSON into state FAILED",
			serve: func(s *Server, c *call) {
				for _, id := range namedByAccident(s, c) {
					s.Put(id, failed)
				}
				s.pass(c)
			},
		},
		{
			Name: "deletes-the-refused-at-the-next-error", Rules: []string{"STATE-3", "STATE-2"},
			Does: "deletes what it refused alone when the next answer is an error, too",
			serve: following(func(s *Server, c *call, r roles) {
				if c.ok() {
					s.last("refused", []string{})
					return
				}
				before, _ := s.last("refused", r.denied).([]string)
				for _, id := range before {
					s.Release(id)
				}
			}),
		},
	}
}

// forgetsDeletions: STATE-4.
func forgetsDeletions() []Variant {
	// deleted tells whether the ids are those of snapshots that were there and are gone.
	deleted := func(s *Server, ids []string) []string {
		return those(ids, func(id string) bool {
			_, _, made := s.find(id)
			return made && s.missing(id)
		})
	}
	return []Variant{
		{
			Name: "brings-back-after-a-second", Rules: []string{"STATE-4"}, Linger: 1500 * time.Millisecond,
			Does: "has a deleted snapshot back after a second",
			serve: following(func(s *Server, c *call, r roles) {
				time.AfterFunc(time.Second, func() { s.bringBack(contract.Normal, r.normal...) })
			}),
		},
		{
			Name: "brings-back-as-failed", Rules: []string{"STATE-4"}, Linger: time.Second,
			Does: "has the first of a batch back in state FAILED half a second later",
			serve: following(func(s *Server, c *call, r roles) {
				if len(r.normal) > 1 {
					time.AfterFunc(500*time.Millisecond, func() { s.bringBack(failed, r.normal[0]) })
				}
			}),
		},
		{
			Name: "brings-back-at-the-second-deletion", Rules: []string{"STATE-4"},
			Does:  "has a snapshot back that is deleted a second time",
			serve: following(func(s *Server, _ *call, r roles) { s.bringBack(contract.Normal, deleted(s, r.missing)...) }),
		},
		{
			Name: "rolls-back-at-an-error", Rules: []string{"STATE-4"},
			Does: "undoes what the request before has deleted when there is nothing of a snapshot that is named alone",
			serve: following(func(s *Server, c *call, r roles) {
				before, _ := s.last("deleted", r.normal).([]string)
				if c.is(contract.NotFound) {
					s.bringBack(contract.Normal, before...)
				}
			}),
		},
		{
			Name: "succeeds-twice", Rules: []string{"STATE-4", "ERR-1"},
			Does: "answers with success again when a deleted snapshot is named a second time",
			serve: following(func(s *Server, c *call, r roles) {
				if gone := deleted(s, r.missing); c.is(contract.NotFound) && len(gone) == 1 && s.count(gone[0]) == 1 {
					c.succeed(nil)
				}
			}),
		},
		{
			Name: "succeeds-at-the-fourth-attempt", Rules: []string{"STATE-4", "ERR-1"},
			Does: "answers with success again when a deleted snapshot is named alone for the fourth time",
			serve: following(func(s *Server, c *call, r roles) {
				if gone := deleted(s, r.missing); c.is(contract.NotFound) && len(gone) == 1 && s.count(gone[0]) == 3 {
					c.succeed(nil)
				}
			}),
		},
		{
			Name: "calls-gone-ones-denied", Rules: []string{"STATE-4", "ERR-1"},
			Does: "denies for ever what was deleted in a batch of more than ten",
			serve: following(func(s *Server, c *call, r roles) {
				if len(r.normal) > 10 {
					for _, id := range r.normal {
						s.first(id)
					}
				}
				if _, noted := s.notes.Load(c.ids[0]); noted && c.is(contract.NotFound) {
					c.fails(contract.DeniedState)
				}
			}),
		},
		{
			Name: "omits-a-gone-one", Rules: []string{"STATE-4", "PART-1"},
			Does: "does not list a deleted snapshot that stands first in a batch",
			serve: knowing(func(s *Server, c *call, r roles) {
				gone := deleted(s, c.ids[:1])
				s.pass(c)
				if len(r.normal) > 0 {
					c.editList(func(listed []string) any { return without(listed, gone) })
				}
			}),
		},
		{
			Name: "omits-many-gone-ones", Rules: []string{"STATE-4", "PART-1"},
			Does: "does not list deleted snapshots where a batch has more than thirty",
			serve: knowing(func(s *Server, c *call, r roles) {
				gone := deleted(s, r.missing)
				s.pass(c)
				if len(r.normal) > 0 && len(gone) > 30 {
					c.editList(func(listed []string) any { return without(listed, gone) })
				}
			}),
		},
	}
}
