package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// logged is one call of a log: when it began, what it asked for and what came back.
type logged struct {
	at     time.Duration // after the beginning of the log
	asked  string        // the body
	status int
	got    string                 // the body; a request id is put in for every %s
	change func(entry *har.Entry) // what is unusual about it; may be nil
}

// settle is the time that the logs of these tests are judged with.
const settle = time.Second

func named(ids ...string) string {
	body, _ := json.Marshal(map[string][]string{"snapshotIds": ids})
	return string(body)
}

// deleting is a call that succeeds.
func deleting(at time.Duration, ids, listed []string) logged {
	list, _ := json.Marshal(listed)
	return logged{at: at, asked: named(ids...), status: 200, got: `{"requestId":"%s","response":{"requestId":"%s","snapshotIds":` + string(list) + `}}`}
}

// refusal is a call that is answered with an error.
func refusal(at time.Duration, asked string, status int, code string) logged {
	return logged{at: at, asked: asked, status: status, got: `{"requestId":"%s","code":"` + code + `","message":"no"}`}
}

func (l logged) with(change func(*har.Entry)) logged {
	l.change = change
	return l
}

// notFound and denied are the documented refusals of one id.
func notFound(at time.Duration, id string) logged {
	return refusal(at, named(id), contract.NotFound.Status, contract.NotFound.Code)
}

func deniedState(at time.Duration, id string) logged {
	return refusal(at, named(id), contract.DeniedState.Status, contract.DeniedState.Code)
}

func setHeader(pairs *[]har.Pair, name, value string) {
	*pairs = slices.DeleteFunc(*pairs, func(p har.Pair) bool { return strings.EqualFold(p.Name, name) })
	if value != "" {
		*pairs = append(*pairs, har.Pair{Name: name, Value: value})
	}
}

// file writes a log. Each call takes ten milliseconds.
func file(calls ...logged) []byte {
	var text bytes.Buffer
	w := har.NewWriter(&text, "a test")
	for i, c := range calls {
		millis := 10.0
		e := har.Entry{Started: har.Time{Time: time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC).Add(c.at)}, Millis: &millis}
		e.Request = har.Request{Method: "POST", URL: "https://console.example.com" + contract.Path, Headers: []har.Pair{
			{Name: "content-type", Value: contract.ContentType},
			{Name: strings.ToLower(contract.HeaderAction), Value: contract.Action},
		}}
		e.Request.Post(contract.ContentType, []byte(c.asked))
		e.Response = har.Response{Status: c.status, Headers: []har.Pair{{Name: "content-type", Value: contract.ContentType}}}
		e.Response.Answer(contract.ContentType, []byte(strings.ReplaceAll(c.got, "%s", fmt.Sprint("T", i))))
		if c.change != nil {
			c.change(&e)
		}
		w.Write(e)
	}
	_ = w.Close() // a buffer takes everything
	return text.Bytes()
}

func judged(t *testing.T, text []byte, states map[string]contract.State) *report.Report {
	t.Helper()
	result, err := conformance.JudgeLog(t.Context(), conformance.Log{File: bytes.NewReader(text), Name: "test.har", States: states, Settle: settle})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func many(count int) []string {
	ids := make([]string, count)
	for i := range ids {
		ids[i] = fmt.Sprintf("snap-%d", i)
	}
	return ids
}

// TestRightLogsAreAccepted: whatever is not certainly wrong costs nothing.
func TestRightLogsAreAccepted(t *testing.T) {
	t.Parallel()
	const soon, late = 500 * time.Millisecond, 3 * time.Second
	states := map[string]contract.State{"normal": contract.Normal, "failed": "FAILED", "going": contract.Leaving}
	body := func(text string) func(*har.Entry) {
		return func(e *har.Entry) { e.Response.Answer(contract.ContentType, []byte(text)) }
	}
	for name, calls := range map[string][]logged{
		"a deletion":                     {deleting(0, []string{"a", "b"}, []string{})},
		"a null list":                    {deleting(0, []string{"a"}, nil)},
		"no list":                        {{asked: named("a"), status: 200, got: `{"requestId":"%s","response":{"requestId":"%s"}}`}},
		"extra fields":                   {{asked: named("a"), status: 200, got: `{"requestId":"%s","took":3,"response":{"requestId":"%s","more":{}}}`}},
		"all of several listed":          {deleting(0, []string{"a", "b"}, []string{"b", "a"})},
		"an error for several":           {refusal(0, named("a", "b"), 404, contract.NotFound.Code)},
		"a full batch":                   {deleting(0, many(contract.MaxBatch), nil)},
		"more by duplicates":             {deleting(0, append(many(contract.MaxBatch), "snap-1"), nil)},
		"a duplicate alone":              {refusal(0, named("a", "a"), 404, contract.NotFound.Code)},
		"refused for its form":           {refusal(0, named("a"), 400, contract.WrongPattern.Code)},
		"refused for its form, of many":  {refusal(0, named("a", "b"), 422, contract.WrongValue.Code)},
		"odd, refused":                   {refusal(0, named("*"), 400, contract.WrongValue.Code)},
		"too many, refused for its form": {refusal(0, named(many(contract.MaxBatch+1)...), 400, contract.WrongPattern.Code)},
		"not authenticated":              {refusal(0, named("normal"), 401, "AUTHFAILURE_SIGNATURE_FAILURE")},
		"a fault":                        {refusal(0, named("normal"), 500, contract.Internal.Code)},
		"a fault of a gateway":           {refusal(0, `{}`, 502, "")}, // ENV-4 is another matter, see below
		"put off": {
			{asked: named("a"), status: 429, got: "slow down"},
			refusal(soon, named("a"), 503, contract.Unavailable.Code), deleting(late, []string{"a"}, nil),
		},
		"deleted again, at once":     {deleting(0, []string{"a"}, nil), deleting(soon, []string{"a"}, nil)},
		"denied while it goes":       {deleting(0, []string{"a"}, nil), deniedState(soon, "a"), notFound(late, "a")},
		"found while it goes":        {deleting(0, []string{"a"}, nil), notFound(soon, "a"), deleting(soon+100, []string{"a"}, nil), notFound(late, "a")},
		"listed when it is gone":     {deleting(0, []string{"a"}, nil), deleting(late, []string{"a", "b"}, []string{"a"})},
		"missing, and made later":    {notFound(0, "snap-9"), deleting(late, []string{"snap-9"}, nil)},
		"denied, and deleted later":  {deniedState(0, "a"), deleting(late, []string{"a"}, nil), notFound(2*late, "a")},
		"a snapshot that was given":  {deleting(0, []string{"normal", "failed"}, []string{"failed"}), notFound(late, "normal"), deniedState(late, "failed")},
		"a refusal that changed it":  {refusal(0, named("normal", "x"), 408, "REQUEST_TIMED_OUT").with(nil), deleting(soon, []string{"normal"}, nil)},
		"going":                      {deniedState(0, "going"), notFound(late, "going")},
		"in the order of completion": {notFound(late, "normal"), deleting(0, []string{"normal"}, nil)},
		"at the same time": {
			deleting(0, []string{"normal", "a"}, []string{"a"}), deleting(5*time.Millisecond, []string{"normal", "a"}, []string{"normal"}),
		},
		"touching": {deleting(0, []string{"normal"}, nil), notFound(11*time.Millisecond, "normal")},
		"no answer, and deleted": {
			{asked: named("normal"), change: func(e *har.Entry) { e.Error.Value = "reset" }}, notFound(soon, "normal"),
		},
		"a body that is not kept": {
			deleting(0, []string{"normal"}, nil).with(func(e *har.Entry) { e.Request.Body, e.Request.BodySize = nil, 40 }), notFound(soon, "normal"),
		},
		"bodies that are not as long as they say": {
			deleting(0, nil, nil).asking(``),
			deleting(0, nil, nil).asking(`{"snapshotIds":`).with(func(e *har.Entry) { setHeader(&e.Request.Headers, "content-length", "80") }),
			deleting(0, nil, nil).asking(``).with(func(e *har.Entry) { e.Request.Body = nil }),
		},
		"an answer that is not kept": {
			deleting(0, []string{"normal"}, nil).with(func(e *har.Entry) { e.Response.Content.Text = nil }), notFound(soon, "normal"),
			notFound(soon, "b"),
		},
		"an answer that is cut": {
			deleting(0, []string{"a", "b"}, nil).with(func(e *har.Entry) { half := `{"requestId`; e.Response.Content.Text = &half }), notFound(soon, "b"),
		},
		"compressed still": {
			deleting(0, []string{"a"}, nil).with(func(e *har.Entry) {
				setHeader(&e.Response.Headers, "Content-Encoding", "zstd")
				e.Response.Answer("", []byte("\x28\xb5\x2f\xfd"))
			}), notFound(soon, "b"),
		},
		"no time": {
			deleting(0, []string{"a"}, nil).with(func(e *har.Entry) { e.Millis = nil }), deleting(late, []string{"a"}, nil),
		},
		"no headers of the answer":  {deleting(0, []string{"a"}, nil).with(func(e *har.Entry) { e.Response.Headers = nil })},
		"refused for its type":      {refusal(0, named("normal"), 415, contract.WrongValue.Code).with(func(e *har.Entry) { setHeader(&e.Request.Headers, "content-type", "text/plain") })},
		"refused for its version":   {refusal(0, named("normal"), 400, contract.WrongValue.Code).with(func(e *har.Entry) { setHeader(&e.Request.Headers, contract.HeaderVersion, "1999") })},
		"refused for its query":     {refusal(0, named("normal"), 400, contract.WrongValue.Code).with(func(e *har.Entry) { e.Request.URL += "?debug=1" })},
		"refused for another field": {refusal(0, `{"snapshotIds":["normal"],"force":true}`, 400, contract.WrongValue.Code)},
		"other mistakes refused": {
			refusal(0, `{}`, 400, contract.MissingParameter.Code), refusal(0, `{"snapshotIds":"a"}`, 400, contract.WrongType.Code), refusal(0, `[]`, 422, contract.WrongValue.Code),
			refusal(0, ``, 400, contract.WrongValue.Code), refusal(0, named(many(101)...), 400, contract.TooMany.Code), refusal(0, `{"ids":[]}`, 400, contract.WrongValue.Code),
		},
		"nothing asked for":  {deleting(0, []string{}, nil), refusal(0, `{"snapshotIds":[]}`, 400, contract.TooFew.Code)},
		"bodies that differ": {deleting(0, nil, nil).asking(`{"snapshotIds":["a"],"snapshotIds":null}`), deleting(0, nil, nil).asking(`{"SnapshotIds":["a"]}`), deleting(0, nil, nil).asking("\ufeff" + named("a")), deleting(0, nil, nil).asking(`{"snapshotIds":["\ud800"]}`), deleting(0, nil, nil).asking("{\"snapshotIds\":[\"\xff\"]}")},
		"two endpoints":      {deleting(0, []string{"a"}, nil), deleting(late, []string{"a"}, nil).with(func(e *har.Entry) { e.Request.URL = "https://other" + contract.Path })},
		"an answer in base64": {deleting(0, []string{"a"}, nil).with(func(e *har.Entry) {
			text := "eyJyZXF1ZXN0SWQiOiJUMCIsInJlc3BvbnNlIjp7InJlcXVlc3RJZCI6IlQwIn19"
			e.Response.Content = har.Content{Text: &text, Encoding: "base64"}
		})},
		"a message in Chinese":   {notFound(0, "a").with(body(`{"requestId":"T","code":"` + contract.NotFound.Code + `","message":"快照不存在"}`))},
		"too bulky for a server": {refusal(0, named(many(20_000)...), 413, "").with(body("too large"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			// What has no occasion to be judged besides is judged by this.
			result := judged(t, file(append(calls, notFound(0, "else"))...), states)
			if name == "a fault of a gateway" {
				g.Expect(failed(result)).To(Equal([]string{"ENV-4"}))
				return
			}
			g.Expect(failed(result)).To(BeEmpty(), evidenceOf(result))
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
		})
	}
}

func (l logged) asking(body string) logged {
	l.asked = body
	return l
}

func evidenceOf(result *report.Report) string {
	var text strings.Builder
	_ = result.WriteText(&text, report.Style{}) // a builder takes everything
	_, failures, _ := strings.Cut(text.String(), "What failed")
	return failures
}

func TestWrongLogsAreBlamedByTheRuleThatIsBroken(t *testing.T) {
	t.Parallel()
	const late = 3 * time.Second
	states := map[string]contract.State{"normal": contract.Normal, "failed": "FAILED"}
	answer := func(text string) logged { return logged{asked: named("a"), status: 200, got: text} }
	gone := deleting(0, []string{"a", "b"}, nil)
	for name, log := range map[string]struct {
		calls []logged
		rules []string
	}{
		"no envelope":               {[]logged{answer(`{"requestId":"%s"}`)}, []string{"ENV-1"}},
		"two ids of a request":      {[]logged{answer(`{"requestId":"%s","response":{"requestId":"other"}}`)}, []string{"ENV-2"}},
		"an id of a request twice":  {[]logged{answer(`{"requestId":"T","response":{"requestId":"T"}}`), answer(`{"requestId":"T","response":{"requestId":"T"}}`)}, []string{"ENV-3"}},
		"an error without message":  {[]logged{{asked: named("a"), status: 404, got: `{"requestId":"%s","code":"` + contract.NotFound.Code + `"}`}}, []string{"ENV-4"}},
		"another status":            {[]logged{{asked: named("a"), status: 202, got: `{"requestId":"%s","code":"OK","message":"later"}`}}, []string{"ENV-5"}},
		"a body that is none":       {[]logged{{asked: named("a"), status: 404, got: `not found`}}, []string{"ENV-3", "ENV-4", "ENV-6"}},
		"another type":              {[]logged{notFound(0, "a").with(func(e *har.Entry) { setHeader(&e.Response.Headers, "content-type", "text/html") })}, []string{"ENV-6"}},
		"crossed, missing":          {[]logged{refusal(0, named("a"), 400, contract.NotFound.Code)}, []string{"ERR-1"}},
		"crossed, denied":           {[]logged{refusal(0, named("a"), 404, contract.DeniedState.Code)}, []string{"ERR-2"}},
		"listed alone":              {[]logged{deleting(0, []string{"a"}, []string{"a"})}, []string{"ERR-1", "ERR-2"}},
		"a stranger listed":         {[]logged{deleting(0, []string{"a", "b"}, []string{"c"})}, []string{"PART-1"}},
		"one listed twice":          {[]logged{deleting(0, []string{"a", "b"}, []string{"b", "b"})}, []string{"PART-1"}},
		"too many":                  {[]logged{deleting(0, many(contract.MaxBatch+1), nil)}, []string{"BATCH-2"}},
		"back again":                {[]logged{gone, deleting(late, []string{"a"}, nil)}, []string{"ERR-1", "STATE-4"}},
		"back and denied":           {[]logged{gone, deniedState(late, "a")}, []string{"ERR-1", "STATE-4"}},
		"gone, and not listed":      {[]logged{gone, deleting(late, []string{"a", "c"}, nil)}, []string{"BATCH-5", "PART-1", "PART-3", "STATE-4"}},
		"gone, refused for a form":  {[]logged{gone, refusal(late, named("a"), 400, contract.WrongPattern.Code)}, []string{"ERR-1", "STATE-4"}},
		"no ids, a success":         {[]logged{deleting(0, nil, nil).asking(`{}`)}, []string{"REQ-2"}},
		"null, a success":           {[]logged{deleting(0, nil, nil)}, []string{"REQ-2"}},
		"text, a success":           {[]logged{deleting(0, nil, nil).asking(`{"snapshotIds":"a"}`)}, []string{"REQ-3"}},
		"a number, a success":       {[]logged{deleting(0, nil, nil).asking(`{"snapshotIds":["a",7]}`)}, []string{"REQ-3"}},
		"no JSON, a success":        {[]logged{deleting(0, nil, nil).asking(`{"snapshotIds":["a"]`)}, []string{"REQ-4"}},
		"no body, a success":        {[]logged{deleting(0, nil, nil).asking(``).with(func(e *har.Entry) { setHeader(&e.Request.Headers, "content-length", "0") })}, []string{"REQ-4"}},
		"a mistake, a fault":        {[]logged{refusal(0, `{}`, 500, contract.Internal.Code)}, []string{"REQ-4"}},
		"a mistake, another code":   {[]logged{refusal(0, `{}`, 400, contract.WrongValue.Code)}, []string{"REQ-6"}},
		"a text, another code":      {[]logged{refusal(0, `{"snapshotIds":"a"}`, 400, contract.WrongValue.Code)}, []string{"REQ-6"}},
		"given, and refused":        {[]logged{notFound(0, "normal")}, []string{"REQ-1", "STATE-1"}},
		"given, and deleted":        {[]logged{deleting(0, []string{"failed"}, nil)}, []string{"ERR-2"}},
		"given, not listed":         {[]logged{deleting(0, []string{"normal", "failed"}, nil)}, []string{"BATCH-5", "PART-1", "PART-3"}},
		"given, listed":             {[]logged{deleting(0, []string{"normal", "failed"}, []string{"normal", "failed"})}, []string{"PART-1", "PART-2"}},
		"given, and called missing": {[]logged{notFound(0, "failed"), deniedState(late, "failed")}, []string{"ERR-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			result := judged(t, file(log.calls...), states)
			g.Expect(failed(result)).To(ConsistOf(log.rules), evidenceOf(result))
			want := report.NotConformant
			if slices.Equal(log.rules, []string{"REQ-6"}) {
				want = report.Remarks
			}
			g.Expect(result.Verdict).To(Equal(want))
			evidence := result.With(report.Failed)[0].Failures[0].Evidence
			g.Expect(evidence).To(HaveLen(1))
			g.Expect(evidence[0].Seq).To(BeElementOf(1, 2))
			g.Expect(evidence[0].Curl).To(HavePrefix("curl "))
		})
	}
}

func TestLogsAsOthersExportThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]report.Log{
		"browser.har": {Entries: 4, Others: 2, Calls: 2, Silent: 1},
		"proxy.har":   {Entries: 2, Calls: 2, Unread: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			text, err := os.ReadFile(filepath.Join("testdata", "logs", name))
			g.Expect(err).NotTo(HaveOccurred())
			result := judged(t, text, nil)
			g.Expect(failed(result)).To(BeEmpty(), evidenceOf(result))
			g.Expect(result.Verdict).To(Equal(report.Conformant))
			want.Name = "test.har"
			g.Expect(*result.Log).To(Equal(want))
		})
	}
}

func TestALogWithoutACallIsNotJudged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*har.Entry){
		"another action": func(e *har.Entry) { setHeader(&e.Request.Headers, contract.HeaderAction, "DescribeSnapshots") },
		"another case": func(e *har.Entry) {
			setHeader(&e.Request.Headers, contract.HeaderAction, strings.ToLower(contract.Action))
		},
		"no action":        func(e *har.Entry) { setHeader(&e.Request.Headers, contract.HeaderAction, "") },
		"another path":     func(e *har.Entry) { e.Request.URL = "https://h/api/v3/zec" },
		"another method":   func(e *har.Entry) { e.Request.Method = "GET" },
		"a URL that isn't": func(e *har.Entry) { e.Request.URL = "https://h:port" + contract.Path },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := file(deleting(0, nil, nil).asking("{}").with(change))
			_, err := conformance.JudgeLog(t.Context(), conformance.Log{File: bytes.NewReader(text), Name: "test.har"})
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring("has no call of DeleteSnapshots")))
		})
	}
}

func TestALogWithoutAnAnswerIsNotJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	result := judged(t, file(logged{asked: named("a")}, logged{asked: named("a"), status: 429}), nil)
	g.Expect(result.Verdict).To(Equal(report.CouldNotRun))
	g.Expect(result.Reason).To(Equal("no call of the log has an answer to judge: 1 without one, 1 put off"))
}

func TestAnInterruptEndsTheReading(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := conformance.JudgeLog(ctx, conformance.Log{File: bytes.NewReader(file(notFound(0, "a"))), Name: "test.har"})
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("interrupted")))
}

// TestSecretsOfALogAreNotShown wherever they stand in it.
func TestSecretsOfALogAreNotShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	secrets := map[string]string{
		"Authorization":       "ZC2-HMAC-SHA256 Credential=key, SignedHeaders=content-type;host, Signature=0123456789abcdef0123",
		"Proxy-Authorization": "Basic cHJveHk6c2VjcmV0", "Cookie": "theme=dark-and-long; session=a-cookie-of-somebody", "X-Api-Key": "an-api-key-of-somebody", "X-Auth-Token": "a-token-of-somebody",
	}
	parts := []string{"0123456789abcdef0123", "cHJveHk6c2VjcmV0", "a-cookie-of-somebody", "an-api-key-of-somebody", "a-token-of-somebody", "set-by-the-server", "hunter2", "query-token", "fedcba98"}
	told := strings.Join(slices.Collect(maps.Values(secrets)), " ") + " 0123456789abcdef0123 a-cookie-of-somebody Signature=fedcba98"
	got, _ := json.Marshal(map[string]string{"requestId": told, "code": told})
	text := file(logged{asked: named("a", told), status: 400, got: string(got)}.with(func(e *har.Entry) {
		for name, value := range secrets {
			setHeader(&e.Request.Headers, strings.ToLower(name), value)
		}
		setHeader(&e.Response.Headers, "set-cookie", "session=set-by-the-server; Path=/")
		setHeader(&e.Response.Headers, "x-told", told)
		e.Request.URL = "https://user:hunter2@h" + contract.Path + "?access_token=query-token"
	}))
	result := judged(t, text, nil)
	g.Expect(failed(result)).To(ContainElement("ENV-4"))
	var written bytes.Buffer
	g.Expect(result.WriteJSON(&written)).To(Succeed())
	for _, part := range parts {
		g.Expect(written.String()+evidenceOf(result)).NotTo(ContainSubstring(part), part)
	}
	g.Expect(written.String()).To(ContainSubstring("REDACTED"))
}

func FuzzJudgeLog(f *testing.F) {
	f.Add(file(deleting(0, []string{"a"}, nil), notFound(time.Minute, "a")))
	f.Add(file(refusal(0, `{}`, 400, contract.MissingParameter.Code), logged{asked: "\x00", status: 200, got: "\xff"}))
	for _, name := range []string{"browser.har", "proxy.har"} {
		text, err := os.ReadFile(filepath.Join("testdata", "logs", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		result, err := conformance.JudgeLog(t.Context(), conformance.Log{
			File: bytes.NewReader(text), Name: "fuzz.har", States: map[string]contract.State{"a": contract.Normal},
		})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than one line", err)
			}
			return
		}
		var out bytes.Buffer
		if err := result.WriteText(&out, report.Style{}); err != nil {
			t.Error(err)
		}
		if err := result.WriteJSON(&out); err != nil {
			t.Error(err)
		}
	})
}
