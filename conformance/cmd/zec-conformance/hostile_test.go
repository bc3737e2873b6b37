package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// measured has every hostile target judged with default flags, and holds each run to what is promised of it. Without it,
// nobody is waited for as long as by default, and few checks are carried out.
var measured = os.Getenv("ZEC_CONFORMANCE_HOSTILE") != ""

// What a run with default flags takes at the most, whatever it meets.
const (
	longestRun = time.Minute
	mostMemory = 256 << 20 // bytes
)

// asked is one request to a hostile target, which may write what it likes to the connection.
type asked struct {
	net.Conn
	request *http.Request
	body    []byte
	number  int64 // of the request, from 1
	mock    *mock.Service
	last    *atomic.Pointer[httptest.ResponseRecorder] // the right answer to the request before
}

// hostility is what a target does with a request.
type hostility func(*asked)

// right gives the right answer.
func (a *asked) right() *httptest.ResponseRecorder {
	a.request.Body = io.NopCloser(bytes.NewReader(a.body))
	answer := httptest.NewRecorder()
	a.mock.ServeHTTP(answer, a.request)
	return answer
}

// answer writes an answer down as net/http would.
func (a *asked) answer(status, header, body string) {
	fmt.Fprintf(a, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n%sContent-Length: %d\r\n\r\n%s", status, header, len(body), body)
}

func (a *asked) pass() {
	answer := a.right()
	a.answer(fmt.Sprint(answer.Code, " ", http.StatusText(answer.Code)), "", answer.Body.String())
}

// say writes bytes, and hangs up.
func say(text string) hostility {
	return func(a *asked) { _, _ = io.WriteString(a, text) }
}

// saying200 answers a body.
func saying200(body string) hostility { return func(a *asked) { a.answer("200 OK", "", body) } }

// forever writes the same bytes until nobody reads them.
func forever(head, again string) hostility {
	again = strings.Repeat(again, max(1, 4096/len(again)))
	return func(a *asked) {
		_, err := io.WriteString(a, head)
		for err == nil {
			_, err = io.WriteString(a, again)
		}
	}
}

// hang never answers.
func hang(a *asked) { _, _ = io.Copy(io.Discard, a.Conn) }

// trickle writes a text and then one byte a second.
func trickle(head, again string) hostility {
	return func(a *asked) {
		_, err := io.WriteString(a, head)
		for i := 0; err == nil; i++ {
			<-time.After(time.Second)
			_, err = a.Write([]byte{again[i%len(again)]})
		}
	}
}

// reset writes a text and resets the connection.
func reset(text string) hostility {
	return func(a *asked) {
		_, _ = io.WriteString(a, text)
		connection := a.Conn
		if secure, is := connection.(*tls.Conn); is {
			connection = secure.NetConn()
		}
		_ = connection.(*net.TCPConn).SetLinger(0)
		_ = connection.Close()
	}
}

// from is hostile from one request on, every to each of so many, and when to those that fit.
func from(number int64, do hostility) hostility {
	return when(func(a *asked) bool { return a.number >= number }, do)
}

func every(nth int64, do hostility) hostility {
	return when(func(a *asked) bool { return a.number%nth == 0 }, do)
}

func when(fits func(*asked) bool, do hostility) hostility {
	return func(a *asked) {
		if fits(a) {
			do(a)
		} else {
			a.pass()
		}
	}
}

// ofABatch tells whether a request names many snapshots.
func ofABatch(a *asked) bool { return bytes.Count(a.body, []byte(",")) > 1 }

// retold changes the right answer's text.
func retold(change func(text string) string) hostility {
	return func(a *asked) {
		answer := a.right()
		a.answer(fmt.Sprint(answer.Code, " OK"), "", change(answer.Body.String()))
	}
}

// zipped compresses a text so many times over, one behind the other.
func zipped(text string, times int) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, text) // to memory
	_ = w.Close()
	return strings.Repeat(packed.String(), times)
}

func nested(open, end string, depth int) string {
	return strings.Repeat(open, depth) + "1" + strings.Repeat(end, depth)
}

// evil is what a terminal, a browser or a CI system would act on.
const evil = "\x1b]0;owned\a\x1b[2J\x1b[1A\u009b2J\u202e\u2066\u200b\r\n::error::owned\n  ::set-output name=a::b\n" +
	"##vso[task.setvariable variable=a]b ##[error]owned ##teamcity[buildStop] \x1b[0Ksection_start:1:a\r\x1b[0K" +
	"<script>alert(1)</script><img src=x onerror=alert(1)>`$(touch owned)`'; touch owned;\nverdict: conformant\n"

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // strings always encode
	return string(encoded)
}

// hostilities are all the ways, by name. What waits for the whole timeout is named so.
func hostilities() map[string]hostility {
	const (
		ok   = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		many = 1_000_000
	)
	var members, ids strings.Builder
	for i := range many {
		fmt.Fprintf(&members, `"member-%d":%d,`, i, i)
		fmt.Fprintf(&ids, `"snap-%032d",`, i)
	}
	listing := func(list string) string {
		return `{"requestId":"T1","response":{"requestId":"T1","snapshotIds":[` + list + `]}}`
	}
	bomb := zipped(strings.Repeat("\x00", 16<<20), 64) // a GiB
	packed := zipped(bomb, 1)
	more := `{"more":` + quoted(strings.Repeat("<\x00", 7000)) + `,`
	zip := "Content-Encoding: gzip\r\n"
	return map[string]hostility{
		"never answers":                       hang,
		"never answers from the 2nd on":       from(2, hang),
		"never answers from the 50th on":      from(50, hang),
		"never answers every 10th":            every(10, hang),
		"never answers batches":               when(ofABatch, hang),
		"one byte of the header a second":     trickle("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"),
		"one byte of the body a second":       trickle(ok+"\r\n", "{"),
		"one byte a second from the 20th on":  from(20, trickle(ok+"\r\n", " ")),
		"resets after a while, from the 9th":  from(9, func(a *asked) { <-time.After(2 * time.Second); reset("")(a) }),
		"a chunked body without end":          forever(ok+"Transfer-Encoding: chunked\r\n\r\n", "1000\r\n"+strings.Repeat("x", 4096)+"\r\n"),
		"a body without end":                  forever(ok+"\r\n{", " "),
		"a body without end, from the 9th":    from(9, forever(ok+"\r\n{", " ")),
		"a body of 2^62 bytes that never end": forever(ok+"Content-Length: 4611686018427387904\r\n\r\n", " "),
		"a length of 2^62 and two bytes":      say(ok + "Content-Length: 4611686018427387904\r\n\r\n{}"),
		"a negative length":                   say(ok + "Content-Length: -5\r\n\r\n{}"),
		"two lengths that differ":             say(ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
		"two lengths that are the same":       say(ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
		"a chunk of 2^60 bytes":               say(ok + "Transfer-Encoding: chunked\r\n\r\n1000000000000000\r\n{}"),
		"a chunk of 2^68 bytes":               say(ok + "Transfer-Encoding: chunked\r\n\r\n100000000000000000\r\n{}"),
		"chunk extensions without end":        forever(ok+"Transfer-Encoding: chunked\r\n\r\n", "1;a=b\r\nx\r\n"),
		"trailers without end":                forever(ok+"Trailer: X-A\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "X-A: b\r\n"),
		"a gzip bomb":                         func(a *asked) { a.answer("200 OK", zip, bomb) },
		"a gzip bomb, from the 9th":           from(9, func(a *asked) { a.answer("200 OK", zip, bomb) }),
		"a gzip bomb in a gzip":               func(a *asked) { a.answer("200 OK", zip, packed) },
		"a gzip bomb in two":                  func(a *asked) { a.answer("200 OK", "Content-Encoding: gzip, gzip\r\n", packed) },
		"no gzip":                             func(a *asked) { a.answer("200 OK", zip, "no") },
		"arrays a million deep":               saying200(strings.Repeat("[", many)),
		"arrays half a million deep":          saying200(nested("[", "]", many/2)),
		"objects a million deep":              saying200(nested(`{"a":`, "}", many)),
		"objects in requestId":                saying200(`{"requestId":` + nested(`{"a":`, "}", many/6) + `}`),
		"arrays in response":                  saying200(`{"requestId":"T1","response":` + nested("[", "]", many/2) + `}`),
		"arrays in code":                      func(a *asked) { a.answer("400 no", "", `{"requestId":"T1","code":`+nested("[", "]", many/2)+`}`) },
		"shallow arrays in everything":        saying200(`{"requestId":` + nested("[", "]", 9000) + `,"response":{"snapshotIds":` + nested("[", "]", 9000) + `}}`),
		"a million members":                   saying200("{" + members.String() + `"a":1}`),
		"a MiB of members":                    saying200("{" + members.String()[:1<<20-100] + `":1}`),
		"a MiB of members, beside the right": retold(func(text string) string {
			return "{" + members.String()[:900_000] + `":1,` + strings.Replace(text[1:], `"T`, `"x`, 1)
		}),
		"one member again and again":        saying200("{" + strings.Repeat(`"requestId":"T1",`, 60_000) + `"a":1}`),
		"a million failed ids":              saying200(listing(strings.TrimSuffix(ids.String(), ","))),
		"a MiB of failed ids":               saying200(listing(strings.Repeat(`"",`, 340_000) + `""`)),
		"a MiB of failed ids, now and then": every(7, saying200(listing(strings.Repeat(`"",`, 340_000)+`""`))),
		"request ids of a MiB": func(a *asked) {
			id := fmt.Sprint(a.number) + strings.Repeat("\\u0000", 80_000)
			a.answer("200 OK", "", fmt.Sprintf(`{"requestId":"%s","response":{"requestId":"%s"}}`, id, id))
		},
		"codes and messages of a MiB": func(a *asked) {
			text := fmt.Sprint(a.number) + strings.Repeat("A", 500_000)
			a.answer("400 no", "", fmt.Sprintf(`{"requestId":"T%d","code":"%s","message":"%s"}`, a.number, text, text))
		},
		"100 KiB with every right answer": retold(func(text string) string {
			return more + strings.Replace(text[1:], `"T`, `"x`, 1)
		}),
		"a TLS hello":                   say("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x07", 500)),
		"an SSH banner":                 say("SSH-2.0-OpenSSH_9.6\r\n"),
		"noise":                         say("\x00\xff\x9b" + strings.Repeat("\xc3\x28\r\n", 4096)),
		"noise without end":             forever("", "\x00\xff\n\x9b"),
		"nothing":                       say(""),
		"nothing, from the 9th on":      from(9, say("")),
		"many header fields":            say(ok + strings.Repeat("X-A: b\r\n", 100_000) + "\r\n{}"),
		"a long header field":           say(ok + "X-A: " + strings.Repeat("b", 10<<20) + "\r\n\r\n{}"),
		"a header as long as it may be": func(a *asked) { a.answer("200 OK", "X-A: "+strings.Repeat("b", 60<<10)+"\r\n", listing("")) },
		"a header without end":          forever(ok, "X-A: b\r\n"),
		"a header field without end":    forever(ok+"X-A: ", "b"),
		"a header's name without end":   forever(ok, "x"),
		"status 100 without end":        forever("", "HTTP/1.1 100 Continue\r\n\r\n"),
		"status 103 without end":        forever("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
		"status 101":                    forever("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", "x"),
		"status 999":                    func(a *asked) { a.answer("999 "+evil[:5], "", listing("")) },
		"a redirect to itself":          func(a *asked) { a.answer("307 go", "Location: "+a.request.URL.Path+"\r\n", listing("")) },
		"a redirect to another host":    func(a *asked) { a.answer("308 go", "Location: http://192.0.2.1/\r\n", listing("")) },
		"a redirect to a file":          func(a *asked) { a.answer("302 go", "Location: file:///etc/passwd\r\n", listing("")) },
		"a redirect to the testbed":     func(a *asked) { a.answer("303 go", "Location: "+mock.TestbedPath+"\r\n", listing("")) },
		"invalid UTF-8": func(a *asked) {
			a.answer("200 \xff\xfe", "X-\xff: \xc3\x28\r\n", "{\"requestId\":\"\xff\",\"response\":{\"requestId\":\"\xff\",\"snapshotIds\":[\"\xed\xa0\x80\"]}}")
		},
		"invalid UTF-8 in the body": saying200("{\"requestId\":\"\xff\",\"response\":{\"requestId\":\"\xff\",\"snapshotIds\":[\"\xed\xa0\x80\"]}}"),
		"commands in a success": func(a *asked) {
			a.answer("200 \x1b[2J::error::no ##vso[x]", "X-##vso[y]: \x1b[2J##vso[x]\u202e\u009b\r\nContent-Type: ::error::##vso[z]\x1b[2J\r\n",
				fmt.Sprintf(`{"requestId":%[1]s,"response":{"requestId":"x","snapshotIds":[%[1]s,%[1]s]}}`, quoted(evil)))
		},
		"commands in a failure": func(a *asked) {
			a.answer("400 ::error::\x1b[2J", "", fmt.Sprintf(`{"requestId":%[1]s,"code":%[1]s,"message":%[1]s}`, quoted(evil)))
		},
		"commands instead of JSON": saying200(evil),
		"commands instead of HTTP": say(evil),
		"commands as a length":     say(ok + "Content-Length: ##vso[x]\x1b[2J\r\n\r\n{}"),
		"another request's answer": func(a *asked) {
			answer := a.right()
			if other := a.last.Swap(answer); other != nil {
				answer = other
			}
			a.answer(fmt.Sprint(answer.Code, " OK"), "", answer.Body.String())
		},
		"more than was asked for":  say(strings.Repeat(ok+"Content-Length: 2\r\n\r\n{}", 1000)),
		"a reset":                  reset(""),
		"a reset in the status":    reset("HTTP/1.1 2"),
		"a reset in the header":    reset(ok),
		"a reset in the body":      reset(ok + "Content-Length: 100\r\n\r\n{"),
		"a reset of every 10th":    every(10, reset("")),
		"half a body of every 3rd": every(3, say(ok+"Content-Length: 100\r\n\r\n{")),
	}
}

// tedious are those that wait for what a flag cannot make shorter, or come too late for a few checks.
func tedious() map[string]hostility {
	return map[string]hostility{
		"never answers from the 500th on": from(500, hang),
		"puts off for ever":               func(a *asked) { a.answer("429 no", "", "{}") },
		"puts off after a long while":     func(a *asked) { <-time.After(20 * time.Second); a.answer("429 no", "Retry-After: 3600\r\n", "{}") },
		"stalls, then resets":             func(a *asked) { <-time.After(20 * time.Second); reset("")(a) },
		"stalls, then resets, from the 9th": from(9, func(a *asked) {
			<-time.After(20 * time.Second)
			reset("")(a)
		}),
		"five seconds, and then nothing": func(a *asked) {
			if a.number > 3 {
				hang(a)
			}
			<-time.After(5 * time.Second)
			a.pass()
		},
	}
}

// serveHostile serves a target that does so with every request, over TLS if there is a configuration for it.
func serveHostile(t *testing.T, m *mock.Service, do hostility) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveConnections(t, listener, func() func(net.Conn) {
		var number atomic.Int64
		var last atomic.Pointer[httptest.ResponseRecorder]
		return func(connection net.Conn) {
			request, err := http.ReadRequest(bufio.NewReader(connection))
			if err != nil {
				return
			}
			a := &asked{Conn: connection, request: request, number: number.Add(1), mock: m, last: &last}
			if a.body, err = io.ReadAll(request.Body); err == nil {
				do(a)
			}
		}
	}())
	return "http://" + listener.Addr().String()
}

func serveConnections(t *testing.T, listener net.Listener, serve func(net.Conn)) {
	t.Helper()
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for connection := range open {
			_ = connection.Close()
		}
	})
	go func() { // until the listener is closed
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open[connection] = true
			mu.Unlock()
			go func() {
				serve(connection)
				_ = connection.Close()
				mu.Lock()
				defer mu.Unlock()
				delete(open, connection)
			}()
		}
	}()
}

// TestHostileTargets has the command judge each, with a right testbed beside it.
func TestHostileTargets(t *testing.T) {
	t.Parallel()
	all := hostilities()
	if measured {
		for name, do := range tedious() {
			all[name] = do
		}
	}
	for name, do := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mock.NewService()
			bed := httptest.NewServer(m)
			t.Cleanup(bed.Close)
			survives(t, "--endpoint", serveHostile(t, m, do), "--testbed", bed.URL+mock.TestbedPath)
		})
	}
}

// TestHostileTestbeds has each say what it should not, beside a right implementation.
func TestHostileTestbeds(t *testing.T) {
	t.Parallel()
	const (
		base   = "GET " + mock.TestbedPath
		looks  = base + "/snapshots/"
		orders = "POST " + mock.TestbedPath + "/snapshots"
	)
	long := strings.Repeat("x", 40<<20)
	for name, bend := range map[string]middleware{
		"commands as states":        at(base, text(200, contract.ContentType, `{"states":["NORMAL",`+quoted(evil)+`]}`)),
		"commands as an error":      at(base, text(500, "text/plain", evil)),
		"commands as a refusal":     at(orders, text(422, contract.ContentType, `{"error":`+quoted(evil)+`}`)),
		"commands as a state":       at(looks, text(200, contract.ContentType, `{"snapshotId":"a","state":`+quoted(evil)+`}`)),
		"commands as ids":           handing(func(ids []string) any { return slices.Repeat([]string{evil}, len(ids)) }),
		"ids that look like some":   handing(func(ids []string) any { return prefixed("::error::##vso[x]", ids) }),
		"ids that look like orders": handing(func(ids []string) any { return prefixed("::error::", ids) }),
		"an answer of 40 MiB":       at(base, text(200, contract.ContentType, long)),
		"an order of 40 MiB":        at(orders, text(201, contract.ContentType, long)),
		"a look of 40 MiB":          at(looks, text(200, contract.ContentType, long)),
		"a million ids":             handing(func([]string) any { return slices.Repeat([]string{"snap"}, 1_000_000) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sound := serve(t, handing(func(ids []string) any { return ids }))
			bent := serve(t, bend)
			survives(t, "--endpoint", sound.URL, "--testbed", bent.URL+mock.TestbedPath)
		})
	}
}

func prefixed(prefix string, ids []string) []string {
	for i := range ids {
		ids[i] = prefix + ids[i]
	}
	return ids
}

// survives runs the command, and holds it to what is promised of every run: a verdict that is none to be proud of, in
// bounded time and memory, and nothing in what it writes that anybody would act on.
func survives(t *testing.T, flags ...string) {
	t.Helper()
	g := NewWithT(t)
	if raced() {
		t.Skip("the race detector takes time and memory of its own: make test has these tests run without it")
	}
	file := filepath.Join(t.TempDir(), "report.json")
	flags = append([]string{"run", "--report", "json=" + file}, flags...)
	if !measured {
		flags = append(flags, "--effort", "quick", "--timeout", "200ms", "--settle", "1s", "--linger", "0", "--label-filter", "BATCH-2 || BATCH-5")
	}
	var out, errs bytes.Buffer
	begun := time.Now()
	command, done := start(g, &out, &errs, flags...)
	var peak int
	for ended := false; !ended; {
		peak = max(peak, resident(command.Process.Pid))
		select {
		case <-done:
			ended = true
		case <-time.After(10 * time.Millisecond):
			if time.Since(begun) > 2*longestRun {
				_ = command.Process.Kill()
				t.Fatalf("the run does not end: %s", errs.String())
			}
		}
	}
	took, status := time.Since(begun), command.ProcessState.ExitCode()
	written, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	if measured {
		busy := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		t.Logf("status %d, %5.1f s (%5.1f s of them busy), %3d MiB, report %5d KiB: %s", status, took.Seconds(), busy.Seconds(), peak>>20, len(written)>>10, last(out.String()))
	}

	g.Expect(status).To(Or(Equal(1), Equal(2)), "%s\n%s", out.String(), errs.String())
	g.Expect(took).To(BeNumerically("<", longestRun))
	g.Expect(peak).To(BeNumerically("<", mostMemory))
	g.Expect(strings.Count(out.String(), "\nverdict: ")).To(Equal(1), out.String())
	g.Expect(lines(errs.String())).NotTo(ContainElement(Not(Or(HavePrefix("zec-conformance: "), MatchRegexp(`^ *\d+\.\d s(, ~\d+ s left)?  `), BeEmpty()))))
	g.Expect(json.Valid(written)).To(BeTrue())
	for _, shown := range []string{out.String(), errs.String(), string(written)} {
		harmless(g, shown)
	}
}

var highest = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// resident is the most memory that a process has had, in bytes, 0 where the system does not tell. What the system tells
// of a process that has ended would do as well, if that of whoever started it were not counted in.
func resident(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	found := highest.FindSubmatch(text)
	if err != nil || found == nil {
		return 0
	}
	kib, _ := strconv.Atoi(string(found[1])) // digits
	return kib << 10
}

var acted = regexp.MustCompile(`(?m)^\s*::|##[A-Za-z]*\[`)

// harmless holds a text to having nothing in it that a terminal or a CI system would act on.
func harmless(g *WithT, text string) {
	g.Expect(acted.FindString(text)).To(BeEmpty())
	at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
	g.Expect(at).To(Equal(-1), "%q", text[max(0, at-20):])
}

// raced tells whether the race detector is at work.
func raced() bool {
	info, known := debug.ReadBuildInfo()
	return !known || slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// certified makes a certificate for a loopback address, and a file that vouches for it.
func certified(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return server.TLS.Certificates[0], file
}
