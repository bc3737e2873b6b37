package conformance

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// setting is what a rehearsal takes over of the testbed that the run is to use.
type setting struct {
	bed      testbed.Bed
	states   []contract.State // that it can make
	spending testbed.Spending // nil if it is none
	moving   testbed.Moving   // likewise
	assumed  string           // what is not known of it, and taken to be so
}

func settingOf(bed testbed.Bed) setting {
	s := setting{bed: bed}
	s.spending, _ = bed.(testbed.Spending)
	s.moving, _ = bed.(testbed.Moving)
	return s
}

// rehearsal is a run on the embedded mock, and what it took.
type rehearsal struct {
	checks    []Check
	prices    map[string]price // by the text of a check
	setup     bill             // what is made that no check has asked for
	rules     []report.Rule
	exchanges int
	looks     int // and other requests to the testbed
	took      time.Duration
}

// rehearse carries a run out on the embedded mock, with a testbed that can do what the run's own can, and requests that take
// latency.
func (c Config) rehearse(ctx context.Context, stage setting, amount amount, given map[string]string, latency time.Duration) (*rehearsal, error) {
	implementation := mock.NewService()
	substitute := &understudy{
		Bed: testbed.NewHandler(implementation, mock.TestbedPath, c.Timeout), latency: latency, states: stage.states,
	}
	config := Config{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = gentle.Pause(r.Context(), latency) // a caller that has gone is nobody's fault
			implementation.ServeHTTP(w, r)
		}),
		Bed: substitute.like(stage), Credentials: c.Credentials.StandIn(),
		Seed: c.Seed, Effort: c.Effort, Filter: c.Filter, Walk: c.Walk, Parallel: c.Parallel, Timeout: c.Timeout,
		Settle: time.Millisecond, Linger: time.Nanosecond, // nothing is late in the mock
	}
	stop, err := config.serve()
	if err != nil {
		return nil, err
	}
	defer stop()
	config, endpoint, err := config.complete()
	if err != nil {
		return nil, err
	}
	s, err := newRun(ctx, config, endpoint)
	if err != nil {
		return nil, err
	}
	defer s.closeBed()
	s.amount, s.given = amount, given
	if err := s.open(); err != nil {
		return nil, err
	}
	result, err := s.carryOut()
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case result.Reason != "":
		return nil, fmt.Errorf("the rehearsal on the embedded mock came to no end: %s", result.Reason)
	}
	r := &rehearsal{
		checks: slices.Clone(s.chosen), prices: map[string]price{}, setup: newBill(), rules: result.Rules,
		exchanges: result.Exchanges, looks: int(substitute.asked.Load()), took: time.Duration(result.Seconds * float64(time.Second)),
	}
	r.setup.own[contract.Normal] = early
	for _, state := range stage.states {
		r.setup.own[state]++ // to see that it is made
	}
	used := r.setup
	for i, check := range r.checks { // what a check leaves out here, since the testbed cannot make what it takes, it tries nowhere
		r.checks[i].Rules = slices.DeleteFunc(slices.Clone(check.Rules), func(id string) bool {
			return !slices.ContainsFunc(result.Rules, func(rule report.Rule) bool { return rule.ID == id && slices.Contains(rule.Checks, check.Text) })
		})
	}
	for text, p := range s.prices.of {
		r.prices[text] = *p
		used = used.with(*p)
	}
	r.setup.own[contract.Normal] += s.people.Paid() - used.all() // ahead of need, and to compare others with
	return r, nil
}

// understudy is the mock's testbed in the place of another.
type understudy struct {
	testbed.Bed
	states  []contract.State
	latency time.Duration
	asked   atomic.Int64
}

// like gives the understudy the habits of the bed that it stands in for.
func (u *understudy) like(stage setting) testbed.Bed {
	switch {
	case stage.spending != nil:
		return spender{u}
	case stage.moving != nil:
		return mover{u, stage.moving}
	}
	return u
}

func (u *understudy) wait(ctx context.Context) {
	u.asked.Add(1)
	_ = gentle.Pause(ctx, u.latency) // whose end the request itself meets
}

func (u *understudy) States(ctx context.Context) ([]contract.State, error) {
	u.wait(ctx)
	return u.states, nil
}

func (u *understudy) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	u.wait(ctx)
	return u.Bed.Make(ctx, state, count)
}

func (u *understudy) Look(ctx context.Context, id string) (testbed.Sight, error) {
	u.wait(ctx)
	return u.Bed.Look(ctx, id)
}

func (u *understudy) Release(ctx context.Context, id string) error {
	u.wait(ctx)
	return u.Bed.Release(ctx, id)
}

type spender struct{ *understudy }

// Has implements testbed.Spending: what is there, and what is needed, are compared after the rehearsal.
func (spender) Has(contract.State) int { return 1 << 20 }

func (spender) Missing() []string {
	const plenty = 20 // batches
	ids := make([]string, plenty*contract.MaxBatch)
	for i := range ids {
		ids[i] = fmt.Sprintf("nothing-%d", i)
	}
	return ids
}

type mover struct {
	*understudy
	moving testbed.Moving
}

func (m mover) Moves(state contract.State) ([]contract.State, bool) { return m.moving.Moves(state) }
