package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// tried tells whether a report has anything to say about whether a rule is kept.
func tried(rule report.Rule) bool { return rule.Status != report.Skipped && rule.Status != Absent }

// judged tells whether a rule was tried that can be broken.
func judged(rule report.Rule) bool {
	return rule.Status == report.Passed || rule.Status == report.Failed
}

// rules are those of which the two say something else.
func (p *pair) rules() []RuleChange {
	changes := []RuleChange{}
	p.each(func(a, b report.Rule) {
		kind, why := became(a, b, p.b.checks)
		if kind == Alike {
			return
		}
		changes = append(changes, RuleChange{
			Rule: cmp.Or(a.ID, b.ID), Level: stricter(a.Level, b.Level), Statement: cmp.Or(b.Statement, a.Statement),
			A: a.Status, B: b.Status, Kind: kind, Why: append([]string{}, why...),
		})
	})
	return changes
}

// became tells what became of a rule. Again are the checks that b carried out.
func became(a, b report.Rule, again map[string]bool) (kind Kind, why []string) {
	switch {
	case b.Status == report.Failed && a.Status != report.Failed:
		return Broken, b.BrokenBy
	case tried(a) && b.Status == Absent:
		return Untried, []string{"its contract does not have the rule"}
	case tried(a) && !tried(b):
		return Untried, b.Skips
	case judged(a) && b.Status == report.Noted:
		return Untried, []string{"its contract leaves the choice, so that nothing breaks it"}
	case !tried(a) && tried(b), a.Status == report.Noted && judged(b):
		return Tried, nil
	case a.Status == report.Failed && b.Status != report.Failed:
		// What was broken is mended if what had shown it looks again, and no longer does.
		if len(a.BrokenBy) > 0 && !slices.ContainsFunc(a.BrokenBy, func(check string) bool { return again[check] }) {
			return Untried, []string{"none of the checks was carried out that had shown it broken"}
		}
		return Mended, a.BrokenBy
	case a.Status == report.Failed && a.Known == "" && b.Known != "":
		return Excused, []string{b.Known}
	case a.Status == report.Failed && a.Known != "" && b.Known == "":
		return Unexcused, []string{a.Known}
	}
	return Alike, nil
}

// checks are those that tell something else of a rule that was tried in both: one that is kept, as far as it was tried, may
// have been tried less.
func (p *pair) checks() []CheckChange {
	changes := []CheckChange{}
	p.each(func(a, b report.Rule) {
		if !tried(a) || !tried(b) {
			return
		}
		both := a.Status == report.Failed && b.Status == report.Failed
		shownA, shownB := set(a.BrokenBy), set(b.BrokenBy)
		triedA, triedB := set(slices.Concat(a.Checks, a.BrokenBy)), set(slices.Concat(b.Checks, b.BrokenBy))
		for _, check := range slices.Sorted(maps.Keys(triedA)) {
			switch shown := shownA[check]; {
			case shown && !p.b.checks[check], !shown && !triedB[check]:
				changes = append(changes, CheckChange{Rule: a.ID, Check: check, Kind: Untried, Why: p.b.reasons[check]})
			case both && shown && !shownB[check]:
				changes = append(changes, CheckChange{Rule: a.ID, Check: check, Kind: Mended})
			}
		}
		for _, check := range slices.Sorted(maps.Keys(triedB)) {
			switch shown := shownB[check]; {
			case both && shown && !shownA[check]:
				changes = append(changes, CheckChange{Rule: a.ID, Check: check, Kind: Broken})
			case shown && !p.a.checks[check], !shown && !triedA[check]:
				changes = append(changes, CheckChange{Rule: a.ID, Check: check, Kind: Tried, Why: p.a.reasons[check]})
			}
		}
		for _, why := range p.b.inPart(b, a) {
			changes = append(changes, CheckChange{Rule: a.ID, Kind: Untried, Why: why})
		}
		for _, why := range p.a.inPart(a, b) {
			changes = append(changes, CheckChange{Rule: a.ID, Kind: Tried, Why: why})
		}
	})
	return changes
}

// inPart gives the reasons why a rule was tried only in part, where they are no reasons of whole checks, and the other does not
// give them, too.
func (i *indexed) inPart(rule, other report.Rule) []string {
	given := set(other.Skips)
	return slices.DeleteFunc(slices.Clone(rule.Skips), func(why string) bool { return given[why] || i.skipped[why] })
}

// set gives the texts of a list.
func set(texts []string) map[string]bool {
	set := make(map[string]bool, len(texts))
	for _, text := range texts {
		set[text] = true
	}
	return set
}

// stricter gives the higher of two levels, so that a change of the contract hides nothing.
func stricter(a, b contract.Level) contract.Level {
	for _, level := range contract.Levels {
		if a == level || b == level {
			return level
		}
	}
	return ""
}
