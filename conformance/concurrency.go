package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// callers is how many requests are made at the same moment, and rivals how many of those about one snapshot.
const (
	callers = 16
	rivals  = 8
)

// concurrency: CONC-1 and CONC-2, requests at the same time.
func (s *suite) concurrency() {
	It("answers requests about different snapshots as if each were alone", Rule("CONC-1", "ENV-3"), func(ctx SpecContext) {
		for round := range s.amount.rounds {
			batches := make([][]string, callers)
			denied := s.Denied(ctx, 3*callers)
			for i := range batches {
				roles := []string{"d", "dnm", "mnd", "m", "n", "dd", "nm", repeat("d", 6), "ddnnm", repeat("dm", 6)}[(round+i)%10]
				batches[i] = s.batch(ctx, strings.ReplaceAll(roles, "n", ""))
				for place, role := range roles { // denied snapshots of its own for each caller
					if role == 'n' && len(denied) > 0 {
						batches[i], denied = slices.Insert(batches[i], min(place, len(batches[i])), denied[0]), denied[1:]
					}
				}
			}
			s.AtOnce(callers, func(i int) {
				if len(batches[i]) > 0 {
					s.ExpectPermitted(s.Delete(ctx, batches[i], "CONC-1"))
				}
			})
		}
	})

	It("lets one of several requests about one snapshot succeed", Rule("CONC-2"), func(ctx SpecContext) {
		for round := range s.amount.rounds {
			contested := s.Make(ctx, contract.Normal, 1)[0]
			own := s.Make(ctx, contract.Normal, rivals)
			missing := s.Missing(ctx, 1)[0]
			batches := make([][]string, rivals)
			for i := range batches {
				batches[i] = [][]string{
					{contested},
					{contested, own[i]},
					{missing, contested},
					{own[i], missing, contested, contested},
				}[[]int{0, 0, 0, i % 2, i % 4}[round%5]]
			}
			answers := make([]*answer, rivals)
			s.AtOnce(rivals, func(i int) { answers[i] = s.Send(ctx, target.Request{Body: bodyOf(batches[i]), Reuse: true}) })
			s.settleRace(contested, batches, answers)
		}
	})

	It("answers rightly when the rush is over", Rule("CONC-1"), func(ctx SpecContext) {
		for _, roles := range []string{"d", "m", "n", "dnm", "nm", "ddd"} {
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, roles), "CONC-1"))
		}
	})
}

// AtOnce does something n times at the same moment.
func (s *suite) AtOnce(n int, do func(i int)) {
	var ready sync.WaitGroup
	ready.Add(n)
	s.Together(n, func(i int) {
		ready.Done()
		ready.Wait()
		do(i)
	})
}

// settleRace judges the answers to rivals for one snapshot, each of which may have named others that were its own, and
// puts down what is to become of the snapshots.
func (s *suite) settleRace(contested string, batches [][]string, answers []*answer) {
	history := make([]porcupine.Operation, len(answers))
	for i, a := range answers {
		history[i] = porcupine.Operation{
			ClientId: i, Input: batches[i], Output: a.said,
			Call: int64(a.Asked.Sub(answers[0].Started)), Return: int64(a.Answered.Sub(answers[0].Started)),
		}
	}
	explained := porcupine.CheckOperations(s.raceModel(contested), history)
	if !explained {
		s.failRace(contested, batches, answers)
	}
	for i, a := range answers {
		cause := population.Cause{Exchange: a.Exchange, Rules: []string{"PART-3", "STATE-1"}}
		deleted := slices.DeleteFunc(slices.Clone(batches[i]), func(id string) bool { return slices.Contains(a.said.Listed, id) })
		switch {
		case a.said.Status == 200 && !a.said.Unknown:
			s.people.Goes(cause, deleted...)
		case !explained:
			s.people.Doubtful(batches[i]...)
		}
	}
}

// raceModel is the contract for one snapshot that several requests name, as a sequential specification: its state is
// whether the snapshot is still there, and a step is permitted if the oracle permits it.
func (s *suite) raceModel(contested string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return true },
		Step: func(state, input, output any) (bool, any) {
			there, ids, said := state.(bool), input.([]string), output.(oracle.Answer)
			expected := oracle.Expect(ids, func(id string) oracle.Class {
				if id == contested && !there {
					return oracle.Leaving
				}
				return s.people.ClassOf(id)
			})
			outcome, permitted := expected.Match(said)
			if permitted && !outcome.Refusal() && !slices.Contains(outcome.Listed, contested) {
				there = false
			}
			return permitted, there
		},
	}
}

func (s *suite) failRace(contested string, batches [][]string, answers []*answer) {
	story := []string{fmt.Sprintf("%d requests at once that all name %s:", len(answers), contested)}
	f := failure{rule: "CONC-2", check: *s.check.Load(), permitted: "answers that fit the requests having come one after the other, in an order that agrees with their times; at most one may delete the snapshot"}
	first := slices.MinFunc(answers, func(a, b *answer) int { return a.Asked.Compare(b.Asked) }).Asked
	for i, a := range answers {
		story = append(story, fmt.Sprintf("%s–%s %s → %s", since(first, a.Asked), since(first, a.Answered), oracle.Abbreviate(batches[i]), a))
		f.exchanges = append(f.exchanges, a.Exchange)
	}
	f.what = strings.Join(story, "\n")
	s.journal.fail(f)
}

func since(start, at time.Time) string {
	return fmt.Sprintf("%.1f ms", float64(at.Sub(start).Microseconds())/1000)
}
