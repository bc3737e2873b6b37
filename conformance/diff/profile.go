package diff

import (
	"maps"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// profile is what the two do otherwise where the contract is silent. The words are compared as sets: in which order they came
// is chance.
func (p *pair) profile() []ChoiceChange {
	changes := []ChoiceChange{}
	inA, inB := choices(p.a.Report), choices(p.b.Report)
	compared := map[string]bool{}
	for _, silence := range slices.Concat(p.a.Profile, p.b.Profile) {
		id := silence.Silence
		if compared[id] {
			continue
		}
		compared[id] = true
		change := ChoiceChange{Silence: id, Question: silence.Question, A: words(inA[id]), B: words(inB[id]), Kind: Changed}
		switch {
		case slices.Equal(change.A, change.B):
			continue
		case len(change.A) == 0:
			change.Kind = Tried
		case len(change.B) == 0:
			change.Kind = Untried
		}
		changes = append(changes, change)
	}
	return changes
}

// choices gives the choices of a report by the silences.
func choices(r *report.Report) map[string][]string {
	choices := map[string][]string{}
	for _, choice := range r.Profile {
		choices[choice.Silence] = choice.Words
	}
	return choices
}

// words gives each word once, sorted.
func words(all []string) []string {
	return append([]string{}, slices.Compact(slices.Sorted(slices.Values(all)))...)
}

// outcomes are those that came in one of the two only, in families that both have exchanges of: how often one comes hangs on
// the seed, but not whether it comes.
func (p *pair) outcomes() []OutcomeChange {
	changes := []OutcomeChange{}
	inA, inB := tally(p.a.Report), tally(p.b.Report)
	for _, family := range slices.Sorted(maps.Keys(inA)) {
		if inB[family] == nil {
			continue
		}
		for _, outcome := range report.AllOutcomes {
			a, b := inA[family][outcome], inB[family][outcome]
			if (a == 0) != (b == 0) {
				changes = append(changes, OutcomeChange{family, outcome, a, b})
			}
		}
	}
	return changes
}

// tally counts the exchanges by family and outcome.
func tally(r *report.Report) map[string]map[report.Outcome]int {
	tally := map[string]map[report.Outcome]int{}
	for _, t := range r.Outcomes {
		if tally[t.Family] == nil {
			tally[t.Family] = map[report.Outcome]int{}
		}
		tally[t.Family][t.Outcome] += t.Exchanges
	}
	return tally
}
