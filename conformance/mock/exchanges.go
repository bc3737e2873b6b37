package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// How much of what was said is kept.
const (
	maxHistory = 10_000   // exchanges
	maxKept    = 32 << 10 // bytes of a body, more than a batch of the longest ids has
	maxBytes   = 32 << 20 // bytes of all exchanges together
	perField   = 100      // bytes that a field of a header, or a breach, takes besides its text, more or less
)

// Exchange is one request to the API and its answer. It is shared: do not change what it refers to.
type Exchange struct {
	Number  int // from 1 on, in the order of the answers
	At      time.Time
	Took    time.Duration
	Remote  string // address of the caller
	Method  string
	Path    string
	Action  string // that the request named; empty where it named none
	Request []byte // body, as far as it is kept
	Status  int    // 0 where the connection was broken instead of an answer
	Answer  []byte // body, as far as it is kept
	Fault   string // what was made to go wrong, by its name; empty where nothing was

	Breaches []callers.Breach // the rules for callers that the request breaks

	header      http.Header
	lines       int  // bytes that the request's lines take, those of its header included
	multiplexed bool // whether its connection carries several at a time
}

// Header gives the request's header. In place of what proves who asks there is only how that is proved.
func (x *Exchange) Header() http.Header {
	header := x.header.Clone()
	for i, value := range header[contract.HeaderAuthorization] {
		scheme, _ := callers.Scheme(value)
		header[contract.HeaderAuthorization][i] = scheme + " " + redact.Mark
	}
	return header
}

// Secrets knows what the request's header holds that proves who asks, which a client may repeat, and an answer as well. It is
// nil where there is none.
func (x *Exchange) Secrets() *redact.Redactor { return callers.Secrets(x.header) }

// Code is the answer's error code; empty where it has none.
func (x *Exchange) Code() string {
	if x.Status == http.StatusOK {
		return ""
	}
	// As the mock writes it, the code comes first.
	if rest, found := bytes.CutPrefix(x.Answer, []byte(`{"code":"`)); found {
		if code, _, found := bytes.Cut(rest, []byte(`","`)); found && !bytes.ContainsAny(code, `"\`) {
			return string(code)
		}
	}
	var answer struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(x.Answer, &answer) // what is no JSON has no code
	return answer.Code
}

// RequestID is the answer's request id; empty where it has none.
func (x *Exchange) RequestID() string {
	var answer struct {
		RequestID string `json:"requestId"`
	}
	_ = json.Unmarshal(x.Answer, &answer) // what is no JSON has none
	return answer.RequestID
}

// history is the last exchanges.
type history struct {
	observers []func(*Exchange)
	callers   lint

	mu     sync.Mutex
	number int         // of the last one
	last   []*Exchange // the oldest first
	bytes  int         // that they keep
}

// Exchanges gives the last exchanges with the API, the oldest first.
func (s *Service) Exchanges() []*Exchange {
	s.history.mu.Lock()
	defer s.history.mu.Unlock()
	return slices.Clone(s.history.last)
}

// Blame puts down what is made to go wrong with an exchange, by its name, for whoever wonders at the answer.
func Blame(w http.ResponseWriter, fault string) {
	if watched, ok := w.(*recorder); ok {
		watched.exchange.Fault = fault
	}
}

// record keeps what is said by and to a handler, and turns a panic of it into an answer. Where one has begun already, it
// breaks the connection instead, so that nobody takes half an answer for a whole one.
func (h *history) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := Body(w, r) // who reads it next meets the error again
		watched := &recorder{ResponseWriter: w, exchange: &Exchange{
			At: time.Now(), Remote: r.RemoteAddr, Method: r.Method, Path: r.URL.EscapedPath(), Action: first(r.Header[headerAction]),
			Request: beginning(request), header: r.Header, lines: lines(r), multiplexed: r.ProtoMajor > 1,
		}}
		judged := h.callers.judge(watched.exchange, request, err != nil)
		defer func() {
			broken := watched.settle(r, recover())
			h.add(watched.exchange, judged)
			if broken {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(watched, r)
	})
}

// first gives the first of some values, nothing if there is none.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// settle sees to an answer after a panic, if there was one, and tells whether the connection has to be broken.
func (w *recorder) settle(r *http.Request, cause any) (broken bool) {
	switch {
	case cause == nil:
	case w.exchange.Status != 0, cause == http.ErrAbortHandler:
		w.exchange.Status = 0
		broken = true
	default:
		fail(w, r, fmt.Errorf("panic: %v", cause))
	}
	w.exchange.Took = time.Since(w.exchange.At)
	return broken
}

func (h *history) add(x *Exchange, judged *callers.Request) {
	h.callers.waits(x, judged)
	h.mu.Lock()
	h.number++
	x.Number = h.number
	h.last = append(h.last, x)
	h.bytes += x.size()
	for len(h.last) > maxHistory || h.bytes > maxBytes {
		h.bytes -= h.last[0].size()
		h.last[0] = nil
		h.last = h.last[1:]
	}
	h.mu.Unlock()
	h.callers.tally.Add(x.Number, x.Breaches, judged.Describe)
	for _, tell := range h.observers {
		tell(x)
	}
}

func (x *Exchange) size() int {
	size := cap(x.Request) + cap(x.Answer) + x.lines
	for _, breach := range x.Breaches {
		size += len(breach.What) + perField
	}
	return size
}

// beginning is as much of a body as is kept; the rest can go.
func beginning(text []byte) []byte {
	if len(text) <= maxKept {
		return text
	}
	return bytes.Clone(text[:maxKept])
}

// lines tells what memory a request's lines take. Its method and its path are parts of the first one, which is kept by them.
func lines(r *http.Request) int {
	size := len(r.Method) + len(r.RequestURI)
	for name, values := range r.Header {
		for _, value := range values {
			size += len(name) + len(value) + perField
		}
	}
	return size
}

// recorder keeps what is answered.
type recorder struct {
	http.ResponseWriter
	exchange *Exchange // by itself: what is on record is not to keep the writer, and with it the request and the connection
}

func (w *recorder) WriteHeader(status int) {
	if w.exchange.Status == 0 && status >= http.StatusOK { // what comes before is no answer yet
		w.exchange.Status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(text []byte) (int, error) {
	if w.exchange.Status == 0 {
		w.exchange.Status = http.StatusOK
	}
	if room := maxKept - len(w.exchange.Answer); room > 0 {
		w.exchange.Answer = append(w.exchange.Answer, text[:min(room, len(text))]...)
	}
	return w.ResponseWriter.Write(text)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
