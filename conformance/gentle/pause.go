package gentle

import (
	"context"
	"time"
)

// Pause waits, or gives the reason why ctx has ended before.
func Pause(ctx context.Context, wait time.Duration) error {
	if ctx.Err() != nil { // the select would toss a coin
		return context.Cause(ctx)
	}
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
