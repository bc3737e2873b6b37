package conformance

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// authentication: AUTH-1, who may delete. Without credentials there is nothing to be refused.
func (s *suite) authentication() {
	own := s.credentials()

	It("refuses a request that is not signed", Rule("AUTH-1"), Catches(
		"lets-in-unsigned", "checks-later", "lets-in-who-signs-nothing", "lets-in-any-token", "calls-it-a-wrong-value",
	), func(ctx SpecContext) {
		s.refuses(ctx, own.Present(),
			func(*http.Request, []byte) {},
			func(r *http.Request, _ []byte) { r.Header.Set(contract.HeaderAuthorization, "") },
			func(r *http.Request, body []byte) { // all but the signature
				own.Sign(r, body, time.Now())
				scheme, _, _ := strings.Cut(r.Header.Get(contract.HeaderAuthorization), " ")
				r.Header.Set(contract.HeaderAuthorization, scheme)
			},
			func(r *http.Request, body []byte) { // a token, which a key pair is none of
				own.Sign(r, body, time.Now())
				r.Header.Set(contract.HeaderAuthorization, "Bearer not-a-token")
			},
		)
	})

	It("refuses a request with somebody else's signature or token", Rule("AUTH-1"), Catches(
		"token-prefix", "token-suffix", "trusts-the-key-id", "compares-half-the-signature",
	), func(ctx SpecContext) {
		if own.Secret == "" {
			// Each has the whole token in it: a part would not be recognized, and left out, where a target repeats it.
			longer, later := signing.Credentials{Token: own.Token + "-not"}, signing.Credentials{Token: "not-" + own.Token}
			s.refuses(ctx, own.Present(),
				func(r *http.Request, body []byte) { longer.Sign(r, body, time.Now()) },
				func(r *http.Request, body []byte) { later.Sign(r, body, time.Now()) },
			)
			return
		}
		stranger := own
		stranger.Secret = own.Secret + "-not"
		s.refuses(ctx, true,
			func(r *http.Request, body []byte) { stranger.Sign(r, body, time.Now()) },
			func(r *http.Request, body []byte) { // right but for its end
				own.Sign(r, body, time.Now())
				r.Header.Set(contract.HeaderAuthorization, otherEnd(r.Header.Get(contract.HeaderAuthorization)))
			},
		)
	})

	It("refuses a request that was altered after it was signed", Rule("AUTH-1"), Catches(
		"signs-trimmed-bodies", "signs-about-this-time", "signs-media-types", "remembers-signatures",
	), func(ctx SpecContext) {
		missing, signed := bodyOf(s.Missing(ctx, 1)), time.Now()
		if own.Secret != "" { // has been let in before
			s.Send(ctx, target.Request{Body: missing, Sign: func(r *http.Request) { own.Sign(r, missing, signed) }})
		}
		s.refuses(ctx, own.Secret != "",
			func(r *http.Request, body []byte) { own.Sign(r, append(body, ' '), time.Now()) },
			func(r *http.Request, _ []byte) { own.Sign(r, missing, signed) },
			func(r *http.Request, body []byte) {
				own.Sign(r, body, time.Now().Add(-time.Minute))
				r.Header.Set(contract.HeaderTimestamp, strconv.FormatInt(time.Now().Unix(), 10))
			},
			func(r *http.Request, body []byte) {
				own.Sign(r, body, time.Now())
				r.Header.Set("Content-Type", contract.ContentType+"; charset=utf-8")
			},
		)
	})

	It("refuses a request that was signed too long ago", Rule("AUTH-1"), Catches("has-no-clock", "forgets-the-date"), func(ctx SpecContext) {
		signed := func(age time.Duration) func(r *http.Request, body []byte) {
			return func(r *http.Request, body []byte) { own.Sign(r, body, time.Now().Add(-age)) }
		}
		const day = 24 * time.Hour
		s.refuses(ctx, own.Secret != "", signed(contract.MaxClockSkew+time.Minute), signed(time.Hour), signed(day), signed(365*day))
	})
}

// refuses sends requests that are valid but for their signatures, which go wrong in one way after the other.
func (s *suite) refuses(ctx SpecContext, applicable bool, ways ...func(r *http.Request, body []byte)) {
	switch {
	case !s.credentials().Present():
		Skip("no credentials are given in the environment: " + signing.Names)
	case !applicable:
		Skip("a bearer token signs nothing")
	}
	kept := s.Make(ctx, contract.Normal, 1)
	body := bodyOf(kept)
	const checks = 4 // of this rule
	s.InLanes(lanes, max(len(ways), s.amount.again/checks), func(i int) {
		answer := s.Send(ctx, target.Request{Body: body, Sign: func(r *http.Request) { ways[i%len(ways)](r, body) }})
		s.Expect("AUTH-1", answer).To(HaveAuthCode())
		// Not for STATE-3: what one request has deleted is rightly missing to the next, which is refused for that.
		s.people.Stays(population.Cause{Exchange: answer.Exchange, Rules: []string{"AUTH-1"}}, kept...)
	})
}

// otherEnd gives a text with another last character.
func otherEnd(text string) string {
	last := len(text) - 1
	if text[last] == '0' {
		return text[:last] + "1"
	}
	return text[:last] + "0"
}
