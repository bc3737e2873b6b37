package target

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
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

	parts *parts // of the body, once it is taken apart
}

// parts is a body taken apart.
type parts struct {
	isJSON   bool
	members  map[string]json.RawMessage // nil if the body is no object
	response map[string]json.RawMessage // nil if the inner one is none
}

// Redacted stands where a secret was.
const Redacted = redact.Mark

func (e *Exchange) clearAnswer() {
	e.Err, e.Unreachable, e.proto, e.status, e.header, e.body, e.cut, e.hidden = nil, false, "", 0, nil, nil, 0, nil
	e.parts = nil
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

// Shorten forgets the rest of a long body, and fields of a long header. Many exchanges are kept as evidence until a run
// ends, and a hostile target could make each of them as long as it likes.
func (e *Exchange) Shorten(length int) {
	e.parts = nil
	if over := len(e.body) - length; over > 0 {
		e.body, e.cut = bytes.Clone(e.body[:length]), e.cut+over
	}
	if Length(e.header) <= length {
		return
	}
	short, room := http.Header{}, length
	for _, name := range append([]string{"Content-Type"}, slices.Sorted(maps.Keys(e.header))...) {
		field := http.Header{name: e.header[name]}
		if need := Length(field); need <= room && short[name] == nil {
			short[name], room = e.header[name], room-need
		}
	}
	e.header = short.Clone() // so that nothing of the long one stays behind
}

// Length is how many bytes a header takes, about.
func Length(header http.Header) (length int) {
	const line = 4 // what a field takes beside its text
	for name, values := range header {
		for _, value := range values {
			length += len(name) + len(value) + line
		}
	}
	return length
}

// Cut is how many bytes of the body were forgotten.
func (e *Exchange) Cut() int { return e.cut }

// IsJSON tells whether the body is JSON, in the encoding that JSON has.
func (e *Exchange) IsJSON() bool { return e.apart().isJSON }

// Members gives those members of the answer's JSON object that the contract knows, and not those that are merely spelled
// alike, which decoding into a struct would not tell apart; ok is false if the body is no JSON object.
func (e *Exchange) Members() (members map[string]json.RawMessage, ok bool) {
	members = e.apart().members
	return members, members != nil
}

// Response gives the members of the answer's inner object.
func (e *Exchange) Response() (members map[string]json.RawMessage, ok bool) {
	members = e.apart().response
	return members, members != nil
}

// apart takes the body apart once: several judges ask, one after the other.
func (e *Exchange) apart() *parts {
	if e.parts == nil {
		e.parts = &parts{isJSON: utf8.Valid(e.body) && json.Valid(e.body)}
		if e.parts.isJSON {
			e.parts.members = object(e.body)
			e.parts.response = object(e.parts.members[contract.FieldResponse])
		}
	}
	return e.parts
}

// known are the members that anybody asks for. An answer may have a million others.
var known = []string{contract.FieldRequestID, contract.FieldResponse, contract.FieldSnapshotIDs, contract.FieldCode, contract.FieldMessage}

// object gives the known members of a text that is valid JSON, nil if it is no object.
func object(text []byte) map[string]json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		var value json.RawMessage
		name, err := decoder.Token()
		if err != nil || decoder.Decode(&value) != nil {
			return nil
		}
		if name, isName := name.(string); isName && slices.Contains(known, name) {
			members[name] = value
		}
	}
	return members
}

// Text gives a member's value if it is a string that is not empty.
func Text(member json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(member, &text) != nil || text == nil || *text == "" {
		return "", false
	}
	return *text, true
}

// longestList bounds a list that is read. One with more members than a request may name is wrong already, and no less so
// without the rest.
var longestList = 10 * contract.MaxBatch

const jsonSpace = " \t\r\n"

// List gives a member's value if it is an array of strings. An absent member and null are an empty list. Of a list that is
// far too long, it reads the beginning alone.
func List(member json.RawMessage) ([]string, bool) {
	if len(member) == 0 || string(bytes.Trim(member, jsonSpace)) == "null" {
		return nil, true
	}
	decoder := json.NewDecoder(bytes.NewReader(member))
	if first, err := decoder.Token(); err != nil || first != json.Delim('[') {
		return nil, false
	}
	texts := []string{}
	for decoder.More() {
		if len(texts) == longestList {
			return texts, true
		}
		next, err := decoder.Token()
		text, isText := next.(string)
		if err != nil || !isText {
			return nil, false
		}
		texts = append(texts, text)
	}
	if _, err := decoder.Token(); err != nil || len(bytes.Trim(member[decoder.InputOffset():], jsonSpace)) > 0 {
		return nil, false
	}
	return texts, true
}

// longestCode bounds what is kept of a code, in bytes. A longer one is none that anybody knows.
const longestCode = 1000

// Answer is what the exchange meant, for the oracle.
func (e *Exchange) Answer() oracle.Answer {
	answer := oracle.Answer{Status: e.Status()}
	members, ok := e.Members()
	if answer.Status != http.StatusOK {
		if ok {
			answer.Code, _ = Text(members[contract.FieldCode])
			if len(answer.Code) > longestCode {
				answer.Code = fmt.Sprintf("a code of %d bytes", len(answer.Code))
			}
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
