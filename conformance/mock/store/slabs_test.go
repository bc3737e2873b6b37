package store

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// TestSlabs: each entry is its own, and its id is a copy that nothing else gets into, whatever its length.
func TestSlabs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var room slabs
	entries := map[string]*entry{}
	for i := range 4 * slabEntries {
		id := fmt.Sprintf("%d-%s", i, strings.Repeat("x", i*i%(slabText/4)))
		entries[id] = room.entry(id)
		g.Expect(unsafe.StringData(entries[id].id)).NotTo(BeIdenticalTo(unsafe.StringData(id)))
	}
	entries[""] = room.entry("")
	owners := map[*entry]bool{}
	for id, e := range entries {
		g.Expect(e.id == id).To(BeTrue(), "%.20q is %.20q", id, e.id)
		owners[e] = true
	}
	g.Expect(owners).To(HaveLen(len(entries)))
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
