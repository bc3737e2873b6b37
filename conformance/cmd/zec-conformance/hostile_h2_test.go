package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// framed is a request to a hostile target that speaks HTTP/2, and the frames that it may write.
type framed struct {
	*http2.Framer
	stream uint32
	number int64 // of the request, from 1
	body   []byte
	mock   *mock.Service
}

// header encodes a header.
func header(fields ...string) []byte {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for i := 0; i < len(fields); i += 2 {
		_ = encoder.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]}) // to memory
	}
	return block.Bytes()
}

func (f *framed) begin(last bool, fields ...string) {
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: f.stream, BlockFragment: header(fields...), EndHeaders: last})
}

// pass gives the right answer.
func (f *framed) pass() {
	request := httptest.NewRequest(http.MethodPost, contract.Path, bytes.NewReader(f.body))
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, contract.Action)
	answer := httptest.NewRecorder()
	f.mock.ServeHTTP(answer, request)
	f.begin(true, ":status", fmt.Sprint(answer.Code), "content-type", contract.ContentType)
	_ = f.WriteData(f.stream, true, answer.Body.Bytes())
}

// again writes frames until nobody reads them.
func again(write func() error) {
	for write() == nil {
	}
}

// framedHostilities are all the ways, by name.
func framedHostilities() map[string]func(*framed) {
	const many = 1000 // frames that are written at once
	from9 := func(do func(*framed)) func(*framed) {
		return func(f *framed) {
			if f.number < 9 {
				f.pass()
			} else {
				do(f)
			}
		}
	}
	withdraw := func(code http2.ErrCode) func(*framed) {
		return func(f *framed) { _ = f.WriteRSTStream(f.stream, code) }
	}
	return map[string]func(*framed){
		"never answers":                     func(*framed) {},
		"never answers from the 9th on":     from9(func(*framed) {}),
		"withdraws every stream":            withdraw(http2.ErrCodeCancel),
		"withdraws streams from the 9th on": from9(withdraw(http2.ErrCodeInternal)),
		"refuses every stream":              withdraw(http2.ErrCodeRefusedStream),
		"withdraws in the body": func(f *framed) {
			f.begin(true, ":status", "200", "content-type", contract.ContentType)
			_ = f.WriteData(f.stream, false, []byte("{"))
			_ = f.WriteRSTStream(f.stream, http2.ErrCodeCancel)
		},
		"goes away at each request": func(f *framed) { _ = f.WriteGoAway(0, http2.ErrCodeNo, []byte(evil)) },
		"goes away with an error":   func(f *framed) { _ = f.WriteGoAway(f.stream, http2.ErrCodeEnhanceYourCalm, []byte(evil)) },
		"goes away from the 9th on": from9(func(f *framed) { _ = f.WriteGoAway(0, http2.ErrCodeNo, nil) }),
		"a header without end": func(f *framed) {
			f.begin(false, ":status", "200")
			more := header("x-a", strings.Repeat("b", 1000))
			again(func() error { return f.WriteContinuation(f.stream, false, more) })
		},
		"a header without end or fields": func(f *framed) {
			f.begin(false, ":status", "200")
			again(func() error { return f.WriteContinuation(f.stream, false, nil) })
		},
		"status 103 without end": func(f *framed) {
			again(func() error {
				f.begin(true, ":status", "103", "link", "</a>")
				return f.WritePing(false, [8]byte{})
			})
		},
		"a body without end": func(f *framed) {
			f.begin(true, ":status", "200", "content-type", contract.ContentType)
			again(func() error { return f.WriteData(f.stream, false, make([]byte, 16<<10)) })
		},
		"a body without end or bytes": func(f *framed) {
			f.begin(true, ":status", "200", "content-type", contract.ContentType)
			again(func() error { return f.WriteData(f.stream, false, nil) })
		},
		"trailers again and again": func(f *framed) {
			f.begin(true, ":status", "200", "content-type", contract.ContentType)
			again(func() error {
				f.begin(true, "x-a", "b")
				return f.WritePing(false, [8]byte{})
			})
		},
		"pings without end":    func(f *framed) { again(func() error { return f.WritePing(false, [8]byte{1}) }) },
		"settings without end": func(f *framed) { again(func() error { return f.WriteSettings() }) },
		"a window too wide": func(f *framed) {
			for range many {
				_ = f.WriteWindowUpdate(0, 1<<31-1)
			}
		},
		"promises": func(f *framed) {
			_ = f.WritePushPromise(http2.PushPromiseParam{StreamID: f.stream, PromiseID: 2, BlockFragment: header(":status", "200"), EndHeaders: true})
		},
		"frames of no kind": func(f *framed) {
			again(func() error { return f.WriteRawFrame(0xee, 0xff, f.stream, make([]byte, 1000)) })
		},
		"a frame too long": func(f *framed) {
			again(func() error { return f.WriteRawFrame(http2.FrameData, 0, f.stream, make([]byte, 1<<24-1)) })
		},
		"commands in the header": func(f *framed) {
			f.begin(true, ":status", "200", "content-type", "::error::##vso[x]\x1b[2J\u202e", "x-a", "##vso[x]\u009b")
			_ = f.WriteData(f.stream, true, []byte(evil))
		},
	}
}

// speak reads requests, and has each answered.
func speak(connection net.Conn, number *atomic.Int64, m *mock.Service, do func(*framed)) {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(connection, preface); err != nil {
		return
	}
	framer := http2.NewFramer(connection, connection)
	framer.AllowIllegalWrites = true
	if framer.WriteSettings() != nil {
		return
	}
	bodies := map[uint32][]byte{}
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			return
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if !frame.IsAck() {
				_ = framer.WriteSettingsAck()
			}
		case *http2.DataFrame:
			stream := frame.StreamID
			bodies[stream] = append(bodies[stream], frame.Data()...)
			if frame.StreamEnded() {
				do(&framed{Framer: framer, stream: stream, number: number.Add(1), body: bodies[stream], mock: m})
				delete(bodies, stream)
			}
		}
	}
}

// TestHostileTargetsThatSpeakHTTP2 is TestHostileTargets for what only that protocol has.
func TestHostileTargetsThatSpeakHTTP2(t *testing.T) {
	t.Parallel()
	certificate, file := certified(t)
	for name, do := range framedHostilities() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mock.NewService()
			bed := httptest.NewServer(m)
			t.Cleanup(bed.Close)
			listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"h2"}})
			if err != nil {
				t.Fatal(err)
			}
			var number atomic.Int64
			serveConnections(t, listener, func(connection net.Conn) { speak(connection, &number, m, do) })
			survives(t, "--endpoint", "https://"+listener.Addr().String(), "--cacert", file, "--testbed", bed.URL+mock.TestbedPath)
		})
	}
}
