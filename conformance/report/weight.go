package report

// weight is what became of a rule, for whoever gates by it: what a pipeline reads has to agree with the exit status.
type weight int

// The weights. That of a rule which makes the run fail is the heaviest.
const (
	fine      weight = iota // passed or noted
	untried                 // skipped
	remark                  // broken, and conformance does not hang on it
	known                   // broken, and excused by the baseline
	undecided               // seen broken by a run that says nothing about the implementation
	fails
)

func (r *Report) weigh(rule Rule) weight {
	switch status := r.ExitStatus(); {
	case rule.Status == Skipped:
		return untried
	case rule.Status != Failed:
		return fine
	case rule.Known != "":
		return known
	case status == CouldNotRun.ExitStatus():
		return undecided
	case status == Conformant.ExitStatus(), r.Remark(rule):
		return remark
	}
	return fails
}

// weighing gives the rules of a weight, in the contract's order.
func (r *Report) weighing(w weight) []Rule {
	var rules []Rule
	for _, rule := range inOrder(r.Rules) {
		if r.weigh(rule) == w {
			rules = append(rules, rule)
		}
	}
	return rules
}
