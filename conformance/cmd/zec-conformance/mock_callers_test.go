package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// expecting runs "mock --expect-clean" in a process of its own, has it called, and interrupts it.
func expecting(t *testing.T, signal syscall.Signal, call func(g *WithT, url string), flags ...string) outcome {
	t.Helper()
	g := NewWithT(t)
	out, in, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	defer out.Close()
	var errs bytes.Buffer
	command, ended := start(g, in, &errs, append([]string{"mock", "--addr", "127.0.0.1:0", "--expect-clean"}, flags...)...)
	defer func() { _ = command.Process.Kill() }()
	g.Expect(in.Close()).To(Succeed())
	first, err := bufio.NewReader(out).ReadString('\n')
	g.Expect(err).NotTo(HaveOccurred())
	call(g, strings.TrimSpace(first))
	g.Expect(command.Process.Signal(signal)).To(Succeed())
	var failure error
	g.Eventually(ended, patient).Should(Receive(&failure))
	exit, _ := failure.(*exec.ExitError)
	if exit == nil {
		g.Expect(failure).NotTo(HaveOccurred())
		return outcome{0, "", errs.String()}
	}
	return outcome{exit.ExitCode(), "", errs.String()}
}

// deleting sends a body as a right client does, save for what is changed.
func deleting(body string, change func(http.Header)) func(g *WithT, url string) {
	return func(g *WithT, url string) {
		request, err := http.NewRequest(http.MethodPost, url+contract.Path, strings.NewReader(body))
		g.Expect(err).NotTo(HaveOccurred())
		for name, value := range map[string]string{
			"Content-Type": contract.ContentType, contract.HeaderAction: contract.Action, contract.HeaderVersion: contract.Version,
			contract.HeaderTimestamp: fmt.Sprint(time.Now().Unix()), contract.HeaderAuthorization: "Bearer " + hidden,
		} {
			request.Header.Set(name, value)
		}
		change(request.Header)
		response, err := http.DefaultClient.Do(request)
		g.Expect(err).NotTo(HaveOccurred())
		_, err = io.Copy(io.Discard, response.Body)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
	}
}

func TestAMockThatExpectsCleanCallersJudgesThemInTheEnd(t *testing.T) {
	t.Parallel()
	const body = `{"snapshotIds":["snap-1"]}`
	as := func(http.Header) {}
	withoutVersion := func(header http.Header) { header.Del(contract.HeaderVersion) }
	for name, test := range map[string]struct {
		call   func(g *WithT, url string)
		flags  []string
		status int
		ends   string // how what it says ends
	}{
		"clean": {deleting(body, as), nil, 0, "\nclean: no rule for callers was broken; requests that were judged: 1\n"},
		"not clean": {deleting(body, withoutVersion), nil, 1, "\nCALL-5 SHOULD, broken by 1 of 1 requests: One X-ZC-Version names a version of the API that is in use. [S]\n" +
			"  exchange 1, POST /api/v2/zec DeleteSnapshots \"{\\\"snapshotIds\\\":[\\\"snap-1\\\"]}\": there is no X-ZC-Version\n" +
			"not clean: rules for callers that were broken: 1; requests that were judged: 1\n"},
		"tolerated":          {deleting(body, withoutVersion), []string{"--tolerate", "CALL-5"}, 0, "judged: 1\n"},
		"tolerated for none": {deleting(body, as), []string{"--tolerate", "CALL-5"}, 0, "nothing broke CALL-5, which need not be tolerated\nclean: no rule for callers was broken; requests that were judged: 1\n"},
		"not tolerated":      {deleting(`{}`, withoutVersion), []string{"--tolerate", "CALL-5"}, 1, "not clean: rules for callers that were broken: 1; requests that were judged: 1\n"},
		"nobody called":      {func(*WithT, string) {}, nil, 2, "\nzec-conformance: --expect-clean: no request came to the API, so no caller was judged; have the client call the URL that mock prints\n"},
		"secret, hostile": {
			deleting(`{"snapshotIds":["##vso[x]\u001b[2J`+hidden+`"]}`, func(header http.Header) { header.Set(contract.HeaderVersion, hidden) }), nil, 1,
			"broken: 2; requests that were judged: 1\n",
		},
		"secrets of keys": { // in the place of everything but the Authorization
			deleting(`{"`+hidden+hidden+`":1}`, func(header http.Header) {
				header.Set(contract.HeaderVersion, hidden+hidden)
				header.Del(contract.HeaderAuthorization)
			}),
			[]string{"--auth", "zc2", "--keys", inFile(t, "keys.yaml", "[{id: a, password: b"+hidden+"}, {token: "+hidden+hidden+"}]")},
			1, "broken: 3; requests that were judged: 1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := expecting(t, syscall.SIGTERM, test.call, test.flags...)
			g.Expect(got.status).To(Equal(test.status), got.err)
			g.Expect(got.err).To(HaveSuffix(test.ends))
			g.Expect(got.err).NotTo(MatchRegexp(hidden + `|##vso|goroutine \d|[^\P{Cc}\n]`))
		})
	}
}

// TestTheSuiteFindsAMockThatExpectsCleanCallersConformant: and the mock finds the suite anything but clean, since that breaks
// rules to see what comes of it.
func TestTheSuiteFindsAMockThatExpectsCleanCallersConformant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := expecting(t, syscall.SIGINT, func(g *WithT, url string) {
		run := judge(t, nil, "--endpoint", url, "--testbed", url+mock.TestbedPath)
		g.Expect(last(run.out)).To(Equal("verdict: conformant"), run.err)
	})
	g.Expect(got.status).To(Equal(1))
	for _, rule := range []string{"CALL-3", "CALL-4", "CALL-10", "CALL-11", "CALL-12", "CALL-14", "CALL-15", "CALL-17"} {
		g.Expect(got.err).To(ContainSubstring("\n" + rule + " "))
	}
	for _, rule := range []string{"CALL-1", "CALL-5", "CALL-6", "CALL-7", "CALL-18"} { // which nobody would learn anything from
		g.Expect(got.err).NotTo(ContainSubstring("\n" + rule + " "))
	}
}

func TestExpectCleanThatCannotBeDone(t *testing.T) {
	t.Parallel()
	taken := serve(t)
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"tolerating nothing":   {[]string{"--tolerate", "CALL-5"}, "give both"},
		"tolerating no rule":   {[]string{"--expect-clean", "--tolerate", "BATCH-2"}, `"zec-conformance rules --callers" lists them`},
		"tolerating, control":  {[]string{"--expect-clean", "--tolerate", "\x1b[2J\n"}, "no such rule for callers"},
		"a mutant":             {[]string{"--expect-clean", "--mutant", "folds-case"}, "give --fault folds-case in place of --mutant"},
		"a port that is taken": {[]string{"--expect-clean", "--addr", strings.TrimPrefix(taken.URL, "http://")}, "port 0 for a free one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"mock"}, usage.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.err).NotTo(ContainSubstring("no request came"))
		})
	}
}

func TestRulesForCallersAreListed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "rules", "--callers")
	g.Expect(got.status).To(BeZero())
	for i, line := range lines(got.out) {
		rule := contract.CallerRules[i]
		g.Expect(line).To(MatchRegexp(`^%s +%s +.* \[.*\]$`, rule.ID, rule.Level))
		g.Expect(line).To(ContainSubstring(rule.Statement + " [" + rule.Backing() + "]"))
	}
	g.Expect(lines(got.out)).To(HaveLen(len(contract.CallerRules)))
	call(t, nil, "rules", "--callers", "--checks").complaint(g)
}
