package mutants

import (
	"encoding/json"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Rare is a fault that shows now and then: in one of so many requests in which it can show at all, at random.
type Rare struct {
	Name string
	Rule string // that it breaks
	Does string // what it does in such a request, as the end of a sentence that starts with "it"

	// spoil gives what does wrong by a request, nil where the request gives no occasion.
	spoil func(s *Server, c *call) func()
}

// Rares are faults of kinds that differ in what it takes to see them.
func Rares() []Rare {
	return []Rare{
		{
			Name: "missing-is-invalid", Rule: "ERR-1", Does: "answers for a missing snapshot alone that its id is invalid",
			spoil: func(s *Server, c *call) func() {
				if len(distinct(c.ids)) != 1 || !s.missing(c.ids[0]) {
					return nil
				}
				return func() { c.fails(contract.WrongValue) }
			},
		},
		{
			Name: "forgets-one-of-the-list", Rule: "PART-1", Does: "leaves a snapshot out of the list of those that could not be deleted",
			spoil: func(s *Server, c *call) func() {
				if len(those(c.ids, s.normal)) == 0 || len(those(c.ids, s.normal)) == len(c.ids) || len(c.ids) > contract.MaxBatch {
					return nil
				}
				return func() {
					s.pass(c)
					c.editList(func(listed []string) any { return listed[1:] })
				}
			},
		},
		{
			Name: "keeps-one", Rule: "PART-3", Does: "keeps a snapshot of a batch, and does not list it",
			spoil: func(s *Server, c *call) func() {
				normal := those(c.ids, s.normal)
				if len(normal) == 0 || len(c.ids) > contract.MaxBatch {
					return nil
				}
				return func() {
					failing := those(distinct(c.ids), func(id string) bool { return !s.normal(id) })
					s.passIDs(c, slices.DeleteFunc(slices.Clone(c.ids), func(id string) bool { return id == normal[0] }))
					c.succeed(failing)
				}
			},
		},
		{
			Name: "deletes-one-denied", Rule: "STATE-2", Does: "deletes a snapshot whose state forbids it, and does not list it",
			spoil: func(s *Server, c *call) func() {
				denied := those(c.ids, s.denied)
				if len(denied) == 0 || len(c.ids) > contract.MaxBatch {
					return nil
				}
				return func() {
					s.Put(denied[0], contract.Normal)
					s.pass(c)
				}
			},
		},
		{
			Name: "takes-too-many", Rule: "BATCH-2", Does: "carries out a batch over the limit",
			spoil: func(_ *Server, c *call) func() {
				if len(c.ids) <= contract.MaxBatch {
					return nil
				}
				return func() { c.succeed(distinct(c.ids)) }
			},
		},
		{
			Name: "breaks-on-what-it-cannot-read", Rule: "REQ-4", Does: "answers with an internal error to a body that is not JSON",
			spoil: func(_ *Server, c *call) func() {
				var object map[string]any
				if json.Unmarshal(c.body, &object) == nil && object != nil {
					return nil
				}
				return func() { c.fails(contract.Internal) }
			},
		},
		{
			Name: "confuses-request-ids", Rule: "ENV-2", Does: "has another requestId inside a success than outside",
			spoil: func(s *Server, c *call) func() {
				if len(those(c.ids, s.normal)) == 0 || len(c.ids) > contract.MaxBatch {
					return nil
				}
				return func() {
					s.pass(c)
					c.editResponse(func(response map[string]any) { response[contract.FieldRequestID] = newRequestID() })
				}
			},
		},
		{
			Name: "refuses-a-full-batch", Rule: "BATCH-1", Does: "refuses a batch that is as large as it may be",
			spoil: func(_ *Server, c *call) func() {
				if len(c.ids) != contract.MaxBatch {
					return nil
				}
				return func() { c.fails(contract.TooMany) }
			},
		},
	}
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
	return Variant{
		Name: r.Name, Rules: []string{r.Rule}, Does: r.Does,
		serve: func(s *Server, c *call) {
			spoil := r.spoil(s, c)
			if c.request.Header.Get(contract.HeaderAction) != contract.Action || spoil == nil || !o.shows(chance, n) {
				s.pass(c)
				return
			}
			spoil()
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
