package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// stub wires the generated server stub so that whatever goes wrong in it becomes an error of the contract's form.
func stub(s *Service, middlewares []server.StrictMiddlewareFunc) http.HandlerFunc {
	wrapper := server.ServerInterfaceWrapper{
		Handler: server.NewStrictHandlerWithOptions(s, middlewares, server.StrictHTTPServerOptions{
			RequestErrorHandlerFunc:  fail, // accept has let the body pass, so a failure to bind it is the mock's fault
			ResponseErrorHandlerFunc: fail,
		}),
		ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			fail(w, r, refusal{contract.WrongValue, err.Error()}) // a header that cannot be bound
		},
	}
	return wrapper.DeleteSnapshots
}

// serveAPI stands before the stub, which would take more than the contract allows.
func (s *Service) serveAPI(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		fail(w, r, refusal{as(http.StatusMethodNotAllowed, contract.UnknownAction), "The only method here is POST."})
		return
	}
	if act, is := s.companion(r.Header); is {
		serveCompanion(w, r, act)
		return
	}
	body, err := accept(w, r)
	if err != nil {
		fail(w, r, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.stub(w, r)
}

// accept checks all that can be said about a request without looking at the snapshots, and returns the body that the stub is
// to read.
func accept(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkHeader(r.Header); err != nil {
		return nil, err
	}
	text, err := Body(w, r)
	if err != nil || contract.Plain(text) {
		return text, err
	}
	return examine(text)
}

// examine holds a body against the contract's schema and returns it written anew: the stub then reads the very value that
// was checked. It is laxer about the case of names than the schema, and reads a member that comes twice in another way.
func examine(text []byte) ([]byte, error) {
	value, err := parse(text)
	if err != nil {
		return nil, err
	}
	if err := validate(contract.RequestSchema(), value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

// headerAction is the name of the action's header as http.Header spells it.
var headerAction = http.CanonicalHeaderKey(contract.HeaderAction)

func checkHeader(header http.Header) error {
	if err := checkContentType(header); err != nil {
		return err
	}
	actions := header[headerAction]
	switch {
	case len(actions) == 0:
		return refusal{contract.MissingParameter, contract.HeaderAction + " is required."}
	case len(actions) > 1 || actions[0] != contract.Action:
		return refusal{contract.UnknownAction, "There is no such action here; there are " + strings.Join(Actions(), ", ") + "."}
	}
	return nil
}

func checkContentType(header http.Header) error {
	if header.Get("Content-Type") == contract.ContentType { // as it nearly always is
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != contract.ContentType {
		unsupported := as(http.StatusUnsupportedMediaType, contract.WrongValue)
		return refusal{unsupported, "The Content-Type has to be " + contract.ContentType + "."}
	}
	return nil
}

// readValue reads the JSON value that a request's body is.
func readValue(w http.ResponseWriter, r *http.Request) (any, error) {
	text, err := Body(w, r)
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func parse(text []byte) (any, error) {
	if !utf8.Valid(text) { // encoding/json would replace what is invalid, and so change an id
		return nil, refusal{contract.WrongValue, "The body is not UTF-8."}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a number that is too big for float64 is of the wrong type here, not malformed
	var value any
	if err := decodeOnly(decoder, &value); err != nil {
		return nil, refusal{contract.WrongValue, "The body is not JSON: " + err.Error()}
	}
	return value, nil
}

// decodeOnly decodes a value and makes sure that nothing follows it.
func decodeOnly(decoder *json.Decoder, into any) error {
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the value")
	}
	return nil
}
