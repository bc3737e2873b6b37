// Package proof judges the suite itself: it has it run against mutants, which it has to catch, and twins, which it has
// to leave alone, and tells from what came of that whether its verdicts can be believed.
package proof

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Proof is what came of all runs.
type Proof struct {
	Seeds   []int64 `json:"seeds"`
	Seconds float64 `json:"seconds"` // by the clock
	Mutants []Entry `json:"mutants"`
	Twins   []Entry `json:"twins"`
	Checks  []Check `json:"checks"` // none where only runs are judged
	// Faults say, a sentence each, why the suite is not proved; none if it is.
	Faults []string `json:"faults"`
}

// Entry is one mutant or twin and what came of it.
type Entry struct {
	Name     string   `json:"name"`
	Does     string   `json:"does"`
	Rules    []string `json:"rules,omitempty"`    // that it breaks
	CaughtBy []string `json:"caughtBy,omitempty"` // those of them that failed, at every seed
	Checks   []string `json:"checks,omitempty"`   // that showed one of those, at every seed
	Also     []string `json:"also,omitempty"`     // other rules that failed, at any seed
	Effort   string   `json:"effort"`
	Seconds  float64  `json:"seconds"` // of all runs
	Runs     []Run    `json:"runs"`
}

// Check is one check of the suite and what it is good for.
type Check struct {
	Text    string   `json:"text"`
	For     []string `json:"for"`     // the mutants that it is there for
	Catches []string `json:"catches"` // all that it caught at every seed, through a rule that they break
	Alone   []string `json:"alone"`   // those of them that no other check caught at every seed
}

// Judge works out the proof from the runs of all variants.
func Judge(variants []mutants.Variant, checks []conformance.Check, seeds []int64, runs []Run) *Proof {
	p := JudgeRuns(variants, seeds, runs)
	p.judgeMutants()
	p.judgeChecks(checks)
	p.judgeRules()
	return p
}

// JudgeRuns judges the runs, of which there has to be one for each variant and seed. It says nothing of checks and rules,
// which only all variants together can show to be worth something.
func JudgeRuns(variants []mutants.Variant, seeds []int64, runs []Run) *Proof {
	p := &Proof{Seeds: seeds, Mutants: []Entry{}, Twins: []Entry{}, Checks: []Check{}, Faults: []string{}}
	for _, v := range variants {
		e := entry(v, runs)
		if v.Mutant() {
			p.Mutants = append(p.Mutants, e)
		} else {
			p.Twins = append(p.Twins, e)
		}
		p.judgeRuns(e, seeds)
	}
	return p
}

func entry(v mutants.Variant, runs []Run) Entry {
	e := Entry{Name: v.Name, Does: v.Does, Rules: v.Rules, Effort: effort(v)}
	also := map[string]bool{}
	for _, run := range runs {
		if run.Name != v.Name {
			continue
		}
		e.Runs = append(e.Runs, run)
		e.Seconds += run.Seconds
		for rule := range run.Broken {
			also[rule] = also[rule] || !slices.Contains(v.Rules, rule)
		}
	}
	for _, rule := range v.Rules {
		if e.always(func(run Run) bool { return run.Broken[rule] != nil }) {
			e.CaughtBy = append(e.CaughtBy, rule)
		}
	}
	for _, check := range e.showing() {
		if e.always(func(run Run) bool { return e.shown(run, check) }) {
			e.Checks = append(e.Checks, check)
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(also)) {
		if also[rule] {
			e.Also = append(e.Also, rule)
		}
	}
	return e
}

func (e Entry) always(is func(Run) bool) bool {
	return len(e.Runs) > 0 && !slices.ContainsFunc(e.Runs, func(run Run) bool { return !is(run) })
}

// shown tells whether a check showed, in a run, that a rule is broken which the mutant breaks.
func (e Entry) shown(run Run, check string) bool {
	return slices.ContainsFunc(e.Rules, func(rule string) bool { return slices.Contains(run.Broken[rule], check) })
}

// showing gives the checks that showed such a thing in any run.
func (e Entry) showing() []string {
	var checks []string
	for _, run := range e.Runs {
		for _, rule := range e.Rules {
			checks = append(checks, run.Broken[rule]...)
		}
	}
	slices.Sort(checks)
	return slices.Compact(checks)
}

// judgeRuns finds mutants that were not caught and twins that were accused.
func (p *Proof) judgeRuns(e Entry, seeds []int64) {
	for _, seed := range seeds {
		at := slices.IndexFunc(e.Runs, func(run Run) bool { return run.Seed == seed })
		if at < 0 {
			p.fault("%s was not run with seed %d", e.Name, seed)
			continue
		}
		if why := e.misjudged(e.Runs[at]); why != "" {
			p.fault("%s, seed %d: %s", e.Name, seed, why)
		}
	}
}

// misjudged says what is wrong about the verdict of a run, nothing if it is as it has to be.
func (e Entry) misjudged(run Run) string {
	broken := slices.Sorted(maps.Keys(run.Broken))
	fair := slices.ContainsFunc(e.Rules, func(rule string) bool { return run.Broken[rule] != nil })
	switch must := slices.ContainsFunc(e.Rules, isMust); {
	case run.Verdict == report.CouldNotRun:
		return "no verdict: " + run.Reason
	case len(e.Rules) == 0 && run.Verdict != report.Conformant:
		return fmt.Sprintf("a twin is accused of %s", strings.Join(broken, ", "))
	case len(e.Rules) == 0 || fair && (run.Verdict == report.NotConformant || !must):
		return ""
	case len(broken) == 0:
		return fmt.Sprintf("the mutant survives, which breaks %s", strings.Join(e.Rules, ", "))
	case !fair:
		return fmt.Sprintf("the mutant breaks %s and is caught only by %s", strings.Join(e.Rules, ", "), strings.Join(broken, ", "))
	}
	return fmt.Sprintf("the mutant breaks %s and the verdict is %q", strings.Join(e.Rules, ", "), run.Verdict)
}

func isMust(id string) bool {
	rule, _ := contract.RuleByID(id)
	return rule.Level == contract.Must
}

// judgeMutants finds rules that a mutant is said to break, and no run shows it: either the mutant does not break the rule,
// or the suite does not see that.
func (p *Proof) judgeMutants() {
	for _, e := range p.Mutants {
		for _, rule := range e.Rules {
			shown := slices.ContainsFunc(e.Runs, func(run Run) bool { return run.Broken[rule] != nil })
			if len(e.CaughtBy) > 0 && !shown {
				p.fault("%s is said to break %s, which no run shows", e.Name, rule)
			}
		}
	}
}

// judgeChecks finds checks that are there for nothing, or do not do what they are there for, and mutants that no check
// is there for: the check may have been taken out.
func (p *Proof) judgeChecks(checks []conformance.Check) {
	claims := map[string][]string{}
	for _, check := range checks {
		c := Check{Text: check.Text, For: slices.Concat([]string{}, check.Mutants), Catches: []string{}, Alone: []string{}}
		for _, e := range p.Mutants {
			if slices.Contains(e.Checks, check.Text) {
				c.Catches = append(c.Catches, e.Name)
				if len(e.Checks) == 1 {
					c.Alone = append(c.Alone, e.Name)
				}
			}
		}
		p.Checks = append(p.Checks, c)
		if len(c.For) == 0 {
			p.fault("the check %q is there for no mutant: nothing shows that it can catch anything", c.Text)
		}
		for _, name := range c.For {
			claims[name] = append(claims[name], c.Text)
			if !slices.ContainsFunc(p.Mutants, func(e Entry) bool { return e.Name == name }) {
				p.fault("the check %q is there for %s, and there is no such mutant", c.Text, name)
			} else if !slices.Contains(c.Catches, name) {
				p.fault("the check %q is there for %s, and does not catch it at every seed", c.Text, name)
			}
		}
	}
	for _, e := range p.Mutants {
		switch by := claims[e.Name]; {
		case len(by) == 0:
			p.fault("no check is there for %s: give it to one, or back to the one that was taken out", e.Name)
		case len(by) > 1:
			p.fault("%d checks are there for %s; it belongs to one: %s", len(by), e.Name, strings.Join(by, "; "))
		}
	}
}

// judgeRules finds rules that too few mutants break to say that a breach is noticed.
func (p *Proof) judgeRules() {
	const enough = 2
	for _, rule := range contract.Rules {
		if rule.Level == contract.Note {
			continue
		}
		count := 0
		for _, e := range p.Mutants {
			if slices.Contains(e.Rules, rule.ID) {
				count++
			}
		}
		if count < enough {
			p.fault("rule %s is broken by %d mutants; it takes %d that break it in different ways", rule.ID, count, enough)
		}
	}
}

func (p *Proof) fault(format string, arguments ...any) {
	p.Faults = append(p.Faults, fmt.Sprintf(format, arguments...))
}
