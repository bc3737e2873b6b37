package mock

import (
	"context"
	"io"
	"math"
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/inventory"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// population is a list of snapshots that is being read.
type population struct {
	snapshots []store.Snapshot
	full      func(*population) error // is called before there are too many; nil: there may be any number
}

// few is how many snapshots of a long list are in memory twice.
const few = 10_000

// take takes what an entry says. Ids that name nothing are left out, so that a list which the suite takes its snapshots from
// is one for the mock, too.
func (p *population) take(entry inventory.Entry) error {
	if entry.State == "" {
		return nil
	}
	one := store.Snapshot{
		ID: entry.ID, State: entry.State, Created: entry.Created, Due: entry.Due,
		Facts: store.Facts{Name: entry.Name, Disk: entry.Disk, Retention: entry.Retention},
	}
	for range max(entry.Count, 1) {
		if entry.Count > 0 {
			one.ID = randomID()
		}
		p.snapshots = append(p.snapshots, one)
		if p.full != nil && len(p.snapshots) == few {
			if err := p.full(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadPopulation reads the snapshots of a list at a path: see inventory. Its error says in one line where the list is wrong.
func ReadPopulation(path string) ([]store.Snapshot, error) {
	var read population
	err := inventory.ReadFile(path, read.take)
	return read.snapshots, err
}

// AddPopulation adds the snapshots of a list at a path to a store, a part after the other, until the context ends. Where the list
// is wrong, as its error says in one line, a part may have been added.
func AddPopulation(ctx context.Context, s *store.Store, path string) error {
	add := func(read *population) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		err := s.Add(read.snapshots...)
		read.snapshots = read.snapshots[:0]
		return err
	}
	read := &population{full: add}
	if err := inventory.ReadFile(path, read.take); err != nil {
		return err
	}
	return add(read)
}

// WritePopulation writes all the snapshots of a store as a list that ReadPopulation reads.
func WritePopulation(to io.Writer, s *store.Store) error {
	all, _, err := s.List(store.Query{Limit: math.MaxInt})
	if err != nil {
		return err
	}
	return inventory.Write(to, func(yield func(inventory.Entry) bool) {
		for _, one := range all {
			if !yield(inventory.Entry{
				ID: one.ID, State: one.State, Created: one.Created, Due: one.Due, Name: one.Name, Disk: one.Disk, Retention: one.Retention,
			}) {
				return
			}
		}
	})
}

// tellPopulation answers with all snapshots.
func (s *Service) tellPopulation(w http.ResponseWriter, _ *http.Request) {
	if _, err := s.store.Counts(); err != nil { // as long as there can be another answer
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", contract.ContentType)
	if WritePopulation(w, s.store) != nil {
		panic(http.ErrAbortHandler) // nobody is to take half a list for a whole one
	}
}

// takePopulation puts the snapshots of a list in the place of all that there are. A list that is wrong changes nothing.
func (s *Service) takePopulation(w http.ResponseWriter, r *http.Request) {
	var read population
	if err := inventory.Read(r.Body, read.take); err != nil { // which bounds what it reads
		complain(w, http.StatusBadRequest, err.Error())
		return
	}
	if err := s.store.Replace(read.snapshots...); err != nil {
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"count": len(read.snapshots)})
}
