package mutants

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// token is what a variant takes that knows tokens only. It is no secret either.
var token = signing.Credentials{Token: "not-a-secret-token"}

// authentication: AUTH-1. The mock takes any credentials; these take only some, and not as the contract has it.
func authentication() []Variant {
	only := []string{"AUTH-1"}
	return []Variant{
		{
			Name: "lets-in-unsigned", Rules: only, Does: "lets requests in that are not signed", Credentials: keys,
			serve: door(func(k knock) error {
				if k.authorization() == "" {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "trusts-the-key-id", Rules: only, Does: "lets in whoever names the right key", Credentials: keys,
			serve: door(func(k knock) error {
				if strings.Contains(k.authorization(), "Credential="+keys.KeyID+",") {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "signs-trimmed-bodies", Rules: only, Does: "does not care for white space at the end of what was signed", Credentials: keys,
			serve: door(func(k knock) error {
				if keys.Verify(k.request, append(bytes.Clone(k.body), ' '), k.now) == nil {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "has-no-clock", Rules: only, Does: "does not look at the time of a signature", Credentials: keys,
			serve: door(func(k knock) error { k.now = k.time(); return k.verify() }),
		},
		{
			Name: "calls-it-a-wrong-value", Rules: only, Does: "refuses a request that is not signed for an illegal value", Credentials: keys,
			serve: func(s *Server, c *call) {
				if guarded(s, c); c.knock(keys).authorization() == "" {
					refuseValue(s, c)
				}
			},
		},
		{
			Name: "lets-in-who-signs-nothing", Rules: only, Does: "lets in who names the scheme and nothing else", Credentials: keys,
			serve: door(func(k knock) error {
				if k.authorization() == contract.SignatureMethod {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "compares-half-the-signature", Rules: only, Does: "compares the first half of a signature", Credentials: keys,
			serve: door(func(k knock) error {
				const half = 32 // of its digits
				own := k.request.Clone(k.request.Context())
				keys.Sign(own, k.body, k.time())
				right := own.Header.Get(contract.HeaderAuthorization)
				if strings.HasPrefix(k.authorization(), right[:len(right)-half]) {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "signs-about-this-time", Rules: only, Does: "does not mind another time than the one that was signed, if it is close", Credentials: keys,
			serve: door(func(k knock) error {
				for seconds := range 90 {
					at := *k.request
					at.Header = k.request.Header.Clone()
					at.Header.Set(contract.HeaderTimestamp, strconv.FormatInt(k.time().Unix()-int64(seconds), 10))
					if keys.Verify(&at, k.body, k.now) == nil {
						return nil
					}
				}
				return k.verify()
			}),
		},
		{
			Name: "lets-in-any-token", Rules: only, Does: "lets in who sends any token", Credentials: keys,
			serve: door(func(k knock) error {
				if strings.HasPrefix(k.authorization(), "Bearer ") {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "remembers-signatures", Rules: only, Does: "lets in a signature that it has let in before, whatever it is for", Credentials: keys,
			serve: func(s *Server, c *call) {
				known := "let in " + c.knock(keys).authorization()
				if _, before := s.notes.Load(known); before {
					s.pass(c)
					return
				}
				if c.knock(keys).verify() == nil {
					s.first(known)
				}
				guarded(s, c)
			},
		},
		{
			Name: "forgets-the-date", Rules: only, Does: "looks at the time of day of a signature alone", Credentials: keys,
			serve: door(func(k knock) error {
				const day = 24 * time.Hour
				k.now = k.time().Add(k.now.Sub(k.time()) % day)
				return k.verify()
			}),
		},
		{
			Name: "signs-media-types", Rules: only, Does: "leaves parameters of the Content-Type away before it checks a signature", Credentials: keys,
			serve: door(func(k knock) error {
				mediaType, _, _ := strings.Cut(k.request.Header.Get("Content-Type"), ";")
				k.request.Header.Set("Content-Type", mediaType)
				return k.verify()
			}),
		},
		{
			Name: "checks-later", Rules: only, Does: "deletes the snapshots of a request that is not signed, and then refuses it", Credentials: keys,
			serve: func(s *Server, c *call) {
				if c.knock(keys).authorization() == "" {
					s.erase(c.ids...)
				}
				guarded(s, c)
			},
		},
		{
			Name: "token-suffix", Rules: only, Does: "lets in whoever sends a token that ends with the right one", Credentials: token,
			serve: doorFor(token, func(k knock) error {
				if strings.HasSuffix(k.authorization(), token.Token) {
					return nil
				}
				return k.verify()
			}),
		},
		{
			Name: "token-prefix", Rules: only, Does: "lets in whoever sends a token that begins with the right one", Credentials: token,
			serve: doorFor(token, func(k knock) error {
				if strings.HasPrefix(k.authorization(), "Bearer "+token.Token) {
					return nil
				}
				return k.verify()
			}),
		},
	}
}

// doors: AUTH-1 as the contract has it, which the mock does not.
func doors() []Variant {
	return []Variant{
		{Name: "door", Does: "lets in who signs with the right key, and nobody else", Credentials: keys, serve: guarded},
		{Name: "token-door", Does: "lets in who sends the right token, and nobody else", Credentials: token, serve: doorFor(token, knock.verify)},
	}
}

// knock is a request before the door.
type knock struct {
	request *http.Request
	body    []byte
	now     time.Time
	wanted  signing.Credentials
}

func (c *call) knock(wanted signing.Credentials) knock {
	return knock{c.request, c.body, time.Now(), wanted}
}

func (k knock) authorization() string { return k.request.Header.Get(contract.HeaderAuthorization) }

// time is when the request says that it was signed.
func (k knock) time() time.Time {
	seconds, _ := strconv.ParseInt(k.request.Header.Get(contract.HeaderTimestamp), 10, 64) // what is none is long ago
	return time.Unix(seconds, 0)
}

// verify is the whole of what is to be looked at.
func (k knock) verify() error { return k.wanted.Verify(k.request, k.body, k.now) }

// guarded lets in as the contract has it.
var guarded = door(knock.verify)

// door refuses a request unless it is let in.
func door(lets func(k knock) error) behaviour { return doorFor(keys, lets) }

func doorFor(wanted signing.Credentials, lets func(k knock) error) behaviour {
	return func(s *Server, c *call) {
		if refusal, refused := lets(c.knock(wanted)).(signing.Refusal); refused {
			answer, _ := contract.ErrorByCode(string(refusal.Code)) // one of the contract's
			c.fails(answer)
		} else {
			s.pass(c)
		}
	}
}
