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
			Name: "lists-none-of-more-than-64", Rules: []string{"PART-1"},
			Does: "lists nothing where more than 64 failed",
			serve: mixed(func(_ *call, _ roles, listed []string) []string {
				if len(listed) > 64 {
					return nil
				}
				return listed
			}),
		},
		{
			Name: "lists-everything", Rules: []string{"PART-1"},
			Does:  "lists the whole batch where something of it failed",
			serve: mixed(func(c *call, _ roles, _ []string) []string { return distinct(c.ids) }),
		},
		{
			Name: "lists-a-stranger", Rules: []string{"PART-1"},
			Does:  "lists an id besides that nobody named",
			serve: mixed(func(_ *call, _ roles, listed []string) []string { return append(listed, "snap-0") }),
		},
		{
			Name: "lists-the-first-one-that-it-deletes", Rules: []string{"PART-1"},
			Does: "lists the first snapshot that it deletes, if it stands before what failed",
			serve: mixed(func(c *call, r roles, listed []string) []string {
				if c.place(r.normal[0]) > 0 {
					return listed
				}
				return append(listed, r.normal[0])
			}),
		},
		{
			Name: "lists-the-second-of-three-twice", Rules: []string{"PART-1"},
			Does: "lists the second of three that failed twice",
			serve: mixed(func(_ *call, _ roles, listed []string) []string {
				if len(listed) != 3 {
					return listed
				}
				return append(listed, listed[1])
			}),
		},
		{
			Name: "lists-repetitions", Rules: []string{"PART-1"},
			Does: "lists a missing id as often as it was named",
			serve: mixed(func(c *call, r roles, listed []string) []string {
				return append(without(listed, r.missing), those(c.ids, func(id string) bool { return slices.Contains(r.missing, id) })...)
			}),
		},
		{
			Name: "lists-denied-ones-only", Rules: []string{"PART-1"},
			Does: "does not list what is missing where something else is denied",
			serve: mixed(func(_ *call, r roles, listed []string) []string {
				if len(r.denied) == 0 {
					return listed
				}
				return r.denied
			}),
		},
		{
			Name: "lists-one-of-two-neighbours", Rules: []string{"PART-1"},
			Does: "does not list a missing id right behind another one",
			serve: mixed(func(c *call, r roles, listed []string) []string {
				return those(listed, func(id string) bool {
					return !slices.Contains(r.missing, id) || !slices.Contains(r.missing, c.neighbour(id, -1))
				})
			}),
		},
		{
			Name: "omits-what-stands-last", Rules: []string{"PART-1"},
			Does:  "does not list what stands last in the batch",
			serve: mixed(func(c *call, _ roles, listed []string) []string { return without(listed, final(c.ids)) }),
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
			Name: "omits-one-at-size-25", Rules: []string{"PART-1"},
			Does: "does not list the tenth of a batch of 25",
			serve: mixed(func(c *call, _ roles, listed []string) []string {
				if len(c.ids) != 25 {
					return listed
				}
				return without(listed, c.ids[9:10])
			}),
		},
		{
			Name: "omits-one-at-size-37", Rules: []string{"PART-1"}, Effort: "normal",
			Does: "does not list the first that failed in a batch of 37",
			serve: mixed(func(c *call, _ roles, listed []string) []string {
				if len(c.ids) != 37 {
					return listed
				}
				return listed[1:]
			}),
		},
		{
			Name: "lists-what-failed-before", Rules: []string{"PART-1"},
			Does: "lists besides what the list before it had",
			serve: following(func(s *Server, c *call, r roles) {
				if !r.mixed() {
					return
				}
				before, _ := s.last("listed", c.listed()).([]string)
				c.editList(func(listed []string) any { return distinct(append(listed, before...)) })
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
		{
			Name: "refuses-a-batch-for-one-denied", Rules: []string{"PART-1", "PART-2"},
			Does: "denies, and deletes nothing, where the first of a batch is denied",
			serve: knowing(func(s *Server, c *call, r roles) {
				if r.mixed() && slices.Contains(r.denied, c.ids[0]) {
					c.fails(contract.DeniedState)
					return
				}
				s.pass(c)
			}),
		},
		{
			Name: "deletes-and-answers-with-an-error", Rules: []string{"PART-1"},
			Does: "answers with the error of the only one that failed, though it has deleted the others",
			serve: following(func(_ *Server, c *call, r roles) {
				switch {
				case len(r.normal) == 0 || len(r.denied)+len(r.missing) != 1:
				case len(r.missing) == 1:
					c.fails(contract.NotFound)
				default:
					c.fails(contract.DeniedState)
				}
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
	// fails tells whether something stands at a distance from an id, and failed.
	fails := func(c *call, r roles, id string, distance int) bool {
		other := c.neighbour(id, distance)
		return other != "" && r.failing(other)
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
			Name: "stops-at-the-second-failure", Rules: []string{"PART-2"},
			Does: "deletes nothing that stands behind two that failed",
			serve: mixed(func(c *call, r roles, id string) bool {
				return len(distinct(those(c.ids[:c.place(id)], r.failing))) > 1
			}),
		},
		{
			Name: "skips-one-behind-a-failure", Rules: []string{"PART-2"},
			Does:  "does not delete the one right behind one that failed",
			serve: mixed(func(c *call, r roles, id string) bool { return fails(c, r, id, -1) }),
		},
		{
			Name: "skips-one-before-a-failure", Rules: []string{"PART-2"},
			Does:  "does not delete the one right before one that failed",
			serve: mixed(func(c *call, r roles, id string) bool { return fails(c, r, id, 1) }),
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
		{
			Name: "undoes-all-for-the-last", Rules: []string{"PART-2"},
			Does:  "deletes nothing where the last one failed",
			serve: mixed(func(c *call, r roles, _ string) bool { return r.failing(c.ids[len(c.ids)-1]) }),
		},
		{
			Name: "gives-up-when-most-fail", Rules: []string{"PART-2"},
			Does:  "deletes nothing where more fail than go",
			serve: mixed(func(_ *call, r roles, _ string) bool { return len(r.denied)+len(r.missing) > len(r.normal) }),
		},
		{
			Name: "keeps-the-33rd-where-some-fail", Rules: []string{"PART-2"},
			Does:  "does not delete the one in the 33rd place where something fails",
			serve: mixed(func(c *call, _ roles, id string) bool { return c.place(id) == 32 }),
		},
		{
			Name: "keeps-one-at-size-51-where-some-fail", Rules: []string{"PART-2"},
			Does:  "does not delete the first that it could in a batch of 51 where something fails",
			serve: mixed(func(c *call, r roles, id string) bool { return len(c.ids) == 51 && id == r.normal[0] }),
		},
		{
			Name: "keeps-one-at-size-83-where-some-fail", Rules: []string{"PART-2"}, Effort: "normal",
			Does:  "does not delete the last that it could in a batch of 83 where something fails",
			serve: mixed(func(c *call, r roles, id string) bool { return len(c.ids) == 83 && id == final(r.normal)[0] }),
		},
	}
}

// mistakesRepetitions: PART-3, above all where an id is named more than once.
func mistakesRepetitions() []Variant {
	return []Variant{
		{
			Name: "lists-the-second-of-a-pair", Rules: []string{"PART-3", "PART-1"},
			Does: "finds a snapshot missing that it has just deleted, where its id stands twice in a row",
			serve: listing(func(c *call, r roles, listed []string) []string {
				return append(listed, those(r.normal, func(id string) bool { return c.neighbour(id, 1) == id })...)
			}),
		},
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
			Name: "keeps-what-is-named-twice", Rules: []string{"PART-3"},
			Does: "does not delete a snapshot that is named an even number of times",
			serve: keeping(func(_ *Server, c *call, r roles) []string {
				return those(r.normal, func(id string) bool { return c.times(id)%2 == 0 })
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
			Name: "calls-a-pair-missing", Rules: []string{"PART-3", "PART-1"},
			Does: "answers that a snapshot is not found where nothing else is named, and that twice, though it has deleted it",
			serve: following(func(_ *Server, c *call, r roles) {
				if c.alone() && len(c.ids) > 1 && len(r.normal) == 1 {
					c.fails(contract.NotFound)
				}
			}),
		},
		{
			Name: "deletes-denied-ones-named-twice", Rules: []string{"PART-3", "STATE-2"},
			Does: "lists a denied snapshot that is named twice beside one to delete, and deletes it",
			serve: following(func(s *Server, c *call, r roles) {
				for _, id := range r.denied {
					if c.times(id) > 1 && len(r.normal) > 0 {
						s.Release(id)
					}
				}
			}),
		},
		{
			Name: "omits-one-of-many-missing", Rules: []string{"PART-3"},
			Does: "does not list the last of ten or more that are all missing",
			serve: listing(func(c *call, r roles, listed []string) []string {
				if len(r.missing) < 10 || len(r.missing) < len(c.ids) {
					return listed
				}
				return listed[:len(listed)-1]
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
		{
			Name: "lists-one-that-it-deletes-at-size-64", Rules: []string{"PART-3", "PART-1"},
			Does: "lists the last snapshot that it deletes in a batch of 64",
			serve: listing(func(c *call, r roles, listed []string) []string {
				if len(c.ids) != 64 {
					return listed
				}
				return append(listed, final(r.normal)...)
			}),
		},
		{
			Name: "forgets-the-tenth", Rules: []string{"PART-3"},
			Does: "does not delete the tenth of a batch, nor list it",
			serve: keeping(func(_ *Server, c *call, r roles) []string {
				return those(r.normal, func(id string) bool { return c.place(id) == 9 })
			}),
		},
	}
}
