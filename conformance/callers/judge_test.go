package callers_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

var (
	now  = time.Unix(1_700_000_000, 999_000_000)
	keys = signing.Credentials{KeyID: "key-of-a-caller", Secret: "a-secret-of-a-caller"}
)

// request is a right one with these changes.
func request(changes ...func(*callers.Request)) *callers.Request {
	r := &callers.Request{
		Method: http.MethodPost, Path: contract.Path, Header: http.Header{}, At: now, Actions: []string{"DescribeSnapshots"},
		Body: []byte(`{"snapshotIds": ["snap-1", "snap-2"]}`),
	}
	for name, value := range map[string]string{
		"Content-Type": contract.ContentType, contract.HeaderAction: contract.Action, contract.HeaderVersion: contract.Version,
		contract.HeaderTimestamp: fmt.Sprint(now.Unix()),
	} {
		r.Header.Set(name, value)
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

func with(name string, values ...string) func(*callers.Request) {
	return func(r *callers.Request) {
		r.Header.Del(name)
		for _, value := range values {
			r.Header.Add(name, value)
		}
	}
}

func body(text string) func(*callers.Request) {
	return func(r *callers.Request) { r.Body = []byte(text) }
}

// signed signs what the request is by then.
func signed(r *callers.Request) {
	other, _ := http.NewRequest(r.Method, "http://mock"+r.Path, nil)
	other.Header = r.Header
	keys.Sign(other, r.Body, now)
}

// claiming changes what a signed request says of its signature.
func claiming(old, other string) func(*callers.Request) {
	return func(r *callers.Request) {
		signed(r)
		value := r.Header.Get(contract.HeaderAuthorization)
		r.Header.Set(contract.HeaderAuthorization, strings.Replace(value, old, other, 1))
	}
}

// covering has a signature say that it covers other headers.
func covering(names string) func(*callers.Request) {
	return claiming(strings.Join(contract.SignedHeaders, ";"), names)
}

// ids is a list of so many ids, of which so many are different.
func ids(count, different int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprintf(`"snap-%d"`, i%different)
	}
	return `{"snapshotIds":[` + strings.Join(list, ",") + `]}`
}

func rules(breaches []callers.Breach) []string {
	broken := []string{}
	for _, breach := range breaches {
		broken = append(broken, breach.Rule)
	}
	return broken
}

func TestRightRequestsBreakNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", contract.MaxIDLength)
	for name, change := range map[string]func(*callers.Request){
		"as documented": func(*callers.Request) {},
		"signed":        signed,
		"with a token":  with(contract.HeaderAuthorization, "Bearer token-of-a-caller"),
		"with a token, no time": func(r *callers.Request) {
			with(contract.HeaderAuthorization, "Bearer t")(r)
			with(contract.HeaderTimestamp)(r)
		},
		"without a time, unsigned": with(contract.HeaderTimestamp),
		"the older version":        with(contract.HeaderVersion, contract.Versions[len(contract.Versions)-1]),
		"a charset":                with("Content-Type", "application/json; charset=utf-8"),
		"a charset in capitals":    with("Content-Type", "Application/JSON;charset=UTF-8"),
		"headers of the kits": func(r *callers.Request) {
			with(contract.HeaderService, contract.ServiceName)(r)
			with("x-zc-sdk-lang", "go")(r)
		},
		"a clock that is off": with(contract.HeaderTimestamp, fmt.Sprint(now.Add(-contract.MaxClockSkew).Unix())),
		"more is signed":      covering("content-type;host;x-zc-action"),
		"a length is signed":  covering("content-length;content-type;host"),
		"as many as may be":   body(ids(contract.MaxBatch, contract.MaxBatch)),
		"one twice":           body(`{"snapshotIds":["snap-1","snap-1"]}`),
		"the longest id":      body(`{"snapshotIds":["` + long + `"]}`),
		"space everywhere":    body(" {\r\n\t\"snapshotIds\" : [ \"snap-1\" ,\n\"snap-2\" ] } \n"),
		"escapes":             body(`{"\u0073napshotIds":["snap\u002d1","a\/b"]}`),
		"another action": func(r *callers.Request) {
			with(contract.HeaderAction, "DescribeSnapshots")(r)
			body(`{"pageSize":1}`)(r)
		},
		"a body that broke off": func(r *callers.Request) { r.Body, r.Cut = r.Body[:20], true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(callers.Judge(request(change))).To(BeEmpty())
		})
	}
}

// wrong has, for each rule that one request can break, requests that break nothing else.
var wrong = map[string]map[string]func(*callers.Request){
	"CALL-1": {
		"a GET":        func(r *callers.Request) { r.Method, r.Header, r.Body = http.MethodGet, http.Header{}, nil },
		"a small post": func(r *callers.Request) { r.Method = "post" },
		"another path": func(r *callers.Request) { r.Path += "/" },
	},
	"CALL-2": {
		"none":    with("Content-Type"),
		"a form":  with("Content-Type", "application/x-www-form-urlencoded"),
		"two":     with("Content-Type", contract.ContentType, contract.ContentType),
		"garbage": with("Content-Type", "application/json; ;"),
	},
	"CALL-3": {
		"none":  with(contract.HeaderAction),
		"empty": with(contract.HeaderAction, ""),
		"two":   with(contract.HeaderAction, contract.Action, contract.Action),
	},
	"CALL-4": {
		"another case": with(contract.HeaderAction, strings.ToLower(contract.Action)),
		"none such":    with(contract.HeaderAction, "DeleteEverything"),
	},
	"CALL-5": {
		"none":      with(contract.HeaderVersion),
		"two":       with(contract.HeaderVersion, contract.Versions...),
		"none such": with(contract.HeaderVersion, "2020-01-01"),
	},
	"CALL-6": {
		"words":        with(contract.HeaderTimestamp, "now"),
		"a date":       with(contract.HeaderTimestamp, now.Format(time.RFC3339)),
		"milliseconds": with(contract.HeaderTimestamp, fmt.Sprint(now.UnixMilli())),
		"too early":    with(contract.HeaderTimestamp, fmt.Sprint(now.Add(-contract.MaxClockSkew).Unix()-1)),
		"too late":     with(contract.HeaderTimestamp, fmt.Sprint(now.Add(contract.MaxClockSkew).Unix()+1)),
		"the first":    with(contract.HeaderTimestamp, "-9223372036854775808"),
		"two":          with(contract.HeaderTimestamp, "1", "2"),
		"empty":        with(contract.HeaderTimestamp, ""),
	},
	"CALL-7": {
		"a token alone":      with(contract.HeaderAuthorization, "token-of-a-caller"),
		"another scheme":     with(contract.HeaderAuthorization, "Basic dG9rZW46"),
		"a small bearer":     with(contract.HeaderAuthorization, "bearer token"),
		"a bearer of none":   with(contract.HeaderAuthorization, "Bearer "),
		"a bearer of two":    with(contract.HeaderAuthorization, "Bearer one two"),
		"empty":              with(contract.HeaderAuthorization, ""),
		"two":                with(contract.HeaderAuthorization, "Bearer one", "Bearer two"),
		"half a signature":   claiming(", Signature=", ", Sig="),
		"a cut signature":    claiming("Signature=", "Signature=0"),
		"a large signature":  func(r *callers.Request) { claiming("Signature=", "Signature=A")(r) },
		"nobody's signature": claiming(keys.KeyID, ""),
	},
	"CALL-8": {
		"no method":      func(r *callers.Request) { signed(r); with(contract.HeaderSignatureMethod)(r) },
		"another method": func(r *callers.Request) { signed(r); with(contract.HeaderSignatureMethod, "ZC1")(r) },
		"no time":        func(r *callers.Request) { signed(r); with(contract.HeaderTimestamp)(r) },
	},
	"CALL-9": {
		"the host alone":    covering("host"),
		"the type alone":    covering("content-type"),
		"nothing":           covering(""),
		"the wrong order":   covering("host;content-type"),
		"one twice":         covering("content-type;host;host"),
		"capitals":          covering("content-type;host;x-ZC-action"),
		"what is not there": covering("content-type;host;x-zc-other"),
	},
	"CALL-10": {
		"nothing":     body(""),
		"no JSON":     body("snapshotIds=snap-1"),
		"half":        body(`{"snapshotIds":["snap-1"`),
		"two objects": body(`{"snapshotIds":["snap-1"]}{}`),
		"a comma":     body(`{"snapshotIds":["snap-1",]}`),
		"an array":    body(`["snap-1"]`),
		"a string":    body(` "snapshotIds"`),
		"null":        body(`null`),
		"Latin-1":     body("{\"snapshotIds\":[\"sn\xe4p\"]}"),
		"too deep":    body(`{"snapshotIds":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`),
		"of another action": func(r *callers.Request) {
			with(contract.HeaderAction, "DescribeSnapshots")(r)
			body("")(r)
		},
	},
	"CALL-11": {
		"none":             body(`{}`),
		"another spelling": body(`{"SnapshotIDs":["snap-1"]}`),
		"null":             body(`{"snapshotIds":null}`),
		"one id":           body(`{"snapshotIds":"snap-1"}`),
		"an object":        body(`{"snapshotIds":{"a":[{"b":[1]}]}}`),
		"a number":         body(`{"snapshotIds":["snap-1",2]}`),
		"a null":           body(`{"snapshotIds":["snap-1",null,true,["snap-2"],{}]}`),
	},
	"CALL-12": {
		"one too many":  body(ids(contract.MaxBatch+1, contract.MaxBatch+1)),
		"far too many":  body(ids(20_000, 20_000)),
		"and some more": body(ids(300, contract.MaxBatch+1)),
		"in a body that broke off": func(r *callers.Request) {
			text := ids(200, 200)
			body(text[:len(text)-1])(r)
			r.Cut = true
		},
	},
	"CALL-13": {
		"one too many":  body(ids(contract.MaxBatch+1, contract.MaxBatch)),
		"always itself": body(ids(contract.MaxBatch+1, 1)),
	},
	"CALL-14": {"an empty list": body(`{"snapshotIds":[]}`)},
	"CALL-15": {
		"one more":        body(`{"snapshotIds":["snap-1"],"force":true}`),
		"before":          body(`{"force":{"a":[1,"]"]},"snapshotIds":["snap-1"]}`),
		"two spellings":   body(`{"snapshotIds":["snap-1"],"snapshotids":["snap-2"]}`),
		"empty, and null": body(`{"snapshotIds":["snap-1"],"":null}`),
	},
	"CALL-16": {
		"the list twice": body(`{"snapshotIds":["snap-1"],"snapshotIds":["snap-2"]}`),
		"and escaped":    body(`{"snapshotIds":["snap-1"],"\u0073napshotIds":["snap-2"]}`),
		"of another action": func(r *callers.Request) {
			with(contract.HeaderAction, "DescribeSnapshots")(r)
			body(`{"pageNum":1,"pageNum":2}`)(r)
		},
	},
	"CALL-17": {
		"empty":          body(`{"snapshotIds":[""]}`),
		"too long":       body(`{"snapshotIds":["` + strings.Repeat("x", contract.MaxIDLength+1) + `"]}`),
		"a space":        body(`{"snapshotIds":["snap 1"]}`),
		"a wildcard":     body(`{"snapshotIds":["snap-1","*"]}`),
		"letters":        body(`{"snapshotIds":["schnappschuß"]}`),
		"half a pair":    body(`{"snapshotIds":["\ud800"]}`),
		"one in the end": body(strings.Replace(ids(100, 100), "snap-99", "snap\\n99", 1)),
	},
}

func TestEachRuleIsBrokenByWhatBreaksIt(t *testing.T) {
	t.Parallel()
	for rule, requests := range wrong {
		for name, change := range requests {
			t.Run(rule+" "+name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				breaches := callers.Judge(request(change))
				g.Expect(rules(breaches)).To(Equal([]string{rule}), "%v", breaches)
				g.Expect(breaches[0].What).NotTo(BeEmpty())
				g.Expect(len(breaches[0].What)).To(BeNumerically("<", 200))
			})
		}
	}
}

// TestEveryRuleForCallersCanBeBroken: no rule is there in vain, and none is judged that is not there.
func TestEveryRuleForCallersCanBeBroken(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	judged := map[string]bool{"CALL-18": true} // see TestWhoDoesNotWaitIsBlamed
	for rule := range wrong {
		judged[rule] = true
	}
	for _, rule := range contract.CallerRules {
		g.Expect(judged).To(HaveKey(rule.ID))
	}
	g.Expect(judged).To(HaveLen(len(contract.CallerRules)))
}

func TestSeveralRulesAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bare := request(body(`{"snapshotIds":["snap 1",2,"snap 3"],"force":1,"more":2,"force":3}`))
	bare.Header = http.Header{}
	breaches := callers.Judge(bare)
	g.Expect(rules(breaches)).To(Equal([]string{"CALL-2", "CALL-3", "CALL-5", "CALL-16"}), "whose body that is, nobody knows: %v", breaches)
	bare.Header.Set(contract.HeaderAction, contract.Action)
	g.Expect(rules(callers.Judge(bare))).To(ConsistOf("CALL-2", "CALL-5", "CALL-11", "CALL-15", "CALL-16", "CALL-17"))
}

func TestWhatIsWrongCanBeShown(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*callers.Request{
		"controls":   request(body("{\"snapshotIds\":[\"\\u001b[2J\\u202e\\n##vso[x]\"]}"), with(contract.HeaderVersion, "\x1b[2J")),
		"a long one": request(body(`{"snapshotIds":["`+strings.Repeat("ж", 100_000)+`"]}`), with(contract.HeaderVersion, strings.Repeat("9", 100_000))),
		"a method":   request(func(r *callers.Request) { r.Method = strings.Repeat("\x00", 1000) }),
		"a path":     request(func(r *callers.Request) { r.Path = "/##vso[x]" + strings.Repeat("/", 10_000) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			shown := []string{r.Describe()}
			for _, breach := range callers.Judge(r) {
				shown = append(shown, breach.What)
			}
			g.Expect(len(shown)).To(BeNumerically(">", 1))
			for _, text := range shown {
				g.Expect(text).NotTo(MatchRegexp(`[^\P{C}]|##`))
				g.Expect(len(text)).To(BeNumerically("<", 400))
			}
		})
	}
}

// TestSecretsThatAreKnownAreNotShown: also where the request does not say that they are any.
func TestSecretsThatAreKnownAreNotShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const password = "a-password-that-nobody-may-see"
	r := request(with(contract.HeaderVersion, password), with(contract.HeaderAction, password), body(`{"`+password+`":1}`))
	r.Path += password
	r.Secrets = redact.New(password)
	g.Expect(r.Describe()).To(And(ContainSubstring(redact.Mark), Not(ContainSubstring("that-nobody"))))
	breaches := callers.Judge(r)
	g.Expect(len(breaches)).To(BeNumerically(">", 2))
	for _, breach := range breaches {
		g.Expect(breach.What).NotTo(ContainSubstring("that-nobody"), breach.Rule)
	}
}

// TestNothingSecretIsShown: also where a caller repeats it in the wrong place.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	const token = "a-token-that-nobody-may-see"
	for name, authorization := range map[string]string{
		"a token": "Bearer " + token, "a token alone": token, "two words": "Bearer a " + token, "a scheme": "Basic " + token, "a strange scheme": token + " x",
		"a signature": contract.SignatureMethod + " Credential=" + token + ", SignedHeaders=" + token + ", Signature=" + token,
		"a very long": "Bearer " + token + strings.Repeat("x", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := request(with(contract.HeaderAuthorization, authorization), with(contract.HeaderVersion, token), with(contract.HeaderAction, token),
				with(contract.HeaderTimestamp, token), body(`{"snapshotIds":["`+token+` "],"`+token+`":1}`))
			r.Path += token
			g.Expect(r.Describe()).NotTo(ContainSubstring(token))
			breaches := callers.Judge(r)
			g.Expect(len(breaches)).To(BeNumerically(">", 3))
			for _, breach := range breaches {
				g.Expect(breach.What).NotTo(ContainSubstring("that-nobody"), breach.Rule)
			}
		})
	}
}
