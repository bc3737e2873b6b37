package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/generated/api"
)

const (
	method     = string(api.SignatureV2)
	credential = "Credential=" // stands before the id of the key
	bearer     = "Bearer"      // the scheme of tokens
)

// Sign sets the headers that prove who is asking. A key pair signs the body and the headers that the contract names,
// so the request must have these already, and neither may change afterwards. A token is sent as it is. Without
// credentials, the request only gets the time.
func (c Credentials) Sign(request *http.Request, body []byte, at time.Time) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	switch {
	case c.hasPair():
		request.Header.Set(api.HeaderTimestamp, timestamp)
		request.Header.Set(api.HeaderSignatureMethod, method)
		request.Header.Set(api.HeaderAuthorization, c.authorization(request, body, timestamp))
	case c.Token != "":
		request.Header.Set(api.HeaderAuthorization, bearer+" "+c.Token)
	default:
		request.Header.Set(api.HeaderTimestamp, timestamp)
	}
}

func (c Credentials) authorization(request *http.Request, body []byte, timestamp string) string {
	signed := strings.Split(api.SignedHeaders, ";")
	return method + " " + credential + c.KeyID +
		", SignedHeaders=" + api.SignedHeaders +
		", Signature=" + c.signature(canonical(request, body, signed), timestamp)
}

// signature signs the canonical form of a request.
func (c Credentials) signature(form []byte, timestamp string) string {
	text := strings.Join([]string{method, timestamp, hash(form)}, "\n")
	mac := hmac.New(sha256.New, []byte(c.Secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonical is the form of a request that both sides hash. Method, path and query are always these, whatever the
// request has: the scheme is made for endpoints that tell their actions apart by a header.
func canonical(request *http.Request, body []byte, signed []string) []byte {
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(name + ":" + signedValue(request, name) + "\n")
	}
	const path, query = "/", ""
	return []byte(strings.Join([]string{
		http.MethodPost, path, query, headers.String(), strings.Join(signed, ";"), hash(body),
	}, "\n"))
}

// signedValue finds a header as it will be sent; net/http keeps the host apart from the others.
func signedValue(request *http.Request, name string) string {
	switch {
	case name != "host":
		return strings.TrimSpace(request.Header.Get(name))
	case request.Host != "":
		return withoutZone(request.Host)
	default:
		return withoutZone(request.URL.Host)
	}
}

// withoutZone takes the zone from an IPv6 address: it means something on this machine alone, and is not sent.
func withoutZone(host string) string {
	zone, end := strings.IndexByte(host, '%'), strings.LastIndexByte(host, ']')
	if !strings.HasPrefix(host, "[") || zone < 0 || end < zone {
		return host
	}
	return host[:zone] + host[end:]
}

func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
