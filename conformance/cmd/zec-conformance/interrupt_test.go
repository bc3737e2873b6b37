package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// patient bounds waits that are over at once unless something is wrong or the machine is busy.
const patient = "30s"

// stuck is an implementation that stops answering after a few requests.
type stuck struct {
	*remembering
	hangs chan struct{}
}

func serveStuck(t *testing.T) *stuck {
	t.Helper()
	const answered = 5
	var asked atomic.Int64
	s := &stuck{hangs: make(chan struct{}, 1)}
	s.remembering = serveRemembering(t, at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if asked.Add(1) <= answered {
			next.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not notice that the caller has gone
		select {
		case s.hangs <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	return s
}

// begun waits until the run hangs in the midst of its checks, and no order for snapshots is on its way any more.
func (s *stuck) begun(g *WithT) {
	g.Eventually(s.hangs, patient).Should(Receive())
	before := 0
	g.Eventually(func() bool {
		now := s.made()
		same := now == before
		before = now
		return same
	}, patient, "30ms").MustPassRepeatedly(10).Should(BeTrue())
}

// interrupted is what every interrupted run has to show.
func (s *stuck) interrupted(g *WithT, got outcome) {
	got.complaint(g)
	g.Expect(got.out).NotTo(ContainSubstring("goroutine "))
	g.Expect(got.out).To(MatchRegexp(`(?m)^\d+ checks: \d+ done, \d+ skipped, \d+ not reached; \d+ exchanges`))
	g.Expect(last(got.out)).To(Equal("verdict: could not run"))
	g.Expect(s.made()).NotTo(BeZero())
	g.Expect(s.left()).To(BeEmpty())
}

// start runs the command in a process of its own.
func start(g *WithT, out, errs io.Writer, args ...string) (*exec.Cmd, chan error) {
	return launch(g, exec.Command(os.Args[0], args...), out, errs)
}

// launch runs a program in which the test binary acts as the command.
func launch(g *WithT, command *exec.Cmd, out, errs io.Writer, environment ...string) (*exec.Cmd, chan error) {
	command.Env = append(append(os.Environ(), asCommand+"=1"), environment...)
	command.Stdout, command.Stderr = out, errs
	g.Expect(command.Start()).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	return command, ended
}

func TestASignalEndsARun(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			target := serveStuck(t)
			var out, errs bytes.Buffer
			command, ended := start(g, &out, &errs, append([]string{"run", "--quiet"}, target.flags()...)...)
			target.begun(g)
			g.Expect(command.Process.Signal(signal)).To(Succeed())
			g.Eventually(ended, patient).Should(Receive())
			target.interrupted(g, outcome{command.ProcessState.ExitCode(), out.String(), errs.String()})
		})
	}
}

func TestTheEndOfItsContextEndsARun(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serveStuck(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out, errs bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, append([]string{"run", "--quiet"}, target.flags()...), variables{}.lookup, &out, &errs)
	}()
	target.begun(g)
	cancel()
	var status int
	g.Eventually(ended, patient).Should(Receive(&status))
	target.interrupted(g, outcome{status, out.String(), errs.String()})
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	status := Run(ctx, append([]string{"run", "--quiet"}, target.flags()...), variables{}.lookup, &out, &errs)
	outcome{status, out.String(), errs.String()}.complaint(g)
	g.Expect(target.requests.Load()).To(BeZero())
}

func TestTheMockServesUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	out, in, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	defer out.Close()
	var errs bytes.Buffer
	command, ended := start(g, in, &errs, "mock", "--addr", "127.0.0.1:0")
	g.Expect(in.Close()).To(Succeed())
	first, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(first).To(MatchRegexp(`^http://127\.0\.0\.1:\d+\n$`))
	url := strings.TrimSuffix(first, "\n")

	got := judge(t, nil, "--endpoint", url, "--testbed", url+mock.TestbedPath, "--label-filter", "REQ-1")
	g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.err)

	// A request that has begun when the signal comes still gets its answer.
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	g.Expect(err).NotTo(HaveOccurred())
	defer connection.Close()
	_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: mock\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"+
		"Content-Type: %s\r\n%s: %s\r\n\r\n", contract.Path, contract.ContentType, contract.HeaderAction, contract.Action)
	g.Expect(err).NotTo(HaveOccurred())
	answers := bufio.NewReader(connection)
	g.Expect(answers.ReadString('\n')).To(HavePrefix("HTTP/1.1 100 ")) // it waits for the body
	g.Expect(answers.ReadString('\n')).To(Equal("\r\n"))
	g.Expect(command.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Eventually(func() error {
		probe, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			_ = probe.Close()
		}
		return err
	}, patient).Should(HaveOccurred())
	_, err = connection.Write([]byte("{}"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answers.ReadString('\n')).To(HavePrefix("HTTP/1.1 400 "))

	g.Eventually(ended, patient).Should(Receive(BeNil()))
	g.Expect(errs.String()).NotTo(ContainSubstring("goroutine "))
}
