// Package mutants has implementations to measure a suite by: mutants, which are the mock with one rule broken, and which
// have to be caught; and twins, which differ from the mock in what the contract leaves open, and which have to be left
// alone.
package mutants

import (
	"net/http"
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// Variant is the mock with something about it changed.
type Variant struct {
	Name  string   // short, of lower-case words joined by hyphens
	Rules []string // that it breaks, by id; a twin breaks none
	Does  string   // what it does otherwise than the mock, as the end of a sentence that starts with "it"

	// What a suite needs to see the difference. Zero values stand for the least that it can do.
	Whole       bool                // the many requests of a whole run, where those of its own rules are too few
	Effort      string              // "normal" or "thorough", where "quick" is not enough
	Settle      time.Duration       // how long a deletion takes to show, at the most
	Linger      time.Duration       // how long after the last request it can be seen, at the least
	Credentials signing.Credentials // that it takes; none: it takes all

	serve   behaviour                                                    // answers the API; nil: as the mock does
	remove  removal                                                      // deals with the snapshots of a valid request; nil: as the mock does
	testbed func(s *Server, w http.ResponseWriter, r *http.Request) bool // serves the testbed; false: as the mock does
	around  func(next http.Handler) http.Handler                         // stands before all of it; may be nil
	listen  func(server *http.Server)                                    // changes how it listens; may be nil
	ids     func() func() string                                         // gives a new server its source of ids; nil: the mock's
	shows   bool                                                         // whether its testbed shows something else than the truth
}

// behaviour answers one call.
type behaviour func(s *Server, c *call)

// Mutant tells whether the variant breaks a rule.
func (v Variant) Mutant() bool { return len(v.Rules) > 0 }

// Plain tells whether the variant has nothing unusual about how HTTP is spoken or how its testbed answers.
func (v Variant) Plain() bool { return v.testbed == nil && v.around == nil && v.listen == nil }

// New makes an implementation without snapshots. Like the mock, it serves the API at contract.Path and the testbed
// protocol at mock.TestbedPath.
func (v Variant) New() http.Handler {
	s := &Server{variant: v}
	var changes []mock.Option
	if v.ids != nil {
		changes = append(changes, mock.WithIDs(v.ids()))
	}
	if v.remove != nil {
		changes = append(changes, mock.WithMiddleware(s.removing))
	}
	s.Service = mock.NewService(changes...)
	s.inner = s.Service
	if v.around != nil {
		return v.around(s)
	}
	return s
}

// Start serves a new implementation on an address such as "127.0.0.1:0".
func (v Variant) Start(addr string) (*mock.Server, error) {
	var changes []func(*http.Server)
	if v.listen != nil {
		changes = append(changes, v.listen)
	}
	return mock.Serve(addr, v.New(), changes...)
}

// Mutants gives every mutant, by the family of rules that each breaks.
func Mutants() []Variant {
	return slices.Concat(requests(), batches(), states(), partialFailures(), envelopes(), errors(), isolation(), concurrency(), authentication())
}

// Twins gives every twin, by what each does otherwise.
func Twins() []Variant {
	return slices.Concat(choices(), timing(), transport(), identifiers(), languages(), doors())
}

// Named finds a mutant or a twin.
func Named(name string) (Variant, bool) {
	for _, v := range slices.Concat(Mutants(), Twins()) {
		if v.Name == name {
			return v, true
		}
	}
	return Variant{}, false
}

// keys are what a variant that asks for credentials takes. They are no secret: anybody may read them here.
var keys = signing.Credentials{KeyID: "mutant", Secret: "not-a-secret-at-all"}

// others are the states that forbid deletion.
var others = slices.DeleteFunc(slices.Clone(contract.States), func(state contract.State) bool { return state == contract.Normal })
