package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
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

func TestBadFlagsOfWatchingAreToldInOneLine(t *testing.T) {
	t.Parallel()
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"an unknown form":       {[]string{"--log", "xml"}, "give text, json or none"},
		"an empty form":         {[]string{"--log", ""}, "give text, json or none"},
		"a form, control":       {[]string{"--log", "\x1b[2J\n"}, "give text, json or none"},
		"an unknown level":      {[]string{"--log", "text", "--log-level", "loud"}, "give info, warn or error"},
		"a level's case":        {[]string{"--log", "text", "--log-level", "INFO"}, "give info, warn or error"},
		"a level of nothing":    {[]string{"--log-level", "warn"}, "give --log text or --log json as well"},
		"a log of a mutant":     {[]string{"--log", "text", "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
		"no page of a mutant":   {[]string{"--no-page", "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
		"an unknown flag of it": {[]string{"--page"}, "see zec-conformance mock --help"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"mock", "--addr", "127.0.0.1:0"}, usage.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.out).To(BeEmpty())
		})
	}
}

// watched is a mock in a process of its own, of which what it says is read as it comes.
type watched struct {
	url   string
	errs  *bufio.Reader // what it says on standard error
	stop  func()
	ended chan error
}

func startWatched(t *testing.T, g *WithT, environment []string, args ...string) watched {
	t.Helper()
	out, outIn, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	errs, errsIn, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	command, ended := launch(g, exec.Command(os.Args[0], append([]string{"mock", "--addr", "127.0.0.1:0"}, args...)...), outIn, errsIn, environment...)
	stop := func() { _ = command.Process.Signal(syscall.SIGINT) }
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_, _ = out.Close(), errs.Close()
	})
	g.Expect(outIn.Close()).To(Succeed())
	g.Expect(errsIn.Close()).To(Succeed())
	url, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	return watched{strings.TrimSpace(url), bufio.NewReader(errs), stop, ended}
}

// ask sends a request and gives the answer's body.
func (m watched) ask(g *WithT, method, path, body string, header map[string]string) string {
	request, err := http.NewRequest(method, m.url+path, strings.NewReader(body))
	g.Expect(err).NotTo(HaveOccurred())
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func TestTheMockCanBeWatched(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := startWatched(t, g, []string{"ZENLAYER_TOKEN=" + hidden + hidden}, "--log", "json", "--auth", "none")
	g.Expect(m.errs.ReadString('\n')).To(HaveSuffix(", and a page to watch it at " + m.url + "/; stop with Ctrl-C\n"))

	m.ask(g, http.MethodPost, contract.Path, `{"snapshotIds": ["`+hidden+hidden+`", "b"]}`, map[string]string{
		"Content-Type": contract.ContentType, contract.HeaderAction: contract.Action, contract.HeaderAuthorization: "Bearer " + hidden + hidden,
	})
	line, err := m.errs.ReadBytes('\n')
	g.Expect(err).NotTo(HaveOccurred())
	var logged struct {
		Action      string
		Status, IDs int
	}
	g.Expect(json.Unmarshal(line, &logged)).To(Succeed(), string(line))
	g.Expect([]any{logged.Action, logged.Status, logged.IDs}).To(Equal([]any{contract.Action, http.StatusOK, 2}))

	exchanges := m.ask(g, http.MethodGet, mock.TestbedPath+"/exchanges", "", nil)
	g.Expect(exchanges).To(And(ContainSubstring(contract.Action), ContainSubstring("REDACTED"), Not(ContainSubstring(hidden))))
	page := m.ask(g, http.MethodGet, "/", "", nil)
	g.Expect(page).To(And(ContainSubstring("1 exchange with the API"), Not(ContainSubstring(hidden))))
	g.Expect(m.ask(g, http.MethodGet, "/metrics", "", nil)).To(ContainSubstring(`zec_mock_requests_total{action="DeleteSnapshots",code="none",status="200"} 1`))
	g.Expect(m.ask(g, http.MethodGet, "/healthz", "", nil)).To(MatchJSON(`{"status": "ok"}`))

	got := judge(t, nil, "--endpoint", m.url, "--testbed", "/testbed/v1", "--label-filter", "ENV-3 || REQ-5")
	g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.out)
	m.stop()
	rest, err := io.ReadAll(m.errs)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(bytes.Count(rest, []byte("\n"))).To(BeNumerically(">", 1), "what was logged at the end is written")
	g.Eventually(m.ended, patient).Should(Receive(BeNil()))
}

// TestTheKeysOfADoorAreNotShown where a client sends one in the wrong place.
func TestTheKeysOfADoorAreNotShown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	keys := filepath.Join(t.TempDir(), "keys.yaml")
	g.Expect(os.WriteFile(keys, []byte("- {token: "+hidden+hidden+"}\n"), 0o600)).To(Succeed())
	m := startWatched(t, g, nil, "--auth", "bearer", "--keys", keys)
	m.ask(g, http.MethodPost, contract.Path, `{"token": "`+hidden+hidden+`"}`, map[string]string{contract.HeaderAction: hidden + hidden})
	for _, path := range []string{"/", "/desk/exchanges/1", mock.TestbedPath + "/exchanges"} {
		g.Expect(m.ask(g, http.MethodGet, path, "", nil)).To(And(ContainSubstring("REDACTED"), Not(ContainSubstring(hidden))), path)
	}
}

func TestAMockWhoseLogNobodyReadsGoesOn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := startWatched(t, g, nil, "--log", "text", "--no-page")
	for range 500 { // which is more than fits into a pipe
		m.ask(g, http.MethodGet, contract.Path, "", nil)
	}
	g.Expect(m.ask(g, http.MethodGet, "/", "", nil)).To(ContainSubstring(contract.NoResource.Code))
	m.stop()
	g.Eventually(m.ended, patient).Should(Receive(BeNil()))
	text, err := io.ReadAll(m.errs)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).NotTo(ContainSubstring("watch it"))
}
