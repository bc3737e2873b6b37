package signing_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// FuzzVerify: nobody is let in by a header, or a time, that was made without the secret.
func FuzzVerify(f *testing.F) {
	const digits = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	claim := contract.SignatureMethod + " Credential=id, SignedHeaders=" + strings.Join(contract.SignedHeaders, ";") + ", Signature="
	for _, header := range []string{
		"", " ", "Bearer ", "Bearer x", contract.SignatureMethod, contract.SignatureMethod + " ,,", claim, claim + digits, claim + strings.ToUpper(digits),
		strings.ReplaceAll(claim, ";", ";;") + digits, claim + digits + ", Signature=", contract.SignatureMethod + " Credential=,SignedHeaders=,Signature=",
	} {
		f.Add(header, "1673361177")
		f.Add(header, "")
		f.Add(header, "-9223372036854775808")
	}
	f.Fuzz(func(t *testing.T, header, timestamp string) {
		for _, credentials := range []signing.Credentials{{}, {KeyID: "id", Secret: "a secret that nobody guesses"}, {Token: "a token that nobody guesses"}} {
			request := httptest.NewRequest("POST", contract.Path, nil)
			request.Header.Set("Content-Type", contract.ContentType)
			request.Header.Set(contract.HeaderSignatureMethod, contract.SignatureMethod)
			request.Header.Set(contract.HeaderTimestamp, timestamp)
			request.Header.Set(contract.HeaderAuthorization, header)
			if credentials.Verify(request, nil, time.Unix(1673361177, 0)) == nil {
				t.Errorf("%q lets somebody in", header)
			}
		}
	})
}
