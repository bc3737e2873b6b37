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

// crowd has callers go through a pace, each several times, and gives how many were inside at once and how long it took.
func crowd(ctx context.Context, pace *gentle.Pace, callers, times int) (most int64, took time.Duration) {
	var inside, peak atomic.Int64
	begun := time.Now()
	var tasks sync.WaitGroup
	for range callers {
		tasks.Go(func() {
			for range times {
				leave := pace.Enter(ctx)
				now := inside.Add(1)
				for seen := peak.Load(); now > seen && !peak.CompareAndSwap(seen, now); seen = peak.Load() {
				}
				time.Sleep(time.Millisecond) // the request
				inside.Add(-1)
				leave()
			}
		})
	}
	tasks.Wait()
	return peak.Load(), time.Since(begun)
}

func TestAPaceBoundsHowManyAreMadeAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	most, _ := crowd(t.Context(), gentle.NewPace(0, 3), 20, 10)
	g.Expect(most).To(BeNumerically("<=", 3))
	most, _ = crowd(t.Context(), nil, 20, 10)
	g.Expect(most).To(BeNumerically(">", 3))
}

// TestAPaceSpacesRequests has a lower bound alone: a busy machine makes everything slower.
func TestAPaceSpacesRequests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const perSecond, requests = 200, 60
	_, took := crowd(t.Context(), gentle.NewPace(perSecond, 0), 20, requests/20)
	g.Expect(took).To(BeNumerically(">=", (requests-1)*time.Second/perSecond))
}

func TestTheEndOfAContextEndsTheWaitForATurn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, pace := range []*gentle.Pace{gentle.NewPace(0.001, 0), gentle.NewPace(0, 1)} {
		ctx, cancel := context.WithCancel(t.Context())
		pace.Enter(ctx) // takes the first turn, and the only place
		cancel()
		_, took := crowd(ctx, pace, 5, 5)
		g.Expect(took).To(BeNumerically("<", 100*time.Second), "it waited for its turn")
	}
}
