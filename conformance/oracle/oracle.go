// Package oracle knows what the contract permits: given what each id of a request stands for, which answers are
// allowed, what becomes of the snapshots after each, and which rules any other answer breaks.
//
// It is pure. It sees no network, no clock and no snapshot, only classes of ids, so that a reader can hold it
// against the table of the contract:
//
//	deletable  denied + missing  permitted
//	≥ 1        0                 200, nothing listed; all go
//	≥ 1        ≥ 1               200, listed = denied ∪ missing; the deletable ones go
//	0          one, missing      404, not found
//	0          one, denied       400, denied for its state
//	0          several           200 with all listed, or either error if it fits some id
package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Class is what an id stands for at the moment of a request.
type Class int

// The classes.
const (
	Deletable Class = iota // a snapshot in the deletable state
	Denied                 // a snapshot in any other state
	Missing                // no snapshot
	Gone                   // no snapshot any more: it was deleted, and has been seen to be gone
	Leaving                // deleted, but perhaps not finished: it may be found denied or missing
	Odd                    // text that is missing, or makes an implementation refuse the whole request
)

func (c Class) String() string {
	return [...]string{"deletable", "denied", "missing", "gone", "being deleted", "odd"}[c]
}

// mayBeMissing and mayBeDenied tell which error fits an id of the class.
func (c Class) mayBeMissing() bool { return c != Deletable && c != Denied }
func (c Class) mayBeDenied() bool  { return c == Denied || c == Leaving }

// Answer is what an implementation said, as far as the oracle cares.
type Answer struct {
	Status  int      // the HTTP status, 0 where there was no answer at all
	Code    string   // the error code
	Listed  []string // the ids listed as not deleted
	Unknown bool     // a 200 whose list could not be read
}

// Outcome is one permitted answer.
type Outcome struct {
	Status  int      // the HTTP status; 0 stands for any 4xx
	Code    string   // the error code; empty where any will do
	Listed  []string // the ids that a success lists, in any order
	Sources []string // what permits it
}

// Refusal tells whether the outcome is that of a request that was not carried out at all.
func (o Outcome) Refusal() bool { return o.Status != success }

func (o Outcome) String() string {
	from := " [" + strings.Join(o.Sources, ", ") + "]"
	switch {
	case o.Status == success && len(o.Listed) == 0:
		return "200, nothing listed" + from
	case o.Status == success:
		return fmt.Sprintf("200, listed exactly %s%s", Abbreviate(o.Listed), from)
	case o.Status == 0:
		return "any 4xx with an error envelope" + from
	}
	return fmt.Sprintf("%d %s%s", o.Status, o.Code, from)
}

const success = 200

func (o Outcome) matches(a Answer) bool {
	switch {
	case o.Status == 0:
		return Refused(a)
	case o.Status != a.Status:
		return false
	case o.Status != success:
		return o.Code == a.Code
	}
	return !a.Unknown && len(a.Listed) == len(o.Listed) && len(difference(o.Listed, a.Listed)) == 0
}

// Refused tells whether an answer puts the mistake on the caller's side.
func Refused(a Answer) bool { return a.Status >= 400 && a.Status < 500 }

// Expectation is what the contract has to say to one request: what may be answered, and what each id stands for.
type Expectation struct {
	Permitted []Outcome

	ids     []string // distinct, in the request's order
	named   int      // how many the request names, duplicates included
	classes map[string]Class
}

// Expect works out what the contract permits for a request that is valid in form and names these ids.
func Expect(ids []string, classOf func(id string) Class) Expectation {
	e := Expectation{named: len(ids), classes: map[string]Class{}}
	for _, id := range ids {
		if _, seen := e.classes[id]; !seen {
			e.classes[id] = classOf(id)
			e.ids = append(e.ids, id)
		}
	}
	e.Permitted = e.permitted()
	return e
}

func (e Expectation) permitted() []Outcome {
	limit := Outcome{Sources: []string{"D §1"}} // any refusal
	if len(e.ids) > contract.MaxBatch {
		return []Outcome{limit}
	}
	outcomes := e.handled()
	if e.named > contract.MaxBatch {
		outcomes = append(outcomes, limit)
	}
	if len(e.Of(Odd)) > 0 {
		outcomes = append(outcomes, Outcome{Sources: []string{"odd-ids"}})
	}
	return outcomes
}

// handled is the table above.
func (e Expectation) handled() []Outcome {
	failing := e.Failing()
	listing := Outcome{Status: success, Listed: failing, Sources: []string{"D §1", "D §3"}}
	if len(failing) < len(e.ids) {
		return []Outcome{listing}
	}
	var outcomes []Outcome
	if len(e.ids) > 1 {
		listing.Sources = []string{"D §4"}
		outcomes = append(outcomes, listing)
	}
	fits := func(fit func(Class) bool) bool {
		return slices.ContainsFunc(e.ids, func(id string) bool { return fit(e.classes[id]) })
	}
	if fits(Class.mayBeMissing) {
		outcomes = append(outcomes, errorOutcome(contract.NotFound))
	}
	if fits(Class.mayBeDenied) {
		outcomes = append(outcomes, errorOutcome(contract.DeniedState))
	}
	return outcomes
}

func errorOutcome(e contract.Error) Outcome {
	return Outcome{Status: e.Status, Code: e.Code, Sources: []string{"D §6"}}
}

// Of gives the request's distinct ids of a class.
func (e Expectation) Of(class Class) []string {
	var ids []string
	for _, id := range e.ids {
		if e.classes[id] == class {
			ids = append(ids, id)
		}
	}
	return ids
}

// Failing gives the request's distinct ids that cannot be deleted.
func (e Expectation) Failing() []string { return difference(e.ids, e.Of(Deletable)) }

// IDs gives the request's distinct ids.
func (e Expectation) IDs() []string { return e.ids }

// Match finds the permitted outcome that the answer is.
func (e Expectation) Match(a Answer) (Outcome, bool) {
	for _, outcome := range e.Permitted {
		if outcome.matches(a) {
			return outcome, true
		}
	}
	return Outcome{}, false
}

func (e Expectation) String() string {
	texts := make([]string, len(e.Permitted))
	for i, outcome := range e.Permitted {
		texts[i] = outcome.String()
	}
	return strings.Join(texts, "; or ")
}

// Broken names the rules that an answer breaks, none if it is permitted.
func (e Expectation) Broken(a Answer) []string {
	if _, ok := e.Match(a); ok {
		return nil
	}
	var rules []string
	if a.Status == 0 || a.Status >= 500 || a.Status < 200 {
		rules = append(rules, e.brokenByFault(a)...)
	}
	switch deletable := len(e.Of(Deletable)); {
	case len(e.ids) > contract.MaxBatch:
		rules = append(rules, "BATCH-2")
	case deletable > 0 && a.Status != success:
		rules = append(rules, e.brokenByRefusal()...)
	case deletable > 0:
		rules = append(rules, e.brokenByList(a)...)
	case len(e.ids) == 1:
		rules = append(rules, e.brokenAlone()...)
	case a.Status == success:
		rules = append(rules, e.brokenByList(a)...)
	default:
		rules = append(rules, e.brokenByError()...)
	}
	if len(e.Of(Odd)) > 0 {
		rules = append(rules, "REQ-7")
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// brokenByFault: an answer that is no answer, or that blames the service for a request it has to deal with.
func (e Expectation) brokenByFault(a Answer) []string {
	if a.Status == 0 {
		return []string{"ENV-5"}
	}
	if a.Status >= 500 && len(e.Failing()) == len(e.ids) {
		return []string{"REQ-4"}
	}
	return nil
}

// brokenByRefusal: something could have been deleted, and the request was not carried out.
func (e Expectation) brokenByRefusal() []string {
	rules := []string{"PART-1", "BATCH-5", "REQ-1"}
	if len(e.Failing()) > 0 {
		rules = append(rules, "PART-2")
	} else {
		rules = append(rules, "STATE-1")
	}
	if e.named == contract.MaxBatch {
		rules = append(rules, "BATCH-1")
	}
	return rules
}

// brokenByList: the request was carried out, and the list of what failed is not right.
func (e Expectation) brokenByList(a Answer) []string {
	if a.Unknown {
		return []string{"ENV-1"}
	}
	rules := []string{"PART-1"}
	for _, id := range difference(e.Failing(), a.Listed) {
		rules = append(rules, "PART-3", "BATCH-5")
		if e.classes[id] == Gone {
			rules = append(rules, "STATE-4")
		}
	}
	for _, id := range a.Listed {
		if class, named := e.classes[id]; named && class == Deletable {
			if len(e.Failing()) > 0 {
				rules = append(rules, "PART-2")
			}
			rules = append(rules, "STATE-1", "PART-3")
		}
	}
	if e.named == contract.MaxBatch {
		rules = append(rules, "BATCH-1")
	}
	return rules
}

// brokenAlone: a single id that cannot be deleted has an answer of its own.
func (e Expectation) brokenAlone() []string {
	switch e.classes[e.ids[0]] {
	case Denied:
		return []string{"ERR-2"}
	case Gone, Leaving:
		return []string{"ERR-1", "STATE-4"}
	case Odd:
		return nil // REQ-7 alone
	}
	return []string{"ERR-1"}
}

// brokenByError: several ids, none deletable, and an error that fits none of them.
func (e Expectation) brokenByError() []string {
	var rules []string
	for _, id := range e.ids {
		rules = append(rules, map[Class]string{Denied: "ERR-2", Missing: "ERR-1", Gone: "ERR-1", Leaving: "ERR-1", Odd: "REQ-7"}[e.classes[id]])
	}
	return rules
}

// difference gives the members of a that are not in b.
func difference(a, b []string) []string {
	in := make(map[string]bool, len(b))
	for _, id := range b {
		in[id] = true
	}
	var rest []string
	for _, id := range a {
		if !in[id] {
			rest = append(rest, id)
		}
	}
	return rest
}

// Abbreviate prints a list of ids, the middle of a long one left out.
func Abbreviate(ids []string) string {
	const shown = 6
	quoted := make([]string, 0, shown+1)
	for i, id := range ids {
		if len(ids) > shown && i == shown-1 {
			quoted = append(quoted, fmt.Sprintf("… %d more …", len(ids)-shown), fmt.Sprintf("%.60q", ids[len(ids)-1]))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%.60q", id))
	}
	return "[" + strings.Join(quoted, " ") + "]"
}
