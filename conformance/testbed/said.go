package testbed

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// What is said in JSON is read in the same way wherever it comes from.

// members are those of a JSON object that are to be read, by their exact names, and where to put each.
type members map[string]any

// take reads the members that are wanted. One that is absent is left as it is.
func (wanted members) take(all map[string]json.RawMessage) error {
	for name, into := range wanted {
		if value, has := all[name]; has {
			if err := json.Unmarshal(value, into); err != nil {
				return fmt.Errorf("%s: %w", name, plain(err))
			}
		}
	}
	return nil
}

// plain says what is wrong with an answer to somebody who may write another language than Go.
func plain(err error) error {
	if other, is := errors.AsType[*json.UnmarshalTypeError](err); is {
		return fmt.Errorf("%s is of the wrong type", other.Value)
	}
	return err
}

// stateNames are the names by which a testbed knows states: one may have two, and a testbed know one of them.
type stateNames struct{ listed sync.Map }

// learn takes the names that a testbed lists, and gives the states that the contract knows, each once.
func (n *stateNames) learn(names []string) (states []contract.State) {
	for _, name := range names {
		state, known := contract.ParseState(name)
		if known && !slices.Contains(states, state) {
			states = append(states, state)
			n.listed.Store(state, name)
		}
	}
	return states
}

func (n *stateNames) of(state contract.State) string {
	if name, listed := n.listed.Load(state); listed {
		return name.(string)
	}
	return string(state)
}

// show makes a sight of what a testbed shows of a snapshot that is there.
func show(id, name string) (Sight, error) {
	switch {
	case id == "":
		return Sight{}, errors.New("does not say which snapshotId it shows")
	case name == "":
		return Sight{}, errors.New("does not say in which state the snapshot is")
	}
	state, _ := contract.ParseState(name) // one that nobody knows is a state all the same: the snapshot is there
	return Sight{ID: id, State: state, Name: name}, nil
}
