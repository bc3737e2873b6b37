package store

import "strings"

// slabs has room for entries and for their ids. At a million snapshots, each with memory of its own, the collector of garbage
// would have two million things to find, which lie anywhere: it takes ten times as long, at everybody's cost. A slab is let
// go of when all that is in it has gone.
type slabs struct {
	entries []entry
	text    strings.Builder
}

// How much comes in one slab.
const (
	slabEntries = 512
	slabText    = 16 << 10 // bytes
)

// entry gives a new entry for an id.
func (s *slabs) entry(id string) *entry {
	if len(s.entries) == 0 {
		s.entries = make([]entry, slabEntries)
	}
	e := &s.entries[0]
	s.entries = s.entries[1:]
	e.id = s.copy(id)
	return e
}

// copy gives a text of its own for an id, which may be part of something that is much longer.
func (s *slabs) copy(id string) string {
	if len(id) > slabText/8 {
		return strings.Clone(id)
	}
	if s.text.Cap()-s.text.Len() < len(id) {
		s.text = strings.Builder{}
		s.text.Grow(slabText)
	}
	s.text.WriteString(id)
	all := s.text.String()
	return all[len(all)-len(id):]
}
