package conformance_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// trap is the mock's testbed, with something that happens before it is asked.
type trap struct {
	testbed.Bed
	mock   *mock.Service
	before func(ctx context.Context, method string) error

	mu   sync.Mutex
	made []string
}

func newTrap(before func(ctx context.Context, method string) error) *trap {
	m := mock.NewService()
	return &trap{Bed: testbed.NewHandler(m, mock.TestbedPath, 0), mock: m, before: before}
}

func (b *trap) States(ctx context.Context) ([]contract.State, error) {
	if err := b.before(ctx, "States"); err != nil {
		return nil, err
	}
	return b.Bed.States(ctx)
}

func (b *trap) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	if err := b.before(ctx, "Make"); err != nil {
		return nil, err
	}
	ids, err := b.Bed.Make(ctx, state, count)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made = append(b.made, ids...)
	return ids, err
}

func (b *trap) Look(ctx context.Context, id string) (testbed.Sight, error) {
	if err := b.before(ctx, "Look"); err != nil {
		return testbed.Sight{}, err
	}
	return b.Bed.Look(ctx, id)
}

func (b *trap) Release(ctx context.Context, id string) error {
	if err := b.before(ctx, "Release"); err != nil {
		return err
	}
	return b.Bed.Release(ctx, id)
}

// left gives the snapshots that are there still.
func (b *trap) left() (left []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range b.made {
		if _, there := b.mock.State(id); there {
			left = append(left, id)
		}
	}
	return left
}

// on has a run judge the mock of a trap.
func (b *trap) on(t *testing.T, change func(*conformance.Config)) *report.Report {
	t.Helper()
	return judge(t, b.mock, func(config *conformance.Config) {
		config.Testbed, config.Bed = "", b
		if change != nil {
			change(config)
		}
	})
}

// TestAPanicEndsTheRunAndNotTheProcess has the testbed panic where a function of the suite's asks it.
func TestAPanicEndsTheRunAndNotTheProcess(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	for name, at := range map[string]struct{ method, within, filter string }{
		"when it is asked for its states": {method: "States"},
		"when a state is tried":           {method: "Look", within: ".(*suite).try("},
		"when ids are made up":            {method: "Look", within: ".(*Population).confirm."},
		"when a check needs snapshots":    {method: "Make", within: ".(*suite).Newest("},
		"when they are made ahead":        {method: "Make", within: ".(*Population).refill("},
		"in a lane of a check":            {method: "Look", within: ".(*walker).observe(", filter: onlyWalks},
		"when a deletion is watched":      {method: "Look", within: ".(*Population).watchGoing("},
		"when a refusal is watched":       {method: "Look", within: ".(*Population).watchStaying("},
		"at the last look":                {method: "Look", within: ".(*Population).lookAgain(", filter: "ERR-2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newTrap(func(_ context.Context, method string) error {
				if method == at.method && strings.Contains(string(debug.Stack()), at.within) {
					panic("a token: " + secret)
				}
				return nil
			})
			result := bed.on(t, func(config *conformance.Config) {
				config.Filter, config.Credentials = at.filter, signing.Credentials{Token: secret}
			})
			g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
			g.Expect(result.Reason).To(ContainSubstring("a token: REDACTED"))
			g.Expect(result.Reason).NotTo(ContainSubstring("goroutine"))
			g.Expect(bed.left()).To(BeEmpty())
			g.Expect(result.Left).To(BeEmpty())
		})
	}
}

func TestAPanicInARelease(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var once sync.Once
	bed := newTrap(func(_ context.Context, method string) error {
		if method == "Release" {
			once.Do(func() { panic("no") })
		}
		return nil
	})
	result := bed.on(t, func(config *conformance.Config) { config.Filter = "ERR-1" })
	g.Expect(bed.left()).To(HaveLen(1), "the others are released")
	g.Expect(result.Left).To(Equal(bed.left()))
	satisfiesTheSchema(t, result)
}

func TestAPanicOfWhoeverShowsTheProgress(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newTrap(func(context.Context, string) error { return nil })
	result := bed.on(t, func(config *conformance.Config) {
		config.Progress = func(state report.State) { panic("no screen") }
	})
	g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
	g.Expect(result.Reason).To(ContainSubstring("no screen"))
	g.Expect(bed.left()).To(BeEmpty())
}

// TestARunThatEndsAtOnce has the testbed hang when it is asked to make or release snapshots.
func TestARunThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, hangs := range []string{"Make", "Release"} {
		t.Run(hangs, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			reason := errors.New("now")
			atOnce, end := context.WithCancelCause(t.Context())
			calls := 0
			var mu sync.Mutex
			bed := newTrap(func(ctx context.Context, method string) error {
				mu.Lock()
				if method == hangs {
					calls++
				}
				hang := method == hangs && calls > 3
				mu.Unlock()
				if !hang {
					return nil
				}
				end(reason)
				<-ctx.Done()
				return context.Cause(ctx)
			})
			path := filepath.Join(t.TempDir(), "ledger.jsonl")
			result := bed.on(t, func(config *conformance.Config) { config.AtOnce, config.Ledger = atOnce, path })
			g.Expect(result.Left).To(ContainElements(bed.left()))
			g.Expect(bed.left()).NotTo(BeEmpty())
			g.Expect(result.Clean).To(BeEmpty(), "no command knows a testbed in Go")
			g.Expect(path).To(BeARegularFile())
			if hangs == "Make" {
				g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
				g.Expect(result.Reason).To(Equal("the run was interrupted: now"))
				g.Expect(result.Lost).NotTo(BeEmpty())
			}
			satisfiesTheSchema(t, result)
		})
	}
}
