package mock_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// BenchmarkBesideBare holds the mock against a handler that does nothing: it reads the body and sends an answer that was
// made beforehand. Both are served in the same way and asked over the same connections by turns, so that whatever else the
// machine is at troubles both.
func BenchmarkBesideBare(b *testing.B) {
	for _, row := range []struct {
		name    string
		request func(m *mock.Service) []byte
	}{
		{"one", func(m *mock.Service) []byte { return wire(m.Create(contract.Normal, 1)...) }},
		{"missing", func(*mock.Service) []byte { return wire(missing) }},
		{"batch", func(m *mock.Service) []byte { return wire(m.Create(contract.Normal, contract.MaxBatch)...) }},
	} {
		b.Run(row.name, func(b *testing.B) {
			service := mock.NewService()
			asked, bare := newLoad(b, service), newLoad(b, http.HandlerFunc(envelope))
			var speed, tail []float64
			for b.Loop() {
				b.StopTimer()
				requests := make([][]byte, perRound)
				for i := range requests {
					requests[i] = row.request(service)
				}
				b.StartTimer()
				own, its := asked.send(requests), bare.send(requests)
				speed = append(speed, float64(its.took)/float64(own.took))
				tail = append(tail, float64(own.tail)/float64(its.tail))
			}
			b.ReportMetric(median(speed), "of-bare-requests/s")
			b.ReportMetric(median(tail), "of-bare-p99")
		})
	}
}

// envelope is the bare handler.
func envelope(w http.ResponseWriter, r *http.Request) {
	_, _ = io.ReadAll(r.Body)
	w.Header().Set("Content-Type", contract.ContentType)
	_, _ = io.WriteString(w, `{"requestId":"T00000000-0000-4000-8000-000000000000","response":{"requestId":"T00000000-0000-4000-8000-000000000000","snapshotIds":[]}}`)
}

// How much is asked for in one round.
const (
	perRound    = 4000
	connections = 8
)

// load is a handler's server with connections to it, which are kept.
type load struct {
	b     *testing.B
	conns []*bufio.ReadWriter
}

func newLoad(b *testing.B, handler http.Handler) *load {
	b.Helper()
	server, err := mock.Serve("127.0.0.1:0", handler)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Close() })
	l := &load{b: b}
	for range connections {
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL(), "http://"))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = conn.Close() })
		l.conns = append(l.conns, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)))
	}
	return l
}

// round is what a number of requests took.
type round struct{ took, tail time.Duration }

// send shares the requests among the connections and waits for all answers.
func (l *load) send(requests [][]byte) round {
	waits := make([]time.Duration, len(requests))
	share := (len(requests) + len(l.conns) - 1) / len(l.conns)
	began := time.Now()
	var done sync.WaitGroup
	for i, conn := range l.conns {
		done.Go(func() {
			for j := i * share; j < min((i+1)*share, len(requests)); j++ {
				asked := time.Now()
				if err := exchange(conn, requests[j]); err != nil {
					l.b.Error(err)
					return
				}
				waits[j] = time.Since(asked)
			}
		})
	}
	done.Wait()
	took := time.Since(began)
	slices.Sort(waits)
	return round{took, waits[len(waits)*99/100]}
}

// exchange does as little as a client can, so that most of what is measured is the server.
func exchange(conn *bufio.ReadWriter, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	if err := conn.Flush(); err != nil {
		return err
	}
	length := 0
	for {
		line, err := conn.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			_, err := conn.Discard(length)
			return err
		}
		if digits, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(digits)); err != nil {
				return err
			}
		}
	}
}

// wire is a request as it is sent.
func wire(ids ...string) []byte {
	body, _ := json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids}) // strings always encode
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: %s\r\n%s: %s\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		contract.Path, contract.ContentType, contract.HeaderAction, contract.Action, contract.HeaderVersion, contract.Version, len(body), body)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
