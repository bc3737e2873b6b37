package mutants

import (
	"encoding/json"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// errors: ERR-1 and ERR-2.
func errors() []Variant {
	all := slices.Concat(mistakesMissing(), mistakesDenied())
	for _, state := range others {
		all = append(all, mistakesState(state)...)
	}
	return all
}

// instead gives another answer where the mock's is an error, and something else is true besides.
func instead(of contract.Error, where func(s *Server, c *call) bool, answer func(c *call)) behaviour {
	return following(func(s *Server, c *call, _ roles) {
		if c.is(of) && where(s, c) {
			answer(c)
		}
	})
}

// named tells whether a call is one that has only one id, and has it as often.
func named(times int) func(s *Server, c *call) bool {
	return func(_ *Server, c *call) bool { return len(c.ids) == times }
}

// mistakesMissing: ERR-1.
func mistakesMissing() []Variant {
	return []Variant{
		{
			Name: "denies-a-missing-pair", Rules: []string{"ERR-1"},
			Does:  "answers for a missing id that is named twice that its state forbids it",
			serve: instead(contract.NotFound, named(2), func(c *call) { c.fails(contract.DeniedState) }),
		},
		{
			Name: "misses-every-20th", Rules: []string{"ERR-1"},
			Does: "answers for every 20th missing snapshot as if it had deleted it",
			serve: instead(contract.NotFound, func(s *Server, _ *call) bool { return s.count("missing")%20 == 0 },
				func(c *call) { c.succeed(nil) }),
		},
		{
			Name: "remembers-a-list", Rules: []string{"ERR-1"},
			Does: "answers for a missing snapshot with a list, if the answer before listed one missing id",
			serve: knowing(func(s *Server, c *call, r roles) {
				quiet := s.busy.Load() == 1
				s.pass(c)
				before := s.last("listed one", quiet && r.mixed() && len(r.denied) == 0 && len(c.listed()) == 1)
				if before == true && quiet && c.is(contract.NotFound) {
					c.succeed(c.ids)
				}
			}),
		},
	}
}

// mistakesDenied: ERR-2, whatever the state.
func mistakesDenied() []Variant {
	return []Variant{
		{
			Name: "misses-denied-ones-after-bad-json", Rules: []string{"ERR-2"},
			Does: "does not find a denied snapshot that is named alone right after a body that is not JSON",
			serve: func(s *Server, c *call) {
				quiet := s.busy.Load() == 1
				s.pass(c)
				before := s.last("bad JSON", quiet && !json.Valid(c.body))
				if before == true && quiet && c.is(contract.DeniedState) {
					c.fails(contract.NotFound)
				}
			},
		},
	}
}

// mistakesState: ERR-2, for one state.
func mistakesState(state contract.State) []Variant {
	pair := func(s *Server, c *call) bool { return s.in(state, c.ids[0]) && len(c.ids) == 2 }
	return []Variant{
		{
			Name: "calls-a-pair-of-" + slug(state) + "-bad", Rules: []string{"ERR-2"},
			Does:  "takes a snapshot in state " + string(state) + " that is named twice for an illegal value",
			serve: instead(contract.DeniedState, pair, func(c *call) { c.fails(contract.WrongValue) }),
		},
		{
			Name: "misses-" + slug(state) + "-the-second-time", Rules: []string{"ERR-2"},
			Does: "does not find a snapshot in state " + string(state) + " that is named alone for the second time",
			serve: instead(contract.DeniedState, func(s *Server, c *call) bool {
				return s.in(state, c.ids[0]) && len(c.ids) == 1 && s.count("asked for "+c.ids[0]) == 2
			}, func(c *call) { c.fails(contract.NotFound) }),
		},
	}
}
