package conformance

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// observe has the observer judge one exchange of the run, whichever check made it.
func (s *suite) observe(e *target.Exchange) {
	s.people.Deed()
	s.course.add(e, func() report.Exchange { return s.journal.evidence(e) })
	if s.recorder != nil {
		s.recorder.Write(s.journal.entry(e))
	}
	if s.lost(e) || e.Status() == contract.TooFast.Status || refusedUnread(e) {
		return // no answer at all, or none of the implementation's: a limiter in front of it knows no envelope
	}
	if e.Err == nil {
		s.journal.answered(e.Asked)
	}
	s.observer.judge(e)
}

// observer judges exchanges one by one, by the rules that hold for all of them. It reads the bytes that came: a generated
// type would hide a member of the wrong type or spelling.
type observer struct {
	journal *journal
	check   func() string // the check that shows what is found
}

// judge holds an exchange against the rules. Of an answer that is not all there, only what is there is judged.
func (o observer) judge(e *target.Exchange) {
	o.judgeStatus(e)
	o.judgeContentType(e)
	if e.Cut() > 0 {
		return
	}
	o.judgeBody(e)
	members, isObject := e.Members()
	if !isObject {
		members = nil
	}
	o.judgeRequestID(e, members)
	if e.Status() == http.StatusOK {
		o.judgeSuccess(e, members)
	} else {
		o.judgeFailure(e, members)
	}
}

// broken puts down that an exchange breaks a rule.
func (o observer) broken(rule string, e *target.Exchange, what, permitted string) {
	o.journal.fail(failure{rule: rule, check: o.check(), what: what, permitted: permitted, exchanges: []*target.Exchange{e}})
}

// refusedUnread tells whether a request was too bulky for somebody in front of the implementation.
func refusedUnread(e *target.Exchange) bool {
	return len(e.Body) > bulky && (e.Err != nil || e.Status() == http.StatusRequestEntityTooLarge)
}

// judgeStatus: ENV-5.
func (o observer) judgeStatus(e *target.Exchange) {
	switch status := e.Status(); {
	case e.Err != nil:
		o.broken("ENV-5", e, "no HTTP answer: "+e.Err.Error(), "an HTTP answer with status 200, 4xx or 5xx")
	case status != http.StatusOK && (status < 400 || status > 599):
		o.broken("ENV-5", e, fmt.Sprintf("status %d", status), "200 for a success, 4xx or 5xx for a failure")
	}
}

// judgeContentType: ENV-6. A log may have left all headers out, which no server does.
func (o observer) judgeContentType(e *target.Exchange) {
	if e.Err != nil || e.Header() == nil {
		return
	}
	header := e.Header().Get("Content-Type")
	if mediaType, _, _ := mime.ParseMediaType(header); mediaType != contract.ContentType {
		o.broken("ENV-6", e, fmt.Sprintf("Content-Type %q", header), contract.ContentType+", with or without parameters")
	}
}

// judgeBody: ENV-6.
func (o observer) judgeBody(e *target.Exchange) {
	if e.Err == nil && !e.IsJSON() {
		o.broken("ENV-6", e, "a body that is not JSON", "a JSON body")
	}
}

// judgeRequestID: ENV-3 and ENV-8.
func (o observer) judgeRequestID(e *target.Exchange, members map[string]json.RawMessage) {
	if e.Err != nil {
		return
	}
	id, ok := target.Text(members[contract.FieldRequestID])
	if !ok {
		o.broken("ENV-3", e, fmt.Sprintf("requestId is %s", shown(members[contract.FieldRequestID])), "a string that is not empty")
		return
	}
	if before := o.journal.firstUse(id, e.Seq); before > 0 {
		o.broken("ENV-3", e, fmt.Sprintf("requestId %q, which exchange %d had already", id, before), "a requestId of its own for every request")
	}
	if contract.UsualRequestID(id) {
		o.journal.choose("request-id", "usual")
	} else {
		o.journal.choose("request-id", "other")
	}
}

// judgeSuccess: ENV-1, ENV-2 and ENV-7, and the part of ENV-5 by which an error is no success.
func (o observer) judgeSuccess(e *target.Exchange, members map[string]json.RawMessage) {
	permitted := `{"requestId": "…", "response": {"requestId": "…", "snapshotIds": ["…"]}}, the list absent or null if empty; more members are allowed`
	outer, outerOK := target.Text(members[contract.FieldRequestID])
	if !outerOK {
		o.broken("ENV-1", e, fmt.Sprintf("requestId is %s", shown(members[contract.FieldRequestID])), permitted)
	}
	response, ok := e.Response()
	if !ok {
		if _, isError := members[contract.FieldCode]; isError {
			o.broken("ENV-5", e, "an error with status 200", "a 4xx or 5xx for a failure")
		}
		o.broken("ENV-1", e, fmt.Sprintf("response is %s", shown(members[contract.FieldResponse])), permitted)
		return
	}
	inner, ok := target.Text(response[contract.FieldRequestID])
	if !ok {
		o.broken("ENV-1", e, fmt.Sprintf("response.requestId is %s", shown(response[contract.FieldRequestID])), permitted)
	}
	if outerOK && inner != outer {
		o.broken("ENV-2", e, fmt.Sprintf("requestId is %q outside and %s inside", outer, shown(response[contract.FieldRequestID])), "the same in both places")
	}
	list, present := response[contract.FieldSnapshotIDs]
	listed, ok := target.List(list)
	switch {
	case !ok:
		o.broken("ENV-1", e, fmt.Sprintf("response.snapshotIds is %s", shown(list)), permitted)
	case len(listed) > 0, e.Sent.Get(contract.HeaderAction) != contract.Action: // says nothing about ENV-7
	case !present:
		o.journal.choose("nothing-failed", "absent")
	case string(list) == "null":
		o.journal.choose("nothing-failed", "null")
	default:
		o.journal.choose("nothing-failed", "empty")
	}
}

// judgeFailure: ENV-4.
func (o observer) judgeFailure(e *target.Exchange, members map[string]json.RawMessage) {
	if e.Err != nil {
		return
	}
	for _, name := range []string{contract.FieldRequestID, contract.FieldCode, contract.FieldMessage} {
		if _, ok := target.Text(members[name]); !ok {
			o.broken("ENV-4", e, fmt.Sprintf("%s is %s", name, shown(members[name])), "requestId, code and message, all strings that are not empty")
		}
	}
}

// shown prints a member as it came.
func shown(member json.RawMessage) string {
	if member == nil {
		return "absent"
	}
	return string(member)
}
