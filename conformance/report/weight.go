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

// weigh gives the weight of a rule in a report that gives the command this exit status.
func (r *Report) weigh(rule Rule, status int) weight {
	switch {
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

// weights gives the rules by their weights, in the contract's order.
func (r *Report) weights() map[weight][]Rule {
	status, rules := r.ExitStatus(), map[weight][]Rule{}
	for _, rule := range inOrder(r.Rules) {
		w := r.weigh(rule, status)
		rules[w] = append(rules[w], rule)
	}
	return rules
}
