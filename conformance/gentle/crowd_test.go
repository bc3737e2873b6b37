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

// besiege has callers make so many requests each of a host that serves one or puts it off, and gives how often it did which.
func besiege(t *testing.T, callers, requests int, serves func() bool) (served, refused int64) {
	crowd := gentle.NewCrowd()
	var good, bad atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range requests {
				for done := false; !done; {
					leave := crowd.Enter(t.Context())
					if done = serves(); done {
						good.Add(1)
					} else {
						bad.Add(1)
					}
					leave(!done)
					if !done {
						<-time.After(20 * time.Millisecond) // as whoever is put off waits before it asks again
					}
				}
			}
		})
	}
	all.Wait()
	return good.Load(), bad.Load()
}

// TestACrowdFindsOutHowManyAHostTakes has a host that puts off whoever is one too many.
func TestACrowdFindsOutHowManyAHostTakes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const takes, callers, requests = 3, 40, 20
	var inside atomic.Int64
	served, refused := besiege(t, callers, requests, func() bool {
		defer inside.Add(-1)
		if inside.Add(1) > takes {
			return false
		}
		<-time.After(2 * time.Millisecond) // at work
		return true
	})
	g.Expect(served).To(BeEquivalentTo(callers * requests))
	g.Expect(refused).To(BeNumerically("<", callers*requests), "it goes on asking in vain")
}

// TestACrowdFindsOutHowFastAHostTakesThem has a host that takes one request every five milliseconds, and keeps no account
// of the times at which it was asked nothing.
func TestACrowdFindsOutHowFastAHostTakesThem(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const every, callers, requests = 5 * time.Millisecond, 20, 10
	var mu sync.Mutex
	var last time.Time
	served, refused := besiege(t, callers, requests, func() bool {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(last) < every {
			return false
		}
		last = time.Now()
		return true
	})
	g.Expect(served).To(BeEquivalentTo(callers * requests))
	g.Expect(refused).To(BeNumerically("<", callers*requests), "it goes on asking in vain")
}

func TestACrowdHasNoLimitWhereNobodyIsPutOff(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	crowd := gentle.NewCrowd()
	for range 1000 {
		crowd.Enter(t.Context()) // none leaves
	}
	g.Expect(t.Context().Err()).NotTo(HaveOccurred())
}

func TestNobodyWaitsForACrowdWhenTheRunIsOver(t *testing.T) {
	t.Parallel()
	crowd := gentle.NewCrowd()
	crowd.Enter(t.Context())(true) // now one at a time
	leave := crowd.Enter(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{})
	go func() {
		defer close(entered)
		crowd.Enter(ctx)(false)
	}()
	cancel()
	<-entered
	leave(false)
}
