package target_test

import (
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// serveHTTP2 puts a handler on a loopback port that speaks HTTP/2 alone, with or without TLS, and reaches it there.
func serveHTTP2(t *testing.T, secure bool, streams int, handler http.HandlerFunc) *target.Target {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of connections that were opened in vain
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP2(secure)
	server.Config.Protocols.SetUnencryptedHTTP2(!secure)
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: streams}
	if secure {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return reached(t, server.URL, func(c *target.Config) {
		if secure {
			c.Trust.Roots = x509.NewCertPool()
			c.Trust.Roots.AddCert(server.Certificate())
		} else {
			c.Endpoint = c.Endpoint.HTTP2()
		}
	})
}

// TestManyRequestsAtOnceOverHTTP2, on connections of their own and on shared ones, also where one connection takes one request
// at a time.
func TestManyRequestsAtOnceOverHTTP2(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"over TLS": true, "in plain text": false} {
		// With one stream a connection, who comes while that is not known yet is refused, and asks again a second later.
		for streams, many := range map[int]int{1: 4, 250: 64} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				var at sync.WaitGroup // until all are there, none is answered
				at.Add(many)
				var mu sync.Mutex
				from := map[string]bool{}
				to := serveHTTP2(t, secure, streams, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if r.ProtoMajor != 2 || string(body) != string(valid.Body) {
						w.WriteHeader(http.StatusTeapot)
						return
					}
					mu.Lock()
					from[r.RemoteAddr] = true
					mu.Unlock()
					at.Done()
					at.Wait()
					_, _ = io.WriteString(w, success)
				})
				all := func(request target.Request) {
					var tasks sync.WaitGroup
					for range many {
						tasks.Go(func() {
							e := to.Send(t.Context(), request)
							g.Expect(e.Err).NotTo(HaveOccurred())
							g.Expect(e.Status()).To(Equal(http.StatusOK))
						})
					}
					tasks.Wait()
				}
				all(target.Request{Body: valid.Body})
				g.Expect(from).To(HaveLen(many), "each has a connection of its own")
				at.Add(many)
				all(valid)
			})
		}
	}
}

// framed speaks HTTP/2 frame by frame: answer is called for each request, once its body has come, with its connection's
// framer and the number of its stream.
func framed(t *testing.T, answer func(framer *http2.Framer, connection net.Conn, stream uint32)) *target.Target {
	t.Helper()
	base := serveConnections(t, func(connection net.Conn) {
		if _, err := io.ReadFull(connection, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		framer := http2.NewFramer(connection, connection)
		_ = framer.WriteSettings()
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if settings, ok := frame.(*http2.SettingsFrame); ok && !settings.IsAck() {
				_ = framer.WriteSettingsAck()
			}
			if data, ok := frame.(*http2.DataFrame); ok && data.StreamEnded() {
				answer(framer, connection, data.StreamID)
			}
		}
	})
	return reached(t, base, func(c *target.Config) { c.Endpoint = c.Endpoint.HTTP2() })
}

// header spells the header of an answer.
func header(fields ...string) []byte {
	var block strings.Builder
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return []byte(block.String())
}

func fine(framer *http2.Framer, stream uint32) {
	_ = framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: stream, BlockFragment: header(":status", "200", "content-type", "application/json"), EndHeaders: true,
	})
	_ = framer.WriteData(stream, true, []byte(success))
}

// TestWhatHTTP2CanDoToAnExchange ends an exchange, not the run: the next one is answered.
func TestWhatHTTP2CanDoToAnExchange(t *testing.T) {
	t.Parallel()
	flood := strings.Repeat("x", 1<<10)
	for name, deed := range map[string]func(framer *http2.Framer, connection net.Conn, stream uint32){
		"a stream is reset": func(framer *http2.Framer, _ net.Conn, stream uint32) {
			_ = framer.WriteRSTStream(stream, http2.ErrCodeInternal)
		},
		"a stream is reset in the midst of its answer": func(framer *http2.Framer, _ net.Conn, stream uint32) {
			_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: header(":status", "200"), EndHeaders: true})
			_ = framer.WriteData(stream, false, []byte(success[:10]))
			_ = framer.WriteRSTStream(stream, http2.ErrCodeInternal)
		},
		"the connection is given up for an error": func(framer *http2.Framer, connection net.Conn, stream uint32) {
			_ = framer.WriteGoAway(stream, http2.ErrCodeInternal, []byte("\x1b[2J"))
			_ = connection.Close()
		},
		"a frame that is none": func(_ *http2.Framer, connection net.Conn, _ uint32) {
			_, _ = connection.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		},
		"an answer on a stream of nobody": func(framer *http2.Framer, _ net.Conn, stream uint32) {
			fine(framer, stream+2)
		},
		"a header without a status": func(framer *http2.Framer, _ net.Conn, stream uint32) {
			_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: header("x", "y"), EndHeaders: true, EndStream: true})
		},
		"a header flood": func(framer *http2.Framer, _ net.Conn, stream uint32) {
			_ = framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: header(":status", "200")})
			for range 1 << 10 {
				if framer.WriteContinuation(stream, false, header("x-flood", flood)) != nil {
					return
				}
			}
			_ = framer.WriteContinuation(stream, true, nil)
		},
	} {
		for _, reuse := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				var good atomic.Bool
				to := framed(t, func(framer *http2.Framer, connection net.Conn, stream uint32) {
					if good.Load() {
						fine(framer, stream)
					} else {
						deed(framer, connection, stream)
					}
				})
				request := target.Request{Body: valid.Body, Reuse: reuse}
				e := to.Send(t.Context(), request)
				g.Expect(e.Err).To(HaveOccurred())
				g.Expect(e.Unreachable).To(BeFalse())
				good.Store(true)
				again := to.Send(t.Context(), request)
				g.Expect(again.Err).NotTo(HaveOccurred())
				g.Expect(again.Status()).To(Equal(http.StatusOK))
			})
		}
	}
}

// TestAConnectionMayBeGivenUpBetweenRequests: an implementation that says goodbye to a connection after some requests is as
// good as any.
func TestAConnectionMayBeGivenUpBetweenRequests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	to := framed(t, func(framer *http2.Framer, _ net.Conn, stream uint32) {
		fine(framer, stream)
		if stream > 3 {
			_ = framer.WriteGoAway(stream, http2.ErrCodeNo, nil)
		}
	})
	for range 20 {
		g.Expect(to.Send(t.Context(), valid).Err).NotTo(HaveOccurred())
	}
}

// TestHTTP2IsNotSpokenUnasked: where TLS offers it, it is spoken, and in plain text it has to be asked for.
func TestHTTP2IsNotSpokenUnasked(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var proto string
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { proto = r.Proto })
	g.Expect(reached(t, base).Send(t.Context(), valid).Err).NotTo(HaveOccurred())
	g.Expect(proto).To(Equal("HTTP/1.1"))
	e := reached(t, base, func(c *target.Config) { c.Endpoint = c.Endpoint.HTTP2() }).Send(t.Context(), valid)
	g.Expect(e.Err).To(HaveOccurred(), "a server that does not speak it")
}
