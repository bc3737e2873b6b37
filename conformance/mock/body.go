package mock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// maxBody is far more than a request within the contract's limits needs, and keeps a stray upload out of memory.
const maxBody = 1 << 20

// Body gives the whole body of a request and leaves it there to be read. Its error is the answer to a body that cannot be
// read, or is too long.
func Body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	known, ok := r.Body.(*body)
	if !ok {
		known = readBody(w, r)
		r.Body = known
	}
	return known.text, known.err
}

// body is one that has been read.
type body struct {
	bytes.Reader
	text []byte
	err  error // why it could not be read to its end
}

func (b *body) Close() error { return nil }

func readBody(w http.ResponseWriter, r *http.Request) *body {
	text, err := readAll(http.MaxBytesReader(w, r.Body, maxBody), r.ContentLength)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		kind := as(http.StatusRequestEntityTooLarge, contract.TooMany)
		err = refusal{kind, fmt.Sprintf("The body may have %d bytes.", tooLarge.Limit)}
	case err != nil:
		err = refusal{contract.WrongValue, "The body cannot be read: " + err.Error()}
	}
	read := &body{text: text, err: err}
	read.Reset(text)
	return read
}

// readAll reads to the end. The length that was told beforehand, if any, only says how much room to make: io.ReadAll begins
// with far more than most bodies need, and what is on record keeps it.
func readAll(from io.Reader, told int64) ([]byte, error) {
	text := make([]byte, 0, min(max(told, 0), maxKept)+1) // one more, since the end may come by itself
	for {
		n, err := from.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return text, err
		case len(text) == cap(text):
			text = slices.Grow(text, bytes.MinRead)
		}
	}
}
