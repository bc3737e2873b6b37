package proof

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

// Record is what of a proof is the same each time that the suite is proved: not how long it took, nor what else a mutant was
// caught by, which is now and then a matter of chance.
type Record struct {
	Seeds   []int64  `json:"seeds"`
	Mutants []Proved `json:"mutants"`
	Twins   []string `json:"twins"` // that were found conformant, by name
}

// Proved is a mutant that was caught with every seed: by a rule that it breaks, and by the check that is there for it.
type Proved struct {
	Name  string   `json:"name"`
	Rules []string `json:"rules"` // that it breaks, each of which was seen
	Check string   `json:"check"` // its text
}

// last is what "make prove" has left.
//
//go:embed last.json
var last []byte

// Last gives the record of the last proof.
func Last() (Record, error) {
	var r Record
	if err := json.Unmarshal(last, &r); err != nil {
		return r, fmt.Errorf("the record of the last proof: %w", err)
	}
	return r, nil
}

// NewRecord is the record of a proof of these variants, with these checks and seeds.
func NewRecord(variants []mutants.Variant, checks []conformance.Check, seeds []int64) Record {
	r := Record{Seeds: seeds}
	for _, v := range variants {
		if !v.Mutant() {
			r.Twins = append(r.Twins, v.Name)
			continue
		}
		proved := Proved{Name: v.Name, Rules: v.Rules}
		if at := slices.IndexFunc(checks, func(c conformance.Check) bool { return slices.Contains(c.Mutants, v.Name) }); at >= 0 {
			proved.Check = checks[at].Text
		}
		r.Mutants = append(r.Mutants, proved)
	}
	return r
}

// Write writes the record in the form in which it is kept.
func (r Record) Write(w io.Writer) error { return writeJSON(w, r) }

// Of finds what was proved of a mutant.
func (r Record) Of(name string) (Proved, bool) {
	at := slices.IndexFunc(r.Mutants, func(p Proved) bool { return p.Name == name })
	if at < 0 {
		return Proved{}, false
	}
	return r.Mutants[at], true
}
