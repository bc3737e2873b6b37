package store

import (
	"container/heap"
	"time"
)

// due is a moment at which the state of a snapshot passes by itself. It is void if what is in the slot has another by then, and
// be it another snapshot.
type due struct {
	at   int64 // Unix nanoseconds
	slot uint32
}

// dues is a heap of which the earliest is the first.
type dues []due

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i].at < d[j].at }
func (d dues) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *dues) Push(one any)      { *d = append(*d, one.(due)) }

func (d *dues) Pop() any {
	last := len(*d) - 1
	one := (*d)[last]
	*d = (*d)[:last]
	return one
}

func (s *Store) await(e *entry, at int64) {
	if at == 0 {
		at++ // 0 would be never
	}
	e.due = at
	s.touch(e)
	heap.Push(&s.dues, due{at, e.slot})
}

// pass lets the states pass whose time is over. It is done whenever somebody looks, and so needs nobody to wait for it.
func (s *Store) pass(now time.Time) {
	for len(s.dues) > 0 && s.dues[0].at <= now.UnixNano() {
		next := heap.Pop(&s.dues).(due)
		if e := s.slabs.at(next.slot); e.due == next.at { // or something else has become of it
			s.leave(e)
		}
	}
}
