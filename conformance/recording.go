package conformance

import (
	"net/http"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// entry is what of an exchange goes into a recording.
func (j *journal) entry(e *target.Exchange) har.Entry {
	redact := j.redacting(e)
	pairs := func(header http.Header) []har.Pair {
		pairs := har.Pairs(header)
		for i, pair := range pairs {
			pairs[i] = har.Pair{Name: redact(pair.Name), Value: redact(pair.Value)}
		}
		return pairs
	}
	millis := func(from, to time.Time) float64 { return max(0, float64(to.Sub(from))/float64(time.Millisecond)) }
	proto := e.Proto()
	if proto == "" {
		proto = "unknown"
	}

	var entry har.Entry
	entry.Seq.Value, entry.From.Value = e.Seq, e.From
	entry.Started.Time = e.Started
	whole := millis(e.Started, e.Ended)
	entry.Millis = &whole
	if asked := e.Asked; !asked.IsZero() { // before that, it was put off
		entry.Timings.Blocked = millis(e.Started, asked)
	}
	entry.Timings.Wait = whole - entry.Timings.Blocked
	entry.Request = har.Request{Method: e.Method, URL: redact(e.URL), HTTPVersion: proto, Headers: pairs(e.Sent), HeadersSize: -1}
	entry.Request.Post(contract.ContentType, []byte(redact(string(e.Body))))
	entry.Response = har.Response{HTTPVersion: proto, HeadersSize: -1, BodySize: -1}
	if e.Err != nil {
		entry.Error.Value = redact(e.Err.Error())
		return entry
	}
	entry.Response.Status, entry.Response.StatusText = e.Status(), http.StatusText(e.Status())
	entry.Response.Headers = pairs(e.Header())
	entry.Response.RedirectURL = redact(e.Header().Get("Location"))
	entry.Response.Answer(redact(e.Header().Get("Content-Type")), []byte(redact(string(e.Raw()))))
	return entry
}
