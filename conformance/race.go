package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// race is requests that were made at the same moment.
//
// It is judged snapshot by snapshot. A batch need not be one step: the contract says nothing of that, so that of two
// requests for the same two snapshots each may delete one. But each snapshot is deleted once, by a request that was
// under way at that moment, and whoever names it before finds it there, and whoever names it after does not.
type race struct {
	batches   [][]string
	contested []string // snapshots that could be deleted and that several of the requests name
	answers   []*answer
}

// fortune is what one request says of one snapshot.
type fortune string

const (
	won     fortune = "deleted it"
	lost    fortune = "could not delete it"
	unknown fortune = "does not say" // no answer, or one that cannot be read
)

// fortuneOf reads what an answer says of a snapshot that its request named.
func fortuneOf(a *answer, id string) fortune {
	switch {
	case oracle.Refused(a.said), a.said.Status == http.StatusOK && slices.Contains(a.said.Listed, id):
		return lost
	case a.said.Status == http.StatusOK && !a.said.Unknown:
		return won
	}
	return unknown
}

// newRace finds out what the requests contend for.
func newRace(batches [][]string, classOf func(id string) oracle.Class) *race {
	r := &race{batches: batches, answers: make([]*answer, len(batches))}
	for i, batch := range batches {
		for _, id := range batch {
			again := slices.ContainsFunc(batches[i+1:], func(other []string) bool { return slices.Contains(other, id) })
			if again && classOf(id) == oracle.Deletable && !slices.Contains(r.contested, id) {
				r.contested = append(r.contested, id)
			}
		}
	}
	return r
}

// settleRace works out what each answer ought to have been, given what it says of the contested snapshots, and puts down
// what is to become of all of them.
func (s *suite) settleRace(r *race) {
	for i, a := range r.answers {
		expected := oracle.Expect(r.batches[i], func(id string) oracle.Class {
			if slices.Contains(r.contested, id) && fortuneOf(a, id) == lost {
				return oracle.Leaving // somebody else has deleted it; whether that is finished nobody knows
			}
			return s.people.ClassOf(id)
		})
		a.expected = &expected
		if !r.contends(i) {
			a.also = []string{"CONC-1"}
		}
	}
	// Where one answer does not say what became of a snapshot, another may: those that do come first.
	for _, telling := range []bool{true, false} {
		for _, a := range r.answers {
			if a.telling() == telling {
				s.settle(a)
			}
		}
	}
	// What nobody has deleted may still have been, by a request whose answer does not say.
	s.people.Doubtful(r.contested...)
}

// contends tells whether a request names a contested snapshot.
func (r *race) contends(i int) bool {
	return slices.ContainsFunc(r.batches[i], func(id string) bool { return slices.Contains(r.contested, id) })
}

// ExpectExplained judges a race: each answer is permitted by itself, and some order of the requests, which agrees with
// the times at which they were made and answered, explains what they say of each contested snapshot.
func (s *suite) ExpectExplained(r *race) {
	for i, a := range r.answers {
		if !r.contends(i) {
			s.ExpectPermitted(a)
		} else if _, permitted := a.expected.Match(a.said); !permitted {
			s.journal.fail(failure{
				rule: "CONC-2", check: *s.check.Load(), what: a.String(), permitted: a.expected.String(), exchanges: []*target.Exchange{a.Exchange},
			})
		}
	}
	s.profileRace(r)
	const patience = 5 * time.Second // far more than it takes for so few requests
	history := r.history()
	result, info := porcupine.CheckOperationsVerbose(snapshotModel, history, patience)
	if result == porcupine.Illegal {
		s.failRace(r, history, info)
	}
}

// deed is one request as far as it concerns one snapshot.
type deed struct {
	id     string
	number int // of the request
}

// history has an operation for each contested snapshot that a request names. A request that has no answer may take effect
// at any time.
func (r *race) history() []porcupine.Operation {
	start := slices.MinFunc(r.answers, func(a, b *answer) int { return a.Asked.Compare(b.Asked) }).Asked
	end := slices.MaxFunc(r.answers, func(a, b *answer) int { return a.Answered.Compare(b.Answered) }).Answered
	var history []porcupine.Operation
	for i, a := range r.answers {
		for _, id := range r.contested {
			if !slices.Contains(r.batches[i], id) {
				continue
			}
			operation := porcupine.Operation{
				ClientId: i, Input: deed{id, i}, Output: fortuneOf(a, id),
				Call: int64(a.Asked.Sub(start)), Return: int64(a.Answered.Sub(start)),
			}
			if operation.Output == unknown {
				operation.Return = int64(end.Sub(start)) + 1
			}
			history = append(history, operation)
		}
	}
	return history
}

// snapshotModel is the contract for one snapshot that several requests name, as a sequential specification: it is there
// until one of them deletes it, and whoever comes later cannot.
var snapshotModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		var ids []string
		parts := map[string][]porcupine.Operation{}
		for _, operation := range history {
			id := operation.Input.(deed).id
			if parts[id] == nil {
				ids = append(ids, id)
			}
			parts[id] = append(parts[id], operation)
		}
		partition := make([][]porcupine.Operation, 0, len(ids))
		for _, id := range ids {
			partition = append(partition, parts[id])
		}
		return partition
	},
	Init: func() any { return true },
	Step: func(state, _, output any) (bool, any) {
		switch there := state.(bool); output.(fortune) {
		case won:
			return there, false
		case lost:
			return !there, there
		default:
			return true, false // it may have deleted the snapshot, or have come too late
		}
	},
	DescribeOperation: func(input, output any) string {
		return fmt.Sprintf("request %d %s: %s", input.(deed).number+1, input.(deed).id, output)
	},
	DescribeState: func(state any) string {
		if state.(bool) {
			return string(contract.Normal)
		}
		return "deleted"
	},
}

// failRace puts down a race that nothing explains, with a picture of it.
func (s *suite) failRace(r *race, history []porcupine.Operation, info porcupine.LinearizationInfo) {
	story := []string{fmt.Sprintf("%d requests at once, of which several name %s:", len(r.answers), oracle.Abbreviate(r.contested))}
	f := failure{
		rule: "CONC-2", check: *s.check.Load(),
		permitted: "answers that fit each snapshot having been there until one of the requests deleted it, in an order that agrees with their times",
	}
	first := slices.MinFunc(r.answers, func(a, b *answer) int { return a.Asked.Compare(b.Asked) }).Asked
	for i, a := range r.answers {
		story = append(story, fmt.Sprintf("%s–%s %s → %s", since(first, a.Asked), since(first, a.Answered), oracle.Abbreviate(r.batches[i]), a))
		f.exchanges = append(f.exchanges, a.Exchange)
	}
	for _, id := range r.contested {
		if told := told(id, history); told != "" {
			story = append(story, told)
		}
	}
	f.what = strings.Join(story, "\n")
	var picture bytes.Buffer
	if porcupine.Visualize(snapshotModel, info, &picture) == nil {
		f.picture = &report.Picture{Name: fmt.Sprintf("race-%d.html", f.exchanges[0].Seq), MediaType: "text/html", Text: picture.String()}
	}
	s.journal.fail(f)
}

// told says in words what is wrong about one snapshot, nothing if its part of the history can be explained.
func told(id string, history []porcupine.Operation) string {
	own := slices.DeleteFunc(slices.Clone(history), func(o porcupine.Operation) bool { return o.Input.(deed).id != id })
	if porcupine.CheckOperations(snapshotModel, own) {
		return ""
	}
	winners := 0
	for _, operation := range own {
		if operation.Output == won {
			winners++
		}
	}
	switch winners {
	case 0:
		return fmt.Sprintf("nobody deleted %.60q", id)
	case 1:
		return fmt.Sprintf("%.60q was refused to a request that was answered before anybody could have deleted it", id)
	}
	return fmt.Sprintf("%d requests say that they have deleted %.60q", winners, id)
}

func since(start, at time.Time) string {
	return fmt.Sprintf("%.1f ms", float64(at.Sub(start).Microseconds())/1000)
}
