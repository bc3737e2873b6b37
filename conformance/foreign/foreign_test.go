// Package foreign_test holds the implementations in other languages to the contract, as their authors would: each is started as
// a process, and judged by the command.
package foreign_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// patience is how long a program may take to begin, and a run to end, on a machine that is busy.
const patience = time.Minute

func TestMain(m *testing.M) { fortest.Main(m) }

// implementation is one of the folders.
type implementation struct {
	folder string
	serve  []string // what serves API and testbed, on the port that is appended; or
	bed    []string // what is a testbed program, and serves the API on the port that is appended
}

var (
	node      = implementation{folder: "node", serve: []string{"node", "server.mjs"}}
	java      = implementation{folder: "java", bed: slices.Concat([]string{"java"}, fortest.HastyJava, []string{"Server.java"})}
	python    = implementation{folder: "python", serve: []string{"python3", "server.py"}}
	pythonBed = implementation{folder: "python", bed: []string{"python3", "bed.py"}}
)

var credentials = []string{"ZENLAYERCLOUD_ACCESS_KEY_ID=me", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=not-a-secret"}

func TestEachIsConformant(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		implementation
		environment []string
		skipped     []string
	}{
		"node":              {implementation: node, environment: credentials},
		"java":              {implementation: java, skipped: []string{"AUTH-1"}},
		"python":            {implementation: python, skipped: []string{"AUTH-1"}},
		"python, a program": {implementation: pythonBed, skipped: []string{"AUTH-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			result, status := row.judge(t, row.copied(t), row.environment)
			g.Expect(rules(result, report.Failed)).To(BeEmpty())
			g.Expect(rules(result, report.Skipped)).To(HaveExactElements(row.skipped))
			g.Expect(result.Verdict).To(Equal(report.Conformant), result.Reason)
			g.Expect(status).To(BeZero())
		})
	}
}

// TestAFaultInOneIsFound: each fault is one line of an implementation that is changed.
func TestAFaultInOneIsFound(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		implementation
		file, line, changed string
		environment         []string
		rule                string
	}{
		"node takes one id less": {
			implementation: node, file: "server.mjs", rule: "BATCH-1",
			line: fmt.Sprintf("const maxBatch = %d;", contract.MaxBatch), changed: fmt.Sprintf("const maxBatch = %d;", contract.MaxBatch-1),
		},
		"node lets in who signed long ago": {
			implementation: node, file: "server.mjs", rule: "AUTH-1", environment: credentials,
			line: "> maxClockSkew)", changed: "> Infinity)",
		},
		"java deletes whatever the state": {
			implementation: java, file: "Server.java", rule: "STATE-2",
			line: `!"NORMAL".equals(snapshots.get(id))`, changed: "!snapshots.containsKey(id)",
		},
		"python lists nothing": {
			implementation: python, file: "server.py", rule: "PART-1",
			line: `"snapshotIds": failed}`, changed: `"snapshotIds": []}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			folder := row.copied(t)
			source, err := os.ReadFile(filepath.Join(folder, row.file))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(strings.Count(string(source), row.line)).To(Equal(1), row.line)
			changed := strings.ReplaceAll(string(source), row.line, row.changed)
			g.Expect(os.WriteFile(filepath.Join(folder, row.file), []byte(changed), 0o600)).To(Succeed())

			result, status := row.judge(t, folder, row.environment, "--strict", "--label-filter", row.rule)
			g.Expect(rules(result, report.Failed)).To(ContainElement(row.rule))
			g.Expect(result.Verdict).To(Equal(report.NotConformant), result.Reason)
			g.Expect(status).To(Equal(1))
		})
	}
}

// TestTheyKnowTheContractsStates: a testbed that left one out would have checks be skipped, which is no failure.
func TestTheyKnowTheContractsStates(t *testing.T) {
	t.Parallel()
	var states []string
	for _, state := range contract.States {
		states = append(states, fmt.Sprintf("%q", state))
	}
	for _, file := range []string{"node/server.mjs", "java/Server.java", "python/server.py"} {
		g := NewWithT(t)
		source, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(source)).To(ContainSubstring(strings.Join(states, ", ")), file)
	}
}

// copied gives a copy of the folder, which what runs there may write to.
func (i implementation) copied(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	NewWithT(t).Expect(os.CopyFS(folder, os.DirFS(i.folder))).To(Succeed())
	return folder
}

// judge has the command judge the implementation that is in a folder, and gives its report and exit status.
func (i implementation) judge(t *testing.T, folder string, environment []string, flags ...string) (*report.Report, int) {
	t.Helper()
	fortest.Needs(t, append(i.serve, i.bed...)[0])
	g := NewWithT(t)
	path := filepath.Join(folder, "report.json")
	flags = append(flags, "--quiet", "--effort", "quick", "--linger", "0", "--report", "json="+path)
	if i.bed != nil {
		port := fortest.FreePort(t)
		bed := fmt.Sprintf("exec:exec %s %s", strings.Join(i.bed, " "), port)
		flags = append(flags, "--endpoint", "http://127.0.0.1:"+port, "--testbed", bed)
	} else {
		server := start(t, folder, environment, append(i.serve, "0")...)
		g.Eventually(server.Out, patience).Should(gbytes.Say("^http://.*\n"), "%s", server.Err.Contents())
		flags = append(flags, "--endpoint", strings.TrimSpace(string(server.Out.Contents())), "--testbed", mock.TestbedPath)
	}
	run := start(t, folder, environment, append([]string{fortest.Command(t), "run"}, flags...)...)
	g.Eventually(run, patience).Should(gexec.Exit())

	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred(), "%s", run.Err.Contents())
	result := &report.Report{}
	g.Expect(json.Unmarshal(text, result)).To(Succeed())
	return result, run.ExitCode()
}

// start runs a program that ends with the test.
func start(t *testing.T, folder string, environment []string, words ...string) *gexec.Session {
	t.Helper()
	program := exec.Command(words[0], words[1:]...)
	program.Dir = folder
	program.Env = []string{"XDG_STATE_HOME=" + folder}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "ZENLAYER") { // whose credentials are none of the test's
			program.Env = append(program.Env, variable)
		}
	}
	program.Env = append(program.Env, environment...)
	session, err := gexec.Start(program, nil, nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { <-session.Kill().Exited })
	return session
}

// rules are those of a status.
func rules(result *report.Report, status report.Status) (ids []string) {
	for _, rule := range result.Rules {
		if rule.Status == status {
			ids = append(ids, rule.ID)
		}
	}
	return ids
}
