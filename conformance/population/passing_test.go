package population_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

const (
	creating = contract.State("CREATING")
	failed   = contract.State("FAILED")
	gone     = contract.State("") // stands for none
)

// movingBed is a bed in which snapshots do not stay CREATING or DELETING.
type movingBed struct{ *fakeBed }

func (movingBed) Moves(state contract.State) (into []contract.State, gone bool) {
	switch state {
	case creating:
		return []contract.State{contract.Normal}, false
	case contract.Leaving:
		return nil, true
	}
	return nil, false
}

func moving(c *population.Config) { c.Bed = movingBed{c.Bed.(*fakeBed)} }

func TestStatesThatPassHaveAControl(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, moving, func(c *population.Config) { c.Budget = 5 })
	g.Expect(r.have(t, contract.Normal, 1)).To(Equal([]string{bed.name(1)}))
	g.Expect(r.have(t, creating, 2)).To(Equal([]string{bed.name(3), bed.name(4)}), "the first that is made is the control")
	g.Expect(r.Paid()).To(Equal(4))
	_, err := r.Make(t.Context(), creating, 1)
	g.Expect(err).To(MatchError(population.ErrBudget), "the control is paid for as well")

	r.end(errBed)
	g.Expect(r.Release(time.Minute)).To(BeEmpty())
	g.Expect(bed.released).To(HaveLen(4), "the control is released as well")
}

func TestWhatCouldNotBeMadeIsReleasedAndNotJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, moving, settling(short))
	bed.onMake = func(ids []string) ([]string, error) { return ids, testbed.ErrCannotMake }
	_, err := r.Make(t.Context(), contract.Leaving, 1)
	g.Expect(err).To(MatchError(testbed.ErrCannotMake))
	bed.set(bed.name(1), contract.Normal)
	bed.set(bed.name(2), failed)
	g.Expect(r.LastLook(t.Context())).To(Succeed())
	g.Expect(r.discrepancies()).To(BeEmpty())
	r.end(errBed)
	g.Expect(r.Release(time.Minute)).To(BeEmpty())
	g.Expect(bed.released).To(ConsistOf(bed.name(1), bed.name(2)))
}

// TestWitness has something happen to a snapshot and its control before a request, and while it is made.
func TestWitness(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		made                   contract.State
		before, after, control contract.State
		want                   oracle.Class
		broken                 bool // if the request was refused
	}{
		"stays as it was":                  {creating, creating, creating, creating, oracle.Denied, false},
		"passes before":                    {creating, contract.Normal, contract.Normal, creating, oracle.Leaving, false},
		"passes before, and is deleted":    {creating, contract.Normal, gone, contract.Normal, oracle.Leaving, true},
		"passes meanwhile":                 {creating, creating, contract.Normal, creating, oracle.Leaving, false},
		"deleted":                          {creating, creating, gone, creating, oracle.Denied, true},
		"being deleted":                    {creating, creating, contract.Leaving, creating, oracle.Denied, true},
		"changed":                          {creating, creating, failed, creating, oracle.Denied, true},
		"changed beside one that passed":   {creating, creating, failed, contract.Normal, oracle.Leaving, true},
		"deleted, perhaps after it passed": {creating, creating, gone, contract.Normal, oracle.Leaving, true},
		"all of them fail":                 {creating, creating, failed, failed, oracle.Leaving, false},
		"all of them are gone":             {creating, creating, gone, gone, oracle.Leaving, false},
		"still going":                      {contract.Leaving, contract.Leaving, contract.Leaving, gone, oracle.Denied, false},
		"gone meanwhile":                   {contract.Leaving, contract.Leaving, gone, contract.Leaving, oracle.Leaving, false},
		"comes back":                       {contract.Leaving, contract.Leaving, contract.Normal, contract.Leaving, oracle.Denied, true},
		"a state that stays":               {failed, failed, failed, failed, oracle.Denied, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			r := open(t, bed, moving, settling(short))
			id := r.have(t, c.made, 1)[0]
			r.bed.set(id, c.before)
			g.Expect(r.ClassOf(id)).To(Equal(oracle.Denied), "as far as is known beforehand")
			witness, err := r.Before(t.Context(), id, "another")
			g.Expect(err).NotTo(HaveOccurred())
			r.bed.set(id, c.after)
			if id != bed.name(1) {
				r.bed.set(bed.name(1), c.control)
			}
			classes, err := witness.After(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			if c.made == failed { // known beforehand, and not looked at
				g.Expect(classes).To(BeEmpty())
				g.Expect(bed.looksAt(id)).To(BeZero())
			} else {
				g.Expect(classes).To(Equal(map[string]oracle.Class{id: c.want}))
			}
			g.Expect(r.ClassOf(id)).To(Equal(c.want), "from now on")

			r.Stays(because(0, "RULE"), id)
			witness.Judge()
			g.Expect(r.LastLook(t.Context())).To(Succeed())
			var found []string
			for _, d := range r.discrepancies() {
				if d.ID == id {
					found = append(found, d.ID)
				}
			}
			g.Expect(len(found) > 0).To(Equal(c.broken), "%v", r.discrepancies())
		})
	}
}

// TestWhatChangedIsJudgedThoughItWasDeletedSince has a later request delete what an earlier one must not have changed.
func TestWhatChangedIsJudgedThoughItWasDeletedSince(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, moving)
	id := r.have(t, contract.Leaving, 1)[0]
	done := r.Asking(id) // another request, which keeps looks in the background from telling anything
	witness, err := r.Before(t.Context(), id)
	g.Expect(err).NotTo(HaveOccurred())
	bed.set(id, contract.Normal)
	_, err = witness.After(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	r.Stays(because(0, "RULE"), id)
	witness.Judge()
	bed.set(id, gone)
	r.Goes(because(0, "OTHER"), id)
	done()
	g.Expect(r.discrepancies()).To(ConsistOf(HaveField("Rules", []string{"RULE"})))
}

func TestOnceDeletedThereIsNothingToWitness(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := open(t, newBed(), moving)
	id := r.have(t, creating, 1)[0]
	r.Doubtful(id)
	witness, err := r.Before(t.Context(), id)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(witness.After(t.Context())).To(BeEmpty())
}

func TestWitnessOfABrokenBed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, moving)
	ids := r.have(t, creating, 3)
	whole, err := r.Before(t.Context(), ids...)
	g.Expect(err).NotTo(HaveOccurred())
	bed.onLook = func(context.Context, string) error { return errBed }
	_, err = r.Before(t.Context(), ids...)
	g.Expect(err).To(MatchError(errBed))
	_, err = whole.After(t.Context())
	g.Expect(err).To(MatchError(errBed))
}

// TestWhatNobodyNamed: a snapshot may pass on, and may fail. It does not go.
func TestWhatNobodyNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		made, now contract.State
		broken    bool
	}{
		"passes on":         {creating, contract.Normal, false},
		"fails":             {creating, failed, false},
		"is gone":           {creating, gone, true},
		"is being deleted":  {creating, contract.Leaving, true},
		"has finished":      {contract.Leaving, gone, false},
		"does not pass on":  {failed, contract.Normal, true},
		"has been left so ": {contract.Leaving, contract.Leaving, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := open(t, newBed(), moving, settling(short))
			id := r.have(t, c.made, 1)[0]
			r.bed.set(id, c.now)
			g.Expect(r.LastLook(t.Context())).To(Succeed())
			if c.broken {
				g.Expect(r.discrepancies()).To(ConsistOf(HaveField("Rules", []string{"ISO-1"})))
			} else {
				g.Expect(r.discrepancies()).To(BeEmpty())
			}
		})
	}
}
