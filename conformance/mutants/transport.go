package mutants

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// transport: how HTTP is spoken.
func transport() []Variant {
	return slices.Concat(ofConnections(), ofTLS(), ofBodies(), ofHeaders(), ofSpelling())
}

// rewritten has an answer put down first, the testbed's included, and then sent in another way.
func rewritten(send func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			send(w, r, answer)
		})
	}
}

// ofConnections: when they are closed, and what goes over them.
func ofConnections() []Variant {
	closing := func(every int64) func(http.Handler) http.Handler {
		var number atomic.Int64
		return rewritten(func(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
			if number.Add(1)%every == 0 {
				w.Header().Set("Connection", "close")
			}
			deliver(w, answer)
		})
	}
	return []Variant{
		{Name: "closes", Does: "closes every connection after one answer, and says so", around: closing(1)},
	}
}

// ofTLS: what goes over connections that nobody can listen to, HTTP/2 at best.
func ofTLS() []Variant {
	return []Variant{
		{Name: "http-2", Does: "speaks HTTP/2, over TLS", listen: secured(true)},
	}
}

// inPieces sends answers of what is at a path, or below it, in pieces of a size.
func inPieces(path string, size int) func(http.Handler) http.Handler {
	return rewritten(func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
		if !strings.HasPrefix(r.URL.Path, path) {
			deliver(w, answer)
			return
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		for piece := range slices.Chunk(answer.Body.Bytes(), size) {
			_, _ = w.Write(piece) // a caller that has gone is nobody's fault
			_ = http.NewResponseController(w).Flush()
		}
	})
}

// packers are kept: a new one costs more than all that it packs here.
var packers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// ofBodies: how they are cut up and packed.
func ofBodies() []Variant {
	return []Variant{
		{Name: "chunked", Does: "sends its answers in one chunk", around: inPieces("/", 1<<20)},
		{
			Name: "gzip", Does: "packs its answers with gzip for those who take that",
			around: rewritten(func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
				if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && answer.Body.Len() > 0 {
					var packed bytes.Buffer
					packer := packers.Get().(*gzip.Writer)
					defer packers.Put(packer)
					packer.Reset(&packed)
					_, _ = packer.Write(answer.Body.Bytes()) // to memory
					_ = packer.Close()
					answer.Body = &packed
					answer.Header().Set("Content-Encoding", "gzip")
					answer.Header().Set("Vary", "Accept-Encoding")
				}
				deliver(w, answer)
			}),
		},
	}
}

// ofHeaders: how they are spelled, and what else is in them.
func ofHeaders() []Variant {
	headed := func(change func(header http.Header)) func(http.Handler) http.Handler {
		return rewritten(func(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
			change(answer.Header())
			deliver(w, answer)
		})
	}
	// spelled has the names of header fields in another case.
	spelled := func(spell func(name string) string) func(http.Handler) http.Handler {
		return rewritten(func(w http.ResponseWriter, _ *http.Request, answer *httptest.ResponseRecorder) {
			header := answer.Header()
			header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			header.Set("Content-Length", fmt.Sprint(answer.Body.Len()))
			if answer.Code == http.StatusNoContent {
				header.Del("Content-Length")
			}
			for name, values := range header {
				w.Header()[name] = nil // or net/http adds one of its own
				w.Header()[spell(name)] = values
			}
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes()) // a caller that has gone is nobody's fault
		})
	}
	typed := func(value string) func(http.Handler) http.Handler {
		return headed(func(header http.Header) {
			if header.Get("Content-Type") != "" {
				header.Set("Content-Type", value)
			}
		})
	}
	return []Variant{
		{Name: "lower-case-headers", Does: "spells header names in lower case", around: spelled(strings.ToLower)},
		{Name: "charset", Does: "tells the charset of its answers in quotes, and more", around: typed(contract.ContentType + ` ;v=1;charset="UTF-8";profile="a;b"`)},
	}
}

// ofSpelling: the same JSON in other bytes.
func ofSpelling() []Variant {
	return []Variant{}
}
