// Package testbed brings snapshots into being and looks at them, apart from the action under test.
//
// [Bed] is what the suite needs. [HTTP] is the adapter for implementations that speak the testbed protocol, which the
// README describes, [Exec] the one for a program that speaks it line by line, [File] the one for a list of snapshots that
// are there already, and [Zec] the one for the service's own actions; a Go implementation may provide a Bed of its own.
package testbed

import (
	"context"
	"errors"
	"fmt"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Bed makes snapshots, looks at them and releases them. Its methods are called by many goroutines at once.
//
// An error says that the testbed itself is at fault; a run that meets one could not be carried out, and no verdict
// on the implementation follows from it. ErrCannotMake is the exception.
type Bed interface {
	// States gives the states that snapshots can be made in.
	States(ctx context.Context) ([]contract.State, error)
	// Make brings exactly count new snapshots into being, all in the given state, which they keep until they are
	// deleted or released. It gives their ids, or ErrCannotMake.
	Make(ctx context.Context, state contract.State, count int) ([]string, error)
	// Look tells what the testbed shows of a snapshot. After a deletion it may lag behind.
	Look(ctx context.Context, id string) (Sight, error)
	// Release removes a snapshot, whatever its state and also if it is gone.
	Release(ctx context.Context, id string) error
}

// Not every bed can promise all that, and one that cannot says so by being one of these as well.
type (
	// Moving is a bed with states that pass by themselves, as they do in a live service.
	Moving interface {
		Bed
		// Moves tells which states a snapshot that was made in a state may be in later though nobody named it, and
		// whether it may be gone. Of several in such a state, Make gives first the one that entered it first.
		Moves(state contract.State) (into []contract.State, gone bool)
	}

	// Spending is a bed that holds a given number of snapshots, and can look at one only by asking for its deletion: a
	// look at one that is NORMAL spends it.
	Spending interface {
		Bed
		// Has tells how many snapshots in a state are left to be handed out.
		Has(state contract.State) int
		// Missing gives ids that are known to name nothing. No others may be made up: nobody could confirm them.
		Missing() []string
	}
)

// Moves tells what becomes by itself of a snapshot that was made in a state: nothing, unless the bed is Moving.
func Moves(bed Bed, state contract.State) (into []contract.State, gone bool) {
	if moving, moves := bed.(Moving); moves {
		return moving.Moves(state)
	}
	return nil, false
}

// ErrCannotMake tells that a state cannot be made. Checks that need it are skipped.
var ErrCannotMake = errors.New("the testbed cannot make this state")

// ErrWillNotLook tells that the testbed would not look for a text, and did not say that there is no such snapshot. It is
// an error for a snapshot's own id; a made-up text is just not known to be harmless.
var ErrWillNotLook = errors.New("the testbed would not look")

// Sight is what a testbed shows of one id.
type Sight struct {
	ID    string         // the id of the snapshot shown, which a testbed that is lax about spelling may differ in
	State contract.State // its state, under the state's own name
	Name  string         // the state's name as the testbed spells it
	Gone  bool           // there is no such snapshot
	Odd   bool           // the testbed would not even look for text like this
}

func (s Sight) String() string {
	if s.Gone {
		return "gone"
	}
	return string(s.State)
}

// Handed checks what a testbed handed out: exactly as many ids as were asked for, each plausible and none twice.
func Handed(ids []string, count int) error {
	if len(ids) != count {
		return fmt.Errorf("handed out %d ids where %d were asked for", len(ids), count)
	}
	seen := make(map[string]bool, len(ids))
	for _, id := range ids {
		if seen[id] {
			return fmt.Errorf("handed out the id %.80q twice", id)
		}
		if !contract.PlausibleID(id) {
			return fmt.Errorf("handed out %.80q, which is no snapshot id", id)
		}
		seen[id] = true
	}
	return nil
}
