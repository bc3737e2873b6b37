package testbed

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// The bounds of a program's end, and of what is told of it.
const (
	grace     = 2 * time.Second        // to end by itself, when it is to
	lastWords = 500 * time.Millisecond // for what it had written when it ended

	mostErrors = 4 << 10 // bytes of standard error that are kept, the last ones
	mostLines  = 8       // of them that are told
	mostQuoted = 1000    // bytes of one line of standard output that are told
)

// maxLine is how many bytes of one answer are read. Answers come one at a time.
const maxLine = 8 << 20

// program is a child process that answers each line on its standard input by one on its standard output, in order. It is
// started once, and when it fails in any way, it has failed for good: nobody could tell what its next line answers.
type program struct {
	timeout time.Duration
	process *os.Process

	queries chan *query   // to the writer
	failed  chan struct{} // closed when there is a cause to end
	ended   chan struct{} // closed when it has been ended
	err     error         // why; set before ended is closed

	mu      sync.Mutex
	cause   error
	due     []*query // that are, or are being, written, in the order in which their answers have to come
	since   time.Time
	overdue *time.Timer
}

// query is one line, and what its answer is waited for with.
type query struct {
	line   []byte
	answer chan reply // has room, so that an answer which nobody waits for any more keeps nobody waiting
}

// reply is a JSON object.
type reply map[string]json.RawMessage

var (
	errHungUp = errors.New("closed its standard input or output")
	errClosed = errors.New("has been ended, since the run is over")
)

// start starts a program by the shell. Each of its answers may take as long as timeout.
func start(command string, timeout time.Duration) (*program, error) {
	c := exec.Command("sh", "-c", command)
	inGroup(c)
	in, inErr := c.StdinPipe()
	out, outErr := c.StdoutPipe()
	errs, errsErr := c.StderrPipe()
	err := errors.Join(inErr, outErr, errsErr)
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("the testbed program cannot be started: %w", err)
	}
	p := &program{
		timeout: timeout, process: c.Process,
		queries: make(chan *query), failed: make(chan struct{}), ended: make(chan struct{}),
	}
	p.overdue = time.AfterFunc(timeout, p.late)
	var words tail
	// Each pipe has a goroutine of its own, so that none of them is ever full for want of another.
	go p.write(in)
	read := do(func() { p.read(out) })
	drained := do(func() { _, _ = io.Copy(&words, errs) })
	go func() {
		how := p.end(in)
		within(lastWords, read)
		within(lastWords, drained)
		_, _ = out.Close(), errs.Close() // a process that has left the group may hold the other ends open
		<-drained
		p.err = p.obituary(how, words.text())
		close(p.ended)
	}()
	return p, nil
}

// end waits for a reason to end the program, ends it with all that it started, and tells how it ended if it did so by
// itself. (exec.Cmd's own Wait would throw away what is still in the pipes.)
func (p *program) end(in io.Closer) string {
	var state *os.ProcessState
	exited := do(func() { state, _ = p.process.Wait() })
	select {
	case <-exited:
		p.fail(errHungUp)
	case <-p.failed:
	}
	_ = in.Close()
	byItself := within(grace, exited)
	killGroup(p.process)
	if !within(grace, exited) || !byItself || state == nil {
		return ""
	}
	return state.String()
}

// obituary says why the program has been ended, how it ended if it did so by itself, and its last words.
func (p *program) obituary(how, words string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.overdue.Stop()
	what := p.cause.Error()
	switch {
	case how == "":
	case errors.Is(p.cause, errHungUp):
		what = "ended (" + how + ")"
	default:
		what += ", and ended (" + how + ")"
	}
	return errors.New("the testbed program " + what + words)
}

// close ends the program, whatever it does.
func (p *program) close() {
	p.fail(errClosed)
	<-p.ended
}

// fail gives the cause to end. That the pipes are closed is the poorest one: any other tells more.
func (p *program) fail(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cause == nil {
		close(p.failed)
	}
	if p.cause == nil || errors.Is(p.cause, errHungUp) {
		p.cause = cause
	}
}

// ask has the program answer a line. When ctx ends before the answer comes, ask returns, and the answer is dropped.
func (p *program) ask(ctx context.Context, line []byte) (reply, error) {
	if ctx.Err() != nil { // the select would toss a coin
		return nil, context.Cause(ctx)
	}
	q := &query{line, make(chan reply, 1)}
	select {
	case p.queries <- q:
	case <-p.ended:
		return nil, p.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case answer := <-q.answer:
		return answer, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-p.ended:
	}
	select {
	case answer := <-q.answer: // among its last words
		return answer, nil
	default:
		return nil, p.err
	}
}

func (p *program) write(in io.Writer) {
	for {
		select {
		case q := <-p.queries:
			p.mu.Lock()
			if p.due = append(p.due, q); len(p.due) == 1 {
				p.expect()
			}
			p.mu.Unlock()
			if _, err := in.Write(q.line); err != nil {
				p.fail(errHungUp)
				return
			}
		case <-p.failed:
			return
		}
	}
}

func (p *program) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if err := p.deliver(lines.Bytes()); err != nil {
			p.fail(err)
			return
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		p.fail(fmt.Errorf("wrote a line that is longer than %d bytes", maxLine))
	} else {
		p.fail(errHungUp)
	}
}

// deliver gives an answer to whoever waits for it.
func (p *program) deliver(line []byte) error {
	answer, err := parseReply(line)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.due) == 0 {
		return fmt.Errorf("wrote a line that nobody asked for: %s", whole(line))
	}
	p.due[0].answer <- answer
	if p.due = p.due[1:]; len(p.due) > 0 {
		p.expect()
	}
	return nil
}

func parseReply(line []byte) (reply, error) {
	var answer reply
	if err := json.Unmarshal(line, &answer); err != nil || answer == nil {
		return nil, fmt.Errorf("wrote a line that is no JSON object: %s", whole(line))
	}
	return answer, nil
}

// expect has the time for the next answer begin. The mutex is held.
func (p *program) expect() {
	p.since = time.Now()
	p.overdue.Reset(p.timeout)
}

// late ends the program if the next answer is overdue.
func (p *program) late() {
	p.mu.Lock()
	var asked []byte
	if p.cause == nil && len(p.due) > 0 && time.Since(p.since) >= p.timeout {
		asked = bytes.TrimSpace(p.due[0].line)
	}
	p.mu.Unlock()
	if asked != nil {
		p.fail(fmt.Errorf("did not answer %s within %s (is every line flushed as it is written?)", whole(asked), p.timeout))
	}
}

// whole gives a text as a whole or not at all: a part of a secret would not be recognized as one.
func whole(text []byte) string {
	if len(text) > mostQuoted {
		return fmt.Sprintf("%d bytes, too many to show", len(text))
	}
	return string(text)
}

// tail keeps the end of what is written to it.
type tail struct {
	kept []byte
	cut  bool // whether something came before
}

func (t *tail) Write(text []byte) (int, error) {
	t.kept = append(t.kept, text...)
	if over := len(t.kept) - mostErrors; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	return len(text), nil
}

// text gives the last lines, each as a whole, for the end of an error's text.
func (t *tail) text() string {
	kept := string(t.kept)
	if t.cut {
		_, kept, _ = strings.Cut(kept, "\n")
	}
	lines := strings.Split(strings.TrimSpace(kept), "\n")
	lines = lines[max(0, len(lines)-mostLines):]
	switch text := strings.Join(lines, "\n"); {
	case text != "":
		return "; the end of its standard error: " + text
	case t.cut:
		return "; its standard error ends in a line that is too long to show"
	}
	return ""
}

// do does something in the background, and closes the channel when it is done.
func do(something func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		something()
	}()
	return done
}

// within waits for something to be done, and tells whether it was in time.
func within(wait time.Duration, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(wait):
		return false
	}
}
