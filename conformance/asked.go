package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// call is a call of the action that a log has. Its number is that of the entry. Where the log does not say how long it
// took, Ended is zero.
type call struct {
	*target.Exchange
	base       string // of its URL
	asked      asked
	documented bool // whether nothing but its body gives a reason to refuse it, as far as the contract goes
}

// callOf makes a call of an entry, nil if it is none of the action.
func callOf(number int, entry *har.Entry) *call {
	sent := headerOf(entry.Request.Headers)
	address, err := url.Parse(entry.Request.URL)
	if err != nil || entry.Request.Method != http.MethodPost || !strings.HasSuffix(address.Path, contract.Path) ||
		!slices.Equal(sent.Values(contract.HeaderAction), []string{contract.Action}) {
		return nil
	}
	c := &call{base: address.Scheme + "://" + address.Host + strings.TrimSuffix(address.Path, contract.Path)}

	body, known := entry.Request.Bytes()
	c.asked = asked{form: unclear}
	mediaType, parameters, _ := mime.ParseMediaType(sent.Get("Content-Type"))
	charset := parameters["charset"]
	if known && lengthFits(sent.Get("Content-Length"), body, entry.Seq.Value > 0) && sent.Get("Content-Encoding") == "" && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		c.asked = ask(body)
	}
	version := sent.Get(contract.HeaderVersion)
	c.documented = mediaType == contract.ContentType && address.RawQuery == "" && (version == "" || slices.Contains(contract.Versions, version))

	const kept = 1 << 20 // bytes, as evidence: far more than any call has use for
	if over := len(body) - kept; over > 0 {
		body = fmt.Appendf(body[:kept:kept], " … and %d bytes more", over)
	}
	e := target.Exchange{
		Seq: number, From: entry.From.Value, Started: entry.Started.Time, Method: entry.Request.Method, URL: entry.Request.URL, Sent: sent, Body: body,
	}
	const longest = 1e12 // milliseconds; who says more knows nothing
	if millis := entry.Millis; millis != nil && *millis >= 0 && *millis < longest {
		e.Ended = e.Started.Add(time.Duration(*millis * float64(time.Millisecond)))
	}
	if entry.Response.Status == 0 {
		e.Err = errors.New("the log has no answer")
	}
	var header http.Header // nil where the log has left it out
	if len(entry.Response.Headers) > 0 {
		header = headerOf(entry.Response.Headers)
	}
	answer, missing := entry.Response.Content.Bytes()
	if header.Get("Content-Encoding") != "" && !json.Valid(answer) {
		missing = max(missing, 1) // compressed still, perhaps
	}
	c.Exchange = target.Past(e, entry.Response.Status, header, answer, missing)
	return c
}

// lengthFits tells whether a body has the length that its header gives. Exporters write an empty one also where they could not
// get at it, so that it takes the header, or a recording of our own, to believe it.
func lengthFits(length string, body []byte, own bool) bool {
	if length == "" {
		return len(body) > 0 || own
	}
	return length == strconv.Itoa(len(body))
}

// headerOf gives headers as Go has them. What HTTP/2 has in place of a request line and a status line is none.
func headerOf(pairs []har.Pair) http.Header {
	header := http.Header{}
	for _, pair := range pairs {
		if !strings.HasPrefix(pair.Name, ":") {
			header.Add(pair.Name, strings.TrimSpace(pair.Value))
		}
	}
	return header
}

// form is what a body is, by the contract.
type form int

const (
	unclear   form = iota // it is not known whole, or parsers may differ over it
	proper                // a list of ids
	absent                // an object without snapshotIds, or with null there
	wrongType             // snapshotIds is no array of strings
	malformed             // not JSON, or no object
)

// asked is what a request asks for, as far as that is certain.
type asked struct {
	form  form
	ids   []string
	extra bool // whether there are fields that the contract does not know
}

// ask reads the body of a request.
func ask(body []byte) asked {
	const deep = 1000 // levels that every parser takes
	switch {
	case !utf8.Valid(body), bytes.HasPrefix(body, []byte("\ufeff")), bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > deep:
		return asked{form: unclear}
	case !json.Valid(body), bytes.TrimLeft(body, " \t\r\n")[0] != '{':
		return asked{form: malformed}
	}
	list, extra, certain := lookUp(body)
	var members []json.RawMessage
	switch {
	case !certain:
		return asked{form: unclear}
	case list == nil, string(list) == "null":
		return asked{form: absent, extra: extra}
	case json.Unmarshal(list, &members) != nil:
		return asked{form: wrongType, extra: extra || outsized(list)}
	}
	ids := make([]string, len(members))
	for i, member := range members {
		switch {
		case member[0] != '"':
			return asked{form: wrongType, extra: extra || outsized(list)}
		case json.Unmarshal(member, &ids[i]) != nil, strings.ContainsRune(ids[i], utf8.RuneError):
			return asked{form: unclear} // half of a character, which parsers read in different ways
		}
	}
	return asked{form: proper, ids: ids, extra: extra}
}

// lookUp finds the list in a body that is an object, nil if there is none. It is not clear which is meant where it is there
// twice, or in another case.
func lookUp(body []byte) (list json.RawMessage, extra, certain bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	_, _ = decoder.Token() // the body is valid JSON, and an object
	for decoder.More() {
		token, _ := decoder.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil, false, false
		}
		switch {
		case name == contract.FieldSnapshotIDs && list == nil:
			list = value
		case strings.EqualFold(name, contract.FieldSnapshotIDs):
			return nil, false, false
		default:
			extra = true
		}
	}
	return list, extra, true
}

// outsized tells whether there is a number that some parsers cannot read, and who then cannot tell its type.
func outsized(value json.RawMessage) bool {
	var anything any
	return json.Unmarshal(value, &anything) != nil
}
