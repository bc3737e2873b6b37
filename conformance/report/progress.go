package report

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// State is how far a run has come.
type State struct {
	Done, Total int    // checks
	Check       string // the one that is going on
	Phase       string // the part of the run that is going on
	Exchanges   int
	Snapshots   int           // that the run has made, and that are not known to be gone
	Releasing   bool          // whether there is nothing left to do but to remove these
	Broken      int           // how often a rule was broken
	Left        time.Duration // until the end, about; 0 where nothing is known of it
	Elapsed     time.Duration
}

const (
	redraw    = 100 * time.Millisecond // a faster line cannot be read
	heartbeat = 5 * time.Second        // between the lines of a log where nothing new begins
	usual     = 80                     // characters, where the width is not known
)

// Progress shows how far a run has come while it goes on: on a terminal as one line that is redrawn in place, in a
// log as plain lines, few enough to be read. A nil Progress shows nothing.
type Progress struct {
	out    io.Writer
	live   bool
	width  func() int
	latest atomic.Pointer[State]
	said   chan string
	closed sync.Once
	stop   chan struct{}
	done   chan struct{}
}

// NewProgress begins to show the progress on w. It is live on a terminal that understands control sequences, whose
// width is asked for again and again, since a user may change it; a nil width stands for a usual one. Close has to
// be called.
func NewProgress(w io.Writer, live bool, width func() int) *Progress {
	p := &Progress{out: w, live: live, width: width, said: make(chan string), stop: make(chan struct{}), done: make(chan struct{})}
	go p.show()
	return p
}

// Update tells of a new state. It may be called as often as one likes, by several goroutines, and never waits for
// the terminal. A state that is older than one already told is dropped.
func (p *Progress) Update(state State) {
	if p == nil {
		return
	}
	for {
		latest := p.latest.Load()
		if latest != nil && latest.Elapsed > state.Elapsed || p.latest.CompareAndSwap(latest, &state) {
			return
		}
	}
}

// Say writes a line that stays, unless Close has been called.
func (p *Progress) Say(line string) {
	if p == nil {
		return
	}
	select {
	case p.said <- line:
	case <-p.done:
	}
}

// Close takes the live line away. When it has returned, nothing more is written.
func (p *Progress) Close() {
	if p == nil {
		return
	}
	p.closed.Do(func() { close(p.stop) })
	<-p.done
}

// show alone writes, and looks at the state when it is time to, so that those who run the checks need not.
func (p *Progress) show() {
	defer close(p.done)
	ticker := time.NewTicker(redraw)
	defer ticker.Stop()
	tell := p.tellLog()
	if p.live {
		tell = p.tellLive()
		defer io.WriteString(p.out, "\r\x1b[K")
	}
	var state *State
	var since time.Time
	for {
		select {
		case <-p.stop:
			return
		case line := <-p.said:
			line = Printable(line)
			if p.live {
				line = "\r\x1b[K" + line
			}
			fmt.Fprintln(p.out, line)
		case now := <-ticker.C:
			if latest := p.latest.Load(); latest != state {
				state, since = latest, now
			}
			if state != nil {
				// Time goes on also while nothing is told.
				current := *state
				current.Elapsed += now.Sub(since)
				current.Left = max(0, current.Left-now.Sub(since))
				tell(current)
			}
		}
	}
}

func (p *Progress) tellLive() func(State) {
	shown := ""
	return func(state State) {
		width := usual
		if p.width != nil && p.width() > 0 {
			width = p.width()
		}
		// A line as wide as the terminal makes some terminals begin another.
		if line := Shorten(state.line(), max(2, width-1)); line != shown {
			fmt.Fprintf(p.out, "\r%s\x1b[K", line)
			shown = line
		}
	}
}

func (p *Progress) tellLog() func(State) {
	var last State
	told := false
	return func(state State) {
		if told && state.Phase == last.Phase && state.Elapsed-last.Elapsed < heartbeat {
			return
		}
		fmt.Fprintln(p.out, state.line())
		last, told = state, true
	}
}

// line has what changes least in front, so that the eye finds it, and what may be cut at the end.
func (s State) line() string {
	line := fmt.Sprintf("%5.1f s", s.Elapsed.Seconds())
	if s.Left >= time.Second {
		line += fmt.Sprintf(", ~%.0f s left", s.Left.Seconds())
	}
	line += fmt.Sprintf("  %d/%d checks, %s", s.Done, s.Total, Count(s.Exchanges, "exchange"))
	if s.Broken > 0 {
		line += ", rules broken " + times(s.Broken)
	}
	line += fmt.Sprintf(", %s in use", Count(s.Snapshots, "snapshot"))
	line += "  " + Printable(s.Phase)
	if s.Check != "" && s.Check != s.Phase {
		line += ": " + Printable(s.Check)
	}
	return line
}
