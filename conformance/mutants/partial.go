package mutants

import (
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// partialFailures: PART-1 to PART-3.
func partialFailures() []Variant {
	return slices.Concat(listsWrongly(), refusesMixed(), keepsTheRest(), mistakesRepetitions())
}

// listsWrongly: PART-1, the list of a batch of which a part is deleted.
func listsWrongly() []Variant {
	// mixed limits a change to answers for batches with something to delete and something that fails.
	mixed := func(change func(c *call, r roles, listed []string) []string) behaviour {
		return listing(func(c *call, r roles, listed []string) []string {
			if !r.mixed() {
				return listed
			}
			return change(c, r, listed)
		})
	}
	return []Variant{
		{
			Name: "lists-ten-at-the-most", Rules: []string{"PART-1"},
			Does:  "lists no more than ten of those that failed",
			serve: mixed(func(_ *call, _ roles, listed []string) []string { return listed[:min(len(listed), 10)] }),
		},
		{
			Name: "omits-the-100th-behind-a-denied-one", Rules: []string{"PART-1"},
			Does: "does not list a missing id in the 100th place where the 99th is denied",
			serve: mixed(func(c *call, r roles, listed []string) []string {
				if len(c.ids) < contract.MaxBatch || !slices.Contains(r.denied, c.ids[98]) {
					return listed
				}
				return without(listed, those(r.missing, func(id string) bool { return id == c.ids[99] }))
			}),
		},
		{
			Name: "forgets-the-list-after-a-long-batch", Rules: []string{"PART-1"},
			Does: "lists nothing right after a batch that was too long",
			serve: func(s *Server, c *call) {
				quiet := s.busy.Load() == 1
				mixed := c.valid() && s.roles(c).mixed()
				s.pass(c)
				if s.last("long", quiet && long(s, c)) == true && quiet && mixed {
					c.editList(func([]string) any { return []string{} })
				}
			},
		},
		{
			Name: "omits-one-at-size-25", Rules: []string{"PART-1"},
			Does: "does not list the tenth of a batch of 25",
			serve: mixed(func(c *call, _ roles, listed []string) []string {
				if len(c.ids) != 25 {
					return listed
				}
				return without(listed, c.ids[9:10])
			}),
		},
	}
}

// refusesMixed: PART-1 and PART-2, an error in place of a list.
func refusesMixed() []Variant {
	return []Variant{
		{
			Name: "refuses-a-batch-for-one-missing", Rules: []string{"PART-1", "PART-2"},
			Does: "answers that nothing is found, and deletes nothing, where one of a batch is missing",
			serve: knowing(func(s *Server, c *call, r roles) {
				if r.mixed() && len(r.missing) > 0 {
					c.fails(contract.NotFound)
					return
				}
				s.pass(c)
			}),
		},
	}
}

// keepsTheRest: PART-2, what becomes of those that can be deleted where others cannot. Each is answered for as deleted.
func keepsTheRest() []Variant {
	// mixed spares snapshots in batches with something that fails.
	mixed := func(spared func(c *call, r roles, id string) bool) behaviour {
		return keeping(func(_ *Server, c *call, r roles) []string {
			if !r.mixed() {
				return nil
			}
			return those(r.normal, func(id string) bool { return spared(c, r, id) })
		})
	}
	return []Variant{
		{
			Name: "stops-at-the-first-failure", Rules: []string{"PART-2"},
			Does: "deletes nothing that stands behind one that failed",
			serve: mixed(func(c *call, r roles, id string) bool {
				return slices.ContainsFunc(c.ids[:c.place(id)], r.failing)
			}),
		},
		{
			Name: "skips-the-last-of-57", Rules: []string{"PART-2"}, Effort: "normal",
			Does: "does not delete the last of a batch of 57 in which ten others can be deleted, and some cannot",
			serve: mixed(func(c *call, r roles, id string) bool {
				return len(c.ids) == 57 && c.place(id) == 56 && len(r.normal) > 10
			}),
		},
		{
			Name: "skips-the-middle-of-three", Rules: []string{"PART-2"},
			Does: "does not delete the second of three where one of the others is missing and one denied",
			serve: mixed(func(c *call, r roles, id string) bool {
				return len(c.ids) == 3 && c.place(id) == 1 && len(r.missing) == 1 && len(r.denied) == 1
			}),
		},
		{
			Name: "skips-one-behind-a-gap", Rules: []string{"PART-2"},
			Does: "does not delete the one behind exactly two that are missing, where nothing is named twice",
			serve: mixed(func(c *call, r roles, id string) bool {
				missing := func(distance int) bool { return slices.Contains(r.missing, c.neighbour(id, distance)) }
				return len(distinct(c.ids)) == len(c.ids) && missing(-1) && missing(-2) && slices.Contains(r.normal, c.neighbour(id, -3))
			}),
		},
	}
}

// mistakesRepetitions: PART-3, above all where an id is named more than once.
func mistakesRepetitions() []Variant {
	return []Variant{
		{
			Name: "lists-what-comes-again-far-behind", Rules: []string{"PART-3", "PART-1"},
			Does: "finds a snapshot missing that it has just deleted, where its id stands twice, ten or more places apart",
			serve: listing(func(c *call, r roles, listed []string) []string {
				return append(listed, those(r.normal, func(id string) bool {
					return c.times(id) == 2 && slices.Contains(c.ids[min(len(c.ids), c.place(id)+10):], id)
				})...)
			}),
		},
		{
			Name: "keeps-a-pair-in-a-full-batch", Rules: []string{"PART-3"},
			Does: "does not delete a snapshot that a full batch names twice",
			serve: keeping(func(_ *Server, c *call, r roles) []string {
				if len(c.ids) < contract.MaxBatch {
					return nil
				}
				return those(r.normal, func(id string) bool { return c.times(id) == 2 })
			}),
		},
		{
			Name: "keeps-one-named-a-hundred-times", Rules: []string{"PART-3"},
			Does: "does not delete a snapshot that fills the whole batch",
			serve: keeping(func(_ *Server, c *call, r roles) []string {
				if !c.alone() || len(c.ids) < contract.MaxBatch {
					return nil
				}
				return r.normal
			}),
		},
		{
			Name: "lists-what-it-deletes", Rules: []string{"PART-3", "PART-1"},
			Does: "lists a snapshot that it has deleted where a batch of three has something that failed",
			serve: listing(func(c *call, r roles, listed []string) []string {
				if len(c.ids) == 3 && r.mixed() {
					return append(listed, r.normal[0])
				}
				return listed
			}),
		},
		{
			Name: "calls-a-pair-missing", Rules: []string{"PART-3", "PART-1"},
			Does: "answers that a snapshot is not found where nothing else is named, and that twice, though it has deleted it",
			serve: following(func(_ *Server, c *call, r roles) {
				if c.alone() && len(c.ids) > 1 && len(r.normal) == 1 {
					c.fails(contract.NotFound)
				}
			}),
		},
		{
			Name: "lists-nothing-where-nothing-goes", Rules: []string{"PART-3"},
			Does: "answers with an empty list for several of which none can be deleted",
			serve: listing(func(_ *call, r roles, listed []string) []string {
				if len(r.normal) == 0 {
					return nil
				}
				return listed
			}),
		},
	}
}
