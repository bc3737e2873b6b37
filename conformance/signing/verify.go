package signing

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Refusal is why a request is not let in.
type Refusal struct {
	Kind contract.Error // what to answer
	why  string
}

func (r Refusal) Error() string { return r.why }

// The reasons that the contract has for not letting a request in.
var (
	authorization = kind("authorization")
	mismatch      = kind("signature")
	expired       = kind("expired")
)

func kind(role string) contract.Error {
	i := slices.IndexFunc(contract.Errors, func(e contract.Error) bool { return e.Role == role })
	return contract.Errors[i] // the document is part of the build, so that one without the role is never shipped
}

// Verify is the other side of Sign: it tells whether a request came from somebody who holds the credentials, at about
// this time. Its error is always a Refusal. Without credentials nobody is let in.
func (c Credentials) Verify(request *http.Request, body []byte, now time.Time) error {
	header := request.Header.Get(contract.HeaderAuthorization)
	switch {
	case header == "":
		return Refusal{authorization, "the request is not signed"}
	case c.hasPair():
		return c.verifySignature(request, header, body, now)
	case c.Token != "" && same(header, "Bearer "+c.Token):
		return nil
	default:
		return Refusal{authorization, "the token is not known"}
	}
}

func (c Credentials) verifySignature(request *http.Request, header string, body []byte, now time.Time) error {
	claim, ok := readClaim(header)
	switch {
	case !ok:
		return Refusal{authorization, "the " + contract.HeaderAuthorization + " header cannot be read"}
	case request.Header.Get(contract.HeaderSignatureMethod) != contract.SignatureMethod:
		return Refusal{authorization, contract.HeaderSignatureMethod + " has to be " + contract.SignatureMethod}
	case claim.keyID != c.KeyID:
		return Refusal{authorization, "the key is not known"}
	}
	for _, name := range contract.SignedHeaders {
		if !slices.Contains(claim.signed, name) {
			return Refusal{authorization, "the signature does not cover " + name}
		}
	}
	timestamp := request.Header.Get(contract.HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return Refusal{authorization, contract.HeaderTimestamp + " has to be a number of seconds"}
	}
	// The time comes after the signature: only who holds the secret is told about the clock.
	if !same(claim.signature, c.signature(request, body, claim.signed, timestamp)) {
		return Refusal{mismatch, "the signature does not fit the request"}
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > contract.MaxClockSkew {
		return Refusal{expired, "the request was signed more than " + contract.MaxClockSkew.String() + " from now"}
	}
	return nil
}

// claim is what an Authorization header says of a signature.
type claim struct {
	keyID, signature string
	signed           []string // the headers that it covers
}

func readClaim(header string) (claim, bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	parts := strings.Split(rest, ",")
	if scheme != contract.SignatureMethod || len(parts) != 3 {
		return claim{}, false
	}
	var values [3]string
	for i, name := range []string{"Credential=", "SignedHeaders=", "Signature="} {
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
