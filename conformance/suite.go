package conformance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	ginkgo "github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
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
	every  int // how many checks there are

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
	s.clock.enter(contract.Rule{ID: rulesOf(spec.Labels())[0]}.Family())
	s.progress()
	if why, given := s.given[spec.LeafNodeText]; given {
		Skip(fmt.Sprintf("%q was %s", spec.LeafNodeText, why))
	}
}

func (s *suite) end() {
	spec := CurrentSpecReport()
	s.confirm()
	rules := rulesOf(spec.Labels())
	switch {
	case s.run.Err() != nil: // counts as not carried out
	case spec.State.Is(ginkgo.SpecStateSkipped):
		s.journal.skip(rules, spec.Failure.Message)
	case spec.Failed():
		// Expectations are kept in the journal and do not fail a spec; this one broke off.
		s.abort(fmt.Errorf("the check %q broke off: %s", spec.LeafNodeText, cmp.Or(spec.Failure.ForwardedPanic, spec.Failure.Message)))
	case s.config.Walk != "":
		s.journal.finish(nil, spec.LeafNodeText) // a walk tries what it tries, and no rule as a check does
	default:
		s.journal.finish(s.tried(rules), spec.LeafNodeText)
	}
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

// harmless is a request that deletes nothing, whatever the implementation makes of it.
func (s *suite) harmless() ([]byte, error) {
	missing, err := s.people.Missing(s.run, 1)
	if errors.Is(err, population.ErrScarce) {
		missing, err = []string{}, nil
	}
	return bodyOf(missing), err
}

// Make has the testbed make snapshots, or skips the check if it cannot.
func (s *suite) Make(ctx context.Context, state contract.State, count int) []string {
	s.needs(state)
	ids, err := s.make(ctx, state, count)
	s.manage(err)
	return ids
}

// manage ends the check where it cannot go on: without means for it, it is given up; with a testbed that failed, the run is.
func (s *suite) manage(err error) {
	switch {
	case errors.Is(err, population.ErrBudget), errors.Is(err, population.ErrScarce), errors.Is(err, testbed.ErrCannotMake), errors.Is(err, testbed.ErrSpent):
		Skip(fmt.Sprintf("%q was given up half-way: %s", *s.check.Load(), err))
	case err != nil:
		s.abort(err)
	}
}

// passes tells whether snapshots leave a state by themselves.
func (s *suite) passes(state contract.State) bool {
	into, gone := testbed.Moves(s.bed, state)
	return gone || len(into) > 0
}

func (s *suite) make(ctx context.Context, state contract.State, count int) ([]string, error) {
	ctx, cancel := s.going(ctx)
	defer cancel()
	var ids []string
	var err error
	if state == contract.Normal {
		ids, err = s.people.Take(ctx, count)
	} else {
		ids, err = s.people.Make(ctx, state, count)
	}
	s.takes(state, ids)
	return ids, err
}

// takes remembers which check snapshots were made for: what becomes of those that it never names is its to show.
func (s *suite) takes(state contract.State, ids []string) {
	check := *s.check.Load()
	for _, id := range ids {
		s.takenBy.Store(id, check)
	}
	s.prices.add(check, func(p *price) { p.own[state] += len(ids) })
}

// Newest has the testbed make NORMAL snapshots at this very moment. What goes for the latest snapshots, whatever it was
// asked, meets these.
func (s *suite) Newest(ctx context.Context, count int) []string {
	ctx, cancel := s.going(ctx)
	defer cancel()
	ids, err := s.people.Make(ctx, contract.Normal, count)
	s.manage(err)
	s.takes(contract.Normal, ids)
	return ids
}

// needs skips the check if the testbed cannot make the state.
func (s *suite) needs(state contract.State) {
	if reason, cannot := s.cannot[state]; cannot {
		Skip(reason)
	}
}

// Missing gives ids of no snapshot, of the form that the implementation uses.
func (s *suite) Missing(ctx context.Context, count int) []string {
	ctx, cancel := s.going(ctx)
	defer cancel()
	ids, err := s.people.Missing(ctx, count)
	s.manage(err)
	s.prices.add(*s.check.Load(), func(p *price) { p.missing = max(p.missing, count) })
	return ids
}

// Harmless gives those of the texts that certainly name nobody's snapshot.
func (s *suite) Harmless(ctx context.Context, texts []string) []string {
	ctx, cancel := s.going(ctx)
	defer cancel()
	texts, err := s.people.Harmless(ctx, texts)
	if err != nil {
		s.abort(err)
	}
	return texts
}

// Confirmed is Harmless for a check that has nothing to try where no text is: it is skipped then.
func (s *suite) Confirmed(ctx context.Context, texts []string) []string {
	harmless := s.Harmless(ctx, texts)
	if len(harmless) == 0 && len(texts) > 0 {
		Skip("the testbed confirms of no text but its own ids that it names nobody's snapshot")
	}
	return harmless
}

// others are the states that forbid deletion and that the testbed can make, save those that pass by themselves: these have
// checks of their own.
func (s *suite) others() []contract.State {
	return slices.DeleteFunc(slices.Clone(contract.States), func(state contract.State) bool {
		_, cannot := s.cannot[state]
		return cannot || state == contract.Normal || s.passes(state)
	})
}

// Denied gives snapshots that cannot be deleted, their states taking turns. Checks share them, since nothing that
// happens may change them. Where the testbed can make no such state it gives none.
func (s *suite) Denied(ctx context.Context, count int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := s.others()
	if len(states) == 0 {
		return nil
	}
	s.prices.add(*s.check.Load(), func(p *price) {
		for _, state := range states {
			p.shared[state] = max(p.shared[state], (count-1)/len(states)+1)
		}
	})
	if len(s.refused) < count {
		each := make([][]string, len(states))
		share := (count-len(s.refused)-1)/len(states) + 1
		s.Together(len(states), func(i int) { each[i] = s.share(ctx, states[i], share) })
		for i := range share {
			for _, ids := range each {
				s.refused = append(s.refused, ids[i])
			}
		}
	}
	return slices.Clone(s.refused[:count])
}

// share has snapshots made that all checks use.
func (s *suite) share(ctx context.Context, state contract.State, count int) []string {
	ctx, cancel := s.going(ctx)
	defer cancel()
	ids, err := s.people.Make(ctx, state, count)
	s.manage(err)
	for _, id := range ids {
		s.takenBy.Store(id, *s.check.Load())
	}
	return ids
}

// answer is an exchange, and for a request that was valid in form, what was permitted.
type answer struct {
	*target.Exchange
	said     oracle.Answer
	expected *oracle.Expectation
	also     []string // rules that the check tries by this exchange
	unsure   []string // snapshots named whose state was just passing: they may have been deleted, or denied
}

func (a *answer) String() string {
	switch {
	case a.Err != nil:
		return "no answer: " + a.Err.Error()
	case a.said.Status != http.StatusOK:
		return fmt.Sprintf("%d %s", a.said.Status, a.said.Code)
	case a.said.Unknown:
		return "200 with a list that cannot be read"
	}
	return "200, listed " + oracle.Abbreviate(a.said.Listed)
}

// telling tells whether the answer says what became of the snapshots that the request named.
func (a *answer) telling() bool {
	return oracle.Refused(a.said) || a.said.Status == http.StatusOK && !a.said.Unknown
}

// Send sends any body under the action, or whatever edit makes of the request.
func (s *suite) Send(ctx context.Context, request target.Request) *answer {
	ctx, cancel := s.going(ctx)
	defer cancel()
	if request.From == "" {
		request.From = *s.check.Load()
	}
	request.Within = s.silence.wait()
	e := s.target.Send(ctx, request)
	s.prices.add(*s.check.Load(), func(p *price) { p.exchanges++ })
	s.progress()
	if s.run.Err() != nil {
		AbortSuite(context.Cause(s.run).Error())
	}
	a := &answer{Exchange: e, said: e.Answer()}
	e.Shorten(s.keeps.take(len(e.Raw()) + target.Length(e.Header())))
	return a
}

// Delete asks for snapshots to be deleted. What is permitted is worked out beforehand, and what is to become of each
// snapshot is put down afterwards; also names the rules that are tried besides those that the oracle knows of.
func (s *suite) Delete(ctx context.Context, ids []string, also ...string) *answer {
	return s.DeleteAs(ctx, target.Request{Body: bodyOf(ids), Reuse: len(ids) <= contract.MaxBatch}, ids, also...)
}

// DeleteAs is Delete with a request that says the same in another way.
func (s *suite) DeleteAs(ctx context.Context, request target.Request, ids []string, also ...string) *answer {
	expected := oracle.Expect(ids, s.people.ClassOf)
	done := s.people.Asking(ids...)
	defer done()
	witness := s.before(ctx, ids)
	a := s.Send(ctx, request)
	a.expected, a.also = &expected, also
	s.after(ctx, witness, a)
	s.settle(a)
	witness.Judge()
	s.profile(a)
	return a
}

// before looks at the snapshots whose state passes by itself, if the request that is about to be sent names any.
func (s *suite) before(ctx context.Context, ids []string) *population.Witness {
	ctx, cancel := s.going(ctx)
	defer cancel()
	witness, err := s.people.Before(ctx, ids...)
	if err != nil {
		s.abort(err)
	}
	return witness
}

// after looks at them again, and has the answer expected that what they stood for permits.
func (s *suite) after(ctx context.Context, witness *population.Witness, a *answer) {
	ctx, cancel := s.going(ctx)
	defer cancel()
	classes, err := witness.After(ctx)
	if err != nil {
		s.abort(err)
	}
	if len(classes) == 0 {
		return
	}
	expected := a.expected.Given(classes)
	a.expected = &expected
	for id, class := range classes {
		if class == oracle.Leaving {
			a.unsure = append(a.unsure, id)
			s.miss("some requests tell nothing: the state of a snapshot that they named passed before they were answered")
		} else {
			s.met.Store(true)
		}
	}
}

// bodyOf spells the documented request.
func bodyOf(ids []string) []byte {
	body, _ := json.Marshal(map[string][]string{contract.FieldSnapshotIDs: ids}) // strings always encode
	return body
}

// settle puts down what the answer makes of each snapshot that was named. Where the answer is not permitted, it is
// held to what it says all the same: a listed snapshot was not deleted, and a refused request changed nothing.
func (s *suite) settle(a *answer) {
	expected, said := a.expected, a.said
	deletable, denied := expected.Of(oracle.Deletable), expected.Of(oracle.Denied)
	cause := func(rules ...string) population.Cause {
		return population.Cause{Exchange: a.Exchange, Rules: append(rules, a.also...)}
	}
	// Checks share the snapshots that are denied: what they are tried for besides says nothing about these.
	spared := func(ifGone ...string) population.Cause {
		return population.Cause{Exchange: a.Exchange, Rules: []string{"STATE-3"}, IfGone: append(ifGone, "STATE-2")}
	}
	switch {
	case oracle.Refused(said):
		s.people.Stays(cause("STATE-3", "BATCH-3"), deletable...)
		s.people.Stays(spared(), slices.Concat(denied, a.unsure)...)
	case said.Status == http.StatusOK && !said.Unknown:
		listed := func(id string) bool { return slices.Contains(said.Listed, id) }
		unlisted := slices.DeleteFunc(slices.Clone(deletable), listed)
		rules := []string{"PART-3", "BATCH-5", "STATE-1"}
		if len(expected.Failing()) > 0 {
			rules = append(rules, "PART-2")
		}
		if len(a.expected.IDs()) == contract.MaxBatch {
			rules = append(rules, "BATCH-1")
		}
		s.people.Goes(cause(rules...), unlisted...)
		s.people.Stays(cause("PART-3"), slices.DeleteFunc(deletable, func(id string) bool { return !listed(id) })...)
		s.people.Stays(spared("PART-3"), denied...)
		for _, id := range a.unsure {
			if listed(id) {
				s.people.Stays(spared("PART-3"), id)
			} else {
				s.people.Goes(cause("PART-3"), id)
			}
		}
		s.remember(unlisted)
	default: // a fault of the service: whatever could be deleted may have been, and nothing else
		s.people.Doubtful(slices.Concat(deletable, a.unsure)...)
		s.people.Stays(spared(), denied...)
	}
}

func (s *suite) remember(deleted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, deleted...)
}

// Expect holds an answer against what one rule demands. A failed expectation is put down with its evidence and the
// check goes on: the next ones may find something else.
func (s *suite) Expect(rule string, a *answer) gomega.Assertion {
	return gomega.NewGomega(func(permitted string, _ ...int) {
		s.journal.fail(failure{rule: rule, check: *s.check.Load(), what: a.String(), permitted: permitted, exchanges: []*target.Exchange{a.Exchange}})
	}).Expect(a)
}

// ExpectPermitted holds the answer to a request that is valid in form against what the oracle permits.
func (s *suite) ExpectPermitted(a *answer) {
	rules := a.expected.Broken(a.said)
	if len(rules) > 0 {
		rules = append(rules, a.also...)
		slices.Sort(rules)
	}
	for _, rule := range slices.Compact(rules) {
		s.journal.fail(failure{rule: rule, check: *s.check.Load(), what: a.String(), permitted: a.expected.String(), exchanges: []*target.Exchange{a.Exchange}})
	}
}

// ExpectUntouched puts down that a request must have left the snapshots as they were, by these rules.
func (s *suite) ExpectUntouched(a *answer, ids []string, rules ...string) {
	if oracle.Refused(a.said) {
		rules = append(rules, "STATE-3")
	}
	s.people.Stays(population.Cause{Exchange: a.Exchange, Rules: rules}, ids...)
}

// discrepancy puts down that a snapshot is not as it should be. The check is that which named it last, or had it made
// and never named it, not that during which it was seen.
func (s *suite) discrepancy(d population.Discrepancy) {
	check := leavesAlone // which is there for snapshots that no check has had a use for, too
	if taker, taken := s.takenBy.Load(d.ID); taken {
		check = taker.(string)
	}
	if len(d.Exchanges) > 0 {
		check = d.Exchanges[len(d.Exchanges)-1].From
	}
	for _, rule := range d.Rules {
		s.journal.fail(failure{rule: rule, check: check, what: d.String(), permitted: "to " + d.Expected, exchanges: d.Exchanges})
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
