package report

import (
	"cmp"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Verdict is the answer to the question that a run asks.
type Verdict string

// The verdicts.
const (
	Conformant    Verdict = "conformant"
	Remarks       Verdict = "conformant with remarks" // rules of level SHOULD are broken, and the run is not strict
	NotConformant Verdict = "not conformant"
	CouldNotRun   Verdict = "could not run" // no statement about the implementation
)

// ExitStatus is the exit status that the verdict gives the command.
func (v Verdict) ExitStatus() int {
	switch v {
	case Conformant, Remarks:
		return 0
	case NotConformant:
		return 1
	}
	return 2
}

// Status is what became of one rule in a run.
type Status string

// The statuses.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped" // none of its checks was carried out to its end
	Noted   Status = "noted"   // a rule of level NOTE, and what the implementation does was seen
)

// Settle gives the rule its status. One none of whose checks was carried out to its end is skipped, even if it is judged
// on every exchange: what was seen by the way is no trial. Where no check says why, untried is the reason.
func (r *Rule) Settle(untried string) {
	if r.Broken > 0 {
		r.Status = Failed
		return
	}
	if len(r.Checks) == 0 {
		r.Status = Skipped
		if len(r.Skips) == 0 {
			r.Skips = []string{untried}
		}
		return
	}
	r.Status = Passed
	if r.Level == contract.Note {
		r.Status = Noted
	}
}

// Judge works out the verdict from the rules. Where the run was cut short, what has been proved by then still
// counts, unless the fault was the run's own: the caller says so with hopeless. A run that tried nothing has nothing
// to say, however quietly it ended.
func (r *Report) Judge(cutShort, hopeless bool) {
	r.Verdict = CouldNotRun
	if hopeless {
		return
	}
	remarks := r.broken(contract.Should)
	if r.broken(contract.Must) || remarks && r.Strict {
		r.Verdict = NotConformant
		return
	}
	if cutShort {
		return
	}
	if r.Checks.Done == 0 {
		r.Reason = cmp.Or(r.Reason, "no check was carried out to its end")
		return
	}
	r.Verdict = Conformant
	if remarks {
		r.Verdict = Remarks
	}
}

func (r *Report) broken(level contract.Level) bool {
	return slices.ContainsFunc(r.Rules, func(rule Rule) bool { return rule.Level == level && rule.Status == Failed })
}

// With gives the rules that have a status.
func (r *Report) With(status Status) []Rule {
	var rules []Rule
	for _, rule := range r.Rules {
		if rule.Status == status {
			rules = append(rules, rule)
		}
	}
	return rules
}
