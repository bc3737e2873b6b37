package pipelines_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

const actionPath = ".github/actions/conformance/action.yml"

// action is what the tests read of a composite action.
type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []step }
}

type step struct {
	ID, Name, If, Uses, Shell, Run string            `yaml:",omitempty"`
	Env, With                      map[string]string `yaml:",omitempty"`
}

func readAction(t *testing.T) (a action) {
	t.Helper()
	NewWithT(t).Expect(yaml.Unmarshal([]byte(read(t, actionPath)), &a)).To(Succeed())
	return a
}

func TestActionAndWorkflowFitTheSchema(t *testing.T) {
	t.Parallel()
	for _, file := range []string{actionPath, ".github/workflows/ci.yml"} {
		path, err := filepath.Abs(filepath.Join(top, file))
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		output, status := surround(t).run(t, tool(t, actionValidator), path)
		NewWithT(t).Expect(status).To(BeZero(), output)
	}
}

// TestLintersFindNothing: actionlint knows workflows, and of an action only its inputs. So the steps of the action are shown to
// it as those of a workflow that takes the same inputs. It asks shellcheck about scripts.
func TestLintersFindNothing(t *testing.T) {
	t.Parallel()
	fortest.Needs(t, "shellcheck")
	a := readAction(t)
	inputs := map[string]any{}
	for name := range a.Inputs {
		inputs[name] = map[string]string{"type": "string"}
	}
	asWorkflow, err := yaml.Marshal(map[string]any{
		"on":   map[string]any{"workflow_call": map[string]any{"inputs": inputs}},
		"jobs": map[string]any{"action": map[string]any{"runs-on": "ubuntu-latest", "steps": a.Runs.Steps}},
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	remote := regexp.MustCompile("uses: zec-conformance/deletesnapshots/(.*)@VERSION")
	for name, workflow := range map[string]string{
		"ci.yml":     read(t, ".github/workflows/ci.yml"),
		"the action": string(asWorkflow),
		"the README": remote.ReplaceAllString(shown(t, "runs-on:"), "uses: ./$1"), // where its inputs can be looked up
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: "shellcheck"})
			g.Expect(err).NotTo(HaveOccurred())
			project, err := actionlint.NewProject(top)
			g.Expect(err).NotTo(HaveOccurred())
			found, err := linter.Lint(name, []byte(workflow), project)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(BeEmpty())
		})
	}
}

// TestNothingFromOutsideIsPutIntoAScript: an expression is put into a script before a shell reads it.
func TestNothingFromOutsideIsPutIntoAScript(t *testing.T) {
	t.Parallel()
	for _, step := range readAction(t).Runs.Steps {
		NewWithT(t).Expect(step.Run).NotTo(ContainSubstring("${{"), step.Name)
	}
}

// TestAVerdictIsShownWhateverItIs: a step that says nothing of it is left out after one that failed.
func TestAVerdictIsShownWhateverItIs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	steps := readAction(t).Runs.Steps
	judge := slices.IndexFunc(steps, func(s step) bool { return s.ID == "judge" })
	g.Expect(judge).To(BeNumerically(">=", 0))
	g.Expect(steps[judge+1:]).To(HaveLen(2))
	for _, step := range steps[judge+1:] {
		g.Expect(step.If).To(HavePrefix("always() && "), step.Name)
	}
}

// TestTheActionJudges carries out the scripts of the action as a runner does.
func TestTheActionJudges(t *testing.T) {
	t.Parallel()
	for name, offered := range offerings(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			job := carryOut(t, attempt{}, map[string]string{
				"endpoint": offered.endpoint, "testbed": offered.testbed, "effort": "quick", "flags": "--linger 0\n--settle=5s ", "version": release,
			})
			g.Expect(job.status).To(Equal(offered.status), job.log)
			g.Expect(job.outputs).To(HaveKeyWithValue("verdict", offered.verdict))
			g.Expect(job.summary).To(ContainSubstring(offered.verdict))
			g.Expect(strings.Contains(job.log, "::error ")).To(Equal(offered.status != 0), "annotations")
			for _, file := range []string{"report.json", "junit.xml", "report.html", "report.md"} {
				g.Expect(filepath.Join(job.outputs["reports"], file)).To(BeARegularFile())
			}
		})
	}
}

func TestAnInputIsNoPartOfAScript(t *testing.T) {
	t.Parallel()
	const injection = `'"; touch injected; $(touch injected) ` + "`touch injected`\n* touch injected #"
	for _, input := range []string{"endpoint", "testbed", "effort", "flags", "version"} {
		t.Run(input, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			inputs := map[string]string{"endpoint": "http://127.0.0.1:1", "testbed": "/testbed", "version": release}
			inputs[input] = injection
			job := carryOut(t, attempt{}, inputs)
			g.Expect(job.status).NotTo(BeZero(), job.log)
			g.Expect(job.outputs["verdict"]).To(Or(Equal("could not run"), BeEmpty()))
			g.Expect(filepath.Glob(filepath.Join(job.folder, "injected"))).To(BeEmpty())
		})
	}
}

func TestTheActionTellsNoSecrets(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const secret = "a-secret-of-the-pipeline"
	job := carryOut(t, attempt{environment: []string{
		"ZENLAYERCLOUD_ACCESS_KEY_ID=me-myself", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD=" + secret,
	}}, map[string]string{
		"endpoint": served(t, "--mutant", "null-fails"), "testbed": mock.TestbedPath, "effort": "quick", "flags": "--linger 0", "version": release,
	})
	g.Expect(job.status).To(Equal(1), job.log)
	texts := []string{job.log, job.summary, fmt.Sprint(job.outputs)}
	files, err := filepath.Glob(filepath.Join(job.outputs["reports"], "*"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		g.Expect(text).NotTo(Or(ContainSubstring(secret), ContainSubstring("me-myself")))
	}
}

// TestACancelledJobLeavesNothingBehind: a runner interrupts the process that it has started for a step, and no other.
func TestACancelledJobLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	url := served(t, "--latency", "100ms")
	snapshots := func() (string, error) {
		answer, err := http.Get(url + mock.TestbedPath + "/population")
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		return string(text), err
	}
	empty, err := snapshots()
	g.Expect(err).NotTo(HaveOccurred())
	cancel := func(judge *os.Process) {
		g.Eventually(snapshots, patience).ShouldNot(Equal(empty))
		g.Expect(judge.Signal(os.Interrupt)).To(Succeed())
	}
	job := carryOut(t, attempt{during: cancel}, map[string]string{"endpoint": url, "testbed": mock.TestbedPath, "version": release})
	g.Expect(job.status).To(Equal(2), job.log)
	g.Expect(job.outputs).To(HaveKeyWithValue("verdict", "could not run"))
	g.Expect(snapshots()).To(Equal(empty))
}

// attempt is how a job is carried out.
type attempt struct {
	environment []string
	during      func(judge *os.Process)
}

// job is what became of the steps of the action.
type job struct {
	folder, log, summary string
	outputs              map[string]string // those of the action
	status               int               // of the first step that failed
}

// carryOut does what a runner does with the action's own steps.
func carryOut(t *testing.T, how attempt, inputs map[string]string) (done job) {
	t.Helper()
	fortest.Needs(t, "bash")
	a := readAction(t)
	for name, input := range a.Inputs {
		_, given := inputs[name]
		if input.Required {
			NewWithT(t).Expect(given).To(BeTrue(), name)
		} else if !given {
			inputs[name] = input.Default
		}
	}
	temp := t.TempDir()
	summary := filepath.Join(temp, "summary")
	known := map[string]string{"runner.temp": temp, "github.action_ref": release}
	for name, value := range inputs {
		known["inputs."+name] = value
	}
	here := surround(t).with(append(how.environment, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+summary)...)
	done.folder = here.folder
	for i, step := range a.Runs.Steps {
		condition, always := strings.CutPrefix(step.If, "always() && ")
		if step.Run == "" || done.status != 0 && !always || always && evaluate(t, known, condition) == "" {
			continue
		}
		script, output := filepath.Join(temp, fmt.Sprintf("%d.sh", i)), filepath.Join(temp, fmt.Sprintf("%d.output", i))
		NewWithT(t).Expect(os.WriteFile(script, []byte(step.Run), 0o600)).To(Succeed())
		variables := []string{"GITHUB_OUTPUT=" + output}
		for name, value := range step.Env {
			variables = append(variables, name+"="+evaluate(t, known, value))
		}
		NewWithT(t).Expect(step.Shell).To(Equal("bash"))
		here.during = nil
		if step.ID == "judge" {
			here.during = how.during
		}
		log, status := here.with(variables...).run(t, "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
		done.log += log
		if done.status == 0 {
			done.status = status
		}
		said, _ := os.ReadFile(output) // which a step need not write
		for line := range strings.Lines(string(said)) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			known["steps."+step.ID+".outputs."+name] = value
		}
	}
	done.outputs = map[string]string{}
	for name, output := range a.Outputs {
		done.outputs[name] = evaluate(t, known, output.Value)
	}
	said, _ := os.ReadFile(summary)
	done.summary = string(said)
	return done
}

// evaluate gives what a runner makes of an expression, or of a text with expressions in it: names, and the first of several that
// is not empty.
func evaluate(t *testing.T, known map[string]string, text string) string {
	t.Helper()
	one := func(expression string) string {
		for _, name := range strings.Split(expression, " || ") {
			if !strings.HasPrefix(name, "steps.") { // which may have said nothing
				NewWithT(t).Expect(slices.Collect(maps.Keys(known))).To(ContainElement(name))
			}
			if known[name] != "" {
				return known[name]
			}
		}
		return ""
	}
	if !strings.Contains(text, "${{") {
		return one(text)
	}
	return regexp.MustCompile(`\$\{\{ (.*?) \}\}`).ReplaceAllStringFunc(text, func(found string) string {
		return one(strings.TrimSuffix(strings.TrimPrefix(found, "${{ "), " }}"))
	})
}
