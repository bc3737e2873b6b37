package mock

import (
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// CallersPath is the place below TestbedPath where what callers got wrong is counted: GET tells it, and DELETE has the count
// begin anew.
const CallersPath = "/callers"

// Breaches gives the rules for callers that requests have broken, and how often, also those that are not among the last
// exchanges any more.
func (s *Service) Breaches() callers.Summary { return s.history.callers.tally.Summary() }

func (s *Service) serveCallers(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		writeJSON(w, http.StatusOK, s.Breaches())
	case http.MethodDelete:
		s.history.callers.tally.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", http.MethodDelete+", "+http.MethodGet)
		complain(w, http.StatusMethodNotAllowed, "this path does not know the method")
	}
}

// elsewhere answers what is asked for where there is nothing. Not contract.NotFound, which tells a caller that a snapshot
// is gone.
func elsewhere(w http.ResponseWriter, r *http.Request) {
	fail(w, r, refusal{contract.NoResource, "There is nothing at this path; the API is at " + contract.Path + "."})
}

// Untolerated is what of Breaches neither Tolerate nor TolerateAll lets pass. Rules that Tolerate names and nothing broke
// come beside it.
func (s *Service) Untolerated() (broken callers.Summary, unbroken []string) {
	summary, lint := s.Breaches(), &s.history.callers
	if broken, unbroken = summary.Without(lint.tolerated...); lint.tolerateAll {
		broken.Broken = nil
	}
	return broken, unbroken
}

// lint is what judges callers.
type lint struct {
	actions     []string // that there are beside the contract's own
	tolerated   []string
	tolerateAll bool
	secrets     *redact.Redactor

	patience callers.Patience
	tally    callers.Tally
}

// judge puts down the rules that a request breaks, and gives what was judged.
func (l *lint) judge(x *Exchange, body []byte, cut bool) *callers.Request {
	request := &callers.Request{Method: x.Method, Path: x.Path, Header: x.header, Body: body, Cut: cut, At: x.At, Actions: l.actions, Secrets: l.secrets}
	x.Breaches = callers.Judge(request)
	return request
}

// waits puts down that a caller does not wait when it is told to. It is about deletions alone: many callers may list
// snapshots over one connection, all in the same words.
func (l *lint) waits(x *Exchange, request *callers.Request) {
	if x.Action != contract.Action || x.multiplexed {
		return
	}
	wait := x.Status == contract.TooFast.Status || x.Status == contract.Unavailable.Status && x.Code() == contract.Unavailable.Code
	x.Breaches = append(x.Breaches, l.patience.Answered(x.Remote, request.Body, x.At, x.At.Add(x.Took), wait)...)
}
