// Package callers judges clients by what a request owes the contract: the rules for callers in openapi.yaml.
//
// Whatever the documents allow is right, and a request is judged by nothing but itself: that a snapshot is missing, or that
// a key is not known, is an answer that a right client can get as well. Patience alone looks at several requests.
package callers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// Request is what a caller sent.
type Request struct {
	Method  string
	Path    string // escaped, as it was sent
	Header  http.Header
	Body    []byte
	Cut     bool      // whether the body ends before its end
	At      time.Time // when it came
	Actions []string  // those that there are beside the contract's own; of these the body has no rule but its form

	Secrets *redact.Redactor // what is not to be shown beside what the request itself holds; nil: nothing
}

// Breach is one rule that a request breaks.
type Breach struct {
	Rule string `json:"rule"` // id of a contract.CallerRule
	What string `json:"what"` // what exactly is wrong: for people, one short line, safe to show and without secrets
}

// Judge gives the rules that a request breaks, each once; nothing for one that is right.
func Judge(r *Request) []Breach {
	j := judging{Request: r}
	j.judge()
	if j.repeats {
		hide := Secrets(r.Header)
		for i := range j.breaches {
			j.breaches[i].What = r.Secrets.Replace(hide.Replace(j.breaches[i].What))
		}
	}
	return j.breaches
}

func (j *judging) judge() {
	r := j.Request
	if r.Method != http.MethodPost {
		j.blame("CALL-1", "the method is %s", j.quote(r.Method))
		return // it is another kind of request, of which the other rules say nothing
	}
	if r.Path != contract.Path {
		j.blame("CALL-1", "the path is %s", j.quote(r.Path))
	}
	j.contentType()
	action := j.action()
	j.version()
	j.timestamp()
	j.authorization()
	if action == contract.Action {
		if _, plain := contract.Plain(r.Body); plain {
			return
		}
	}
	j.body(action)
}

// judging is a request that is being judged.
type judging struct {
	*Request
	breaches []Breach
	repeats  bool // whether one of them repeats something of the request, in which there may be a secret
}

// quote is quote for what is said of a breach.
func (j *judging) quote(text string) string {
	j.repeats = true
	return quote(text)
}

func (j *judging) blame(rule, format string, args ...any) {
	if !slices.ContainsFunc(j.breaches, func(b Breach) bool { return b.Rule == rule }) { // the first is enough
		j.breaches = append(j.breaches, Breach{rule, fmt.Sprintf(format, args...)})
	}
}

// The names of headers, as net/http spells them: a look into the map is quicker than Header.Get.
var (
	contentType     = http.CanonicalHeaderKey("Content-Type")
	action          = http.CanonicalHeaderKey(contract.HeaderAction)
	version         = http.CanonicalHeaderKey(contract.HeaderVersion)
	timestamp       = http.CanonicalHeaderKey(contract.HeaderTimestamp)
	signatureMethod = http.CanonicalHeaderKey(contract.HeaderSignatureMethod)
	authorization   = http.CanonicalHeaderKey(contract.HeaderAuthorization)
)

// one gives the value of a header that comes once, and else says how it comes.
func one(values []string, name string) (value, fault string) {
	switch {
	case len(values) == 0:
		return "", "there is no " + name
	case len(values) > 1:
		return "", fmt.Sprintf("%s comes %d times", name, len(values))
	case values[0] == "":
		return "", name + " is empty"
	}
	return values[0], ""
}

func (j *judging) contentType() {
	value, fault := one(j.Header[contentType], contentType)
	if value == contract.ContentType {
		return
	}
	if fault != "" {
		j.blame("CALL-2", "%s", fault)
	} else if mediaType, _, err := mime.ParseMediaType(value); err != nil || mediaType != contract.ContentType {
		j.blame("CALL-2", "it is %s", j.quote(value))
	}
}

// action gives the action that the request is for, nothing where that is not clear.
func (j *judging) action() string {
	value, fault := one(j.Header[action], contract.HeaderAction)
	switch {
	case fault != "":
		j.blame("CALL-3", "%s", fault)
	case value != contract.Action && !slices.Contains(j.Actions, value):
		j.blame("CALL-4", "it is %s", j.quote(value))
	}
	return value
}

func (j *judging) version() {
	value, fault := one(j.Header[version], contract.HeaderVersion)
	switch {
	case fault != "":
		j.blame("CALL-5", "%s", fault)
	case !slices.Contains(contract.Versions, value):
		j.blame("CALL-5", "it is %s", j.quote(value))
	}
}

func (j *judging) timestamp() {
	if len(j.Header[timestamp]) == 0 {
		return // whether it has to be there is a question of the signature
	}
	value, fault := one(j.Header[timestamp], contract.HeaderTimestamp)
	if fault != "" {
		j.blame("CALL-6", "%s", fault)
		return
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		j.blame("CALL-6", "%s is no number of seconds", j.quote(value))
		return
	}
	if off := j.At.Truncate(time.Second).Sub(time.Unix(seconds, 0)); off.Abs() > contract.MaxClockSkew {
		j.blame("CALL-6", "%s is more than %s off", j.quote(value), contract.MaxClockSkew)
	}
}

const bearer = "Bearer "

// authorization never repeats anything of the header: it is there to hold secrets.
func (j *judging) authorization() {
	if len(j.Header[authorization]) == 0 {
		return // where nobody has to prove anything, that is right; and where somebody has to, the answer says so
	}
	value, fault := one(j.Header[authorization], contract.HeaderAuthorization)
	if fault != "" {
		j.blame("CALL-7", "%s", fault)
		return
	}
	if token, ok := strings.CutPrefix(value, bearer); ok {
		if token == "" || strings.ContainsAny(token, " \t") {
			j.blame("CALL-7", "after Bearer there is not one word")
		}
		return
	}
	if scheme, _, _ := strings.Cut(value, " "); scheme != contract.SignatureMethod {
		j.blame("CALL-7", "it begins with neither %s nor %s", contract.SignatureMethod, strings.TrimSpace(bearer))
		return
	}
	keyID, signed, signature, ok := signing.Claim(value)
	switch {
	case !ok:
		j.blame("CALL-7", "it is not written as Credential=…, SignedHeaders=…, Signature=…")
		return
	case keyID == "":
		j.blame("CALL-7", "its Credential is empty")
	case len(signature) != hex.EncodedLen(sha256.Size) || strings.Trim(signature, "0123456789abcdef") != "":
		j.blame("CALL-7", "its Signature is not a hash in small hexadecimal digits")
	}
	j.signed(signed)
}

// signed judges what a signature needs beside it, and what it covers.
func (j *judging) signed(covered []string) {
	if value, fault := one(j.Header[signatureMethod], contract.HeaderSignatureMethod); fault != "" {
		j.blame("CALL-8", "%s", fault)
	} else if value != contract.SignatureMethod {
		j.blame("CALL-8", "%s is %s", contract.HeaderSignatureMethod, j.quote(value))
	}
	if len(j.Header[timestamp]) == 0 {
		j.blame("CALL-8", "there is no %s", contract.HeaderTimestamp)
	}
	for _, name := range contract.SignedHeaders {
		if !slices.Contains(covered, name) {
			j.blame("CALL-9", "it does not cover %s", name)
		}
	}
	for i, name := range covered {
		switch {
		case name != strings.ToLower(name):
			j.blame("CALL-9", "%s is not in small letters", j.quote(name))
		case i > 0 && covered[i-1] >= name:
			j.blame("CALL-9", "%s stands in the wrong place", j.quote(name))
		case !j.has(name):
			j.blame("CALL-9", "the request has no %s", j.quote(name))
		}
	}
}

// has tells whether a request was sent with a header. Some are taken out by net/http, and given the benefit of the doubt.
func (j *judging) has(name string) bool {
	switch name {
	case "host", "content-length", "transfer-encoding", "trailer":
		return true
	}
	return len(j.Header[http.CanonicalHeaderKey(name)]) > 0
}

// Describe names a request for people, with the beginning of its body. It is safe to show and without secrets.
func (r *Request) Describe() string {
	text := quote(r.Method) + " " + quote(r.Path)
	if named := r.Header[action]; len(named) > 0 {
		text += " " + quote(named[0])
	}
	text = strings.ReplaceAll(text, `"`, "")
	if len(r.Body) > 0 {
		text += " " + quote(string(r.Body[:min(len(r.Body), longest*utf8.UTFMax)]))
	}
	return r.Secrets.Replace(Secrets(r.Header).Replace(text))
}

// Secrets knows what a header holds that says who asks, as far as it is read: a request may repeat it in other places, and so
// may its answer. It is nil where there is none.
func Secrets(header http.Header) *redact.Redactor {
	var hide *redact.Redactor
	for name, values := range header {
		if !Telling(name) {
			continue
		}
		if hide == nil {
			hide = redact.New()
		}
		for _, value := range values {
			value = value[:min(len(value), longestSecret)]
			if keyID, _, signature, ok := signing.Claim(value); ok {
				hide.Name(keyID)
				hide.Secret(signature)
			} else if name == authorization {
				_, secret := Scheme(value)
				hide.Secret(secret)
			} else if len(value) >= redact.Part { // what is shorter may be a number, and in the way everywhere
				hide.Secret(value)
			}
		}
	}
	return hide
}

// Telling tells whether a header says who asks, by its name.
func Telling(name string) bool {
	return redact.Telling(name) && !strings.EqualFold(name, contract.HeaderSignatureMethod)
}

// schemes are those of which the name can be shown. Any other word may be a part of what proves who asks.
var schemes = []string{contract.SignatureMethod, strings.TrimSpace(bearer), "Basic", "Digest"}

// Scheme parts what an Authorization header says into the name of its scheme, empty where that is none that is known, and what
// is not to be shown.
func Scheme(value string) (name, secret string) {
	name, secret, _ = strings.Cut(value, " ")
	if !slices.ContainsFunc(schemes, func(one string) bool { return strings.EqualFold(one, name) }) {
		return "", value
	}
	return name, secret
}

// longestSecret is how many bytes of a secret are looked for.
const longestSecret = 4 << 10

// longest is how many characters of somebody else's text are repeated.
const longest = 40

// quote repeats somebody else's text such that it can be shown anywhere, also in the log of a CI system that takes commands
// from it.
func quote(text string) string {
	short := text
	for at, count := 0, 0; at < len(text); count++ {
		if count == longest {
			short = text[:at] + "…"
			break
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return strings.ReplaceAll(strconv.Quote(short), "##", `#\x23`)
}
