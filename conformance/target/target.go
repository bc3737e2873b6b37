// Package target reaches the implementation under test: it sends requests built by the generated client, signs
// them, waits where the implementation asks for patience, and captures every exchange as it was on the wire.
package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// A target may be hostile, so nothing that it sends is read without a bound.

// MaxBody is how many bytes of an answer are read: the longest that the contract has is an eighth of that.
const MaxBody = 1 << 20

const (
	mostReused = 64       // connections that are kept
	longBody   = 64 << 10 // bytes; of the answers that have more, no more are judged at once than
	mostLong   = 4        // so that what is worked out from them does not add up
)

// How much a target may send in all: so much, and so much besides for each exchange.
const (
	floodBase = 64 << 20  // bytes
	floodEach = 128 << 10 // bytes
)

// The waits between attempts where an implementation asks for patience. Retry-After cannot say less than a second,
// so the first attempt comes sooner than it says; the later ones keep to it.
const (
	firstWait  = 100 * time.Millisecond
	longestOwn = 2 * time.Second // where Retry-After says nothing
)

// Config says how an implementation is reached.
type Config struct {
	Endpoint    reach.Base // the base that the contract's path is appended to
	Credentials signing.Credentials
	Trust       reach.Trust      // where an endpoint speaks TLS
	Timeout     time.Duration    // for one attempt, its answer included
	Patience    time.Duration    // for one exchange that is put off again and again
	Pace        *gentle.Pace     // how fast it may be asked; nil: as fast as it bears
	Observe     func(*Exchange)  // called for every exchange before Send returns; may be nil
	Redact      *redact.Redactor // is told every signature before it is sent; may be nil
}

// Target is an implementation under test. It may be used by several goroutines.
type Target struct {
	config Config                                                 // without the credentials
	sign   func(request *http.Request, body []byte, at time.Time) // a function, since none prints what it holds
	// No http.Client: a redirect is an answer to judge, and following one would take credentials away.
	fresh  *http.Transport // a connection of its own for each request
	reused *http.Transport // connections that are kept
	closes atomic.Bool     // whether the implementation closes connections that it was to keep
	crowd  *gentle.Crowd   // how many requests it takes at once
	long   chan struct{}   // has room for as many long answers as are judged at once

	sent   atomic.Int64
	got    atomic.Int64 // bytes of bodies
	waited atomic.Int64
	paused atomic.Int64 // nanoseconds
}

// New prepares a target. It sends nothing.
func New(config Config) *Target {
	dialer := gentle.NewDialer()
	transport := func(keepAlive bool) *http.Transport {
		t := config.Endpoint.Transport(config.Trust, dialer)
		t.DisableKeepAlives = !keepAlive
		t.MaxIdleConnsPerHost = mostReused
		t.TLSHandshakeTimeout = config.Timeout
		return t
	}
	t := &Target{
		sign: config.Credentials.Sign, fresh: transport(false), reused: transport(true), crowd: gentle.NewCrowd(),
		long: make(chan struct{}, mostLong),
	}
	config.Credentials = signing.Credentials{}
	t.config = config
	return t
}

// Close closes the connections that are kept, on which an implementation could still say something.
func (t *Target) Close() { t.reused.CloseIdleConnections() }

// Request is what is sent: a body, and what is unusual about the rest.
type Request struct {
	Body []byte
	Edit func(*http.Request) // changes the header before the request is signed; may be nil
	Sign func(*http.Request) // signs it in place of the target's credentials; may be nil
	From string              // what sends it, for the implementation's own log
	// Reuse has the request sent on a connection that is open already, if there is one. It is for requests of which an
	// implementation has to read the whole body: what it leaves unread would be taken for the next request.
	Reuse bool
	// Within is how long the answer may take, where that is less than the target's Timeout.
	Within time.Duration
}

// The reasons of an exchange without an outcome, where there is more to know than that the connection failed.
var (
	ErrPatience = errors.New("kept asking to wait")
	ErrTimeout  = errors.New("no complete answer")
	ErrFlood    = errors.New("the answers are too long to go on")
)

// Send makes one exchange. It waits and asks again while the implementation says that it is too busy, within the
// target's patience. It always returns an exchange; where there was no answer, its Err says why.
func (t *Target) Send(ctx context.Context, request Request) *Exchange {
	e := &Exchange{Seq: int(t.sent.Add(1)), From: request.From, Started: time.Now()}
	t.converse(ctx, request, e)
	if t.config.Observe != nil {
		defer t.judging(e)()
		t.config.Observe(e)
	}
	return e
}

// judging waits until an answer may be taken apart, and gives what is to be called then. One that is not complete is not
// taken apart, and never waits: whoever is told of it may send another request first.
func (t *Target) judging(e *Exchange) (done func()) {
	if e.Err != nil || len(e.body) <= longBody {
		return func() {}
	}
	t.long <- struct{}{}
	return func() { <-t.long }
}

// puts tells whether the answer puts the request off.
func (t *Target) puts(e *Exchange) bool {
	defer t.judging(e)()
	return e.PutOff()
}

// converse sends a request until it is no longer put off, and leaves in e what came of it.
func (t *Target) converse(ctx context.Context, request Request, e *Exchange) {
	own, waited := firstWait, time.Duration(0)
	for {
		leave := t.crowd.Enter(ctx)
		rest := t.config.Pace.Enter(ctx)
		t.attempt(ctx, request, e)
		rest()
		e.Attempts++
		putOff := t.puts(e)
		leave(putOff)
		if !putOff || ctx.Err() != nil {
			break
		}
		wait := own
		if asked := gentle.RetryAfter(e.header); e.Attempts > 1 && asked > wait {
			wait = asked
		}
		own = min(2*own, longestOwn)
		// What was waited for other requests' sake does not count: the run's own pace may be slow.
		if waited += wait + e.Answered.Sub(e.Asked); waited > t.config.Patience {
			e.Err = fmt.Errorf("%w for %s", ErrPatience, t.config.Patience)
			break
		}
		t.waited.Add(1)
		pause := time.Now()
		_ = gentle.Pause(ctx, wait) // whose end the next attempt meets
		t.paused.Add(int64(time.Since(pause)))
	}
	e.Ended = time.Now()
}

// Ask calls another action of the endpoint, for what a testbed wants of it, and gives the answer whatever it is. It is sent
// like an exchange, signed and with the same patience, and is none: nobody judges it.
func (t *Target) Ask(ctx context.Context, action string, body []byte) (status int, answer []byte, err error) {
	e := &Exchange{From: "the testbed", Started: time.Now()}
	t.converse(ctx, Request{
		Body: body, From: e.From, Edit: func(r *http.Request) { r.Header.Set(contract.HeaderAction, action) },
	}, e)
	return e.Status(), e.Raw(), e.Err
}

// attempt sends the request once and leaves in e what came of it.
func (t *Target) attempt(ctx context.Context, request Request, e *Exchange) {
	within := t.config.Timeout
	if request.Within > 0 {
		within = min(within, request.Within)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%w within %s", ErrTimeout, within))
	defer cancel()
	if request.Reuse && !t.closes.Load() {
		reused := false
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		t.exchange(httptrace.WithClientTrace(ctx, trace), t.reused, request, e)
		if e.Err == nil || !reused || ctx.Err() != nil || errors.Is(e.Err, ErrTimeout) {
			return
		}
		// An implementation may close a connection between requests, and then cannot be told from one that drops
		// requests. From now on each has a connection of its own, on which only the latter shows.
		t.closes.Store(true)
	}
	// A host whose queue of new connections is full resets some of them, without the implementation ever seeing them.
	const tries = 6
	for again := range tries {
		t.exchange(ctx, t.fresh, request, e)
		if !reach.Unseen(e.Err) {
			return
		}
		if gentle.Pause(ctx, firstWait<<again) != nil {
			return
		}
	}
}

func (t *Target) exchange(ctx context.Context, transport *http.Transport, request Request, e *Exchange) {
	e.clearAnswer()
	message, err := t.build(ctx, request)
	if err != nil {
		e.Err = err
		return
	}
	e.capture(message, request.Body)
	e.curl = t.config.Endpoint.Curl()

	// Timed here and not around the wait for patience, so that concurrent exchanges are compared truly.
	e.Asked = time.Now()
	answer, err := transport.RoundTrip(message)
	if err == nil {
		defer answer.Body.Close()
		e.proto, e.status, e.header = answer.Proto, answer.StatusCode, answer.Header
		if e.status != http.StatusSwitchingProtocols { // what follows that is the open connection, which no deadline ends
			e.body, err = body(answer)
		}
		if err == nil && e.status < 100 {
			err = fmt.Errorf("%03d is no status", e.status)
		}
		if got := t.got.Add(int64(len(e.body))); err == nil && got > floodBase+floodEach*t.sent.Load() {
			err = fmt.Errorf("%w: %d MiB in %d exchanges", ErrFlood, got>>20, t.sent.Load())
		}
	}
	e.Answered = time.Now()
	if err != nil {
		e.fail(ctx, err)
		e.Shorten(longBody)
	}
}

// body reads an answer's body, and not much more of it than an answer may have.
func body(answer *http.Response) ([]byte, error) {
	tooLong := fmt.Errorf("the answer is longer than %d bytes", MaxBody)
	if answer.ContentLength > MaxBody {
		return nil, tooLong
	}
	var text bytes.Buffer
	text.Grow(int(max(bytes.MinRead, answer.ContentLength+bytes.MinRead))) // what it takes to meet the end without growing
	_, err := text.ReadFrom(io.LimitReader(answer.Body, MaxBody+1))
	if err == nil && text.Len() > MaxBody {
		text.Truncate(MaxBody)
		err = tooLong
	}
	return text.Bytes(), err
}

func (t *Target) build(ctx context.Context, request Request) (*http.Request, error) {
	version, client := api.Version(contract.Version), request.From
	params := &api.DeleteSnapshotsParams{
		XZCAction:        api.Action(contract.Action),
		XZCVersion:       &version,
		XZcService:       &contract.ServiceName,
		XZcRequestClient: &client,
	}
	base := t.config.Endpoint.URL("/") // without the slash, the path would replace the base's last part
	message, err := api.NewDeleteSnapshotsRequestWithBody(base, params, contract.ContentType, bytes.NewReader(request.Body))
	if err != nil {
		return nil, err
	}
	message = message.WithContext(ctx)
	if request.Edit != nil {
		request.Edit(message)
	}
	if request.Sign != nil {
		request.Sign(message)
	} else {
		t.sign(message, request.Body, time.Now())
	}
	t.config.Redact.Signature(signing.Signature(message))
	return message, nil
}

// fail records that there was no usable answer, and why.
func (e *Exchange) fail(ctx context.Context, err error) {
	var operation *net.OpError
	var stranger *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	e.Unreachable = errors.As(err, &operation) && (operation.Op == "dial" || mistrusted(operation)) || errors.As(err, &stranger) || errors.As(err, &noTLS)
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		err = ErrTimeout
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrTimeout) {
		err = cause
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the connection was closed before the answer was complete")
	}
	e.Err = err
}

// mistrusted tells whether the host wants another certificate from who asks, or any at all: it says so after the handshake.
func mistrusted(operation *net.OpError) bool {
	return operation.Op == "remote error" && strings.Contains(operation.Err.Error(), "certificate")
}

// PutOff tells whether the answer puts the request off: it is no outcome, and the request has to be made again.
func (e *Exchange) PutOff() bool {
	if e.Err != nil {
		return false
	}
	members, _ := e.Members() // an unreadable body asks for nothing
	code, _ := Text(members[contract.FieldCode])
	return contract.PutsOff(e.status, code)
}

// Usage is what a target has been asked so far.
type Usage struct {
	Exchanges int           // requests that got an outcome, or none
	Waits     int           // how often the implementation put one off
	Waited    time.Duration // how long that took, summed over all goroutines
}

// Usage tells what has been sent so far.
func (t *Target) Usage() Usage {
	return Usage{Exchanges: int(t.sent.Load()), Waits: int(t.waited.Load()), Waited: time.Duration(t.paused.Load())}
}
