// Package limit has the mock take only so many requests a second.
package limit

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// Rate has requests to the API that come faster than so many a second put off, whoever sends them. As many as a second
// has may come at once. It belongs before the door, and so after it among the options: a limit is there to keep work
// away, and to look at a signature is work. The testbed is not limited.
func Rate(perSecond float64) mock.Option { return at(perSecond, time.Now) }

// at is Rate by another clock.
func at(perSecond float64, now func() time.Time) mock.Option {
	// So many that they cannot be counted are as many as can be.
	limiter := rate.NewLimiter(rate.Limit(perSecond), int(min(math.Ceil(perSecond), math.MaxInt32)))
	return mock.WithAround(func(_ *mock.Service, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			at := now()
			if limiter.AllowN(at, 1) {
				next.ServeHTTP(w, r)
				return
			}
			wait := math.Ceil((1 - limiter.TokensAt(at)) / perSecond)
			w.Header().Set("Retry-After", strconv.Itoa(int(min(max(wait, 1), math.MaxInt32)))) // whole seconds
			mock.Fail(w, mock.Refusal(contract.TooFast, fmt.Sprintf("Too many requests: the limit is %g a second. Wait, and ask again.", perSecond)))
		})
	})
}
