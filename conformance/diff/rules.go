package diff

import (
	"cmp"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// tried tells whether a report has anything to say about whether a rule is kept.
func tried(rule report.Rule) bool { return rule.Status != report.Skipped && rule.Status != Absent }

// rules are those of which the two say something else.
func (p *pair) rules() []RuleChange {
	changes := []RuleChange{}
	again := carriedOut(p.b)
	p.each(func(a, b report.Rule) {
		kind, why := became(a, b, again)
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
	case !tried(a) && tried(b):
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

// carriedOut are the checks of which a report tells that they were carried out, or showed something by the way.
func carriedOut(r *report.Report) map[string]bool {
	checks := map[string]bool{}
	for _, rule := range r.Rules {
		for _, check := range slices.Concat(rule.Checks, rule.BrokenBy) {
			checks[check] = true
		}
	}
	return checks
}

// checks are those that tell something else of a rule that was tried in both: one that is kept, as far as it was tried, may
// have been tried less.
func (p *pair) checks() []CheckChange {
	changes := []CheckChange{}
	inA, inB := carriedOut(p.a), carriedOut(p.b)
	p.each(func(a, b report.Rule) {
		if !tried(a) || !tried(b) {
			return
		}
		add := func(kind Kind, check string, other *report.Report) {
			changes = append(changes, CheckChange{Rule: a.ID, Check: check, Kind: kind, Why: reason(other, check)})
		}
		both := a.Status == report.Failed && b.Status == report.Failed
		triedA, triedB := union(a.Checks, a.BrokenBy), union(b.Checks, b.BrokenBy)
		for _, check := range triedA {
			switch shown := slices.Contains(a.BrokenBy, check); {
			case shown && !inB[check], !shown && !slices.Contains(triedB, check):
				add(Untried, check, p.b)
			case both && shown && !slices.Contains(b.BrokenBy, check):
				add(Mended, check, nil)
			}
		}
		for _, check := range triedB {
			switch shown := slices.Contains(b.BrokenBy, check); {
			case both && shown && !slices.Contains(a.BrokenBy, check):
				add(Broken, check, nil)
			case shown && !inA[check], !shown && !slices.Contains(triedA, check):
				add(Tried, check, p.a)
			}
		}
	})
	return changes
}

// union gives the texts of both lists, each once and sorted.
func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// reason is why a check was not carried out, as far as a report tells.
func reason(r *report.Report, check string) string {
	if r == nil {
		return ""
	}
	for _, trial := range r.Trials {
		if trial.Check == check {
			return trial.Reason
		}
	}
	return ""
}

// stricter gives the higher of two levels, so that a change of the contract hides nothing.
func stricter(a, b contract.Level) contract.Level {
	for _, level := range []contract.Level{contract.Must, contract.Should, contract.Note} {
		if a == level || b == level {
			return level
		}
	}
	return ""
}
