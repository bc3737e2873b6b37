package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// recorded runs the suite in the quickest way and gives the recording.
func recorded(t *testing.T, environment variables, args ...string) (path string, got outcome) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "run.har")
	return path, judge(t, environment, append(args, "--record", path)...)
}

// serveVariant serves a mutant or a twin.
func serveVariant(t *testing.T, name string) (flags []string) {
	t.Helper()
	variant, known := mutants.Named(name)
	if !known {
		t.Fatalf("there is no variant %s", name)
	}
	server, err := variant.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return []string{"--endpoint", server.URL(), "--testbed", server.URL() + mock.TestbedPath}
}

func TestARecordingIsFoundConformant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, ran := recorded(t, nil)
	g.Expect(ran.status).To(BeZero(), ran.out)
	g.Expect(os.ReadDir(filepath.Dir(path))).To(HaveLen(1), "a draft of the recording is left")

	written := filepath.Join(t.TempDir(), "report.json")
	got := call(t, nil, "judge", path, "--settle", "1ms", "--report", "json="+written)
	g.Expect(got.status).To(BeZero(), got.out+got.err)
	g.Expect(got.err).To(BeEmpty())
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(got.out).To(ContainSubstring("a log cannot show it kept"))
	g.Expect(got.out).NotTo(ContainSubstring("seed"))
	result := read(g, written)
	g.Expect(result.Log.Calls).To(BeNumerically(">", 100))
	g.Expect(result.Log.Others).To(BeNumerically(">", 0))
	tried := map[string]report.Status{}
	for _, rule := range result.Rules {
		tried[rule.ID] = rule.Status
	}
	for _, id := range []string{"ENV-1", "ENV-2", "ENV-3", "ENV-4", "ENV-5", "ENV-6", "REQ-2", "REQ-3", "REQ-4", "REQ-6", "BATCH-2", "PART-1", "ERR-1", "ERR-2", "STATE-4"} {
		g.Expect(tried).To(HaveKeyWithValue(id, report.Passed))
	}
}

func TestRecordingsOfMutantsAreNotConformant(t *testing.T) {
	t.Parallel()
	for name, filter := range map[string]string{
		"two-request-ids-for-failures": "ENV-2",
		"request-ids-in-pairs":         "ENV-3",
		"no-message":                   "ENV-4",
		"problem-json":                 "ENV-6",
		"absent-is-none":               "REQ-2",
		"takes-text":                   "REQ-3",
		"trailing-commas":              "REQ-4",
		"limit-of-101":                 "BATCH-2",
		"lists-ten-at-the-most":        "PART-1",
		"calls-gone-ones-denied":       "ERR-1",
		"succeeds-twice":               "STATE-4",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			path, _ := recorded(t, nil, append(serveVariant(t, name), "--label-filter", filter)...)
			got := call(t, nil, "judge", path, "--settle", "1ms")
			g.Expect(got.status).To(Equal(1), got.out+got.err)
			g.Expect(got.out).To(MatchRegexp(`✗ ` + filter + ` +MUST`))
		})
	}
}

func TestStatesLetMoreBeJudged(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	path, ran := recorded(t, nil, serve(t, breakingERR2()).flags("--label-filter", "ERR-2")...)
	g.Expect(ran.status).To(Equal(1), ran.out)
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	// The ids that were named alone, and refused under another code.
	var denied []string
	for _, found := range regexp.MustCompile(`"text":"\{\\"snapshotIds\\":\[\\"([^\\]+)\\"\]\}"`).FindAllStringSubmatch(string(text), -1) {
		if !slices.Contains(denied, found[1]) {
			denied = append(denied, found[1])
		}
	}
	g.Expect(denied).NotTo(BeEmpty())
	states := filepath.Join(t.TempDir(), "states.json")
	listed, _ := json.Marshal(map[string][]string{"FAILED": denied})
	g.Expect(os.WriteFile(states, listed, 0o600)).To(Succeed())

	g.Expect(call(t, nil, "judge", path).status).To(BeZero(), "nobody knows what the ids are")
	got := call(t, nil, "judge", path, "--states", states)
	g.Expect(got.status).To(Equal(1), got.out+got.err)
	g.Expect(got.out).To(MatchRegexp(`✗ ERR-2 +MUST`))
}

func TestARecordingHasNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LW9mLXRoZS1ydW4"
	for name, environment := range map[string]variables{
		"a key pair": {"ZENLAYERCLOUD_ACCESS_KEY_ID": "key", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": secret},
		"a token":    {"ZENLAYER_TOKEN": secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			var mu sync.Mutex
			var signatures []string
			target := serve(t, echoing(secret), func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if _, signature, signed := strings.Cut(r.Header.Get("Authorization"), "Signature="); signed {
						mu.Lock()
						signatures = append(signatures, signature)
						mu.Unlock()
						w.Header().Set("X-Bare", signature)
					}
					next.ServeHTTP(w, r)
				})
			})
			report := filepath.Join(t.TempDir(), "report.json")
			path, ran := recorded(t, environment, target.flags("--label-filter", "ENV-1 || AUTH-1 || ERR-1", "--report", "json="+report)...)
			judged := call(t, nil, "judge", path)
			g.Expect(judged.status).To(Equal(1), judged.out)
			all := ran.out + ran.err + judged.out + judged.err
			for _, written := range []string{path, report} {
				text, err := os.ReadFile(written)
				g.Expect(err).NotTo(HaveOccurred())
				all += string(text)
			}
			g.Expect(strings.Contains(all, secret)).To(BeFalse())
			for _, signature := range signatures {
				g.Expect(strings.Contains(all, signature)).To(BeFalse(), signature)
			}
			g.Expect(all).To(ContainSubstring("REDACTED"))
		})
	}
}

func TestASignedRecordingIsFoundConformant(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	variant, _ := mutants.Named("door") // which wants signatures
	environment := variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": variant.Credentials.KeyID, "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": variant.Credentials.Secret}
	path, ran := recorded(t, environment, append(serveVariant(t, "door"), "--label-filter", "AUTH-1 || ERR-1 || PART-1")...)
	g.Expect(ran.status).To(BeZero(), ran.out)
	got := call(t, nil, "judge", path, "--settle", "1ms")
	g.Expect(got.status).To(BeZero(), got.out+got.err)
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).NotTo(ContainSubstring(variant.Credentials.Secret))
	g.Expect(string(text)).NotTo(MatchRegexp(`Signature=[^R]`))
}

func TestAnInterruptedRunLeavesItsRecording(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	target := serveStuck(t)
	ctx, interrupt := context.WithCancel(t.Context())
	path := filepath.Join(t.TempDir(), "run.har")
	done := make(chan int, 1)
	var errs strings.Builder
	go func() {
		done <- Run(ctx, append([]string{"run", "--quiet", "--effort", "quick", "--record", path}, target.flags()...), variables{}.lookup, &strings.Builder{}, &errs)
	}()
	g.Eventually(target.hangs, patient).Should(Receive())
	interrupt()
	g.Eventually(done, patient).Should(Receive(Equal(2)))
	g.Expect(lines(errs.String())).To(HaveLen(1))
	g.Expect(target.left()).To(BeEmpty())
	got := call(t, nil, "judge", path)
	g.Expect(got.status).To(BeZero(), got.out+got.err)
}

// TestAFullDiskCostsTheRecordingAlone: the run goes on to its verdict, and its report is written.
func TestAFullDiskCostsTheRecordingAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("there is no %s", full)
	}
	written := filepath.Join(t.TempDir(), "report.json")
	got := judge(t, nil, "--label-filter", "ERR-1 || BATCH-1", "--record", full, "--report", "json="+written)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring(`write the file "/dev/full": no space left on device`))
	g.Expect(last(got.out)).To(Equal("verdict: conformant"))
	g.Expect(read(g, written).Verdict).To(Equal(report.Conformant))
}

func TestWhatCannotBeJudgedIsToldInOneLine(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := filepath.Join("..", "..", "testdata", "logs", "browser.har")
	states := func(name, text string) []string { return []string{good, "--states", file(name, text)} }
	for name, usage := range map[string]struct {
		args []string
		mend string
	}{
		"no file":                {nil, "give a HAR file"},
		"two files":              {[]string{good, good}, "one word too many"},
		"an empty name":          {[]string{""}, "give a HAR file"},
		"a file that is not":     {[]string{filepath.Join(directory, "none.har")}, "no such file or directory); give a HAR file"},
		"a directory":            {[]string{directory}, "is no regular file"},
		"a device":               {[]string{os.DevNull}, "is no regular file"},
		"an empty file":          {[]string{file("empty.har", "")}, "the file ends before the log does; give a HAR file"},
		"no JSON":                {[]string{file("text.har", hidden)}, "no JSON of a HAR"},
		"another JSON":           {[]string{file("other.har", `{"`+hidden+`":1}`)}, "it has no log.entries"},
		"a cut file":             {[]string{file("cut.har", `{"log":{"entries":[{"startedDateTime":"2026`)}, "entry 1: the file ends"},
		"a wrong entry":          {[]string{file("wrong.har", `{"log":{"entries":[{"request":{"url":"`+hidden+`"}}]}}`)}, "entry 1: it has no startedDateTime"},
		"no entries":             {[]string{file("nothing.har", `{"log":{"entries":[]}}`)}, "has no call of DeleteSnapshots"},
		"control characters":     {[]string{"\x1b[2J\n"}, "give a HAR file"},
		"no settle time":         {[]string{good, "--settle", "0"}, "give one such as 30s"},
		"a report of no kind":    {[]string{good, "--report", "x"}, "give json="},
		"no states":              {[]string{good, "--states", ""}, "give a YAML or JSON list"},
		"states that are not":    {[]string{good, "--states", filepath.Join(directory, "none.yaml")}, "give a YAML or JSON list"},
		"states of a directory":  {[]string{good, "--states", directory}, "give a YAML or JSON list"},
		"empty states":           {states("empty.yaml", ""), "it is empty"},
		"states of text":         {states("text.yaml", hidden), "this is no list"},
		"states without an id":   {states("id.yaml", `[{"state":"NORMAL"}]`), "lacks its id"},
		"an unknown state":       {states("unknown.yaml", "BROKEN: [a]"), "BROKEN"},
		"one id in two states":   {states("two.yaml", "NORMAL: [a]\nFAILED: [a]"), "twice"},
		"an alias without end":   {states("bomb.yaml", "a: &a [*a]"), "give a YAML or JSON list"},
		"no run of that command": {[]string{"--record", "x", good}, "see zec-conformance judge --help"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"judge"}, usage.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(usage.mend))
			g.Expect(got.err).NotTo(ContainSubstring(hidden))
			g.Expect(got.out).To(BeEmpty())
		})
	}
}
