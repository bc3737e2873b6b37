// Package walk has sequences of steps in which a target is tried: snapshots are made, deleted, named again, looked at.
// A walk is drawn by chance, and can be written down and read again, so that one which showed something can be repeated.
// What a step ought to come to is not known here.
package walk

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Walk is a sequence of steps. Written down, they are separated by semicolons:
//
//	make NORMAL 2; make FAILED; delete 1 3 m1 1; again; look 3; delete 2 +100; garble 3
type Walk []Step

// Verb is what a step does.
type Verb string

// The verbs.
const (
	Make   Verb = "make"   // has the testbed make snapshots; they are numbered from 1 on
	Delete Verb = "delete" // asks for snapshots to be deleted
	Again  Verb = "again"  // repeats the last request for a deletion
	Look   Verb = "look"   // has the testbed show snapshots
	Garble Verb = "garble" // sends a request that names snapshots and is not JSON
)

// Step is one step of a walk.
type Step struct {
	Verb  Verb
	State contract.State // of what is made
	Count int            // of what is made
	Names []Name         // what is deleted, looked at or garbled
	Extra int            // how many missing ids a request names besides
}

// Name is an id that a step names, by what it is.
type Name struct {
	Kind   Kind
	Number int // from 1 on
}

// Kind is what a name stands for.
type Kind string

// The kinds of names.
const (
	Made    Kind = ""  // a snapshot of the walk
	Missing Kind = "m" // a made-up id that names nothing
	Odd     Kind = "o" // text that no implementation would hand out as an id
)

// mostMade is how many snapshots a walk may make, and how many missing ids and odd texts it may name.
const mostMade = 20

// mostExtra is how many ids a request may name besides: enough for one that is too long.
var mostExtra = contract.MaxBatch + 1

// MostMissing is how many missing ids a walk may name in all.
var MostMissing = mostMade + mostExtra

func (n Name) String() string { return string(n.Kind) + strconv.Itoa(n.Number) }

func (s Step) String() string {
	words := []string{string(s.Verb)}
	if s.Verb == Make {
		words = append(words, string(s.State))
		if s.Count > 1 {
			words = append(words, strconv.Itoa(s.Count))
		}
	}
	for _, name := range s.Names {
		words = append(words, name.String())
	}
	if s.Extra > 0 {
		words = append(words, "+"+strconv.Itoa(s.Extra))
	}
	return strings.Join(words, " ")
}

func (w Walk) String() string {
	steps := make([]string, len(w))
	for i, step := range w {
		steps[i] = step.String()
	}
	return strings.Join(steps, "; ")
}

// Snapshots is how many snapshots the walk makes.
func (w Walk) Snapshots() int {
	count := 0
	for _, step := range w {
		count += step.Count
	}
	return count
}

// Parse reads a walk that was written down. Its errors say which step cannot be read, and why.
func Parse(text string) (Walk, error) {
	var w Walk
	asked := false
	for i, part := range strings.Split(text, ";") {
		step, err := parseStep(strings.Fields(part), w.Snapshots(), asked)
		if err != nil {
			return nil, fmt.Errorf("step %d, %.60q: %w", i+1, strings.TrimSpace(part), err)
		}
		asked = asked || step.Verb == Delete
		w = append(w, step)
	}
	return w, nil
}

func parseStep(words []string, made int, asked bool) (Step, error) {
	if len(words) == 0 {
		return Step{}, fmt.Errorf("there is nothing to do; give %s, %s, %s, %s or %s", Make, Delete, Again, Look, Garble)
	}
	step := Step{Verb: Verb(words[0])}
	switch words = words[1:]; step.Verb {
	case Make:
		return parseMake(step, words, made)
	case Again:
		if len(words) > 0 || !asked {
			return Step{}, fmt.Errorf("%s stands alone, and after a %s", Again, Delete)
		}
		return step, nil
	case Delete, Look, Garble:
	default:
		return Step{}, fmt.Errorf("there is no such verb; give %s, %s, %s, %s or %s", Make, Delete, Again, Look, Garble)
	}
	for _, word := range words {
		if extra, found := strings.CutPrefix(word, "+"); found && step.Verb == Delete {
			count, err := number(extra, mostExtra)
			if err != nil {
				return Step{}, err
			}
			if step.Extra += count; step.Extra > mostExtra {
				return Step{}, fmt.Errorf("it names %d ids besides, and %d are the most", step.Extra, mostExtra)
			}
			continue
		}
		name, err := parseName(word, made)
		if err != nil {
			return Step{}, err
		}
		if step.Verb == Look && name.Kind != Made {
			return Step{}, fmt.Errorf("%.60q is no snapshot to look at", word)
		}
		step.Names = append(step.Names, name)
	}
	if len(step.Names) == 0 && step.Extra == 0 {
		return Step{}, fmt.Errorf("it names nothing")
	}
	return step, nil
}

func parseMake(step Step, words []string, made int) (Step, error) {
	if len(words) == 0 || len(words) > 2 {
		return Step{}, fmt.Errorf("give a state and a count, as in %q", Step{Verb: Make, State: contract.Normal, Count: 2})
	}
	state, known := contract.ParseState(words[0])
	if !known {
		return Step{}, fmt.Errorf("there is no state %.60q; give one of %v", words[0], contract.States)
	}
	step.State, step.Count = state, 1
	if len(words) == 2 {
		count, err := number(words[1], mostMade)
		if err != nil {
			return Step{}, err
		}
		step.Count = count
	}
	if made+step.Count > mostMade {
		return Step{}, fmt.Errorf("%d snapshots have been made before, and a walk makes %d at the most", made, mostMade)
	}
	return step, nil
}

func parseName(word string, made int) (Name, error) {
	kind, most := Made, made
	for _, other := range []Kind{Missing, Odd} {
		if strings.HasPrefix(word, string(other)) {
			kind, most = other, mostMade
		}
	}
	n, err := number(strings.TrimPrefix(word, string(kind)), most)
	if err != nil && kind == Made {
		return Name{}, fmt.Errorf("%.60q is none of the %d snapshots that were made before, and neither m1 nor o1 or the like", word, made)
	}
	return Name{kind, n}, err
}

func number(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%.60q is not a number from 1 to %d", text, most)
	}
	return n, nil
}
