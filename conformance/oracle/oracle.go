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
	"maps"
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
	Leaving                // deleted, but perhaps not finished: it may be found as it was, denied or missing
	Odd                    // text that is missing, or makes an implementation refuse the whole request
	Foreign                // text that could be an id, of another form than those handed out: as odd, but refused for its form
	Open                   // nobody knows: a snapshot in any state, or none
)

func (c Class) String() string {
	return [...]string{"deletable", "denied", "missing", "gone", "being deleted", "odd", "foreign", "open"}[c]
}

// mayBeMissing and mayBeDenied tell which error fits an id of the class.
func (c Class) mayBeMissing() bool { return c != Deletable && c != Denied }
func (c Class) mayBeDenied() bool  { return c == Denied || c.mayBeAnything() }

// mayBeAnything tells whether an id of the class may be found as a snapshot in any state, or as none.
func (c Class) mayBeAnything() bool { return c == Leaving || c == Open }

// strange tells whether an implementation may refuse a request for having such an id.
func (c Class) strange() bool { return c == Odd || c == Foreign }

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
	Formal  bool     // of any codes, those about a single snapshot are left out
	Listed  []string // the ids that a success lists, in any order
	Perhaps []string // those that it may list besides
	Sources []string // what permits it
}

// Refusal tells whether the outcome is that of a request that was not carried out at all.
func (o Outcome) Refusal() bool { return o.Status != success }

func (o Outcome) String() string {
	return fmt.Sprintf("%s [%s]", o.answer(), strings.Join(o.Sources, ", "))
}

func (o Outcome) answer() string {
	if o.Formal {
		return fmt.Sprintf("any 4xx with an error envelope, for the form of the id: neither %s nor %s", contract.NotFound.Code, contract.DeniedState.Code)
	}
	if o.Status == 0 {
		return "any 4xx with an error envelope"
	}
	if o.Status != success {
		return fmt.Sprintf("%d %s", o.Status, o.Code)
	}
	text := "200, nothing listed"
	if len(o.Listed) > 0 {
		text = "200, listed exactly " + Abbreviate(o.Listed)
	}
	if len(o.Perhaps) > 0 {
		text += " and perhaps of " + Abbreviate(o.Perhaps)
	}
	return text
}

const success = 200

func (o Outcome) matches(a Answer) bool {
	if o.Status == 0 {
		aboutOne := a.Code == contract.NotFound.Code || a.Code == contract.DeniedState.Code
		return Refused(a) && !(o.Formal && aboutOne)
	}
	if o.Status != a.Status {
		return false
	}
	if o.Status != success {
		return o.Code == a.Code
	}
	if a.Unknown || len(difference(o.Listed, a.Listed)) > 0 {
		return false
	}
	besides := difference(a.Listed, o.Listed)
	once := slices.Compact(slices.Sorted(slices.Values(a.Listed)))
	return len(difference(besides, o.Perhaps)) == 0 && len(once) == len(a.Listed)
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

// Given is the expectation where some of the ids stood for something else than could be told beforehand.
func (e Expectation) Given(classes map[string]Class) Expectation {
	e.classes = maps.Clone(e.classes)
	maps.Copy(e.classes, classes)
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
	if len(e.strange()) > 0 {
		outcomes = append(outcomes, Outcome{Formal: len(e.Of(Odd)) == 0, Sources: []string{"odd-ids"}})
	}
	return outcomes
}

// handled is the table above.
func (e Expectation) handled() []Outcome {
	listing := Outcome{Status: success, Listed: e.Failing(), Perhaps: e.those(Class.mayBeAnything), Sources: []string{"D §1", "D §3"}}
	if e.someDeletable() {
		return []Outcome{listing}
	}
	var outcomes []Outcome
	if len(e.ids) > 1 {
		listing.Sources = []string{"D §4"}
		outcomes = append(outcomes, listing)
	} else if len(listing.Perhaps) > 0 {
		source := "asynchronous"
		if len(e.Of(Open)) > 0 {
			source = "D §1"
		}
		outcomes = append(outcomes, Outcome{Status: success, Sources: []string{source}})
	}
	if len(e.those(Class.mayBeMissing)) > 0 {
		outcomes = append(outcomes, errorOutcome(contract.NotFound))
	}
	if len(e.those(Class.mayBeDenied)) > 0 {
		outcomes = append(outcomes, errorOutcome(contract.DeniedState))
	}
	return outcomes
}

func errorOutcome(e contract.Error) Outcome {
	return Outcome{Status: e.Status, Code: e.Code, Sources: []string{"D §6"}}
}

// Of gives the request's distinct ids of a class.
func (e Expectation) Of(class Class) []string {
	return e.those(func(c Class) bool { return c == class })
}

// Failing gives the request's distinct ids that certainly cannot be deleted.
func (e Expectation) Failing() []string {
	return e.those(func(c Class) bool { return c != Deletable && !c.mayBeAnything() })
}

// strange gives the request's distinct ids for which it may be refused as a whole.
func (e Expectation) strange() []string { return e.those(Class.strange) }

func (e Expectation) those(fit func(Class) bool) []string {
	var ids []string
	for _, id := range e.ids {
		if fit(e.classes[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

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

// Broken names the rules that an answer breaks, none if it is permitted. It names those that speak of what went wrong
// and not all that the request tries, so that a reader finds the fault.
func (e Expectation) Broken(a Answer) []string {
	if _, ok := e.Match(a); ok {
		return nil
	}
	rules := e.broken(a)
	if a.Status != success && !failure(a) {
		rules = append(rules, "ENV-5")
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

func (e Expectation) broken(a Answer) []string {
	if len(e.ids) > contract.MaxBatch {
		return append(e.brokenByFault(a), "BATCH-2")
	}
	if a.Status == success && (e.someDeletable() || len(e.ids) > 1) {
		return e.brokenByList(a)
	}
	if len(e.strange()) > 0 { // it could have been refused: what else came of it is that id's doing
		rules := []string{"REQ-7"}
		if Refused(a) && e.someDeletable() {
			return append(rules, e.brokenByRefusal()...)
		}
		if Refused(a) {
			return append(rules, e.brokenByError(a)...)
		}
		return rules
	}
	if !e.someDeletable() {
		return e.brokenByError(a)
	}
	if a.Status == 0 || failure(a) {
		return append(e.brokenByFault(a), e.brokenByRefusal()...)
	}
	if e.named > 1 {
		return []string{"PART-1"} // perhaps carried out, but under a status that does not say so
	}
	return nil
}

// brokenByFault: a fault of the service in place of the refusal of a batch that is too long.
func (e Expectation) brokenByFault(a Answer) []string {
	if e.named > contract.MaxBatch && fault(a) {
		return []string{"REQ-4"}
	}
	return nil
}

// failure tells whether the status says that a request failed, by whosever mistake.
func failure(a Answer) bool { return a.Status >= 400 && a.Status < 600 }

// fault tells whether it says that the mistake is the service's.
func fault(a Answer) bool { return failure(a) && !Refused(a) }

func (e Expectation) someDeletable() bool { return len(e.Of(Deletable)) > 0 }

// mixed tells whether there is something else besides what can certainly be deleted.
func (e Expectation) mixed() bool { return len(e.Of(Deletable)) < len(e.ids) }

// brokenByList: the request was carried out, and the list of what failed is not right.
func (e Expectation) brokenByList(a Answer) []string {
	if a.Unknown {
		return []string{"ENV-1"}
	}
	rules := []string{"PART-1"}
	for _, id := range difference(e.Failing(), a.Listed) {
		rules = append(rules, "PART-3")
		if !e.classes[id].strange() {
			rules = append(rules, "BATCH-5")
		}
		if e.classes[id] == Gone {
			rules = append(rules, "STATE-4")
		}
	}
	if deletable := e.Of(Deletable); len(difference(deletable, a.Listed)) < len(deletable) {
		rules = append(rules, e.brokenByKeeping()...)
	}
	if len(e.strange()) > 0 {
		rules = append(rules, "REQ-7")
	}
	return rules
}

// brokenByKeeping: by its list, what could have been deleted was not. Whether the list is true shows in the snapshots.
func (e Expectation) brokenByKeeping() []string {
	if e.mixed() {
		return []string{"PART-2"}
	}
	if e.named == contract.MaxBatch {
		return []string{"BATCH-1", "STATE-1"}
	}
	return []string{"STATE-1"}
}

// brokenByRefusal: something could have been deleted, and the request was not carried out. Why is told by what is
// special about it: ids that fail, ids that are named twice, its size, or nothing at all.
func (e Expectation) brokenByRefusal() []string {
	var rules []string
	plain := true
	if e.mixed() {
		rules, plain = append(rules, "PART-1", "PART-2"), false
	}
	if len(e.ids) < e.named {
		rules, plain = append(rules, "PART-1", "PART-3"), false
	} else if e.named > 1 {
		rules = append(rules, "BATCH-5")
	}
	if plain {
		rules = append(rules, "REQ-1", "STATE-1")
	}
	if e.named == contract.MaxBatch {
		rules = append(rules, "BATCH-1")
	}
	return rules
}

// brokenByError: nothing could be deleted, and the answer fits none of the ids.
func (e Expectation) brokenByError(a Answer) []string {
	var rules []string
	if fault(a) {
		rules = append(rules, "REQ-4")
	}
	if alone := len(e.ids) == 1; alone || Refused(a) {
		for _, id := range e.ids {
			rules = append(rules, errorRules(e.classes[id], a)...)
			if alone && (e.classes[id] == Gone || e.classes[id] == Leaving) {
				rules = append(rules, "STATE-4")
			}
		}
	}
	return rules
}

// errorRules are the rules about the error that fits an id. Of one that nobody knows, the answer tells.
func errorRules(class Class, a Answer) []string {
	switch {
	case class == Denied, class == Open && a.Code == contract.DeniedState.Code:
		return []string{"ERR-2"}
	case class == Open && a.Code != contract.NotFound.Code:
		return []string{"ERR-1", "ERR-2"} // one of them
	}
	return []string{"ERR-1"}
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
	var quoted []string
	for i, id := range ids {
		if len(ids) > shown && i == shown-1 {
			quoted = append(quoted, fmt.Sprintf("… %d more …", len(ids)-shown), fmt.Sprintf("%.60q", ids[len(ids)-1]))
			break
		}
		quoted = append(quoted, fmt.Sprintf("%.60q", id))
	}
	return "[" + strings.Join(quoted, " ") + "]"
}
