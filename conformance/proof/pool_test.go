package proof_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// asWorker makes the test binary behave as a worker, of one of these kinds.
const (
	asWorker = "PROOF_TEST_AS_WORKER"

	genuine = "genuine" // does its jobs
	pretend = "pretend" // does what a job's name says
)

func TestMain(m *testing.M) {
	switch os.Getenv(asWorker) {
	case genuine:
		if err := proof.Work(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case pretend:
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			play(in.Bytes())
		}
	default:
		os.Exit(m.Run())
	}
}

// play answers with the worker's process id, unless the job is to go wrong.
func play(line []byte) {
	var job proof.Job
	if err := json.Unmarshal(line, &job); err != nil {
		os.Exit(1)
	}
	switch job.Name {
	case "dies":
		os.Exit(1)
	case "hangs":
		<-time.After(time.Hour)
	case "babbles":
		fmt.Println("PASS")
	default:
		_ = json.NewEncoder(os.Stdout).Encode(proof.Run{Job: job, Verdict: report.Conformant, Reason: fmt.Sprint(os.Getpid())}) // the test sees it
	}
}

const ample = time.Minute // for what takes no time

func pool(kind string, workers int, timeout time.Duration) proof.Pool {
	return proof.Pool{Workers: workers, Timeout: timeout, Command: func(ctx context.Context) *exec.Cmd {
		command := exec.CommandContext(ctx, os.Args[0])
		command.Env = append(os.Environ(), asWorker+"="+kind)
		return command
	}}
}

func jobs(names ...string) []proof.Job {
	var jobs []proof.Job
	for i, name := range names {
		jobs = append(jobs, proof.Job{Name: name, Seed: int64(i)})
	}
	return jobs
}

// do gives the runs in the order in which they were done.
func do(ctx context.Context, pool proof.Pool, jobs []proof.Job) []proof.Run {
	var runs []proof.Run
	pool.Do(ctx, jobs, func(run proof.Run) { runs = append(runs, run) }) // the race detector tells if that is done twice at once
	return runs
}

func TestEveryJobIsDoneOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	all := jobs(strings.Fields(strings.Repeat("fine ", 20))...)

	runs := do(t.Context(), pool(pretend, 3, ample), all)

	var done []proof.Job
	workers := map[string]bool{}
	for _, run := range runs {
		g.Expect(run.Verdict).To(Equal(report.Conformant))
		done = append(done, run.Job)
		workers[run.Reason] = true
	}
	g.Expect(done).To(ConsistOf(all))
	g.Expect(len(workers)).To(BeNumerically("<=", 3), "a worker does one job after the other")
}

// TestAWorkerThatFailsCostsOneJob: the jobs around that one are done, those after it by a new worker.
func TestAWorkerThatFailsCostsOneJob(t *testing.T) {
	t.Parallel()
	for name, reason := range map[string]string{"dies": "the worker died", "babbles": "invalid character"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			runs := do(t.Context(), pool(pretend, 1, ample), jobs("before", "before", name, "after", "after"))

			g.Expect(runs).To(HaveLen(5))
			failed := runs[2]
			g.Expect(failed.Job).To(Equal(proof.Job{Name: name, Seed: 2}))
			g.Expect(failed.Verdict).To(Equal(report.CouldNotRun))
			g.Expect(failed.Reason).To(ContainSubstring(reason))
			for _, i := range []int{0, 1, 3, 4} {
				g.Expect(runs[i].Verdict).To(Equal(report.Conformant), runs[i].Name)
			}
			g.Expect(runs[0].Reason).To(Equal(runs[1].Reason), "one worker")
			g.Expect(runs[3].Reason).To(And(Equal(runs[4].Reason), Not(Equal(runs[0].Reason))), "another")
		})
	}
}

func TestAWorkerThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	hanging := pool(pretend, 1, 200*time.Millisecond)
	var started []*exec.Cmd
	command := hanging.Command
	hanging.Command = func(ctx context.Context) *exec.Cmd {
		started = append(started, command(ctx))
		return started[len(started)-1]
	}

	runs := do(t.Context(), hanging, jobs("hangs", "hangs"))

	g.Expect(runs).To(HaveLen(2))
	g.Expect(started).To(HaveLen(2))
	for i, run := range runs {
		g.Expect(run).To(Equal(proof.Run{
			Job: proof.Job{Name: "hangs", Seed: int64(i)}, Verdict: report.CouldNotRun, Reason: "no verdict within 200ms",
		}))
		g.Expect(started[i].ProcessState).NotTo(BeNil(), "it has ended")
	}
}

func TestTheEndOfAContextEndsAllOfIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	names := append([]string{"hangs", "fine"}, strings.Fields(strings.Repeat("later ", 20))...)

	var runs []proof.Run
	pool(pretend, 2, time.Hour).Do(ctx, jobs(names...), func(run proof.Run) {
		runs = append(runs, run)
		cancel() // with the first that is done, which cannot be the one that hangs
	})

	g.Expect(runs[0].Name).To(Equal("fine"))
	g.Expect(runs[1:]).To(ContainElement(And(HaveField("Name", "hangs"), HaveField("Verdict", report.CouldNotRun))))
	g.Expect(len(runs)).To(BeNumerically("<=", 3), "one more may have been given out meanwhile")

	g.Expect(do(ctx, pool(pretend, 2, time.Hour), jobs("fine"))).To(BeEmpty(), "nothing begins")
}

// TestNoWorkerIsNoVerdict: every job says so, whether there is no such program or it cannot be talked to.
func TestNoWorkerIsNoVerdict(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]*exec.Cmd{
		"no program": {Path: "/there/is/no/such/program"},
		"no pipe in": {Path: os.Args[0], Stdin: strings.NewReader("")},
		"none out":   {Path: os.Args[0], Stdout: &bytes.Buffer{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			none := proof.Pool{Workers: 1, Timeout: ample, Command: func(context.Context) *exec.Cmd {
				again := *command
				return &again
			}}
			runs := do(t.Context(), none, jobs("fine", "fine"))
			g.Expect(runs).To(HaveLen(2))
			for _, run := range runs {
				g.Expect(run.Verdict).To(Equal(report.CouldNotRun))
				g.Expect(run.Reason).To(HavePrefix("no worker: "))
			}
		})
	}
}

// TestAGenuineWorkerJudges: what it found comes back whole.
func TestAGenuineWorkerJudges(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	runs := do(t.Context(), pool(genuine, 1, ample), []proof.Job{
		{Name: "nobody", Seed: 1},
		{Name: "says-it-in-chinese", Seed: 2, Filter: "ERR-1"},
		{Name: "says-it-in-chinese", Seed: 3, Filter: "ERR-1 ||"},
		{Name: "missing-is-invalid", Seed: 4, Rare: &proof.Rare{OneIn: 1, Effort: "quick"}},
		{Name: "nothing-rare", Seed: 5, Rare: &proof.Rare{OneIn: 1, Effort: "quick"}},
	})

	g.Expect(runs).To(HaveLen(5))
	g.Expect(runs[0].Verdict).To(Equal(report.CouldNotRun))
	g.Expect(runs[0].Reason).To(Equal("there is no mutant and no twin of this name"))
	g.Expect(runs[1].Job).To(Equal(proof.Job{Name: "says-it-in-chinese", Seed: 2, Filter: "ERR-1"}))
	g.Expect(runs[1].Verdict).To(Equal(report.Conformant))
	g.Expect(runs[1].Broken).To(BeEmpty())
	g.Expect(runs[1].Seconds).To(BeNumerically(">", 0))
	g.Expect(runs[2].Verdict).To(Equal(report.CouldNotRun))
	g.Expect(runs[2].Reason).To(ContainSubstring("cannot be read"))
	g.Expect(runs[3].Broken).To(HaveKeyWithValue("ERR-1", Not(BeEmpty())))
	g.Expect(runs[3].Occasions).To(BeNumerically(">", 0))
	g.Expect(runs[4].Reason).To(Equal("there is no rare fault of this name"))
}

func TestWorkEndsWithItsJobs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(proof.Work(t.Context(), strings.NewReader(`{"name":"nobody"}`+"\n"+`{"name":"nobody","seed":2}`), &out)).To(Succeed())
	g.Expect(strings.Count(out.String(), "\n")).To(Equal(2), "a run a line")
	g.Expect(proof.Work(t.Context(), strings.NewReader("no job"), &out)).NotTo(Succeed())
}
