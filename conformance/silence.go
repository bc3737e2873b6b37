package conformance

import (
	"errors"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// Why a run ends whose target does not answer, or says far too much. What was proved before holds all the same.
var (
	errSilent   = errors.New("the endpoint has stopped answering")
	errHanging  = errors.New("the endpoint answers some requests never; to wait for more of them would take too long (does it serve several connections at once?)")
	errFlooding = errors.New("the endpoint sends too much")
)

// What a run waits for in vain, at the most.
const (
	mostHung   = 64               // requests that take the whole timeout
	mostWaited = 40 * time.Second // in which requests were under way that never got an answer
	expected   = 10 * time.Second // that an answer may take where the endpoint is known to leave requests without any
	farSlower  = 2                // times than its slowest answer no answer is expected to be
)

// silence is what a run has waited for in vain. It may be used by several goroutines.
//
// A target that is slow is waited for, as long as it keeps to the timeout. One that has left a request without an answer
// is waited for no longer than its other answers give reason to: whether it is still there or not, that request has been
// lost, and if it is, the rule has been broken.
type silence struct {
	timeout time.Duration

	mu      sync.Mutex
	inARow  int // exchanges without an answer
	hung    int // exchanges that took the whole timeout
	slowest time.Duration
	waited  time.Duration // in vain, where requests were under way at once only once
	until   time.Time     // the end of what waited counts
}

// heard learns from an exchange. It gives how many in a row have had no answer, and whether the run has waited enough.
func (s *silence) heard(e *target.Exchange) (inARow int, tooLong bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Err == nil {
		s.inARow, s.slowest = 0, max(s.slowest, e.Answered.Sub(e.Asked))
		return 0, false
	}
	if e.From != stillThere {
		s.inARow++
	}
	if errors.Is(e.Err, target.ErrTimeout) && !refusedUnread(e) {
		s.hung++
	}
	begun := e.Started
	if e.Attempts > 1 { // before that it was put off
		begun = e.Asked
	}
	if begun.Before(s.until) {
		begun = s.until
	}
	if e.Ended.After(begun) {
		s.waited, s.until = s.waited+e.Ended.Sub(begun), e.Ended
	}
	return s.inARow, s.hung > mostHung || s.waited > mostWaited
}

// now is how many exchanges in a row have had no answer.
func (s *silence) now() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.inARow
}

// wait is how long the next answer may take.
func (s *silence) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hung == 0 {
		return s.timeout
	}
	return s.patience()
}

// knocks is how long an endpoint may take to show that it is there.
func (s *silence) knocks() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.patience()
}

// patience is called with the mutex held.
func (s *silence) patience() time.Duration {
	return min(s.timeout, max(expected, farSlower*s.slowest))
}
