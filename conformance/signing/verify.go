package signing

import (
	"crypto/subtle"
	"fmt"
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

	// Canonical is the form of the request that its signature does not fit; empty where that is not the reason. Whoever
	// works on a client compares it with the client's own. It has nothing in it that the request has not.
	Canonical string
}

func (r Refusal) Error() string { return r.why }

// invalid refuses what proves nothing by its form.
func invalid(why string) Refusal {
	return Refusal{Code: api.CodeAuthInvalidAuthorization, why: why}
}

// Verify is the other side of Sign: it tells whether a request came from somebody who holds the credentials, at about
// this time. Its error is always a Refusal. Without credentials nobody is let in.
func (c Credentials) Verify(request *http.Request, body []byte, now time.Time) error {
	_, err := NewKeys(c).Verify(request, body, now)
	return err
}

func (k *Keys) verifySignature(request *http.Request, header string, body []byte, now time.Time) (int, error) {
	claim, err := readClaim(header)
	if err != nil {
		return 0, err
	}
	if err := claim.check(request.Header); err != nil {
		return 0, err
	}
	place, known := k.pairs[claim.keyID]
	if !known {
		return 0, invalid("the key is not known")
	}
	timestamp := request.Header.Get(api.HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return 0, invalid(api.HeaderTimestamp + " has to be a number of seconds")
	}
	// The time comes after the signature: only who holds the secret is told about the clock.
	form := canonical(request, body, claim.signed)
	if !same(claim.signature, k.all[place].signature(form, timestamp)) {
		return 0, Refusal{api.CodeAuthSignatureFailure, "the signature does not fit the request", string(form)}
	}
	if now.Truncate(time.Second).Sub(time.Unix(seconds, 0)).Abs() > api.MaxClockSkew { // clocks are compared as they are sent
		why := fmt.Sprintf("the request was signed at %d, and the clock here is at %d; no more than %.0f seconds may lie between",
			seconds, now.Unix(), api.MaxClockSkew.Seconds())
		return 0, Refusal{Code: api.CodeAuthSignatureExpired, why: why}
	}
	return place, nil
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

func readClaim(header string) (claim, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	names := [...]string{credential, "SignedHeaders=", "Signature="}
	parts := strings.SplitN(rest, ",", len(names)+1)
	unreadable := invalid("the " + api.HeaderAuthorization + " header is not of the form " +
		method + " " + credential + "…, SignedHeaders=…, Signature=…")
	if scheme != method || len(parts) != len(names) {
		return claim{}, unreadable
	}
	var values [len(names)]string
	for i, name := range names {
		value, found := strings.CutPrefix(strings.TrimSpace(parts[i]), name)
		if !found {
			return claim{}, unreadable
		}
		values[i] = value
	}
	return claim{keyID: values[0], signed: strings.Split(values[1], ";"), signature: values[2]}, nil
}

// check tells whether a request is such that a signature can speak for it.
func (c claim) check(header http.Header) error {
	if header.Get(api.HeaderSignatureMethod) != method {
		return invalid(api.HeaderSignatureMethod + " has to be " + method)
	}
	for _, name := range strings.Split(api.SignedHeaders, ";") {
		if !slices.Contains(c.signed, name) {
			return invalid("the signature does not cover " + name)
		}
	}
	before := ""
	for _, name := range c.signed {
		// Each once, in one spelling: a request could else be blown up to a multiple of its size.
		if name <= before || name != strings.ToLower(name) {
			return invalid("SignedHeaders has to list names of headers in lower case, in order, and each once")
		}
		before = name
	}
	// Of what comes twice, the signature would speak for the one and somebody could read the other.
	for _, name := range append([]string{api.HeaderSignatureMethod, api.HeaderTimestamp}, c.signed...) {
		if len(header.Values(name)) > 1 {
			return invalid("the header " + name + " comes more than once")
		}
	}
	return nil
}

// same compares in a time that does not tell how much is right.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
