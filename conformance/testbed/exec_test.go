package testbed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// asProgram makes the test binary a testbed program.
const asProgram = "ZEC_TESTBED_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		beProgram()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beProgram is a testbed program on a mock. It writes each answer at once, however full the pipe.
func beProgram() {
	snapshots := mock.NewService()
	for lines := bufio.NewReader(os.Stdin); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var order struct {
			Verb, State, SnapshotID string
			Count                   int
		}
		if err := json.Unmarshal(line, &order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer := map[string]any{}
		switch state, there := snapshots.State(order.SnapshotID); {
		case order.Verb == "states":
			answer["states"] = contract.States
		case order.Verb == "make":
			answer["snapshotIds"] = snapshots.Create(contract.State(order.State), order.Count)
		case order.Verb == "release":
			snapshots.Release(order.SnapshotID)
		case there:
			answer["snapshotId"], answer["state"] = order.SnapshotID, state
		default:
			answer["gone"], answer["asked"] = true, order.SnapshotID
		}
		text, _ := json.Marshal(answer)
		fmt.Printf("%s\n", text)
	}
}

// program opens a testbed program.
func program(t *testing.T, command string, timeout time.Duration) testbed.Bed {
	t.Helper()
	bed, err := testbed.Open("exec:"+command, testbed.Surroundings{Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bed.(io.Closer).Close() })
	return bed
}

// mockProgram is the command for beProgram.
func mockProgram() string { return fmt.Sprintf("%s=1 exec '%s'", asProgram, os.Args[0]) }

// answering is the command for a program that gives one answer to everything.
func answering(answer string) string {
	return `while read -r line; do printf '%s\n' '` + answer + `'; done`
}

func TestExecAsksAsTheProtocolHasIt(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	log := filepath.Join(t.TempDir(), "log")
	bed := program(t, `while read -r line; do
		printf '%s\n' "$line" >> '`+log+`'
		case $line in
		'{"verb":"states"'*) echo '{"states":["AVAILABLE","FAILED","UPLOADING","NORMAL"]}' ;;
		'{"verb":"make"'*) echo '{"snapshotIds":["a"]}' ;;
		'{"verb":"look"'*) echo '{"snapshotId":"a","state":"AVAILABLE"}' ;;
		*) echo '{}' ;;
		esac
	done`, long)
	states, err := bed.States(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(states).To(Equal([]contract.State{contract.Normal, "FAILED"}))
	ids, err := bed.Make(t.Context(), contract.Normal, 1)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(ids).To(Equal([]string{"a"}))
	sight, err := bed.Look(t.Context(), "a")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(sight).To(Equal(testbed.Sight{ID: "a", State: contract.Normal, Name: "AVAILABLE"}))
	_, err = bed.Look(t.Context(), "")
	g.Expect(err).NotTo(HaveOccurred())
	_, err = bed.Look(t.Context(), "a\n\"<é")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(bed.Release(t.Context(), "a")).To(Succeed())

	text, err := os.ReadFile(log)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(strings.Split(strings.TrimSpace(string(text)), "\n")).To(Equal([]string{
		`{"verb":"states"}`,
		`{"verb":"make","state":"AVAILABLE","count":1}`, // by the name that the program knows
		`{"verb":"look","snapshotId":"a"}`,
		`{"verb":"look","snapshotId":""}`,
		`{"verb":"look","snapshotId":"a\n\"\u003cé"}`,
		`{"verb":"release","snapshotId":"a"}`,
	}))
	_, err = bed.Look(t.Context(), "\xff")
	g.Expect(err).To(MatchError(testbed.ErrWillNotLook), "JSON would hold another text")
}

func TestExecAnswers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for answer, want := range map[string]testbed.Sight{
		`{"gone":true}`: {ID: "a", Gone: true},
		`{"snapshotId":"a","state":"FAILED","gone":false,"error":null}`: {ID: "a", State: "FAILED", Name: "FAILED"},
		`{"snapshotId":"A","state":"UPLOADING","more":1}`:               {ID: "A", State: "UPLOADING", Name: "UPLOADING"},
	} {
		sight, err := program(t, answering(answer), long).Look(t.Context(), "a")
		g.Expect(err).NotTo(HaveOccurred(), answer)
		g.Expect(sight).To(Equal(want), answer)
	}
	_, err := program(t, answering(`{"cannot":"no \"time\""}`), long).Make(t.Context(), contract.Leaving, 1)
	g.Expect(err).To(MatchError(testbed.ErrCannotMake))
	g.Expect(err).To(MatchError(And(ContainSubstring(string(contract.Leaving)), ContainSubstring(`no \"time\"`))))

	// One answer that is wrong does not end the program.
	for name, answers := range map[string][]string{
		"states":  {`{"error":"x"}`, `{"states":"NORMAL"}`, `{"states":[1]}`},
		"make":    {`{"error":{"x":1}}`, `{}`, `{"snapshotIds":[]}`, `{"snapshotIds":["a","b"]}`, `{"snapshotIds":["b c"]}`, `{"SnapshotIds":["a"]}`},
		"look":    {`{"error":""}`, `{}`, `{"state":"NORMAL"}`, `{"snapshotId":"a"}`, `{"gone":"yes"}`, `{"Gone":true}`, `{"cannot":"x"}`},
		"release": {`{"error":"x"}`},
	} {
		for _, answer := range answers {
			bed := program(t, answering(answer), long)
			for range 2 {
				var err error
				switch name {
				case "states":
					_, err = bed.States(t.Context())
				case "make":
					_, err = bed.Make(t.Context(), contract.Normal, 1)
				case "look":
					_, err = bed.Look(t.Context(), "a")
				case "release":
					err = bed.Release(t.Context(), "a")
				}
				g.Expect(err).To(MatchError(ContainSubstring(`answer to {"verb":"`+name+`"`)), answer)
				g.Expect(err).NotTo(MatchError(testbed.ErrCannotMake))
			}
		}
	}
	made, err := program(t, answering(`{"snapshotIds":["a"]}`), long).Make(t.Context(), contract.Normal, 2)
	g.Expect(err).To(HaveOccurred())
	g.Expect(made).To(Equal([]string{"a"}), "what it did make can be released")
}

func TestExecFailsForGood(t *testing.T) {
	t.Parallel()
	programs := map[string][]string{ // a command, and what is said of it
		"not found":         {"no-such-program --x", "ended (exit status 127)", "not found"},
		"no shell text":     {"'", "ended (exit status 2)", "; the end of its standard error: "},
		"ends at once":      {"true", "ended (exit status 0)"},
		"ends with a word":  {"echo oh no >&2; exit 3", "ended (exit status 3); the end of its standard error: oh no"},
		"killed":            {"kill -9 $$", "ended (signal: killed)"},
		"ends when asked":   {"read -r line; exit 4", "ended (exit status 4)"},
		"no JSON":           {"echo ready; cat > /dev/null", "no JSON object: ready", "ended (exit status 0)"},
		"no JSON, and ends": {"echo ready", "no JSON object: ready"},
		"no object":         {answering("[]"), "no JSON object: []"},
		"null":              {answering("null"), "no JSON object: null"},
		"an empty line":     {answering(""), "no JSON object"},
		"half an object":    {`read -r line; printf '{"sta'`, `no JSON object: {"sta`, "ended (exit status 0)"},
		"a long line":       {"head -c 9000000 /dev/zero | tr '\\0' x", "longer than 8388608 bytes"},
		"a line too long to show": {
			"head -c 5000 /dev/zero | tr '\\0' x; echo", "no JSON object: 5000 bytes",
		},
		"no end of lines": {"yes", "no JSON object: y"},
		"answers unasked": {"yes '{}'", "nobody asked for: {}"},
		"dumb":            {"exec >&-; sleep 60", "closed its standard input or output"},
		"a child goes on": {"sleep 60 & exit 5", "ended (exit status 5)"},
		"one that has left": {
			"d=$(mktemp -d); setsid sh -c 'touch '$d'/up; sleep 5' & until [ -e $d/up ]; do sleep 0.01; done; rm -r $d; exit 6",
			"ended (exit status 6)",
		},
	}
	late := map[string][]string{
		"silence": {"sleep 60", `did not answer {"verb":"states"} within 300ms (is every line flushed`},
		"deaf":    {"exec <&-; sleep 60"},
		"slow":    {"while sleep 0.1; do printf '{'; done", "within 300ms"},
	}
	if _, err := exec.LookPath("setsid"); err != nil {
		delete(programs, "one that has left")
	}
	// All at once, since most of them take their time to end.
	beds, failures := make(map[string]testbed.Bed), make(map[string]error)
	var mu sync.Mutex
	var failing sync.WaitGroup
	fail := func(programs map[string][]string, timeout time.Duration) {
		for name, c := range programs {
			bed := program(t, c[0], timeout)
			failing.Go(func() {
				var err error
				for err == nil { // until it does: t.Context ends with the test
					_, err = bed.States(t.Context())
				}
				mu.Lock()
				defer mu.Unlock()
				beds[name], failures[name] = bed, err
			})
		}
	}
	fail(programs, long)
	fail(late, 300*time.Millisecond)
	failing.Wait()
	maps.Copy(programs, late)
	for name, c := range programs {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			bed, err := beds[name], failures[name]
			g.Expect(err).To(MatchError(HavePrefix("the testbed program ")))
			for _, part := range c[1:] {
				g.Expect(err).To(MatchError(ContainSubstring(part)))
			}
			_, again := bed.Look(t.Context(), "a")
			g.Expect(again).To(Equal(err), "it is not started again")
			g.Expect(bed.Release(t.Context(), "a")).To(MatchError(err))
		})
	}
}

func TestExecTellsTheEndOfStandardError(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for script, want := range map[string]string{
		`i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "line $i of many" >&2; done`:             "; the end of its standard error: line 1993 of many\nline 1994",
		`echo start >&2; head -c 100000 /dev/zero | tr '\0' x >&2`:                                "; its standard error ends in a line that is too long to show",
		`head -c 100000 /dev/zero | tr '\0' x >&2; echo >&2; echo a word >&2`:                     "; the end of its standard error: a word",
		`head -c 4000 /dev/zero | tr '\0' x >&2; echo >&2; head -c 300 /dev/zero | tr '\0' y >&2`: "; the end of its standard error: yyy",
	} {
		_, err := program(t, script, long).States(t.Context())
		g.Expect(err).To(MatchError(ContainSubstring(want)))
		g.Expect(err).NotTo(MatchError(ContainSubstring("xx")), "the part of a line")
		g.Expect(strings.Count(err.Error(), "\n")).To(BeNumerically("<", 8))
	}
	// It is read all the time, so that it hinders nobody, and is not shown as long as all is well.
	bed := program(t, `while read -r line; do head -c 300000 /dev/zero >&2; echo '{"gone":true}'; done`, long)
	for range 3 {
		g.Expect(bed.Look(t.Context(), "a")).To(Equal(testbed.Sight{ID: "a", Gone: true}))
	}
}

func TestExecIsUsedByManyAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := program(t, mockProgram(), long)
	_, err := bed.States(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	padding := strings.Repeat("x", 2000) // 256 of these are more than the pipes hold
	failures := make(chan error, 256)
	var users sync.WaitGroup
	for user := range 256 {
		users.Go(func() {
			for round := range 4 {
				failures <- func() error {
					state := contract.States[user%len(contract.States)]
					ids, err := bed.Make(t.Context(), state, 1+user%5)
					if err != nil {
						return err
					}
					for _, id := range ids {
						if sight, err := bed.Look(t.Context(), id); err != nil || sight.ID != id || sight.State != state {
							return fmt.Errorf("%s in %s is shown as %+v: %w", id, state, sight, err)
						}
					}
					if sight, err := bed.Look(t.Context(), fmt.Sprint(padding, user, round)); err != nil || !sight.Gone {
						return fmt.Errorf("shown: %+v, %w", sight, err)
					}
					if err := bed.Release(t.Context(), ids[0]); err != nil {
						return err
					}
					if sight, err := bed.Look(t.Context(), ids[0]); err != nil || !sight.Gone {
						return fmt.Errorf("%s was released and is shown as %+v: %w", ids[0], sight, err)
					}
					return nil
				}()
			}
		})
	}
	go func() { users.Wait(); close(failures) }()
	for err := range failures {
		g.Expect(err).NotTo(HaveOccurred())
	}
}

func TestExecThatDoesNotReadIsLate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := program(t, "sleep 60", 300*time.Millisecond)
	failures := make(chan error)
	for range 50 {
		go func() { failures <- bed.Release(t.Context(), strings.Repeat("x", 5000)) }() // more than the pipe holds
	}
	for range 50 {
		g.Expect(<-failures).To(MatchError(ContainSubstring("did not answer")))
	}
}

func TestExecCallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	bed := program(t, `cd '`+folder+`'
		read -r line; touch asked
		until [ -e go ]; do sleep 0.01; done
		echo '{"snapshotId":"first","state":"FAILED"}'
		`+answering(`{"snapshotId":"later","state":"NORMAL"}`), long)
	reason := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := bed.Look(ctx, "first")
		failed <- err
	}()
	g.Eventually(filepath.Join(folder, "asked"), "30s").Should(BeAnExistingFile())
	cancel(reason)
	g.Eventually(failed, "30s").Should(Receive(MatchError(reason)))
	_, err := bed.Look(ctx, "never asked")
	g.Expect(err).To(MatchError(reason))

	g.Expect(os.WriteFile(filepath.Join(folder, "go"), nil, 0o600)).To(Succeed())
	for range 3 {
		sight, err := bed.Look(t.Context(), "later")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(sight.ID).To(Equal("later"), "the first answer is dropped")
	}
}

// Its own group, so that Ctrl-C at the terminal does not reach it.
func TestExecHasItsOwnGroup(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ids, err := program(t, `while read -r line; do echo '{"snapshotIds":["'$$'"]}'; done`, long).Make(t.Context(), contract.Normal, 1)
	g.Expect(err).NotTo(HaveOccurred())
	var pid int
	fmt.Sscan(ids[0], &pid)
	g.Expect(syscall.Getpgid(pid)).To(Equal(pid))
}

func TestExecCloseLeavesNobodyBehind(t *testing.T) {
	t.Parallel()
	programs := map[string]string{
		"a good one":             answering(`{}`),
		"one with children":      "sleep 300 & (sleep 300 & sleep 300) & " + answering(`{}`),
		"one that ignores all":   "trap '' TERM HUP INT; read -r line; echo '{}'; while :; do sleep 300; done",
		"with deaf children":     "(trap '' TERM HUP INT; while :; do sleep 300; done) & " + answering(`{}`),
		"one that has failed":    "sleep 300 & echo nonsense; sleep 300",
		"one that asks in vain":  "sleep 300 & read -r line; echo '{}'; yes",
		"one that ended, alas":   "sleep 300 & exit 1",
		"one that stops, itself": "read -r line; echo '{}'; kill -STOP $$",
	}
	failures := make(chan error, len(programs))
	for name, script := range programs { // all at once, since some take their time to end
		held := filepath.Join(t.TempDir(), "held")
		if err := syscall.Mkfifo(held, 0o600); err != nil {
			t.Fatal(err)
		}
		bed := program(t, "exec 9> '"+held+"'; "+script, long)
		go func() {
			over := make(chan error, 1)
			go func() { // the pipe is at its end when nobody holds it open any more
				file, err := os.Open(held)
				if err == nil {
					_, err = io.Copy(io.Discard, file)
				}
				over <- err
			}()
			_, _ = bed.States(t.Context()) // fails where the program does
			err := bed.(io.Closer).Close()
			select {
			case ended := <-over:
				err = errors.Join(err, ended)
			case <-time.After(10 * time.Second):
				err = errors.New("somebody is left")
			}
			if _, answered := bed.States(t.Context()); err == nil && answered == nil {
				err = errors.New("it goes on answering")
			}
			if err != nil {
				err = fmt.Errorf("%s: %w", name, err)
			}
			failures <- err
		}()
	}
	for range programs {
		NewWithT(t).Expect(<-failures).To(Succeed())
	}
}

func TestExecIsStartedWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	mark := filepath.Join(t.TempDir(), "mark")
	bed := program(t, "touch '"+mark+"'; "+answering(`{"states":["NORMAL"]}`), long)
	g.Expect(bed.(io.Closer).Close()).To(Succeed())
	_, err := bed.States(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("closed")))
	g.Expect(mark).NotTo(BeAnExistingFile())

	bed = program(t, "echo x >> '"+mark+"'; "+answering(`{"states":["NORMAL"]}`), long)
	var users sync.WaitGroup
	for range 20 {
		users.Go(func() { _, _ = bed.States(t.Context()) })
	}
	users.Wait()
	g.Expect(os.ReadFile(mark)).To(BeEquivalentTo("x\n"))
}
