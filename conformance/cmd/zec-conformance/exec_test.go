package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// asBed makes the test binary a testbed program, and names the file that it writes at its end.
const asBed = "ZEC_CONFORMANCE_TEST_AS_BED"

// beBed is a testbed program that, when it is told to end, writes down which of its snapshots are still there.
func beBed(path string) {
	snapshots := mock.NewService()
	var made []string
	orders := json.NewDecoder(os.Stdin)
	for {
		var order struct {
			Verb, State, SnapshotID string
			Count                   int
		}
		if orders.Decode(&order) != nil {
			break
		}
		answer := map[string]any{}
		switch state, there := snapshots.State(order.SnapshotID); {
		case order.Verb == "states":
			answer["states"] = []contract.State{contract.Normal}
		case order.Verb == "make":
			ids := snapshots.Create(contract.State(order.State), order.Count)
			made = append(made, ids...)
			answer["snapshotIds"] = ids
		case order.Verb == "release":
			snapshots.Release(order.SnapshotID)
		case there:
			answer["snapshotId"], answer["state"] = order.SnapshotID, state
		default:
			answer["gone"] = true
		}
		text, _ := json.Marshal(answer)
		fmt.Printf("%s\n", text)
	}
	left := []string{fmt.Sprintf("%d made", len(made))}
	for _, id := range made {
		if _, there := snapshots.State(id); there {
			left = append(left, id)
		}
	}
	_ = os.WriteFile(path, []byte(strings.Join(left, "\n")), 0o600)
}

// Ctrl-C at a terminal is a signal to all that runs there. It must not take away the testbed by which snapshots are to be
// released.
func TestCtrlCLeavesATestbedProgramUntilItsSnapshotsAreReleased(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	hangs := make(chan struct{}, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until then the server does not notice that the caller has gone
		select {
		case hangs <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	written := filepath.Join(t.TempDir(), "left")

	bed := fmt.Sprintf("exec:%s='%s' exec '%s'", asBed, written, os.Args[0])
	command := exec.Command(os.Args[0], "run", "--quiet", "--endpoint", server.URL, "--testbed", bed)
	command.Env = append(os.Environ(), asCommand+"=1")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does for what it runs
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	g.Expect(command.Start()).To(Succeed())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	g.Eventually(hangs, patient).Should(Receive())
	g.Expect(syscall.Kill(-command.Process.Pid, syscall.SIGINT)).To(Succeed())
	g.Eventually(ended, patient).Should(Receive())
	outcome{command.ProcessState.ExitCode(), out.String(), errs.String()}.complaint(g)
	g.Expect(errs.String()).To(ContainSubstring("interrupted"))

	text, err := os.ReadFile(written)
	g.Expect(err).NotTo(HaveOccurred(), "it ended before it was told to")
	left := lines(string(text))
	g.Expect(left[0]).To(And(HaveSuffix(" made"), Not(HavePrefix("0 "))))
	for _, id := range left[1:] { // there is no time to release all where the machine is very busy
		g.Expect(out.String()).To(ContainSubstring(id), "a snapshot is left, and not told of")
	}
}
