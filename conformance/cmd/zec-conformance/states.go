package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// longestStates is how many bytes of a list of states are read.
const longestStates = 16 << 20

// readStates reads what snapshots are, from YAML or JSON: a list of {id, state}, or ids by state.
func readStates(path string) (map[string]contract.State, error) {
	const mend = "give a YAML or JSON file with {NORMAL: [id, …], …} or [{id: …, state: …}, …]"
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read (%w); %s", path, cause(err), mend)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, longestStates+1))
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read (%w); %s", path, cause(err), mend)
	}
	if len(text) > longestStates {
		return nil, fmt.Errorf("%q is longer than %d MiB; %s", path, longestStates>>20, mend)
	}
	states, err := parseStates(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w; %s", path, err, mend)
	}
	return states, nil
}

func parseStates(text []byte) (map[string]contract.State, error) {
	var list []struct{ ID, State string }
	var byState map[string][]string
	if yaml.Unmarshal(text, &list) != nil {
		list = nil
		if yaml.Unmarshal(text, &byState) != nil {
			return nil, errors.New("it has no states of snapshots")
		}
		for state, ids := range byState {
			for _, id := range ids {
				list = append(list, struct{ ID, State string }{id, state})
			}
		}
	}
	states := map[string]contract.State{}
	for i, one := range list {
		state, known := contract.ParseState(one.State)
		before, twice := states[one.ID]
		switch {
		case one.ID == "":
			return nil, fmt.Errorf("snapshot %d has no id", i+1)
		case !known:
			return nil, fmt.Errorf("there is no state %.40q; the states are %v", one.State, contract.States)
		case twice && before != state:
			return nil, fmt.Errorf("%.80q is in two states", one.ID)
		}
		states[one.ID] = state
	}
	if len(states) == 0 {
		return nil, errors.New("it has no states of snapshots")
	}
	return states, nil
}
