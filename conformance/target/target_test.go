package target_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

func TestSendBuildsTheDocumentedRequest(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/", "/prefix", "/prefix/", "/a%2Fb/c%20d"} {
		t.Run(prefix, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var got *http.Request
			var body []byte
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r.Clone(context.Background())
				body, _ = io.ReadAll(r.Body)
				_, _ = io.WriteString(w, success)
			})
			e := reached(t, base+prefix).Send(t.Context(), target.Request{Body: []byte(`{"x":1}`), From: "a check, with a comma"})
			g.Expect(e.Err).NotTo(HaveOccurred())
			g.Expect(got.Method).To(Equal(http.MethodPost))
			escaped := strings.TrimSuffix(prefix, "/")
			g.Expect(got.URL.EscapedPath()).To(Equal(escaped + contract.Path))
			g.Expect(got.URL.RawQuery).To(BeEmpty())
			g.Expect(string(body)).To(Equal(`{"x":1}`))
			for name, value := range map[string]string{
				"Content-Type":               contract.ContentType,
				contract.HeaderAction:        contract.Action,
				contract.HeaderVersion:       contract.Version,
				contract.HeaderService:       contract.ServiceName,
				contract.HeaderRequestClient: "a check, with a comma",
				contract.HeaderAuthorization: "",
			} {
				g.Expect(got.Header.Get(name)).To(Equal(value), name)
			}
			g.Expect(strconv.ParseInt(got.Header.Get(contract.HeaderTimestamp), 10, 64)).To(BeNumerically("~", time.Now().Unix(), 300))
			g.Expect(e.URL).To(Equal(base + escaped + contract.Path))
			g.Expect(e.Method).To(Equal(http.MethodPost))
			g.Expect(e.From).To(Equal("a check, with a comma"))
		})
	}
}

func TestEditComesBeforeSigning(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var got http.Header
	base := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	body := []byte(`{}`)
	at := time.Now()
	pair := signing.Credentials{KeyID: "key", Secret: "hush"}
	withPair := func(c *target.Config) { c.Credentials = pair }

	edit := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	reached(t, base, withPair).Send(t.Context(), target.Request{Body: body, Edit: edit})
	stamp, err := strconv.ParseInt(got.Get(contract.HeaderTimestamp), 10, 64)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(stamp).To(BeNumerically(">=", at.Unix()))
	again, err := http.NewRequest(http.MethodPost, base, nil)
	g.Expect(err).NotTo(HaveOccurred())
	edit(again)
	pair.Sign(again, body, time.Unix(stamp, 0))
	g.Expect(got.Get(contract.HeaderAuthorization)).To(Equal(again.Header.Get(contract.HeaderAuthorization)), "the edited header is what is signed")

	reached(t, base, withPair).Send(t.Context(), target.Request{Body: body, Edit: edit, Sign: func(r *http.Request) {
		g.Expect(r.Header.Get("Content-Type")).To(Equal("text/plain"))
	}})
	g.Expect(got).NotTo(HaveKey(contract.HeaderAuthorization), "Sign stands in for the credentials")

	reached(t, base, func(c *target.Config) { c.Credentials = signing.Credentials{Token: "hush"} }).Send(t.Context(), target.Request{})
	g.Expect(got.Get(contract.HeaderAuthorization)).To(Equal("Bearer hush"))
}

func TestARedirectIsAnAnswer(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var strayed atomic.Bool
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { strayed.Store(true) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{elsewhere, "", "::not a URL::", "/again"} {
			requests := 0
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests++
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			e := reached(t, base, func(c *target.Config) { c.Credentials.Token = "hush" }).Send(t.Context(), target.Request{Body: []byte("{}")})
			g.Expect(e.Err).NotTo(HaveOccurred(), location)
			g.Expect(e.Status()).To(Equal(status))
			g.Expect(requests).To(Equal(1))
		}
	}
	g.Expect(strayed.Load()).To(BeFalse())
}

// refuse answers the first requests as given and all others with success.
func refuse(times int32, answer http.HandlerFunc) http.HandlerFunc {
	var seen atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) <= times {
			answer(w, r)
			return
		}
		_, _ = io.WriteString(w, success)
	}
}

func saying(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestSendWaitsWhereItIsPutOff(t *testing.T) {
	t.Parallel()
	tooFast := fmt.Sprintf(`{"requestId":"T","code":%q,"message":"m"}`, contract.TooFast.Code)
	unavailable := fmt.Sprintf(`{"requestId":"T","code":%q,"message":"m"}`, contract.Unavailable.Code)
	for name, answer := range map[string]http.HandlerFunc{
		"429":                     saying(429, tooFast),
		"429 of a limiter":        saying(429, "<html>slow down</html>"),
		"429 without a body":      saying(429, ""),
		"the code under 400":      saying(400, tooFast),
		"503":                     saying(503, unavailable),
		"Retry-After seconds":     saying(429, tooFast, "Retry-After", "1"),
		"Retry-After zero":        saying(429, tooFast, "Retry-After", "0"),
		"Retry-After below zero":  saying(429, tooFast, "Retry-After", "-5"),
		"Retry-After in the past": saying(429, tooFast, "Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),
		"Retry-After nonsense":    saying(429, tooFast, "Retry-After", "soon"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			implementation := reached(t, serve(t, refuse(2, answer)))
			e := implementation.Send(t.Context(), target.Request{})
			g.Expect(e.Err).NotTo(HaveOccurred())
			g.Expect(e.Status()).To(Equal(http.StatusOK))
			g.Expect(e.Attempts).To(Equal(3))
			g.Expect(e.Asked).To(BeTemporally(">", e.Started))
			usage := implementation.Usage()
			g.Expect(usage.Exchanges).To(Equal(1))
			g.Expect(usage.Waits).To(Equal(2))
			g.Expect(usage.Waited).To(BeNumerically(">", 0))
			g.Expect(string(e.Raw())).To(Equal(success), "nothing is left of the earlier answers")
		})
	}
}

func TestRetryAfterIsKeptFromTheSecondWaitOn(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{
		"seconds": "3000", "date": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat),
		"huge": strings.Repeat("9", 40), "far in the future": "Fri, 31 Dec 9999 23:59:59 GMT",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serve(t, saying(429, "", "Retry-After", after)), patient(40*time.Minute)).Send(t.Context(), target.Request{})
			g.Expect(e.Err).To(MatchError(target.ErrPatience))
			g.Expect(e.Attempts).To(Equal(2))
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	e := reached(t, serve(t, saying(429, "")), patient(300*time.Millisecond)).Send(t.Context(), target.Request{})
	g.Expect(e.Err).To(MatchError(target.ErrPatience))
	g.Expect(e.Status()).To(BeZero())
	g.Expect(e.Answer().Status).To(BeZero())
}

func TestOtherFailuresAreOutcomes(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"503 with another code":            saying(503, `{"code":"INTERNAL_SERVER_ERROR"}`),
		"503 without a body":               saying(503, ""),
		"503 with a page":                  saying(503, "<html></html>"),
		"503 with the member misspelled":   saying(503, fmt.Sprintf(`{"Code":%q}`, contract.Unavailable.Code)),
		"500 with the code of another 503": saying(500, fmt.Sprintf(`{"code":%q}`, contract.Unavailable.Code)),
		"400 with the member misspelled":   saying(400, fmt.Sprintf(`{"CODE":%q}`, contract.TooFast.Code)),
		"200 with the code":                saying(200, fmt.Sprintf(`{"code":%q}`, contract.TooFast.Code)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			implementation := reached(t, serve(t, answer))
			e := implementation.Send(t.Context(), target.Request{})
			g.Expect(e.Err).NotTo(HaveOccurred())
			g.Expect(e.Attempts).To(Equal(1))
			g.Expect(implementation.Usage().Waits).To(BeZero())
		})
	}
}

// hang answers nothing until the client goes away.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // or net/http would not notice
	<-r.Context().Done()
}

func TestNoCompleteAnswerInTime(t *testing.T) {
	t.Parallel()
	half := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"requestId":`)
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	}
	for name, answer := range map[string]http.HandlerFunc{"nothing": hang, "half": half} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serve(t, answer), within(50*time.Millisecond)).Send(t.Context(), target.Request{})
			g.Expect(e.Err).To(MatchError(target.ErrTimeout))
			g.Expect(e.Unreachable).To(BeFalse())
			g.Expect(e.Status()).To(BeZero())
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
		g.Expect(err).NotTo(HaveOccurred())
		t.Cleanup(func() { _ = listener.Close() })
		e := reached(t, "https://"+listener.Addr().String(), within(50*time.Millisecond)).Send(t.Context(), target.Request{})
		g.Expect(e.Err).To(MatchError(target.ErrTimeout))
	})
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	forever := func(text string) func(io.Writer) {
		return func(w io.Writer) {
			for {
				if _, err := io.WriteString(w, strings.Repeat(text, 1000)); err != nil {
					return
				}
			}
		}
	}
	then := func(head string, rest func(io.Writer)) func(io.Writer) {
		return func(w io.Writer) {
			_, _ = io.WriteString(w, head)
			rest(w)
		}
	}
	nothing := func(io.Writer) {}
	for name, c := range map[string]struct {
		speak func(io.Writer)
		says  string
	}{
		"closed":          {nothing, "closed before the answer was complete"},
		"garbage":         {then("\x16\x03 what?\r\n\r\n", nothing), "malformed"},
		"truncated":       {then("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", nothing), "closed before the answer was complete"},
		"broken chunk":    {then("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", nothing), "closed before the answer was complete"},
		"no gzip":         {then("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", nothing), ""},
		"endless body":    {then("HTTP/1.1 200 OK\r\n\r\n", forever("x")), "longer than 1048576 bytes"},
		"endless headers": {then("HTTP/1.1 200 OK\r\n", forever("X-More: and more\r\n")), "headers exceeded"},
		"endless garbage": {forever("x"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serveBytes(t, c.speak)).Send(t.Context(), target.Request{Body: []byte("{}")})
			g.Expect(e.Err).To(MatchError(ContainSubstring(c.says)))
			g.Expect(e.Err).NotTo(MatchError(target.ErrTimeout))
			g.Expect(e.Unreachable).To(BeFalse())
			g.Expect(e.Status()).To(BeZero())
			g.Expect(len(e.Raw())).To(BeNumerically("<=", 1<<20))
		})
	}
}

func TestSwitchingProtocolsDoesNotHang(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	release := make(chan struct{})
	base := serveBytes(t, func(w io.Writer) {
		_, _ = io.WriteString(w, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		<-release
	})
	e := reached(t, base).Send(t.Context(), target.Request{})
	close(release)
	g.Expect(e.Status()).To(Equal(http.StatusSwitchingProtocols))
}

func TestAnswersInEveryTransferForm(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = io.WriteString(writer, success)
	_ = writer.Close()
	length := fmt.Sprintf("Content-Length: %d\r\n", len(success))
	for name, answer := range map[string]string{
		"plain":                    "HTTP/1.1 200 OK\r\n" + length + "\r\n" + success,
		"HTTP/1.0":                 "HTTP/1.0 200 OK\r\n\r\n" + success,
		"closed without saying so": "HTTP/1.1 200 OK\r\n\r\n" + success,
		"chunked":                  fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\n\r\n", 3, success[:3], len(success)-3, success[3:]),
		"gzip":                     fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s", packed.Len(), packed.String()),
		"after a hint":             "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n" + length + "\r\n" + success,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			e := reached(t, serveBytes(t, func(w io.Writer) { _, _ = io.WriteString(w, answer) })).Send(t.Context(), target.Request{Body: []byte("{}")})
			g.Expect(e.Err).NotTo(HaveOccurred())
			g.Expect(e.Status()).To(Equal(http.StatusOK))
			g.Expect(string(e.Raw())).To(Equal(success))
		})
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	e := reached(t, "http://"+listener.Addr().String()).Send(t.Context(), target.Request{})
	g.Expect(e.Unreachable).To(BeTrue())
	g.Expect(e.Err).To(HaveOccurred())
	g.Expect(e.Answer().Status).To(BeZero())
}

func TestTheEndOfTheContextEndsAnExchange(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"while it is asked": hang, "while it waits": saying(429, "", "Retry-After", "3000"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var requests atomic.Int32
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				// The second request comes after the first wait, and is followed by one of an hour.
				if requests.Add(1) == 2 || name == "while it is asked" {
					cancel()
				}
				answer(w, r)
			})
			e := reached(t, base, patient(2*time.Hour)).Send(ctx, target.Request{})
			g.Expect(ctx.Err()).To(HaveOccurred())
			g.Expect(errors.Is(e.Err, target.ErrPatience)).To(BeFalse())
			g.Expect(e.Ended).NotTo(BeZero())
		})
	}
}

func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	for name, credentials := range map[string]signing.Credentials{"pair": {KeyID: "key-id", Secret: "hush"}, "token": {Token: "hush"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var sent string
			base := serve(t, func(_ http.ResponseWriter, r *http.Request) { sent = r.Header.Get(contract.HeaderAuthorization) })
			e := reached(t, base, func(c *target.Config) { c.Credentials = credentials }).Send(t.Context(), target.Request{})
			g.Expect(sent).NotTo(BeEmpty())
			g.Expect(e.Sent.Values(contract.HeaderAuthorization)).To(Equal([]string{target.Redacted}))
			g.Expect(fmt.Sprintf("%+v %s", e, e.Curl())).NotTo(Or(ContainSubstring(sent), ContainSubstring("hush"), ContainSubstring("Signature=")))
		})
	}
}

// TestATargetIsPrintedWithoutItsCredentials, by a panic or a log of whoever holds one.
func TestATargetIsPrintedWithoutItsCredentials(t *testing.T) {
	t.Parallel()
	implementation := reached(t, "http://127.0.0.1:1", func(c *target.Config) {
		c.Credentials = signing.Credentials{KeyID: "hush-id", Secret: "hush", Token: "hush-token"}
	})
	for _, holder := range []any{implementation, struct{ held *target.Target }{implementation}, &struct{ held any }{implementation}} {
		for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %x", holder, holder, holder, holder, holder), format.Object(holder, 0)} {
			NewWithT(t).Expect(strings.Contains(shown, "hush") || strings.Contains(shown, fmt.Sprintf("%x", "hush"))).To(BeFalse(), shown)
		}
	}
}

// TestSignaturesAreTold before they can be repeated.
func TestSignaturesAreTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := redact.New()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get(contract.HeaderAuthorization))
	})
	implementation := reached(t, base, func(c *target.Config) {
		c.Redact, c.Credentials = r, signing.Credentials{KeyID: "key-id", Secret: "hush"}
	})
	other := signing.Credentials{KeyID: "key-id", Secret: "not hush"}
	for _, request := range []target.Request{{}, {Sign: func(r *http.Request) { other.Sign(r, nil, time.Now()) }}} {
		e := implementation.Send(t.Context(), request)
		g.Expect(string(e.Raw())).To(MatchRegexp("Signature=[0-9a-f]{64}$"))
		g.Expect(r.Replace(string(e.Raw()))).To(HaveSuffix(" Signature=" + redact.Mark))
	}
}

func TestManyExchangesAtOnce(t *testing.T) {
	t.Parallel()
	const n = 40
	g := NewWithT(t)
	var mu sync.Mutex
	seen := map[int]string{}
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	implementation := reached(t, base, func(c *target.Config) {
		c.Observe = func(e *target.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			seen[e.Seq] = string(e.Raw())
		}
	})
	var tasks sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		tasks.Go(func() {
			e := implementation.Send(t.Context(), target.Request{Body: fmt.Append(nil, i)})
			if string(e.Raw()) != strconv.Itoa(i) {
				errs[i] = fmt.Errorf("%d got %q: %w", i, e.Raw(), e.Err)
			}
		})
	}
	tasks.Wait()
	g.Expect(errors.Join(errs...)).NotTo(HaveOccurred())
	g.Expect(seen).To(HaveLen(n), "each is observed before Send returns, under a number of its own")
	for seq := range n {
		g.Expect(seen).To(HaveKey(seq + 1))
	}
	g.Expect(implementation.Usage().Exchanges).To(Equal(n))
}
