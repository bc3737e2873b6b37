// Package conformance judges an implementation of DeleteSnapshots by the contract in openapi.yaml.
//
// [Run] is the suite; the command and [Test] are doors to it, and [JudgeLog] judges a recording in place of a run. The checks
// are in the files that are named for the rules that they try; the observer judges what holds for every exchange.
package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	ginkgo "github.com/onsi/ginkgo/v2/types"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// early is how many snapshots are made when a run begins, to be deleted at its end.
const early = 3

// endedBefore is why a check was not carried out to its end, or not at all, where the run was cut short.
const endedBefore = "the run ended before"

// fewSnapshots is the portion of a run that is one walk.
const fewSnapshots = 4

// releasing is the last phase of a run.
const releasing = "releasing snapshots"

// How long the release of snapshots goes on after the last that succeeded: as a rule, and where the run could not go on for
// another reason than an interrupt, when the testbed may be gone as well.
const (
	farewell = 30 * time.Second
	retreat  = 10 * time.Second
)

var errInterrupted = errors.New("the run was interrupted")

// Run judges an implementation. It gives a report also where the run could not be carried out to its end; its
// Verdict and Reason then say so. An error means that nothing was sent: a *ConfigError, or ErrForeign.
//
// Runs in one process take turns.
//
// Ending ctx ends the run: what the run made is released, and the report tells what was found by then. Config has AtOnce
// for whoever cannot wait for that.
func Run(ctx context.Context, config Config) (*report.Report, error) {
	stop, err := config.serve()
	if err != nil {
		return nil, &ConfigError{err}
	}
	defer stop()
	config, endpoint, err := config.complete()
	if err != nil {
		return nil, &ConfigError{err}
	}
	s, err := newRun(ctx, config, endpoint)
	if err != nil {
		return nil, &ConfigError{err}
	}
	defer s.closeBed()
	defer s.limit()()
	defer context.AfterFunc(s.config.AtOnce, func() { s.stop(context.Cause(s.config.AtOnce)) })()
	if err := s.economize(); err != nil && s.run.Err() == nil {
		return nil, err
	}
	if err := s.open(); err != nil {
		return nil, &ConfigError{err}
	}
	return s.carryOut()
}

// newRun prepares a run: its checks are chosen, its target and testbed are ready to be asked.
func newRun(ctx context.Context, config Config, endpoint reach.Base) (*suite, error) {
	chosen, every, err := config.chosen()
	if err != nil {
		return nil, err
	}
	s := newSuite(ctx, config)
	s.chosen, s.every = chosen, every
	if s.known, err = readKnown(config.Baseline); err != nil {
		return nil, err
	}
	pace := gentle.NewPace(config.Rate, config.Parallel)
	s.target = newTarget(config, endpoint, pace, s.observe, s.journal.redact)
	s.bed, s.closeBed, err = openBed(config, endpoint, pace, s.target)
	return s, err
}

// economize works out what the run can afford, where that is bounded, and tells of it.
func (s *suite) economize() error {
	stage := settingOf(s.bed)
	if s.config.Budget == 0 && stage.spending == nil {
		return nil
	}
	var err error
	if stage.states, err = s.bed.States(s.run); err != nil {
		return nil // which the run itself will meet, and report
	}
	config := s.config
	config.Credentials = s.credentials()
	o, err := config.outline(s.run, stage)
	if err != nil {
		return err
	}
	s.amount, s.given = o.amount, o.given
	s.amount.exchanges, s.every = o.Exchanges, len(s.chosen)
	if s.config.Planned != nil {
		s.config.Planned(&o.Plan)
	}
	return nil
}

// carryOut has the checks carried out, and puts together what was found.
func (s *suite) carryOut() (result *report.Report, err error) {
	err = withGinkgo(s, func() {
		defer s.logRedacted()()
		defer s.target.Close()
		started := time.Now()
		cutShort := rescue.Call(s.judge)
		if interrupt := cmp.Or(context.Cause(s.parent), context.Cause(s.config.AtOnce)); interrupt != nil && cutShort != nil {
			cutShort = fmt.Errorf("%w: %w", errInterrupted, interrupt)
		}
		result = s.report(started, cutShort)
		if s.recorder != nil {
			_ = s.recorder.Close() // whoever gave the writer knows what became of it
		}
	})
	if err != nil {
		err = errors.Join(err, s.ledger.Close(nil))
	}
	return result, err
}

// chosen gives the checks that the config chooses, at least one, and of how many that is a choice.
func (c Config) chosen() (chosen []Check, every int, err error) {
	chosen, every, err = checks(c)
	if err == nil && len(chosen) == 0 {
		err = fmt.Errorf("the label filter %q chooses no check; labels are rule ids such as BATCH-2, and the levels MUST, SHOULD and NOTE", c.Filter)
	}
	return chosen, every, err
}

// limit ends the run in time for its snapshots to be released, if it may not take as long as it likes.
func (s *suite) limit() (stop func()) {
	whole := s.config.RunTime
	if whole == 0 {
		return func() {}
	}
	over := fmt.Errorf("the time for the whole run is over (%s)", whole)
	release := min(whole/4, patience) // the part that is kept for it
	timer := time.AfterFunc(whole-release, func() { s.stop(over) })
	atOnce, cancel := context.WithTimeoutCause(s.config.AtOnce, whole, over)
	s.config.AtOnce = atOnce
	return func() { timer.Stop(); cancel() }
}

func newTarget(config Config, endpoint reach.Base, pace *gentle.Pace, observe func(*target.Exchange), hide *redact.Redactor) *target.Target {
	return target.New(target.Config{
		Endpoint: endpoint, Credentials: config.Credentials, Trust: config.Trust,
		Timeout: config.Timeout, Patience: patience, Pace: pace, Observe: observe, Redact: hide,
	})
}

// openBed opens the testbed of a config, and gives what closes it.
func openBed(config Config, endpoint reach.Base, pace *gentle.Pace, actions *target.Target) (bed testbed.Bed, done func(), err error) {
	if config.Bed != nil {
		return config.Bed, func() {}, nil
	}
	bed, err = testbed.Open(config.Testbed, testbed.Surroundings{
		Endpoint: endpoint, Trust: config.Trust, Timeout: config.Timeout, Patience: patience, Pace: pace, Ask: actions.Ask,
	})
	if err != nil {
		return nil, func() {}, fmt.Errorf("testbed: %w", err)
	}
	if closer, holds := bed.(io.Closer); holds {
		return bed, func() { _ = closer.Close() }, nil // whatever it says, it has done what it was opened for
	}
	return bed, func() {}, nil
}

// OpenBed opens the testbed of a config outside of a run, to see what runs left there. It is of use until done is called.
func OpenBed(config Config) (bed testbed.Bed, done func(), err error) {
	config, endpoint, err := config.complete()
	if err != nil {
		return nil, nil, err
	}
	return openBed(config, endpoint, nil, newTarget(config, endpoint, nil, nil, nil))
}

func newSuite(ctx context.Context, config Config) *suite {
	s := &suite{
		config: config, amount: efforts[config.Effort], journal: newJournal(config.Credentials.Secrets()),
		clock: newClock("setting up"), course: newCourse(), cannot: map[contract.State]string{},
		credentials: func() signing.Credentials { return config.Credentials },
		silence:     silence{timeout: config.Timeout}, keeps: allowance{left: mostKept, longest: longestKept},
	}
	s.config.Credentials = signing.Credentials{}
	s.journal.redact.Name(config.Credentials.Identity()...)
	if config.Walk != "" {
		s.amount.portion = fewSnapshots
	}
	s.parent = ctx
	s.run, s.stop = context.WithCancelCause(ctx)
	s.check.Store(new("setting up"))
	s.observer = observer{s.journal, func() string { return *s.check.Load() }}
	if config.Record != nil {
		s.recorder = har.NewWriter(config.Record, report.Creator)
	}
	return s
}

// open opens the books of the run.
func (s *suite) open() (err error) {
	config := s.config
	if config.Ledger != "" {
		head := ledger.Head{Started: time.Now(), Endpoint: config.Endpoint, Testbed: config.Testbed}
		if s.ledger, err = ledger.Create(config.Ledger, head); err != nil {
			return err
		}
	}
	s.people = population.New(s.run, population.Config{
		Bed: s.bed, Settle: config.Settle, Linger: config.Linger, Seed: config.Seed, Portion: s.amount.portion, Budget: config.Budget,
		Ledger: s.ledger, Farewell: config.Timeout, AtOnce: config.AtOnce,
		Report: s.discrepancy,
		Broken: func(err error) { s.stop(err) },
	})
	return nil
}

// judge carries the run out: it gives the reason if that was not possible to the end.
func (s *suite) judge() error {
	err := s.prepare()
	if err == nil {
		s.specs()
		err = context.Cause(s.run)
	}
	if err == nil {
		s.enter("waiting for deletions to settle, and the last look")
		err = s.people.LastLook(s.run)
		err = cmp.Or(context.Cause(s.run), err) // the cause is what came first
	}
	return err
}

func (s *suite) enter(phase string) {
	s.check.Store(&phase)
	s.clock.enter(phase)
	s.progress()
}

// prepare finds out what the testbed can do, and whether the endpoint answers at all.
func (s *suite) prepare() error {
	if err := s.prepareStates(); err != nil {
		return cmp.Or(context.Cause(s.run), err)
	}
	body, err := s.harmless()
	if err != nil {
		return cmp.Or(context.Cause(s.run), err)
	}
	e := s.target.Send(s.run, target.Request{Body: body, From: "setting up"})
	switch {
	case s.run.Err() != nil:
		return context.Cause(s.run)
	case errors.Is(e.Err, target.ErrTimeout):
		return fmt.Errorf("the endpoint does not answer (POST %s: %w); is --endpoint right?", e.URL, e.Err)
	case e.Unreachable:
		return fmt.Errorf("the endpoint cannot be reached (POST %s: %w); is it running, and is --endpoint right?", e.URL, e.Err)
	case strings.HasPrefix(e.Answer().Code, contract.AuthCodePrefix):
		given := "they are not accepted"
		if !s.credentials().Present() {
			given = "none are given"
		}
		return fmt.Errorf("the endpoint wants credentials (%d %s), and %s; set %s", e.Status(), e.Answer().Code, given, signing.Names)
	}
	return nil
}

// prepareStates makes a snapshot in each state that the testbed says it can make, and sees that it shows it so.
func (s *suite) prepareStates() error {
	states, err := s.bed.States(s.run)
	if err != nil {
		return err
	}
	if !slices.Contains(states, contract.Normal) {
		return fmt.Errorf("the testbed says that it cannot make snapshots in state %s (its \"states\"), and without them nothing can be judged", contract.Normal)
	}
	if err := s.people.Stock(s.run); err != nil {
		return fmt.Errorf("no snapshot in state %s: %w", contract.Normal, err)
	}
	if s.early, err = s.people.Take(s.run, early); err != nil {
		return err
	}
	var trials sync.WaitGroup
	failures := make([]error, len(contract.States))
	reasons := make([]string, len(contract.States))
	for i, state := range contract.States {
		if !slices.Contains(states, state) {
			reasons[i] = fmt.Sprintf("the testbed says that it cannot make snapshots in state %s", state)
			continue
		}
		trials.Go(func() {
			failures[i] = rescue.Call(func() error { return s.try(state) })
			if errors.Is(failures[i], testbed.ErrCannotMake) && state != contract.Normal {
				reasons[i], failures[i] = failures[i].Error(), nil
			}
		})
	}
	trials.Wait()
	for i, state := range contract.States {
		if reasons[i] != "" {
			s.cannot[state] = reasons[i]
		}
	}
	return cmp.Or(failures...) // one will do: the others most likely have the same cause
}

// try makes one snapshot and looks at it.
func (s *suite) try(state contract.State) error {
	ids, err := s.people.Make(s.run, state, 1)
	if err != nil {
		return err
	}
	sight, err := s.bed.Look(s.run, ids[0])
	if _, spending := s.bed.(testbed.Spending); spending && state == contract.Normal {
		s.people.Doubtful(ids...) // the look has deleted it
	}
	switch {
	case err != nil:
		return err
	case sight.ID != ids[0]:
		return fmt.Errorf("the testbed, asked for snapshot %s (GET snapshots/%s), shows %.80q", ids[0], ids[0], sight.ID)
	case !sight.Gone && sight.State == state && state == contract.Normal:
		if silence, _ := contract.SilenceByID("state-name"); silence.Knows(sight.Name) {
			s.journal.choose("state-name", sight.Name)
		}
	case (sight.Gone || sight.State != state) && s.passes(state):
		return fmt.Errorf("%w: it passes too fast; a snapshot that was just made in state %s is shown as %s", testbed.ErrCannotMake, state, sight)
	case sight.Gone || sight.State != state:
		if _, spending := s.bed.(testbed.Spending); spending {
			return fmt.Errorf("the list has %s in state %s, and the endpoint says that it is %s; is the list out of date?", ids[0], state, sight)
		}
		return fmt.Errorf("the testbed shows a snapshot that it has just made in state %s as %s (GET snapshots/%s)", state, sight, ids[0])
	}
	return nil
}

// specs has Ginkgo carry the checks out. What they find is in the journal; Ginkgo's own report would tell nothing else,
// and is not shown.
func (s *suite) specs() {
	suiteConfig, reporterConfig := s.ginkgo()
	shown := formatter.ColorableStdOut
	formatter.ColorableStdOut = io.Discard
	defer func() { formatter.ColorableStdOut = shown }()
	if !RunSpecs(deaf{}, "DeleteSnapshots", suiteConfig, reporterConfig) {
		s.stop(errors.New("a check broke off")) // to no effect if the run has ended for a better reason
	}
}

func (s *suite) ginkgo() (ginkgo.SuiteConfig, ginkgo.ReporterConfig) {
	suiteConfig, reporterConfig := GinkgoConfiguration()
	suiteConfig.RandomSeed = s.config.Seed
	suiteConfig.LabelFilter = s.config.Filter
	suiteConfig.Timeout = 0               // the run's length is bounded by its requests, each of which is bounded
	suiteConfig.GracePeriod = time.Second // after an interrupt; every wait of the suite ends with it
	reporterConfig.Succinct, reporterConfig.NoColor = true, true
	return suiteConfig, reporterConfig
}

// deaf is the test that Ginkgo reports to: the verdict is not Ginkgo's.
type deaf struct{}

func (deaf) Fail() {}

// report puts together what was found.
func (s *suite) report(started time.Time, cutShort error) *report.Report {
	s.stop(errors.New("the run is over"))
	s.enter(releasing)
	patience := max(farewell, s.config.Timeout)
	if cutShort != nil && !errors.Is(cutShort, errInterrupted) {
		patience = retreat
	}
	left, lost := s.people.Release(patience)
	_ = s.ledger.Close(left) // if that cannot be put down, the ledger names more than there is

	usage, safe := s.target.Usage(), s.journal.redact.Replace
	r := &report.Report{
		Strict: s.config.Strict, Endpoint: safe(s.config.Endpoint), Testbed: cmp.Or(safe(s.config.Testbed), "in Go"),
		Seed: s.config.Seed, Effort: string(s.config.Effort), Filter: safe(s.config.Filter), Started: started,
		Exchanges: usage.Exchanges, Snapshots: s.people.Count(), Waits: usage.Waits, Waited: usage.Waited.Seconds(),
		Checks: report.Checks{Done: s.journal.done, Skipped: s.journal.skipped, Total: len(s.chosen)},
		Left:   s.journal.redactAll(left), Lost: lost,
	}
	if s.ledger != nil && s.config.Bed == nil && len(left)+len(r.Lost) > 0 {
		r.Clean = "zec-conformance clean --ledger " + target.Quote(s.ledger.Path()) + " --yes"
	}
	untried := "no check of it was chosen"
	if cutShort != nil {
		r.Reason = brief(cutShort.Error(), safe)
		untried = endedBefore
	}
	r.Rules = s.journal.results(untried)
	s.profileDeletions()
	r.Profile = s.journal.profile()
	if s.lostWay != nil {
		r.Walk = s.lostWay.report(s.journal)
	}
	r.Phases, r.Seconds = s.clock.finish()
	s.course.report(r)
	// What was proved before the target fell silent is still proved. A fault of the testbed leaves nothing certain,
	// and an interrupted run was not meant to be judged.
	fellSilent := errors.Is(cutShort, errSilent) || errors.Is(cutShort, errHanging) || errors.Is(cutShort, errFlooding)
	r.Judge(cutShort != nil, cutShort != nil && !fellSilent)
	judgeKnown(r, s.known, safe)
	return r
}
