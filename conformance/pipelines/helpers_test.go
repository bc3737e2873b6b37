// Package pipelines_test checks the homes of the suite in pipelines: each by the platform's own schema and linters, and by
// carrying out what it says, with the command of this work tree in place of a released one.
package pipelines_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"

	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

const (
	top     = "../.."
	module  = "github.com/zec-conformance/deletesnapshots"
	program = module + "/conformance/cmd/zec-conformance"
	release = "v1.2.3" // of the command, which is not asked for anywhere
)

// patience is how long a program may take, on a machine that is busy.
const patience = time.Minute

func TestMain(m *testing.M) { fortest.Main(m) }

// installed has npm bring the tools that .ci/pipelines pins, once.
var installed = sync.OnceValues(func() (string, error) {
	folder, err := filepath.Abs(filepath.Join(top, ".ci", "pipelines"))
	if err != nil {
		return "", err
	}
	lock, err := os.Stat(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return "", err
	}
	there, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json"))
	if err != nil || there.ModTime().Before(lock.ModTime()) {
		npm := exec.Command("npm", "ci", "--prefer-offline", "--silent")
		npm.Dir = folder
		if output, err := npm.CombinedOutput(); err != nil {
			return "", errors.Join(err, errors.New(string(output)))
		}
	}
	return filepath.Join(folder, "node_modules"), nil
})

// The programs from npm, by their places. prek carries out hooks as pre-commit does, and comes for one kind of machine alone.
const (
	actionValidator = ".bin/action-validator"
	gitlabCILocal   = ".bin/gitlab-ci-local"
	prek            = "@j178/prek-linux-x64-gnu/prek"
)

// tool gives the path of a program from npm.
func tool(t *testing.T, name string) string {
	t.Helper()
	fortest.Needs(t, "node", "npm")
	folder, err := installed()
	path := filepath.Join(folder, name)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		fortest.Lacking(t, fmt.Sprintf("npm cannot install what tries the pipelines: %s", err))
	}
	return path
}

// surroundings are where a platform runs something: a folder, with a home and a "go" of its own, whose only art is to install
// the command of this work tree where a release of it is asked for.
type surroundings struct {
	folder      string
	environment []string
	during      func(*os.Process) // what is done to a program while it runs; may be nil
}

func surround(t *testing.T) surroundings {
	t.Helper()
	g := NewWithT(t)
	folder, home := t.TempDir(), t.TempDir()
	g.Expect(os.Mkdir(filepath.Join(home, "bin"), 0o700)).To(Succeed())
	install := `#!/bin/sh
set -eu
test "$*" = 'install ` + program + "@" + release + `'
GOBIN=${GOBIN:-$(dirname "$0")}
mkdir -p "$GOBIN"
ln -s '` + fortest.Command(t) + `' "$GOBIN/zec-conformance"
`
	g.Expect(os.WriteFile(filepath.Join(home, "bin", "go"), []byte(install), 0o700)).To(Succeed())
	s := surroundings{folder: folder}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); !regexp.MustCompile("^(ZENLAYER|GITHUB_|GITLAB_|CI_|GIT_|PREK_|GOBIN$)").MatchString(name) {
			s.environment = append(s.environment, variable)
		}
	}
	return s.with("HOME="+home, "XDG_STATE_HOME="+home, "PATH="+filepath.Join(home, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func (s surroundings) with(variables ...string) surroundings {
	s.environment = append(append([]string(nil), s.environment...), variables...)
	return s
}

// run gives what a program prints, and its exit status, which is -1 where a signal has ended it.
func (s surroundings) run(t *testing.T, words ...string) (string, int) {
	t.Helper()
	running := exec.CommandContext(t.Context(), words[0], words[1:]...)
	running.Dir, running.Env = s.folder, s.environment
	var output bytes.Buffer
	running.Stdout, running.Stderr = &output, &output
	NewWithT(t).Expect(running.Start()).To(Succeed())
	if s.during != nil {
		s.during(running.Process)
	}
	err := running.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		t.Fatal(err)
	}
	return output.String(), running.ProcessState.ExitCode()
}

// repository makes the folder a repository with files that are committed.
func (s surroundings) repository(t *testing.T, files map[string]string) {
	t.Helper()
	fortest.Needs(t, "git")
	g := NewWithT(t)
	for name, text := range files {
		path := filepath.Join(s.folder, name)
		g.Expect(os.MkdirAll(filepath.Dir(path), 0o700)).To(Succeed())
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
	}
	for _, words := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"add", "."}, {"commit", "--quiet", "--message", "Begin"}} {
		identified := append([]string{"git", "-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"}, words...)
		output, status := s.run(t, identified...)
		g.Expect(status).To(BeZero(), output)
	}
}

// served is the URL of the mock, or of a mutant, in a process of its own that ends with the test.
func served(t *testing.T, flags ...string) string {
	t.Helper()
	g := NewWithT(t)
	session, err := gexec.Start(exec.Command(fortest.Command(t), append([]string{"mock", "--addr", "127.0.0.1:0"}, flags...)...), nil, nil)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { <-session.Kill().Exited })
	g.Eventually(session.Out, patience).Should(gbytes.Say("^http://.*\n"), "%s", session.Err.Contents())
	return strings.TrimSpace(string(session.Out.Contents()))
}

// offering is an implementation that a pipeline judges, and what it has to find.
type offering struct {
	endpoint, testbed string
	verdict           string
	status            int
}

func offerings(t *testing.T) map[string]offering {
	return map[string]offering{
		"the mock": {served(t), mock.TestbedPath, "conformant", 0},
		"a mutant": {served(t, "--mutant", "null-fails"), mock.TestbedPath, "not conformant", 1},
		"nothing":  {"http://127.0.0.1:1", mock.TestbedPath, "could not run", 2},
	}
}

// read gives a file of this repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// shown gives the pipeline of the README that has a text in it.
func shown(t *testing.T, text string) string {
	t.Helper()
	var found []string
	for _, block := range regexp.MustCompile("(?s)```yml\n(.*?)```").FindAllStringSubmatch(read(t, "README.md"), -1) {
		if strings.Contains(block[1], text) {
			found = append(found, block[1])
		}
	}
	NewWithT(t).Expect(found).To(HaveLen(1), text)
	return found[0]
}

// TestTheCommandHasWhatIsAskedOfIt: the flags and words that the pipelines use are those of the command.
func TestTheCommandHasWhatIsAskedOfIt(t *testing.T) {
	t.Parallel()
	for _, file := range []string{".github/actions/conformance/action.yml", ".gitlab/conformance.yml", ".pre-commit-hooks.yaml"} {
		uses := regexp.MustCompile(`zec-conformance"? (run|breaking)((?s: .*?))(?:\n\n|\n  [a-z]|\n- |$)`).FindAllStringSubmatch(read(t, file), -1)
		NewWithT(t).Expect(uses).NotTo(BeEmpty(), file)
		for _, use := range uses {
			help, status := surroundings{}.run(t, fortest.Command(t), use[1], "--help")
			NewWithT(t).Expect(status).To(BeZero(), "%s: %s", file, help)
			for _, flag := range regexp.MustCompile(`--[a-z]+`).FindAllString(use[2], -1) {
				NewWithT(t).Expect(help).To(ContainSubstring(flag+" "), file)
			}
		}
	}
}
