package conformance_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks gives the fenced blocks of a language.
func blocks(text, language string) []string {
	var found []string
	for _, match := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}

func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: Go alone is enough for everything else", program)
		}
	}
}

// freePort is one on the loopback interface that nobody listens on.
func freePort(g *WithT) string {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	defer free.Close()
	return strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
}

func TestReadmeListsTheRules(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := readme(t)
	for _, rule := range contract.Rules {
		row := fmt.Sprintf("| %s | %s | %s | %s |", rule.ID, rule.Level, rule.Statement, strings.Join(rule.Source, ", "))
		g.Expect(strings.Count(text, row)).To(Equal(1), "the README is to have this row, once:\n%s", row)
	}
	for _, rule := range contract.CallerRules {
		row := fmt.Sprintf("| %s | %s | %s | %s |", rule.ID, rule.Level, rule.Statement, rule.Backing())
		g.Expect(strings.Count(text, row)).To(Equal(1), "the README is to have this row, once:\n%s", row)
	}
	g.Expect(strings.Count(text, "| MUST |") + strings.Count(text, "| SHOULD |") + strings.Count(text, "| NOTE |")).To(
		Equal(len(contract.Rules) + len(contract.CallerRules)))
}

func TestReadmeTellsThePrices(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(readme(t)).To(ContainSubstring(conformance.Prices()))
}

// apart makes a folder that has what commands need of this repository, and what they write there is in nobody's way.
func apart(g *WithT, folder string) string {
	root, err := filepath.Abs("..")
	g.Expect(err).NotTo(HaveOccurred())
	for _, name := range []string{"bin", "conformance", "openapi.yaml"} {
		g.Expect(os.Symlink(filepath.Join(root, name), filepath.Join(folder, name))).To(Succeed())
	}
	return folder
}

func TestReadmeCommandsWork(t *testing.T) {
	t.Parallel()
	needs(t, "bash", "make", "curl")
	commands := blocks(readme(t), "sh")
	NewWithT(t).Expect(commands).NotTo(BeEmpty())
	run := func(t *testing.T, folder, script string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
		command.Dir = folder
		command.WaitDelay = 5 * time.Second // what a script that fails has started goes on
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %s\n%s", err, script, output)
		}
		return string(output)
	}
	run(t, "..", "make build")  // once for all
	shown := map[string]string{ // what a block shows, by a command that it has
		"make run":               "\nverdict: conformant\n",
		`--endpoint "$two"`:      "\nSide by side\n",
		"conformance/foreign/":   "\nverdict: conformant\n",
		"conformance plan":       "checks are carried out",
		"baseline write":         "\nverdict: not conformant, as known\n",
		" judge ":                "\nverdict: conformant\n",
		" diff ":                 "\nregression, by must: BATCH-2",
		" report report.json":    "### ✅ DeleteSnapshots: conformant\n",
		"file:":                  "\nverdict: conformant\n",
		"zec:":                   "\nverdict: conformant\n",
		"@made.json":             `"response"`,
		"call DescribeSnapshots": `"totalCount":1`,
		"--auth zc2":             "\nverdict: conformant\n",
		"--expect-clean":         "\nnot clean: rules for callers that were broken: 2;",
		"mock export":            "\n1000\n",
		"exchanges?limit=":       `{"total":1,"exchanges":[{"number":1,`,
		"/trouble":               `"rate":"10%"`,
		"conformance breaking":   "\n1 breaking, 3 warnings, 0 notices\n",
	}
	for i, block := range commands {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			// This test is part of what "make test" runs.
			script := regexp.MustCompile(`(?m)^make (test.*|build)\n`).ReplaceAllString(block, "")
			script = strings.ReplaceAll(script, "make run", "bin/zec-conformance run")
			script = strings.ReplaceAll(script, "port=8099\n", "port="+freePort(g)+"\n")
			for _, foreign := range []string{"node", "java", "python3"} {
				if strings.Contains(script, foreign+" conformance/") {
					needs(t, foreign)
				}
			}
			output := run(t, apart(g, t.TempDir()), script)
			told := 0
			for command, text := range shown {
				if strings.Contains(block, command) {
					g.Expect(output).To(ContainSubstring(text))
					told++
				}
			}
			g.Expect(told).NotTo(BeZero(), "nothing is known of what this shows:\n%s", script)
		})
	}
}

// TestReadmeShowsTestbedsThatAreTried: those of conformance/foreign, where they are judged.
func TestReadmeShowsTestbedsThatAreTried(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	shown := blocks(readme(t), "python")
	g.Expect(shown).To(HaveLen(2))
	for i, name := range []string{"server.py", "bed.py"} {
		program, err := os.ReadFile(filepath.Join("foreign", "python", name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(program)).To(ContainSubstring(shown[i]))
	}
}

func TestReadmeListsOfSnapshotsAreRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lists := blocks(readme(t), "yaml")
	g.Expect(lists).To(HaveLen(2))
	for _, list := range lists {
		path := filepath.Join(t.TempDir(), "snapshots.yaml")
		g.Expect(os.WriteFile(path, []byte(list), 0o600)).To(Succeed())
		bed, err := testbed.Open("file:"+path, testbed.Surroundings{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(bed.States(t.Context())).To(ConsistOf(contract.Normal, contract.State("FAILED")))
		g.Expect(bed.(testbed.Spending).Missing()).To(Equal([]string{"snap-3"}))
	}
}
