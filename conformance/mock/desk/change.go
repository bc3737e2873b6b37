package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// gone is where a snapshot can be brought beside the contract's states.
const gone contract.State = "gone"

// next is what becomes of a snapshot in a state when time passes, if anything does.
func next(state contract.State) (to contract.State, passes bool) {
	switch state {
	case contract.Leaving:
		return gone, true
	case contract.State(api.Creating), contract.State(api.RollingBack):
		return contract.Normal, true
	}
	return "", false
}

// maxForm is more than any form of the page has, in bytes.
const maxForm = 1 << 12

// makeSnapshots carries out the form that makes snapshots.
func (d *Desk) makeSnapshots(w http.ResponseWriter, r *http.Request, s *mock.Service) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	state, known := contract.ParseState(r.PostFormValue("state"))
	count, err := strconv.Atoi(r.PostFormValue("count"))
	switch {
	case !known:
		d.refuse(w, r, s, http.StatusUnprocessableEntity, "Nothing is made: choose one of the states.")
		return
	case err != nil || count < 1 || count > mock.MaxCount:
		d.refuse(w, r, s, http.StatusUnprocessableEntity, fmt.Sprintf("Nothing is made: the number of snapshots has to be from 1 to %d.", mock.MaxCount))
		return
	}
	if _, err := s.Make(state, count); err != nil {
		d.refuse(w, r, s, http.StatusInternalServerError, "Nothing is made: "+printable(err.Error()))
		return
	}
	d.lead(w, r, url.Values{"did": {"made"}, "state": {string(state)}, "count": {strconv.Itoa(count)}})
}

// changeSnapshot carries out the forms that bring one snapshot to another state, or to its end.
func (d *Desk) changeSnapshot(w http.ResponseWriter, r *http.Request, s *mock.Service) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	id, to := r.URL.Query().Get("id"), r.PostFormValue("to") // in the query an id is kept as it is, whatever it has in it
	state, known := contract.ParseState(to)
	if !known && to != string(gone) {
		d.refuse(w, r, s, http.StatusUnprocessableEntity, "Nothing is changed: choose one of the states.")
		return
	}
	if to == string(gone) {
		if err := s.Store().Release(id); err != nil {
			d.refuse(w, r, s, http.StatusInternalServerError, "Nothing is changed: "+printable(err.Error()))
			return
		}
		d.lead(w, r, url.Values{"did": {"released"}, "id": {id}})
		return
	}
	switch there, err := s.Store().Put(id, state); {
	case err != nil:
		d.refuse(w, r, s, http.StatusInternalServerError, "Nothing is changed: "+printable(err.Error()))
	case !there:
		d.refuse(w, r, s, http.StatusNotFound, "Nothing is changed: there is no such snapshot any more.")
	default:
		d.lead(w, r, url.Values{"did": {"put"}, "id": {id}, "state": {string(state)}})
	}
}

// refuse shows the page with what is wrong about a form.
func (d *Desk) refuse(w http.ResponseWriter, r *http.Request, s *mock.Service, status int, why string) {
	d.answer(w, r, s, status, &notice{Text: why, Bad: true})
}

// lead sends a browser back to the page, so that loading it again does not send the form again.
func (d *Desk) lead(w http.ResponseWriter, r *http.Request, outcome url.Values) {
	for _, kept := range []string{"snapshot", "only"} {
		if value := r.URL.Query().Get(kept); value != "" {
			outcome.Set(kept, value)
		}
	}
	http.Redirect(w, r, PagePath+"?"+outcome.Encode(), http.StatusSeeOther)
}
