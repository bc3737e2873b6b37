package store

import "time"

// Newest gives the snapshots that came last, the last one first, and no more than limit of them.
func (s *Store) Newest(limit int) (newest []Snapshot, err error) {
	err = s.step(func(time.Time) {
		for place := len(s.order) - 1; place >= 0 && len(newest) < limit; place-- {
			if slot := s.order[place]; slot != 0 {
				newest = append(newest, s.slabs.snapshot(s.slabs.at(slot)))
			}
		}
	})
	return newest, err
}
