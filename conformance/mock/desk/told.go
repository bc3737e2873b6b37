package desk

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
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
	said, word := d.hiding(x).word, hider(d.config.Hide).word // by the caller, and by the mock
	return told{
		Number: x.Number, At: x.At.UTC(), Seconds: x.Took.Round(time.Microsecond).Seconds(), Remote: x.Remote,
		Method: said(x.Method), Path: said(x.Path), Action: said(x.Action), Status: x.Status,
		Code: word(x.Code()), RequestID: word(x.RequestID()), Fault: word(x.Fault), Remarks: remarks(x, word),
	}
}

// tellAll gives an exchange as a whole.
func (d *Desk) tellAll(x *mock.Exchange) told {
	t := d.tell(x)
	t.Header = http.Header{}
	hide := d.hiding(x)
	for name, values := range x.Header() {
		shown := hide(name)
		for _, value := range values {
			switch {
			case name == contract.HeaderAuthorization: // x has taken out what is not to be told
			case callers.Telling(name):
				value = redact.Mark
			default:
				value = hide(value)
			}
			t.Header[shown] = append(t.Header[shown], value)
		}
	}
	t.Request, t.Answer = hide(string(x.Request)), hide(string(x.Answer))
	return t
}

// remarks are what the caller did wrong.
func remarks(x *mock.Exchange, word func(string) string) []remark {
	remarks := []remark{} // none, as JSON has it
	for _, breach := range x.Breaches {
		rule, _ := contract.CallerRuleByID(breach.Rule) // there is one for each
		remarks = append(remarks, remark{breach.Rule, rule.Level, rule.Statement, word(breach.What)})
	}
	return remarks
}

// hider takes secrets out of a text.
type hider func(text string) string

// hiding takes out of what an exchange says also what the caller itself proves with who it is: where nobody knows it, it may be
// good for something else.
func (d *Desk) hiding(x *mock.Exchange) hider {
	own := sync.OnceValue(x.Secrets) // which costs more than all else that a line of the log does
	return func(text string) string {
		if !slices.Contains(ordinary, text) {
			text = own().Replace(text)
		}
		return d.config.Hide(text)
	}
}

// ordinary is what right callers say.
var ordinary = append([]string{"", http.MethodPost, contract.Path}, mock.Actions()...)

// word gives a text that should be short, cut where it is not.
func (hide hider) word(text string) string {
	const searched = 16 * longest // where most of it is not shown, most of it is not searched for secrets either
	return cut(hide(text[:min(len(text), searched)]), longest)
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
	lines, is := report.LaidOut(text)
	if !is {
		return printable(text)
	}
	all := strings.Split(lines, "\n")
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
