package har_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/har"
)

func read(r io.Reader) (entries []har.Entry, err error) {
	err = har.Read(r, func(_ int, e *har.Entry) error {
		entries = append(entries, *e)
		return nil
	})
	return entries, err
}

func entry(sent, got []byte) har.Entry {
	millis := 1.5
	e := har.Entry{Started: har.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)}, Millis: &millis}
	e.Seq.Value, e.From.Value = 7, "a check"
	e.Request = har.Request{Method: "POST", URL: "http://h/p", HTTPVersion: "HTTP/1.1", Headers: []har.Pair{{Name: "A", Value: "b"}}, HeadersSize: -1}
	e.Request.Post("application/json", sent)
	e.Response = har.Response{Status: 200, HTTPVersion: "HTTP/1.1", Headers: []har.Pair{{Name: "C", Value: "d"}}, HeadersSize: -1}
	e.Response.Answer("application/json", got)
	return e
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bodies := [][]byte{nil, []byte(`{"a":"b"}`), {0xff, 0xfe, 0}, []byte("\x00\x1b[2J"), []byte("<ü & 漢>\u2028"), []byte("\ufffd"), []byte("line\r\n\ttab")}
	var file bytes.Buffer
	w := har.NewWriter(&file, `a "recorder"`)
	var written []har.Entry
	for _, sent := range bodies {
		for _, got := range bodies {
			e := entry(sent, got)
			w.Write(e)
			written = append(written, e)
		}
	}
	g.Expect(w.Close()).To(Succeed())
	g.Expect(json.Valid(file.Bytes())).To(BeTrue())
	entries, err := read(&file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(Equal(written))
	for i, e := range entries {
		sent, known := e.Request.Bytes()
		g.Expect(known).To(BeTrue())
		g.Expect(string(sent)).To(Equal(string(bodies[i/len(bodies)])))
		got, missing := e.Response.Content.Bytes()
		g.Expect(missing).To(BeZero())
		g.Expect(string(got)).To(Equal(string(bodies[i%len(bodies)])))
	}
}

// TestEveryMemberThatTheFormatWantsIsThere also where there is nothing to say: tools refuse files without.
func TestEveryMemberThatTheFormatWantsIsThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var file bytes.Buffer
	w := har.NewWriter(&file, "x")
	w.Write(har.Entry{})
	g.Expect(w.Close()).To(Succeed())
	var log struct {
		Log struct {
			Version, Creator any
			Entries          []map[string]any
		}
	}
	g.Expect(json.Unmarshal(file.Bytes(), &log)).To(Succeed())
	g.Expect(log.Log.Creator).To(HaveKey("name"))
	g.Expect(log.Log.Creator).To(HaveKey("version"))
	of := func(member string) any { return log.Log.Entries[0][member] }
	for _, name := range []string{"startedDateTime", "time", "request", "response", "cache", "timings"} {
		g.Expect(log.Log.Entries[0]).To(HaveKey(name))
	}
	for _, name := range []string{"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"} {
		g.Expect(of("request")).To(HaveKeyWithValue(name, Not(BeNil())))
	}
	for _, name := range []string{"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL", "headersSize", "bodySize"} {
		g.Expect(of("response")).To(HaveKeyWithValue(name, Not(BeNil())))
	}
	for _, name := range []string{"send", "wait", "receive"} {
		g.Expect(of("timings")).To(HaveKeyWithValue(name, BeNumerically(">=", 0)))
	}
	g.Expect(log.Log.Entries[0]).NotTo(HaveKey("_seq"))
}

const plain = `{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"/"},"response":{}}`

func TestUnusualFilesAreRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"other members":            `{"x":[{"y":[1,"2",null]}],"log":{"pages":[{"id":{}}],"version":"1.2","entries":[` + plain + `],"comment":""},"z":0}`,
		"a mark":                   "\ufeff" + `{"log":{"entries":[` + plain + `]}}`,
		"white space":              " \n{ \"log\" :\t{\"entries\" : [ " + plain + " ] } }\r\n ",
		"no version":               `{"log":{"version":"","entries":[` + plain + `]}}`,
		"a later version":          `{"log":{"version":"1.3","entries":[` + plain + `]}}`,
		"a zone without a colon":   `{"log":{"entries":[{"startedDateTime":"2026-01-02T04:04:05.000+0100","request":{"method":"GET","url":"/"}}]}}`,
		"no zone":                  `{"log":{"entries":[{"startedDateTime":"2026-01-02T03:04:05.000","request":{"method":"GET","url":"/"}}]}}`,
		"nulls":                    `{"log":{"entries":[{"startedDateTime":"2026-01-02T03:04:05Z","time":null,"request":{"method":"GET","url":"/","headers":null,"postData":null,"cookies":null,"bodySize":null},"response":{"content":{"text":null}},"cache":null,"timings":null}]}}`,
		"custom members of others": `{"log":{"entries":[{"_error":{"x":1},"_seq":"one","_from":[],"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"/","cookies":[{"name":1}],"queryString":{}},"response":{"_error":5}}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			entries, err := read(strings.NewReader(text))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(entries).To(HaveLen(1))
			g.Expect(entries[0].Started.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))).To(BeTrue())
			g.Expect(entries[0].Request.URL).To(Equal("/"))
			g.Expect(entries[0].Error.Value).To(BeEmpty())
		})
	}
}

func TestMalformedFilesAreToldOf(t *testing.T) {
	t.Parallel()
	log := func(entries string) string { return `{"log":{"entries":[` + entries + `]}}` }
	for name, file := range map[string]struct{ text, told string }{
		"empty":                 {"", "ends before the log does"},
		"no JSON":               {"hunter2", "no JSON of a HAR from byte"},
		"no object":             {`["hunter2"]`, "no JSON of a HAR from byte"},
		"no log":                {`{}`, "it has no log.entries"},
		"no entries":            {`{"log":{"version":"1.2"}}`, "it has no log.entries"},
		"entries elsewhere":     {`{"entries":[]}`, "it has no log.entries"},
		"entries that are none": {`{"log":{"entries":{}}}`, "no JSON of a HAR from byte"},
		"a log that is none":    {`{"log":7}`, "no JSON of a HAR from byte"},
		"another version":       {`{"log":{"version":"2.0","entries":[]}}`, "another version"},
		"a version of a number": {`{"log":{"version":1.2,"entries":[]}}`, "wrong type"},
		"cut short":             {log(plain)[:60], "entry 1: the file ends before the log does"},
		"cut after an entry":    {`{"log":{"entries":[` + plain + `,`, "ends before the log does"},
		"a wrong entry":         {log(plain + `,"hunter2"`), "entry 2: "},
		"a wrong method":        {log(`{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":1}}`), "entry 1: request.method is of the wrong type"},
		"no time":               {log(`{"request":{"method":"GET","url":"/"}}`), "entry 1: it has no startedDateTime"},
		"a wrong time":          {log(`{"startedDateTime":"hunter2","request":{"method":"GET","url":"/"}}`), "entry 1: startedDateTime is no date"},
		"no request":            {log(plain + `,{"startedDateTime":"2026-01-02T03:04:05Z"}`), "entry 2: its request has no method"},
		"a wrong status":        {log(`{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"/"},"response":{"status":-5}}`), "entry 1: the status"},
		"endless headers":       {log(`{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"GET","url":"/","headers":[{"name":"a","value":"` + strings.Repeat("x", 2<<20) + `"}]}}`), "entry 1: its headers are longer than 1 MiB"},
		"entries twice":         {`{"log":{"entries":[],"entries":[]}}`, "twice"},
		"something after it":    {log(plain) + "{}", "something follows"},
		"depth":                 {`{"x":` + strings.Repeat("[", 100_000), "no JSON of a HAR from byte"},
		"depth in an entry":     {log(`{"x":` + strings.Repeat("[", 100_000)), "entry 1: it is no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := read(strings.NewReader(file.text))
			g.Expect(err).To(MatchError(ContainSubstring(file.told)))
			g.Expect(err.Error()).NotTo(Or(ContainSubstring("\n"), ContainSubstring("hunter2")))
		})
	}
}

// endless gives a text for ever, after another.
type endless struct {
	first io.Reader
	again string
	given int
}

func (e *endless) Read(p []byte) (int, error) {
	if n, _ := e.first.Read(p); n > 0 {
		return n, nil
	}
	n := 0
	for n < len(p) {
		n += copy(p[n:], e.again[(e.given+n)%len(e.again):])
	}
	e.given += n
	return n, nil
}

func TestFilesWithoutEndAreBounded(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]endless{
		"one entry":     {first: strings.NewReader(`{"log":{"entries":[{"_x":"`), again: strings.Repeat("x", 1<<16)},
		"another value": {first: strings.NewReader(`{"log":{"comment":"`), again: strings.Repeat("x", 1<<16)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(&file)
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring("longer than 32 MiB")))
		})
	}
}

func TestAReaderMayStop(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	enough := errors.New("enough")
	var numbers []int
	err := har.Read(strings.NewReader(`{"log":{"entries":[`+plain+`,`+plain+`,`+plain+`]}}`), func(number int, _ *har.Entry) error {
		if numbers = append(numbers, number); number == 2 {
			return enough
		}
		return nil
	})
	g.Expect(err).To(Equal(enough))
	g.Expect(numbers).To(Equal([]int{1, 2}))
}

func TestBodiesThatTheLogHasNotKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := func(s string) *string { return &s }
	for _, content := range []har.Content{
		{},
		{Size: 5},
		{Size: 5, Text: text("")},
		{Size: 5, Text: text("four")},
		{Size: 2, Text: text("\ufffd")},
		{Text: text("!"), Encoding: "base64"},
		{Size: 9, Text: text("eHg="), Encoding: "base64"},
		{Text: text("x"), Encoding: "rot13"},
	} {
		_, missing := content.Bytes()
		g.Expect(missing).To(BeNumerically(">", 0), fmt.Sprintf("%+v", content))
	}
	for _, content := range []har.Content{
		{Text: text("")},
		{Size: -1, Text: text("four")},
		{Size: 4, Text: text("four")},
		{Size: 2, Text: text("grown")},
		{Size: 3, Text: text("\ufffd")},
		{Size: 2, Text: text("eHg="), Encoding: "BASE64"},
	} {
		_, missing := content.Bytes()
		g.Expect(missing).To(BeZero(), fmt.Sprintf("%+v", content))
	}
	for _, request := range []har.Request{
		{BodySize: -1},
		{BodySize: 5},
		{BodySize: 5, Body: &har.Posted{Text: "four"}},
		{BodySize: -1, Body: &har.Posted{Text: "\ufffd"}},
		{Body: &har.Posted{Params: []json.RawMessage{[]byte("{}")}}},
		{Body: &har.Posted{Base64: har.Custom[string]{Value: "!"}}},
	} {
		_, known := request.Bytes()
		g.Expect(known).To(BeFalse(), fmt.Sprintf("%+v", request))
	}
}

// full takes so many bytes and no more.
type full int

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if *f -= full(len(p)); *f < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestAnErrorEndsTheWriting(t *testing.T) {
	t.Parallel()
	space := full(100_000)
	w := har.NewWriter(&space, "x")
	for range 1000 {
		w.Write(entry([]byte("sent"), []byte("got")))
	}
	NewWithT(t).Expect(w.Close()).To(MatchError(errFull))
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"log":{"version":"1.2","entries":[` + plain + `]}}`))
	f.Add([]byte("\ufeff" + `{"log":{"entries":[{"startedDateTime":"2026-01-02T03:04:05Z","request":{"method":"POST","url":"/","postData":{"_base64":"AA=="}},"response":{"content":{"encoding":"base64","text":"AA=="}}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := har.Read(bytes.NewReader(text), func(_ int, e *har.Entry) error {
			e.Request.Bytes()
			if _, missing := e.Response.Content.Bytes(); missing < 0 {
				t.Errorf("%d bytes are missing", missing)
			}
			return nil
		})
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is more than one line", err)
		}
	})
}
