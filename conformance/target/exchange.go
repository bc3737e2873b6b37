package target

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// Exchange is one request and its answer. The request's Authorization is left out from the start; an answer may repeat
// a secret, and is kept as it came because it is to be judged. Whoever writes it down takes the secrets out.
type Exchange struct {
	Seq      int       // 1 for the first of a run
	From     string    // what sent it
	Started  time.Time // before the first attempt
	Ended    time.Time // after the last one
	Asked    time.Time // when the last attempt was sent
	Answered time.Time // when its answer was complete
	Attempts int

	Method, URL string
	Sent        http.Header
	Body        []byte

	Err         error // why there is no complete answer; nil where there is one
	Unreachable bool  // no connection could be made, or none that can be trusted

	curl string // the options that lead curl to the endpoint

	proto  string
	status int
	header http.Header
	body   []byte
	cut    int
	hidden []func() string // as functions, since fmt prints whatever it finds in a field

	members  map[string]json.RawMessage // of the body, once they are taken apart
	isObject bool
	apart    bool
}

// Redacted stands where a secret was.
const Redacted = redact.Mark

func (e *Exchange) clearAnswer() {
	e.Err, e.Unreachable, e.proto, e.status, e.header, e.body, e.hidden = nil, false, "", 0, nil, nil, nil
	e.members, e.isObject, e.apart = nil, false, false
}

func (e *Exchange) capture(message *http.Request, body []byte) {
	e.Method, e.URL, e.Sent, e.Body = message.Method, message.URL.String(), message.Header.Clone(), body
	e.hide(e.Sent)
}

// Past is an exchange that somebody else made and wrote down; e has what was sent, and missing says how many bytes of the
// answer's body are not there. What proves who asked is taken out.
func Past(e Exchange, status int, header http.Header, body []byte, missing int) *Exchange {
	e.status, e.header, e.body, e.cut = status, header, body, missing
	e.URL = cleanURL(e.URL)
	e.hide(e.Sent)
	e.hide(e.header)
	return &e
}

// Status is the answer's HTTP status, 0 where there is no complete answer.
func (e *Exchange) Status() int {
	if e.Err != nil {
		return 0
	}
	return e.status
}

// Proto is the version of HTTP that was spoken; empty where there is no answer.
func (e *Exchange) Proto() string { return e.proto }

// Header is the answer's header.
func (e *Exchange) Header() http.Header { return e.header }

// Raw is the answer's body as it came, decompressed.
func (e *Exchange) Raw() []byte { return e.body }

// Shorten forgets the rest of a long body. Many exchanges are kept as evidence until a run ends, and a hostile target
// could make each of them as long as it likes.
func (e *Exchange) Shorten(length int) {
	e.members, e.isObject, e.apart = nil, false, false
	if over := len(e.body) - length; over > 0 {
		e.body, e.cut = bytes.Clone(e.body[:length]), e.cut+over
	}
}

// Cut is how many bytes of the body were forgotten.
func (e *Exchange) Cut() int { return e.cut }

// Members gives the members of the answer's JSON object with their names as they were spelled, which decoding into
// a struct would not tell; ok is false if the body is no JSON object.
func (e *Exchange) Members() (members map[string]json.RawMessage, ok bool) {
	if !e.apart { // several judges ask, one after the other
		e.members, e.isObject = object(e.body)
		e.apart = true
	}
	return e.members, e.isObject
}

func object(text []byte) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if !utf8.Valid(text) || json.Unmarshal(text, &members) != nil || members == nil {
		return nil, false
	}
	return members, true
}

// Response gives the members of the answer's inner object.
func (e *Exchange) Response() (members map[string]json.RawMessage, ok bool) {
	outer, ok := e.Members()
	if !ok {
		return nil, false
	}
	return object(outer[contract.FieldResponse])
}

// Text gives a member's value if it is a string that is not empty.
func Text(member json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(member, &text) != nil || text == nil || *text == "" {
		return "", false
	}
	return *text, true
}

// List gives a member's value if it is an array of strings. An absent member and null are an empty list.
func List(member json.RawMessage) ([]string, bool) {
	if len(member) == 0 {
		return nil, true
	}
	var list []*string
	if json.Unmarshal(member, &list) != nil {
		return nil, false
	}
	texts := make([]string, 0, len(list))
	for _, text := range list {
		if text == nil {
			return nil, false
		}
		texts = append(texts, *text)
	}
	return texts, true
}

// Answer is what the exchange meant, for the oracle.
func (e *Exchange) Answer() oracle.Answer {
	answer := oracle.Answer{Status: e.Status()}
	members, ok := e.Members()
	if answer.Status != http.StatusOK {
		if ok {
			answer.Code, _ = Text(members[contract.FieldCode])
		}
		return answer
	}
	response, ok := e.Response()
	if ok {
		answer.Listed, ok = List(response[contract.FieldSnapshotIDs])
	}
	answer.Unknown = !ok
	return answer
}
