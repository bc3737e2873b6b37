package population

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

type fate int

const (
	stays    fate = iota // as it was made
	goes                 // deleted; gone within the settle time
	doubtful             // an exchange failed in a way that leaves it open
)

// entry is one snapshot on the books, guarded by the population's mutex.
type entry struct {
	id    string
	state contract.State // it was made in

	passing *passing // where that state passes by itself

	fate    fate
	causes  []Cause // why, newest last; none if nobody ever named it
	awaited bool    // a look at a snapshot that stays is due
	asked   int     // how many requests that may delete it have been sent
	asking  int     // how many of them have not been decided yet

	since    time.Time     // the answer that deletes it
	watched  bool          // somebody looks at it until it is gone
	pending  bool          // seen to be still there since
	gone     bool          // seen to be gone since
	settled  chan struct{} // closed when it is seen gone, or overdue
	reported bool          // that it is not as it should be
	missed   bool          // and that it is gone
}

// Discrepancy is a snapshot that is not as the exchanges say it should be.
type Discrepancy struct {
	ID        string
	Expected  string // what should have been seen
	Sight     testbed.Sight
	At        time.Time
	Rules     []string           // that are broken
	Exchanges []*target.Exchange // that named it; none if nobody did
}

func (d Discrepancy) String() string {
	return fmt.Sprintf("snapshot %s should %s; at %s the testbed shows it %s", d.ID, d.Expected, d.At.Format("15:04:05.000"), d.Sight)
}

// watchStaying looks once at a snapshot that an exchange must have left alone.
func (p *Population) watchStaying(e *entry) error {
	if p.spending != nil && e.state == contract.Normal {
		return nil // the last look will be its only one
	}
	if err := p.enter(p.ctx); err != nil {
		return err
	}
	defer p.leave()
	// From here on, another exchange that names it needs another look.
	p.mu.Lock()
	e.awaited = false
	asked, settled := e.asked, e.asking == 0
	p.mu.Unlock()
	sight, err := p.config.Bed.Look(p.ctx, e.id)
	if err == nil {
		err = p.compare(p.ctx, e, sight)
	}
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	denied := e.state != contract.Normal && e.passing == nil // nothing deletes what is not NORMAL, and does not become so
	if denied || settled && e.asked == asked {
		p.judgeStaying(e, sight)
	}
	return nil
}

// judgeStaying compares what was seen of a snapshot that nothing may have changed. Such a snapshot has no reason to
// show anything else at any time, so the first look that does is enough. The mutex is held.
func (p *Population) judgeStaying(e *entry, sight testbed.Sight) {
	if d, ok := e.strayed(sight); ok {
		p.report(e, d, sight)
	}
}

// strayed tells what is wrong about a snapshot that nothing may have changed, if anything is. The mutex is held.
func (e *entry) strayed(sight testbed.Sight) (d Discrepancy, ok bool) {
	if e.fate != stays || e.stayed(sight) {
		return d, false
	}
	d.Expected = "have stayed " + string(e.state)
	if e.passing != nil {
		d.Expected += ", or become what one becomes that nobody names"
	}
	if len(e.causes) == 0 {
		d.Rules = []string{"ISO-1"}
	}
	for _, cause := range e.causes {
		d.Rules = append(d.Rules, cause.Rules...)
		if sight.Gone || sight.State == contract.Leaving {
			d.Rules = append(d.Rules, cause.IfGone...)
		}
	}
	return d, true
}

// Observe looks at a snapshot of the run once, and tells what is wrong about it, nil if nothing is. A deleted one may show
// anything until its settle time is over.
func (p *Population) Observe(ctx context.Context, id string) (testbed.Sight, *Discrepancy, error) {
	begun := time.Now()
	sight, err := p.look(ctx, id)
	if err != nil {
		return sight, nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[id]
	d, wrong := e.strayed(sight)
	switch {
	case e.fate != goes:
	case sight.Gone:
		p.saw(e, true)
	case begun.Sub(e.since) >= p.config.Settle:
		d, wrong = p.overdue(e), true
	}
	if !wrong {
		return sight, nil, nil
	}
	d.complete(e, sight)
	return sight, &d, nil
}

// overdue is what is wrong about a deleted snapshot that does not go. The mutex is held.
func (p *Population) overdue(e *entry) Discrepancy {
	d := Discrepancy{Expected: fmt.Sprintf("be gone within %s of its deletion", p.config.Settle)}
	for _, cause := range e.causes {
		d.Rules = append(d.Rules, cause.Rules...)
	}
	return d
}

// watchGoing looks at a deleted snapshot until it is gone or overdue. Looks are spaced by what the others took.
func (p *Population) watchGoing(ctx context.Context, e *entry) error {
	deadline := e.since.Add(p.config.Settle)
	for wait := p.lag.guess(); ; wait = max(2*wait, 20*time.Millisecond) {
		next := e.since.Add(wait)
		if next.After(deadline) || p.spending != nil { // to look sooner might do what the implementation has yet to do
			next = deadline
		}
		if err := p.pause(ctx, time.Until(next)); err != nil || closed(p.enough) {
			return err
		}
		if settled, err := p.lookGoing(ctx, e); settled || err != nil {
			return err
		}
	}
}

// lookGoing looks once at a deleted snapshot, and tells whether it has settled.
func (p *Population) lookGoing(ctx context.Context, e *entry) (settled bool, err error) {
	begun := time.Now()
	sight, err := p.look(ctx, e.id)
	if err != nil {
		return false, err
	}
	age := begun.Sub(e.since)
	if !sight.Gone && age < p.config.Settle {
		p.lag.there(age)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if closed(e.settled) { // another look was faster
		return true, nil
	}
	if !sight.Gone && age < p.config.Settle {
		e.pending = true
		return false, nil
	}
	p.saw(e, sight.Gone)
	if sight.Gone {
		p.lag.gone(age, e.pending)
	} else {
		p.report(e, p.overdue(e), sight)
		if p.late++; p.late == mostLate && p.config.Settle > cheap {
			close(p.enough)
		}
	}
	close(e.settled)
	return true, nil
}

// mostLate is how many deletions may turn out not to have happened before nobody waits for the others any more: a rule has
// been shown broken then, and with every check that waits the settle time goes by again. Where that is cheap, they go on.
const (
	mostLate = 100
	cheap    = 10 * time.Second
)

// closed tells whether a channel that nothing is sent on has been closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// pause waits, for no longer than anybody waits for deletions, or gives the reason why ctx ended before.
func (p *Population) pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.enough:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// report passes a discrepancy on, once for each snapshot, and once more if one that had changed is gone in the end, which
// breaks other rules. The mutex is held.
func (p *Population) report(e *entry, d Discrepancy, sight testbed.Sight) {
	if e.reported && (e.missed || !sight.Gone) {
		return
	}
	e.reported, e.missed = true, sight.Gone
	d.complete(e, sight)
	p.config.Report(d)
}

// complete adds what was seen, and the exchanges that named the snapshot. The mutex is held.
func (d *Discrepancy) complete(e *entry, sight testbed.Sight) {
	d.ID, d.Sight, d.At = e.id, sight, time.Now()
	slices.Sort(d.Rules)
	d.Rules = slices.Compact(d.Rules)
	for _, cause := range e.causes {
		d.Exchanges = append(d.Exchanges, cause.Exchange)
	}
}

// LastLook waits until every deletion that is watched has settled and nothing has been done for the linger time, or for
// as long as deletions were seen to take if that is longer. Then it looks at every snapshot of the run.
func (p *Population) LastLook(ctx context.Context) error {
	p.mu.Lock()
	entries, due := slices.Clone(p.order), p.lastDeed.Add(max(p.config.Linger, min(p.lag.longest()*6/5, p.config.Settle)))
	p.mu.Unlock()
	for _, e := range entries {
		p.mu.Lock()
		watched := e.watched
		p.mu.Unlock()
		if !watched {
			continue
		}
		select {
		case <-e.settled:
		case <-p.enough:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := gentle.Pause(ctx, time.Until(due)); err != nil {
		return err
	}
	return p.each(ctx, entries, p.lookAgain)
}

// lookAgain is the last look at one snapshot. Where one look is not the last word, the others are left to the background.
func (p *Population) lookAgain(ctx context.Context, e *entry, background func(func() error)) error {
	look, goOn := p.lookLast, p.lookOn
	p.mu.Lock()
	if e.fate == goes && (!e.watched || !closed(e.settled)) { // nobody has waited for it to the end
		e.watched = true
		look, goOn = p.lookGoing, p.watchGoing
		if p.spending != nil {
			look = func(context.Context, *entry) (bool, error) { return false, nil } // it is not time yet
		}
	}
	p.mu.Unlock()
	settled, err := look(ctx, e)
	if !settled && err == nil {
		background(func() error { return goOn(ctx, e) })
	}
	return err
}

// lookOn goes on looking at a snapshot that was gone and is there again. That may be the doing of a testbed that lags
// behind, as long as the settle time is not over.
func (p *Population) lookOn(ctx context.Context, e *entry) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if err := p.pause(ctx, wait); err != nil || closed(p.enough) {
			return err
		}
		if settled, err := p.lookLast(ctx, e); settled || err != nil {
			return err
		}
	}
}

// lookLast looks once at a snapshot that stays, or has been gone, and tells whether that is the last word.
func (p *Population) lookLast(ctx context.Context, e *entry) (settled bool, err error) {
	begun := time.Now()
	sight, err := p.look(ctx, e.id)
	if err == nil {
		err = p.compare(ctx, e, sight)
	}
	if err != nil {
		return false, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.judgeStaying(e, sight)
	p.saw(e, sight.Gone) // what is not gone has to be released
	if e.fate != goes || sight.Gone {
		return true, nil
	}
	if begun.Sub(e.since) < p.config.Settle {
		return false, nil
	}
	p.report(e, Discrepancy{Expected: "have stayed gone", Rules: []string{"STATE-4"}}, sight)
	return true, nil
}

// each does something for every entry, as many at once as there are lanes to the testbed, and gives the first error.
// What is left to the background is waited for as well.
func (p *Population) each(ctx context.Context, entries []*entry, do func(ctx context.Context, e *entry, background func(func() error)) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	check := func(err error) {
		if err != nil {
			cancel(err)
		}
	}
	queue := make(chan *entry)
	var workers, background sync.WaitGroup
	for range min(cmp.Or(p.width, mostLanes), len(entries)) {
		workers.Go(func() {
			for e := range queue {
				check(rescue.Call(func() error {
					return do(ctx, e, func(rest func() error) { background.Go(func() { check(rescue.Call(rest)) }) })
				}))
			}
		})
	}
	for _, e := range entries {
		queue <- e
	}
	close(queue)
	workers.Wait()
	background.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Release removes every snapshot of the run that has not been seen gone, and gives the ids of those that it could not
// remove, and the orders of which nobody knows what they made. It gives up when none was removed for as long as patience
// lasts. The population's own context has to have ended: nothing may be made meanwhile.
func (p *Population) Release(patience time.Duration) (left []string, lost []ledger.Order) {
	quiet := make(chan struct{})
	go func() {
		defer close(quiet)
		p.tasks.Wait()
		p.making.Lock() // what is still being made has to be released as well
		defer p.making.Unlock()
	}()
	select {
	case <-quiet:
		p.release(patience)
	case <-p.config.AtOnce.Done():
	}
	p.mu.Lock() // for both at once: an order that is answered meanwhile would be in neither
	defer p.mu.Unlock()
	for _, e := range p.order {
		if !e.gone {
			left = append(left, e.id)
		}
	}
	return left, p.unknown()
}

func (p *Population) release(patience time.Duration) {
	ctx, cancel := context.WithCancel(p.config.AtOnce)
	defer cancel()
	lasts := time.AfterFunc(patience, cancel)
	defer lasts.Stop()
	// One that fails stays on the books; the others are still worth a try.
	_ = p.each(ctx, p.notGone(), func(ctx context.Context, e *entry, _ func(func() error)) error {
		if ctx.Err() != nil || rescue.Call(func() error { return p.config.Bed.Release(ctx, e.id) }) != nil {
			return nil
		}
		lasts.Reset(patience)
		p.decide([]string{e.id}, func(e *entry) { p.saw(e, true) })
		return nil
	})
}

func (p *Population) notGone() []*entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.order), func(e *entry) bool { return e.gone })
}

// Deletions tells whether any deletion was seen to be done, and whether any was seen not to be done yet when it was
// looked at.
func (p *Population) Deletions() (late, seen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.order {
		late = late || e.pending
		seen = seen || e.fate == goes && e.gone
	}
	return late, seen
}

// lag is what the run has learned about how long deletions take to show.
type lag struct {
	mu     sync.Mutex
	usual  time.Duration // a running guess
	oldest time.Duration // the highest age at which a snapshot that had been pending was seen gone
}

// guess says how long after a deletion a look is worth while.
func (l *lag) guess() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usual
}

// there learns from a look that came too early. It moves slowly, so that one snapshot that never goes does not
// hold up the looks at all others.
func (l *lag) there(age time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if age > l.usual {
		l.usual += (age - l.usual) / 16
	}
}

// gone learns from a look that came late enough. How late tells something only of a snapshot that was pending before:
// another one may have been gone for long.
func (l *lag) gone(age time.Duration, pending bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usual -= l.usual / 16
	if pending {
		l.oldest = max(l.oldest, age)
	}
}

// longest is how long the slowest deletion took to show, zero if none was ever seen pending.
func (l *lag) longest() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldest
}
