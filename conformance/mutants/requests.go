package mutants

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// requests: REQ-1 to REQ-7.
func requests() []Variant {
	return slices.Concat(properRequests(), absentIDs(), otherTypes(), otherBodies(), otherActions(), requestCodes(), looseIDs(), oddIDs())
}

// properRequests: REQ-1.
func properRequests() []Variant {
	return []Variant{
		{
			Name: "warms-up", Rules: []string{"REQ-1"}, Does: "fails at the first request that has something to delete",
			serve: when(func(s *Server, c *call) bool {
				return slices.ContainsFunc(c.ids, s.normal) && s.first("warm")
			}, crash),
		},
		{
			Name: "wants-compact-json", Rules: []string{"REQ-1"}, Does: "refuses JSON with line ends or tabs in it",
			serve: when(func(_ *Server, c *call) bool { return c.ids != nil && bytes.ContainsAny(c.body, "\r\n\t") }, refuseValue),
		},
		{
			Name: "leaves-escapes", Rules: []string{"REQ-1"}, Does: "takes an id as it is spelled, and leaves JSON's escapes in it",
			serve: func(s *Server, c *call) { s.passBody(c, strings.ReplaceAll(string(c.body), `\u`, `\\u`)) },
		},
		{
			Name: "fails-every-seventh", Whole: true, Rules: []string{"REQ-1"}, Does: "fails at every seventh request",
			serve: when(every(7), crash),
		},
		{
			Name: "holds-a-grudge", Whole: true, Rules: []string{"REQ-1"}, Does: "refuses a good request that comes right after a bad one",
			serve: func(s *Server, c *call) {
				if _, before := s.notes.LoadAndDelete("bad"); before && c.ids != nil {
					refuseValue(s, c)
					return
				}
				s.pass(c)
				if c.ids == nil {
					s.notes.Store("bad", true)
				}
			},
		},
	}
}

// absentIDs: REQ-2.
func absentIDs() []Variant {
	return []Variant{
		{
			Name: "absent-is-none", Rules: []string{"REQ-2"}, Does: "takes a body without ids for one that names none, and succeeds",
			serve: when(func(_ *Server, c *call) bool { return c.isObject() && !c.has(contract.FieldSnapshotIDs) }, succeedIdly),
		},
		{
			Name: "null-fails", Rules: []string{"REQ-2", "REQ-4"}, Does: "fails where null is in the place of the ids",
			serve: when(isNull, crash),
		},
		{
			Name: "pools-its-requests", Rules: []string{"REQ-2"}, Does: "takes the ids of the valid request before where a body has none",
			serve: func(s *Server, c *call) {
				if before := s.last("ids", c.ids); c.isObject() && c.value() == nil && before != nil && len(before.([]string)) > 0 {
					s.passIDs(c, before.([]string))
					return
				}
				s.pass(c)
			},
		},
		{
			Name: "null-is-oldest", Rules: []string{"REQ-2"}, Does: "refuses null, and deletes the oldest snapshot",
			serve: when(isNull, func(s *Server, c *call) {
				s.erase(s.oldest().id)
				s.pass(c)
			}),
		},
		{
			Name: "null-is-latest", Rules: []string{"REQ-2"}, Does: "refuses null, and deletes the newest snapshots",
			serve: when(isNull, func(s *Server, c *call) {
				for _, one := range s.newest(2) {
					s.erase(one.id)
				}
				s.pass(c)
			}),
		},
	}
}

// otherTypes: REQ-3.
func otherTypes() []Variant {
	return []Variant{
		{
			Name: "takes-numbers-for-none", Rules: []string{"REQ-3"}, Does: "takes a number in the place of the ids for none, and succeeds",
			serve: when(func(_ *Server, c *call) bool { _, is := c.value().(float64); return is }, succeedIdly),
		},
		{
			Name: "takes-the-keys", Rules: []string{"REQ-3"}, Does: "takes the keys of an object for a list",
			serve: takes(func(value any) any {
				object, ok := value.(map[string]any)
				if !ok || len(object) == 0 {
					return value
				}
				return slices.Collect(maps.Keys(object))
			}),
		},
		{
			Name: "takes-text", Rules: []string{"REQ-3"}, Does: "takes one id for a list of one",
			serve: takes(func(value any) any {
				if id, ok := value.(string); ok {
					return []any{id}
				}
				return value
			}),
		},
		{
			Name: "skips-null", Rules: []string{"REQ-3"}, Does: "skips members that are null",
			serve: skipsNull,
		},
		{
			Name: "skips-far-strangers", Rules: []string{"REQ-3"}, Does: "looks at the types of the first ten members only, and skips later ones that are no strings",
			serve: takesList(func(list []any) []any {
				ten := min(10, len(list))
				return append(list[:ten:ten], onlyStrings(list[ten:])...)
			}),
		},
		{
			Name: "skips-a-stranger-at-38", Rules: []string{"REQ-3"}, Effort: "normal", Does: "skips the 38th member if it is no string",
			serve: takesList(func(list []any) []any {
				const place = 37
				if len(list) <= place {
					return list
				}
				return slices.Concat(list[:place], onlyStrings(list[place:place+1]), list[place+1:])
			}),
		},
		{
			Name: "skips-null-after-500-requests", Rules: []string{"REQ-3"}, Whole: true, Does: "skips members that are null after 500 requests",
			serve: when(after(500), skipsNull),
		},
		{
			Name: "deletes-the-rest-later", Rules: []string{"REQ-3"}, Linger: 400 * time.Millisecond,
			Does: "refuses a list with a member that is no string, and deletes its last member a little later",
			serve: func(s *Server, c *call) {
				if list, _ := c.value().([]any); c.ids == nil && len(list) > 1 {
					if id, ok := list[len(list)-1].(string); ok {
						time.AfterFunc(200*time.Millisecond, func() { s.erase(id) })
					}
				}
				s.pass(c)
			},
		},
		{
			Name: "deep-lists-fail", Rules: []string{"REQ-3", "REQ-4"}, Does: "fails at lists that are five hundred deep",
			serve: when(func(_ *Server, c *call) bool { return bytes.Contains(c.body, bytes.Repeat([]byte("["), 500)) }, crash),
		},
	}
}

// otherBodies: REQ-4.
func otherBodies() []Variant {
	return []Variant{
		{
			Name: "empty-body-is-none", Rules: []string{"REQ-4"}, Does: "takes an empty body for a request to do nothing, and succeeds",
			serve: when(func(_ *Server, c *call) bool { return len(c.body) == 0 }, succeedIdly),
		},
		{
			Name: "deletes-before-it-reads", Rules: []string{"REQ-4"}, Does: "refuses a body that ends too early, and deletes what it has read by then",
			serve: func(s *Server, c *call) {
				if bytes.HasPrefix(c.body, []byte("{")) && !bytes.HasSuffix(c.body, []byte("}")) {
					s.erase(namedByAccident(s, c, !json.Valid(c.body))...)
				}
				s.pass(c)
			},
		},
		{
			Name: "trims-nul", Rules: []string{"REQ-4"}, Does: "overlooks NUL characters at the end of a body",
			serve: mends(func(body string) string { return strings.TrimRight(body, "\x00") }),
		},
		{
			Name: "trailing-commas", Rules: []string{"REQ-4"}, Does: "allows a comma after the last member",
			serve: mends(strings.NewReplacer(",]", "]", ",}", "}").Replace),
		},
		{
			Name: "takes-a-list-of-requests", Rules: []string{"REQ-4"}, Does: "carries out the request in a list of one",
			serve: mends(func(body string) string {
				var list []json.RawMessage
				if json.Unmarshal([]byte(body), &list) != nil || len(list) != 1 {
					return body
				}
				return string(list[0])
			}),
		},
		{
			Name: "no-ids-fail", Rules: []string{"REQ-4"}, Does: "fails at an empty list",
			serve: when(namesNone, crash),
		},
		{
			Name: "unknown-fields-fail", Rules: []string{"REQ-4"}, Does: "fails at a field that it does not know",
			serve: when(func(_ *Server, c *call) bool { return c.ids != nil && len(c.members()) > 1 }, crash),
		},
	}
}

// otherActions: REQ-5.
func otherActions() []Variant {
	return []Variant{
		{
			Name: "any-action", Rules: []string{"REQ-5"}, Does: "does not look at the action",
			serve: acts(func(string) bool { return true }),
		},
		{
			Name: "any-action-on-snapshots", Rules: []string{"REQ-5"}, Does: "deletes under every action on snapshots",
			serve: acts(func(action string) bool { return strings.HasSuffix(action, "Snapshots") }),
		},
		{
			Name: "any-case-of-the-action", Rules: []string{"REQ-5"}, Does: "takes the action in lower or upper case, too",
			serve: acts(func(action string) bool { return strings.EqualFold(action, contract.Action) }),
		},
		{
			Name: "action-sticks", Rules: []string{"REQ-5"}, Does: "takes a request without an action for the same as the one before, if that was a success",
			serve: func(s *Server, c *call) {
				before := s.last("success", false)
				if c.action() == "" && before == true {
					overlookAction(s, c)
				} else {
					s.pass(c)
				}
				s.last("success", c.ok())
			},
		},
		{
			Name: "no-action-after-500-requests", Rules: []string{"REQ-5"}, Whole: true, Does: "deletes without an action, too, after 500 requests",
			serve: when(func(s *Server, c *call) bool { return after(500)(s, c) && c.action() == "" }, overlookAction),
		},
		{
			Name: "refuses-actions-late", Rules: []string{"REQ-5"}, Does: "deletes the snapshots under another action, and then refuses it",
			serve: when(otherAction, deleteAndRefuse),
		},
	}
}

// requestCodes: REQ-6.
func requestCodes() []Variant {
	return []Variant{
		{
			Name: "absent-is-a-wrong-value", Rules: []string{"REQ-6"}, Does: "answers for absent ids that a value is wrong",
			serve: recodes(contract.MissingParameter, contract.WrongValue, func(c *call) bool { return !c.has(contract.FieldSnapshotIDs) }),
		},
		{
			Name: "types-are-values", Rules: []string{"REQ-6"}, Does: "answers for ids of the wrong type that a value is wrong",
			serve: recodes(contract.WrongType, contract.WrongValue, func(*call) bool { return true }),
		},
	}
}

// looseIDs: REQ-7, where another text does for an id.
func looseIDs() []Variant {
	return []Variant{
		{
			Name: "folds-case", Rules: []string{"REQ-7"}, Does: "takes an id in upper case for the one in lower case",
			serve: reads(strings.ToLower),
		},
		{
			Name: "folds-case-in-batches", Rules: []string{"REQ-7"}, Does: "takes an id in upper case for the one in lower case, among others only",
			serve: when(func(_ *Server, c *call) bool { return len(c.ids) > 1 }, reads(strings.ToLower)),
		},
		{
			Name: "folds-case-among-several", Rules: []string{"REQ-7"}, Does: "takes an id in upper case for the one in lower case in batches of three and more",
			serve: when(func(_ *Server, c *call) bool { return len(c.ids) > 2 }, reads(strings.ToLower)),
		},
		{
			Name: "drops-repetitions-by-case", Rules: []string{"REQ-7", "PART-1"}, Does: "takes ids that differ in case only for one, named twice",
			serve: func(s *Server, c *call) {
				var kept []string
				for _, id := range c.ids {
					if !slices.ContainsFunc(kept, func(before string) bool { return before != id && strings.EqualFold(before, id) }) {
						kept = append(kept, id)
					}
				}
				s.passMost(c, kept)
			},
		},
		{
			Name: "folds-case-of-denied-ones", Rules: []string{"REQ-7", "ERR-1"}, Does: "takes an id in upper case for the one in lower case, and denies it, if that is in another state",
			serve: resolves(func(s *Server, id string) string {
				if low := strings.ToLower(id); s.denied(low) {
					return low
				}
				return id
			}),
		},
		{
			Name: "prefix-is-optional", Rules: []string{"REQ-7"}, Does: "finds a snapshot by what follows the prefix of its id, too",
			serve: finds(func(text, id string) bool { return "snap-"+text == id }),
		},
		{
			Name: "trims", Rules: []string{"REQ-7"}, Does: "trims ids",
			serve: reads(strings.TrimSpace),
		},
		{
			Name: "matches-prefixes", Rules: []string{"REQ-7"}, Does: "takes the start of an id for the whole",
			serve: finds(func(text, id string) bool { return len(text) > len("snap-") && strings.HasPrefix(id, text) }),
		},
		{
			Name: "overlooks-a-character", Rules: []string{"REQ-7"}, Does: "does not look at one character in the middle of an id",
			serve: finds(func(text, id string) bool {
				middle := len(id) / 2
				return len(text) == len(id) && text[:middle] == id[:middle] && text[middle+1:] == id[middle+1:]
			}),
		},
		{
			Name: "takes-injections", Rules: []string{"REQ-7"}, Does: "puts an id between quotes into a query, as it is",
			serve: finds(func(text, id string) bool { return strings.HasPrefix(text, id+"'") }),
		},
		{
			Name: "looks-for-ids-within", Rules: []string{"REQ-7"}, Does: "looks for an id among the failed ones as for a word in a text, and so lists what it has deleted",
			serve: func(s *Server, c *call) {
				named := distinct(c.ids)
				s.pass(c)
				c.editList(func(listed []string) any {
					failedOnes := strings.Join(listed, " ")
					return those(named, func(id string) bool { return strings.Contains(failedOnes, id) })
				})
			},
		},
	}
}

// oddIDs: REQ-7, where a text that is no id is more than the implementation bears.
func oddIDs() []Variant {
	return []Variant{
		{
			Name: "quotes-fail", Rules: []string{"REQ-7"}, Does: "fails at an id with a quote in it",
			serve: chokes(func(id string) bool { return strings.Contains(id, "'") }),
		},
	}
}

// when has something else answer some of the calls.
func when(is func(s *Server, c *call) bool, instead behaviour) behaviour {
	return func(s *Server, c *call) {
		if is(s, c) {
			instead(s, c)
		} else {
			s.pass(c)
		}
	}
}

// every is true of one call in so many.
func every(nth int64) func(s *Server, c *call) bool {
	return func(s *Server, _ *call) bool { return s.count("every")%nth == 0 }
}

// after is true of all calls but the first so many.
func after(calls int64) func(s *Server, c *call) bool {
	return func(s *Server, _ *call) bool { return s.count("after") > calls }
}

// What may come in place of the mock's answer.
func crash(_ *Server, c *call)       { c.fails(contract.Internal) }
func refuseValue(_ *Server, c *call) { c.fails(contract.WrongValue) }
func succeedIdly(_ *Server, c *call) { c.succeed([]string{}) }

// members are those of the body, none if it is not an object.
func (c *call) members() map[string]any { return membersOf(c.body) }

func membersOf(body []byte) map[string]any {
	var members map[string]any
	_ = json.Unmarshal(body, &members) // what cannot be read has none
	return members
}

func (c *call) isObject() bool { return c.members() != nil }

func (c *call) has(name string) bool {
	_, has := c.members()[name]
	return has
}

// value is what stands in the place of the ids.
func (c *call) value() any { return c.members()[contract.FieldSnapshotIDs] }

// Kinds of calls.
func namesNone(_ *Server, c *call) bool   { return c.ids != nil && len(c.ids) == 0 }
func otherAction(_ *Server, c *call) bool { return c.action() != contract.Action }
func isNull(_ *Server, c *call) bool      { return c.has(contract.FieldSnapshotIDs) && c.value() == nil }

// passBody has the mock answer for another body than the one that came.
func (s *Server) passBody(c *call, body string) {
	c.body = []byte(body)
	s.pass(c)
}

// erase deletes what can be deleted, behind the mock's back.
func (s *Server) erase(ids ...string) {
	for _, id := range ids {
		if s.normal(id) {
			s.Release(id)
		}
	}
}

// takes has the mock answer for what take makes of a value in the place of the ids, where that is no list of strings.
func takes(take func(value any) any) behaviour {
	return func(s *Server, c *call) {
		if members := c.members(); c.ids == nil && c.has(contract.FieldSnapshotIDs) {
			members[contract.FieldSnapshotIDs] = take(c.value())
			c.body, _ = json.Marshal(members) // what was decoded encodes
		}
		s.pass(c)
	}
}

// takesList is takes for a list in which not all are strings.
func takesList(take func(list []any) []any) behaviour {
	return takes(func(value any) any {
		if list, ok := value.([]any); ok && len(list) > 0 {
			return take(list)
		}
		return value
	})
}

// skipsNull takes members that are null for none.
var skipsNull = takesList(func(list []any) []any {
	return slices.DeleteFunc(list, func(member any) bool { return member == nil })
})

// onlyStrings gives the members that are strings.
func onlyStrings(list []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(member any) bool { _, is := member.(string); return !is })
}

// mends changes a body that is not JSON or not an object, and leaves it as it is where that does not make it one.
func mends(mend func(body string) string) behaviour {
	return func(s *Server, c *call) {
		if !c.isObject() {
			if better := []byte(mend(string(c.body))); membersOf(better) != nil {
				c.body = better
			}
		}
		s.pass(c)
	}
}

// acts deletes under other actions too.
func acts(under func(action string) bool) behaviour {
	return when(func(_ *Server, c *call) bool { return under(c.action()) }, overlookAction)
}

// overlookAction has the mock answer as if the call had the right action.
func overlookAction(s *Server, c *call) { s.passUnder(c, contract.Action) }

// recodes gives another error than the mock.
func recodes(from, to contract.Error, where func(c *call) bool) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if c.is(from) && c.isObject() && where(c) {
			c.fails(to)
		}
	}
}

// reads has an id that names nothing stand for what it is read as, if that names a snapshot.
func reads(read func(id string) string) behaviour {
	return resolves(func(_ *Server, id string) string { return read(id) })
}

// finds has a text that names nothing stand for a snapshot whose id it matches.
func finds(matches func(text, id string) bool) behaviour {
	return resolves(func(s *Server, text string) string {
		const looked = 100 // further back nobody looks for one
		if !s.missing(text) {
			return text
		}
		for _, one := range s.newest(looked) {
			if matches(text, one.id) && s.normal(one.id) {
				return one.id
			}
		}
		return text
	})
}

func resolves(resolve func(s *Server, text string) string) behaviour {
	return func(s *Server, c *call) {
		ids := slices.Clone(c.ids)
		for i, text := range ids {
			if id := resolve(s, text); s.missing(text) && !s.missing(id) {
				ids[i] = id
			}
		}
		if slices.Equal(ids, c.ids) {
			s.pass(c)
		} else {
			s.passIDs(c, ids)
		}
	}
}

// chokes fails at some ids.
func chokes(at func(id string) bool) behaviour {
	return when(func(_ *Server, c *call) bool { return slices.ContainsFunc(c.ids, at) }, crash)
}
