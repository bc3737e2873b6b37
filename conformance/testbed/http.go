package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
)

// A testbed is trusted with snapshots, not with the suite's memory or time.
const (
	maxBody = 64 << 10 // bytes of an answer that are read, besides those of the ids that were asked for
	lanes   = 256      // connections that are kept open for looks
)

// maxID is how many bytes an id can take in an answer, with every character escaped.
var maxID = len(`"",`) + len(`\u0000`)*contract.MaxIDLength

// HTTP speaks the testbed protocol.
type HTTP struct {
	base string
	// No http.Client: the protocol has no redirects, and another host is none of the suite's business.
	kept     http.RoundTripper // keeps connections open, for what may be asked twice
	fresh    http.RoundTripper // does not: a POST on a connection that is just being closed would be lost
	timeout  time.Duration
	patience time.Duration
	pace     *gentle.Pace
	names    stateNames
}

// NewHTTP prepares an adapter for the testbed protocol at base. A request that is put off by 429 or 503 is made again, as
// long as patience lasts. NewHTTP sends nothing.
func NewHTTP(base reach.Base, in Surroundings) *HTTP {
	dialer := gentle.NewDialer()
	kept, fresh := base.Transport(in.Trust, dialer), base.Transport(in.Trust, dialer)
	kept.MaxIdleConns, kept.MaxIdleConnsPerHost, kept.IdleConnTimeout = lanes, lanes, time.Minute
	fresh.DisableKeepAlives = true
	return &HTTP{base: base.URL(""), timeout: in.Timeout, patience: in.Patience, pace: in.Pace, kept: kept, fresh: fresh}
}

// States implements Bed. States that the contract does not know are left out: no check asks for them.
func (h *HTTP) States(ctx context.Context) ([]contract.State, error) {
	answer, err := h.do(ctx, http.MethodGet, "", nil, maxBody)
	if err != nil {
		return nil, err
	}
	var names []string
	if err := answer.decode(members{"states": &names}); err != nil {
		return nil, err
	}
	return h.names.learn(names), nil
}

// Make implements Bed.
func (h *HTTP) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	order, err := json.Marshal(map[string]any{"state": h.names.of(state), "count": count})
	if err != nil {
		return nil, err
	}
	answer, err := h.do(ctx, http.MethodPost, "/snapshots", order, maxBody+count*maxID)
	if err != nil {
		return nil, err
	}
	if answer.status == http.StatusUnprocessableEntity {
		return nil, fmt.Errorf("%w: %s (status %d to %s)", ErrCannotMake, state, answer.status, answer.request())
	}
	var ids []string
	if err := answer.decode(members{"snapshotIds": &ids}); err != nil {
		return nil, err
	}
	if err := Handed(ids, count); err != nil {
		return ids, answer.errorf("%w", err) // with what it did make, so that it can be released
	}
	return ids, nil
}

// Look implements Bed.
func (h *HTTP) Look(ctx context.Context, id string) (Sight, error) {
	answer, err := h.do(ctx, http.MethodGet, "/snapshots/"+segment(id), nil, maxBody)
	switch {
	case err != nil:
		return Sight{}, err
	case answer.status == http.StatusNotFound:
		return Sight{ID: id, Gone: true}, nil
	case answer.status >= 400 && answer.status < 500 && !contract.PlausibleID(id):
		return Sight{ID: id, Gone: true, Odd: true}, nil
	case answer.status >= 300 && answer.status < 500:
		return Sight{}, answer.errorf("has status %d: %w", answer.status, ErrWillNotLook)
	}
	var shown, name string
	if err := answer.decode(members{"snapshotId": &shown, "state": &name}); err != nil {
		return Sight{}, err
	}
	sight, err := show(shown, name)
	if err != nil {
		return Sight{}, answer.errorf("%w (of one that is gone, the status is %d): %.200q", err, http.StatusNotFound, answer.body)
	}
	return sight, nil
}

// Release implements Bed.
func (h *HTTP) Release(ctx context.Context, id string) error {
	answer, err := h.do(ctx, http.MethodDelete, "/snapshots/"+segment(id), nil, maxBody)
	if err != nil {
		return err
	}
	if answer.status/100 != 2 && answer.status != http.StatusNotFound {
		return answer.errorf("answers %d", answer.status)
	}
	return nil
}

// segment escapes an id as one path segment. A segment of dots alone would be taken for a place in the path.
func segment(id string) string {
	if strings.Trim(id, ".") == "" {
		return strings.ReplaceAll(id, ".", "%2E")
	}
	return url.PathEscape(id)
}

// answer is what the testbed said to one request.
type answer struct {
	method, url string
	status      int
	body        []byte
}

func (a answer) request() string { return fmt.Sprintf("%s %.300s", a.method, a.url) }

func (a answer) errorf(format string, arguments ...any) error {
	return fmt.Errorf("the testbed's answer to %s "+format, append([]any{a.request()}, arguments...)...)
}

func (a answer) decode(wanted members) error {
	if a.status/100 != 2 {
		return a.errorf("has status %d: %.200q", a.status, a.body)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(a.body, &all); err != nil {
		return a.errorf("is no JSON object: %.200q", a.body)
	}
	if err := wanted.take(all); err != nil {
		return a.errorf("cannot be read (%s): %.200q", err, a.body)
	}
	return nil
}

// do makes one request, and makes it again while it is put off. No more of the answer than longest is read.
func (h *HTTP) do(ctx context.Context, method, path string, body []byte, longest int) (answer, error) {
	const firstWait, longestWait, mostResets = 50 * time.Millisecond, 2 * time.Second, 6
	waited := time.Duration(0) // not counting what was waited for other requests' sake: the run's own pace may be slow
	for wait, resets := firstWait, 0; ; wait = min(2*wait, longestWait) {
		a, asked, err := h.once(ctx, method, path, body, longest)
		// A host whose queue of new connections is full resets some of them before the testbed sees anything.
		if err != nil && (!reach.Unseen(err) || resets == mostResets) {
			return a, err
		}
		if err != nil {
			resets++
		} else if a.status != http.StatusTooManyRequests && a.status != http.StatusServiceUnavailable {
			return a, nil
		}
		wait = max(wait, asked)
		if waited += wait; waited > h.patience {
			return a, a.errorf("keeps putting it off (status %d), for %s now", a.status, h.patience)
		}
		if err := gentle.Pause(ctx, wait); err != nil {
			return a, err
		}
	}
}

func (h *HTTP) once(ctx context.Context, method, path string, body []byte, longest int) (a answer, retryAfter time.Duration, err error) {
	a.method, a.url = method, h.base+path
	rest := h.pace.Enter(ctx)
	defer rest()
	within, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(within, method, a.url, bytes.NewReader(body))
	if err != nil {
		return a, 0, err
	}
	request.Header.Set("Accept", "application/json")
	transport := h.kept
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		transport = h.fresh
	} else {
		// Not sent: it tells net/http that the request, a DELETE too, may be sent again on another connection.
		request.Header["X-Idempotency-Key"] = nil
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		defer response.Body.Close()
		a.status = response.StatusCode
		retryAfter = gentle.RetryAfter(response.Header)
		if a.status != http.StatusSwitchingProtocols { // what follows that is the open connection, which no deadline ends
			a.body, err = io.ReadAll(io.LimitReader(response.Body, int64(longest)+1))
		}
	}
	switch {
	case ctx.Err() != nil:
		return a, 0, context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded) && a.status != 0:
		return a, 0, a.errorf("began, and did not end within %s; is its Content-Length right?", h.timeout)
	case errors.Is(err, context.DeadlineExceeded):
		return a, 0, a.errorf("did not come within %s; does it serve several connections at once?", h.timeout)
	case err != nil:
		return a, 0, fmt.Errorf("the testbed cannot be asked (%s): %w", a.request(), err)
	case len(a.body) > longest:
		return a, 0, a.errorf("is longer than %d bytes", longest)
	}
	return a, retryAfter, nil
}
