// Package conformance judges an implementation of DeleteSnapshots by the contract in openapi.yaml.
//
// Run is the suite; the command and Test are doors to it. The checks are in the files that are named for the rules
// that they try; the observer judges what holds for every exchange.
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
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// fewSnapshots is the portion of a run that is one walk.
const fewSnapshots = 4

// How long the release of snapshots may take, at the most, after an interrupt, and where the run could not go on.
const (
	farewell = 1500 * time.Millisecond
	retreat  = 10 * time.Second
)

var errInterrupted = errors.New("the run was interrupted")

// Run judges an implementation. It gives a report also where the run could not be carried out to its end; its
// Verdict and Reason then say so. An error means that nothing was sent: a *ConfigError, or ErrForeign.
//
// Runs in one process take turns.
//
// Ending ctx ends the run: what the run made is released, and the report tells what was found by then.
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
	chosen, err := checks(config)
	if err != nil {
		return nil, &ConfigError{err}
	}
	if len(chosen) == 0 {
		return nil, &ConfigError{fmt.Errorf("the label filter %q chooses no check; labels are rule ids such as BATCH-2, and the levels MUST, SHOULD and NOTE", config.Filter)}
	}

	s := newSuite(ctx, config)
	s.target = target.New(target.Config{
		Endpoint: endpoint, Credentials: config.Credentials, Trust: config.Trust,
		Timeout: config.Timeout, Patience: patience, Observe: s.observe,
	})
	if s.bed = config.Bed; s.bed == nil {
		if s.bed, err = testbed.Open(config.Testbed, testbed.Surroundings{
			Trust: config.Trust, Timeout: config.Timeout, Patience: patience, Ask: s.target.Ask,
		}); err != nil {
			return nil, &ConfigError{fmt.Errorf("testbed: %w", err)}
		}
		if closer, holds := s.bed.(io.Closer); holds {
			defer closer.Close()
		}
	}
	s.settleIn()
	s.total = len(chosen)
	var result *report.Report
	err = withGinkgo(s, func() {
		started := time.Now()
		cutShort := s.judge()
		if ctx.Err() != nil && cutShort != nil {
			cutShort = fmt.Errorf("%w: %w", errInterrupted, context.Cause(ctx))
		}
		result = s.report(started, endpoint, cutShort)
	})
	return result, err
}

func newSuite(ctx context.Context, config Config) *suite {
	s := &suite{
		config: config, amount: efforts[config.Effort], journal: newJournal(config.Credentials.Secrets()),
		clock: newClock("setting up"), cannot: map[contract.State]string{},
		silence: silence{timeout: config.Timeout}, keeps: allowance{left: mostKept, longest: longestKept},
	}
	if config.Walk != "" {
		s.amount.portion = fewSnapshots
	}
	s.run, s.stop = context.WithCancelCause(ctx)
	s.check.Store(new("setting up"))
	return s
}

// settleIn opens the books of the run.
func (s *suite) settleIn() {
	config := s.config
	s.people = population.New(s.run, population.Config{
		Bed: s.bed, Settle: config.Settle, Linger: config.Linger, Seed: config.Seed, Portion: s.amount.portion, Budget: config.Budget,
		Report: s.discrepancy,
		Broken: func(err error) { s.stop(err) },
	})
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
	missing, err := s.people.Missing(s.run, 1)
	if err != nil {
		return cmp.Or(context.Cause(s.run), err)
	}
	e := s.target.Send(s.run, target.Request{Body: bodyOf(missing), From: "setting up"})
	switch {
	case s.run.Err() != nil:
		return context.Cause(s.run)
	case errors.Is(e.Err, target.ErrTimeout):
		return fmt.Errorf("the endpoint does not answer (POST %s: %w); is --endpoint right?", e.URL, e.Err)
	case e.Unreachable:
		return fmt.Errorf("the endpoint cannot be reached (POST %s: %w); is it running, and is --endpoint right?", e.URL, e.Err)
	case strings.HasPrefix(e.Answer().Code, contract.AuthCodePrefix):
		given := "they are not accepted"
		if !s.config.Credentials.Present() {
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
		return fmt.Errorf("the testbed says that it cannot make snapshots in state %s (GET of its base), and without them nothing can be judged", contract.Normal)
	}
	if err := s.people.Stock(s.run); err != nil {
		return fmt.Errorf("no snapshot in state %s: %w", contract.Normal, err)
	}
	if s.early, err = s.people.Take(s.run, 3); err != nil {
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
			failures[i] = s.try(state)
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
	switch {
	case err != nil:
		return err
	case sight.ID != ids[0]:
		return fmt.Errorf("the testbed, asked for snapshot %s (GET snapshots/%s), shows %.80q", ids[0], ids[0], sight.ID)
	case !sight.Gone && sight.State == state && state == contract.Normal:
		if silence, _ := contract.SilenceByID("state-name"); silence.Knows(sight.Name) {
			s.journal.choose("state-name", sight.Name)
		}
	case sight.Gone || sight.State != state:
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
	RunSpecs(deaf{}, "DeleteSnapshots", suiteConfig, reporterConfig)
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
func (s *suite) report(started time.Time, endpoint reach.Base, cutShort error) *report.Report {
	s.enter("releasing snapshots")
	defer s.stop(nil)
	s.stop(errors.New("the run is over"))
	within := s.config.Timeout
	if errors.Is(cutShort, errInterrupted) {
		within = farewell
	} else if cutShort != nil {
		within = min(within, retreat)
	}
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	left := s.people.Release(ctx)

	usage := s.target.Usage()
	r := &report.Report{
		Strict: s.config.Strict, Endpoint: endpoint.String(), Testbed: cmp.Or(s.config.Testbed, "in Go"),
		Seed: s.config.Seed, Effort: string(s.config.Effort), Filter: s.config.Filter, Started: started,
		Exchanges: usage.Exchanges, Snapshots: s.people.Count(), Waits: usage.Waits, Waited: usage.Waited.Seconds(),
		Checks: report.Checks{Done: s.journal.done, Skipped: s.journal.skipped, Total: s.total},
		Left:   s.journal.redactAll(left),
	}
	untried := "no check of it was chosen"
	if cutShort != nil {
		r.Reason = s.journal.brief(cutShort.Error())
		untried = "the run ended before"
	}
	r.Rules = s.journal.results(untried)
	s.profileDeletions()
	r.Profile = s.journal.profile()
	if s.lostWay != nil {
		r.Walk = s.lostWay.report(s.journal)
	}
	r.Phases, r.Seconds = s.clock.finish()
	// What was proved before the target fell silent is still proved. A fault of the testbed leaves nothing certain,
	// and an interrupted run was not meant to be judged.
	fellSilent := errors.Is(cutShort, errSilent) || errors.Is(cutShort, errHanging) || errors.Is(cutShort, errFlooding)
	r.Judge(cutShort != nil, cutShort != nil && !fellSilent)
	return r
}
