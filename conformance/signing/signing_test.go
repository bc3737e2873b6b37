package signing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// The vendor's worked example.
const (
	knownID        = "an-id"
	knownSecret    = "Gu5t9xGARNpq86cd98joQYCN3"
	knownBody      = `{"pageSize":10,"pageNum":1,"zoneId":"HKG-A"}`
	knownType      = "application/json; charset=utf-8"
	knownTime      = 1673361177
	knownSignature = "efb356c32e55c781e10dc676da59462c22596d82e91c57803666243379555b2f"
)

func knownRequest(t *testing.T) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+contract.Host+contract.Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", knownType)
	return request
}

func signature(request *http.Request) string {
	_, after, _ := strings.Cut(request.Header.Get(contract.HeaderAuthorization), "Signature=")
	return after
}

func TestSignGivesTheKnownAnswer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := knownRequest(t)
	pair := signing.Credentials{KeyID: knownID, Secret: knownSecret}

	pair.Sign(request, []byte(knownBody), time.Unix(knownTime, 999))

	g.Expect(request.Header).To(Equal(http.Header{
		"Content-Type": {knownType},
		http.CanonicalHeaderKey(contract.HeaderTimestamp):       {"1673361177"},
		http.CanonicalHeaderKey(contract.HeaderSignatureMethod): {"ZC2-HMAC-SHA256"},
		"Authorization": {
			"ZC2-HMAC-SHA256 Credential=an-id, SignedHeaders=content-type;host, Signature=" + knownSignature,
		},
	}))
}

func TestSignatureCovers(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request, *signing.Credentials, *string, *time.Time){
		"the body": func(_ *http.Request, _ *signing.Credentials, body *string, _ *time.Time) { *body += " " },
		"the time": func(_ *http.Request, _ *signing.Credentials, _ *string, at *time.Time) { *at = at.Add(time.Second) },
		"the secret": func(_ *http.Request, c *signing.Credentials, _ *string, _ *time.Time) {
			c.Secret = strings.ToLower(c.Secret)
		},
		"the content type": func(r *http.Request, _ *signing.Credentials, _ *string, _ *time.Time) {
			r.Header.Set("Content-Type", contract.ContentType)
		},
		"the host of the URL": func(r *http.Request, _ *signing.Credentials, _ *string, _ *time.Time) {
			r.Host, r.URL.Host = "", "other.example"
		},
		"the host that stands in for it": func(r *http.Request, _ *signing.Credentials, _ *string, _ *time.Time) {
			r.Host = "other.example"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			request, pair := knownRequest(t), signing.Credentials{KeyID: knownID, Secret: knownSecret}
			body, at := knownBody, time.Unix(knownTime, 0)
			change(request, &pair, &body, &at)

			pair.Sign(request, []byte(body), at)

			g.Expect(signature(request)).To(MatchRegexp("^[0-9a-f]{64}$"))
			g.Expect(signature(request)).NotTo(Equal(knownSignature))
		})
	}
}

func TestSignatureLeavesOut(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"blanks around a header": func(r *http.Request) { r.Header.Set("Content-Type", " "+knownType+"\t") },
		"other headers":          func(r *http.Request) { r.Header.Set(contract.HeaderRequestClient, "someone") },
		"an earlier signature":   func(r *http.Request) { r.Header.Set(contract.HeaderAuthorization, "old") },
		"path and query":         func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/elsewhere", "a=b" },
		"where the host stands":  func(r *http.Request) { r.Host, r.URL.Host = r.URL.Host, "proxy.example" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			request := knownRequest(t)
			change(request)

			signing.Credentials{KeyID: knownID, Secret: knownSecret}.Sign(request, []byte(knownBody), time.Unix(knownTime, 0))

			g.Expect(signature(request)).To(Equal(knownSignature))
		})
	}
}

func TestSignWithATokenSendsItAndNothingElse(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := knownRequest(t)
	signing.Credentials{Token: "t0ken"}.Sign(request, []byte(knownBody), time.Unix(knownTime, 0))
	g.Expect(request.Header).To(Equal(http.Header{"Content-Type": {knownType}, "Authorization": {"Bearer t0ken"}}))
}

func TestSignWithoutCredentialsSendsTheTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	request := knownRequest(t)
	signing.Credentials{}.Sign(request, []byte(knownBody), time.Unix(knownTime, 0))
	g.Expect(request.Header).To(Equal(http.Header{
		"Content-Type": {knownType},
		http.CanonicalHeaderKey(contract.HeaderTimestamp): {"1673361177"},
	}))
}

func TestPresentAndSecrets(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	g.Expect(signing.Credentials{}.Present()).To(BeFalse())
	g.Expect(signing.Credentials{}.Secrets()).To(BeEmpty())
	g.Expect(signing.Credentials{KeyID: "half a pair"}.Present()).To(BeFalse())
	g.Expect(signing.Credentials{Secret: "half a pair"}.Present()).To(BeFalse())

	pair := signing.Credentials{KeyID: "id", Secret: "s"}
	g.Expect(pair.Present()).To(BeTrue())
	g.Expect(pair.Secrets()).To(Equal([]string{"s"}))
	g.Expect(pair.Identity()).To(Equal([]string{"id", "Credential=id"}))

	token := signing.Credentials{Token: "t"}
	g.Expect(token.Present()).To(BeTrue())
	g.Expect(token.Secrets()).To(Equal([]string{"t"}))
	g.Expect(token.Identity()).To(BeEmpty())
}

func TestCredentialsAreNeverShown(t *testing.T) {
	t.Parallel()
	all := signing.Credentials{KeyID: "hush-id", Secret: "hush-secret", Token: "hush-token"}
	shown := map[string]string{
		"String": all.String(),
		"Gomega": format.Object(all, 0),
		"nested": format.Object(struct{ Inner signing.Credentials }{all}, 0),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t"} {
		shown[verb] = fmt.Sprintf(verb, all)
		shown["pointer "+verb] = fmt.Sprintf(verb, &all)
		shown["nested "+verb] = fmt.Sprintf(verb, []any{struct{ Inner signing.Credentials }{all}})
	}
	text, err := json.Marshal(map[string]any{"credentials": all})
	if err != nil {
		t.Fatal(err)
	}
	shown["JSON"] = string(text)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "credentials", all)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credentials", all)
	shown["slog"] = log.String()

	for way, text := range shown {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			g.Expect(text).To(ContainSubstring("a key pair"))
			g.Expect(text).NotTo(ContainSubstring("hush"))
			g.Expect(text).NotTo(ContainSubstring(fmt.Sprintf("%x", "hush")))
		})
	}
	g := NewWithT(t)
	g.Expect(signing.Credentials{Token: "hush"}.String()).To(Equal("a token"))
	g.Expect(signing.Credentials{}.String()).To(Equal("no credentials"))
}

// The variables, as the vendor's tools spell them.
const (
	accessID     = "ZENLAYERCLOUD_ACCESS_KEY_ID"
	accessSecret = "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD"
	secretID     = "ZENLAYERCLOUD_SECRET_KEY_ID"
	secretSecret = "ZENLAYERCLOUD_SECRET_KEY_PASSWORD"
	token        = "ZENLAYER_TOKEN"
)

type environment map[string]string

func (e environment) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		environment environment
		want        signing.Credentials
	}{
		"nothing":         {},
		"empty variables": {environment: environment{accessID: "", accessSecret: "", secretID: "", token: ""}},
		"an access key":   {environment{accessID: "i", accessSecret: "s"}, signing.Credentials{KeyID: "i", Secret: "s"}},
		"a secret key":    {environment{secretID: "i", secretSecret: "s"}, signing.Credentials{KeyID: "i", Secret: "s"}},
		"one key under both names": {
			environment{accessID: "i", accessSecret: "s", secretID: "i", secretSecret: "s"},
			signing.Credentials{KeyID: "i", Secret: "s"},
		},
		"a token":                 {environment{token: "t"}, signing.Credentials{Token: "t"}},
		"a token, the rest empty": {environment{token: "t", accessID: "", accessSecret: ""}, signing.Credentials{Token: "t"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got, err := signing.FromEnvironment(row.environment.lookup)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got == row.want).To(BeTrue()) // Equal would report a difference without showing it
		})
	}
}

func TestHeldIsAllThatIsSet(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	held := signing.Held(environment{accessID: "i", secretSecret: "s\n", token: "t"}.lookup)
	g.Expect(slices.Equal(held, []signing.Credentials{{KeyID: "i"}, {Secret: "s\n"}, {Token: "t"}})).To(BeTrue())
}

func TestFromEnvironmentRefuses(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		environment environment
		names       []string
	}{
		"an id alone":              {environment{accessID: "hush"}, []string{accessID, accessSecret}},
		"a password alone":         {environment{accessSecret: "hush"}, []string{accessID, accessSecret}},
		"an empty password":        {environment{accessID: "hush", accessSecret: ""}, []string{accessID, accessSecret}},
		"a secret key's id alone":  {environment{secretID: "hush"}, []string{secretID, secretSecret}},
		"halves of two pairs":      {environment{accessID: "hush", secretSecret: "hush"}, []string{accessSecret, secretID}},
		"half a pair and a token":  {environment{secretSecret: "hush", token: "hush"}, []string{secretID}},
		"an access key and token":  {environment{accessID: "hush", accessSecret: "hush", token: "hush"}, []string{accessID, token}},
		"a secret key and token":   {environment{secretID: "hush", secretSecret: "hush", token: "hush"}, []string{secretID, token}},
		"a line end in a token":    {environment{token: "hush\n"}, []string{token}},
		"a line end in an id":      {environment{accessID: "hush\r\n", accessSecret: "hush"}, []string{accessID}},
		"a control in a password":  {environment{accessID: "hush", accessSecret: "hu\x00sh"}, []string{accessSecret}},
		"a delete in a secret key": {environment{secretID: "hush", secretSecret: "hush\x7f"}, []string{secretSecret}},
		"two pairs": {
			environment{accessID: "hush", accessSecret: "hush", secretID: "hush", secretSecret: "hush2"},
			[]string{accessID, accessSecret, secretID, secretSecret},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got, err := signing.FromEnvironment(row.environment.lookup)
			g.Expect(err).To(HaveOccurred())
			for _, variable := range row.names {
				g.Expect(err.Error()).To(ContainSubstring(variable))
			}
			g.Expect(err.Error()).NotTo(ContainSubstring("hu"))
			g.Expect(got == signing.Credentials{}).To(BeTrue())
		})
	}
}
