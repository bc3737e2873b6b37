package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// told is an exchange as it may be told to anybody, without secrets. It is not yet safe to show: see printable.
type told struct {
	Number    int         `json:"number"`
	At        time.Time   `json:"at"`
	Seconds   float64     `json:"seconds"`
	Remote    string      `json:"remote"`
	Method    string      `json:"method"`
	Path      string      `json:"path"`
	Action    string      `json:"action"`
	Status    int         `json:"status"` // 0: the connection was broken instead of an answer
	Code      string      `json:"code,omitempty"`
	RequestID string      `json:"requestId,omitempty"`
	Fault     string      `json:"fault,omitempty"`
	Remarks   []remark    `json:"remarks"`
	Header    http.Header `json:"header,omitempty"`
	Request   string      `json:"request"` // body, and so the answer
	Answer    string      `json:"answer"`
}

// remark is a rule for callers that a request breaks.
type remark struct {
	Rule      string         `json:"rule"`
	Level     contract.Level `json:"level"`
	Statement string         `json:"statement"` // of the rule
	What      string         `json:"what"`      // exactly is wrong
}

// longest is how much of a word is told, in bytes. Those of the contract are far shorter.
const longest = 200

// tell gives an exchange without its header and bodies.
func (d *Desk) tell(x *mock.Exchange) told {
	return told{
		Number: x.Number, At: x.At.UTC(), Seconds: x.Took.Round(time.Microsecond).Seconds(), Remote: x.Remote,
		Method: d.word(x.Method), Path: d.word(x.Path), Action: d.word(x.Action), Status: x.Status,
		Code: d.word(x.Code()), RequestID: d.word(x.RequestID()), Fault: d.word(x.Fault), Remarks: d.remarks(x),
	}
}

// tellAll gives an exchange as a whole.
func (d *Desk) tellAll(x *mock.Exchange) told {
	t := d.tell(x)
	t.Header = x.Header()
	for name, values := range t.Header {
		for i, value := range values {
			if name != contract.HeaderAuthorization && hidden(name) { // of that one, x tells what may be told
				values[i] = redact.Mark
			} else {
				values[i] = d.config.Hide(value)
			}
		}
	}
	t.Request, t.Answer = d.config.Hide(string(x.Request)), d.config.Hide(string(x.Answer))
	return t
}

func hidden(name string) bool {
	return redact.Telling(name) && !strings.EqualFold(name, contract.HeaderSignatureMethod)
}

// remarks are what the caller did wrong.
func (d *Desk) remarks(x *mock.Exchange) []remark {
	remarks := []remark{} // none, as JSON has it
	for _, breach := range x.Breaches {
		rule, _ := contract.CallerRuleByID(breach.Rule) // there is one for each
		remarks = append(remarks, remark{breach.Rule, rule.Level, rule.Statement, d.word(breach.What)})
	}
	return remarks
}

// word gives a text that should be short, cut where it is not.
func (d *Desk) word(text string) string {
	const searched = 16 * longest // where most of it is not shown, most of it is not searched for secrets either
	return cut(d.config.Hide(text[:min(len(text), searched)]), longest)
}

// cut gives the beginning of a text.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}

// printable makes a text safe to show on one line.
func printable(text string) string { return report.Printable(text) }

// laidOut makes a body safe to show, on several lines where it is JSON of a sensible depth.
func laidOut(text string) string {
	const deep = 200 // brackets: what is nested deeper becomes far longer when it is laid out
	var lines bytes.Buffer
	if strings.Count(text, "[")+strings.Count(text, "{") > deep || json.Indent(&lines, []byte(text), "", "  ") != nil {
		return printable(text)
	}
	all := strings.Split(strings.TrimSpace(lines.String()), "\n")
	for i, line := range all {
		all[i] = printable(line)
	}
	return strings.Join(all, "\n")
}

// meaning says what an answer was, in few words.
func (t told) meaning() string {
	switch {
	case t.Status == 0:
		return "connection broken"
	case t.Code != "":
		return fmt.Sprintf("%d %s", t.Status, t.Code)
	default:
		return strings.TrimSpace(fmt.Sprintf("%d %s", t.Status, http.StatusText(t.Status)))
	}
}

// call names what was asked for.
func (t told) call() string {
	switch {
	case t.Path != contract.Path:
		return t.Method + " " + t.Path
	case t.Action == "":
		return t.Method + " without an action"
	default:
		return t.Action
	}
}
