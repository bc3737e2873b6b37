package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// model is what a store should be, in the plainest way.
type model struct {
	clock     *clock
	timing    Timing
	snapshots []Snapshot
}

func (m *model) at(id string) int {
	return slices.IndexFunc(m.snapshots, func(s Snapshot) bool { return s.ID == id })
}

func (m *model) pass() {
	over := func(s Snapshot) bool { return !s.Due.IsZero() && !s.Due.After(m.clock.at) }
	m.snapshots = slices.DeleteFunc(m.snapshots, func(s Snapshot) bool { return over(s) && s.State == contract.Leaving })
	for i, one := range m.snapshots {
		if over(one) {
			m.snapshots[i].State, m.snapshots[i].Due = contract.Normal, time.Time{}
		}
	}
}

func (m *model) add(one Snapshot) {
	m.release(one.ID)
	if one.Created.IsZero() {
		one.Created = m.clock.at
	}
	m.snapshots = append(m.snapshots, one)
}

func (m *model) begin(id string, facts Facts) {
	one := Snapshot{ID: id, State: contract.Normal, Facts: facts}
	if m.timing.Creating > 0 {
		one.State, one.Due = creating, m.clock.at.Add(m.timing.Creating)
	}
	m.add(one)
}

func (m *model) delete(ids []string) (left []Snapshot) {
	for _, id := range ids {
		switch i := m.at(id); {
		case i < 0:
			left = append(left, Snapshot{ID: id})
		case m.snapshots[i].State != contract.Normal:
			left = append(left, m.snapshots[i])
		case m.timing.Deleting > 0:
			m.snapshots[i].State, m.snapshots[i].Due = contract.Leaving, m.clock.at.Add(m.timing.Deleting)
		default:
			m.release(id)
		}
	}
	return left
}

func (m *model) release(id string) {
	m.snapshots = slices.DeleteFunc(m.snapshots, func(s Snapshot) bool { return s.ID == id })
}

func (m *model) put(id string, state contract.State) bool {
	i := m.at(id)
	if i >= 0 {
		m.snapshots[i].State, m.snapshots[i].Due = state, time.Time{}
	}
	return i >= 0
}

func (m *model) list(q Query) (page []Snapshot, total int) {
	for _, one := range m.snapshots {
		if len(q.IDs) > 0 && !slices.Contains(q.IDs, one.ID) || q.Match != nil && !q.Match(&one) {
			continue
		}
		if total >= q.From && len(page) < q.Limit {
			page = append(page, one)
		}
		total++
	}
	return page, total
}

func (m *model) counts() map[contract.State]int {
	counts := map[contract.State]int{}
	for _, one := range m.snapshots {
		counts[one.State]++
	}
	return counts
}

func TestAStoreIsWhatAPlainListWouldBe(t *testing.T) {
	t.Parallel()
	for _, durable := range []bool{false, true} {
		t.Run(fmt.Sprintf("durable %v", durable), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			rapid.Check(t, func(t *rapid.T) { likeTheModel(t, folder, durable) })
		})
	}
}

func likeTheModel(t *rapid.T, folder string, durable bool) {
	g := NewWithT(t)
	m := &model{clock: newClock()}
	s := New(m.clock.now)
	path := filepath.Join(folder, "snapshots.db")
	reopen := func() {
		g.Expect(s.Close()).To(Succeed())
		var err error
		s, err = Open(path, m.clock.now)
		g.Expect(err).NotTo(HaveOccurred())
		s.disk.db.NoSync = true
		s.SetTiming(m.timing)
	}
	if durable {
		reopen()
		defer func() {
			g.Expect(s.Close()).To(Succeed())
			g.Expect(os.Remove(path)).To(Succeed())
		}()
	}

	ids := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", strings.Repeat("f", room+1)})
	states := rapid.SampledFrom(contract.States)
	times := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute})
	facts := rapid.SampledFrom([]Facts{{}, {Name: "one", Disk: "disk-1"}, {Name: "one", Retention: "2027-01-01T00:00:00Z"}})
	t.Repeat(map[string]func(*rapid.T){
		"add": func(t *rapid.T) {
			one := Snapshot{ID: ids.Draw(t, "id"), State: states.Draw(t, "state"), Facts: facts.Draw(t, "facts")}
			if since := times.Draw(t, "since"); since > 0 {
				one.Created = m.clock.at.Add(-since)
			}
			if due := times.Draw(t, "due"); due > 0 {
				one.Due = m.clock.at.Add(due)
			}
			m.add(one)
			g.Expect(s.Add(one)).To(Succeed())
		},
		"begin": func(t *rapid.T) {
			id, facts := ids.Draw(t, "id"), facts.Draw(t, "facts")
			m.begin(id, facts)
			g.Expect(s.Begin(id, facts)).To(Succeed())
		},
		"delete": func(t *rapid.T) {
			named := rapid.SliceOfNDistinct(ids, 1, 4, rapid.ID[string]).Draw(t, "ids")
			want := m.delete(named)
			g.Expect(s.Delete(named)).To(Equal(want))
		},
		"put": func(t *rapid.T) {
			id, state := ids.Draw(t, "id"), states.Draw(t, "state")
			want := m.put(id, state)
			g.Expect(s.Put(id, state)).To(Equal(want))
		},
		"release": func(t *rapid.T) {
			id := ids.Draw(t, "id")
			m.release(id)
			g.Expect(s.Release(id)).To(Succeed())
		},
		"replace": func(t *rapid.T) {
			var others []Snapshot
			for _, id := range rapid.SliceOfNDistinct(ids, 0, 4, rapid.ID[string]).Draw(t, "ids") {
				others = append(others, Snapshot{ID: id, State: contract.Normal, Created: m.clock.at})
			}
			m.snapshots = slices.Clone(others)
			g.Expect(s.Replace(others...)).To(Succeed())
		},
		"timing": func(t *rapid.T) {
			m.timing = Timing{Creating: times.Draw(t, "creating"), Deleting: times.Draw(t, "deleting")}
			s.SetTiming(m.timing)
		},
		"time": func(t *rapid.T) {
			m.clock.pass(times.Draw(t, "while"))
			m.pass()
		},
		"list": func(t *rapid.T) {
			q := Query{From: rapid.IntRange(0, 3).Draw(t, "from"), Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
			q.IDs = rapid.SliceOfN(ids, 0, 3).Draw(t, "ids")
			if name := rapid.SampledFrom([]string{"", "one"}).Draw(t, "name"); name != "" {
				q.Match = func(s *Snapshot) bool { return s.Name == name }
			}
			page, total := m.list(q)
			got, count, err := s.List(q)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(page))
			g.Expect(count).To(Equal(total))
		},
		"reopen": func(t *rapid.T) {
			if !durable {
				t.Skip("what is in memory goes with it")
			}
			reopen()
		},
		"": func(*rapid.T) {
			page, total := m.list(Query{Limit: len(m.snapshots)})
			got, count, err := s.List(Query{Limit: len(m.snapshots)})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(page))
			g.Expect(count).To(Equal(total))
			g.Expect(s.Counts()).To(Equal(m.counts()))
			for _, one := range m.snapshots {
				found, there, err := s.Get(one.ID)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(there).To(BeTrue())
				g.Expect(found).To(Equal(one))
			}
		},
	})
}
