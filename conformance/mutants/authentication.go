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
			Name: "is-patient", Rules: only, Does: "takes signatures that are twice as old as is allowed", Credentials: keys,
			serve: door(func(k knock) error { k.now = k.now.Add(-contract.MaxClockSkew); return k.verify() }),
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
			Name: "checks-time-later", Rules: only, Does: "deletes the snapshots of a request that was signed too long ago, and then refuses it", Credentials: keys,
			serve: func(s *Server, c *call) {
				k := c.knock(keys)
				k.now = k.time()
				if k.verify() == nil {
					s.erase(c.ids...)
				}
				guarded(s, c)
			},
		},
		{
			Name: "refuses-by-another-code", Rules: only, Does: "has a code of its own for requests that it does not let in", Credentials: keys,
			serve: turned(func(c *call) { c.refuse(http.StatusUnauthorized, "UNAUTHORIZED") }),
		},
		{
			Name: "refuses-with-200", Rules: only, Does: "answers with 200 where it does not let in, and tells it by the code", Credentials: keys,
			serve: turned(func(c *call) { c.answer.Code = http.StatusOK }),
		},
		{
			Name: "refuses-with-500", Rules: only, Does: "fails at requests that it does not let in", Credentials: keys,
			serve: turned(func(c *call) { c.fails(contract.Internal) }),
		},
		{
			Name: "old-is-timed-out", Rules: only, Does: "answers for an old signature that the request took too long", Credentials: keys,
			serve: turned(func(c *call) {
				if strings.Contains(c.code(), "EXPIRED") {
					c.refuse(http.StatusRequestTimeout, "REQUEST_TIMED_OUT")
				}
			}),
		},
		{
			Name: "any-token", Rules: only, Does: "lets in whoever sends a token", Credentials: token,
			serve: doorFor(token, func(k knock) error {
				if strings.HasPrefix(k.authorization(), "Bearer ") {
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
			c.fails(refusal.Kind)
		} else {
			s.pass(c)
		}
	}
}

// turned changes what is answered to who is not let in.
func turned(change func(c *call)) behaviour {
	return func(s *Server, c *call) {
		guarded(s, c)
		if strings.HasPrefix(c.code(), contract.AuthCodePrefix) && c.knock(keys).verify() != nil {
			change(c)
		}
	}
}
