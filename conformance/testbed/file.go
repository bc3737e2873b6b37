package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// ErrSpent tells that a bed with a given number of snapshots has too few left in a state.
var ErrSpent = errors.New("the testbed has too few snapshots left")

// maxList is how many bytes of a list are read.
const maxList = 8 << 20

// missing stands in a list for the state of ids that name nothing.
const missing = "MISSING"

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

	named map[string]string // the state of each id, as it is spelled
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

// ReadList reads a list in YAML or JSON. It is a list of entries, or it has a list of ids for each state:
//
//   - {id: snap-1, state: NORMAL}
//
//   - {id: snap-2, state: MISSING}
//
//     NORMAL: [snap-1]
//     MISSING: [snap-2]
//
// The states are the contract's, and MISSING for ids that are known to name nothing.
func ReadList(path string) (List, error) {
	const mend = "give a YAML or JSON list of ids with their states"
	text, err := readBounded(path)
	var broken *fs.PathError
	if errors.As(err, &broken) {
		err = fmt.Errorf("cannot be read (%w)", broken.Err)
	}
	if err != nil {
		return List{}, fmt.Errorf("the file %q %w; %s", path, err, mend)
	}
	list, err := parseList(text)
	if err != nil {
		return List{}, fmt.Errorf("the file %q: %w; %s", path, err, mend)
	}
	return list, nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxList+1))
	if err == nil && len(text) > maxList {
		err = fmt.Errorf("is longer than %d bytes", maxList)
	}
	return text, err
}

// parseList reads a list strictly: what is not understood would be left out, and nobody would notice.
func parseList(text []byte) (List, error) {
	l := List{IDs: map[contract.State][]string{}, named: map[string]string{}}
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		return l, errors.New("it is empty")
	case err != nil:
		return l, fmt.Errorf("it is neither YAML nor JSON (%s)", strings.TrimPrefix(err.Error(), "yaml: "))
	case !errors.Is(decoder.Decode(&more), io.EOF):
		return l, errors.New("there is something after the list")
	}
	switch root := document.Content[0]; root.Kind {
	case yaml.SequenceNode:
		err = l.takeEntries(root)
	case yaml.MappingNode:
		err = l.takeStates(root)
	default:
		err = at(root, "this is no list")
	}
	if err == nil && len(l.named) == 0 {
		err = errors.New("it lists nothing")
	}
	return l, err
}

// takeEntries reads a list of entries.
func (l *List) takeEntries(root *yaml.Node) error {
	for _, entry := range root.Content {
		if entry.Kind != yaml.MappingNode {
			return at(entry, "an entry is not of the form {id: snap-1, state: %s}", contract.Normal)
		}
		var id, state *yaml.Node
		for name, value := range pairs(entry) {
			var into **yaml.Node
			switch name.Value {
			case "id":
				into = &id
			case "state":
				into = &state
			default:
				return at(name, "an entry has a member %.80q; there are id and state", name.Value)
			}
			if *into != nil {
				return at(name, "an entry has its %s twice", name.Value)
			}
			*into = value
		}
		if id == nil || state == nil {
			return at(entry, "an entry lacks its id or its state")
		}
		if err := l.take(id, state); err != nil {
			return err
		}
	}
	return nil
}

// takeStates reads lists of ids by state.
func (l *List) takeStates(root *yaml.Node) error {
	seen := map[string]bool{}
	for state, ids := range pairs(root) {
		switch {
		case seen[state.Value]:
			return at(state, "state %.80q stands here twice", state.Value)
		case ids.Kind != yaml.SequenceNode:
			return at(ids, "%.80q has no list of ids", state.Value)
		case len(ids.Content) == 0:
			return at(ids, "the list of ids in state %.80q is empty", state.Value)
		}
		seen[state.Value] = true
		for _, id := range ids.Content {
			if err := l.take(id, state); err != nil {
				return err
			}
		}
	}
	return nil
}

// take puts down an id with its state. A number is an id as it is written, too.
func (l *List) take(id, state *yaml.Node) error {
	own, known := contract.ParseState(state.Value)
	switch {
	case state.Kind != yaml.ScalarNode || !known && state.Value != missing:
		return at(state, "there is no state %.80q; there are %s, and %s for ids that name nothing", state.Value, names(contract.States), missing)
	case id.Kind != yaml.ScalarNode || id.Tag == "!!null" || !contract.PlausibleID(id.Value):
		return at(id, "%.80q is no snapshot id", id.Value)
	case l.named[id.Value] != "":
		return at(id, "the id %.80q stands here twice", id.Value)
	}
	l.named[id.Value] = state.Value
	if known {
		l.IDs[own] = append(l.IDs[own], id.Value)
	} else {
		l.Missing = append(l.Missing, id.Value)
	}
	return nil
}

// pairs goes over the members of a mapping.
func pairs(mapping *yaml.Node) func(yield func(name, value *yaml.Node) bool) {
	return func(yield func(name, value *yaml.Node) bool) {
		for pair := range slices.Chunk(mapping.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

func at(node *yaml.Node, format string, arguments ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{node.Line}, arguments...)...)
}

func names(states []contract.State) string {
	all := make([]string, len(states))
	for i, state := range states {
		all[i] = string(state)
	}
	return strings.Join(all, ", ")
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
	if f.list.named[id] == missing {
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
	state, _ := contract.ParseState(f.list.named[id])
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
