package conformance

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// authentication: AUTH-1, who may delete. Without credentials there is nothing to be refused.
func (s *suite) authentication() {
	own := s.config.Credentials

	It("refuses a request that is not signed", Rule("AUTH-1"), Catches("lets-in-unsigned", "checks-later"), func(ctx SpecContext) {
		s.refuses(ctx, own.Present(), func(*http.Request, []byte) {})
	})

	It("refuses a request with somebody else's signature or token", Rule("AUTH-1"), Catches("token-prefix", "trusts-the-key-id"), func(ctx SpecContext) {
		stranger := own
		if own.Secret != "" {
			stranger.Secret = own.Secret + "-not"
		} else {
			stranger.Token = own.Token + "-not"
		}
		s.refuses(ctx, own.Present(), func(r *http.Request, body []byte) { stranger.Sign(r, body, time.Now()) })
	})

	It("refuses a request that was altered after it was signed", Rule("AUTH-1"), Catches("signs-trimmed-bodies"), func(ctx SpecContext) {
		s.refuses(ctx, own.Secret != "", func(r *http.Request, body []byte) { own.Sign(r, append(body, ' '), time.Now()) })
	})

	It("refuses a request that was signed too long ago", Rule("AUTH-1"), Catches("has-no-clock"), func(ctx SpecContext) {
		s.refuses(ctx, own.Secret != "", func(r *http.Request, body []byte) {
			own.Sign(r, body, time.Now().Add(-contract.MaxClockSkew-time.Minute))
		})
	})
}

// refuses sends a request that is valid but for its signature.
func (s *suite) refuses(ctx SpecContext, applicable bool, sign func(r *http.Request, body []byte)) {
	switch {
	case !s.config.Credentials.Present():
		Skip("no credentials are given in the environment: " + signing.Names)
	case !applicable:
		Skip("a bearer token signs nothing")
	}
	kept := s.Make(ctx, contract.Normal, 1)
	body := bodyOf(kept)
	const ways = 4 // of being refused, each with a check
	s.InLanes(lanes, max(1, s.amount.again/ways), func(int) {
		answer := s.Send(ctx, target.Request{Body: body, Sign: func(r *http.Request) { sign(r, body) }})
		s.Expect("AUTH-1", answer).To(HaveAuthCode())
		s.ExpectUntouched(answer, kept, "AUTH-1")
	})
}
