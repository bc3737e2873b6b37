package mutants

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// timing: when things happen.
func timing() []Variant {
	return append(asynchronous(), paces()...)
}

// asynchronous has deletions that end after their answer. Until then a snapshot is on its way out, and denied.
func asynchronous() []Variant {
	const settle = 6 * time.Second
	within := func(while func(s *Server, place int) time.Duration) removal {
		return func(s *Server, ids []string) map[string]contract.State {
			claimed, inTheWay := s.claimAll(ids)
			for place, id := range claimed {
				s.releaseLater(id, while(s, place))
			}
			return inTheWay
		}
	}
	always := func(while time.Duration) removal {
		return within(func(*Server, int) time.Duration { return while })
	}
	// lagging deletes at once, and has the testbed show a snapshot NORMAL for a while.
	lagging := func(while time.Duration) removal {
		return func(s *Server, ids []string) map[string]contract.State {
			claimed, inTheWay := s.claimAll(ids)
			for _, id := range claimed {
				s.shown.Store(id, contract.Normal)
				s.Release(id)
				time.AfterFunc(while, func() { s.shown.Delete(id) })
			}
			return inTheWay
		}
	}
	return []Variant{
		{Name: "gone-after-100ms", Does: "deletes within 100 ms of the answer", remove: always(100 * time.Millisecond)},
		{Name: "gone-after-5s", Does: "deletes within five seconds of the answer", remove: always(5 * time.Second), Settle: settle},
		{
			Name: "gone-sooner-or-later", Does: "deletes within 300 ms of the answer, each snapshot in its own time",
			remove: within(func(*Server, int) time.Duration { return rand.N(300 * time.Millisecond) }),
		},
		{
			Name: "looks-from-two-replicas", Does: "has a testbed that shows a deleted snapshot now NORMAL and now gone, for 200 ms",
			remove: lagging(200 * time.Millisecond),
			testbed: func(s *Server, w http.ResponseWriter, r *http.Request) bool {
				second := r.Method == http.MethodGet && s.count("look")%2 == 0
				if second {
					s.Service.ServeHTTP(w, r)
				}
				return second
			},
		},
	}
}

// paces has answers that come when they come.
func paces() []Variant {
	slow := func(wait func(s *Server) time.Duration) behaviour {
		return func(s *Server, c *call) {
			<-time.After(wait(s))
			s.pass(c)
		}
	}
	inTurn := func(next http.Handler) http.Handler {
		var mu sync.Mutex
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			next.ServeHTTP(w, r)
		})
	}
	return []Variant{
		{Name: "slow-or-not", Does: "takes up to 15 ms for an answer", serve: slow(func(*Server) time.Duration { return rand.N(15 * time.Millisecond) })},
		{Name: "one-at-a-time", Does: "deals with one request at a time, those to the testbed included", around: inTurn},
		{
			Name: "token-bucket", Does: "answers 429 to more than 500 calls a second, save for a burst of 100",
			serve: func(s *Server, c *call) {
				const rate, burst = 500, 100
				first, _ := s.notes.LoadOrStore("first", time.Now())
				earned := int64(time.Since(first.(time.Time)).Seconds() * rate)
				spent, _ := s.notes.LoadOrStore("spent", &bucket{spent: -burst}) // full, as it is after a while without calls
				if !spent.(*bucket).take(earned, burst) {
					c.fails(contract.TooFast)
					return
				}
				s.pass(c)
			},
		},
	}
}

// bucket holds tokens.
type bucket struct {
	mu    sync.Mutex
	spent int64
}

// take spends one of the tokens that have been earned so far, of which no more than burst are kept.
func (b *bucket) take(earned, burst int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(b.spent, earned-burst)
	if b.spent >= earned {
		return false
	}
	b.spent++
	return true
}
