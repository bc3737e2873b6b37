package signing_test

import (
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

// The codes, as the vendor spells them.
const (
	invalidAuthorization = "AUTHFAILURE_INVALID_AUTHORIZATION"
	signatureFailure     = "AUTHFAILURE_SIGNATURE_FAILURE"
	signatureExpired     = "AUTHFAILURE_SIGNATURE_EXPIRED"
)

var pair = signing.Credentials{KeyID: knownID, Secret: knownSecret}

// received is the vendor's worked example as a server sees it.
func received() *http.Request {
	request := httptest.NewRequest(http.MethodPost, contract.Path, nil)
	request.Host = contract.Host
	request.Header.Set("Content-Type", knownType)
	request.Header.Set(contract.HeaderTimestamp, "1673361177")
	request.Header.Set(contract.HeaderSignatureMethod, "ZC2-HMAC-SHA256")
	request.Header.Set("Authorization", "ZC2-HMAC-SHA256 Credential=an-id, SignedHeaders=content-type;host, Signature="+knownSignature)
	return request
}

func codeOf(err error) string {
	var refusal signing.Refusal
	errors.As(err, &refusal)
	return string(refusal.Code)
}

func TestVerifyTakes(t *testing.T) {
	t.Parallel()
	signed := func(at time.Time) *http.Request {
		request := received()
		pair.Sign(request, []byte(knownBody), at)
		return request
	}
	now := time.Unix(knownTime, 999_000_000) // of which a header tells the whole seconds
	for name, request := range map[string]*http.Request{
		"the known answer":                 received(),
		"a signature as old as is allowed": signed(now.Add(-contract.MaxClockSkew)),
		"one as far ahead":                 signed(now.Add(contract.MaxClockSkew)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(pair.Verify(request, []byte(knownBody), now)).To(Succeed())
		})
	}
}

func TestSignatureIsWhatTheHeaderSays(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(signing.Signature(received())).To(Equal(knownSignature))
	for _, header := range []string{"", "Bearer t0ken", "ZC2-HMAC-SHA256"} {
		request := received()
		request.Header.Set("Authorization", header)
		g.Expect(signing.Signature(request)).To(BeEmpty(), header)
	}
}

// TestVerifyTakesWhatTheVendorsKitSends: a request that its SDK for Go, version 0.2.45, made of one missing snapshot.
func TestVerifyTakesWhatTheVendorsKitSends(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const body = `{"snapshotIds":["snap-none"]}`
	credentials := signing.Credentials{KeyID: "mutant", Secret: "not-a-secret-at-all"}
	request := httptest.NewRequest(http.MethodPost, contract.Path, nil)
	request.Host = "127.0.0.1:40723"
	for name, value := range map[string]string{
		"Content-Type": "application/json", "x-zc-action": "DeleteSnapshots", "x-zc-version": "2025-09-01", "x-zc-service": "zec",
		"x-zc-sdk-lang": "go", "x-zc-sdk-version": "0.2.45", "x-zc-signature-method": "ZC2-HMAC-SHA256", "x-zc-timestamp": "1795651806",
		"Authorization": "ZC2-HMAC-SHA256 Credential=mutant, SignedHeaders=content-type;host, " +
			"Signature=d7c3f53e758dac76c5261e31b475db3228efc0b10309351a83b097d9edc9ae8a",
	} {
		request.Header.Set(name, value)
	}
	at := time.Unix(1795651806, 0)
	g.Expect(credentials.Verify(request, []byte(body), at)).To(Succeed())

	own := request.Clone(t.Context())
	credentials.Sign(own, []byte(body), at)
	g.Expect(own.Header).To(Equal(request.Header))
}

func TestVerifyTakesAToken(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := received()
	token := signing.Credentials{Token: "t0ken"}
	token.Sign(request, nil, time.Now())
	g.Expect(token.Verify(request, []byte("anything"), time.Now())).To(Succeed())
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	edit := func(old, new string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
		}
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, row := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"no header":                   {func(r *http.Request) { r.Header.Del("Authorization") }, invalidAuthorization},
		"a header of another kind":    {set("Authorization", "Basic dTpw"), invalidAuthorization},
		"a token":                     {set("Authorization", "Bearer t0ken"), invalidAuthorization},
		"half a header":               {set("Authorization", "ZC2-HMAC-SHA256 Credential=an-id"), invalidAuthorization},
		"parts in another order":      {set("Authorization", "ZC2-HMAC-SHA256 Signature="+knownSignature+", SignedHeaders=content-type;host, Credential=an-id"), invalidAuthorization},
		"another key":                 {edit("an-id", "an-od"), invalidAuthorization},
		"a signature without a host":  {edit(";host", ""), invalidAuthorization},
		"no method":                   {func(r *http.Request) { r.Header.Del(contract.HeaderSignatureMethod) }, invalidAuthorization},
		"no time":                     {func(r *http.Request) { r.Header.Del(contract.HeaderTimestamp) }, invalidAuthorization},
		"a time that is no number":    {set(contract.HeaderTimestamp, "now"), invalidAuthorization},
		"another time":                {set(contract.HeaderTimestamp, "1673361178"), signatureFailure},
		"no signature":                {edit(knownSignature, ""), signatureFailure},
		"the start of the signature":  {edit(knownSignature, knownSignature[:32]), signatureFailure},
		"the signature in upper case": {edit(knownSignature, strings.ToUpper(knownSignature)), signatureFailure},
		"another content type":        {set("Content-Type", contract.ContentType), signatureFailure},
		"another host":                {func(r *http.Request) { r.Host = "other.example" }, signatureFailure},
		"one more header":             {edit(";host", ";host;x-zc-action"), signatureFailure},
		"somebody else's signature": {func(r *http.Request) {
			signing.Credentials{KeyID: knownID, Secret: "not it"}.Sign(r, []byte(knownBody), time.Unix(knownTime, 0))
		}, signatureFailure},
		"an old signature": {func(r *http.Request) {
			pair.Sign(r, []byte(knownBody), time.Unix(knownTime-1, 0).Add(-contract.MaxClockSkew))
		}, signatureExpired},
		"one from the future": {func(r *http.Request) {
			pair.Sign(r, []byte(knownBody), time.Unix(knownTime+1, 0).Add(contract.MaxClockSkew))
		}, signatureExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := received()
			row.change(request)
			NewWithT(t).Expect(codeOf(pair.Verify(request, []byte(knownBody), time.Unix(knownTime, 0)))).To(Equal(row.code))
		})
	}
}

func TestVerifyRefusesAnAlteredBody(t *testing.T) {
	t.Parallel()
	err := pair.Verify(received(), []byte(knownBody+" "), time.Unix(knownTime, 0))
	g := NewWithT(t)
	g.Expect(codeOf(err)).To(Equal(signatureFailure))
	g.Expect(err).To(MatchError(ContainSubstring("does not fit")))
}

// The signature covers what the request says that it covers, in the order in which it says so.
func TestVerifyTakesMoreSignedHeaders(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := received()
	request.Header.Set(contract.HeaderAction, "DescribeZones")
	const signature = "edb1c0021b9162b33bd1510e77fa0ce3ff37425b7856090fbd95cf2d07ba87ae"
	request.Header.Set("Authorization", "ZC2-HMAC-SHA256 Credential=an-id,SignedHeaders=content-type;host;x-zc-action,Signature="+signature)
	g.Expect(pair.Verify(request, []byte(knownBody), time.Unix(knownTime, 0))).To(Succeed())
}

func TestVerifyRefusesOtherTokens(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]string{
		"none": "", "no scheme": "t0ken", "no token": "Bearer ", "a longer one": "Bearer t0ken-not", "a shorter one": "Bearer t0k", "another case": "Bearer T0KEN",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := received()
			request.Header.Set("Authorization", header)
			err := signing.Credentials{Token: "t0ken"}.Verify(request, nil, time.Now())
			NewWithT(t).Expect(codeOf(err)).To(Equal(invalidAuthorization))
		})
	}
}

func TestVerifyLetsNobodyInWithoutCredentials(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Bearer ", "Bearer x"} {
		request := received()
		request.Header.Set("Authorization", header)
		NewWithT(t).Expect(codeOf(signing.Credentials{}.Verify(request, nil, time.Now()))).To(Equal(invalidAuthorization))
	}
}
