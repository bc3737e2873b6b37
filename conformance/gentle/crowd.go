package gentle

import (
	"context"
	"sync"
	"time"
)

// Crowd learns how many requests a host takes at once. As long as it puts none off, that is any number. When it does,
// fewer are made at once from then on, and more again, little by little, as it takes them: so that a host which serves
// few callers at a time is asked as fast as it can answer, and not again and again in vain. It may be used by several
// goroutines.
type Crowd struct {
	mu     sync.Mutex
	limit  float64 // 0: none was found yet
	inside int
	cut    time.Time
	freed  chan struct{} // closed, and made anew, when somebody may enter
}

// NewCrowd gives a crowd without a limit.
func NewCrowd() *Crowd { return &Crowd{freed: make(chan struct{})} }

// Enter waits until another request may be made, or until ctx ends. What it gives has to be called once when the request
// is answered, and told whether it was put off.
func (c *Crowd) Enter(ctx context.Context) (leave func(putOff bool)) {
	for {
		c.mu.Lock()
		if c.limit == 0 || float64(c.inside) < c.limit || ctx.Err() != nil {
			c.inside++
			c.mu.Unlock()
			return c.leave
		}
		freed := c.freed
		c.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
		}
	}
}

func (c *Crowd) leave(putOff bool) {
	const (
		settling = 50 * time.Millisecond // in which several are put off for the same reason
		patient  = 4                     // times as many as go at once have to go well before one more is let in
	)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch now := time.Now(); {
	case putOff && now.Sub(c.cut) > settling:
		c.limit, c.cut = max(1, float64(c.inside)/2), now
	case !putOff && c.limit > 0:
		c.limit += 1 / (patient * c.limit)
	}
	c.inside--
	close(c.freed)
	c.freed = make(chan struct{})
}
