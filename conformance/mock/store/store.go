// Package store keeps the mock's snapshots: what each is doing, and since when. What is done in one call is done in one
// step, which no other call sees half of.
//
// New makes a store in memory. Open makes one that is in a file as well: the memory answers, and the file is what makes an answer
// last. It is a file of bbolt, in which a transaction is whole or not at all, and on disk when it is over. A store needs no more of
// a database than that. SQLite would bring queries that nobody makes, and, to do without C, a translation of all of it to compile.
//
// Steps that wait for the disk at the same time become one transaction. A step that only looks waits, too, for what it may have
// seen, so that nobody is told of what a crash could take back.
//
// bbolt has no checksum for what is in its pages, and trusts what it maps into memory. So each record has a checksum of its own,
// a header has one of all of them, and the whole file is read without trust before bbolt is given it.
package store

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Snapshot is one snapshot, as it is at a moment.
type Snapshot struct {
	ID      string
	State   contract.State
	Created time.Time
	Due     time.Time // when its state passes by itself; zero if it stays
	Facts
}

// Facts are what a snapshot's maker said of it. The contract knows none of them.
type Facts struct {
	Name      string // not unique
	Disk      string // id of the disk that it was made of
	Retention string // when it is to go by itself, as it was given; empty: never
}

// Timing is how long the states that pass by themselves last.
type Timing struct {
	Creating time.Duration // from the beginning of a snapshot until it is usable
	Deleting time.Duration // from the answer to a deletion until the snapshot is gone

	// Stuck tells whether a snapshot that has just come to a state that would pass, at once or later, stays in it. It is
	// asked by one goroutine at a time, and nil stands for never.
	Stuck func(contract.State) bool
}

// Store is a population of snapshots. It may be used by several goroutines.
type Store struct {
	now func() time.Time

	mu     sync.Mutex
	timing Timing
	slabs  slabs    // all of them, in slots
	order  []uint32 // slots, as their snapshots came; 0 where one has gone
	holes  int      // in order
	counts map[contract.State]int
	dues   dues

	disk    *disk     // nil: the snapshots are in memory alone
	number  uint64    // of the snapshot that came last
	touched []touched // what this step has changed, if that is to be on disk
}

// creating is the state of a snapshot that has only begun.
const creating = contract.State(api.Creating)

// New makes a store without snapshots, whose clock is now.
func New(now func() time.Time) *Store {
	return &Store{now: now, slabs: newSlabs(), counts: map[contract.State]int{}}
}

// step does something in one step. It returns when all that has been seen in it is kept.
func (s *Store) step(do func(now time.Time)) error { return s.settle(s.alone(do)) }

// change is step for what changes something: in a store that nothing can be written to any more, that would only fill memory.
func (s *Store) change(do func(now time.Time)) error {
	if err := s.disk.failed(); err != nil {
		return err
	}
	return s.step(do)
}

// alone does something while nobody else does, and gives what has to be on disk then.
func (s *Store) alone(do func(now time.Time)) *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.pass(now)
	do(now)
	return s.pending()
}

// SetTiming has the states that pass by themselves last as long as it says, from the next snapshot on that comes to one.
func (s *Store) SetTiming(timing Timing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timing = timing
}

// Timing tells how long the states that pass by themselves last.
func (s *Store) Timing() Timing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.timing
}

// Add puts snapshots into the store, as they are. One whose id is there already takes its place; one without a time of
// creation was created just now.
func (s *Store) Add(snapshots ...Snapshot) error {
	return s.change(func(now time.Time) {
		for _, one := range snapshots {
			s.add(one, now)
		}
	})
}

// Replace has the store have these snapshots, as Add takes them, and no others.
func (s *Store) Replace(snapshots ...Snapshot) error {
	return s.change(func(now time.Time) {
		for _, slot := range slices.Clone(s.order) {
			if slot != 0 {
				s.remove(s.slabs.at(slot))
			}
		}
		for _, one := range snapshots {
			s.add(one, now)
		}
	})
}

// Begin makes a snapshot in the way of the service: it is usable when the time for that is over.
func (s *Store) Begin(id string, facts Facts) error {
	return s.change(func(now time.Time) {
		s.add(Snapshot{ID: id, State: contract.Normal, Facts: facts}, now)
		if s.timing.Creating > 0 || s.timing.Stuck != nil {
			s.enter(s.slabs.find(id), creating, s.timing.Creating, now)
		}
	})
}

// Delete deletes those of the ids, each given once, that are in the deletable state, and gives the others in their
// order, with the state that is in the way: none for one that is missing.
func (s *Store) Delete(ids []string) (left []Snapshot, err error) {
	err = s.change(func(now time.Time) {
		found := make([]*entry, len(ids))
		for i, id := range ids { // all of them first: of a million, each is far away, and the ways to several are gone together
			found[i] = s.slabs.find(id)
		}
		for i, e := range found {
			switch {
			case e == nil || e.number == 0: // not there, or not any more: somebody gives it twice
				left = append(left, Snapshot{ID: ids[i]})
			case s.slabs.state(e) != contract.Normal:
				left = append(left, s.slabs.snapshot(e))
			case s.timing.Deleting > 0 || s.timing.Stuck != nil:
				s.enter(e, contract.Leaving, s.timing.Deleting, now)
			default:
				s.remove(e)
			}
		}
	})
	return left, err
}

// Put gives a snapshot a state, in which it stays. It tells whether there is such a snapshot.
func (s *Store) Put(id string, state contract.State) (there bool, err error) {
	err = s.change(func(time.Time) {
		e := s.slabs.find(id)
		if there = e != nil; there {
			s.become(e, state)
		}
	})
	return there, err
}

// Release removes a snapshot, whatever its state. It is nothing to release one that is gone.
func (s *Store) Release(id string) error {
	return s.change(func(time.Time) {
		if e := s.slabs.find(id); e != nil {
			s.remove(e)
		}
	})
}

// Get finds a snapshot.
func (s *Store) Get(id string) (found Snapshot, there bool, err error) {
	err = s.step(func(time.Time) {
		e := s.slabs.find(id)
		if there = e != nil; there {
			found = s.slabs.snapshot(e)
		}
	})
	return found, there, err
}

// Query says which snapshots are to be listed: those that have all that it names, in the order in which they came.
type Query struct {
	IDs   []string               // of these only; none: of all
	Match func(s *Snapshot) bool // nil: each; it is not to keep what it is given
	From  int                    // how many of them are left out first
	Limit int                    // how many are given, at the most
}

// List gives what a query asks for, and how many there are in all.
func (s *Store) List(q Query) (page []Snapshot, total int, err error) {
	err = s.step(func(time.Time) {
		var one Snapshot // the same for each: a million of them would keep everybody waiting
		for _, slot := range s.among(q.IDs) {
			if slot == 0 {
				continue
			}
			wanted := total >= q.From && len(page) < q.Limit
			if wanted || q.Match != nil {
				one = s.slabs.look(s.slabs.at(slot))
			}
			if q.Match != nil && !q.Match(&one) {
				continue
			}
			if wanted {
				page = append(page, one)
				page[len(page)-1].ID = strings.Clone(one.ID)
			}
			total++
		}
	})
	return page, total, err
}

// Counts tells how many snapshots are in each state that there is one in.
func (s *Store) Counts() (counts map[contract.State]int, err error) {
	err = s.step(func(time.Time) {
		counts = make(map[contract.State]int, len(s.counts))
		for state, count := range s.counts {
			if count > 0 {
				counts[state] = count
			}
		}
	})
	return counts, err
}

// among gives the slots of some ids in order, or all of them, with 0 where one has gone. The caller holds the lock.
func (s *Store) among(ids []string) []uint32 {
	if len(ids) == 0 {
		return s.order
	}
	var found []uint32
	for _, id := range ids {
		if e := s.slabs.find(id); e != nil {
			found = append(found, e.slot)
		}
	}
	slices.SortFunc(found, func(a, b uint32) int { return cmp.Compare(s.slabs.at(a).place, s.slabs.at(b).place) })
	return slices.Compact(found)
}

// add puts a snapshot into the store. The caller holds the lock, here and below.
func (s *Store) add(one Snapshot, now time.Time) {
	if e := s.slabs.find(one.ID); e != nil {
		s.remove(e)
	}
	if one.Created.IsZero() {
		one.Created = now
	}
	s.number++
	e := s.slabs.add(one.ID, one.Facts)
	e.number, e.created, e.place = s.number, one.Created.UnixNano(), uint32(len(s.order))
	s.slabs.setState(e, one.State)
	s.order = append(s.order, e.slot)
	s.counts[one.State]++
	s.touch(e)
	if !one.Due.IsZero() {
		s.await(e, one.Due.UnixNano())
	}
}

func (s *Store) remove(e *entry) {
	s.touch(e)
	s.counts[s.slabs.state(e)]--
	s.order[e.place] = 0
	s.holes++
	s.slabs.remove(e)
	s.close()
}

// close leaves the holes out of the order, once it is mostly holes.
func (s *Store) close() {
	const few = 1024
	if s.holes < few || s.holes < len(s.order)/2 {
		return
	}
	s.order = slices.DeleteFunc(s.order, func(slot uint32) bool { return slot == 0 })
	for place, slot := range s.order {
		s.slabs.at(slot).place = uint32(place)
	}
	s.holes = 0
}

// become gives a snapshot a state, in which it stays.
func (s *Store) become(e *entry, state contract.State) {
	s.counts[s.slabs.state(e)]--
	s.counts[state]++
	s.slabs.setState(e, state)
	e.due = 0
	s.touch(e)
}

// enter gives a snapshot a state that passes after a while, which may be none, if it is not stuck there.
func (s *Store) enter(e *entry, state contract.State, while time.Duration, now time.Time) {
	s.become(e, state)
	switch {
	case s.timing.Stuck != nil && s.timing.Stuck(state):
	case while > 0:
		s.await(e, now.Add(while).UnixNano())
	default:
		s.leave(e)
	}
}

// leave ends a state that passes.
func (s *Store) leave(e *entry) {
	if s.slabs.state(e) == contract.Leaving {
		s.remove(e)
	} else {
		s.become(e, contract.Normal)
	}
}
