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

// ExitStatus is the exit status that the report gives the command: that of the verdict, unless it is as known.
func (r *Report) ExitStatus() int {
	if r.AsKnown() {
		return Conformant.ExitStatus()
	}
	return r.Verdict.ExitStatus()
}

// AsKnown tells whether the implementation is not conformant, and the baseline excuses all of it. A run that was cut short
// leaves that open.
func (r *Report) AsKnown() bool {
	return r.Verdict == NotConformant && r.Baseline != nil && r.Reason == "" &&
		!slices.ContainsFunc(r.Rules, func(rule Rule) bool { return r.counts(rule) && rule.Known == "" })
}

// Headline is the verdict, and whether it is as known, for people.
func (r *Report) Headline() string {
	if r.AsKnown() {
		return string(r.Verdict) + ", as known"
	}
	return string(r.Verdict)
}

// tone is how good a verdict is, for marks and colours.
type tone int

// The tones.
const (
	good    tone = iota
	caution      // remarks, or all of it is as known
	bad
	nothing // said about the implementation
)

func (r *Report) tone() tone {
	switch {
	case r.Verdict == Conformant:
		return good
	case r.Verdict == Remarks, r.AsKnown():
		return caution
	case r.Verdict == NotConformant:
		return bad
	}
	return nothing
}

// counts tells whether the rule makes the implementation not conformant.
func (r *Report) counts(rule Rule) bool {
	return rule.Status == Failed && (rule.Level == contract.Must || rule.Level == contract.Should && r.Strict)
}

// Remark tells whether the rule is broken, and conformance does not hang on it.
func (r *Report) Remark(rule Rule) bool { return rule.Status == Failed && !r.counts(rule) }

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
	if slices.ContainsFunc(r.Rules, r.counts) {
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
	if slices.ContainsFunc(r.Rules, r.Remark) {
		r.Verdict = Remarks
	}
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
