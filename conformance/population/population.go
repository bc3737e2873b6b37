// Package population keeps the books of a run: which snapshots the testbed handed out, what each exchange makes of
// them, and whether the testbed shows that it came true.
//
// Every snapshot has a fate. It stays as it was made, unless an exchange says that it goes. A watcher looks at it
// after each exchange that named it, and the last look goes over all of them when the run is done: what has been
// undone, or done behind the caller's back, shows there.
package population

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Config says how a population is kept.
type Config struct {
	Bed    testbed.Bed
	Settle time.Duration // how long a deletion may take, and looks may lag behind it
	Linger time.Duration // the last look comes no sooner than this after the last exchange
	Seed   int64
	// Portion is how many snapshots are asked for at once where they are made ahead of need; two portions are kept ready.
	// Zero has none made that nobody asked for.
	Portion int
	Budget  int // how many snapshots may be made, 0 for any number
	// Ledger is told of every order for snapshots before it goes out; nil for none.
	Ledger *ledger.Ledger
	// When the run has ended, orders that are under way are waited for as long as Farewell, half a minute at the least. AtOnce
	// ends that, and the release of snapshots; nil for never.
	Farewell time.Duration
	AtOnce   context.Context
	// Report is called for every snapshot that is not as it should be, once for each, and once more for one that had
	// changed and is gone in the end, by several goroutines. It must not call the population.
	Report func(Discrepancy)
	// Broken is called when the testbed fails while nobody waits for it. It may be called more than once.
	Broken func(error)
}

// Population is the snapshots of one run. It may be used by several goroutines.
type Population struct {
	config Config
	ctx    context.Context // of the run: background looks and refills end with it
	lanes  chan struct{}   // bounds how many requests the testbed gets at once
	width  int             // how many of the lanes are used
	lag    lag
	// spending is the bed if a look at a snapshot may delete it: looks at such snapshots are the last thing that is done.
	spending testbed.Spending

	stock  chan string   // NORMAL snapshots made ahead of need
	spent  chan struct{} // closed when the budget allows for no more of them
	makers atomic.Int32  // of the stock, who are not at the end of the budget
	tasks  sync.WaitGroup
	enough chan struct{} // closed when nobody waits for deletions any more
	making sync.RWMutex  // held for reading while an order for snapshots is under way

	mu       sync.Mutex
	rand     *rand.Rand
	entries  map[string]*entry
	order    []*entry       // as handed out
	gone     int            // how many of them have been seen gone
	late     int            // how many deletions have turned out not to have happened
	lost     []ledger.Order // what came of them, nobody knows
	underWay map[*ledger.Order]bool
	paid     int             // how many snapshots were ordered
	madeUp   map[string]bool // made-up ids that the testbed has confirmed to name no snapshot
	missing  []string        // the same, in order
	lastDeed time.Time
}

// The bounds of what is asked of a testbed at once, and of what is made ahead.
const (
	fewestLanes = 32
	mostLanes   = 256
	enough      = 2200 // looks in a second: as many lanes are used as that takes

	refillers = 3 // orders for snapshots that are under way at once
)

// New opens the books. What goes on in the background ends with ctx.
func New(ctx context.Context, config Config) *Population {
	if config.AtOnce == nil {
		config.AtOnce = context.Background()
	}
	config.Farewell = max(config.Farewell, 30*time.Second)
	spending, _ := config.Bed.(testbed.Spending)
	return &Population{
		config:   config,
		spending: spending,
		ctx:      ctx,
		lanes:    make(chan struct{}, mostLanes),
		stock:    make(chan string, 2*config.Portion),
		spent:    make(chan struct{}),
		enough:   make(chan struct{}),
		rand:     rand.New(rand.NewPCG(uint64(config.Seed), 0)),
		entries:  map[string]*entry{},
		underWay: map[*ledger.Order]bool{},
		madeUp:   map[string]bool{},
		lastDeed: time.Now(),
	}
}

// Stock makes a first portion of NORMAL snapshots, and goes on to make more ahead of need in the background, so that
// checks do not wait for a slow testbed.
func (p *Population) Stock(ctx context.Context) error {
	if p.config.Portion == 0 {
		p.use(fewestLanes)
		return nil
	}
	ids, err := p.Make(ctx, contract.Normal, p.config.Portion)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p.stock <- id // has room for more than a portion
	}
	if err := p.pace(ctx, ids[0]); err != nil {
		return err
	}
	p.makers.Store(refillers)
	for range refillers {
		p.background(p.refill)
	}
	return nil
}

// pace finds out how many lanes to use. The slower a testbed answers, the more of the waiting has to overlap; the faster
// it is, the more do many lanes hinder each other.
func (p *Population) pace(ctx context.Context, id string) error {
	begun := time.Now()
	if _, err := p.look(ctx, id); err != nil {
		return err
	}
	p.use(max(fewestLanes, min(int(time.Since(begun).Seconds()*enough), mostLanes)))
	return nil
}

// use settles how many lanes there are.
func (p *Population) use(width int) {
	p.width = width
	for range mostLanes - width {
		p.lanes <- struct{}{} // never to be used
	}
}

// ErrBudget tells that no more snapshots may be made.
var ErrBudget = errors.New("the budget of snapshots is spent; give a larger one, a lower effort, or choose fewer checks")

// background does something that nobody waits for. What goes wrong with it is a fault of the testbed.
func (p *Population) background(do func() error) {
	p.tasks.Go(func() {
		if err := rescue.Call(do); err != nil && p.ctx.Err() == nil { // else it is only the end of the run
			p.config.Broken(err)
		}
	})
}

func (p *Population) refill() error {
	for p.ctx.Err() == nil {
		ids, err := p.Make(p.ctx, contract.Normal, p.config.Portion)
		if errors.Is(err, ErrBudget) {
			if p.makers.Add(-1) == 0 { // until then, somebody still has a portion on its way
				close(p.spent)
			}
			return nil
		}
		if err != nil {
			return err
		}
		for _, id := range ids {
			select {
			case p.stock <- id:
			case <-p.ctx.Done():
				return nil
			}
		}
	}
	return nil
}

// Take gives NORMAL snapshots that nothing has happened to, neighbours in the order in which they were made.
func (p *Population) Take(ctx context.Context, count int) ([]string, error) {
	if p.config.Portion == 0 {
		return p.Make(ctx, contract.Normal, count)
	}
	ids := make([]string, 0, count)
	for len(ids) < count {
		select {
		case id := <-p.stock:
			ids = append(ids, id)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-p.spent:
			if len(p.stock) == 0 {
				return nil, ErrBudget
			}
		}
	}
	return ids, nil
}

// Make has the testbed bring new snapshots into being. Each is on the books before Make returns, whatever happens. Where
// the state passes by itself, the first that is made is kept as a control for the others, and named by no request.
func (p *Population) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	defer p.leave()
	p.making.RLock()
	defer p.making.RUnlock()
	if ctx.Err() != nil { // what was made may be being released by now
		return nil, context.Cause(ctx)
	}
	into, gone := testbed.Moves(p.config.Bed, state)
	passes := gone || len(into) > 0
	if passes {
		count++
	}
	if err := p.pay(count); err != nil {
		return nil, err
	}
	// An order that is under way when ctx ends may still be carried out: its answer tells which ids to release.
	ordering, cancel := context.WithCancelCause(p.config.AtOnce)
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(p.config.Farewell, func() { cancel(context.Cause(ctx)) })
	})
	defer stop()
	order := &ledger.Order{State: state, Count: count}
	ids, unknown, err := p.ask(ordering, order)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.underWay, order)
	if unknown {
		p.lost = append(p.lost, *order)
	}
	var fresh []*entry
	for _, id := range ids {
		if _, known := p.entries[id]; known {
			if err == nil {
				err = fmt.Errorf("the testbed handed out the id %.80q twice (POST snapshots, state %s, count %d)", id, state, count)
			}
			continue
		}
		e := &entry{id: id, state: state, settled: make(chan struct{})}
		if passes {
			e.passing = &passing{into: into, gone: gone}
			if len(fresh) > 0 {
				e.passing.control = fresh[0]
			}
		}
		p.entries[id] = e
		p.order, fresh = append(p.order, e), append(fresh, e)
	}
	if err == nil {
		if err = testbed.Handed(ids, count); err != nil {
			err = fmt.Errorf("the testbed %w (POST snapshots, state %s)", err, state)
		}
	}
	if err != nil {
		for _, e := range fresh { // nobody knows how far they got
			e.fate = doubtful
		}
		return nil, err
	}
	if passes {
		ids = ids[1:]
	}
	return slices.Clip(ids), nil // callers append to what they get
}

// ask has an order carried out, and sees that it is on the ledger whatever becomes of it. It tells whether nobody knows what
// the order made.
func (p *Population) ask(ctx context.Context, order *ledger.Order) (ids []string, unknown bool, err error) {
	number, err := p.config.Ledger.Order(*order)
	if err != nil {
		return nil, false, err
	}
	p.mu.Lock()
	p.underWay[order] = true
	p.mu.Unlock()
	err = rescue.Call(func() (err error) {
		ids, err = p.config.Bed.Make(ctx, order.State, order.Count)
		return err
	})
	if len(ids) == 0 && err != nil && !madeNothing(err) {
		return nil, true, err
	}
	return ids, false, cmp.Or(err, p.config.Ledger.Made(number, ids))
}

// madeNothing tells whether an order certainly made no snapshots: it was declined, or never came to the testbed.
func madeNothing(err error) bool {
	operation, failed := errors.AsType[*net.OpError](err)
	return errors.Is(err, testbed.ErrCannotMake) || failed && operation.Op == "dial"
}

// pay takes snapshots off the budget, or none if it does not allow for so many.
func (p *Population) pay(count int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config.Budget > 0 && p.paid+count > p.config.Budget {
		return ErrBudget
	}
	p.paid += count
	return nil
}

// ClassOf tells what an id stands for, as far as the run knows.
func (p *Population) ClassOf(id string) oracle.Class {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, known := p.entries[id]
	switch {
	case !known && p.madeUp[id]:
		return oracle.Missing
	case !known && contract.PlausibleID(id):
		return oracle.Foreign
	case !known:
		return oracle.Odd
	case e.fate == goes && e.gone:
		return oracle.Gone
	case e.fate != stays || e.passing != nil && e.passing.moved:
		return oracle.Leaving
	case e.state == contract.Normal:
		return oracle.Deletable
	}
	return oracle.Denied
}

// Cause is an exchange that decides a snapshot's fate, and the rules that are broken if it turns out otherwise.
type Cause struct {
	Exchange *target.Exchange
	Rules    []string // broken if the snapshot is not as it should be
	IfGone   []string // broken besides, if it is gone or going where it should have stayed
}

// Every snapshot is looked at when the run is done. At some of each batch there is a look at once, so that the evidence
// is fresh, and so that a snapshot that comes back later is known to have been gone.
func lookedAtSoon(place int) bool {
	const first, every = 1, 10
	return place < first || place%every == 0
}

// Stays puts down that an exchange must have left the snapshots alone. Ids of no snapshot are passed over.
func (p *Population) Stays(cause Cause, ids ...string) {
	place := 0
	p.decide(ids, func(e *entry) {
		if e.fate != stays {
			return // another exchange has deleted it since, and its rules are the ones to hold
		}
		e.causes = append(e.causes, cause)
		if !e.awaited && lookedAtSoon(place) {
			e.awaited = true
			p.background(func() error { return p.watchStaying(e) })
		}
		place++
	})
}

// Goes puts down that snapshots have been deleted by an exchange, and have to go within the settle time.
func (p *Population) Goes(cause Cause, ids ...string) {
	place := 0
	p.decide(ids, func(e *entry) {
		if e.fate != stays {
			return
		}
		e.fate, e.causes, e.since = goes, []Cause{cause}, cause.Exchange.Ended
		if lookedAtSoon(place) {
			p.watch(e)
		}
		place++
	})
}

// watch begins to look at a deleted snapshot in the background, if nobody does so yet. The mutex is held.
func (p *Population) watch(e *entry) {
	if !e.watched {
		e.watched = true
		p.background(func() error { return p.watchGoing(p.ctx, e) })
	}
}

// Doubtful puts down that an exchange leaves open what became of the snapshots. They are not judged any more, save those
// that another exchange has deleted.
func (p *Population) Doubtful(ids ...string) {
	p.decide(ids, func(e *entry) {
		if e.fate == stays {
			e.fate = doubtful
		}
	})
}

// Asking puts down that a request which may delete the snapshots is about to be sent, and gives what ends that. What is
// seen of a snapshot meanwhile tells nothing: the answer that decides its fate has not come yet.
func (p *Population) Asking(ids ...string) (done func()) {
	p.decide(ids, func(e *entry) { e.asked, e.asking = e.asked+1, e.asking+1 })
	return func() { p.decide(ids, func(e *entry) { e.asking-- }) }
}

// Deed puts down that something was asked of the implementation just now.
func (p *Population) Deed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastDeed = time.Now()
}

func (p *Population) decide(ids []string, decision func(*entry)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if e, known := p.entries[id]; known {
			decision(e)
		}
	}
}

// AwaitGone waits until the testbed shows the snapshots gone, or the settle time is over. It gives those that are. Where far
// too many deletions have not happened in time, it waits no longer.
func (p *Population) AwaitGone(ctx context.Context, ids ...string) ([]string, error) {
	var going []*entry
	p.decide(ids, func(e *entry) {
		if e.fate == goes {
			p.watch(e)
			going = append(going, e)
		}
	})
	var gone []string
	for _, e := range going {
		select {
		case <-e.settled:
		case <-p.enough:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if p.ClassOf(e.id) == oracle.Gone {
			gone = append(gone, e.id)
		}
	}
	return gone, nil
}

// Count is how many snapshots the testbed has handed out.
func (p *Population) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.order)
}

// InUse is how many of them have not been seen gone.
func (p *Population) InUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.order) - p.gone
}

// saw puts down whether a snapshot was seen gone. The mutex is held.
func (p *Population) saw(e *entry, gone bool) {
	if gone && !e.gone {
		p.gone++
	} else if !gone && e.gone {
		p.gone--
	}
	e.gone = gone
}

// unknown gives the orders of which it is not known what they made: they brought no ids, or have not brought them yet. The
// mutex is held.
func (p *Population) unknown() []ledger.Order {
	orders := slices.Clone(p.lost)
	for order := range p.underWay {
		orders = append(orders, *order)
	}
	return orders
}

// Paid is how many snapshots have been ordered: those that are made ahead of need are among them.
func (p *Population) Paid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paid
}

// enter waits for a lane to the testbed.
func (p *Population) enter(ctx context.Context) error {
	if ctx.Err() != nil { // the select would toss a coin
		return context.Cause(ctx)
	}
	select {
	case p.lanes <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (p *Population) leave() { <-p.lanes }

// look asks the testbed about one id.
func (p *Population) look(ctx context.Context, id string) (testbed.Sight, error) {
	if err := p.enter(ctx); err != nil {
		return testbed.Sight{}, err
	}
	defer p.leave()
	return p.config.Bed.Look(ctx, id)
}
