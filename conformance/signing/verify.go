package signing

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Refusal is why a request is not let in.
type Refusal struct {
	Code api.ErrorCode // what to answer
	why  string
}

func (r Refusal) Error() string { return r.why }

// Verify is the other side of Sign: it tells whether a request came from somebody who holds the credentials, at about
// this time. Its error is always a Refusal. Without credentials nobody is let in.
func (c Credentials) Verify(request *http.Request, body []byte, now time.Time) error {
	header := request.Header.Get(api.HeaderAuthorization)
	switch {
	case header == "":
		return Refusal{api.CodeAuthInvalidAuthorization, "the request is not signed"}
	case c.hasPair():
		return c.verifySignature(request, header, body, now)
	case c.Token != "" && same(header, "Bearer "+c.Token):
		return nil
	default:
		return Refusal{api.CodeAuthInvalidAuthorization, "the token is not known"}
	}
}

func (c Credentials) verifySignature(request *http.Request, header string, body []byte, now time.Time) error {
	claim, ok := readClaim(header)
	switch {
	case !ok:
		return Refusal{api.CodeAuthInvalidAuthorization, "the " + api.HeaderAuthorization + " header cannot be read"}
	case request.Header.Get(api.HeaderSignatureMethod) != method:
		return Refusal{api.CodeAuthInvalidAuthorization, api.HeaderSignatureMethod + " has to be " + method}
	case claim.keyID != c.KeyID:
		return Refusal{api.CodeAuthInvalidAuthorization, "the key is not known"}
	}
	for _, name := range strings.Split(api.SignedHeaders, ";") {
		if !slices.Contains(claim.signed, name) {
			return Refusal{api.CodeAuthInvalidAuthorization, "the signature does not cover " + name}
		}
	}
	timestamp := request.Header.Get(api.HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return Refusal{api.CodeAuthInvalidAuthorization, api.HeaderTimestamp + " has to be a number of seconds"}
	}
	// The time comes after the signature: only who holds the secret is told about the clock.
	if !same(claim.signature, c.signature(request, body, claim.signed, timestamp)) {
		return Refusal{api.CodeAuthSignatureFailure, "the signature does not fit the request"}
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > api.MaxClockSkew {
		return Refusal{api.CodeAuthSignatureExpired, "the request was signed more than " + api.MaxClockSkew.String() + " from now"}
	}
	return nil
}

// Signature gives the signature that a request carries, nothing if it is not signed.
func Signature(request *http.Request) string {
	claim, _ := readClaim(request.Header.Get(api.HeaderAuthorization))
	return claim.signature
}

// claim is what an Authorization header says of a signature.
type claim struct {
	keyID, signature string
	signed           []string // the headers that it covers
}

func readClaim(header string) (claim, bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	parts := strings.Split(rest, ",")
	if scheme != method || len(parts) != 3 {
		return claim{}, false
	}
	var values [3]string
	for i, name := range []string{credential, "SignedHeaders=", "Signature="} {
		value, found := strings.CutPrefix(strings.TrimSpace(parts[i]), name)
		if !found {
			return claim{}, false
		}
		values[i] = value
	}
	return claim{keyID: values[0], signed: strings.Split(values[1], ";"), signature: values[2]}, true
}

// same compares in a time that does not tell how much is right.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
