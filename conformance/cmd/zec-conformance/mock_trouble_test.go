package main

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
)

// troubled is a call of mock that goes on.
type troubled struct {
	url string
	end func() outcome
}

func serveTroubled(t *testing.T, args ...string) *troubled {
	t.Helper()
	m := &troubled{}
	m.url, m.end = doored(t, nil, args...)
	t.Cleanup(func() {
		if ended := m.end(); ended.status != 0 {
			t.Errorf("status %d: %s", ended.status, ended.err)
		}
	})
	return m
}

// said ends the mock, and gives what it has told people.
func (m *troubled) said() string { return m.end().err }

// inForce is what its testbed says of the trouble.
func (m *troubled) inForce(g *WithT) string {
	answer, err := http.Get(m.url + mock.TestbedPath + trouble.Place)
	g.Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

func TestBadTroubleIsToldInOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(text string) []string { return []string{"--scenario", inFile(t, "trouble.yaml", text)} }
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"a time before now":            {[]string{"--settle", "-1s"}, "--settle: -1s is less than nothing; give a duration such as 2s"},
		"a time too long":              {[]string{"--creating", "48h"}, "--creating: 48h0m0s is too long; give a duration up to 24h0m0s"},
		"no latency":                   {[]string{"--latency", "fast"}, "give one such as 20ms, 10ms..50ms or p50=20ms,p99=300ms"},
		"an empty latency":             {[]string{"--latency", ""}, "give one such as 20ms"},
		"an unknown fault":             {[]string{"--fault", "rest=5%"}, "did you mean reset?"},
		"an empty fault":               {[]string{"--fault", ""}, "there is no fault"},
		"a fault, control":             {[]string{"--fault", "\x1b[2J\n"}, "there is no fault"},
		"a rate over all":              {[]string{"--fault", "reset=105%"}, "give one such as 5% or 0.05"},
		"a fault served whole":         {[]string{"--fault", "http-2"}, "have it served whole, with --mutant http-2"},
		"a state that does not pass":   {[]string{"--stay", "NORMAL"}, "give CREATING or DELETING"},
		"an unknown mutant":            {[]string{"--mutant", "nobody"}, `"zec-conformance mutants" lists them`},
		"an unknown mutant at a rate":  {[]string{"--mutant", "reset=5%"}, `"zec-conformance mutants" lists them`},
		"a mutant at no rate":          {[]string{"--mutant", "folds-case=often"}, `--mutant: "often" is no rate; give one such as 5% or 0.05`},
		"a mutant with the mock's own": {[]string{"--mutant", "folds-case", "--fault", "reset"}, "give --fault folds-case in place of --mutant"},
		"a negative random":            {[]string{"--random", "-1"}, "see zec-conformance mock --help"},
		"no scenario":                  {[]string{"--scenario", filepath.Join(folder, "none")}, "cannot be read (no such file or directory); give a scenario in YAML or JSON"},
		"a scenario in a folder":       {[]string{"--scenario", folder}, "cannot be read (is a directory)"},
		"a scenario without a name":    {[]string{"--scenario", ""}, "cannot be read"},
		"a scenario with a mistake":    {file("steps:\n- settel: 3s\n"), `trouble.yaml", line 2, column 3: a step has no member "settel"; did you mean settle?`},
		"a scenario with control":      {file("steps:\n- \"\\e[2J\": 3s\n"), "line 2, column 3"},
		"a scenario too long":          {file(strings.Repeat("#", 2<<20)), "is longer than"},
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

// TestTroubleThatKeepsTheContractIsConformant: answers that are late or to be asked for again cost no verdict.
func TestTroubleThatKeepsTheContractIsConformant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := serveTroubled(t, "--random", "7", "--settle", "20ms", "--creating", "20ms", "--latency", "p50=1ms,p99=5ms",
		"--fault", "SERVICE_TEMPORARY_UNAVAILABLE=3%", "--stay", "CREATING=50%")
	g.Expect(m.inForce(g)).To(MatchJSON(`{"random": 7, "settings": {"settle": "20ms", "creating": "20ms", "latency": "p50=1ms,p99=5ms",
		"stay": [{"state": "CREATING", "rate": "50%"}], "faults": [{"name": "SERVICE_TEMPORARY_UNAVAILABLE", "rate": "3%"}]}}`))
	got := judge(t, nil, "--endpoint", m.url, "--testbed", m.url+mock.TestbedPath, "--label-filter", "ERR-1 || ERR-2 || REQ-4 || PART-2")
	g.Expect(last(got.out)).To(Equal("verdict: conformant"), got.out+got.err)
	g.Expect(m.said()).NotTo(ContainSubstring("--random"), "it was given")
}

func TestTroubleThatBreaksTheContractIsSeen(t *testing.T) {
	t.Parallel()
	for filter, args := range map[string][]string{
		"REQ-7":   {"--mutant", "folds-case=50%", "--random", "1"},
		"ERR-1":   {"--fault", "INTERNAL_SERVER_ERROR=20%", "--random", "1"},
		"STATE-1": {"--scenario", inFile(t, "trouble.yaml", "steps: [{}, {requests: 1, faults: [{name: REQUEST_TIMED_OUT}]}]")},
	} {
		t.Run(filter, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			m := serveTroubled(t, args...)
			got := judge(t, nil, "--endpoint", m.url, "--testbed", m.url+mock.TestbedPath, "--label-filter", filter)
			g.Expect(last(got.out)).To(Equal("verdict: not conformant"), got.out+got.err)
		})
	}
}

func TestWhatComesByChanceCanComeAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := serveTroubled(t, "--mutant", "folds-case=50%")
	g.Expect(m.inForce(g)).To(MatchRegexp(`"random":\d+`))
	g.Expect(m.said()).To(And(MatchRegexp(`(?m)^what comes by chance comes again with --random \d+$`), ContainSubstring("folds-case is a mutant that breaks REQ-7: it ")))

	quiet := serveTroubled(t, "--settle", "1s")
	g.Expect(quiet.said()).NotTo(ContainSubstring("--random"))

	whole := serveTroubled(t, "--mutant", "null-fails")
	answer, err := http.Get(whole.url + mock.TestbedPath + trouble.Place)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.Body.Close()).To(Succeed())
	g.Expect(answer.StatusCode).To(Equal(http.StatusNotFound), "it is served as it is")
	g.Expect(whole.said()).To(ContainSubstring("null-fails is a mutant"))
}

func TestHelpListsTheFaults(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, nil, "mock", "--help")
	for _, one := range trouble.Connections {
		g.Expect(got.out).To(MatchRegexp(`(?m)^  %s +it %s$`, one.Name, one.Does))
	}
}
