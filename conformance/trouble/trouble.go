// Package trouble has a mock take its time and go wrong: how long things last, how late answers come, what gets stuck, and
// which faults requests meet, by their names and as often as is asked for. All of it can be changed while the mock runs: by
// the test that it is for, by a script, and through the testbed. [Trouble.Option] gives it to a mock.
package trouble

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// Trouble is what one mock is troubled by. It may be used by several goroutines.
type Trouble struct {
	seed uint64
	now  func() time.Time

	// inForce is nil while every request goes straight to the API.
	inForce atomic.Pointer[force]

	mu       sync.Mutex
	settings Settings
	playing  *playing // nil where no scenario is
	service  *mock.Service
	next     http.Handler // the mock's API
	chances  map[string]*chance
	faults   map[string]http.Handler // those that have struck, by their names
}

// force is what requests meet.
type force struct {
	scripted bool // a step of a scenario may follow
	latency  Latency
	late     *chance
	faults   []armed
}

// armed is a fault and how it is decided whom it strikes.
type armed struct {
	Fault
	chance *chance
}

// New makes trouble for one mock. What comes by chance is drawn from the seed: the same requests one after the other meet
// the same faults. The error says which of the settings cannot be.
func New(seed uint64, settings Settings) (*Trouble, error) {
	return newTrouble(seed, settings, time.Now)
}

func newTrouble(seed uint64, settings Settings, now func() time.Time) (*Trouble, error) {
	t := &Trouble{seed: seed, now: now, chances: map[string]*chance{}, faults: map[string]http.Handler{}}
	return t, t.Set(settings)
}

// With is New for a mock whose trouble does not change. Its chances are the same at every run. It panics where the settings
// cannot be.
func With(settings Settings) mock.Option {
	t, err := New(1, settings)
	if err != nil {
		panic(err)
	}
	return t.Option()
}

// Option troubles a mock, and lets the testbed change by what. It belongs before the options that put something else before
// the API, such as a door: these see a request first. One Trouble is for one mock.
func (t *Trouble) Option() mock.Option {
	return mock.Together(
		mock.WithAround(t.around),
		mock.WithControl(Place, func(*mock.Service) http.Handler { return http.HandlerFunc(t.control) }),
	)
}

// Set puts other settings in force, from the next request on. It ends a scenario.
func (t *Trouble) Set(settings Settings) error {
	if err := settings.check(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.playing = nil
	t.enforce(settings.clone())
	return nil
}

// Clear takes all trouble away.
func (t *Trouble) Clear() { _ = t.Set(Settings{}) } // which can always be

// Settings gives what is in force.
func (t *Trouble) Settings() Settings {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	return t.settings.clone()
}

// enforce has requests meet the settings. The caller holds mu.
func (t *Trouble) enforce(settings Settings) {
	t.settings = settings
	t.setTiming()
	f := &force{scripted: t.playing.goesOn(), latency: settings.Latency, late: t.chance("latency")}
	for _, fault := range settings.Faults {
		f.faults = append(f.faults, armed{fault, t.chance(fault.Name)})
	}
	if !f.scripted && settings.Latency.none() && len(f.faults) == 0 {
		f = nil
	}
	t.inForce.Store(f)
}

// setTiming tells the store, once there is one. The caller holds mu.
func (t *Trouble) setTiming() {
	if t.service == nil {
		return
	}
	timing := store.Timing{Creating: t.settings.Creating, Deleting: t.settings.Settle}
	if stays := t.settings.Stay; len(stays) > 0 {
		shares := map[contract.State]Rate{}
		chances := map[contract.State]*chance{}
		for _, stay := range stays {
			shares[stay.State], chances[stay.State] = stay.Rate, t.chance(string(stay.State))
		}
		timing.Stuck = func(state contract.State) bool { return chances[state].hits(shares[state]) }
	}
	t.service.Store().SetTiming(timing)
}

// around stands before the API of the mock.
func (t *Trouble) around(s *mock.Service, next http.Handler) http.Handler {
	t.bind(s, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := t.inForce.Load()
		if f != nil && f.scripted {
			f = t.arrive()
		}
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		t.serve(f, w, r)
	})
}

// bind gets to know the mock. The timing that it has already is kept where the settings say nothing else.
func (t *Trouble) bind(s *mock.Service, next http.Handler) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.service != nil {
		panic("trouble: one Trouble is for one mock")
	}
	t.service, t.next = s, next
	timing := s.Store().Timing()
	if t.settings.Settle == 0 {
		t.settings.Settle = timing.Deleting
	}
	if t.settings.Creating == 0 {
		t.settings.Creating = timing.Creating
	}
	t.setTiming()
}

// serve has a request meet what is in force. What it meets is drawn when it comes, so that answers that take different
// times change nothing about the order.
func (t *Trouble) serve(f *force, w http.ResponseWriter, r *http.Request) {
	wait, fault := f.latency.draw(f.late), f.strikes()
	if gentle.Pause(r.Context(), wait) != nil {
		panic(http.ErrAbortHandler) // the caller has gone
	}
	if fault == "" {
		t.next.ServeHTTP(w, r)
		return
	}
	mock.Blame(w, fault)
	t.fault(fault).ServeHTTP(w, r)
}

// strikes draws the fault that a request meets, none if it is spared. Each draws its lot every time: which requests one
// strikes does not depend on the others.
func (f *force) strikes() string {
	first := ""
	for _, one := range f.faults {
		if one.chance.hits(one.Rate) && first == "" {
			first = one.Name
		}
	}
	return first
}

// fault gives the handler of a fault, which remembers what it has done.
func (t *Trouble) fault(name string) http.Handler {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.faults[name] == nil {
		t.faults[name] = newFault(name, t.service, t.next)
	}
	return t.faults[name]
}

// chance is where one kind of chance is drawn from.
type chance struct {
	mu   sync.Mutex
	rand *rand.Rand
}

// chance gives the one of a name, which depends on the seed and the name alone. The caller holds mu.
func (t *Trouble) chance(name string) *chance {
	if t.chances[name] == nil {
		hash := fnv.New64a()
		_, _ = hash.Write([]byte(name)) // a hash takes everything
		t.chances[name] = &chance{rand: rand.New(rand.NewPCG(t.seed, hash.Sum64()))}
	}
	return t.chances[name]
}

// hits tells whether something strikes that does so at a rate.
func (c *chance) hits(rate Rate) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.Float64() < float64(rate)
}

// normal draws from the standard normal distribution.
func (c *chance) normal() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.NormFloat64()
}

// within draws evenly from the durations from one to another.
func (c *chance) within(low, high time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return low + time.Duration(c.rand.Int64N(int64(high-low)+1))
}
