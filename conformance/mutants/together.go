package mutants

import "slices"

// together: twins that do several things otherwise at once.
func together(twins []Variant) []Variant {
	// of joins parts that change different things; each part gives what it changes.
	of := func(name, does string, parts ...string) Variant {
		joined := Variant{Name: name, Does: does}
		for _, part := range parts {
			v := twins[slices.IndexFunc(twins, func(v Variant) bool { return v.Name == part })]
			joined.Settle = max(joined.Settle, v.Settle)
			if v.serve != nil {
				joined.serve = v.serve
			}
			if v.remove != nil {
				joined.remove = v.remove
			}
			if v.testbed != nil {
				joined.testbed = v.testbed
			}
			if v.around != nil {
				joined.around = v.around
			}
			if v.listen != nil {
				joined.listen = v.listen
			}
			if v.ids != nil {
				joined.ids = v.ids
			}
		}
		return joined
	}
	return []Variant{
		of(
			"several-things", "deletes later, lists in any order, sends chunks, has UUIDs, and says AVAILABLE for NORMAL",
			"gone-sooner-or-later", "list-shuffled", "chunked", "ids-uuid", "normal-is-available",
		),
	}
}
