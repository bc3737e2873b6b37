package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func TestOrderHoldsWhileManyComeAndGo(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	s := reopen(t, path, clock.now)
	const many, few = 5000, 10
	var made []Snapshot
	var gone, kept []string
	for i := range many {
		one := Snapshot{ID: fmt.Sprintf("snap-%d", i), State: contract.Normal, Facts: Facts{Name: fmt.Sprintf("number %d", i)}}
		made = append(made, one)
		if i%(many/few) == 0 {
			kept = append(kept, one.ID)
		} else {
			gone = append(gone, one.ID)
		}
	}
	g.Expect(s.Add(made...)).To(Succeed())
	g.Expect(s.Delete(gone)).To(BeEmpty())
	for range 2 {
		left := all(g, s)
		g.Expect(left).To(HaveLen(few))
		for i, one := range left {
			g.Expect(one.ID).To(Equal(kept[i]))
		}
		g.Expect(s.Close()).To(Succeed())
		s = reopen(t, path, clock.now)
	}
}

func TestTimeGoesOnWhileAStoreIsClosed(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	s := reopen(t, path, clock.now)
	g.Expect(s.Add(Snapshot{ID: "stays", State: contract.Normal}, Snapshot{ID: "goes", State: contract.Normal})).To(Succeed())
	s.SetTiming(Timing{Creating: time.Minute, Deleting: time.Hour})
	g.Expect(s.Begin("comes", Facts{Name: "new"})).To(Succeed())
	g.Expect(s.Delete([]string{"goes"})).To(BeEmpty())
	before := all(g, s)
	g.Expect(s.Close()).To(Succeed())

	s = reopen(t, path, clock.now)
	g.Expect(all(g, s)).To(Equal(before))
	g.Expect(s.Close()).To(Succeed())

	clock.pass(time.Minute)
	s = reopen(t, path, clock.now)
	g.Expect(s.Counts()).To(Equal(map[contract.State]int{contract.Normal: 2, contract.Leaving: 1}))
	g.Expect(s.Close()).To(Succeed())

	clock.pass(time.Hour)
	s = reopen(t, path, clock.now)
	g.Expect(s.Counts()).To(Equal(map[contract.State]int{contract.Normal: 2}))
}

func TestAStoreIsMadeWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	some := func(s *Store) error { return s.Add(Snapshot{ID: "snap-1", State: contract.Normal}) }
	_, err := Create(path, clock.now, func(s *Store) error { return errors.Join(some(s), errors.New("there is no more")) })
	g.Expect(err).To(MatchError("there is no more"))
	g.Expect(os.ReadDir(filepath.Dir(path))).To(BeEmpty())

	s, err := Create(path, clock.now, some)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.ReadDir(filepath.Dir(path))).To(HaveLen(1))
	g.Expect(s.Delete([]string{"snap-1"})).To(BeEmpty())
	_, err = Open(path, clock.now)
	g.Expect(err).To(MatchError(ContainSubstring("is in use by another process")))
	g.Expect(s.Close()).To(Succeed())
	before := contents(g, path)

	_, err = Create(path, clock.now, some)
	g.Expect(err).To(MatchError(os.ErrExist))
	g.Expect(contents(g, path)).To(Equal(before))
	g.Expect(os.ReadDir(filepath.Dir(path))).To(HaveLen(1))
	g.Expect(all(g, reopen(t, path, clock.now))).To(BeEmpty())
}

func TestAFileIsOneStoresAtATime(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	s := reopen(t, path, clock.now)
	_, err := Open(path, clock.now)
	g.Expect(err).To(MatchError(ContainSubstring("is in use by another process")))
	g.Expect(s.Add(Snapshot{ID: "snap-1", State: contract.Normal})).To(Succeed())
	g.Expect(s.Close()).To(Succeed())
	reopen(t, path, clock.now)
}

func TestWhatIsNoFileIsNoStore(t *testing.T) {
	t.Parallel()
	g, clock := NewWithT(t), newClock()
	folder := t.TempDir()
	for path, why := range map[string]string{
		folder:                              "is no file",
		filepath.Join(folder, "none", "db"): "cannot be made (no such file or directory)",
	} {
		_, err := Open(path, clock.now)
		g.Expect(err).To(MatchError(ContainSubstring(why)))
	}
	g.Expect(os.ReadDir(folder)).To(BeEmpty())
}

// Everybody who adds something waits until it is on disk, and so does everybody who has seen it.
func TestStepsThatWaitAreWrittenTogether(t *testing.T) {
	t.Parallel()
	g, clock := NewWithT(t), newClock()
	s := reopen(t, file(t), clock.now)
	commit, began, mayEnd := s.disk.write, make(chan int, 100), make(chan struct{})
	s.disk.write = func(changes map[uint64][]byte) error {
		began <- len(changes)
		<-mayEnd
		return commit(changes)
	}
	var adding, looking sync.WaitGroup
	add := func(id string) {
		adding.Go(func() { g.Expect(s.Add(Snapshot{ID: id, State: contract.Normal})).To(Succeed()) })
	}
	add("first")
	g.Expect(<-began).To(Equal(1))
	const more = 10
	for i := range more {
		add(fmt.Sprint(i))
	}
	waiting := func() int {
		s.disk.mu.Lock()
		defer s.disk.mu.Unlock()
		return len(s.disk.last.changes)
	}
	g.Eventually(waiting, "30s").Should(Equal(more))
	seen := make(chan struct{})
	looking.Go(func() {
		_, there, err := s.Get("first")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(there).To(BeTrue())
		close(seen)
	})
	g.Consistently(seen, "20ms").ShouldNot(BeClosed(), "it has been seen, and could still be lost")
	close(mayEnd)
	adding.Wait()
	looking.Wait()
	g.Expect(<-began).To(Equal(more))
	g.Expect(began).To(BeEmpty())
}

func TestAStoreThatCannotBeWrittenAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"an error": func() error { return errors.New("no space left on device") },
		"a panic":  func() error { panic("no space left on device") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, clock, path := NewWithT(t), newClock(), file(t)
			s := reopen(t, path, clock.now)
			g.Expect(s.Add(Snapshot{ID: "snap-1", State: contract.Normal})).To(Succeed())
			commit := s.disk.write
			s.disk.write = func(map[uint64][]byte) error { return fail() }
			_, err := s.Delete([]string{"snap-1"})
			g.Expect(err).To(MatchError(ContainSubstring("no space left on device")))
			s.disk.write = commit // it is of no use any more

			_, _, err = s.Get("snap-1")
			g.Expect(err).To(HaveOccurred(), "it tells of a deletion that is not on disk")
			_, err = s.Counts()
			g.Expect(err).To(HaveOccurred())
			for range 3 {
				g.Expect(s.Add(Snapshot{ID: "snap-2", State: contract.Normal}, Snapshot{ID: "snap-3", State: contract.Normal})).NotTo(Succeed())
			}
			g.Expect(s.order).To(HaveEach(uint32(0)), "what nobody can have is not kept")
			g.Expect(s.Close()).NotTo(Succeed())
			g.Expect(s.disk.db.Close()).To(Succeed()) // as the end of the process does

			s = reopen(t, path, clock.now)
			g.Expect(s.Counts()).To(Equal(map[contract.State]int{contract.Normal: 1}))
		})
	}
}

func TestAClosedStoreDoesNothing(t *testing.T) {
	t.Parallel()
	g, clock := NewWithT(t), newClock()
	s := reopen(t, file(t), clock.now)
	g.Expect(s.Add(Snapshot{ID: "snap-1", State: contract.Normal})).To(Succeed())
	for range 2 {
		g.Expect(s.Close()).To(Succeed())
	}
	_, _, err := s.Get("snap-1")
	g.Expect(err).To(MatchError(ContainSubstring("closed")))
	_, err = s.Delete([]string{"snap-1"})
	g.Expect(err).To(MatchError(ContainSubstring("closed")))
	g.Expect(New(clock.now).Close()).To(Succeed())
}

func TestSomebodyCutsAFileThatIsInUse(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	s := reopen(t, path, clock.now)
	ids := populate(g, s, clock, 2000)
	g.Expect(os.Truncate(path, 8192)).To(Succeed())
	_, err := s.Delete(ids[:1])
	g.Expect(err).To(MatchError(ContainSubstring("changed by somebody else")))
	g.Expect(s.Close()).NotTo(Succeed())
}

// BenchmarkDelete deletes snapshots one by one.
func BenchmarkDelete(b *testing.B) {
	for name, open := range map[string]func() (*Store, error){
		"memory": func() (*Store, error) { return New(time.Now), nil },
		"disk":   func() (*Store, error) { return Open(filepath.Join(b.TempDir(), "db"), time.Now) },
	} {
		for _, callers := range []int{1, 32} {
			b.Run(fmt.Sprintf("%s, %d callers", name, callers), func(b *testing.B) {
				s, err := open()
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				ids := make(chan string, b.N)
				made := make([]Snapshot, b.N)
				for i := range made {
					made[i] = Snapshot{ID: fmt.Sprintf("snap-%d", i), State: contract.Normal}
					ids <- made[i].ID
				}
				close(ids)
				if err := s.Add(made...); err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				var all sync.WaitGroup
				for range callers {
					all.Go(func() {
						for id := range ids {
							if left, err := s.Delete([]string{id}); err != nil || len(left) > 0 {
								b.Error(left, err)
							}
						}
					})
				}
				all.Wait()
			})
		}
	}
}

// TestAStoreWhoseFileIsTakenAwayAcknowledgesNothing: what it writes would be where no other store looks for it.
func TestAStoreWhoseFileIsTakenAwayAcknowledgesNothing(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(path string) error{
		"removed":  os.Remove,
		"moved":    func(path string) error { return os.Rename(path, path+".old") },
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, path := NewWithT(t), file(t)
			s := reopen(t, path, newClock().now)
			g.Expect(s.Add(Snapshot{ID: "snap-1", State: contract.Normal})).To(Succeed())
			g.Expect(take(path)).To(Succeed())
			_, err := s.Delete([]string{"snap-1"})
			g.Expect(err).To(MatchError(ContainSubstring("could not be written, and does nothing more until it is opened again: it is not where it was")))
			g.Expect(s.Close()).To(MatchError(err))
		})
	}
}
