package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// asBare makes the test binary behave as a server that does nothing.
const asBare = "ZEC_CONFORMANCE_TEST_AS_BARE"

// beBare serves a handler that reads the body and sends an answer that was made beforehand, until it is killed.
func beBare() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", contract.ContentType)
		_, _ = io.WriteString(w, `{"requestId":"T00000000-0000-4000-8000-000000000000","response":{"requestId":"T00000000-0000-4000-8000-000000000000","snapshotIds":[]}}`)
	})))
}

// BenchmarkBesideBare holds the mock against a handler that does nothing. Each has a process of its own, and they are asked by
// turns, so that whatever else the machine is at troubles both.
func BenchmarkBesideBare(b *testing.B) {
	command := built(b)
	for _, row := range []struct {
		name           string
		requests, each int // of which each names so many ids
		missing        bool
	}{
		{"one", perRound, 1, false},
		{"missing", perRound, 1, true},
		{"batch", perRound / 100, contract.MaxBatch, false},
	} {
		b.Run(row.name, func(b *testing.B) {
			desk, nothing := startBuilt(b, command), startDesktop(b, bareCommand())
			defer desk.stop()
			defer nothing.stop()
			asked, bare := newLoad(b, desk.url), newLoad(b, nothing.url)
			var speed, tail []float64
			for b.Loop() {
				b.StopTimer()
				requests := make([][]byte, row.requests)
				for i := range requests {
					requests[i] = wire("nobodys")
				}
				if !row.missing {
					ids := slices.Chunk(desk.makeAll(row.requests*row.each), row.each)
					requests = requests[:0]
					for batch := range ids {
						requests = append(requests, wire(batch...))
					}
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

func bareCommand() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asBare+"=1")
	return cmd
}

// makeAll is make for more than one order can have.
func (d *desktop) makeAll(count int) (ids []string) {
	for ; count > 0; count -= mock.MaxCount {
		ids = append(ids, d.make(min(count, mock.MaxCount))...)
	}
	return ids
}

// How much is asked for in one round.
const (
	perRound    = 30_000
	connections = 16
)

// load is connections to a server, which are kept.
type load struct {
	b     *testing.B
	conns []*bufio.ReadWriter
}

func newLoad(b *testing.B, url string) *load {
	b.Helper()
	l := &load{b: b}
	for range connections {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
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
				if err := exchangeRaw(conn, requests[j]); err != nil {
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

// exchangeRaw does as little as a client can, so that most of what is measured is the server.
func exchangeRaw(conn *bufio.ReadWriter, request []byte) error {
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
