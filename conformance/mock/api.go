package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

// maxBody is far more than a request within the contract's limits needs, and keeps a stray upload out of memory.
const maxBody = 1 << 20

// stub wires the generated server stub so that whatever goes wrong in it becomes an error of the contract's form.
func stub(m *Mock, middlewares []server.StrictMiddlewareFunc) http.HandlerFunc {
	wrapper := server.ServerInterfaceWrapper{
		Handler: server.NewStrictHandlerWithOptions(m, middlewares, server.StrictHTTPServerOptions{
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
func (m *Mock) serveAPI(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		fail(w, r, refusal{as(http.StatusMethodNotAllowed, contract.UnknownAction), "The only method here is POST."})
		return
	}
	if act := m.companion(r.Header); act != nil {
		m.serveCompanion(w, r, act)
		return
	}
	body, err := accept(w, r)
	if err != nil {
		fail(w, r, err)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	m.stub(w, r)
}

// accept checks all that can be said about a request without looking at the snapshots, and returns its body written
// anew: the stub then reads the very value that was checked. It is laxer about the case of names than the schema, and
// reads a member that comes twice in another way.
func accept(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkHeader(r.Header); err != nil {
		return nil, err
	}
	value, err := readValue(w, r)
	if err != nil {
		return nil, err
	}
	if err := validate(value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}

func checkHeader(header http.Header) error {
	if err := checkContentType(header); err != nil {
		return err
	}
	actions := header.Values(contract.HeaderAction)
	switch {
	case len(actions) == 0:
		return refusal{contract.MissingParameter, contract.HeaderAction + " is required."}
	case len(actions) > 1 || actions[0] != contract.Action:
		return refusal{contract.UnknownAction, "There is no such action here; try " + contract.Action + "."}
	}
	return nil
}

func checkContentType(header http.Header) error {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || mediaType != contract.ContentType {
		unsupported := as(http.StatusUnsupportedMediaType, contract.WrongValue)
		return refusal{unsupported, "The Content-Type has to be " + contract.ContentType + "."}
	}
	return nil
}

// readValue reads the JSON value that a request's body is.
func readValue(w http.ResponseWriter, r *http.Request) (any, error) {
	text, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	return parse(text)
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		kind := as(http.StatusRequestEntityTooLarge, contract.TooMany)
		return nil, refusal{kind, fmt.Sprintf("The body may have %d bytes.", tooLarge.Limit)}
	case err != nil:
		return nil, refusal{contract.WrongValue, "The body cannot be read: " + err.Error()}
	case !utf8.Valid(text): // encoding/json would replace what is invalid, and so change an id
		return nil, refusal{contract.WrongValue, "The body is not UTF-8."}
	}
	return text, nil
}

func parse(text []byte) (any, error) {
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

// guard turns a panic into an answer. Where one has begun already, it breaks the connection instead, so that nobody
// takes half an answer for a whole one.
func guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		watched := &watchedWriter{ResponseWriter: w}
		defer func() {
			switch cause := recover(); {
			case cause == nil:
			case watched.begun, cause == http.ErrAbortHandler:
				panic(http.ErrAbortHandler)
			default:
				fail(w, r, fmt.Errorf("panic: %v", cause))
			}
		}()
		next(watched, r)
	}
}

// watchedWriter knows whether an answer has begun.
type watchedWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *watchedWriter) WriteHeader(status int) {
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *watchedWriter) Write(text []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(text)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
