package door_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

var (
	owner  = signing.Credentials{KeyID: "owner", Secret: "the password of the owner"}
	reader = signing.Credentials{KeyID: "reader", Secret: "the password of the reader"}
	token  = signing.Credentials{Token: "the-token-of-the-owner"}
	guest  = signing.Credentials{Token: "the-token-of-a-guest"}

	keys = []door.Key{
		{Credentials: owner},
		{Credentials: reader, Actions: []string{"DescribeSnapshots"}},
		{Credentials: token},
		{Credentials: guest, Actions: []string{}},
	}
)

// secrets are what no answer may have in it.
var secrets = []string{owner.Secret, reader.Secret, token.Token, guest.Token}

func codeOf(t *testing.T, answer []byte) string {
	t.Helper()
	var envelope api.Failure
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&envelope); err != nil {
		t.Fatalf("%s: %v", answer, err)
	}
	if !contract.UsualRequestID(envelope.RequestId) || envelope.Message == "" {
		t.Errorf("%s", answer)
	}
	return envelope.Code
}

// knock is a request for the deletion of a snapshot, before it is signed.
func knock(t *testing.T, m *mock.Mock, id string) (*http.Request, []byte) {
	t.Helper()
	body := fmt.Appendf(nil, `{"snapshotIds": [%q]}`, id)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL()+contract.Path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, contract.Action)
	return request, body
}

func send(t *testing.T, request *http.Request) (status int, answer []byte) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func TestWhoHasAKeyIsLetIn(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		policy      door.Policy
		credentials signing.Credentials
	}{
		"who signs":       {door.ZC2, owner},
		"who has a token": {door.Bearer, token},
		"anybody":         {door.None, signing.Credentials{}},
		"a stranger":      {door.None, signing.Credentials{KeyID: "x", Secret: "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			m := mock.New(t, mock.TolerateAll(), door.Option(door.Config{Policy: row.policy, Keys: keys}))
			client, err := api.NewClientWithResponses(m.URL(), row.credentials.Option())
			g.Expect(err).NotTo(HaveOccurred())
			id := m.Given(contract.Normal, 1)[0]
			answer, err := client.DeleteSnapshotsWithResponse(t.Context(),
				&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(answer.StatusCode()).To(Equal(http.StatusOK), string(answer.Body))
			_, there := m.State(id)
			g.Expect(there).To(BeFalse())
		})
	}
}

// TestWhatRealClientsDoIsTaken: each way of sending a request that is signed rightly.
func TestWhatRealClientsDoIsTaken(t *testing.T) {
	t.Parallel()
	m := mock.New(t, mock.TolerateAll(), door.Option(door.Config{Policy: door.ZC2, Keys: keys}))
	for name, change := range map[string]struct{ before, after func(r *http.Request) }{
		"a charset":           {before: func(r *http.Request) { r.Header.Set("Content-Type", contract.ContentType+"; charset=utf-8") }},
		"another host's name": {before: func(r *http.Request) { r.Host = contract.Host }},
		"a host in capitals":  {before: func(r *http.Request) { r.Host = "LOCALHOST:80" }},
		"chunks":              {after: func(r *http.Request) { r.ContentLength, r.Body = -1, io.NopCloser(io.MultiReader(r.Body)) }},
		"names in lower case": {after: func(r *http.Request) {
			for name, values := range r.Header {
				delete(r.Header, name)
				r.Header[strings.ToLower(name)] = values
			}
		}},
		"no spaces": {after: func(r *http.Request) {
			r.Header.Set(contract.HeaderAuthorization, strings.ReplaceAll(r.Header.Get(contract.HeaderAuthorization), ", ", ","))
		}},
		"more spaces": {after: func(r *http.Request) {
			r.Header.Set(contract.HeaderAuthorization, strings.ReplaceAll(r.Header.Get(contract.HeaderAuthorization), ", ", " ,\t  "))
		}},
		"more headers": {after: func(r *http.Request) { r.Header.Set("X-Trace", "1") }},
		"a clock that is almost too early": {after: func(r *http.Request) {
			body, _ := r.GetBody()
			text, _ := io.ReadAll(body)
			owner.Sign(r, text, time.Now().Add(10*time.Second-contract.MaxClockSkew))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			request, body := knock(t, m, m.Given(contract.Normal, 1)[0])
			if change.before != nil {
				change.before(request)
			}
			owner.Sign(request, body, time.Now())
			if change.after != nil {
				change.after(request)
			}
			status, answer := send(t, request)
			g.Expect(status).To(Equal(http.StatusOK), string(answer))
		})
	}
}

func TestHTTP2NamesItsHostInAnotherPlace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	service := mock.NewService(door.Option(door.Config{Policy: door.ZC2, Keys: keys}))
	server, err := mock.Serve("127.0.0.1:0", service, func(server *http.Server) {
		server.Protocols = new(http.Protocols)
		server.Protocols.SetUnencryptedHTTP2(true)
	})
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = server.Close() })
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := api.NewClientWithResponses(server.URL(), owner.Option(), api.WithHTTPClient(&http.Client{Transport: transport}))
	g.Expect(err).NotTo(HaveOccurred())
	answer, err := client.DeleteSnapshotsWithResponse(t.Context(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: service.Create(contract.Normal, 1)})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.HTTPResponse.ProtoMajor).To(Equal(2))
	g.Expect(answer.StatusCode()).To(Equal(http.StatusOK), string(answer.Body))
}

func TestOthersAreRefusedAndNothingChanges(t *testing.T) {
	t.Parallel()
	signed := func(by signing.Credentials, at time.Duration, change func(r *http.Request)) func(r *http.Request, body []byte) {
		return func(r *http.Request, body []byte) {
			by.Sign(r, body, time.Now().Add(at))
			if change != nil {
				change(r)
			}
		}
	}
	replaced := func(old, new string) func(r *http.Request) {
		return func(r *http.Request) {
			r.Header.Set(contract.HeaderAuthorization, strings.Replace(r.Header.Get(contract.HeaderAuthorization), old, new, 1))
		}
	}
	set := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	added := func(name, value string) func(r *http.Request) {
		return func(r *http.Request) { r.Header.Add(name, value) }
	}
	stranger := owner
	stranger.Secret += "!"
	const (
		invalid = api.CodeAuthInvalidAuthorization
		failure = api.CodeAuthSignatureFailure
		expired = api.CodeAuthSignatureExpired
		noRight = api.CodeAuthUnauthorizedOperation
	)
	for name, row := range map[string]struct {
		policy door.Policy
		sign   func(r *http.Request, body []byte)
		code   api.ErrorCode
		says   string
	}{
		"no header":          {door.ZC2, func(*http.Request, []byte) {}, invalid, "no Authorization header"},
		"an empty header":    {door.ZC2, signed(owner, 0, set("Authorization", "")), invalid, "no Authorization header"},
		"a token":            {door.ZC2, signed(token, 0, nil), invalid, "has to be ZC2-HMAC-SHA256"},
		"another scheme":     {door.ZC2, signed(owner, 0, set("Authorization", "Basic b3duZXI6")), invalid, "has to be ZC2-HMAC-SHA256"},
		"the scheme's case":  {door.ZC2, signed(owner, 0, replaced("ZC2", "zc2")), invalid, "has to be ZC2-HMAC-SHA256"},
		"half a header":      {door.ZC2, signed(owner, 0, set("Authorization", "ZC2-HMAC-SHA256 Credential=owner")), invalid, "is not of the form"},
		"an unknown key":     {door.ZC2, signed(signing.Credentials{KeyID: "nobody", Secret: owner.Secret}, 0, nil), invalid, "key is not known"},
		"two of them":        {door.ZC2, signed(owner, 0, added("Authorization", "Bearer x")), invalid, "more than once"},
		"two times":          {door.ZC2, signed(owner, 0, added(contract.HeaderTimestamp, "1")), invalid, "more than once"},
		"no time":            {door.ZC2, signed(owner, 0, set(contract.HeaderTimestamp, "")), invalid, "number of seconds"},
		"milliseconds":       {door.ZC2, signed(owner, 0, set(contract.HeaderTimestamp, "now")), invalid, "number of seconds"},
		"another method":     {door.ZC2, signed(owner, 0, set(contract.HeaderSignatureMethod, "HMAC")), invalid, "has to be ZC2-HMAC-SHA256"},
		"a host left out":    {door.ZC2, signed(owner, 0, replaced(";host", "")), invalid, "does not cover host"},
		"another password":   {door.ZC2, signed(stranger, 0, nil), failure, "canonical request:\nPOST\n/\n\ncontent-type:application/json\nhost:127.0.0.1:"},
		"the wrong password": {door.ZC2, signed(signing.Credentials{KeyID: owner.KeyID, Secret: reader.Secret}, 0, nil), failure, "canonical request"},
		"digits in capitals": {door.ZC2, signed(owner, 0, func(r *http.Request) {
			scheme, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			r.Header.Set("Authorization", scheme+"Signature="+strings.ToUpper(signature))
		}), failure, "does not fit"},
		"another body": {door.ZC2, func(r *http.Request, body []byte) { owner.Sign(r, append(body, ' '), time.Now()) }, failure, "does not fit"},
		"another type": {door.ZC2, signed(owner, 0, set("Content-Type", "application/json; charset=utf-8")), failure, "does not fit"},
		"another time": {door.ZC2, signed(owner, 0, func(r *http.Request) {
			r.Header.Set(contract.HeaderTimestamp, strconv.FormatInt(time.Now().Unix()-1, 10))
		}), failure, "does not fit"},
		"a second late":    {door.ZC2, signed(owner, -contract.MaxClockSkew-time.Second, nil), expired, "no more than 300 seconds"},
		"too late":         {door.ZC2, signed(owner, -contract.MaxClockSkew-10*time.Second, nil), expired, "no more than 300 seconds"},
		"too early":        {door.ZC2, signed(owner, contract.MaxClockSkew+10*time.Second, nil), expired, "no more than 300 seconds"},
		"no right":         {door.ZC2, signed(reader, 0, nil), noRight, `no right to the action "DeleteSnapshots"`},
		"no token":         {door.Bearer, func(*http.Request, []byte) {}, invalid, "no Authorization header"},
		"a signature":      {door.Bearer, signed(owner, 0, nil), invalid, "has to be Bearer"},
		"an unknown token": {door.Bearer, signed(signing.Credentials{Token: "x"}, 0, nil), invalid, "token is not known"},
		"half a token":     {door.Bearer, signed(signing.Credentials{Token: token.Token[:5]}, 0, nil), invalid, "token is not known"},
		"a token alone":    {door.Bearer, signed(token, 0, set("Authorization", token.Token)), invalid, "has to be Bearer"},
		"a password":       {door.Bearer, signed(signing.Credentials{Token: "owner"}, 0, nil), invalid, "token is not known"},
		"two tokens":       {door.Bearer, signed(token, 0, added("Authorization", "Bearer "+token.Token)), invalid, "more than once"},
		"no rights at all": {door.Bearer, signed(guest, 0, nil), noRight, "no right"},

		// What is wrong with the rest of a request is nobody's business before the door.
		"an unknown action, unsigned": {door.ZC2, func(r *http.Request, _ []byte) { r.Header.Set(contract.HeaderAction, "Reboot") }, invalid, ""},
		"another method, unsigned":    {door.ZC2, func(r *http.Request, _ []byte) { r.Method = http.MethodGet }, invalid, ""},
		"no type, unsigned":           {door.ZC2, func(r *http.Request, _ []byte) { r.Header.Del("Content-Type") }, invalid, ""},
		"a long body, unsigned":       {door.ZC2, func(r *http.Request, _ []byte) { lengthen(r) }, invalid, ""},
		// And after it everything is as it would be without one.
		"an unknown action": {door.ZC2, signed(owner, 0, set(contract.HeaderAction, "Reboot")), noRight, "There is no such action here; there are DeleteSnapshots, CreateSnapshot"},
		"no action":         {door.ZC2, signed(owner, 0, func(r *http.Request) { r.Header.Del(contract.HeaderAction) }), api.CodeMissingParameter, ""},
		"a long body":       {door.ZC2, signed(owner, 0, lengthen), api.CodeInvalidParameterExceedLength, ""},
		"a broken body":     {door.Bearer, signed(token, 0, lengthen), api.CodeInvalidParameterExceedLength, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			m := mock.New(t, mock.TolerateAll(), door.Option(door.Config{Policy: row.policy, Keys: keys}))
			id := m.Given(contract.Normal, 1)[0]
			request, body := knock(t, m, id)
			row.sign(request, body)

			status, answer := send(t, request)

			g.Expect(codeOf(t, answer)).To(Equal(string(row.code)), string(answer))
			if kind, _ := contract.ErrorByCode(string(row.code)); strings.HasPrefix(kind.Code, contract.AuthCodePrefix) {
				g.Expect(status).To(Equal(kind.Status))
			}
			var envelope api.Failure
			g.Expect(json.Unmarshal(answer, &envelope)).To(Succeed())
			g.Expect(envelope.Message).To(ContainSubstring(row.says))
			for _, secret := range secrets {
				g.Expect(envelope.Message).NotTo(ContainSubstring(secret))
			}
			own := request.Clone(t.Context())
			owner.Sign(own, body, time.Now())
			g.Expect(envelope.Message).NotTo(ContainSubstring(signing.Signature(own)))
			state, there := m.State(id)
			g.Expect(there).To(BeTrue())
			g.Expect(state).To(Equal(contract.Normal))
			g.Expect(m.Exchanges()).To(HaveLen(1))
		})
	}
}

// TestTheLintForCallersHidesKeys: those of another policy as well, and where a client puts them by mistake.
func TestTheLintForCallersHidesKeys(t *testing.T) {
	t.Parallel()
	for _, policy := range door.Policies {
		for _, secret := range secrets {
			g := NewWithT(t)
			s := mock.NewService(door.Option(door.Config{Policy: policy, Keys: keys}))
			request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(`{"`+secret+`": 1}`))
			request.Header.Set(contract.HeaderVersion, secret)
			s.ServeHTTP(httptest.NewRecorder(), request)
			g.Expect(s.Breaches().String()).To(And(ContainSubstring("CALL-5"), Not(ContainSubstring(secret))))
		}
	}
}

// lengthen gives a request a body that is longer than any may be.
func lengthen(r *http.Request) {
	long := strings.Repeat(" ", 2<<20)
	r.Body, r.ContentLength, r.GetBody = io.NopCloser(strings.NewReader(long)), int64(len(long)), nil
}

func TestTheClockCanBeAnother(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	at := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	m := mock.New(t, mock.TolerateAll(), door.Option(door.Config{Policy: door.ZC2, Keys: keys, Clock: func() time.Time { return at }}))
	for apart, status := range map[time.Duration]int{
		0: 200, contract.MaxClockSkew: 200, -contract.MaxClockSkew: 200, contract.MaxClockSkew + time.Second: 401, -contract.MaxClockSkew - time.Second: 401,
	} {
		request, body := knock(t, m, m.Given(contract.Normal, 1)[0])
		owner.Sign(request, body, at.Add(apart))
		got, answer := send(t, request)
		g.Expect(got).To(Equal(status), "%s: %s", apart, answer)
	}
}

// TestALongCanonicalRequestIsShownInPart: an answer is no way to have the mock send as much as one sends it.
func TestALongCanonicalRequestIsShownInPart(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := mock.New(t, mock.TolerateAll(), door.Option(door.Config{Policy: door.ZC2, Keys: keys}))
	request, body := knock(t, m, "none")
	request.Header.Set("X-Long", strings.Repeat("é", 100_000))
	owner.Sign(request, body, time.Now())
	request.Header.Set(contract.HeaderAuthorization, strings.Replace(request.Header.Get(contract.HeaderAuthorization), ";host", ";host;x-long", 1))
	_, answer := send(t, request)
	g.Expect(codeOf(t, answer)).To(Equal(string(api.CodeAuthSignatureFailure)))
	g.Expect(len(answer)).To(BeNumerically("<", 8<<10))
	g.Expect(string(answer)).To(ContainSubstring("begins with:"))
}

func TestDoorsThatCannotBe(t *testing.T) {
	t.Parallel()
	pair := func(id, secret string) door.Key {
		return door.Key{Credentials: signing.Credentials{KeyID: id, Secret: secret}}
	}
	bearer := func(token string) door.Key { return door.Key{Credentials: signing.Credentials{Token: token}} }
	for name, row := range map[string]struct {
		config door.Config
		why    string
	}{
		"no policy":           {door.Config{Keys: keys}, `no policy ""`},
		"an unknown policy":   {door.Config{Policy: "basic"}, `no policy "basic"`},
		"no keys":             {door.Config{Policy: door.ZC2}, "lets nobody in without a key"},
		"no tokens":           {door.Config{Policy: door.Bearer, Keys: keys[:2]}, "lets nobody in without a token"},
		"no pairs":            {door.Config{Policy: door.ZC2, Keys: keys[2:]}, "lets nobody in without a key"},
		"nothing":             {door.Config{Policy: door.ZC2, Keys: []door.Key{{}}}, "key 1 has neither"},
		"no password":         {door.Config{Policy: door.ZC2, Keys: []door.Key{keys[0], pair("id", "")}}, "key 2 has no password"},
		"no id":               {door.Config{Policy: door.ZC2, Keys: []door.Key{pair("", "hunter2")}}, "key 1 has no id"},
		"a line end":          {door.Config{Policy: door.ZC2, Keys: []door.Key{pair("id", "hunter2\n")}}, "control character"},
		"no text":             {door.Config{Policy: door.ZC2, Keys: []door.Key{pair("id", "hunter2\xff")}}, "control character"},
		"an id with a comma":  {door.Config{Policy: door.ZC2, Keys: []door.Key{pair("a,b", "hunter2")}}, "cannot be sent"},
		"a token with spaces": {door.Config{Policy: door.Bearer, Keys: []door.Key{bearer("hunter2 ")}}, "cannot be sent"},
		"an id twice":         {door.Config{Policy: door.ZC2, Keys: []door.Key{pair("id", "hunter2"), pair("id", "hunter3")}}, "key 2 is there twice"},
		"a token twice":       {door.Config{Policy: door.Bearer, Keys: []door.Key{bearer("hunter2"), bearer("hunter2")}}, "key 2 is there twice"},
		"both":                {door.Config{Policy: door.ZC2, Keys: []door.Key{{Credentials: signing.Credentials{KeyID: "id", Secret: "s", Token: "hunter2"}}}}, "both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := door.New(row.config)
			g.Expect(err).To(MatchError(And(ContainSubstring(row.why), Not(ContainSubstring("hunter")))))
			g.Expect(func() { door.Option(row.config) }).To(PanicWith(ContainSubstring(row.why)))
		})
	}
}

// FuzzDoor: nobody deletes anything by an Authorization header, a time and a type that were made without a secret.
func FuzzDoor(f *testing.F) {
	claim := contract.SignatureMethod + " Credential=owner, SignedHeaders=content-type;host, Signature="
	for _, authorization := range []string{"", "Bearer ", "Bearer x", claim, claim + strings.Repeat("0", 64), strings.Replace(claim, "owner", "reader", 1) + "x"} {
		f.Add(authorization, "1795651806", contract.SignatureMethod, `{"snapshotIds": ["a"]}`)
	}
	doors := map[door.Policy]http.Handler{}
	for _, policy := range []door.Policy{door.ZC2, door.Bearer} {
		doors[policy] = mock.NewService(door.Option(door.Config{Policy: policy, Keys: keys}))
	}
	f.Fuzz(func(t *testing.T, authorization, timestamp, method, body string) {
		for policy, service := range doors {
			for _, secret := range secrets {
				if strings.Contains(authorization, secret) {
					t.Skip("that is no guess")
				}
			}
			request := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(body))
			request.Header.Set("Content-Type", contract.ContentType)
			request.Header.Set(contract.HeaderAction, contract.Action)
			request.Header.Set(contract.HeaderTimestamp, timestamp)
			request.Header.Set(contract.HeaderSignatureMethod, method)
			request.Header.Set(contract.HeaderAuthorization, authorization)
			recorder := httptest.NewRecorder()
			service.ServeHTTP(recorder, request)
			if code := codeOf(t, recorder.Body.Bytes()); !strings.HasPrefix(code, contract.AuthCodePrefix) {
				t.Errorf("%s: %q is answered with %s", policy, authorization, recorder.Body)
			}
		}
	})
}
