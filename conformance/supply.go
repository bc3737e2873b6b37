package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

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

// takes puts snapshots down that a check has had made for itself.
func (s *suite) takes(state contract.State, ids []string) {
	s.assign(ids)
	s.prices.add(*s.check.Load(), func(p *price) { p.own[state] += len(ids) })
}

// assign remembers which check snapshots were made for: what becomes of those that it never names is its to show.
func (s *suite) assign(ids []string) {
	check := *s.check.Load()
	for _, id := range ids {
		s.takenBy.Store(id, check)
	}
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
	s.assign(ids)
	return ids
}
