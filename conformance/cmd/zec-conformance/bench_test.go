package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// built is the command as it is shipped: the test binary has more in it, and so takes longer to start.
func built(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "zec-conformance")
	if output, err := exec.CommandContext(b.Context(), "go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	return path
}

// desktop is a mock in a process of its own, as it stands on a desk, or what is in its place.
type desktop struct {
	b   *testing.B
	url string
	cmd *exec.Cmd
}

func startBuilt(b *testing.B, command string) *desktop {
	b.Helper()
	return startDesktop(b, exec.Command(command, "mock", "--addr", "127.0.0.1:0"))
}

func startDesktop(b *testing.B, cmd *exec.Cmd) *desktop {
	b.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &desktop{b, url[:len(url)-1], cmd}
}

func (d *desktop) stop() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait() // which tells that it was killed
}

// BenchmarkStart goes from the start of the process to its first answer.
func BenchmarkStart(b *testing.B) {
	command := built(b)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		started := startBuilt(b, command)
		started.ask(http.MethodGet, mock.TestbedPath, nil, http.StatusOK, nil)
		took = append(took, time.Since(began))
		started.stop()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/1e6, "ms-to-first-answer")
	b.ReportMetric(0, "ns/op") // has the end of the process in it
}

// BenchmarkMillion makes a million snapshots by the testbed, a thousand in another mock, and has both delete batches of the
// greatest size by turns.
func BenchmarkMillion(b *testing.B) {
	command := built(b)
	many, few := startBuilt(b, command), startBuilt(b, command)
	defer many.stop()
	defer few.stop()
	var ids []string
	for range 100 {
		ids = append(ids, many.make(10_000)...)
	}
	rest := few.make(1000)
	made := resident(many.cmd.Process.Pid)
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, float64(many.empty(ids[:1000]))/float64(few.empty(rest)))
		ids, rest = append(ids[1000:], many.make(1000)...), few.make(1000)
	}
	slices.Sort(ratios)
	b.ReportMetric(float64(made)/(1<<20), "MiB-when-made")
	b.ReportMetric(float64(resident(many.cmd.Process.Pid))/(1<<20), "MiB-at-most")
	b.ReportMetric(ratios[len(ratios)/2], "of-delete-at-a-thousand")
}

func (d *desktop) make(count int) []string {
	var made struct{ SnapshotIDs []string }
	d.ask(http.MethodPost, mock.TestbedPath+"/snapshots", map[string]any{"state": contract.Normal, "count": count}, http.StatusCreated, &made)
	return made.SnapshotIDs
}

// empty deletes snapshots in batches, and tells how long that takes.
func (d *desktop) empty(ids []string) (took time.Duration) {
	for batch := range slices.Chunk(ids, contract.MaxBatch) {
		began := time.Now()
		d.ask(http.MethodPost, contract.Path, map[string]any{contract.FieldSnapshotIDs: batch}, http.StatusOK, nil)
		took += time.Since(began)
	}
	return took
}

func (d *desktop) ask(method, path string, body any, want int, into any) {
	d.b.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		d.b.Fatal(err)
	}
	request, err := http.NewRequestWithContext(d.b.Context(), method, d.url+path, bytes.NewReader(text))
	if err != nil {
		d.b.Fatal(err)
	}
	request.Header.Set("Content-Type", contract.ContentType)
	request.Header.Set(contract.HeaderAction, contract.Action)
	request.Header.Set(contract.HeaderVersion, contract.Version)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		d.b.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%s: %s", answer.Status, said)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(said, into)
	}
	if err != nil {
		d.b.Fatal(err)
	}
}
