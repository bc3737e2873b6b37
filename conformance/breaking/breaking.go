// Package breaking tells what a change of the contract does to those who live by it: who has to act, and how badly, before it
// is merged.
//
// It is pure: two documents in, a list of changes out. The standard part of OpenAPI is judged twice, by the direction in which
// a set of permitted values moves (schema.go) and by oasdiff (oasdiff.go), and the graver judgement counts. The extensions, in
// which this contract keeps its rules, nobody else can judge. What no judge knows is named all the same, so that nothing
// changes unseen.
package breaking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Party is somebody who lives by the contract.
type Party string

// The parties.
const (
	Callers      Party = "callers"      // who sends requests
	Implementers Party = "implementers" // who answers them, and is judged by the suite
	Designers    Party = "designers"    // who changes the document
)

// Parties are all of them, in the order in which they are told.
var Parties = []Party{Callers, Implementers, Designers}

// Severity tells how badly a change hits.
type Severity int

// The severities, in rising order.
const (
	Notice   Severity = iota + 1 // good to know: what was right stays right
	Warning                      // look at it: it may concern you, or is no more than a remark
	Breaking                     // what was right is wrong now, or what could be relied on cannot any more
)

var severities = []string{"notice", "warning", "breaking"}

func (s Severity) String() string { return severities[s-1] }

// MarshalText gives the severity's word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's word.
func (s *Severity) UnmarshalText(text []byte) error {
	at := slices.Index(severities, string(text))
	if at < 0 {
		return fmt.Errorf("there is no severity %q; give %s", text, strings.Join(severities, ", "))
	}
	*s = Severity(at + 1)
	return nil
}

// Effect is what a change means to one party.
type Effect struct {
	Who      Party    `json:"who"`
	Severity Severity `json:"severity"`
	Must     string   `json:"must"` // what they have to do, in a sentence
}

// Change is one difference between two documents that means something.
type Change struct {
	ID       string   `json:"id"`       // what kind of change it is, in words that stay
	Severity Severity `json:"severity"` // the worst of its effects
	Where    string   `json:"where"`    // a JSON pointer into the new document, or into the old one where it is gone
	What     string   `json:"what"`
	Effects  []Effect `json:"effects"` // by party; none where nobody has to act
	Oasdiff  []string `json:"oasdiff"` // what oasdiff calls it

	edits []edit // what makes of the old document one that has this change alone
}

// Effect gives what the change means to a party, if anything.
func (c Change) Effect(who Party) (Effect, bool) {
	at := slices.IndexFunc(c.Effects, func(e Effect) bool { return e.Who == who })
	if at < 0 {
		return Effect{}, false
	}
	return c.Effects[at], true
}

// Concerns are those who have to act, or to know.
func (c Change) Concerns() []Party {
	var who []Party
	for _, e := range c.Effects {
		who = append(who, e.Who)
	}
	return who
}

// Result is what there is to say about two documents.
type Result struct {
	Old     string   `json:"old"` // names, for people
	New     string   `json:"new"`
	Changes []Change `json:"changes"` // the worst first
}

// Worst gives the gravest severity, and false where nothing has changed.
func (r *Result) Worst() (Severity, bool) {
	if len(r.Changes) == 0 {
		return 0, false
	}
	return r.Changes[0].Severity, true
}

// Reaches tells whether a change is at least as grave.
func (r *Result) Reaches(severity Severity) bool {
	worst, changed := r.Worst()
	return changed && worst >= severity
}

// Count tells how many changes have a severity.
func (r *Result) Count(severity Severity) int {
	count := 0
	for _, change := range r.Changes {
		if change.Severity == severity {
			count++
		}
	}
	return count
}

// Compare tells what becomes of the contract of one document in another.
func Compare(before, after *Document) *Result {
	c := &comparison{old: before, new: after}
	c.document()
	c.extensions()
	c.examples()
	c.contradictions()
	c.merge()
	c.askOasdiff()
	slices.SortStableFunc(c.changes, func(a, b Change) int { return cmp.Compare(b.Severity, a.Severity) })
	return &Result{Old: before.Name, New: after.Name, Changes: c.changes}
}

// comparison is two documents on their way to a result.
type comparison struct {
	old, new *Document
	changes  []Change
	mooted   []string // keywords, as ids spell them, of bounds that came or went and said nothing
}

// say notes a change at a place, which one of the documents may lack. The judgement is an entry of the table. The change is
// given until the next one is noted.
func (c *comparison) say(id, judgement string, before, after *node, what string, args ...any) *Change {
	change := Change{ID: id, Where: place(before, after), What: report.Shorten(fmt.Sprintf(what, args...), longestWhat), Effects: judge(judgement)}
	change.edits = []edit{editFor(before, after)}
	return c.add(change)
}

func (c *comparison) add(change Change) *Change {
	change.weigh()
	c.changes = append(c.changes, change)
	return &c.changes[len(c.changes)-1]
}

// longestWhat is how many characters are told of what has changed: a document may have statements of any length.
const longestWhat = 600

// merge takes changes of one place together that are seen from several, as those of a schema that several answers use.
func (c *comparison) merge() {
	var merged []Change
	at := map[[3]string]int{}
	for _, change := range c.changes {
		key := [3]string{change.ID, change.Where, change.What}
		first, seen := at[key]
		if !seen {
			at[key] = len(merged)
			merged = append(merged, change)
			continue
		}
		merged[first].take(change)
	}
	c.changes = merged
}

// take adds what another view of the same change has to say, the graver effect for each party.
func (c *Change) take(other Change) {
	c.edits = append(c.edits, other.edits...)
	c.Effects = slices.Clone(c.Effects)
	for _, effect := range other.Effects {
		at := slices.IndexFunc(c.Effects, func(e Effect) bool { return e.Who == effect.Who })
		switch {
		case at < 0:
			c.Effects = append(c.Effects, effect)
		case effect.Severity > c.Effects[at].Severity:
			c.Effects[at] = effect
		}
	}
	slices.SortFunc(c.Effects, func(a, b Effect) int {
		return cmp.Compare(slices.Index(Parties, a.Who), slices.Index(Parties, b.Who))
	})
	c.weigh()
}

// weigh makes the severity that of the worst effect.
func (c *Change) weigh() {
	c.Severity = Notice
	for _, effect := range c.Effects {
		c.Severity = max(c.Severity, effect.Severity)
	}
}
