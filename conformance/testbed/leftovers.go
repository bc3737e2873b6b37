package testbed

import (
	"context"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Leftover is a snapshot that a run has not removed.
type Leftover struct {
	ID      string
	Name    string // that the run gave it, where snapshots have names
	State   contract.State
	Created string // when, as the testbed tells it; empty where it does not
}

// Finding is a bed that can tell by itself which of its snapshots runs of the suite have made.
type Finding interface {
	Bed
	// Leftovers gives all of them that are there, those of runs that are going on among them.
	Leftovers(ctx context.Context) ([]Leftover, error)
}

// atOnce is how many snapshots are looked at, or released, at the same time.
const atOnce = 32

// There gives those of the ids that the testbed shows still.
func There(ctx context.Context, bed Bed, ids []string) ([]Leftover, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sights := make([]Sight, len(ids))
	each(len(ids), func(i int) {
		if ctx.Err() != nil {
			return
		}
		var err error
		if sights[i], err = bed.Look(ctx, ids[i]); err != nil {
			cancel(err) // one will do: the others most likely have the same cause
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var there []Leftover
	for i, sight := range sights {
		if !sight.Gone {
			there = append(there, Leftover{ID: ids[i], State: sight.State})
		}
	}
	return there, nil
}

// ReleaseAll releases snapshots. It gives, in their places, why each could not be, nil for one that was.
func ReleaseAll(ctx context.Context, bed Bed, snapshots []Leftover) []error {
	failures := make([]error, len(snapshots))
	each(len(snapshots), func(i int) {
		if failures[i] = context.Cause(ctx); failures[i] == nil {
			failures[i] = bed.Release(ctx, snapshots[i].ID)
		}
	})
	return failures
}

func each(count int, do func(i int)) {
	lanes := make(chan struct{}, atOnce)
	var tasks sync.WaitGroup
	for i := range count {
		lanes <- struct{}{}
		tasks.Go(func() {
			defer func() { <-lanes }()
			do(i)
		})
	}
	tasks.Wait()
}
