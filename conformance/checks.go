package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/extensions/globals"
	"github.com/onsi/ginkgo/v2/types"
)

// Check is one check of the suite.
type Check struct {
	Text    string
	Rules   []string // that it tries
	Mutants []string // that it is there to catch
}

// Checks lists the checks that a label filter chooses, all of them if it is empty, in the order in which they run.
func Checks(filter string) ([]Check, error) {
	chosen, _, err := checks(Config{Filter: filter})
	return chosen, err
}

// checks lists what a run with this config carries out, and tells of how many checks that is a choice.
func checks(config Config) (chosen []Check, every int, err error) {
	matches, err := types.ParseLabelFilter(config.Filter)
	if err != nil {
		return nil, 0, fmt.Errorf("the label filter %q cannot be read; combine rule ids and levels with &&, || and !, as in \"BATCH-2 || STATE-1\"", config.Filter)
	}
	err = withGinkgo(newSuite(context.Background(), Config{Walk: config.Walk}), func() {
		specs := PreviewSpecs("").SpecReports
		every = len(specs)
		for _, spec := range specs {
			if matches(spec.Labels()) {
				chosen = append(chosen, Check{Text: spec.LeafNodeText, Rules: rulesOf(spec.Labels()), Mutants: mutantsOf(spec.Labels())})
			}
		}
	})
	return chosen, every, err
}

// Ginkgo keeps one suite in a process, so that runs in one process have to take turns.
var turn sync.Mutex

// ErrForeign tells that Ginkgo's one suite is somebody else's.
var ErrForeign = errors.New("the conformance suite needs Ginkgo to itself, and this test binary has Ginkgo specs of its own; " +
	"call the conformance suite from a package without any")

// withGinkgo registers the checks of a suite, and leaves no trace of them.
func withGinkgo(s *suite, do func()) error {
	turn.Lock()
	defer turn.Unlock()
	if CurrentSpecReport().LeafNodeText != "" || len(PreviewSpecs("").SpecReports) > 0 {
		return ErrForeign
	}
	globals.Reset()
	defer globals.Reset()
	s.tree()
	do()
	return nil
}

// Tries tells whether the check tries a rule.
func (c Check) Tries(rule string) bool { return slices.Contains(c.Rules, rule) }
