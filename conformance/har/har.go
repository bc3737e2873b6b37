// Package har reads and writes recordings of HTTP exchanges as HAR 1.2, the format in which browsers and proxies export
// what they saw. A file is never held whole: exchanges come and go one by one.
package har

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// version is what is written. Any version of the same major number is read.
const version = "1.2"

// Entry is one exchange. Of the many members that exporters add, those are here that mean something to a judge. The
// format leaves members that begin with an underscore to whoever wants them.
type Entry struct {
	Started  Time     `json:"startedDateTime"`
	Millis   *float64 `json:"time"` // from then until the answer was complete; nil or negative where nobody knows
	Request  Request  `json:"request"`
	Response Response `json:"response"`
	Cache    struct{} `json:"cache"`
	Timings  Timings  `json:"timings"`

	Seq   Custom[int]    `json:"_seq,omitzero"`   // the number of the exchange in its run
	From  Custom[string] `json:"_from,omitzero"`  // the check that sent it
	Error Custom[string] `json:"_error,omitzero"` // why there is no answer; the status is 0 then
}

// Request is what was sent.
type Request struct {
	Method      string  `json:"method"`
	URL         string  `json:"url"`
	HTTPVersion string  `json:"httpVersion"`
	Cookies     Unread  `json:"cookies"`
	Headers     []Pair  `json:"headers"`
	Query       Unread  `json:"queryString"`
	Body        *Posted `json:"postData,omitempty"` // nil where there was none, or where it was not kept
	HeadersSize int     `json:"headersSize"`        // -1 where nobody knows
	BodySize    int     `json:"bodySize"`           // -1 where nobody knows
}

// Posted is the body of a request.
type Posted struct {
	MimeType string            `json:"mimeType"`
	Text     string            `json:"text"`
	Params   []json.RawMessage `json:"params,omitempty"` // of a form, in place of the text
	Base64   Custom[string]    `json:"_base64,omitzero"` // in place of a text that JSON cannot carry
}

// Response is what came back.
type Response struct {
	Status      int     `json:"status"` // 0 where nothing did
	StatusText  string  `json:"statusText"`
	HTTPVersion string  `json:"httpVersion"`
	Cookies     Unread  `json:"cookies"`
	Headers     []Pair  `json:"headers"`
	Content     Content `json:"content"`
	RedirectURL string  `json:"redirectURL"`
	HeadersSize int     `json:"headersSize"`
	BodySize    int     `json:"bodySize"`
}

// Content is the body of an answer, decompressed.
type Content struct {
	Size     int     `json:"size"` // of the body, in bytes
	MimeType string  `json:"mimeType"`
	Text     *string `json:"text,omitempty"` // nil where it was not kept
	Encoding string  `json:"encoding,omitempty"`
}

// Pair is a header.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Pairs gives the lines of a header, in the order of their names.
func Pairs(header map[string][]string) (pairs []Pair) {
	for _, name := range slices.Sorted(maps.Keys(header)) {
		for _, value := range header[name] {
			pairs = append(pairs, Pair{Name: name, Value: value})
		}
	}
	return pairs
}

// Unread is a list that the format wants, and that says again what stands elsewhere.
type Unread struct{}

// MarshalJSON writes an empty list.
func (Unread) MarshalJSON() ([]byte, error) { return []byte("[]"), nil }

// UnmarshalJSON passes over whatever stands there.
func (*Unread) UnmarshalJSON([]byte) error { return nil }

// Custom is a member of our own. Another program may mean something else by its name.
type Custom[T any] struct{ Value T }

// MarshalJSON writes the value.
func (c Custom[T]) MarshalJSON() ([]byte, error) { return json.Marshal(c.Value) }

// UnmarshalJSON reads the value if it is of our type.
func (c *Custom[T]) UnmarshalJSON(text []byte) error {
	var value T
	if json.Unmarshal(text, &value) == nil {
		c.Value = value
	}
	return nil
}

// Timings are the parts of an entry's time. The format wants the last three whether anybody knows them or not.
type Timings struct {
	Blocked float64 `json:"blocked"`
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// Time is a moment as exporters spell it: by RFC 3339, by ISO 8601 with a shorter zone, or without any.
type Time struct{ time.Time }

// UnmarshalJSON reads a moment. One without a zone is taken for UTC.
func (t *Time) UnmarshalJSON(text []byte) error {
	var spelled string
	if json.Unmarshal(text, &spelled) == nil {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
			if at, err := time.Parse(layout, spelled); err == nil {
				t.Time = at
				return nil
			}
		}
	}
	return errors.New("startedDateTime is no date and time of ISO 8601")
}

// Bytes gives the body of a request; ok is false where the log has not kept it as it was sent.
func (r *Request) Bytes() (body []byte, ok bool) {
	switch {
	case r.Body == nil:
		return nil, false // some exporters leave it out where they could not get at it
	case r.Body.Base64.Value != "":
		body, err := base64.StdEncoding.DecodeString(r.Body.Base64.Value)
		return body, err == nil
	case r.Body.Text == "" && len(r.Body.Params) > 0:
		return nil, false
	}
	body = []byte(r.Body.Text)
	return body, faithful(body, r.BodySize)
}

// Bytes gives the body of an answer as far as the log has kept it, and how many bytes at the least are not as they came.
func (c *Content) Bytes() (body []byte, missing int) {
	if c.Text == nil {
		return nil, max(c.Size, 1)
	}
	body = []byte(*c.Text)
	if strings.EqualFold(c.Encoding, "base64") {
		decoded, err := base64.StdEncoding.DecodeString(*c.Text)
		if err != nil {
			return nil, max(c.Size, 1)
		}
		return decoded, max(c.Size-len(decoded), 0)
	}
	if c.Encoding != "" {
		return nil, max(c.Size, 1)
	}
	if c.Size <= len(body) && !faithful(body, c.Size) && strings.ContainsRune(*c.Text, utf8.RuneError) {
		return body, 1 // bytes that were no text have been replaced
	}
	return body, max(c.Size-len(body), 0)
}

// faithful tells whether a text is what was sent, by the number of bytes that the log gives, if it does.
func faithful(body []byte, size int) bool {
	if size <= 0 {
		return !strings.ContainsRune(string(body), utf8.RuneError)
	}
	return len(body) == size
}

// Post puts a body into a request.
func (r *Request) Post(mimeType string, body []byte) {
	r.BodySize = len(body)
	r.Body = &Posted{MimeType: mimeType}
	if plain(body) {
		r.Body.Text = string(body)
	} else {
		r.Body.Base64.Value = base64.StdEncoding.EncodeToString(body)
	}
}

// Answer puts a body into an answer.
func (r *Response) Answer(mimeType string, body []byte) {
	text := string(body)
	r.BodySize = -1 // as it came, compressed perhaps
	r.Content = Content{Size: len(body), MimeType: mimeType, Text: &text}
	if !plain(body) {
		text = base64.StdEncoding.EncodeToString(body)
		r.Content.Encoding = "base64"
	}
}

// plain tells whether a body can stand in a file of text as it is.
func plain(body []byte) bool {
	return utf8.Valid(body) && !strings.ContainsFunc(string(body), func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r)
	})
}
