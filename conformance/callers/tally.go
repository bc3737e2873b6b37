package callers

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// mostExamples is how many breaches of a rule are kept with what was wrong.
const mostExamples = 3

// Tally counts what callers got wrong. The zero value has counted nothing. It may be used by several goroutines.
type Tally struct {
	mu     sync.Mutex
	judged int
	broken map[string]*Broken
}

// Broken is a rule that requests broke.
type Broken struct {
	contract.CallerRule
	Times int       `json:"times"`
	First []Example `json:"first"`
}

// Example is one request that broke a rule.
type Example struct {
	Exchange int    `json:"exchange"` // number of the exchange
	Request  string `json:"request"`  // for people, safe to show and without secrets
	What     string `json:"what"`     // of the Breach
}

// Summary is what has been counted.
type Summary struct {
	Judged int      `json:"judged"` // requests
	Broken []Broken `json:"broken"` // in the order of the rules
}

// Add counts a request and what it breaks; describe is called where it is to be an example.
func (t *Tally) Add(exchange int, breaches []Breach, describe func() string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.judged++
	if len(breaches) == 0 {
		return
	}
	if t.broken == nil {
		t.broken = map[string]*Broken{}
	}
	for _, breach := range breaches {
		broken, known := t.broken[breach.Rule]
		if !known {
			rule, _ := contract.CallerRuleByID(breach.Rule)
			broken = &Broken{CallerRule: rule}
			t.broken[breach.Rule] = broken
		}
		broken.Times++
		if len(broken.First) < mostExamples {
			broken.First = append(broken.First, Example{exchange, describe(), breach.What})
		}
	}
}

// Summary gives what has been counted.
func (t *Tally) Summary() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	summary := Summary{Judged: t.judged, Broken: []Broken{}}
	for _, rule := range contract.CallerRules {
		if broken, there := t.broken[rule.ID]; there {
			copied := *broken
			copied.First = slices.Clone(broken.First)
			summary.Broken = append(summary.Broken, copied)
		}
	}
	return summary
}

// Reset begins to count anew.
func (t *Tally) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.judged, t.broken = 0, nil
}

// Without leaves out rules, and gives those of them that were not broken.
func (s Summary) Without(rules ...string) (left Summary, unbroken []string) {
	left = Summary{Judged: s.Judged}
	for _, rule := range s.Broken {
		if !slices.Contains(rules, rule.ID) {
			left.Broken = append(left.Broken, rule)
		}
	}
	for _, id := range rules {
		if !slices.ContainsFunc(s.Broken, func(b Broken) bool { return b.ID == id }) {
			unbroken = append(unbroken, id)
		}
	}
	return left, unbroken
}

// String lists what was broken for people, a rule and its first examples on lines of their own.
func (s Summary) String() string {
	var text strings.Builder
	for _, rule := range s.Broken {
		fmt.Fprintf(&text, "%s %s, broken by %d of %d requests: %s [%s]\n", rule.ID, rule.Level, rule.Times, s.Judged, rule.Statement, rule.Backing())
		for _, example := range rule.First {
			fmt.Fprintf(&text, "  exchange %d, %s: %s\n", example.Exchange, example.Request, example.What)
		}
		if more := rule.Times - len(rule.First); more > 0 {
			fmt.Fprintf(&text, "  and %d more\n", more)
		}
	}
	return text.String()
}
