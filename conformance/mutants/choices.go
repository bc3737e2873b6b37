package mutants

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// choices: what the contract leaves open in what is answered.
func choices() []Variant {
	return slices.Concat(
		ofRequests(), ofOddIDs(), ofStatuses(), ofNoneDeletable(), ofLists(), ofEnvelopes(), ofRequestIDs(),
		ofDeletions(), ofPatience(), ofTestbeds(),
	)
}

// ofRequests: REQ-8, REQ-9 and BATCH-6.
func ofRequests() []Variant {
	emptyList := func(answer func(c *call)) behaviour {
		return func(s *Server, c *call) {
			if s.pass(c); namesNone(s, c) && c.code() == contract.TooFew.Code {
				answer(c)
			}
		}
	}
	return []Variant{
		{
			Name: "empty-list-succeeds", Does: "takes an empty list for a request to do nothing",
			serve: emptyList(func(c *call) { c.succeed([]string{}) }),
		},
		{
			Name: "ignores-unknown-fields", Does: "ignores fields of a request that it does not know",
			serve: func(s *Server, c *call) {
				var body map[string]json.RawMessage
				if json.Unmarshal(c.body, &body) == nil && body[contract.FieldSnapshotIDs] != nil {
					c.body, _ = json.Marshal(map[string]any{contract.FieldSnapshotIDs: body[contract.FieldSnapshotIDs]}) // was JSON before
				}
				s.pass(c)
			},
		},
		{
			Name: "counts-distinct-ids", Does: "does not count an id that is named again toward the limit",
			serve: func(s *Server, c *call) {
				if s.pass(c); len(c.ids) > contract.MaxBatch && c.code() == contract.TooMany.Code {
					s.passIDs(c, distinct(c.ids))
				}
			},
		},
	}
}

// ofOddIDs: the second half of REQ-7. The mock refuses a request with an id that nobody would hand out.
func ofOddIDs() []Variant {
	odd := func(id string) bool { return !contract.PlausibleID(id) }
	oddly := func(answer func(s *Server, c *call)) behaviour {
		return answered(func(s *Server, c *call) {
			if c.code() == contract.WrongPattern.Code {
				answer(s, c)
			}
		})
	}
	return []Variant{
		{
			Name: "odd-ids-422", Does: "refuses a request with text that is no id, with 422",
			serve: oddly(func(_ *Server, c *call) { c.refuse(http.StatusUnprocessableEntity, contract.WrongValue.Code) }),
		},
		{
			Name: "odd-ids-by-turns", Does: "refuses a request with text that is no id now and then, and else takes that for missing",
			serve: oddly(func(s *Server, c *call) {
				if slices.ContainsFunc(c.ids, odd) && s.count("odd")%2 == 0 {
					missOdd(s, c)
				}
			}),
		},
	}
}

// missOdd answers a request that the mock has refused for an odd id as if such an id were missing.
func missOdd(s *Server, c *call) {
	all := distinct(c.ids)
	usual := those(all, contract.PlausibleID)
	odd := those(all, func(id string) bool { return !contract.PlausibleID(id) })
	switch {
	case len(all) == 1:
		c.fails(contract.NotFound)
	case len(usual) == 0:
		c.succeed(odd)
	default:
		if s.passIDs(c, usual); c.ok() {
			c.editList(func(listed []string) any { return append(listed, odd...) })
		} else { // the only one
			c.succeed(append(odd, usual...))
		}
	}
}

// ofStatuses: the statuses of the common codes, of which nothing is written down.
func ofStatuses() []Variant {
	refusedWith := func(status func(s *Server) int) behaviour {
		return answered(func(s *Server, c *call) {
			if !c.ok() && !c.is(contract.NotFound) && !c.is(contract.DeniedState) {
				c.answer.Code = status(s)
			}
		})
	}
	var all []int
	for status := 400; status < 500; status++ {
		if status != http.StatusTooManyRequests {
			all = append(all, status)
		}
	}
	return []Variant{
		{
			Name: "refuses-with-any-4xx", Does: "refuses mistakes with all the statuses from 400 to 499, save 429, one after the other",
			serve: refusedWith(func(s *Server) int { return all[s.count("refused")%int64(len(all))] }),
		},
		{
			Name: "knows-describe-snapshots", Does: "answers DescribeSnapshots, as an action of its own",
			serve: func(s *Server, c *call) {
				if c.action() != "DescribeSnapshots" {
					s.pass(c)
					return
				}
				c.succeed(nil)
				c.editResponse(func(response map[string]any) {
					delete(response, contract.FieldSnapshotIDs)
					response["totalCount"], response["dataSet"] = 0, []any{}
				})
			},
		},
	}
}

// ofNoneDeletable: PART-4, several ids of which none can be deleted. The mock lists them all.
func ofNoneDeletable() []Variant {
	none := func(answer func(s *Server, c *call, ids []string)) behaviour {
		return answered(func(s *Server, c *call) {
			if ids := distinct(c.ids); c.ok() && len(ids) > 1 && len(c.listed()) == len(ids) {
				answer(s, c, ids)
			}
		})
	}
	// fitting answers with the error that fits an id.
	fitting := func(s *Server, c *call, id string) {
		if s.missing(id) {
			c.fails(contract.NotFound)
		} else {
			c.fails(contract.DeniedState)
		}
	}
	// preferring answers with the error that fits the first id that is so, or else the first of all.
	preferring := func(is func(s *Server, id string) bool) behaviour {
		return none(func(s *Server, c *call, ids []string) {
			so := those(ids, func(id string) bool { return is(s, id) })
			fitting(s, c, append(so, ids...)[0])
		})
	}
	return []Variant{
		{
			Name: "none-deletable-404", Does: "answers several ids of which none can be deleted with 404 if one is missing, and else with 400",
			serve: preferring((*Server).missing),
		},
		{
			Name: "none-deletable-by-turns", Does: "answers several ids of which none can be deleted with the error of any, or lists them",
			serve: none(func(s *Server, c *call, ids []string) {
				if turn := s.count("none"); turn%3 != 0 {
					fitting(s, c, ids[int(turn)%len(ids)])
				}
			}),
		},
	}
}

// ofLists: the list of what failed, ENV-7 among others.
func ofLists() []Variant {
	nothing := func(change func(s *Server, response map[string]any)) behaviour {
		return answered(func(s *Server, c *call) {
			c.editResponse(func(response map[string]any) {
				if len(texts(response[contract.FieldSnapshotIDs])) == 0 {
					change(s, response)
				}
			})
		})
	}
	ordered := func(order func(s *Server, listed []string)) behaviour {
		return answered(func(s *Server, c *call) {
			c.editList(func(listed []string) any {
				order(s, listed)
				return listed
			})
		})
	}
	absent := func(response map[string]any) { delete(response, contract.FieldSnapshotIDs) }
	null := func(response map[string]any) { response[contract.FieldSnapshotIDs] = nil }
	return []Variant{
		{
			Name: "nothing-failed-absent", Does: "leaves the list away when nothing failed",
			serve: nothing(func(_ *Server, response map[string]any) { absent(response) }),
		},
		{
			Name: "nothing-failed-null", Does: "answers null for the list when nothing failed",
			serve: nothing(func(_ *Server, response map[string]any) { null(response) }),
		},
		{
			Name: "list-shuffled", Does: "lists what failed in any order",
			serve: ordered(func(_ *Server, listed []string) {
				rand.Shuffle(len(listed), func(i, j int) { listed[i], listed[j] = listed[j], listed[i] })
			}),
		},
	}
}

// ofEnvelopes: fields that nobody has heard of.
func ofEnvelopes() []Variant {
	return []Variant{
		{
			Name: "extra-fields-of-known-names", Does: "answers more fields, named like known ones of other places",
			serve: edited(func(body map[string]any) {
				response, ok := body[contract.FieldResponse].(map[string]any)
				if !ok {
					response = map[string]any{contract.FieldCode: contract.Internal.Code, contract.FieldRequestID: "other"}
					body["error"], body["details"] = response, []any{response}
					body[contract.FieldSnapshotIDs], body[contract.FieldResponse] = []any{1, "snap"}, nil
					return
				}
				body[contract.FieldSnapshotIDs] = "none"
				response[contract.FieldCode], response[contract.FieldMessage] = contract.NotFound.Code, 7
				response[contract.FieldResponse] = map[string]any{contract.FieldSnapshotIDs: []any{"snap"}, contract.FieldRequestID: "other"}
			}),
		},
	}
}

// ofRequestIDs: ENV-8.
func ofRequestIDs() []Variant {
	named := func(next func(number int64) string) behaviour {
		return answered(func(s *Server, c *call) {
			id := next(s.count("request"))
			c.edit(func(body map[string]any) { body[contract.FieldRequestID] = id })
			c.editResponse(func(response map[string]any) { response[contract.FieldRequestID] = id })
		})
	}
	return []Variant{
		{
			Name: "request-ids-of-any-script", Does: "gives requests ids with letters of other scripts, quotes and spaces",
			serve: named(func(number int64) string { return fmt.Sprintf(" 请求 \"%d\" عدد\n😀", number) }),
		},
	}
}

// cased spells a number by the case of a word's letters.
func cased(word string, number int64) string {
	letters := []byte(word)
	for i := range letters {
		if number>>i&1 == 1 {
			letters[i] -= 'a' - 'A'
		}
	}
	return string(letters)
}

// ofDeletions: how snapshots go, and what is seen of one that goes. When they go is another matter.
func ofDeletions() []Variant {
	const while = 150 * time.Millisecond
	return []Variant{
		{
			Name: "going-is-missing-by-turns", Does: "takes a snapshot that is being deleted now for missing, now for one in another state",
			remove: func(s *Server, ids []string) map[string]contract.State {
				claimed, inTheWay := s.claimAll(ids)
				for _, id := range claimed {
					s.notes.Store(id, true)
					s.releaseLater(id, while)
				}
				for id := range inTheWay {
					if _, going := s.notes.Load(id); going && s.count("going")%2 == 0 {
						inTheWay[id] = gone
					}
				}
				return inTheWay
			},
		},
		{
			Name: "one-by-one", Does: "deals with the ids of a batch one after the other, and with other calls in between",
			remove: func(s *Server, ids []string) map[string]contract.State {
				inTheWay := map[string]contract.State{}
				for i, id := range ids {
					if i%10 == 1 {
						<-time.After(time.Millisecond)
					}
					if state := s.claim(id); state != contract.Normal {
						inTheWay[id] = state
					} else {
						s.Release(id)
					}
				}
				return inTheWay
			},
		},
		{
			Name: "looks-before-it-locks", Does: "sorts a batch out first and deletes then, and looks again at what it found NORMAL",
			remove: func(s *Server, ids []string) map[string]contract.State {
				normal := those(ids, s.normal)
				left := those(ids, func(id string) bool { return !slices.Contains(normal, id) })
				<-time.After(time.Millisecond)
				claimed, inTheWay := s.claimAll(normal)
				for _, id := range claimed {
					s.Release(id)
				}
				for _, id := range left {
					inTheWay[id], _ = s.State(id)
				}
				return inTheWay
			},
		},
	}
}

// ofPatience: answers that are no outcome.
func ofPatience() []Variant {
	type reply = func(c *call)
	tooFast := func(c *call) { c.fails(contract.TooFast) }
	unavailable := func(c *call) { c.fails(contract.Unavailable) }
	after := func(seconds string, answer reply) reply {
		return func(c *call) {
			answer(c)
			c.answer.Header().Set("Retry-After", seconds)
		}
	}
	putting := func(off func(s *Server) bool, replies ...reply) behaviour {
		return func(s *Server, c *call) {
			if off(s) {
				replies[s.count("put off")%int64(len(replies))](c)
				return
			}
			s.pass(c)
		}
	}
	nowAndThen := func(s *Server) bool { return s.count("call")%97 == 5 }
	return []Variant{
		{Name: "too-fast", Does: "answers 429 now and then", serve: putting(nowAndThen, tooFast)},
		{Name: "busy-in-every-way", Does: "answers 429 and 503 in turns, now and then", serve: putting(nowAndThen, tooFast, unavailable, after("0", tooFast), after("0", unavailable))},
	}
}

// ofTestbeds: what a testbed can make, and how it shows it.
func ofTestbeds() []Variant {
	const other = "AVAILABLE" // the other name of NORMAL
	makes := func(listed bool, states ...contract.State) func(s *Server, w http.ResponseWriter, r *http.Request) bool {
		return func(s *Server, w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.Method == http.MethodPost:
				return refusesStates(w, r, states)
			case r.URL.Path == mock.TestbedPath && listed:
				s.relay(w, r, func(body map[string]any) { body["states"] = states })
				return true
			}
			return false
		}
	}
	but := func(state contract.State) []contract.State {
		return slices.DeleteFunc(slices.Clone(contract.States), func(s contract.State) bool { return s == state })
	}
	return []Variant{
		{
			Name: "normal-is-available", Does: "has the testbed say " + other + " for NORMAL, and know no other name",
			testbed: func(s *Server, w http.ResponseWriter, r *http.Request) bool {
				if r.Method == http.MethodPost {
					return refusesStates(w, r, append([]contract.State{other}, others...))
				}
				if r.Method != http.MethodGet {
					return false
				}
				answer := newCall(r)
				s.pass(answer)
				text := bytes.ReplaceAll(answer.answer.Body.Bytes(), []byte(`"`+contract.Normal+`"`), []byte(`"`+other+`"`))
				answer.answer.Body.Reset()
				answer.answer.Body.Write(text)
				answer.deliver(w)
				return true
			},
		},
		{Name: "makes-no-creating", Does: "cannot make snapshots in state " + string(others[0]), testbed: makes(true, but(others[0])...)},
		{Name: "makes-normal-alone", Does: "can make no snapshot in another state than NORMAL", testbed: makes(true, contract.Normal)},
	}
}

// refusesStates answers 422 to an order for a state that is none of these.
func refusesStates(w http.ResponseWriter, r *http.Request, can []contract.State) bool {
	text, _ := io.ReadAll(r.Body) // what cannot be read is refused by the mock
	r.Body = io.NopCloser(bytes.NewReader(text))
	var order struct{ State contract.State }
	if json.Unmarshal(text, &order) != nil || slices.Contains(can, order.State) {
		return false
	}
	w.WriteHeader(http.StatusUnprocessableEntity)
	return true
}
