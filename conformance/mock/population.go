package mock

import (
	"io"
	"math"
	"net/http"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/inventory"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// population is a list of snapshots that is being read.
type population []store.Snapshot

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
	if entry.Count == 0 {
		*p = append(*p, one)
	}
	*p = slices.Grow(*p, entry.Count)
	for range entry.Count {
		one.ID = randomID()
		*p = append(*p, one)
	}
	return nil
}

// ReadPopulation reads the snapshots of a list at a path: see inventory. Its error says in one line where the list is wrong.
func ReadPopulation(path string) ([]store.Snapshot, error) {
	var read population
	err := inventory.ReadFile(path, read.take)
	return read, err
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
	if err := s.store.Replace(read...); err != nil {
		complain(w, http.StatusInternalServerError, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"count": len(read)})
}
