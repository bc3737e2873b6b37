package signing_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

var several = []signing.Credentials{
	{KeyID: "first", Secret: "the secret of the first"},
	{Token: "a-token"},
	{KeyID: "second", Secret: "the secret of the second"},
	{},
	{Token: "another-token"},
}

func signedBy(credentials signing.Credentials) *http.Request {
	request := received()
	request.Header.Del(contract.HeaderAuthorization)
	credentials.Sign(request, []byte(knownBody), time.Unix(knownTime, 0))
	return request
}

func TestKeysTellWhoItIs(t *testing.T) {
	t.Parallel()
	keys := signing.NewKeys(several...)
	for place, one := range several {
		g := NewWithT(t)
		found, err := keys.Verify(signedBy(one), []byte(knownBody), time.Unix(knownTime, 0))
		if one.Present() {
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(Equal(place))
		} else {
			g.Expect(codeOf(err)).To(Equal(invalidAuthorization))
		}
	}
}

func TestKeysDoNotStandInForEachOther(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		by   signing.Credentials
		code string
	}{
		"the secret of another":   {signing.Credentials{KeyID: "first", Secret: several[2].Secret}, signatureFailure},
		"a token for a secret":    {signing.Credentials{KeyID: "first", Secret: "a-token"}, signatureFailure},
		"nobody's key":            {signing.Credentials{KeyID: "third", Secret: several[0].Secret}, invalidAuthorization},
		"the key without a name":  {signing.Credentials{KeyID: " ", Secret: several[0].Secret}, invalidAuthorization},
		"a secret for a token":    {signing.Credentials{Token: several[0].Secret}, invalidAuthorization},
		"the id of a key":         {signing.Credentials{Token: "first"}, invalidAuthorization},
		"two tokens in one":       {signing.Credentials{Token: "a-token, another-token"}, invalidAuthorization},
		"a token and what it has": {signing.Credentials{Token: "a-token "}, invalidAuthorization},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := signing.NewKeys(several...).Verify(signedBy(row.by), []byte(knownBody), time.Unix(knownTime, 0))
			NewWithT(t).Expect(codeOf(err)).To(Equal(row.code))
		})
	}
}

// TestVerifyRefusesWhatComesTwice: a signature would speak for the one, and somebody could read the other.
func TestVerifyRefusesWhatComesTwice(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		contract.HeaderAuthorization, contract.HeaderTimestamp, contract.HeaderSignatureMethod, "Content-Type",
	} {
		for _, value := range []string{"", "same"} {
			g := NewWithT(t)
			request := received()
			if value == "same" {
				value = request.Header.Get(name)
			}
			request.Header.Add(name, value)
			err := pair.Verify(request, []byte(knownBody), time.Unix(knownTime, 0))
			g.Expect(codeOf(err)).To(Equal(invalidAuthorization))
			g.Expect(strings.ToLower(err.Error())).To(ContainSubstring(strings.ToLower(name) + " comes more than once"))
		}
	}
}

// TestVerifyTakesSignedHeadersInOneSpelling: what names a header many times would have a small request hashed as a huge
// one.
func TestVerifyTakesSignedHeadersInOneSpelling(t *testing.T) {
	t.Parallel()
	for _, signed := range []string{
		"host;content-type", "content-type;content-type;host", "content-type;host;host", "Content-Type;content-type;host", "content-type;host;",
		";content-type;host", "content-type;host;X-ZC-Action", strings.Repeat("content-type;host;", 1000) + "content-type;host",
	} {
		g := NewWithT(t)
		request := received()
		request.Header.Set(contract.HeaderAuthorization, strings.Replace(request.Header.Get(contract.HeaderAuthorization), "content-type;host", signed, 1))
		err := pair.Verify(request, []byte(knownBody), time.Unix(knownTime, 0))
		g.Expect(codeOf(err)).To(Equal(invalidAuthorization), signed)
		g.Expect(err).To(MatchError(ContainSubstring("in order, and each once")))
	}
}

func TestRefusalShowsWhatWouldHaveHadToBeSigned(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := received()
	request.Header.Set(contract.HeaderTimestamp, "1673361178")
	var refusal signing.Refusal
	g.Expect(errors.As(pair.Verify(request, []byte(knownBody), time.Unix(knownTime, 0)), &refusal)).To(BeTrue())
	hashed := sha256.Sum256([]byte(knownBody))
	g.Expect(strings.Split(refusal.Canonical, "\n")).To(HaveExactElements(
		"POST", "/", "", "content-type:"+knownType, "host:"+contract.Host, "", "content-type;host", hex.EncodeToString(hashed[:]),
	))

	g.Expect(errors.As(pair.Verify(signedBy(several[0]), []byte(knownBody), time.Unix(knownTime, 0)), &refusal)).To(BeTrue())
	g.Expect(refusal.Canonical).To(BeEmpty(), "the key is not known")
}

// FuzzKeys: nobody gets in by a header that was made without a secret, and a right signature is right whatever it covers.
func FuzzKeys(f *testing.F) {
	claim := contract.SignatureMethod + " Credential=first, SignedHeaders=content-type;host, Signature="
	f.Add(claim+strings.Repeat("0", 64), "application/json", "x", "1673361177", []byte("{}"))
	f.Add(strings.Replace(claim, "first", "second", 1), "", "", "", []byte{})
	f.Add("Bearer a-toke", contract.ContentType, "", "0", []byte(knownBody))
	f.Add("Bearer first", contract.ContentType, ":authority", "-1", []byte(nil))
	f.Add(strings.Replace(claim, ";host", ";host;x-zc-action", 1), "a;b\t ", "[::1%25lo]:80", "99999999999999999999", []byte("\xff"))
	keys := signing.NewKeys(several...)
	f.Fuzz(func(t *testing.T, authorization, contentType, host, timestamp string, body []byte) {
		now := time.Unix(knownTime, 0)
		request := httptest.NewRequest(http.MethodPost, contract.Path, nil)
		request.Host = host
		request.Header.Set("Content-Type", contentType)
		request.Header.Set(contract.HeaderSignatureMethod, contract.SignatureMethod)
		request.Header.Set(contract.HeaderTimestamp, timestamp)
		request.Header.Set(contract.HeaderAuthorization, authorization)
		if place, err := keys.Verify(request, body, now); err == nil && authorization != "Bearer "+several[place].Token {
			t.Errorf("%q lets somebody in", authorization)
		}
		for place, one := range several {
			if one.Secret == "" {
				continue
			}
			one.Sign(request, body, now)
			if found, err := keys.Verify(request, body, now); err != nil || found != place {
				t.Errorf("who has signed is not let in: %v", err)
			}
			if _, err := keys.Verify(request, append(body, 0), now); codeOf(err) != signatureFailure {
				t.Errorf("another body than was signed: %v", err)
			}
		}
	})
}
