package gentle

import (
	"context"
	"sync"
	"time"
)

// Crowd learns how many requests a host takes at once, and how fast one after the other. As long as it puts none off, that
// is any number. When it does, fewer are made at once from then on, and where many are put off all the same, they are
// spaced; and more again, little by little, as it takes them: so that a host which serves few callers at a time, or few in
// a second, is asked as fast as it can answer, and not again and again in vain. It may be used by several goroutines.
type Crowd struct {
	mu      sync.Mutex
	limit   float64 // 0: none was found yet
	inside  int
	cut     time.Time     // when the limit was lowered last
	gap     time.Duration // between the starts of two requests
	next    time.Time     // no request starts before
	widened time.Time     // when the gap was raised last
	refused float64       // the share of the latest requests that were put off
	freed   chan struct{} // closed, and made anew, when somebody may enter
}

const shortestGap, longestGap = time.Millisecond, 100 * time.Millisecond

// NewCrowd gives a crowd without a limit.
func NewCrowd() *Crowd { return &Crowd{freed: make(chan struct{})} }

// Enter waits until another request may be made, or until ctx ends. What it gives has to be called once when the request
// is answered, and told whether it was put off.
func (c *Crowd) Enter(ctx context.Context) (leave func(putOff bool)) {
	for {
		c.mu.Lock()
		if c.limit == 0 || float64(c.inside) < c.limit || ctx.Err() != nil {
			c.inside++
			wait := time.Until(c.next)
			c.next = time.Now().Add(max(0, wait) + c.gap)
			c.mu.Unlock()
			_ = Pause(ctx, wait) // whose end the request will meet
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
		bold     = 32                    // by one part in so many the gap shrinks where one goes well
		memory   = 16                    // requests, about, of which it is known how many were put off
		much     = 1. / 3                // of them: fewer may be put off by chance, which no gap helps against
	)
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.refused -= c.refused / memory
	if putOff {
		c.refused += 1. / memory
		if c.refused > much && now.Sub(c.widened) > c.gap {
			c.gap, c.widened = min(c.gap+max(shortestGap, c.gap/2), longestGap), now
		}
		if now.Sub(c.cut) > settling {
			c.limit, c.cut = max(1, float64(c.inside)/2), now
		}
	} else if c.limit > 0 {
		c.limit += 1 / (patient * c.limit)
		c.gap -= c.gap / bold
	}
	c.inside--
	close(c.freed)
	c.freed = make(chan struct{})
}
