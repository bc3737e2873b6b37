package gentle_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

// crowd has callers go through a pace, each several times, with requests that last until hold returns, and gives how long it
// took and a count of those that are inside.
func crowd(ctx context.Context, pace *gentle.Pace, callers, times int, hold func()) (inside *atomic.Int64, wait func() time.Duration) {
	inside = &atomic.Int64{}
	begun := time.Now()
	var tasks sync.WaitGroup
	for range callers {
		tasks.Go(func() {
			for range times {
				leave := pace.Enter(ctx)
				inside.Add(1)
				hold()
				inside.Add(-1)
				leave()
			}
		})
	}
	return inside, func() time.Duration { tasks.Wait(); return time.Since(begun) }
}

func TestAPaceBoundsHowManyAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	const callers, atOnce = 20, 3
	for most, pace := range map[int64]*gentle.Pace{atOnce: gentle.NewPace(0, atOnce), callers: nil} {
		g := NewWithT(t)
		over := make(chan struct{})
		inside, wait := crowd(t.Context(), pace, callers, 1, func() { <-over })
		g.Eventually(inside.Load, "10s").Should(Equal(most))
		g.Consistently(inside.Load, "50ms").Should(Equal(most), "others come in")
		close(over)
		wait() // all have had their turn
	}
}

// TestAPaceSpacesRequests has a lower bound alone: a busy machine makes everything slower.
func TestAPaceSpacesRequests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const perSecond, requests = 200, 60
	_, wait := crowd(t.Context(), gentle.NewPace(perSecond, 0), 20, requests/20, func() {})
	g.Expect(wait()).To(BeNumerically(">=", (requests-1)*time.Second/perSecond))
}

func TestTheEndOfAContextEndsTheWaitForATurn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, pace := range []*gentle.Pace{gentle.NewPace(0.001, 0), gentle.NewPace(0, 1)} {
		ctx, cancel := context.WithCancel(t.Context())
		pace.Enter(ctx) // takes the first turn, and the only place
		cancel()
		_, wait := crowd(ctx, pace, 5, 5, func() {})
		g.Expect(wait()).To(BeNumerically("<", 100*time.Second), "it waited for its turn")
	}
}
