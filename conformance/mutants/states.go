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
	}
	return slices.Concat(all, deletesDenied(), keepsNormal(), changesRefused(), forgetsDeletions())
}

// slug spells a state as part of a name.
func slug(state contract.State) string {
	return strings.ToLower(strings.ReplaceAll(string(state), "_", "-"))
}

// otherThan gives another of the states that forbid deletion.
func otherThan(state contract.State) contract.State {
	return others[(slices.Index(others, state)+1)%len(others)]
}

// deletesState: STATE-2, by the state of what is deleted all the same.
func deletesState(state contract.State) []Variant {
	in := func(s *Server, ids []string) []string {
		return those(ids, func(id string) bool { return s.in(state, id) })
	}
	return []Variant{
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
			Name: "changes-a-refused-" + slug(state), Rules: []string{"STATE-3"},
			Does: "puts a snapshot in state " + string(state) + " that is named alone into another, and refuses it",
			serve: following(func(s *Server, c *call, _ roles) {
				if c.alone() && s.in(state, c.ids[0]) {
					s.Put(c.ids[0], otherThan(state))
				}
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
			Name: "deletes-denied-ones-at-size-33", Rules: []string{"STATE-2"},
			Does: "does not look at the state of the first snapshot in a batch of 33",
			serve: deleting(func(_ *Server, c *call, r roles) []string {
				if len(c.ids) != 33 {
					return nil
				}
				return r.denied[:min(len(r.denied), 1)]
			}),
		},
	}
}

// keepsNormal: STATE-1.
func keepsNormal() []Variant {
	return []Variant{
		{
			Name: "keeps-all-after-200-requests", Rules: []string{"STATE-1"}, Whole: true,
			Does: "deletes nothing any more after 200 requests",
			serve: keeping(func(s *Server, _ *call, r roles) []string {
				if s.count("call") <= 200 {
					return nil
				}
				return r.normal
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
			Does:  "lists for ever what was named in a body that is not JSON",
			serve: locking(func(s *Server, c *call) []string { return namedByAccident(s, c, !json.Valid(c.body)) }),
		},
		{
			Name: "locks-what-stands-beside-a-number", Rules: []string{"STATE-1"},
			Does:  "lists for ever what was named in a list that is not all of strings",
			serve: locking(func(s *Server, c *call) []string { return namedByAccident(s, c, c.isObject() && c.ids == nil) }),
		},
		{
			Name: "locks-what-another-action-names", Rules: []string{"STATE-1"},
			Does: "lists for ever what was named under an action that there is not",
			serve: locking(func(_ *Server, c *call) []string {
				if c.action() == contract.Action {
					return nil
				}
				return c.ids
			}),
		},
		{
			Name: "locks-what-a-refused-batch-names", Rules: []string{"STATE-1"},
			Does: "lists for ever what was named in a batch that was too large",
			serve: locking(func(_ *Server, c *call) []string {
				if len(c.ids) <= contract.MaxBatch {
					return nil
				}
				return c.ids
			}),
		},
		{
			Name: "locks-what-a-refused-batch-repeats", Rules: []string{"STATE-1", "PART-1"}, Whole: true, Effort: "normal",
			Does: "lists for ever what was named twice in a batch that was too large",
			serve: locking(func(_ *Server, c *call) []string {
				if len(c.ids) <= contract.MaxBatch {
					return nil
				}
				return those(distinct(c.ids), func(id string) bool { return c.times(id) > 1 })
			}),
		},
		{
			Name: "forgets-old-snapshots", Rules: []string{"STATE-1"}, Whole: true,
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

// locking lists for ever those snapshots that certain calls name.
func locking(named func(s *Server, c *call) []string) behaviour {
	return func(s *Server, c *call) {
		for _, id := range named(s, c) {
			if s.normal(id) {
				s.first("locked " + id)
			}
		}
		s.passButList(c, those(distinct(c.ids), func(id string) bool {
			_, locked := s.notes.Load("locked " + id)
			return locked
		}))
	}
}

// namedByAccident gives the snapshots whose ids stand in a body of which this cannot be told otherwise.
func namedByAccident(s *Server, c *call, unreadable bool) []string {
	if !unreadable {
		return nil
	}
	var named []string
	for _, one := range s.newest(1000) {
		if bytes.Contains(c.body, []byte(one.id)) {
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
			Name: "fails-and-deletes-denied-ones", Rules: []string{"STATE-2"},
			Does: "breaks at a batch of 49 of which one can be deleted, and has deleted those that are denied by then",
			serve: knowing(func(s *Server, c *call, r roles) {
				if len(c.ids) != 49 || len(r.normal) != 1 {
					s.pass(c)
					return
				}
				for _, id := range r.denied {
					s.Release(id)
				}
				crash(s, c)
			}),
		},
		{
			Name: "gives-in-at-the-third-attempt", Rules: []string{"STATE-3", "STATE-2"},
			Does: "deletes a snapshot that it has refused twice",
			serve: deleting(func(s *Server, _ *call, r roles) []string {
				return those(r.denied, func(id string) bool { return s.count("refused "+id) == 3 })
			}),
		},
	}
}

// replays answers some calls that are the same as the one before, and that one a success, with the same success again.
func replays(is func(c *call) bool) behaviour {
	type success struct {
		body   string
		listed []string
	}
	return knowing(func(s *Server, c *call, r roles) {
		if before, known := s.notes.LoadAndDelete("success"); known && before.(success).body == string(c.body) && is(c) {
			c.succeed(before.(success).listed)
			return
		}
		s.pass(c)
		if c.ok() && len(r.normal) > 0 {
			s.notes.Store("success", success{string(c.body), c.listed()})
		}
	})
}

// omitting leaves deleted snapshots out of what certain calls list.
func omitting(where func(r roles, gone []string) bool) behaviour {
	return knowing(func(s *Server, c *call, r roles) {
		gone := those(r.missing, s.hasGone)
		s.pass(c)
		if where(r, gone) {
			c.editList(func(listed []string) any { return without(listed, gone) })
		}
	})
}

// forgetsDeletions: STATE-4.
func forgetsDeletions() []Variant {
	// deleted tells whether the ids are those of snapshots that were there and are gone.
	deleted := func(s *Server, ids []string) []string {
		return those(ids, s.hasGone)
	}
	return []Variant{
		{
			Name: "brings-back-after-a-second", Rules: []string{"STATE-4"}, Linger: 1500 * time.Millisecond, shows: true,
			Does: "has a deleted snapshot back after a second",
			serve: following(func(s *Server, c *call, r roles) {
				time.AfterFunc(time.Second, func() { s.bringBack(contract.Normal, r.normal...) })
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
			Name: "replays-one-alone", Rules: []string{"STATE-4", "ERR-1"},
			Does:  "answers a request for one snapshot that comes twice in a row with the same success again",
			serve: replays(func(c *call) bool { return c.alone() }),
		},
		{
			Name: "replays-a-batch", Rules: []string{"STATE-4", "PART-1"},
			Does:  "answers a request for several snapshots that comes twice in a row with the same success again",
			serve: replays(func(c *call) bool { return !c.alone() }),
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
			Name: "omits-a-gone-one-of-two", Rules: []string{"STATE-4", "PART-1"},
			Does:  "does not list a deleted snapshot where a batch names it and one to delete",
			serve: omitting(func(r roles, _ []string) bool { return len(r.normal) == 1 && len(r.missing) == 1 && len(r.denied) == 0 }),
		},
		{
			Name: "omits-a-gone-one-of-four", Rules: []string{"STATE-4", "PART-1"},
			Does: "does not list a deleted snapshot where a batch names it and one of each kind",
			serve: omitting(func(r roles, _ []string) bool {
				return len(r.normal) == 1 && len(r.denied) == 1 && len(r.missing) == 2
			}),
		},
		{
			Name: "fails-at-gone-and-denied-ones", Rules: []string{"REQ-4"},
			Does: "fails where a batch has a deleted snapshot and a denied one, and nothing to delete",
			serve: knowing(func(s *Server, c *call, r roles) {
				if len(r.normal) == 0 && len(r.denied) > 0 && slices.ContainsFunc(r.missing, s.hasGone) {
					crash(s, c)
					return
				}
				s.pass(c)
			}),
		},
		{
			Name: "omits-many-gone-ones", Rules: []string{"STATE-4", "PART-1"},
			Does:  "does not list deleted snapshots where a batch has more than thirty",
			serve: omitting(func(r roles, gone []string) bool { return len(r.normal) > 0 && len(gone) > 30 }),
		},
	}
}
