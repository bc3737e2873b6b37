package population_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// long is more than any test takes, and short what looks may be waited for.
const (
	long  = time.Minute
	short = 40 * time.Millisecond
)

var errBed = errors.New("the bed is at fault")

// fakeBed is a testbed in memory.
type fakeBed struct {
	name func(n int) string // gives the nth id

	mu       sync.Mutex
	made     int
	states   map[string]contract.State // what is there
	lag      map[string]int            // how many more looks show an id as it was
	looks    map[string]int
	order    []string // of looks
	released []string
	fold     func(string) string // what a lax bed takes a text for

	onMake    func(ids []string) ([]string, error)
	onLook    func(ctx context.Context, id string) error
	onRelease func(ctx context.Context, id string) error
}

func newBed() *fakeBed {
	return &fakeBed{
		name:   func(n int) string { return fmt.Sprintf("snap-%06d", n) },
		states: map[string]contract.State{}, lag: map[string]int{}, looks: map[string]int{},
	}
}

func (b *fakeBed) States(context.Context) ([]contract.State, error) { return contract.States, nil }

func (b *fakeBed) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for range count {
		b.made++
		id := b.name(b.made)
		b.states[id] = state
		ids = append(ids, id)
	}
	if b.onMake != nil {
		return b.onMake(ids)
	}
	return ids, nil
}

func (b *fakeBed) Look(ctx context.Context, id string) (testbed.Sight, error) {
	if ctx.Err() != nil {
		return testbed.Sight{}, context.Cause(ctx)
	}
	if b.onLook != nil {
		if err := b.onLook(ctx, id); err != nil {
			return testbed.Sight{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looks[id]++
	b.order = append(b.order, id)
	if b.fold != nil {
		id = b.fold(id)
	}
	state, there := b.states[id]
	if !there && b.lag[id] > 0 {
		b.lag[id]--
		return testbed.Sight{ID: id, State: contract.Normal}, nil
	}
	if !there {
		return testbed.Sight{ID: id, Gone: true}, nil
	}
	return testbed.Sight{ID: id, State: state}, nil
}

func (b *fakeBed) Release(ctx context.Context, id string) error {
	if b.onRelease != nil {
		if err := b.onRelease(ctx, id); err != nil {
			return err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.states, id)
	b.released = append(b.released, id)
	return nil
}

// set changes a snapshot; no state stands for none.
func (b *fakeBed) set(id string, state contract.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states[id] = state
	if state == "" {
		delete(b.states, id)
	}
}

func (b *fakeBed) looksAt(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.looks[id]
}

// run is a population with what it reports.
type run struct {
	*population.Population
	bed *fakeBed
	end context.CancelCauseFunc

	mu     sync.Mutex
	found  []population.Discrepancy
	broken []error
}

func open(t *testing.T, bed *fakeBed, edits ...func(*population.Config)) *run {
	t.Helper()
	r := &run{bed: bed}
	ctx, end := context.WithCancelCause(context.Background())
	r.end = end
	config := population.Config{
		Bed: bed, Settle: long, Seed: 1, Portion: 128,
		Report: func(d population.Discrepancy) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.found = append(r.found, d)
		},
		Broken: func(err error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.broken = append(r.broken, err)
		},
	}
	for _, edit := range edits {
		edit(&config)
	}
	r.Population = population.New(ctx, config)
	t.Cleanup(func() {
		end(errors.New("the test is over"))
		r.Release(time.Minute)
	})
	return r
}

func settling(settle time.Duration) func(*population.Config) {
	return func(c *population.Config) { c.Settle = settle }
}

func lingering(linger time.Duration) func(*population.Config) {
	return func(c *population.Config) { c.Linger = linger }
}

func (r *run) discrepancies() []population.Discrepancy {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.found)
}

func (r *run) faults() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.broken)
}

// have makes snapshots in a state.
func (r *run) have(t *testing.T, state contract.State, count int) []string {
	t.Helper()
	ids, err := r.Make(t.Context(), state, count)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// because is a cause whose exchange ended so long ago.
func because(ago time.Duration, rules ...string) population.Cause {
	return population.Cause{Exchange: &target.Exchange{Ended: time.Now().Add(-ago)}, Rules: rules, IfGone: []string{"IF-GONE"}}
}
