package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// TestSlabs: each entry is found by its own id, whatever its length, where many ids have the same hash and slots are used again.
func TestSlabs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := newSlabs()
	s.hash = func(id string) uint32 { return uint32(len(id) % 7) }
	var ids []string
	there := map[string]*entry{}
	chance := rand.New(rand.NewPCG(1, 2))
	for i := range 4 * slabEntries {
		id := strings.Repeat("x", i%(2*room)) + strconv.Itoa(i)
		facts := Facts{Name: strings.Repeat("n", i%2)}
		g.Expect(s.find(id)).To(BeNil())
		e := s.add(id, facts)
		s.setState(e, contract.States[i%len(contract.States)])
		e.number, e.created = uint64(i)+1, int64(i)
		there[id], ids = e, append(ids, id)
		if at := chance.IntN(3 * len(ids)); at < len(ids) {
			gone := ids[at]
			s.remove(there[gone])
			g.Expect(s.find(gone)).To(BeNil())
			delete(there, gone)
			ids = slices.Delete(ids, at, at+1)
		}
	}
	slots := map[uint32]bool{}
	for id, e := range there {
		g.Expect(s.find(id)).To(BeIdenticalTo(e))
		i := int(e.created)
		g.Expect(s.snapshot(e)).To(Equal(Snapshot{
			ID: id, State: contract.States[i%len(contract.States)], Created: time.Unix(0, int64(i)).UTC(), Facts: Facts{Name: strings.Repeat("n", i%2)},
		}))
		slots[e.slot] = true
	}
	g.Expect(slots).To(HaveLen(len(there)))
	g.Expect(slots).NotTo(HaveKey(uint32(0)))
	for _, e := range there {
		s.remove(e)
	}
	g.Expect(s.index).To(BeEmpty())
	g.Expect(s.long).To(BeEmpty())
	g.Expect(s.facts).To(BeEmpty())
}

// TestAnIDIsACopy: it may be part of something that is much longer, or that is changed, and what is given stays as it is.
func TestAnIDIsACopy(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, room, room + 1, 0xFF, 0x100} {
		g, s := NewWithT(t), newSlabs()
		id := strings.Repeat("x", size)
		e := s.add(id, Facts{})
		s.setState(e, contract.Normal)
		g.Expect(s.id(e)).To(Equal(id))
		if size > 0 {
			g.Expect(unsafe.StringData(s.id(e))).NotTo(BeIdenticalTo(unsafe.StringData(id)))
		}
		given := s.snapshot(e)
		s.remove(e)
		s.add(strings.Repeat("y", size), Facts{})
		g.Expect(given.ID).To(Equal(id))
	}
}

// TestWhatHasGoneIsNotTouched: its slot is for others.
func TestWhatHasGoneIsNotTouched(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(g *WithT, s *Store){
		"deleted twice": func(g *WithT, s *Store) {
			g.Expect(s.Add(Snapshot{ID: "a", State: contract.Normal})).To(Succeed())
			g.Expect(s.Delete([]string{"a", "a"})).To(Equal([]Snapshot{{ID: "a"}}))
		},
		"due, and replaced": func(g *WithT, s *Store) {
			for _, due := range []time.Time{time.Unix(0, 0), time.Unix(1, 0)} {
				one := Snapshot{ID: "a", State: contract.Leaving, Due: due}
				g.Expect(s.Add(one, one, Snapshot{ID: "a", State: contract.Leaving}, one)).To(Succeed())
				g.Expect(s.Counts()).To(BeEmpty())
			}
		},
		"due, and another there": func(g *WithT, s *Store) {
			g.Expect(s.Add(Snapshot{ID: "a", State: contract.Leaving, Due: time.Unix(0, 0)}, Snapshot{ID: "a", State: contract.Leaving})).To(Succeed())
			g.Expect(s.Counts()).To(Equal(map[contract.State]int{contract.Leaving: 1}))
			g.Expect(s.Release("a")).To(Succeed())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), New(time.Now)
			use(g, s)
			g.Expect(s.Add(Snapshot{ID: "b", State: contract.Normal}, Snapshot{ID: "c", State: contract.Normal})).To(Succeed())
			g.Expect(s.Counts()).To(Equal(map[contract.State]int{contract.Normal: 2}))
			page := all(g, s)
			g.Expect(page).To(HaveLen(2))
			g.Expect(page[0].ID + page[1].ID).To(Equal("bc"))
		})
	}
}

// TestHolesAreClosed: what is left when most have gone is listed in the order in which it came.
func TestHolesAreClosed(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), New(time.Now)
	var kept []string
	for i := range 10_000 {
		id := fmt.Sprintf("snap-%d", i)
		g.Expect(s.Add(Snapshot{ID: id, State: contract.Normal})).To(Succeed())
		if i%10 == 0 {
			kept = append(kept, id)
			continue
		}
		g.Expect(s.Delete([]string{id})).To(BeEmpty())
	}
	g.Expect(len(s.order)).To(BeNumerically("<", 10_000/2))
	for _, query := range []Query{{Limit: 10_000}, {Limit: 10_000, Match: func(*Snapshot) bool { return true }}, {Limit: 10_000, IDs: kept}} {
		page, total, err := s.List(query)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(total).To(Equal(len(kept)))
		for i, one := range page {
			g.Expect(one.ID).To(Equal(kept[i]))
		}
	}
	page, total, err := s.List(Query{From: 990, Limit: 20})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(total).To(Equal(len(kept)))
	g.Expect(page).To(HaveLen(10))
	g.Expect(page[9].ID).To(Equal(kept[999]))
}
