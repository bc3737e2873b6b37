package conformance

import (
	"slices"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// clock tells where the time of a run goes. It may be used by several goroutines.
type clock struct {
	mu      sync.Mutex
	start   time.Time
	since   time.Time // when the current phase began, or went on
	phases  []report.Phase
	current int
}

func newClock(phase string) *clock {
	now := time.Now()
	return &clock{start: now, since: now, phases: []report.Phase{{Name: phase}}}
}

// enter begins a phase, or goes on with one that was left.
func (c *clock) enter(phase string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause()
	c.current = slices.IndexFunc(c.phases, func(p report.Phase) bool { return p.Name == phase })
	if c.current < 0 {
		c.current = len(c.phases)
		c.phases = append(c.phases, report.Phase{Name: phase})
	}
}

func (c *clock) pause() {
	now := time.Now()
	c.phases[c.current].Seconds += now.Sub(c.since).Seconds()
	c.since = now
}

// now gives the current phase, and how long the run has taken so far.
func (c *clock) now() (phase string, elapsed time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phases[c.current].Name, time.Since(c.start)
}

// finish gives all phases, and the seconds that the run took.
func (c *clock) finish() ([]report.Phase, float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pause()
	return slices.Clone(c.phases), c.since.Sub(c.start).Seconds()
}
