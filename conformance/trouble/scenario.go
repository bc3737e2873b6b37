package trouble

import (
	_ "embed"
	"errors"
	"fmt"
	"time"
)

// Scenario changes the settings step by step. The last step stays in force, or the first follows it again.
type Scenario struct {
	Steps  []Step
	Repeat bool
}

// Step is what a step of a scenario changes, and when it begins: so long after the step before it has begun, or when so many
// requests to the API have come since then. Before the first step comes the beginning of the whole, and the last step where
// the scenario is repeated. The first may say neither, and begins at once then; the others say one of both.
//
// What a step leaves out, which is nil, stays as it was.
type Step struct {
	After    time.Duration // 0: it does not say
	Requests int           // 0: it does not say

	Settle   *time.Duration
	Creating *time.Duration
	Latency  *Latency
	Stay     []Stay  // empty, but not nil, for none
	Faults   []Fault // likewise
}

// Schema is the JSON Schema, of draft 2020-12, of a scenario. What ReadScenario takes satisfies it.
//
//go:embed scenario.schema.json
var Schema []byte

// The bounds of a scenario.
const (
	maxSteps    = 1000
	maxRequests = 1_000_000_000 // that a step waits for
	maxShares   = 100           // entries of one list of faults, or of what stays
)

// on gives what settings are when the step has begun.
func (s Step) on(settings Settings) Settings {
	if s.Settle != nil {
		settings.Settle = *s.Settle
	}
	if s.Creating != nil {
		settings.Creating = *s.Creating
	}
	if s.Latency != nil {
		settings.Latency = *s.Latency
	}
	if s.Stay != nil {
		settings.Stay = s.Stay
	}
	if s.Faults != nil {
		settings.Faults = s.Faults
	}
	return settings
}

// The mistakes about when steps begin.
var (
	errNoSteps    = errors.New("a scenario has steps; give one at least")
	errBothWhen   = errors.New("a step begins after a while or after some requests; give after or requests, not both")
	errNoWhen     = errors.New("a step behind the first has to say when it begins; give after, as in 30s, or requests, as in 100")
	errOnlyRepeat = errors.New("one step has nothing to alternate with; give another, or leave out repeat")
)

// check tells what cannot be about a scenario that was made in Go.
func (s Scenario) check() error {
	switch {
	case len(s.Steps) == 0:
		return errNoSteps
	case s.Repeat && len(s.Steps) == 1:
		return errOnlyRepeat
	}
	for i, step := range s.Steps {
		if err := firstOf(step.checkWhen(i == 0), step.on(Settings{}).check()); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func (s Step) checkWhen(first bool) error {
	switch {
	case s.After != 0 && s.Requests != 0:
		return errBothWhen
	case !first && s.After == 0 && s.Requests == 0:
		return errNoWhen
	case s.Requests < 0:
		return errors.New("requests is less than none")
	}
	return checkDuration(s.After, maxTiming)
}

// playing is a scenario that is under way. Its steps are taken when somebody looks, and so need nobody to wait for them.
type playing struct {
	Scenario
	step     int       // that is in force, from 0 on; -1 before the first
	round    int       // from 1 on
	since    time.Time // when the step began
	requests int       // that have come since
}

// Play has a scenario change the settings, beginning with those that are in force.
func (t *Trouble) Play(scenario Scenario) error {
	if err := scenario.check(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.playing = &playing{Scenario: scenario, step: -1, round: 1, since: t.now()}
	t.enforce(t.settings)
	t.turn()
	return nil
}

// arrive counts a request that comes, and gives what it meets.
func (t *Trouble) arrive() *force {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn()
	if t.playing != nil {
		t.playing.requests++
	}
	return t.inForce.Load()
}

// turn takes the steps of the scenario that are due. The caller holds mu.
func (t *Trouble) turn() {
	if !t.playing.goesOn() {
		return
	}
	settings, now, taken := t.settings, t.now(), false
	for t.playing.take(now) {
		settings, taken = t.playing.Steps[t.playing.step].on(settings), true
	}
	if taken {
		t.enforce(settings)
	}
}

// goesOn tells whether a step follows.
func (p *playing) goesOn() bool {
	return p != nil && (p.Repeat || p.step+1 < len(p.Steps))
}

// take has the next step begin if it is due.
func (p *playing) take(now time.Time) bool {
	if !p.goesOn() {
		return false
	}
	next := (p.step + 1) % len(p.Steps)
	step := p.Steps[next]
	begins := now
	switch {
	case step.Requests > 0 && p.requests < step.Requests:
		return false
	case step.Requests == 0:
		begins = p.since.Add(step.After) // and not a little later each time
		if begins.After(now) {
			return false
		}
	}
	if next == 0 && p.step >= 0 {
		p.round++
		begins = p.skip(begins, now)
	}
	p.step, p.since, p.requests = next, begins, 0
	return true
}

// skip leaves out whole rounds that nobody has seen anything of, which end as they began: they could be very many. It tells
// when a round begins that would have begun at a time otherwise.
func (p *playing) skip(begins, now time.Time) time.Time {
	var round time.Duration
	for _, step := range p.Steps {
		if step.Requests > 0 {
			return begins // nobody can leave out requests
		}
		round += step.After
	}
	missed := now.Sub(begins) / round
	p.round += int(missed)
	return begins.Add(missed * round)
}
