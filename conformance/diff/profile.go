package diff

import (
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// profile is what the two do otherwise where the contract is silent. The words are compared as sets: in which order they came
// is chance.
func (p *pair) profile() []ChoiceChange {
	changes := []ChoiceChange{}
	of := func(r *report.Report, silence string) (report.Choice, bool) {
		i := slices.IndexFunc(r.Profile, func(c report.Choice) bool { return c.Silence == silence })
		if i < 0 {
			return report.Choice{}, false
		}
		return r.Profile[i], true
	}
	compare := func(a, b report.Choice) {
		change := ChoiceChange{Silence: b.Silence, Question: b.Question, A: union(a.Words, nil), B: union(b.Words, nil), Kind: Changed}
		switch {
		case slices.Equal(change.A, change.B):
			return
		case len(change.A) == 0:
			change.Kind = Tried
		case len(change.B) == 0:
			change.Kind = Untried
		}
		change.A, change.B = append([]string{}, change.A...), append([]string{}, change.B...)
		changes = append(changes, change)
	}
	for _, a := range p.a.Profile {
		b, known := of(p.b, a.Silence)
		if !known {
			b = report.Choice{Silence: a.Silence, Question: a.Question}
		}
		compare(a, b)
	}
	for _, b := range p.b.Profile {
		if _, known := of(p.a, b.Silence); !known {
			compare(report.Choice{}, b)
		}
	}
	return changes
}

// outcomes are those that came in one of the two only, in families that both have exchanges of: how often one comes hangs on
// the seed, but not whether it comes.
func (p *pair) outcomes() []OutcomeChange {
	changes := []OutcomeChange{}
	inA, inB := tally(p.a), tally(p.b)
	var families []string
	for _, t := range slices.Concat(p.a.Outcomes, p.b.Outcomes) {
		if inA[t.Family] != nil && inB[t.Family] != nil && !slices.Contains(families, t.Family) {
			families = append(families, t.Family)
		}
	}
	slices.Sort(families)
	for _, family := range families {
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
