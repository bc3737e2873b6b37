package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

const (
	orders   = "POST " + mock.TestbedPath + "/snapshots"
	releases = "DELETE " + mock.TestbedPath + "/snapshots/"
)

// lazy is how long a testbed takes that takes its time.
const lazy = 30 * time.Millisecond

// slow has a testbed take its time.
func slow(by time.Duration) middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if by > 0 && r.URL.Path != contract.Path {
				<-time.After(by)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// counting calls back with every request, and how many there have been.
func counting(now func(request int64)) middleware {
	var requests atomic.Int64
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now(requests.Add(1))
			next.ServeHTTP(w, r)
		})
	}
}

// process is a run in a process of its own, with a place of its own for its ledger.
type process struct {
	command   *exec.Cmd
	ended     chan error
	state     string // the folder
	out, errs bytes.Buffer
}

func running(t *testing.T, g *WithT, target *served, args ...string) *process {
	t.Helper()
	p := &process{state: t.TempDir()}
	args = target.flags(append([]string{"--effort", "quick", "--linger", "0"}, args...)...)
	p.command, p.ended = launch(g, exec.Command(os.Args[0], append([]string{"run"}, args...)...), &p.out, &p.errs, "XDG_STATE_HOME="+p.state)
	t.Cleanup(func() { _ = p.command.Process.Kill() }) // as a rule it has ended
	return p
}

func (p *process) end(g *WithT) outcome {
	g.Eventually(p.ended, patient).Should(Receive())
	return outcome{p.command.ProcessState.ExitCode(), p.out.String(), p.errs.String()}
}

func (p *process) ledgers(g *WithT) []string {
	found, err := filepath.Glob(filepath.Join(p.state, "zec-conformance", "*"))
	g.Expect(err).NotTo(HaveOccurred())
	return found
}

// clean calls clean for what the process left.
func (p *process) clean(t *testing.T, args ...string) outcome {
	t.Helper()
	return call(t, variables{"XDG_STATE_HOME": p.state}, append([]string{"clean"}, args...)...)
}

// moments draws numbers of requests at which something is to happen to a run: always the same few, or as many others as an
// environment variable asks for.
func moments(few int) []int64 {
	const last = 3000 // requests: a quick run has more
	seed := uint64(1)
	if more, err := strconv.Atoi(os.Getenv("ZEC_CONFORMANCE_TEST_MOMENTS")); err == nil {
		few, seed = more, rand.Uint64()
	}
	chance := rand.New(rand.NewPCG(seed, 0))
	moments := make([]int64, few)
	for i := range moments {
		moments[i] = 1 + int64(float64(last)*chance.Float64()*chance.Float64()) // the beginning is where most is under way
	}
	return moments
}

func TestAnInterruptAtAnyMomentLeavesNothing(t *testing.T) {
	t.Parallel()
	for i, moment := range moments(12) {
		delay := time.Duration(i%2) * lazy
		signal := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}[i%3]
		t.Run(fmt.Sprintf("%d %s %s", moment, delay, signal), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			reached := make(chan struct{})
			target := serveRemembering(t, slow(delay), counting(func(request int64) {
				if request == moment {
					close(reached)
				}
			}))
			run := running(t, g, target.served, "--quiet")
			g.Eventually(reached, patient).Should(BeClosed())
			g.Expect(run.command.Process.Signal(signal)).To(Succeed())
			got := run.end(g)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring("the run was interrupted: " + signal.String()))
			g.Expect(got.out).NotTo(ContainSubstring("goroutine "))
			g.Expect(target.left()).To(BeEmpty())
			g.Expect(run.ledgers(g)).To(BeEmpty())
		})
	}
}

func TestAKilledRunIsCleanedUpAfter(t *testing.T) {
	t.Parallel()
	for i, moment := range moments(6) {
		delay := time.Duration(i%2) * lazy
		t.Run(fmt.Sprintf("%d %s", moment, delay), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			reached := make(chan struct{})
			target := serveRemembering(t, slow(delay), counting(func(request int64) {
				if request == moment+2 { // by then the first order has gone out
					close(reached)
				}
			}))
			run := running(t, g, target.served, "--quiet")
			g.Eventually(reached, patient).Should(BeClosed())
			g.Expect(run.command.Process.Kill()).To(Succeed())
			run.end(g)
			target.busy.Wait()
			left := target.left()
			g.Expect(run.ledgers(g)).To(HaveLen(1))

			listed := run.clean(t)
			g.Expect(listed.status).To(BeZero(), listed.err)
			g.Expect(target.left()).To(Equal(left), "nothing is deleted without --yes")
			told := 0
			for _, order := range regexp.MustCompile(`an order for (\d+) in state [A-Z_]+ brought no ids`).FindAllStringSubmatch(listed.out, -1) {
				count, _ := strconv.Atoi(order[1])
				told += count
			}
			cleaned := run.clean(t, "--yes")
			g.Expect(cleaned.status).To(BeZero(), cleaned.err)
			g.Expect(len(target.left())).To(BeNumerically("<=", told), "more is left than orders without an answer made")
			for _, id := range left {
				g.Expect(bytes.Contains([]byte(cleaned.out), []byte(id+" "))).To(Equal(!there(target, id)), id)
			}
			g.Expect(run.ledgers(g)).To(BeEmpty())
			g.Expect(run.clean(t).out).To(Equal("no run has left anything\n"))
		})
	}
}

func there(target *remembering, id string) bool {
	_, there := target.mock.State(id)
	return there
}

// held holds requests up until it is let go, or their caller is gone.
type held struct {
	came  chan struct{}
	letGo chan struct{}
}

func hold(prefix string, after int64) (*held, middleware) {
	h := &held{came: make(chan struct{}, 1), letGo: make(chan struct{})}
	var requests atomic.Int64
	return h, at(prefix, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if requests.Add(1) > after {
			body, _ := io.ReadAll(r.Body) // until then the server does not notice that the caller has gone
			r.Body = io.NopCloser(bytes.NewReader(body))
			select {
			case h.came <- struct{}{}:
			default:
			}
			select {
			case <-h.letGo:
			case <-r.Context().Done():
			}
		}
		next.ServeHTTP(w, r)
	})
}

// removal finds the command that a summary gives to remove what is left.
func removal(g *WithT, out string) (args []string) {
	found := regexp.MustCompile(`(?m)^remove what is left: zec-conformance clean --ledger '([^']+)' --yes$`).FindStringSubmatch(out)
	g.Expect(found).NotTo(BeNil(), out)
	return []string{"clean", "--ledger", found[1], "--yes"}
}

func TestTheSecondInterruptEndsARunAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	h, holding := hold(releases, 0)
	reached := make(chan struct{})
	target := serveRemembering(t, holding, counting(func(request int64) {
		if request == 300 {
			close(reached)
		}
	}))
	run := running(t, g, target.served)
	g.Eventually(reached, patient).Should(BeClosed())
	g.Expect(run.command.Process.Signal(syscall.SIGINT)).To(Succeed())
	g.Eventually(h.came, patient).Should(Receive())
	g.Consistently(run.ended, "200ms").ShouldNot(Receive(), "it waits for what it has made to be released")
	again := time.Now()
	g.Expect(run.command.Process.Signal(syscall.SIGINT)).To(Succeed())
	got := run.end(g)
	g.Expect(time.Since(again)).To(BeNumerically("<", 5*time.Second)) // far less where the machine is not busy
	g.Expect(got.status).To(Equal(2))
	g.Expect(got.err).To(MatchRegexp(`(?m)^interrupted: releasing \d+ snapshots; interrupt again to stop at once$`))
	g.Expect(last(got.out)).To(Equal("verdict: could not run"))
	close(h.letGo)
	target.busy.Wait()
	g.Expect(target.made()).To(BeNumerically(">", 0))
	for _, id := range target.left() {
		g.Expect(got.out).To(ContainSubstring(id), "a snapshot is left, and not told of")
	}
	cleaned := call(t, nil, removal(g, got.out)...)
	g.Expect(cleaned.status).To(BeZero(), cleaned.err)
	g.Expect(target.left()).To(BeEmpty())
	g.Expect(run.ledgers(g)).To(BeEmpty())
}

func TestOrdersWithoutAnAnswerAreTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	h, holding := hold(orders, 8)
	target := serveRemembering(t, holding)
	run := running(t, g, target.served, "--quiet")
	g.Eventually(h.came, patient).Should(Receive())
	g.Expect(run.command.Process.Signal(syscall.SIGTERM)).To(Succeed())
	g.Consistently(run.ended, "200ms").ShouldNot(Receive(), "it waits for the orders that are under way")
	g.Expect(run.command.Process.Signal(syscall.SIGTERM)).To(Succeed())
	got := run.end(g)
	g.Expect(got.out).To(MatchRegexp(`(?m)^\d orders? for snapshots brought no ids: whether anything was made, nobody knows\n(  \d+ in state [A-Z_]+\n)+`))
	cleaned := call(t, nil, removal(g, got.out)...)
	g.Expect(cleaned.status).To(BeZero(), cleaned.err)
	g.Expect(cleaned.out).To(MatchRegexp(`an order for \d+ in state [A-Z_]+ brought no ids`))
	g.Expect(run.ledgers(g)).To(BeEmpty())
}

func TestARunThatGoesOnIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serveStuck(t)
	run := running(t, g, target.served, "--quiet")
	target.begun(g)
	before := target.left()
	got := run.clean(t, "--yes")
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.out).To(ContainSubstring("is left alone: its run is still going on"))
	g.Expect(target.left()).To(Equal(before))
	g.Expect(run.command.Process.Signal(syscall.SIGINT)).To(Succeed())
	target.interrupted(g, run.end(g))
	g.Expect(run.ledgers(g)).To(BeEmpty())
}

func TestATestbedThatIsLostLeavesACommandToRemoveWhatIsLeft(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var lost atomic.Bool
	target := serveRemembering(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if lost.Load() && r.URL.Path != contract.Path {
				panic(http.ErrAbortHandler)
			}
			next.ServeHTTP(w, r)
		})
	}, counting(func(request int64) {
		if request == 400 {
			lost.Store(true)
		}
	}))
	run := running(t, g, target.served, "--quiet")
	got := run.end(g)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("the testbed cannot be asked"))
	g.Expect(target.left()).NotTo(BeEmpty())
	for _, id := range target.left() {
		g.Expect(got.out).To(Or(ContainSubstring(id), ContainSubstring("brought no ids")))
	}
	args := removal(g, got.out)
	call(t, nil, args...).complaint(g)

	lost.Store(false)
	cleaned := call(t, nil, args...)
	g.Expect(cleaned.status).To(BeZero(), cleaned.err)
	for _, id := range target.left() {
		g.Expect(got.out).NotTo(ContainSubstring(id))
	}
	g.Expect(run.ledgers(g)).To(BeEmpty())
}

// TestNothingIsMadeThatCannotBePutDown has the ledger outgrow what a file may have.
func TestNothingIsMadeThatCannotBePutDown(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no shell to set the limit")
	}
	g := NewWithT(t)
	target := serveRemembering(t)
	state := t.TempDir()
	var out, errs bytes.Buffer
	args := append([]string{"-c", `ulimit -f 8 && exec "$0" "$@"`, os.Args[0], "run", "--quiet"}, target.flags()...)
	command, ended := launch(g, exec.Command("sh", args...), &out, &errs, "XDG_STATE_HOME="+state)
	g.Eventually(ended, patient).Should(Receive())
	got := outcome{command.ProcessState.ExitCode(), out.String(), errs.String()}
	got.complaint(g)
	g.Expect(got.err).To(MatchRegexp(`the ledger ".*" cannot be written \(file too large\), and without it nothing may be made`))
	g.Expect(target.made()).NotTo(BeZero())
	g.Expect(target.left()).To(BeEmpty())
	g.Expect(filepath.Glob(filepath.Join(state, "zec-conformance", "*"))).To(BeEmpty())
}

func TestAReportThatDoesNotFitComesAfterTheRelease(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	g := NewWithT(t)
	target := serveRemembering(t)
	got := judge(t, nil, target.flags("--report", "json=/dev/full", "--label-filter", "ERR-1")...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring("no space left on device"))
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(target.left()).To(BeEmpty())
}

// finder is a testbed that knows what runs have left.
type finder struct {
	testbed.Bed
	found    []testbed.Leftover
	refuses  string // the id of one that cannot be released
	released []string
}

func (f *finder) Leftovers(context.Context) ([]testbed.Leftover, error) { return f.found, nil }

func (f *finder) Release(_ context.Context, id string) error {
	if id == f.refuses {
		return errors.New("it is in use")
	}
	f.released = append(f.released, id)
	return nil
}

func TestATestbedTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	found := []testbed.Leftover{{ID: "snap-1", Name: "run-1", State: contract.Normal, Created: "2026-11-25T10:00:00Z"}}
	ask := func(f *finder, yes bool) (string, error) {
		var out bytes.Buffer
		err := (&command{out: &out}).askWhatIsLeft(t.Context(), f, yes)
		return out.String(), err
	}
	f := &finder{found: found}
	out, err := ask(f, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(Equal("  snap-1 NORMAL run-1 2026-11-25T10:00:00Z\n  1 left; --yes deletes them\n"))
	g.Expect(f.released).To(BeEmpty())

	out, err = ask(f, true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(Equal("  snap-1 NORMAL run-1 2026-11-25T10:00:00Z deleted\n"))
	g.Expect(f.released).To(Equal([]string{"snap-1"}))

	out, err = ask(&finder{found: append(found, testbed.Leftover{ID: "snap-\x1b[2J"}), refuses: "snap-1"}, true)
	g.Expect(err).To(MatchError("1 of 2 snapshots could not be deleted: it is in use"))
	g.Expect(out).To(ContainSubstring("snap-1 NORMAL run-1 2026-11-25T10:00:00Z could not be deleted\n"))
	g.Expect(out).NotTo(ContainSubstring("\x1b"))

	out, err = ask(&finder{}, true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out).To(Equal("  nothing is left\n"))
}

// TestWhatALedgerAloneTells has ledgers about which nothing can be asked, or need be.
func TestWhatALedgerAloneTells(t *testing.T) {
	t.Parallel()
	const order = `{"number":1,"order":{"state":"NORMAL","count":64}}` + "\n"
	for name, c := range map[string]struct {
		ledger string
		yes    bool
		says   string
		fails  string
		stays  bool
	}{
		"an order": {
			ledger: `{"version":1,"endpoint":"http://h","testbed":"http://t"}` + "\n" + order,
			says:   "  an order for 64 in state NORMAL brought no ids: whether it made any, the testbed alone knows\n", stays: true,
		},
		"an order, of a testbed that can be asked": {
			ledger: `{"version":1,"endpoint":"http://h","testbed":"zec:d'1"}` + "\n" + order,
			says:   `  ask it: zec-conformance clean --endpoint 'http://h' --testbed 'zec:d'\''1'` + "\n", stays: true,
		},
		"an order, told for the last time": {
			ledger: `{"version":1,"endpoint":"http://h","testbed":"http://t"}` + "\n" + order, yes: true, says: "brought no ids",
		},
		"nothing": {
			ledger: `{"version":1,"endpoint":"http://h","testbed":"http://t"}` + "\n" + order + `{"number":1}` + "\n", says: "  nothing is left\n",
		},
		"a testbed in Go": {
			ledger: `{"version":1,"endpoint":"http://h","testbed":""}` + "\n" + order + `{"number":1,"made":["snap-1"]}` + "\n",
			yes:    true, fails: "is of a run whose testbed was in Go", stays: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "ledger.jsonl")
			g.Expect(os.WriteFile(path, []byte(c.ledger), 0o600)).To(Succeed())
			args := []string{"clean", "--ledger", path}
			if c.yes {
				args = append(args, "--yes")
			}
			got := call(t, nil, args...)
			if c.fails != "" {
				got.complaint(g)
				g.Expect(got.err).To(ContainSubstring(c.fails))
			} else {
				g.Expect(got.status).To(BeZero(), got.err)
				g.Expect(got.out).To(ContainSubstring(c.says))
			}
			_, err := os.Stat(path)
			g.Expect(err == nil).To(Equal(c.stays))
		})
	}
}
