// Package diff compares two reports, of one implementation at two times, or of two implementations: what it says is what
// the reports prove, and where they prove nothing, it says that.
package diff

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Format is the number of the format in which WriteJSON writes. It rises with every member that is added.
const Format = 1

// Difference is what sets the report B apart from the report A. Durations are in seconds.
type Difference struct {
	Format int `json:"format"`

	A Side `json:"a"`
	B Side `json:"b"`

	// Conditions are what else the two were made with, as far as it is not the same: they may explain the rest.
	Conditions []Condition `json:"conditions"`
	// Contract is how the rules themselves differ.
	Contract []Amendment `json:"contract"`

	Rules    []RuleChange    `json:"rules"`    // in the contract's order
	Checks   []CheckChange   `json:"checks"`   // of rules that were tried in both
	Profile  []ChoiceChange  `json:"profile"`  // in the order of the silences
	Outcomes []OutcomeChange `json:"outcomes"` // that came in one of the two only
	Latency  Latency         `json:"latency"`

	// FailOn is what counts as a regression, and Regressions names what does.
	FailOn      []Word   `json:"failOn"`
	Regressions []string `json:"regressions"`
}

// Side is one of the two reports.
type Side struct {
	Name     string `json:"name,omitempty"` // of its file, where the caller gives it
	Endpoint string `json:"endpoint,omitempty"`
	Log      string `json:"log,omitempty"` // the name of the log, where one was judged
	Verdict  string `json:"verdict"`       // with what the baseline says to it
	Effort   string `json:"effort,omitempty"`
	Seed     int64  `json:"seed,omitempty"`
}

// Condition is one thing that the two were not made alike with. An empty text stands for none.
type Condition struct {
	What string `json:"what"`
	A    string `json:"a"`
	B    string `json:"b"`
}

// Amendment is a rule that the two contracts do not have alike. An empty text stands for a contract without the rule.
type Amendment struct {
	Rule string `json:"rule"`
	What string `json:"what"` // "rule", "level" or "statement"
	A    string `json:"a"`
	B    string `json:"b"`
}

// Kind tells what a change is for B.
type Kind string

// The kinds.
const (
	Broken    Kind = "broken"      // in B, and not known to be in A
	Mended    Kind = "mended"      // in B, by what had shown it broken in A
	Untried   Kind = "not tried"   // in B any more
	Tried     Kind = "tried"       // in B for the first time
	Excused   Kind = "excused"     // by the baseline of B
	Unexcused Kind = "not excused" // by the baseline of B any more
	Changed   Kind = "changed"     // for neither better nor worse
	Slower    Kind = "slower"      // in B
	Faster    Kind = "faster"      // in B
	Alike     Kind = ""            // as far as can be told
)

// Absent is the status of a rule that a contract does not have.
const Absent report.Status = "absent"

// RuleChange is a rule of which the two do not say the same.
type RuleChange struct {
	Rule      string         `json:"rule"`
	Level     contract.Level `json:"level"` // the stricter one, where it is not the same
	Statement string         `json:"statement"`
	A         report.Status  `json:"a"`
	B         report.Status  `json:"b"`
	Kind      Kind           `json:"kind"`
	Why       []string       `json:"why"` // the checks that show it broken, or the reasons why it was not tried
	Weight
}

// CheckChange is a check that tells something else of a rule that was tried in both.
type CheckChange struct {
	Rule  string `json:"rule"`
	Check string `json:"check,omitempty"` // none where only a part of one was tried, or not
	Kind  Kind   `json:"kind"`            // Broken: of a rule that is broken in both, it shows so in B only
	Why   string `json:"why,omitempty"`
	Weight
}

// ChoiceChange is something that the contract leaves open, and that the two do not do alike.
type ChoiceChange struct {
	Silence  string   `json:"silence"`
	Question string   `json:"question"`
	A        []string `json:"a"` // none where it was not seen
	B        []string `json:"b"`
	Kind     Kind     `json:"kind"` // Changed, Untried or Tried
	Weight
}

// OutcomeChange is an outcome that the exchanges of a family had in one of the two only.
type OutcomeChange struct {
	Family  string         `json:"family"`
	Outcome report.Outcome `json:"outcome"`
	A       int            `json:"a"` // exchanges
	B       int            `json:"b"`
}

// Compare tells what sets b apart from a, and what of it is a regression by the gate. Where one of them says nothing about
// an implementation, or contradicts itself, there is nothing to compare, and the error says so in one line.
func Compare(a, b *report.Report, gate Gate) (*Difference, error) {
	for _, one := range []struct {
		name string
		*report.Report
	}{{"A", a}, {"B", b}} {
		if err := nothing(one.Report); err != nil {
			return nil, fmt.Errorf("%s cannot be compared: %w", one.name, err)
		}
	}
	p := &pair{index(a), index(b)}
	d := &Difference{
		Format: Format, A: side(a), B: side(b),
		Conditions: p.conditions(), Contract: p.amendments(),
		Rules: p.rules(), Checks: p.checks(), Profile: p.profile(), Outcomes: p.outcomes(), Latency: p.latency(),
	}
	gate.judge(d, p)
	return d, nil
}

// nothing tells why a report says nothing that could be compared.
func nothing(r *report.Report) error {
	if r.Verdict == report.CouldNotRun {
		return fmt.Errorf("its run could not be carried out (%s); give one that has a verdict", cmp.Or(r.Reason, "it does not say why"))
	}
	if len(r.Rules) == 0 {
		return errors.New("it tells of no rule; give one of a whole run")
	}
	seen := map[string]bool{}
	for _, rule := range r.Rules {
		if seen[rule.ID] {
			return fmt.Errorf("it tells of the rule %s twice; give it as it was written", rule.ID)
		}
		seen[rule.ID] = true
	}
	return nil
}

func side(r *report.Report) Side {
	s := Side{Endpoint: r.Endpoint, Verdict: r.Headline(), Effort: r.Effort, Seed: r.Seed}
	if r.Log != nil {
		s.Log = r.Log.Name
	}
	return s
}

// Same tells whether nothing sets the two apart but what they were made with.
func (d *Difference) Same() bool {
	return len(d.Contract)+len(d.Rules)+len(d.Checks)+len(d.Profile)+len(d.Outcomes) == 0 &&
		!slices.ContainsFunc(d.Latency.Buckets, func(b Bucket) bool { return b.Kind != Alike })
}

// pair is the two reports while they are compared.
type pair struct{ a, b *indexed }

// indexed is a report in which things are found at once, however many somebody has put into the file.
type indexed struct {
	*report.Report
	rules   map[string]report.Rule
	checks  map[string]bool   // that were carried out, or showed something by the way
	begun   map[string]bool   // checks, and rules that they try, as far as the report tells
	reasons map[string]string // why checks were not carried out, by the check
	skipped map[string]bool   // those reasons
}

func index(r *report.Report) *indexed {
	i := &indexed{r, map[string]report.Rule{}, map[string]bool{}, map[string]bool{}, map[string]string{}, map[string]bool{}}
	for _, rule := range r.Rules {
		if len(rule.BrokenBy) == 0 { // as in reports of format 1
			for _, failure := range rule.Failures {
				rule.BrokenBy = append(rule.BrokenBy, failure.Check)
			}
		}
		i.rules[rule.ID] = rule
		for _, check := range slices.Concat(rule.Checks, rule.BrokenBy) {
			i.checks[check] = true
		}
	}
	for _, trial := range r.Trials {
		i.reasons[trial.Check] = trial.Reason
		i.skipped[trial.Reason] = true
		i.begun[trial.Check] = true
		for _, rule := range trial.Rules {
			i.begun[rule] = true
		}
	}
	return i
}

// of gives a rule, which is Absent where the contract does not have it.
func (i *indexed) of(id string) report.Rule {
	rule, known := i.rules[id]
	if !known {
		rule.Status = Absent
	}
	return rule
}

// conditions are told in words, so that each can stand beside the other.
func (p *pair) conditions() []Condition {
	conditions := []Condition{}
	for _, c := range []struct {
		what string
		of   func(*indexed) string
	}{
		{"judged", func(r *indexed) string {
			if r.Log != nil {
				return "a log"
			}
			return "by a run"
		}},
		{"effort", func(r *indexed) string { return r.Effort }},
		{"filter", func(r *indexed) string { return r.Filter }},
		{"strict", func(r *indexed) string {
			if r.Strict {
				return "yes"
			}
			return "no"
		}},
		{"baseline", func(r *indexed) string {
			if r.Baseline != nil {
				return cmp.Or(r.Baseline.Name, "without a name")
			}
			return ""
		}},
		{"cut short", func(r *indexed) string { return r.Reason }},
	} {
		if a, b := c.of(p.a), c.of(p.b); a != b {
			conditions = append(conditions, Condition{c.what, a, b})
		}
	}
	if a, b := p.a.Exchanges, p.b.Exchanges; min(a, b) < max(a, b)/2 { // whatever the reason, fewer snapshots say, one has seen far less
		conditions = append(conditions, Condition{"exchanges", fmt.Sprint(a), fmt.Sprint(b)})
	}
	return conditions
}

// each calls a function with every rule of the two, in the contract's order. One that only one of them has is Absent from
// the other.
func (p *pair) each(visit func(a, b report.Rule)) {
	ids := slices.Collect(maps.Keys(p.a.rules))
	for id := range p.b.rules {
		if _, both := p.a.rules[id]; !both {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(contract.Order(a, b), cmp.Compare(a, b)) })
	for _, id := range ids {
		visit(p.a.of(id), p.b.of(id))
	}
}

// amendments are how the contracts differ that the two were judged by.
func (p *pair) amendments() []Amendment {
	amendments := []Amendment{}
	p.each(func(a, b report.Rule) {
		switch {
		case a.Status == Absent:
			amendments = append(amendments, Amendment{Rule: b.ID, What: "rule", B: b.Statement})
		case b.Status == Absent:
			amendments = append(amendments, Amendment{Rule: a.ID, What: "rule", A: a.Statement})
		default:
			if a.Level != b.Level {
				amendments = append(amendments, Amendment{a.ID, "level", string(a.Level), string(b.Level)})
			}
			if a.Statement != b.Statement {
				amendments = append(amendments, Amendment{a.ID, "statement", a.Statement, b.Statement})
			}
		}
	})
	return amendments
}
