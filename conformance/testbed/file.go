package testbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/inventory"
)

// ErrSpent tells that a bed with a given number of snapshots has too few left in a state.
var ErrSpent = errors.New("the testbed has too few snapshots left")

// File is a list of snapshots, made by hand or by another tool. It hands each out once. All that it can do to look at one
// is to ask the endpoint for its deletion, alone, and to read what that says about it.
type File struct {
	list List
	ask  Ask

	mu     sync.Mutex
	handed map[contract.State]int // how many of each state
	known  map[string]bool        // those that were handed out
}

// List is a list of snapshots with their states.
type List struct {
	IDs     map[contract.State][]string
	Missing []string // ids that are known to name nothing

	named map[string]contract.State // the state of each id; empty where it names nothing
}

// OpenFile opens the list at a path as a testbed.
func OpenFile(path string, ask Ask) (*File, error) {
	list, err := ReadList(path)
	if err == nil && len(list.IDs[contract.Normal]) == 0 {
		err = fmt.Errorf("the file %q lists no snapshot in state %s, and without one nothing can be judged", path, contract.Normal)
	}
	if err != nil {
		return nil, err
	}
	return &File{list: list, ask: ask, handed: map[contract.State]int{}, known: map[string]bool{}}, nil
}

// ReadList reads a list of the form that inventory describes, in which every snapshot has its id.
func ReadList(path string) (List, error) {
	l := newList()
	err := inventory.ReadFile(path, l.take)
	if err == nil && len(l.named) == 0 {
		err = fmt.Errorf("the file %q: it lists nothing; %s", path, inventory.Mend)
	}
	return l, err
}

func newList() List {
	return List{IDs: map[contract.State][]string{}, named: map[string]contract.State{}}
}

func (l *List) take(entry inventory.Entry) error {
	switch {
	case entry.Count > 0:
		return fmt.Errorf("%s: a count is for snapshots that are to be made, and these have to be there already", entry.Place)
	case entry.State == "":
		l.Missing = append(l.Missing, entry.ID)
	default:
		l.IDs[entry.State] = append(l.IDs[entry.State], entry.ID)
	}
	l.named[entry.ID] = entry.State
	return nil
}

// States implements Bed.
func (f *File) States(context.Context) (states []contract.State, err error) {
	for _, state := range contract.States {
		if len(f.list.IDs[state]) > 0 {
			states = append(states, state)
		}
	}
	return states, nil
}

// Make hands out snapshots that are there already. Where too few are left, it hands out none, and gives ErrSpent.
func (f *File) Make(_ context.Context, state contract.State, count int) ([]string, error) {
	if len(f.list.IDs[state]) == 0 {
		return nil, fmt.Errorf("%w: the file lists no snapshot in state %s", ErrCannotMake, state)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	left := f.list.IDs[state][f.handed[state]:]
	if count > len(left) {
		return nil, fmt.Errorf("%w: of the %d in state %s that the file lists, %d are left where %d are needed", ErrSpent, len(f.list.IDs[state]), state, len(left), count)
	}
	f.handed[state] += count
	for _, id := range left[:count] {
		f.known[id] = true
	}
	return slices.Clone(left[:count]), nil
}

// Has implements Spending.
func (f *File) Has(state contract.State) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.list.IDs[state]) - f.handed[state]
}

// Missing implements Spending.
func (f *File) Missing() []string { return slices.Clone(f.list.Missing) }

// Look asks the endpoint for the deletion of a snapshot that was handed out. Of no other id it asks anything: those that
// are yet to be handed out have to stay, and those that the file does not list belong to somebody else.
func (f *File) Look(ctx context.Context, id string) (Sight, error) {
	state, named := f.list.named[id]
	if named && state == "" {
		return Sight{ID: id, Gone: true}, nil
	}
	f.mu.Lock()
	known := f.known[id]
	f.mu.Unlock()
	if !known {
		return Sight{}, fmt.Errorf("%.80q is no snapshot that the file has handed out: %w", id, ErrWillNotLook)
	}
	body, err := json.Marshal(map[string]any{contract.FieldSnapshotIDs: []string{id}})
	if err != nil {
		return Sight{}, err
	}
	status, answer, err := f.ask(ctx, contract.Action, body)
	if err != nil {
		return Sight{}, fmt.Errorf("a look at %s, which is a request for its deletion, got no answer: %w", id, err)
	}
	return seen(id, state, status, answer)
}

// seen reads from the answer to a request for the deletion of a snapshot alone what has been there. (Sight.Name is left
// empty: the implementation has named no state.)
func seen(id string, state contract.State, status int, answer []byte) (Sight, error) {
	var all, response map[string]json.RawMessage
	var code string
	var failed []string
	err := json.Unmarshal(answer, &all)
	if err == nil {
		err = members{contract.FieldCode: &code, contract.FieldResponse: &response}.take(all)
	}
	if err == nil {
		err = members{contract.FieldSnapshotIDs: &failed}.take(response)
	}
	switch {
	case err != nil:
		return Sight{}, fmt.Errorf("the answer to a look at %s, which is a request for its deletion, cannot be read (status %d: %w)", id, status, err)
	case status == contract.NotFound.Status && code == contract.NotFound.Code:
		return Sight{ID: id, Gone: true}, nil
	case status == contract.DeniedState.Status && code == contract.DeniedState.Code && state == contract.Normal:
		return Sight{ID: id, State: contract.Leaving}, nil // it is deletable only as long as it is not going
	case status == contract.DeniedState.Status && code == contract.DeniedState.Code:
		return Sight{ID: id, State: state}, nil
	case status == http.StatusOK && all != nil && len(failed) == 0:
		return Sight{ID: id, State: contract.Normal}, nil // until now
	}
	return Sight{}, fmt.Errorf("the answer to a look at %s, which is a request for its deletion, tells nothing about it (status %d, code %.80q, %d ids listed)", id, status, code, len(failed))
}

// Release does nothing: the snapshots belong to whoever wrote the file.
func (f *File) Release(context.Context, string) error { return nil }
