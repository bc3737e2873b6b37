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
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// patient bounds waits that are over at once unless something is wrong or the machine is busy.
const patient = "30s"

// slow is an implementation that takes its time, tells when it has been asked something, and knows what there is.
type slow struct {
	*served
	asked chan struct{}

	mu    sync.Mutex
	mock  *mock.Mock
	there []string
}

func serveSlow(t *testing.T) *slow {
	t.Helper()
	s := &slow{asked: make(chan struct{}, 1000), mock: mock.New()}
	s.served = serve(t, func(http.Handler) http.Handler { return s.mock }, handing(func(ids []string) any {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.there = append(s.there, ids...)
		return ids
	}), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// A caller that has gone is not served any more: nobody would learn of snapshots made for it.
			select {
			case <-time.After(100 * time.Millisecond):
			case <-r.Context().Done():
				return
			}
			if r.URL.Path == contract.Path {
				s.asked <- struct{}{}
			}
			next.ServeHTTP(w, r)
		})
	})
	return s
}

// left gives the snapshots that are there still.
func (s *slow) left() (left []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.there {
		if _, there := s.mock.State(id); there {
			left = append(left, id)
		}
	}
	return left
}

// begun waits until the run is in the midst of its checks.
func (s *slow) begun(g *WithT) {
	for range 5 {
		g.Eventually(s.asked, patient).Should(Receive())
	}
}

// interrupted is what every interrupted run has to show.
func (s *slow) interrupted(g *WithT, got outcome) {
	got.complaint(g)
	g.Expect(got.out).NotTo(ContainSubstring("goroutine "))
	g.Expect(got.out).To(MatchRegexp(`(?m)^\d+ checks: \d+ done, \d+ skipped, \d+ not reached; \d+ exchanges`))
	g.Expect(last(got.out)).To(Equal("verdict: could not run"))
	g.Expect(s.left()).To(BeEmpty(), "snapshots are left: "+got.out)
}

// start runs the command in a process of its own.
func start(g *WithT, out, errs io.Writer, args ...string) (*exec.Cmd, chan error) {
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asCommand+"=1")
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
			target := serveSlow(t)
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
	target := serveSlow(t)
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
