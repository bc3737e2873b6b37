package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
)

// offers asks as the scripts of all shells do, and gives what they are told, descriptions left out.
func offers(t *testing.T, line ...string) (words []string, directive string) {
	t.Helper()
	got := call(t, nil, append([]string{"__completeNoDesc"}, line...)...)
	NewWithT(t).Expect(got.status).To(BeZero(), got.err)
	told := lines(got.out)
	return told[:len(told)-1], told[len(told)-1]
}

// What a shell is told to do, in Cobra's numbers.
const (
	noFiles, openEnd, byEnding, onlyFolders = ":4", ":6", ":8", ":16"
)

func TestWhatCanStandThereIsOffered(t *testing.T) {
	t.Parallel()
	var rules, callers, names, kinds []string
	for _, rule := range contract.Rules {
		rules = append(rules, rule.ID)
	}
	for _, rule := range contract.CallerRules {
		callers = append(callers, rule.ID)
	}
	for _, v := range mutants.Mutants() {
		names = append(names, v.Name)
	}
	for _, form := range report.Forms {
		kinds = append(kinds, form.Kind+"=")
	}
	for line, c := range map[string]struct {
		words     []string // some of those that are offered
		directive string
	}{
		"":                                {[]string{"run", "mock", "rules", "completion", "man"}, noFiles},
		"mock ":                           {[]string{"export", "import"}, noFiles},
		"help ":                           {[]string{"run", "mock"}, noFiles},
		"help mock ":                      {[]string{"export", "import"}, noFiles},
		"completion ":                     {[]string{"bash", "zsh", "fish", "powershell"}, noFiles},
		"run --effort ":                   {[]string{"quick", "normal", "thorough"}, noFiles},
		"run --effort=th":                 {[]string{"thorough"}, noFiles},
		"run --report ":                   {kinds, openEnd},
		"report --to mark":                {[]string{"markdown="}, openEnd},
		"judge --report js":               {[]string{"json="}, openEnd},
		"run --report json=completion_te": {[]string{"json=completion_test.go"}, openEnd},
		"run --report json=../":           {[]string{"json=../prove/", "json=../wire/"}, openEnd},
		"run --label-filter ":             {append(rules, "MUST", "SHOULD", "NOTE"), openEnd},
		"plan --label-filter MUST&&!CO":   {[]string{"MUST&&!CONC-1", "MUST&&!CONC-2"}, openEnd},
		"run --testbed ":                  {[]string{"exec:", "file:", "zec:"}, openEnd},
		"run --settle ":                   {nil, noFiles},
		"run --seed ":                     {nil, noFiles},
		"run --record ":                   {[]string{"har"}, byEnding},
		"run --pictures ":                 {nil, onlyFolders},
		"man ":                            {nil, onlyFolders},
		"judge ":                          {[]string{"har"}, byEnding},
		"report ":                         {[]string{"json"}, byEnding},
		"judge --states ":                 {[]string{"yaml", "json"}, byEnding},
		"mock --seed ":                    {[]string{"yaml", "json"}, byEnding},
		"mock import ":                    {[]string{"yaml", "json"}, byEnding},
		"mock --mutant ":                  {names, noFiles},
		"mock --fault ":                   {trouble.Names(), openEnd},
		"mock --auth ":                    {[]string{"zc2", "bearer", "none"}, noFiles},
		"mock --log ":                     {[]string{"text", "json", "none"}, noFiles},
		"mock --tolerate ":                {callers, noFiles},
		"rules ":                          {nil, noFiles},
		"diff ":                           {[]string{"json"}, byEnding},
		"diff --fail-on ":                 {[]string{"must", "latency", "none"}, noFiles},
		"diff --report ":                  {[]string{"json=", "markdown="}, openEnd},
		"breaking ":                       {[]string{"yaml", "json"}, byEnding},
		"breaking --git ":                 {nil, noFiles},
		"breaking --document ":            {[]string{"yaml"}, byEnding},
		"breaking --fail-on ":             {[]string{"breaking", "notice", "none"}, noFiles},
		"breaking --report ":              {[]string{"markdown=", "json="}, openEnd},
		"baseline ":                       {[]string{"write"}, noFiles},
		"baseline write ":                 {[]string{"yaml", "json"}, byEnding},
		"baseline write --from ":          {[]string{"json"}, byEnding},
		"run --endpoint http://127.0.0.1:8080 --testbed /testbed/v1 --eff": {[]string{"--effort"}, noFiles},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			words, directive := offers(t, strings.Split(line, " ")...)
			g.Expect(directive).To(Equal(c.directive))
			if c.words == nil {
				g.Expect(words).To(BeEmpty())
				return
			}
			g.Expect(words).To(ContainElements(c.words))
		})
	}
}

// TestWhatIsOfferedIsTaken: nobody is led to a mistake.
func TestWhatIsOfferedIsTaken(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	filters, _ := offers(t, "plan", "--label-filter", "")
	for _, filter := range filters {
		chosen, err := conformance.Checks(filter)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(chosen).NotTo(BeEmpty(), filter)
	}
	faults, _ := offers(t, "mock", "--fault", "")
	for _, name := range faults {
		_, err := trouble.ParseFault(name)
		g.Expect(err).NotTo(HaveOccurred())
	}
	states, _ := offers(t, "mock", "--stay", "")
	g.Expect(states).NotTo(BeEmpty())
	for _, state := range states {
		_, err := trouble.ParseStay(state)
		g.Expect(err).NotTo(HaveOccurred())
	}
	variants, _ := offers(t, "mock", "--mutant", "")
	for _, name := range variants {
		_, err := namedVariant(name)
		g.Expect(err).NotTo(HaveOccurred())
	}
}

// script writes the completion for a shell to a file.
func script(t *testing.T, shell string) string {
	t.Helper()
	g := NewWithT(t)
	got := call(t, nil, "completion", shell)
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.err).To(BeEmpty())
	path := filepath.Join(t.TempDir(), "completion")
	g.Expect(os.WriteFile(path, []byte(got.out), 0o600)).To(Succeed())
	return path
}

func TestShellsReadTheirScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range shells {
		t.Run(shell.name, func(t *testing.T) {
			t.Parallel()
			path := script(t, shell.name)
			if shell.name == "powershell" {
				return // which reads no script without carrying it out
			}
			program, err := exec.LookPath(shell.name)
			if err != nil {
				t.Skipf("%s is not installed", shell.name)
			}
			output, err := exec.CommandContext(t.Context(), program, "-n", path).CombinedOutput()
			NewWithT(t).Expect(err).NotTo(HaveOccurred(), string(output))
		})
	}
}

// bashCompletion is what the script for bash builds on.
const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestBashCompletes has a real bash take the script and complete lines by it, as it does where somebody presses the tabulator.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(bashCompletion); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no bash-completion, and CI has to try the script with it: apt-get install bash-completion")
		}
		t.Skip("there is no bash-completion to try the script with: apt-get install bash-completion")
	}
	g := NewWithT(t)
	own, err := os.Executable()
	g.Expect(err).NotTo(HaveOccurred())
	folder := t.TempDir()
	g.Expect(os.Symlink(own, filepath.Join(folder, "zec-conformance"))).To(Succeed())
	for line, words := range map[string][]string{
		"zec-conformance ru":                             {"run", "rules"},
		"zec-conformance run --effort th":                {"thorough"},
		"zec-conformance run --effort = th":              {"thorough"},
		"zec-conformance run --report js":                {"json="},
		"zec-conformance run --report json = usage_":     {"usage_test.go"},
		"zec-conformance run --label-filter AUTH":        {"AUTH-1"},
		"zec-conformance mock --fault SERVICE":           {"SERVICE_TEMPORARY_UNAVAILABLE"},
		"zec-conformance mock --mutant folds-case-among": {"folds-case-among-several"},
		"zec-conformance help mock im":                   {"import"},
		"zec-conformance completion f":                   {"fish"},
		"zec-conformance run --settle x":                 {},
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			typed := strings.ReplaceAll(line, " = ", "=") // bash takes what is around the sign for words of their own
			command := exec.CommandContext(t.Context(), "bash", "--norc", "-c", `. "$1" && . "$2" && shift 2
typed=$1 && shift
compopt() { :; } # which is for a line that somebody types
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$typed COMP_POINT=${#typed} COMP_TYPE=9
__start_zec-conformance
printf '%s\n' "${COMPREPLY[@]}"`, "bash", bashCompletion, script(t, "bash"), typed)
			command.Args = append(command.Args, strings.Fields(line)...)
			command.Env = append(os.Environ(), asCommand+"=yes", "PATH="+folder+":"+os.Getenv("PATH"))
			output, err := command.Output()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(strings.Fields(string(output))).To(ConsistOf(words))
		})
	}
}

func TestAShellThatIsNoneIsTold(t *testing.T) {
	t.Parallel()
	for args, mend := range map[string]string{
		"completion":            "no shell is given; give bash, zsh, fish or powershell",
		"completion tcsh":       `there is no completion for "tcsh"; give bash`,
		"completion bash zsh":   `"zsh" is one word too many`,
		"completion bash --all": "see zec-conformance completion --help",
	} {
		g := NewWithT(t)
		got := call(t, nil, strings.Fields(args)...)
		got.complaint(g)
		g.Expect(got.err).To(ContainSubstring(mend))
		g.Expect(got.out).To(BeEmpty())
	}
}
