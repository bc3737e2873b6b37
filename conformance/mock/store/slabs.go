package store

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// slabs has the entries of a store, each in a slot, and finds them by their ids. Slots have numbers, and entries no pointers: at a
// million, the collector of garbage would follow millions of them, again and again, at the cost of everybody who asks for something
// meanwhile.
type slabs struct {
	slabs []*[slabEntries]entry
	used  uint32                 // so many slots have ever been in use; 0 is none of them, and stands for no slot
	free  uint32                 // a slot that is in use no more, which others follow
	index map[uint32]uint32      // by hash, the slot of an id, which others of the same hash follow
	hash  func(id string) uint32 // of an id; two may have the same
	long  map[uint32]string      // by slot, the ids that an entry has no room for
	facts map[uint32]Facts       // by slot, where there are any
	names []contract.State       // as they came
}

// entry is a snapshot of the store.
type entry struct {
	number  uint64 // of all that ever came; 0: the slot is not in use
	created int64  // Unix nanoseconds
	due     int64  // likewise; 0: it stays
	place   uint32 // in the order
	slot    uint32
	next    uint32     // the slot that follows; 0: none
	state   uint32     // its place among the names
	size    uint8      // of the id; isLong: it is somewhere else
	text    [room]byte // the id
}

const (
	slabEntries = 1024 // in one slab
	room        = 47   // bytes of an id; the mock makes shorter ones
	isLong      = room + 1
)

func newSlabs() slabs {
	seed := maphash.MakeSeed()
	return slabs{
		hash:  func(id string) uint32 { return uint32(maphash.String(seed, id)) },
		index: map[uint32]uint32{}, long: map[uint32]string{}, facts: map[uint32]Facts{},
	}
}

func (s *slabs) at(slot uint32) *entry { return &s.slabs[slot/slabEntries][slot%slabEntries] }

// find gives the entry of an id, and nil if there is none.
func (s *slabs) find(id string) *entry {
	for slot := s.index[s.hash(id)]; slot != 0; {
		e := s.at(slot)
		if s.id(e) == id {
			return e
		}
		slot = e.next
	}
	return nil
}

// add gives a new entry to an id that has none.
func (s *slabs) add(id string, facts Facts) *entry {
	e := s.vacant()
	if len(id) <= room {
		e.size = uint8(copy(e.text[:], id))
	} else {
		e.size = isLong
		s.long[e.slot] = strings.Clone(id) // which may be part of something that is much longer
	}
	if facts != (Facts{}) {
		s.facts[e.slot] = facts
	}
	sum := s.hash(id)
	e.next = s.index[sum]
	s.index[sum] = e.slot
	return e
}

// vacant gives an entry that is not in use.
func (s *slabs) vacant() *entry {
	if s.free != 0 {
		e := s.at(s.free)
		s.free = e.next
		return e
	}
	s.used++
	if int(s.used/slabEntries) == len(s.slabs) {
		s.slabs = append(s.slabs, new([slabEntries]entry))
	}
	e := s.at(s.used)
	e.slot = s.used
	return e
}

// remove has an entry be in use no more.
func (s *slabs) remove(e *entry) {
	sum := s.hash(s.id(e))
	switch first := s.index[sum]; {
	case first != e.slot:
		before := s.at(first)
		for before.next != e.slot {
			before = s.at(before.next)
		}
		before.next = e.next
	case e.next != 0:
		s.index[sum] = e.next
	default:
		delete(s.index, sum)
	}
	delete(s.long, e.slot)
	delete(s.facts, e.slot)
	*e = entry{slot: e.slot, next: s.free}
	s.free = e.slot
}

// id gives the id of an entry, which is good for as long as that is in use. It is no copy, since whoever looks through a million
// would leave a million copies behind.
func (s *slabs) id(e *entry) string {
	if e.size == isLong {
		return s.long[e.slot]
	}
	return unsafe.String(&e.text[0], e.size)
}

func (s *slabs) state(e *entry) contract.State { return s.names[e.state] }

func (s *slabs) setState(e *entry, state contract.State) {
	i := slices.Index(s.names, state)
	if i < 0 {
		i = len(s.names)
		s.names = append(s.names, state)
	}
	e.state = uint32(i)
}

// look gives an entry as a snapshot, the id of which is good for as long as the entry is in use.
func (s *slabs) look(e *entry) Snapshot {
	one := Snapshot{ID: s.id(e), State: s.state(e), Created: time.Unix(0, e.created).UTC(), Facts: s.facts[e.slot]}
	if e.due != 0 {
		one.Due = time.Unix(0, e.due).UTC()
	}
	return one
}

// snapshot gives an entry as a snapshot, to be kept.
func (s *slabs) snapshot(e *entry) Snapshot {
	one := s.look(e)
	one.ID = strings.Clone(one.ID)
	return one
}
