package mutants

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// Rare is a fault that shows now and then: in one of so many requests in which it can show at all, at random.
type Rare struct {
	Name string
	Rule string // that it breaks
	Does string // what it does in such a request, as the end of a sentence that starts with "it"

	Whole       bool                // the requests of a whole run give occasions, not only those for its own rule
	Credentials signing.Credentials // that it takes; none: it takes all

	occasion func(s *Server, c *call) bool // tells whether a request is one in which it can show
	spoil    behaviour                     // answers such a request
}

// Rares are faults that show now and then, one for each rule that can be broken.
func Rares() []Rare {
	return slices.Concat(rareRequests(), rareBatches(), rareStates(), rareAnswers(), rareCompany())
}

// rareRequests: REQ and AUTH.
func rareRequests() []Rare {
	listless := func(_ *Server, c *call) bool {
		return c.has(contract.FieldSnapshotIDs) && c.value() != nil && c.ids == nil
	}
	return []Rare{
		{
			Name: "fails-at-a-good-request", Rule: "REQ-1", Whole: true, Does: "answers a good request with an internal error",
			occasion: whereRoles(func(r roles) bool { return len(r.normal) > 0 && !r.mixed() }), spoil: crash,
		},
		{
			Name: "takes-absent-ids-for-none", Rule: "REQ-2", Does: "takes a body without ids for one that names none, and succeeds",
			occasion: func(_ *Server, c *call) bool { return c.isObject() && c.value() == nil }, spoil: succeedIdly,
		},
		{
			Name: "takes-other-types-for-none", Rule: "REQ-3", Does: "takes ids of another type for none, and succeeds",
			occasion: listless, spoil: succeedIdly,
		},
		{
			Name: "breaks-on-what-it-cannot-read", Rule: "REQ-4", Does: "answers with an internal error to a body that is not JSON, or no object",
			occasion: func(_ *Server, c *call) bool { return !c.isObject() }, spoil: crash,
		},
		{
			Name: "overlooks-the-action", Rule: "REQ-5", Does: "deletes under another action",
			occasion: otherAction, spoil: overlookAction,
		},
		{
			Name: "calls-a-type-a-value", Rule: "REQ-6", Does: "answers for ids of the wrong type that a value is wrong",
			occasion: listless, spoil: refuseValue,
		},
		{
			Name: "breaks-on-an-odd-id", Rule: "REQ-7", Does: "answers with an internal error where an id is none that anybody would hand out",
			occasion: func(_ *Server, c *call) bool {
				return slices.ContainsFunc(c.ids, func(id string) bool { return !contract.PlausibleID(id) })
			},
			spoil: crash,
		},
		{
			Name: "lets-anybody-in", Rule: "AUTH-1", Credentials: keys, Does: "lets in a request that it ought to refuse for its signature",
			occasion: func(_ *Server, c *call) bool { return c.knock(keys).verify() != nil },
			spoil:    (*Server).pass,
		},
	}
}

// rareBatches: BATCH.
func rareBatches() []Rare {
	return []Rare{
		{
			Name: "refuses-a-full-batch", Rule: "BATCH-1", Does: "refuses a batch that is as large as it may be",
			occasion: full, spoil: refuseLength,
		},
		{
			Name: "takes-too-many", Rule: "BATCH-2", Does: "carries out a batch over the limit",
			occasion: long, spoil: carryOut,
		},
		{
			Name: "deletes-before-it-counts", Rule: "BATCH-3", Does: "deletes a snapshot of a batch that it refuses for its length",
			occasion: func(s *Server, c *call) bool { return long(s, c) && slices.ContainsFunc(c.ids, s.normal) },
			spoil:    deleteAndRefuse,
		},
		{
			Name: "calls-too-many-a-value", Rule: "BATCH-4", Does: "answers for a batch over the limit that a value is wrong",
			occasion: long, spoil: refuseValue,
		},
		{
			Name: "loses-one", Rule: "BATCH-5", Does: "neither deletes nor lists a snapshot of a batch",
			occasion: whereRoles(func(r roles) bool { return len(r.normal) > 1 }), spoil: keepFirst,
		},
	}
}

// rareStates: STATE.
func rareStates() []Rare {
	return []Rare{
		{
			Name: "keeps-one-alone", Rule: "STATE-1", Does: "keeps a snapshot that is named alone, and says that it is deleted",
			occasion: func(s *Server, c *call) bool { return c.valid() && c.alone() && s.normal(c.ids[0]) }, spoil: succeedIdly,
		},
		{
			Name: "deletes-one-denied", Rule: "STATE-2", Does: "deletes a snapshot whose state forbids it, and does not list it",
			occasion: whereRoles(func(r roles) bool { return len(r.denied) > 0 }),
			spoil:    deleting(func(_ *Server, _ *call, r roles) []string { return r.denied[:1] }),
		},
		{
			Name: "changes-what-it-refuses", Rule: "STATE-3", Does: "puts a snapshot that it refuses in another state",
			occasion: whereRoles(func(r roles) bool { return len(r.denied) > 0 }),
			spoil: following(func(s *Server, _ *call, r roles) {
				state, _ := s.State(r.denied[0]) // it is there
				s.Put(r.denied[0], otherThan(state))
			}),
		},
		{
			Name: "succeeds-twice-alone", Rule: "STATE-4", Does: "says again of a snapshot that is named alone that it has deleted it",
			occasion: func(s *Server, c *call) bool { return c.valid() && c.alone() && s.hasGone(c.ids[0]) }, spoil: succeedIdly,
		},
	}
}

// rareAnswers: PART, ENV and ERR.
func rareAnswers() []Rare {
	mixed := whereRoles(roles.mixed)
	succeeding := whereRoles(func(r roles) bool { return len(r.normal) > 0 })
	everything := func(*Server, *call) bool { return true }
	return []Rare{
		{
			Name: "forgets-one-of-the-list", Rule: "PART-1", Does: "leaves a snapshot out of the list of those that could not be deleted",
			occasion: mixed,
			spoil: answered(func(_ *Server, c *call) {
				c.editList(func(listed []string) any { return listed[min(1, len(listed)):] }) // none where the mock refuses an odd id
			}),
		},
		{
			Name: "keeps-one-of-a-mixed-batch", Rule: "PART-2", Does: "keeps a snapshot of a batch in which others fail, and does not list it",
			occasion: mixed, spoil: keepFirst,
		},
		{
			Name: "keeps-one", Rule: "PART-3", Does: "keeps a snapshot of a batch, and does not list it",
			occasion: succeeding, spoil: keepFirst,
		},
		{
			Name: "lists-a-text", Rule: "ENV-1", Whole: true, Does: "has a text in a success where the list ought to be",
			occasion: succeeding,
			spoil:    answered(func(_ *Server, c *call) { c.editList(func([]string) any { return "none" }) }),
		},
		{
			Name: "confuses-request-ids", Rule: "ENV-2", Whole: true, Does: "has another requestId inside a success than outside",
			occasion: succeeding,
			spoil: answered(func(_ *Server, c *call) {
				c.editResponse(func(response map[string]any) { response[contract.FieldRequestID] = newRequestID() })
			}),
		},
		{
			Name: "leaves-a-request-id-empty", Rule: "ENV-3", Whole: true, Does: "has an empty requestId",
			occasion: everything, spoil: answered(func(_ *Server, c *call) { c.setRequestID("") }),
		},
		{
			Name: "says-nothing-of-a-mistake", Rule: "ENV-4", Whole: true, Does: "has no message for a request that it cannot read",
			occasion: func(_ *Server, c *call) bool { return c.ids == nil },
			spoil:    edited(func(body map[string]any) { delete(body, contract.FieldMessage) }),
		},
		{
			Name: "answers-with-202", Rule: "ENV-5", Whole: true, Does: "answers with status 202",
			occasion: everything, spoil: withStatus(always, http.StatusAccepted),
		},
		{
			Name: "calls-json-text", Rule: "ENV-6", Whole: true, Does: "says that its answer is plain text",
			occasion: everything, spoil: withType(always, "text/plain"),
		},
		{
			Name: "missing-is-invalid", Rule: "ERR-1", Does: "answers for a missing snapshot alone that its id is invalid",
			occasion: func(s *Server, c *call) bool { return c.valid() && c.alone() && s.missing(c.ids[0]) }, spoil: refuseValue,
		},
		{
			Name: "denied-is-invalid", Rule: "ERR-2", Does: "answers for a snapshot alone whose state forbids it that its id is invalid",
			occasion: func(s *Server, c *call) bool { return c.valid() && c.alone() && s.denied(c.ids[0]) }, spoil: refuseValue,
		},
	}
}

// rareCompany: ISO and CONC, what becomes of others.
func rareCompany() []Rare {
	return []Rare{
		{
			Name: "deletes-a-bystander", Rule: "ISO-1", Whole: true, Does: "deletes besides a snapshot that nobody named",
			occasion: whereRoles(func(r roles) bool { return len(r.normal) > 0 }),
			spoil: following(func(s *Server, c *call, _ roles) {
				for _, one := range s.newest(300) {
					if s.normal(one.id) && !slices.Contains(c.ids, one.id) {
						s.Release(one.id)
						return
					}
				}
			}),
		},
		{
			Name: "misses-one-in-company", Rule: "CONC-1", Does: "does not find a snapshot that is named alone while another call is under way",
			occasion: func(s *Server, c *call) bool {
				return c.valid() && c.alone() && s.normal(c.ids[0]) && s.crowded(2)
			},
			spoil: func(_ *Server, c *call) { c.fails(contract.NotFound) },
		},
		{
			Name: "succeeds-though-it-came-late", Rule: "CONC-2", Does: "says of a snapshot that another call has deleted that it has",
			occasion: func(s *Server, c *call) bool { return c.valid() && c.alone() && s.hasGone(c.ids[0]) }, spoil: succeedIdly,
		},
	}
}

// whereRoles is true of valid calls by what their ids stand for.
func whereRoles(is func(r roles) bool) func(s *Server, c *call) bool {
	return func(s *Server, c *call) bool { return c.valid() && is(s.roles(c)) }
}

// keepFirst keeps the first snapshot of a batch that could be deleted, and answers as if it were gone.
var keepFirst = keeping(func(_ *Server, _ *call, r roles) []string { return r.normal[:min(1, len(r.normal))] })

// hasGone tells whether an id is that of a snapshot that was there and is gone.
func (s *Server) hasGone(id string) bool {
	if !s.missing(id) {
		return false
	}
	if _, met := s.met.Load(id); met {
		return true
	}
	_, _, made := s.find(id)
	return made
}

// Occasions counts the requests in which a rare fault could show.
type Occasions struct {
	mu    sync.Mutex
	count int
	spent int // those in which it did
}

// Count is how many requests gave an occasion, and in how many of them the fault showed.
func (o *Occasions) Count() (occasions, shown int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.count, o.spent
}

// OneIn makes a mutant of the fault that shows in one request of n, at random but the same for a seed as far as requests
// come in the same order; 0 stands for never.
func (r Rare) OneIn(n int, seed int64) (Variant, *Occasions) {
	o := &Occasions{}
	name := fnv.New64a()
	_, _ = name.Write([]byte(r.Name)) // a hash takes everything
	chance := rand.New(rand.NewPCG(uint64(seed), name.Sum64()))
	usual := (*Server).pass
	if r.Credentials.Present() {
		usual = guarded
	}
	return Variant{
		Name: r.Name, Rules: []string{r.Rule}, Does: r.Does, Credentials: r.Credentials,
		serve: func(s *Server, c *call) {
			if r.occasion(s, c) && o.shows(chance, n) {
				r.spoil(s, c)
			} else {
				usual(s, c)
			}
		},
	}, o
}

func (o *Occasions) shows(chance *rand.Rand, n int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count++
	if n == 0 || chance.IntN(n) > 0 {
		return false
	}
	o.spent++
	return true
}
