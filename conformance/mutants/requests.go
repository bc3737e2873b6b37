package mutants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
			Name: "fails-every-seventh", Rules: []string{"REQ-1"}, Does: "fails at every seventh request",
			serve: when(every(7), crash),
		},
		{
			Name: "holds-a-grudge", Rules: []string{"REQ-1"}, Does: "refuses a good request that comes right after a bad one",
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
		{
			Name: "small-bodies-only", Rules: []string{"REQ-1"}, Does: "refuses a body of more than two thousand bytes, which a hundred ids need",
			serve: when(func(_ *Server, c *call) bool { return len(c.body) > 2000 && len(c.ids) <= contract.MaxBatch }, func(_ *Server, c *call) {
				c.refuse(http.StatusRequestEntityTooLarge, contract.TooMany.Code)
			}),
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
			Name: "null-is-none", Rules: []string{"REQ-2"}, Does: "takes null for an empty list, and succeeds",
			serve: when(isNull, succeedIdly),
		},
		{
			Name: "null-fails", Rules: []string{"REQ-2", "REQ-4"}, Does: "fails where null is in the place of the ids",
			serve: when(isNull, crash),
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
		{
			Name: "takes-ids", Rules: []string{"REQ-2"}, Does: "takes ids for snapshotIds",
			serve: renames("ids", func(value any) any { return value }),
		},
		{
			Name: "takes-snapshotid", Rules: []string{"REQ-2"}, Does: "takes one snapshotId for a list of one",
			serve: renames("snapshotId", func(value any) any { return []any{value} }),
		},
	}
}

// otherTypes: REQ-3.
func otherTypes() []Variant {
	return []Variant{
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
			Name: "decodes-twice", Rules: []string{"REQ-3"}, Does: "takes a text that is itself a list in JSON for that list",
			serve: takes(func(value any) any {
				var list []any
				if text, ok := value.(string); ok && json.Unmarshal([]byte(text), &list) == nil {
					return list
				}
				return value
			}),
		},
		{
			Name: "takes-objects", Rules: []string{"REQ-3"}, Does: "takes an object for the list of its values",
			serve: takes(func(value any) any {
				object, ok := value.(map[string]any)
				if !ok {
					return value
				}
				list := []any{}
				for _, member := range object {
					list = append(list, member)
				}
				return list
			}),
		},
		{
			Name: "skips-null", Rules: []string{"REQ-3"}, Does: "skips members that are null",
			serve: takesList(func(list []any) []any {
				return slices.DeleteFunc(list, func(member any) bool { return member == nil })
			}),
		},
		{
			Name: "skips-strangers", Rules: []string{"REQ-3"}, Does: "deletes the strings of a list and skips all else",
			serve: takesList(onlyStrings),
		},
		{
			Name: "skips-later-strangers", Rules: []string{"REQ-3"}, Does: "looks at the type of the first member only, and skips later ones that are no strings",
			serve: takesList(func(list []any) []any {
				return append(list[:1:1], onlyStrings(list[1:])...)
			}),
		},
		{
			Name: "skips-far-strangers", Rules: []string{"REQ-3"}, Does: "looks at the types of the first ten members only, and skips later ones that are no strings",
			serve: takesList(func(list []any) []any {
				ten := min(10, len(list))
				return append(list[:ten:ten], onlyStrings(list[ten:])...)
			}),
		},
		{
			Name: "numbers-are-text", Rules: []string{"REQ-3"}, Does: "takes a number among the ids for its digits",
			serve: takesList(func(list []any) []any {
				for i, member := range list {
					if number, ok := member.(float64); ok {
						list[i] = fmt.Sprint(number)
					}
				}
				return list
			}),
		},
		{
			Name: "flattens", Rules: []string{"REQ-3"}, Does: "takes the members of a list within the list for its own",
			serve: takesList(func(list []any) []any {
				flat := []any{}
				for _, member := range list {
					if inner, ok := member.([]any); ok {
						flat = append(flat, inner...)
					} else {
						flat = append(flat, member)
					}
				}
				return flat
			}),
		},
		{
			Name: "unwraps", Rules: []string{"REQ-3"}, Does: `takes a member {"id": …} for the id in it`,
			serve: takesList(func(list []any) []any {
				for i, member := range list {
					if object, ok := member.(map[string]any); ok && object["id"] != nil {
						list[i] = object["id"]
					}
				}
				return list
			}),
		},
		{
			Name: "deletes-as-it-reads", Rules: []string{"REQ-3"}, Does: "deletes the ids before a member that is no string, and then refuses the list",
			serve: func(s *Server, c *call) {
				list, _ := c.value().([]any)
				for _, member := range list {
					id, ok := member.(string)
					if !ok {
						break
					}
					if c.ids == nil {
						s.erase(id)
					}
				}
				s.pass(c)
			},
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
			Name: "numbers-fail", Rules: []string{"REQ-3", "REQ-4"}, Does: "fails at a number in the place of the ids",
			serve: when(func(_ *Server, c *call) bool { _, is := c.value().(float64); return is }, crash),
		},
		{
			Name: "false-is-none", Rules: []string{"REQ-3"}, Does: "takes false for an empty list, and succeeds",
			serve: when(func(_ *Server, c *call) bool { return c.value() == false }, succeedIdly),
		},
		{
			Name: "deep-lists-fail", Rules: []string{"REQ-3", "REQ-4"}, Does: "fails at lists that are five hundred deep",
			serve: when(func(_ *Server, c *call) bool { return bytes.Contains(c.body, bytes.Repeat([]byte("["), 500)) }, crash),
		},
	}
}

// otherBodies: REQ-4.
func otherBodies() []Variant {
	object := func(text string) string { return `{"` + contract.FieldSnapshotIDs + `":` + text + `}` }
	return []Variant{
		{
			Name: "nothing-is-none", Rules: []string{"REQ-4"}, Does: "takes an empty body for a request that names nothing, and succeeds",
			serve: when(func(_ *Server, c *call) bool { return len(bytes.TrimSpace(c.body)) == 0 }, succeedIdly),
		},
		{
			Name: "broken-json-fails", Rules: []string{"REQ-4"}, Does: "fails at a body that is not JSON",
			serve: when(func(_ *Server, c *call) bool { return len(c.body) > 0 && !json.Valid(c.body) }, crash),
		},
		{
			Name: "null-body-fails", Rules: []string{"REQ-4"}, Does: "fails at a body that is null",
			serve: when(func(_ *Server, c *call) bool { return string(bytes.TrimSpace(c.body)) == "null" }, crash),
		},
		{
			Name: "bad-utf8-fails", Rules: []string{"REQ-4"}, Does: "fails at a body that is not UTF-8",
			serve: when(func(_ *Server, c *call) bool { return !utf8.Valid(c.body) }, crash),
		},
		{
			Name: "lone-surrogates-fail", Rules: []string{"REQ-4"}, Does: "fails at half of a surrogate pair",
			serve: when(func(_ *Server, c *call) bool { return bytes.Contains(c.body, []byte(`\ud800"`)) }, crash),
		},
		{
			Name: "reads-the-first-value", Rules: []string{"REQ-4"}, Does: "reads one JSON value and ignores what follows it",
			serve: mends(func(body string) string {
				var value json.RawMessage
				_ = json.NewDecoder(strings.NewReader(body)).Decode(&value) // what has no value stays empty, and is refused
				return string(value)
			}),
		},
		{
			Name: "completes", Rules: []string{"REQ-4"}, Does: "puts the brackets in place that a body lacks at its end",
			serve: mends(func(body string) string {
				for _, end := range []string{"}", "]}"} {
					if json.Valid([]byte(body + end)) {
						return body + end
					}
				}
				return body
			}),
		},
		{
			Name: "trailing-commas", Rules: []string{"REQ-4"}, Does: "allows a comma after the last member",
			serve: mends(strings.NewReplacer(",]", "]", ",}", "}").Replace),
		},
		{
			Name: "single-quotes", Rules: []string{"REQ-4"}, Does: "allows single quotes",
			serve: mends(strings.NewReplacer("'", `"`).Replace),
		},
		{
			Name: "comments", Rules: []string{"REQ-4"}, Does: "allows comments",
			serve: mends(func(body string) string {
				_, rest, _ := strings.Cut(body, "*/")
				return rest
			}),
		},
		{
			Name: "takes-forms", Rules: []string{"REQ-4"}, Does: "reads the body of a form",
			serve: mends(func(body string) string {
				form, _ := url.ParseQuery(body) // what is none has no ids
				ids, _ := json.Marshal(form[contract.FieldSnapshotIDs])
				return object(string(ids))
			}),
		},
		{
			Name: "takes-a-list-body", Rules: []string{"REQ-4"}, Does: "takes a list in place of the object for the list of ids",
			serve: mends(func(body string) string {
				if strings.HasPrefix(body, `["`) {
					return object(body)
				}
				return body
			}),
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
			Name: "deletes-from-broken-json", Rules: []string{"REQ-4"}, Does: "deletes the ids in a body that is not JSON, and then refuses it",
			serve: func(s *Server, c *call) {
				if !json.Valid(c.body) {
					for _, text := range strings.Split(string(c.body), `"`) {
						s.erase(text)
					}
				}
				s.pass(c)
			},
		},
		{
			Name: "no-ids-fail", Rules: []string{"REQ-4"}, Does: "fails at an empty list",
			serve: when(func(_ *Server, c *call) bool { return c.ids != nil && len(c.ids) == 0 }, crash),
		},
		{
			Name: "unknown-fields-fail", Rules: []string{"REQ-4"}, Does: "fails at a field that it does not know",
			serve: when(func(_ *Server, c *call) bool { return c.ids != nil && len(c.members()) > 1 }, crash),
		},
		{
			Name: "unknown-actions-fail", Rules: []string{"REQ-4"}, Does: "fails at an action that it does not know",
			serve: when(func(_ *Server, c *call) bool { return c.request.Header.Get(contract.HeaderAction) == "Nothing" }, crash),
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
			Name: "default-action", Rules: []string{"REQ-5"}, Does: "deletes where no action is named",
			serve: acts(func(action string) bool { return action == "" }),
		},
		{
			Name: "actions-by-prefix", Rules: []string{"REQ-5"}, Does: "deletes under the start of the action's name",
			serve: acts(func(action string) bool { return action != "" && strings.HasPrefix(contract.Action, action) }),
		},
		{
			Name: "actions-with-more", Rules: []string{"REQ-5"}, Does: "deletes under an action whose name goes on after that of its own",
			serve: acts(func(action string) bool { return strings.HasPrefix(action, contract.Action) }),
		},
		{
			Name: "any-action-on-snapshots", Rules: []string{"REQ-5"}, Does: "deletes under every action on snapshots",
			serve: acts(func(action string) bool { return strings.HasSuffix(action, "Snapshots") }),
		},
		{
			Name: "first-of-actions", Rules: []string{"REQ-5"}, Does: "reads the action up to a comma",
			serve: acts(func(action string) bool {
				first, _, several := strings.Cut(action, ",")
				return several && first == contract.Action
			}),
		},
		{
			Name: "refuses-actions-late", Rules: []string{"REQ-5"}, Does: "deletes the snapshots under another action, and then refuses it",
			serve: func(s *Server, c *call) {
				if c.request.Header.Get(contract.HeaderAction) != contract.Action {
					s.erase(c.ids...)
				}
				s.pass(c)
			},
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
			Name: "null-is-a-wrong-type", Rules: []string{"REQ-6"}, Does: "answers for null in place of the ids that the type is wrong",
			serve: recodes(contract.MissingParameter, contract.WrongType, func(c *call) bool { return c.has(contract.FieldSnapshotIDs) }),
		},
		{
			Name: "types-are-values", Rules: []string{"REQ-6"}, Does: "answers for ids of the wrong type that a value is wrong",
			serve: recodes(contract.WrongType, contract.WrongValue, func(*call) bool { return true }),
		},
		{
			Name: "falsy-is-absent", Rules: []string{"REQ-6"}, Does: `takes false, 0 and "" in place of the ids for their absence`,
			serve: recodes(contract.WrongType, contract.MissingParameter, func(c *call) bool {
				value := c.value()
				return value == false || value == 0.0 || value == ""
			}),
		},
		{
			Name: "numbers-are-missing", Rules: []string{"REQ-6"}, Does: "answers for a list without a string that there are no such snapshots",
			serve: recodes(contract.WrongType, contract.NotFound, func(c *call) bool {
				list, _ := c.value().([]any)
				return len(list) > 0 && len(onlyStrings(list)) == 0
			}),
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
			Name: "trims", Rules: []string{"REQ-7"}, Does: "trims ids",
			serve: reads(strings.TrimSpace),
		},
		{
			Name: "folds-width", Rules: []string{"REQ-7"}, Does: "takes full-width characters for plain ones, as compatibility normalization does",
			serve: reads(func(id string) string {
				return strings.Map(func(r rune) rune {
					if '！' <= r && r <= '～' {
						return r - '！' + '!'
					}
					return r
				}, id)
			}),
		},
		{
			Name: "drops-marks", Rules: []string{"REQ-7"}, Does: "ignores characters that have no width",
			serve: reads(strings.NewReplacer("\u200b", "", "\ufeff", "", "\u202e", "", "\u0301", "").Replace),
		},
		{
			Name: "ends-at-nul", Rules: []string{"REQ-7"}, Does: "reads an id up to a NUL",
			serve: reads(func(id string) string { id, _, _ = strings.Cut(id, "\x00"); return id }),
		},
		{
			Name: "cuts-long-ids", Rules: []string{"REQ-7"}, Does: "compares no more of an id than its column is wide",
			ids:   numbered("snapshot-%023d"),
			serve: reads(func(id string) string { return id[:min(32, len(id))] }),
		},
		{
			Name: "unquotes", Rules: []string{"REQ-7"}, Does: "takes off quotes about an id",
			serve: reads(func(id string) string { return strings.Trim(id, "\"'`") }),
		},
		{
			Name: "unescapes-percent", Rules: []string{"REQ-7"}, Does: "percent-decodes ids",
			serve: reads(func(id string) string { plain, _ := url.PathUnescape(id); return plain }),
		},
		{
			Name: "cleans-paths", Rules: []string{"REQ-7"}, Does: "takes an id for a path and cleans it",
			serve: reads(func(id string) string { return strings.Trim(path.Clean(id), "/") }),
		},
		{
			Name: "first-of-list", Rules: []string{"REQ-7"}, Does: "reads an id up to a comma",
			serve: reads(func(id string) string { id, _, _ = strings.Cut(id, ","); return id }),
		},
		{
			Name: "splits-ids", Rules: []string{"REQ-7"}, Does: "takes an id with a space in it for two",
			serve: func(s *Server, c *call) {
				var ids []string
				for _, id := range c.ids {
					if both := strings.Split(id, " "); len(both) == 2 && !s.missing(both[0]) && !s.missing(both[1]) {
						ids = append(ids, both...)
					} else {
						ids = append(ids, id)
					}
				}
				if len(ids) == len(c.ids) {
					s.pass(c)
				} else {
					s.passIDs(c, ids)
				}
			},
		},
		{
			Name: "counts-leading-zeros", Rules: []string{"REQ-7"}, Does: "takes ids for numbers, and zeros before them for nothing",
			ids:   numbered("%d"),
			serve: reads(func(id string) string { return strings.TrimLeft(id, "0+") }),
		},
		{
			Name: "matches-prefixes", Rules: []string{"REQ-7"}, Does: "takes the start of an id for the whole",
			serve: finds(func(text, id string) bool { return len(text) > len("snap-") && strings.HasPrefix(id, text) }),
		},
		{
			Name: "matches-globs", Rules: []string{"REQ-7"}, Does: "takes * and ? for wildcards",
			serve: finds(func(text, id string) bool {
				matched, _ := path.Match(text, id) // a bad pattern matches nothing
				return matched
			}),
		},
		{
			Name: "matches-like", Rules: []string{"REQ-7"}, Does: "takes % for any text, as databases do",
			serve: finds(func(text, id string) bool {
				start, end, wild := strings.Cut(text, "%")
				return wild && len(text) > 1 && strings.HasPrefix(id, start) && strings.HasSuffix(id, end)
			}),
		},
		{
			Name: "ignores-the-rest", Rules: []string{"REQ-7"}, Does: "compares as many characters as its own id has",
			serve: finds(func(text, id string) bool { return strings.HasPrefix(text, id) }),
		},
		{
			Name: "takes-injections", Rules: []string{"REQ-7"}, Does: "puts an id between quotes into a query, as it is",
			serve: finds(func(text, id string) bool { return strings.HasPrefix(text, id+"'") }),
		},
		{
			Name: "empty-is-latest", Rules: []string{"REQ-7"}, Does: "takes an empty id for the newest snapshot",
			serve: func(s *Server, c *call) {
				if slices.Contains(c.ids, "") {
					s.erase(s.newest(1)[0].id)
				}
				s.pass(c)
			},
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
		{
			Name: "nul-fails", Rules: []string{"REQ-7"}, Does: "fails at an id with a NUL in it",
			serve: chokes(func(id string) bool { return strings.Contains(id, "\x00") }),
		},
		{
			Name: "emojis-fail", Rules: []string{"REQ-7"}, Does: "fails at characters of four bytes",
			serve: chokes(func(id string) bool { return strings.ContainsFunc(id, func(r rune) bool { return r > 0xffff }) }),
		},
		{
			Name: "long-ids-fail", Rules: []string{"REQ-7"}, Does: "fails at an id of 256 characters or more",
			serve: chokes(func(id string) bool { return len(id) > 255 }),
		},
		{
			Name: "bad-escapes-fail", Rules: []string{"REQ-7"}, Does: "fails at an id that cannot be percent-decoded",
			serve: chokes(func(id string) bool { _, err := url.PathUnescape(id); return err != nil }),
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

func isNull(_ *Server, c *call) bool { return c.has(contract.FieldSnapshotIDs) && c.value() == nil }

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

// onlyStrings gives the members that are strings.
func onlyStrings(list []any) []any {
	return slices.DeleteFunc(slices.Clone(list), func(member any) bool { _, is := member.(string); return !is })
}

// renames takes what another member holds for the ids, if these are absent.
func renames(name string, take func(value any) any) behaviour {
	return func(s *Server, c *call) {
		if members := c.members(); c.has(name) && !c.has(contract.FieldSnapshotIDs) {
			c.body, _ = json.Marshal(map[string]any{contract.FieldSnapshotIDs: take(members[name])}) // what was decoded encodes
		}
		s.pass(c)
	}
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
	return func(s *Server, c *call) {
		if under(c.request.Header.Get(contract.HeaderAction)) {
			s.passUnder(c, contract.Action)
		} else {
			s.pass(c)
		}
	}
}

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

// numbered names snapshots by numbers that count up from a large one.
func numbered(format string) func() func() string {
	return func() func() string {
		next := int64(1_176_510_000_000_000_000)
		return func() string {
			next += 37
			return fmt.Sprintf(format, next)
		}
	}
}
