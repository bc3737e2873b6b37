package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// mocking is a mock in a process of its own.
type mocking struct {
	url     string
	command *exec.Cmd
	errs    *bytes.Buffer
	ended   chan error
}

// serveMock starts a mock on a free port, and waits until it takes requests.
func serveMock(g *WithT, args ...string) *mocking {
	return startMock(g, exec.Command(os.Args[0], append([]string{"mock", "--addr", "127.0.0.1:0"}, args...)...))
}

func startMock(g *WithT, command *exec.Cmd) *mocking {
	out, in := io.Pipe()
	m := &mocking{errs: &bytes.Buffer{}}
	m.command, m.ended = launch(g, command, in, m.errs)
	url, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	go func() { _, _ = io.Copy(io.Discard, out) }()
	m.url = strings.TrimSuffix(url, "\n")
	return m
}

// kill ends the mock as nothing can prepare for.
func (m *mocking) kill(g *WithT) {
	g.Expect(m.command.Process.Kill()).To(Succeed())
	g.Eventually(m.ended, patient).Should(Receive())
}

// stop ends the mock as Ctrl-C does.
func (m *mocking) stop(g *WithT) {
	g.Expect(m.command.Process.Signal(os.Interrupt)).To(Succeed())
	g.Eventually(m.ended, patient).Should(Receive(BeNil()), m.errs.String)
}

// say sends a request, and tells whether it was answered to the end.
func (m *mocking) say(method, path, action, body string) (status int, text []byte, answered bool) {
	request, err := http.NewRequest(method, m.url+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", contract.ContentType)
	if action != "" {
		request.Header.Set(contract.HeaderAction, action)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, false
	}
	defer response.Body.Close()
	text, err = io.ReadAll(response.Body)
	return response.StatusCode, text, err == nil
}

// population gives the state of every snapshot.
func (m *mocking) population(g *WithT) map[string]contract.State {
	status, text, answered := m.say(http.MethodGet, mock.TestbedPath+"/population", "", "")
	g.Expect(answered).To(BeTrue())
	g.Expect(status).To(Equal(http.StatusOK), string(text))
	var list []struct {
		ID    string         `json:"id"`
		State contract.State `json:"state"`
	}
	g.Expect(json.Unmarshal(text, &list)).To(Succeed())
	found := map[string]contract.State{}
	for _, one := range list {
		found[one.ID] = one.State
	}
	g.Expect(found).To(HaveLen(len(list)))
	return found
}

// customer makes snapshots and deletes them, and puts down what was acknowledged.
type customer struct {
	random *rand.Rand
	states map[string]contract.State // of all that it knows of; empty for those that are gone
	open   map[string]bool           // whose deletion was asked for, and not answered
	asked  map[contract.State]int    // how many it has ordered, without an answer
}

// act does one thing, and tells whether it was answered. What is deleted comes to the state after.
func (c *customer) act(g *WithT, m *mocking, after contract.State) bool {
	switch c.random.IntN(4) {
	case 0:
		return c.order(g, m, contract.States[c.random.IntN(len(contract.States))], 1+c.random.IntN(20))
	case 1:
		status, text, answered := m.say(http.MethodPost, contract.Path, "CreateSnapshot", `{"diskId": "disk-1", "snapshotName": "nightly"}`)
		if !answered {
			c.asked[contract.Normal]++
			return false
		}
		var made struct {
			Response struct {
				SnapshotID string `json:"snapshotId"`
			} `json:"response"`
		}
		g.Expect(status).To(Equal(http.StatusOK), string(text))
		g.Expect(json.Unmarshal(text, &made)).To(Succeed())
		c.states[made.Response.SnapshotID] = contract.Normal
		return true
	}
	return c.delete(g, m, after)
}

func (c *customer) order(g *WithT, m *mocking, state contract.State, count int) bool {
	status, text, answered := m.say(http.MethodPost, mock.TestbedPath+"/snapshots", "", fmt.Sprintf(`{"state": %q, "count": %d}`, state, count))
	if !answered {
		c.asked[state] += count
		return false
	}
	var made struct {
		SnapshotIDs []string `json:"snapshotIds"`
	}
	g.Expect(status).To(Equal(http.StatusCreated), string(text))
	g.Expect(json.Unmarshal(text, &made)).To(Succeed())
	for _, id := range made.SnapshotIDs {
		c.states[id] = state
	}
	return true
}

func (c *customer) delete(g *WithT, m *mocking, after contract.State) bool {
	known := slices.Sorted(maps.Keys(c.states))
	c.random.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	named := known[:min(len(known), 1+c.random.IntN(10))]
	if len(named) == 0 {
		return true
	}
	body, err := json.Marshal(map[string]any{contract.FieldSnapshotIDs: named})
	g.Expect(err).NotTo(HaveOccurred())
	status, text, answered := m.say(http.MethodPost, contract.Path, contract.Action, string(body))
	var answer struct {
		Response struct {
			SnapshotIDs []string `json:"snapshotIds"`
		} `json:"response"`
	}
	if answered {
		g.Expect(json.Unmarshal(text, &answer)).To(Succeed())
	}
	for _, id := range named {
		normal := c.states[id] == contract.Normal
		switch {
		case !answered && normal:
			c.open[id] = true
		case !answered:
		case status == http.StatusOK:
			g.Expect(slices.Contains(answer.Response.SnapshotIDs, id)).To(Equal(!normal), "%s is %q", id, c.states[id])
			if normal {
				c.states[id] = after
			}
		default:
			g.Expect(status).To(Or(Equal(contract.NotFound.Status), Equal(contract.DeniedState.Status)), string(text))
			g.Expect(normal).To(BeFalse(), id)
		}
	}
	return answered
}

// meet compares what a customer knows with what is there after a restart, and takes what it has found out about from it.
func (c *customer) meet(g *WithT, found map[string]contract.State) {
	for id, state := range c.states {
		there := found[id]
		if c.open[id] {
			g.Expect(there).To(BeElementOf(contract.Normal, contract.Leaving, contract.State("")), id)
			c.states[id] = there
		} else {
			g.Expect(there).To(Equal(state), id)
		}
		delete(found, id)
	}
	clear(c.open)
}

func TestNothingThatWasAcknowledgedIsLostWhenAMockIsKilled(t *testing.T) {
	t.Parallel()
	moments, seed := 6, uint64(1)
	if more, err := strconv.Atoi(os.Getenv("ZEC_CONFORMANCE_TEST_MOMENTS")); err == nil {
		moments, seed = more, rand.Uint64()
	}
	t.Logf("seed %d", seed)
	const customers = 4
	g, path := NewWithT(t), filepath.Join(t.TempDir(), "snapshots.db")
	random := rand.New(rand.NewPCG(seed, customers))
	var all [customers]*customer
	for i := range all {
		all[i] = &customer{
			random: rand.New(rand.NewPCG(seed, uint64(i))), states: map[string]contract.State{}, open: map[string]bool{}, asked: map[contract.State]int{},
		}
	}
	check := func(m *mocking) {
		found := m.population(g)
		for _, c := range all {
			c.meet(g, found)
		}
		for id, state := range found { // of these, nobody was told
			i := slices.IndexFunc(all[:], func(c *customer) bool { return c.asked[state] > 0 })
			g.Expect(i).NotTo(Equal(-1), "nobody has asked for %s, which is %s", id, state)
			all[i].asked[state]--
			all[i].states[id] = state
		}
		for _, c := range all {
			clear(c.asked)
		}
	}
	for moment := range moments {
		args, after := []string{"--state", path}, contract.State("")
		if moment%2 == 1 {
			args, after = append(args, "--settle", "1h"), contract.Leaving
		}
		m := serveMock(g, args...)
		check(m)
		answers, last := make(chan struct{}), 1+random.IntN(150)
		killed, idle := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(killed)
			for range last {
				select {
				case <-answers:
				case <-idle: // they have failed
				}
			}
			m.kill(g)
		}()
		var busy sync.WaitGroup
		for _, c := range all {
			busy.Go(func() {
				for c.act(g, m, after) {
					select {
					case answers <- struct{}{}:
					case <-killed:
					}
				}
			})
		}
		busy.Wait()
		close(idle)
		<-killed
	}
	m := serveMock(g, "--state", path)
	check(m)
	m.stop(g)
}

// keeping makes a file of --state with the snapshots of a list.
func keeping(t *testing.T, g *WithT, list string) string {
	path := filepath.Join(t.TempDir(), "snapshots.db")
	g.Expect(call(t, nil, "mock", "import", "--state", path, listIn(t, g, list))).To(Equal(outcome{}))
	return path
}

func listIn(t *testing.T, g *WithT, list string) string {
	path := filepath.Join(t.TempDir(), "list.yaml")
	g.Expect(os.WriteFile(path, []byte(list), 0o600)).To(Succeed())
	return path
}

func TestWhatAMockCannotBeginWithIsToldInOneLine(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	none := filepath.Join(folder, "none")
	text, wrong := listIn(t, g, "NORMAL: [snap-1]\n"), listIn(t, g, "- {id: a, state: NORMAL}\n- {id: a, state: FAILED}\n")
	sound := keeping(t, g, "NORMAL: [snap-1]")
	later := filepath.Join(folder, "cut.db")
	whole, err := os.ReadFile(sound)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(later, whole[:3*os.Getpagesize()], 0o600)).To(Succeed())
	taken := keeping(t, g, "NORMAL: [snap-1]")
	serveMock(g, "--state", taken).leaveTo(t)

	t.Run("all", func(t *testing.T) {
		for name, usage := range map[string]struct {
			args []string
			mend string
		}{
			"no state":              {[]string{"mock", "--state", ""}, "--state is empty; give a file"},
			"a folder":              {[]string{"mock", "--state", folder}, "is no file"},
			"no such folder":        {[]string{"mock", "--state", filepath.Join(none, "db")}, "--state: the store \"" + filepath.Join(none, "db") + "\" cannot be made (no such file or directory); give a path where"},
			"nor for a seed":        {[]string{"mock", "--state", filepath.Join(none, "db"), "--seed", text}, "--state: the store"},
			"a state for no door":   {[]string{"mock", "--state", none, "--auth", "basic"}, "is no policy"},
			"a state for no log":    {[]string{"mock", "--state", none, "--log", "xml"}, "there is no such form"},
			"a state for no port":   {[]string{"mock", "--state", none, "--addr", "127.0.0.1:65536"}, "give another HOST:PORT"},
			"no address":            {[]string{"mock", "--addr", ""}, "--addr is empty; give HOST:PORT"},
			"a text":                {[]string{"mock", "--state", text}, "is damaged, or is none, at byte 17 (page 0)"},
			"a damaged one":         {[]string{"mock", "--state", later}, "it is left as it is: put a copy of it in its place, or give another path"},
			"one in use":            {[]string{"mock", "--state", taken}, "is in use by another process; end that"},
			"a mutant with a state": {[]string{"mock", "--state", none, "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
			"a mutant with a seed":  {[]string{"mock", "--seed", text, "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
			"no seed":               {[]string{"mock", "--seed", none}, "cannot be read (no such file or directory); give a YAML or JSON list"},
			"a wrong seed":          {[]string{"mock", "--seed", wrong, "--state", none}, `line 2: the id "a" stands here twice; give a YAML or JSON list`},
			"a seed that is none":   {[]string{"mock", "--seed", ""}, "cannot be read"},
			"no export":             {[]string{"mock", "export"}, "--state is empty; give a file"},
			"an export of nothing":  {[]string{"mock", "export", "--state", none}, "there is no file"},
			"an export in use":      {[]string{"mock", "export", "--state", taken}, "is in use by another process"},
			"a damaged export":      {[]string{"mock", "export", "--state", later}, "it ends here"},
			"an export of an odd":   {[]string{"mock", "export", "--state", sound, "more"}, `"more" is one word too many`},
			"no import":             {[]string{"mock", "import", "--state", none}, "no list is given; give a YAML or JSON file"},
			"an import of nothing":  {[]string{"mock", "import", "--state", none, filepath.Join(folder, "nothing")}, "no such file or directory"},
			"a wrong import":        {[]string{"mock", "import", "--state", sound, wrong}, "line 2: the id"},
			"an import to nowhere":  {[]string{"mock", "import", text}, "--state is empty; give a file"},
			"a damaged import":      {[]string{"mock", "import", "--state", later, text}, "it ends here"},
			"an import in use":      {[]string{"mock", "import", "--state", taken, text}, "is in use by another process"},
			"an import of several":  {[]string{"mock", "import", "--state", sound, text, text}, "is one word too many"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				g := NewWithT(t)
				got := call(t, nil, usage.args...)
				got.complaint(g)
				g.Expect(got.err).To(ContainSubstring(usage.mend))
				g.Expect(got.out).To(BeEmpty())
			})
		}
	})
	_, err = os.Stat(none)
	g.Expect(err).To(MatchError(os.ErrNotExist), "something was made")
	g.Expect(os.ReadFile(sound)).To(Equal(whole))
	g.Expect(os.ReadFile(later)).To(Equal(whole[:3*os.Getpagesize()]))
}

// leaveTo ends the mock with a test.
func (m *mocking) leaveTo(t *testing.T) {
	t.Cleanup(func() {
		_ = m.command.Process.Kill()
		<-m.ended
	})
}

// TestAMockThatWaitsForItsFilesCanBeInterrupted, be it for a pipe that nobody writes to, and has made no store then.
func TestAMockThatWaitsForItsFilesCanBeInterrupted(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]func(pipe, store string) []string{
		"a seed":            func(pipe, _ string) []string { return []string{"mock", "--seed", pipe} },
		"a seed of a store": func(pipe, store string) []string { return []string{"mock", "--state", store, "--seed", pipe} },
		"a scenario":        func(pipe, _ string) []string { return []string{"mock", "--scenario", pipe} },
		"an import":         func(pipe, store string) []string { return []string{"mock", "import", "--state", store, pipe} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			folder := t.TempDir()
			pipe, path := filepath.Join(folder, "pipe"), filepath.Join(folder, "snapshots.db")
			g.Expect(exec.Command("mkfifo", pipe).Run()).To(Succeed())
			ctx, interrupt := context.WithCancel(t.Context())
			interrupt()
			var out, errs bytes.Buffer
			status := Run(ctx, args(pipe, path), variables{}.lookup, &out, &errs)
			outcome{status, out.String(), errs.String()}.complaint(g)
			g.Expect(errs.String()).To(ContainSubstring("interrupted before it had read"))
			g.Expect(path).NotTo(BeAnExistingFile())

			writer, err := os.OpenFile(pipe, os.O_RDWR, 0) // which whoever still waits can go by
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(writer.Close()).To(Succeed())
		})
	}
}

func TestASeedIsWhatANewMockBeginsWith(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "snapshots.db")
	seed := listIn(t, g, "- {id: snap-1, state: NORMAL, name: nightly, disk: disk-1}\n- {state: FAILED, count: 1000}\n- {id: none, state: MISSING}\n")

	m := serveMock(g, "--seed", seed)
	g.Expect(m.population(g)).To(HaveLen(1001))
	m.stop(g)

	m = serveMock(g, "--state", path, "--seed", seed)
	first := m.population(g)
	g.Expect(first).To(HaveLen(1001))
	status, text, _ := m.say(http.MethodPost, contract.Path, contract.Action, `{"snapshotIds": ["snap-1"]}`)
	g.Expect(status).To(Equal(http.StatusOK), string(text))
	m.stop(g)
	g.Expect(m.errs.String()).NotTo(ContainSubstring("--seed is left out"))

	m = serveMock(g, "--state", path, "--seed", seed)
	delete(first, "snap-1")
	g.Expect(m.population(g)).To(Equal(first), "what was deleted has come back")
	m.stop(g)
	g.Expect(m.errs.String()).To(ContainSubstring("goes on with what it has; --seed is left out"))
}

func TestAnExportIsASeedAndAnImport(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := keeping(t, g, "- {id: snap-1, state: NORMAL, name: nightly}\n- {id: snap-2, state: DELETING, due: 2099-01-01T00:00:00Z}\n")
	exported := call(t, nil, "mock", "export", "--state", path)
	g.Expect(exported.status).To(BeZero(), exported.err)
	g.Expect(exported.err).To(BeEmpty())
	g.Expect(exported.out).To(ContainSubstring(`{"id":"snap-2","state":"DELETING","created":"`))

	other := keeping(t, g, "NORMAL: [gone]")
	g.Expect(call(t, nil, "mock", "import", "--state", other, listIn(t, g, exported.out))).To(Equal(outcome{}))
	g.Expect(call(t, nil, "mock", "export", "--state", other)).To(Equal(exported))

	m := serveMock(g, "--seed", listIn(t, g, exported.out))
	_, text, _ := m.say(http.MethodGet, mock.TestbedPath+"/population", "", "")
	g.Expect(string(text)).To(Equal(exported.out))
	m.stop(g)
}

func TestAMockThatRunsOutOfRoomHasLostNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path := keeping(t, g, "NORMAL: [snap-1, snap-2]")
	// Files may have 200 blocks of some size, which is room for some thousand snapshots.
	m := startMock(g, exec.Command("sh", "-c", `ulimit -f 200 && exec "$0" mock --addr 127.0.0.1:0 --state "$1"`, os.Args[0], path))
	c := &customer{states: map[string]contract.State{"snap-1": contract.Normal, "snap-2": contract.Normal}}
	var status int
	var text []byte
	for status = http.StatusCreated; status == http.StatusCreated; {
		var made struct {
			SnapshotIDs []string `json:"snapshotIds"`
		}
		status, text, _ = m.say(http.MethodPost, mock.TestbedPath+"/snapshots", "", `{"state": "NORMAL", "count": 1000}`)
		g.Expect(json.Unmarshal(text, &made)).To(Succeed())
		for _, id := range made.SnapshotIDs {
			c.states[id] = contract.Normal
		}
	}
	g.Expect(status).To(Equal(http.StatusInternalServerError))
	g.Expect(string(text)).To(ContainSubstring("could not be written"))
	status, text, _ = m.say(http.MethodPost, contract.Path, contract.Action, `{"snapshotIds": ["snap-1"]}`)
	g.Expect(status).To(Equal(contract.Internal.Status))
	g.Expect(string(text)).To(ContainSubstring(contract.Internal.Code))
	g.Expect(m.command.Process.Signal(os.Interrupt)).To(Succeed())
	g.Eventually(m.ended, patient).Should(Receive(MatchError("exit status 2")))
	g.Expect(last(m.errs.String())).To(And(HavePrefix("zec-conformance: "), ContainSubstring("could not be written")))

	m = serveMock(g, "--state", path)
	c.meet(g, m.population(g))
	m.stop(g)
}

func TestAMockThatKeepsItsSnapshotsIsConformant(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"at once": nil, "in a while": {"--settle", "200ms", "--creating", "50ms"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			m := serveMock(g, append([]string{"--state", filepath.Join(t.TempDir(), "snapshots.db")}, flags...)...)
			got := judge(t, nil, "--endpoint", m.url, "--testbed", mock.TestbedPath, "--settle", "2s")
			g.Expect(got.status).To(BeZero(), got.out+got.err)
			g.Expect(last(got.out)).To(Equal("verdict: conformant"))
			m.stop(g)
		})
	}
}
