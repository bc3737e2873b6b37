package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	ginkgo "github.com/onsi/ginkgo/v2/types"

	"github.com/zec-conformance/deletesnapshots/conformance/baseline"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// suite is one run. The checks are its methods, one file for each family of rules.
type suite struct {
	config  Config // without the credentials
	amount  amount
	target  *target.Target
	bed     testbed.Bed
	people  *population.Population
	ledger  *ledger.Ledger
	journal *journal
	clock   *clock
	course  *course

	observer observer
	recorder *har.Writer // of every exchange; nil where nobody wants a recording

	credentials func() signing.Credentials // a function, since none prints what it holds

	parent   context.Context // ends when the run is interrupted
	run      context.Context // ends when the run is interrupted, or cannot go on
	stop     context.CancelCauseFunc
	closeBed func() // lets go of a testbed that the run has opened

	prices  prices
	given   map[string]string // by the text of a check, why the means of the run do not suffice for it
	takenBy sync.Map          // by id, the text of the check that a snapshot was made for

	cannot map[contract.State]string // why snapshots in a state are not to be had
	check  atomic.Pointer[string]    // the text of the check that is being carried out
	chosen []Check
	every  int            // how many checks there are
	known  *baseline.File // failures; nil where nobody knows of any

	// Whether the check that is being carried out has met snapshots in other states, and such as tell nothing of these.
	met, missed atomic.Bool

	silence  silence    // what the run has waited for in vain
	knocking sync.Mutex // held while the endpoint is asked whether it is there
	keeps    allowance  // for the answers that are kept until the run ends

	mu      sync.Mutex
	refused []string // snapshots in other states, shared by the checks since nothing may change them
	gone    []string // snapshots that were deleted in the course of the run
	lostWay *walker  // the walk that was under way when the run could not go on
	early   []string // snapshots that were made when the run began
}

// tree registers the checks with Ginkgo. Order matters in two places only: what is told from single requests comes
// first, so that a reader of the failures meets the simplest first, and what needs deleted snapshots comes last, so
// that they have had time to settle.
func (s *suite) tree() {
	Describe("DeleteSnapshots", Ordered, ContinueOnFailure, func() {
		BeforeEach(s.begin)
		AfterEach(s.end)
		if s.config.Walk != "" {
			s.walks()
			return
		}
		s.requests()
		s.errors()
		s.states()
		s.partialFailures()
		s.batches()
		s.envelopes()
		s.isolation()
		s.authentication()
		s.concurrency()
		s.walks()
		s.goneForGood()
	})
}

// Rule labels a check with the rules that it tries, and with their levels, so that a label filter can choose by both.
// A rule that the contract does not have is a slip of the pen, which no check can be carried out with.
func Rule(ids ...string) Labels {
	labels := Labels(slices.Clone(ids))
	for _, id := range ids {
		rule, known := contract.RuleByID(id)
		if !known {
			panic("the contract has no rule " + id)
		}
		if !slices.Contains(labels, string(rule.Level)) {
			labels = append(labels, string(rule.Level))
		}
	}
	return labels
}

// rulesOf gives the rules among a check's labels.
func rulesOf(labels []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(label string) bool {
		_, known := contract.RuleByID(label)
		return !known
	})
}

// Catches labels a check with the mutants that it is there for: it has to catch each of them whatever the other checks
// do. Each mutant belongs to one check, so that none can be taken out, or lose its edge, without anybody noticing.
func Catches(mutants ...string) Labels {
	labels := make(Labels, len(mutants))
	for i, name := range mutants {
		labels[i] = catches + name
	}
	return labels
}

const catches = "catches: "

// slug spells a state as mutants' names do.
func slug(state contract.State) string {
	return strings.ToLower(strings.ReplaceAll(string(state), "_", "-"))
}

// mutantsOf gives the mutants among a check's labels.
func mutantsOf(labels []string) []string {
	var mutants []string
	for _, label := range labels {
		if name, found := strings.CutPrefix(label, catches); found {
			mutants = append(mutants, name)
		}
	}
	return mutants
}

func (s *suite) begin() {
	spec := CurrentSpecReport()
	s.check.Store(&spec.LeafNodeText)
	s.met.Store(false)
	s.missed.Store(false)
	s.clock.enter(contract.Family(rulesOf(spec.Labels())[0]))
	s.course.begin(spec.LeafNodeText, rulesOf(spec.Labels()))
	s.progress()
	if why, given := s.given[spec.LeafNodeText]; given {
		Skip(fmt.Sprintf("%q was %s", spec.LeafNodeText, why))
	}
}

func (s *suite) end() {
	spec := CurrentSpecReport()
	s.confirm()
	rules, reason := rulesOf(spec.Labels()), ""
	switch {
	case s.run.Err() != nil: // counts as not carried out
		reason = endedBefore
	case spec.State.Is(ginkgo.SpecStateSkipped):
		reason = s.journal.redact.Replace(spec.Failure.Message)
		s.journal.skip(rules, reason)
	case spec.Failed():
		// Expectations are kept in the journal and do not fail a spec; this one broke off.
		s.abort(fmt.Errorf("the check %q broke off: %s", spec.LeafNodeText, cmp.Or(spec.Failure.ForwardedPanic, spec.Failure.Message)))
	case s.config.Walk != "":
		s.journal.finish(nil, spec.LeafNodeText) // a walk tries what it tries, and no rule as a check does
	default:
		s.journal.finish(s.tried(rules), spec.LeafNodeText)
	}
	s.course.end(time.Since(spec.StartTime), reason)
	s.progress()
}

// tried leaves out of a check's rules those about other states, where it met none that told anything: missing ids stood in
// for snapshots in such, or their states had always just passed.
func (s *suite) tried(rules []string) []string {
	if s.met.Load() || !s.missed.Load() {
		return rules
	}
	return slices.DeleteFunc(rules, func(rule string) bool { return slices.Contains(aboutOtherStates, rule) })
}

// miss puts down that a check has no snapshot in another state where it wanted one, and why.
func (s *suite) miss(why string) {
	s.missed.Store(true)
	for _, rule := range aboutOtherStates {
		s.journal.omit(rule, why)
	}
}

// aboutOtherStates are the rules that nothing tries but snapshots in other states than NORMAL.
var aboutOtherStates = []string{"ERR-2", "STATE-2"}

func (s *suite) progress() {
	if s.config.Progress == nil {
		return
	}
	inUse := s.people.InUse() // before the journal is locked: the population writes there while it is locked itself
	s.journal.mu.Lock()
	state := report.State{
		Done: s.journal.done + s.journal.skipped, Total: len(s.chosen), Broken: s.journal.broken,
		Check: *s.check.Load(), Exchanges: s.target.Usage().Exchanges, Snapshots: inUse,
	}
	s.journal.mu.Unlock()
	state.Phase, state.Elapsed = s.clock.now()
	state.Left, state.Releasing = s.left(state), state.Phase == releasing
	if err := rescue.Call(func() error { s.config.Progress(state); return nil }); err != nil {
		s.stop(err) // and what was made is released all the same
	}
}

// left guesses how long the run will go on: as it went so far, and as many exchanges as its effort takes.
func (s *suite) left(now report.State) time.Duration {
	const telling = 20 // parts of a run, one of which has to be over before the rest can be guessed
	expected := s.amount.exchanges * len(s.chosen) / max(1, s.every)
	if now.Exchanges < expected/telling || now.Exchanges >= expected {
		return 0
	}
	rest := time.Duration(float64(now.Elapsed) * float64(expected-now.Exchanges) / float64(now.Exchanges))
	return rest + s.config.Linger
}

// abort ends the run: it cannot go on.
func (s *suite) abort(err error) {
	s.stop(err)
	AbortSuite(err.Error())
}

// going ends the check if the run has ended, and else gives a context for its requests.
func (s *suite) going(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.run.Err() != nil {
		AbortSuite(context.Cause(s.run).Error())
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.run, func() { cancel(context.Cause(s.run)) })
	return ctx, func() { stop(); cancel(nil) }
}

// lost deals with an exchange that is no evidence of anything: the run has ended, or cannot go on.
func (s *suite) lost(e *target.Exchange) bool {
	const tolerated = 3 // in a row, before the endpoint is asked whether it is there
	inARow, tooLong := s.silence.heard(e)
	switch {
	case s.run.Err() != nil:
		return true
	case errors.Is(e.Err, target.ErrPatience):
		s.stop(fmt.Errorf("the endpoint %w; try again when it is less busy", e.Err))
		return true
	case errors.Is(e.Err, target.ErrFlood):
		s.stop(fmt.Errorf("%w: %w", errFlooding, e.Err))
		return true
	case e.Err == nil:
		return false
	case e.From == stillThere:
		return true
	case tooLong:
		s.stop(errHanging)
		return true
	case inARow >= tolerated:
		s.knock(func() bool { return s.silence.now() >= tolerated })
	}
	return s.run.Err() != nil || e.Unreachable
}

const stillThere = "asking whether anybody is there"

// confirm finds out whether requests that got no answer are the implementation's fault, or whether it has gone away,
// which is no breach of anything and ends the run.
func (s *suite) confirm() { s.knock(s.journal.doubts) }

// knock asks the endpoint whether it is there, if that is still needed when nobody else is knocking.
func (s *suite) knock(needed func() bool) {
	s.knocking.Lock()
	defer s.knocking.Unlock()
	if s.run.Err() != nil || !needed() {
		return
	}
	body, err := s.harmless()
	if err != nil {
		s.stop(err)
		return
	}
	if e := s.target.Send(s.run, target.Request{Body: body, From: stillThere, Within: s.silence.knocks()}); e.Err != nil {
		s.stop(fmt.Errorf("%w: %w", errSilent, e.Err)) // to no effect if the run has been ended
	}
}

// Together does something n times at once, and waits for all of them.
func (s *suite) Together(n int, do func(i int)) {
	s.InLanes(n, n, do)
}

// Again does something for each of n cases, and goes on with the first until it has done so as often as the effort asks
// for: what goes wrong only now and then has to get its chances. It is independent of each other what is done.
func (s *suite) Again(cases int, do func(i int)) {
	if cases > 0 {
		s.InLanes(lanes, max(cases, s.amount.again), func(i int) { do(i % cases) })
	}
}

// InLanes does something n times, at most as many at once as there are lanes.
func (s *suite) InLanes(lanes, n int, do func(i int)) {
	var next, through atomic.Int64
	var tasks sync.WaitGroup
	lanes = min(lanes, n)
	for range lanes {
		tasks.Go(func() {
			defer GinkgoRecover() // a lane that ends the run must not end the process
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
			through.Add(1)
		})
	}
	tasks.Wait()
	if s.run.Err() != nil {
		AbortSuite(context.Cause(s.run).Error())
	}
	if int(through.Load()) < lanes {
		Skip("a part of it was given up") // the lane has said why, and what it was to bring is not there
	}
}

// random gives a source of chance that is the check's own, so that a filter does not change what a check does.
func (s *suite) random(check string) *rand.Rand {
	var hash uint64 = 14695981039346656037
	for _, b := range []byte(check) {
		hash = (hash ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(uint64(s.config.Seed), hash))
}
