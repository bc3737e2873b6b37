package report

import (
	"bufio"
	"cmp"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
)

// Creator is what a recording says made it.
const Creator = "zec-conformance"

// WriteHAR writes the exchanges that the report has kept, the evidence and the samples of the checks, as HAR 1.2: for a browser's
// developer tools, and for another judgement. It has no secrets either. (A recording has all exchanges of a run.)
func (r *Report) WriteHAR(w io.Writer) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	recording := har.NewWriter(&escaping{Writer: buffer}, Creator)
	for _, k := range r.kept() {
		recording.Write(k.entry())
	}
	return errors.Join(recording.Close(), buffer.Flush())
}

// keptExchange is an exchange, and the check that shows it.
type keptExchange struct {
	Exchange
	check string
}

// kept gives each exchange of the report once, in the order in which they were sent.
func (r *Report) kept() []keptExchange {
	bySeq := map[int]keptExchange{}
	keep := func(e Exchange, check string) {
		if before, known := bySeq[e.Seq]; !known || e.Got.Cut < before.Got.Cut {
			bySeq[e.Seq] = keptExchange{e, check}
		}
	}
	for _, trial := range r.Trials {
		if trial.Sample != nil {
			keep(*trial.Sample, trial.Check)
		}
	}
	for _, rule := range r.Rules {
		for _, failure := range rule.Failures {
			for _, e := range failure.Evidence {
				keep(e, failure.Check)
			}
		}
	}
	return slices.SortedFunc(maps.Values(bySeq), func(a, b keptExchange) int { return cmp.Compare(a.Seq, b.Seq) })
}

func (k keptExchange) entry() har.Entry {
	const proto = "unknown" // reports do not tell
	millis := float64(duration(k.Seconds)) / float64(time.Millisecond)
	var entry har.Entry
	entry.Seq.Value, entry.From.Value = k.Seq, k.check
	entry.Started.Time, entry.Millis = k.At, &millis
	entry.Timings.Wait = millis
	entry.Request = har.Request{Method: k.Sent.Method, URL: k.Sent.URL, HTTPVersion: proto, Headers: har.Pairs(k.Sent.Header), HeadersSize: -1}
	entry.Request.Post(cmp.Or(http.Header(k.Sent.Header).Get("Content-Type"), contract.ContentType), bytesOf(k.Sent.Body, k.Sent.Raw))
	entry.Response = har.Response{HTTPVersion: proto, Headers: har.Pairs(k.Got.Header), HeadersSize: -1, BodySize: -1}
	entry.Error.Value = k.Got.Error
	if k.Got.Status == 0 {
		return entry
	}
	entry.Response.Status, entry.Response.StatusText = k.Got.Status, http.StatusText(k.Got.Status)
	entry.Response.RedirectURL = http.Header(k.Got.Header).Get("Location")
	entry.Response.Answer(http.Header(k.Got.Header).Get("Content-Type"), bytesOf(k.Got.Body, k.Got.Raw))
	entry.Response.Content.Size += k.Got.Cut
	return entry
}

// bytesOf gives a body as it was: a report that was read back has it as bytes where it is no text.
func bytesOf(body string, raw []byte) []byte {
	if raw != nil {
		return raw
	}
	return []byte(body)
}
