package mock

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/companions"
)

// actionsBeside gives the actions that are no part of the contract.
func (s *Service) actionsBeside() map[string]companions.Action {
	beside := companions.Service{Store: s.store, NewID: func() string { return s.newIDs(1)[0] }, NewRequestID: newRequestID}
	refuse := func(w http.ResponseWriter, r *http.Request, err error) {
		fail(w, r, refusal{contract.WrongValue, err.Error()}) // a header that comes twice, or 1.0 for an integer
	}
	return beside.Actions(refuse, fail)
}

// companion gives the action that a request is for, if it is one of those.
func (s *Service) companion(header http.Header) (act companions.Action, is bool) {
	actions := header[headerAction]
	if len(actions) != 1 {
		return act, false
	}
	act, is = s.beside[actions[0]]
	return act, is
}

func serveCompanion(w http.ResponseWriter, r *http.Request, act companions.Action) {
	body, err := acceptBeside(w, r, act.Request)
	if err != nil {
		fail(w, r, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	act.Serve(w, r)
}

// acceptBeside is accept for a companion: a member that is null is as good as absent there, and what is absent and has a
// default is put in.
func acceptBeside(w http.ResponseWriter, r *http.Request, schema *openapi3.Schema) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	value, err := readValue(w, r)
	if err != nil {
		return nil, err
	}
	if members, ok := value.(map[string]any); ok {
		maps.DeleteFunc(members, func(_ string, member any) bool { return member == nil })
	}
	if err := validate(schema, value, openapi3.VisitAsRequest(), openapi3.DefaultsSet(func() {})); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
