package population

import (
	"context"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// passing is what there is to know of a snapshot that was made in a state which passes by itself. Guarded by the
// population's mutex, save what never changes.
type passing struct {
	into    []contract.State // what it may become though nobody names it
	gone    bool             // and whether it may be gone
	control *entry           // made just before it, in the same state, and named by no request; none for a control itself
	moved   bool             // it has been seen to be in another state
}

// by tells whether what is seen of a snapshot in another state than it was made in comes of itself.
func (s *passing) by(sight testbed.Sight) bool {
	if sight.Gone {
		return s.gone
	}
	return slices.Contains(s.into, sight.State)
}

// shows tells whether a snapshot is still seen in the state that it was made in.
func (e *entry) shows(sight testbed.Sight) bool { return !sight.Gone && sight.State == e.state }

// stayed tells whether a snapshot is seen as one that nobody has touched may be. The mutex is held.
func (e *entry) stayed(sight testbed.Sight) bool {
	if e.shows(sight) {
		return true
	}
	if e.passing == nil {
		return false
	}
	// What fails while nobody names it, fails by itself. What is deleted does not.
	failed := len(e.causes) == 0 && !sight.Gone && sight.State != contract.Leaving
	if failed || e.passing.by(sight) {
		e.passing.moved = true
		return true
	}
	return false
}

// compare looks at the control of a snapshot that has changed as none does by itself. What befell that one as well is
// nobody's doing, and the snapshot is judged no more.
func (p *Population) compare(ctx context.Context, e *entry, sight testbed.Sight) error {
	p.mu.Lock()
	suspect := e.fate == stays && !e.stayed(sight) && e.passing != nil && e.passing.control != nil
	p.mu.Unlock()
	if !suspect {
		return nil
	}
	other, err := p.config.Bed.Look(ctx, e.passing.control.id)
	if err == nil && other.Gone == sight.Gone && other.State == sight.State {
		p.Doubtful(e.id)
	}
	return err
}

// Witness is what was seen of some snapshots right before a request that names them, and right after.
type Witness struct {
	population *Population
	still      map[*entry]bool          // before: whether one was in the state that it was made in
	changed    map[*entry]testbed.Sight // after: those that were denied, and are not as they were
}

// Before looks at those of the snapshots whose state passes by itself. What they stand for in a request that is about to
// be sent is known only when it has been answered.
func (p *Population) Before(ctx context.Context, ids ...string) (*Witness, error) {
	w := &Witness{p, map[*entry]bool{}, map[*entry]testbed.Sight{}}
	p.decide(ids, func(e *entry) {
		if e.passing != nil && e.fate == stays {
			w.still[e] = !e.passing.moved
		}
	})
	err := w.each(func(e *entry) error {
		sight, err := p.look(ctx, e.id)
		p.mu.Lock()
		defer p.mu.Unlock()
		w.still[e] = w.still[e] && e.shows(sight)
		return err
	})
	return w, err
}

// After looks at them again, right after the answer, and tells what each of them stood for.
//
// One that is still as it was made was denied. So was one that has been deleted, or changed in another way than comes of
// itself, if its control, which was made sooner, still is as it was made. Of any other nobody can tell, and it counts as
// oracle.Leaving, to which most may happen.
func (w *Witness) After(ctx context.Context) (map[string]oracle.Class, error) {
	p, classes := w.population, map[string]oracle.Class{}
	err := w.each(func(e *entry) error {
		class, sight, err := w.classOf(ctx, e)
		p.mu.Lock()
		defer p.mu.Unlock()
		classes[e.id] = class
		if class == oracle.Denied && !e.shows(sight) {
			w.changed[e] = sight
		}
		e.passing.moved = e.passing.moved || class == oracle.Leaving
		return err
	})
	return classes, err
}

func (w *Witness) classOf(ctx context.Context, e *entry) (oracle.Class, testbed.Sight, error) {
	if !w.still[e] {
		return oracle.Leaving, testbed.Sight{}, nil
	}
	sight, err := w.population.look(ctx, e.id)
	switch {
	case err != nil:
		return oracle.Leaving, sight, err
	case e.shows(sight):
		return oracle.Denied, sight, nil
	case e.passing.by(sight) || e.passing.control == nil:
		return oracle.Leaving, sight, nil
	}
	control, err := w.population.look(ctx, e.passing.control.id)
	if err == nil && e.shows(control) { // made in the same state
		return oracle.Denied, sight, nil
	}
	return oracle.Leaving, sight, err
}

// Judge holds what was seen after the answer against what the answer has made of the snapshots. A later look might come too
// late: one that was changed may since have been deleted rightfully.
func (w *Witness) Judge() {
	w.population.mu.Lock()
	defer w.population.mu.Unlock()
	for e, sight := range w.changed {
		w.population.judgeStaying(e, sight)
	}
}

// each does something for all snapshots of the witness at once, and gives the first error.
func (w *Witness) each(do func(e *entry) error) error {
	failures := make(chan error, len(w.still))
	var looks sync.WaitGroup
	w.population.mu.Lock()
	for e := range w.still {
		looks.Go(func() { failures <- do(e) })
	}
	w.population.mu.Unlock()
	looks.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}
