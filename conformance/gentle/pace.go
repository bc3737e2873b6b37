package gentle

import (
	"context"

	"golang.org/x/time/rate"
)

// Pace bounds how fast a run asks: so many requests in a second, and so many at once. It is the caller's word, where
// Dialer and Crowd learn what a host bears. One pace may be shared by several clients, whose requests then count together,
// and by several goroutines. A nil Pace bounds nothing.
type Pace struct {
	limiter *rate.Limiter // nil: as fast as may be
	room    chan struct{} // nil: as many as may be
}

// NewPace bounds requests to so many in a second, evenly spaced, and to so many at once; zero stands for no bound.
func NewPace(perSecond float64, atOnce int) *Pace {
	p := &Pace{}
	if perSecond > 0 {
		p.limiter = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	if atOnce > 0 {
		p.room = make(chan struct{}, atOnce)
	}
	return p
}

// Enter waits until another request may be made, or until ctx ends. What it gives has to be called once when the request
// is over.
func (p *Pace) Enter(ctx context.Context) (leave func()) {
	leave = func() {}
	if p == nil {
		return leave
	}
	if p.room != nil {
		select {
		case p.room <- struct{}{}:
			leave = func() { <-p.room }
		case <-ctx.Done():
			return leave
		}
	}
	if p.limiter != nil {
		_ = Pause(ctx, p.limiter.Reserve().Delay()) // whose end the request will meet
	}
	return leave
}
