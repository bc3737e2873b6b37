package signing

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Keys are the credentials of several, for a server that lets each of them in.
type Keys struct {
	all    []Credentials
	pairs  map[string]int // places in all, by the ids of the keys
	tokens []digest       // of those that have no key pair
}

// digest is a token that is of one length with all others, and its place in Keys.all.
type digest struct {
	sum   [sha256.Size]byte
	place int
}

// NewKeys takes credentials that have ids, or tokens, of their own. What is none lets nobody in.
func NewKeys(all ...Credentials) *Keys {
	k := &Keys{all: all, pairs: map[string]int{}}
	for place, one := range all {
		switch {
		case one.hasPair():
			k.pairs[one.KeyID] = place
		case one.Token != "":
			k.tokens = append(k.tokens, digest{sha256.Sum256([]byte(one.Token)), place})
		}
	}
	return k
}

// Verify tells who sends a request, by the place of the credentials in what NewKeys was given. Its error is always a
// Refusal.
func (k *Keys) Verify(request *http.Request, body []byte, now time.Time) (place int, err error) {
	headers := request.Header.Values(api.HeaderAuthorization)
	if len(headers) > 1 {
		return 0, invalid("the header " + api.HeaderAuthorization + " comes more than once")
	}
	header := request.Header.Get(api.HeaderAuthorization)
	scheme, token, _ := strings.Cut(header, " ")
	switch {
	case header == "":
		return 0, invalid("the request has no " + api.HeaderAuthorization + " header")
	case scheme == method && len(k.pairs) > 0:
		return k.verifySignature(request, header, body, now)
	case scheme == bearer && len(k.tokens) > 0:
		return k.verifyToken(token)
	case len(k.pairs) > 0: // what the header says is not repeated: it may be a secret
		return 0, invalid("the scheme of the " + api.HeaderAuthorization + " header has to be " + method)
	default:
		return 0, invalid("the scheme of the " + api.HeaderAuthorization + " header has to be " + bearer)
	}
}

// verifyToken looks at all tokens whichever is right, and compares digests, so that the time it takes tells neither
// how much of one is right nor which.
func (k *Keys) verifyToken(token string) (int, error) {
	sum := sha256.Sum256([]byte(token))
	found, place := 0, 0
	for _, known := range k.tokens {
		equal := subtle.ConstantTimeCompare(sum[:], known.sum[:])
		found |= equal
		place = subtle.ConstantTimeSelect(equal, known.place, place)
	}
	if found == 0 {
		return 0, invalid("the token is not known")
	}
	return place, nil
}
