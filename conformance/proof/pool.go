package proof

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Pool has jobs done by other processes: Ginkgo carries out one suite at a time in a process, and a suite that dies must
// not take the proof with it.
type Pool struct {
	Workers int
	Timeout time.Duration // for one job
	// Command starts a process that serves as a worker: see Work.
	Command func(ctx context.Context) *exec.Cmd
}

// Do has all jobs done, and calls done for each as soon as it is, never twice at once. It returns early when ctx ends.
func (p Pool) Do(ctx context.Context, jobs []Job, done func(Run)) {
	queue := make(chan Job)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range p.Workers {
		workers.Go(func() {
			w := &worker{pool: p}
			defer w.stop()
			for job := range queue {
				run := w.do(ctx, job)
				mu.Lock()
				done(run)
				mu.Unlock()
			}
		})
	}
	for _, job := range jobs {
		if ctx.Err() != nil {
			break
		}
		select {
		case queue <- job:
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
}

// worker is a process that does one job after the other, and a new one after it has failed.
type worker struct {
	pool    Pool
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// do has one job done. A worker that fails, or takes too long, is ended: that is no verdict.
func (w *worker) do(ctx context.Context, job Job) Run {
	run := Run{Job: job, Verdict: report.CouldNotRun}
	if w.command == nil {
		if err := w.start(ctx); err != nil {
			run.Reason = "no worker: " + err.Error()
			return run
		}
	}
	process := w.command.Process                                          // stop may be done with the command by then
	late := time.AfterFunc(w.pool.Timeout, func() { _ = process.Kill() }) // if it lives no more, all the better
	err := w.exchange(job, &run)
	if !late.Stop() {
		err = fmt.Errorf("no verdict within %s", w.pool.Timeout)
	}
	if err != nil {
		run = Run{Job: job, Verdict: report.CouldNotRun, Reason: err.Error()}
		w.stop()
	}
	return run
}

func (w *worker) start(ctx context.Context) error {
	command := w.pool.Command(ctx)
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	w.command, w.in, w.out = command, in, bufio.NewScanner(out)
	const longest = 1 << 20 // bytes of one run
	w.out.Buffer(nil, longest)
	return nil
}

func (w *worker) exchange(job Job, run *Run) error {
	if err := json.NewEncoder(w.in).Encode(job); err != nil {
		return fmt.Errorf("the worker takes no job: %w", err)
	}
	if !w.out.Scan() {
		return errors.Join(errors.New("the worker died"), w.out.Err())
	}
	return json.Unmarshal(w.out.Bytes(), run)
}

func (w *worker) stop() {
	if w.command == nil {
		return
	}
	_ = w.in.Close() // what matters is that it ends
	_ = w.command.Process.Kill()
	_ = w.command.Wait()
	w.command = nil
}

// Work is what a worker does: it reads a job a line and writes a run a line, until there are no more.
func Work(ctx context.Context, in io.Reader, out io.Writer) error {
	jobs, runs := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var job Job
		if err := jobs.Decode(&job); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := runs.Encode(Do(ctx, job)); err != nil {
			return err
		}
	}
}
