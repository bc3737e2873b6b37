package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/door"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
)

// shells are those that there is completion for, and what writes it.
var shells = []struct {
	name  string
	write func(root *cobra.Command, w io.Writer) error
}{
	{"bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", (*cobra.Command).GenZshCompletion},
	{"fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

// completion stands in for Cobra's own, whose help is in words of its own, and which takes a misspelled shell for no mistake.
func (c *command) completion() *cobra.Command {
	var names []string
	for _, shell := range shells {
		names = append(names, shell.name)
	}
	choice := oneOf(names)
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the script by which a shell completes commands, flags and values",
		Long: `Prints the script by which a shell completes commands, flags, and what can stand for a flag's value. SHELL is
` + choice + `.

For the shell that is open:

  source <(zec-conformance completion bash)
  source <(zec-conformance completion zsh)
  zec-conformance completion fish | source
  zec-conformance completion powershell | Out-String | Invoke-Expression

For every one, write it where the shell looks for such scripts. In bash, the package bash-completion has to be there.`,
		Example: `  zec-conformance completion bash > ~/.local/share/bash-completion/completions/zec-conformance
  zec-conformance completion zsh > "${fpath[1]}/_zec-conformance"
  zec-conformance completion fish > ~/.config/fish/completions/zec-conformance.fish`,
		ValidArgsFunction: cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp),
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return fmt.Errorf("no shell is given; give %s", choice)
			case !slices.Contains(names, args[0]):
				return fmt.Errorf("there is no completion for %q; give %s", args[0], choice)
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return shells[slices.Index(names, args[0])].write(cmd.Root(), c.out)
		},
	}
}

// complete has every command know what can stand for its arguments and for the values of its flags. Where nothing more is known,
// a FILE is any file, and a FOLDER any folder; and for a duration, say, nothing is offered.
func complete(root *cobra.Command) error {
	root.CompletionOptions.DisableDefaultCmd = true // there is one of our own
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	arguments, values := argumentsOf(), valuesOf()
	var failures []error
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		_, takes, _ := strings.Cut(cmd.Use, " ")
		switch {
		case cmd.ValidArgsFunction != nil:
		case arguments[cmd.Name()] != nil:
			cmd.ValidArgsFunction = arguments[cmd.Name()]
		case takes != "" && !strings.HasPrefix(takes, "-"):
			cmd.ValidArgsFunction = anyFile
		}
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			called, _ := pflag.UnquoteUsage(flag)
			known := []cobra.CompletionFunc{values[cmd.Name()+" "+flag.Name], values[flag.Name], places[called]}
			if at := slices.IndexFunc(known, func(of cobra.CompletionFunc) bool { return of != nil }); at >= 0 {
				failures = append(failures, cmd.RegisterFlagCompletionFunc(flag.Name, known[at]))
			}
		})
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(root)
	return errors.Join(failures...)
}

// argumentsOf are what can stand for arguments, by the command's name.
func argumentsOf() map[string]cobra.CompletionFunc {
	return map[string]cobra.CompletionFunc{
		"judge":    files("har"),
		"diff":     files("json"),
		"breaking": files("yaml", "yml", "json"),
		"report":   files("json"),
		"import":   files("yaml", "yml", "json"),
		"write":    files("yaml", "yml", "json"),
		"man":      folders,
	}
}

// commandsBelow are those of a command that the arguments lead to.
func commandsBelow(cmd *cobra.Command, args []string, _ string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
	if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
		for _, child := range about.Commands() {
			names = append(names, cobra.CompletionWithDesc(child.Name(), child.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// valuesOf are what can stand for the values of flags, by the flag's name, or the command's and the flag's.
func valuesOf() map[string]cobra.CompletionFunc {
	pem := files("pem", "crt", "cer", "key")
	lists := files("yaml", "yml", "json")
	return map[string]cobra.CompletionFunc{
		"endpoint":         openEnded("http://", "https://", "unix:"),
		"testbed":          openEnded("http://", "https://", "unix:", "exec:", "file:", "zec:"),
		"effort":           words(texts(conformance.Quick, conformance.Normal, conformance.Thorough)...),
		"label-filter":     labels,
		"run report":       kinds(report.Forms),
		"judge report":     kinds(report.Forms),
		"report to":        kinds(report.Forms),
		"diff report":      kinds(diff.Forms),
		"diff fail-on":     regressions,
		"breaking report":  kinds(breaking.Forms),
		"breaking fail-on": words(severities...),
		"document":         lists,
		"baseline":         lists,
		"write from":       files("json"),
		"record":           files("har"),
		"ledger":           files("jsonl"),
		"cacert":           pem,
		"cert":             pem,
		"key":              pem,
		"states":           lists,
		"mock seed":        lists,
		"state":            files("db"),
		"keys":             lists,
		"scenario":         files("yaml", "yml"),
		"auth":             words(texts(door.Policies...)...),
		"log":              words(string(desk.Text), string(desk.JSON), "none"),
		"log-level":        words("info", "warn", "error"),
		"mutant":           variants,
		"fault":            faults,
		"stay":             words(string(contract.Leaving), "CREATING"),
		"tolerate":         callerRules,
	}
}

func texts[T ~string](values ...T) []string {
	all := make([]string, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

// words are all that there is to choose from.
func words(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// openEnded are beginnings.
func openEnded(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoSpace|cobra.ShellCompDirectiveNoFileComp)
}

// files are those with certain endings, and folders on the way to them.
func files(endings ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

// places are what the values of flags are called that name something on disk.
var places = map[string]cobra.CompletionFunc{"FILE": anyFile, "PATH": anyFile, "FOLDER": folders}

func anyFile(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func folders(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// labels continue a label filter, which may have begun with others.
func labels(_ *cobra.Command, _ []string, typed string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexAny(typed, " (!&|")+1]
	for _, level := range contract.Levels {
		all = append(all, cobra.CompletionWithDesc(before+string(level), "all rules of this level"))
	}
	for _, rule := range contract.Rules {
		all = append(all, cobra.CompletionWithDesc(before+rule.ID, rule.Statement))
	}
	return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}

// kinds are those of reports, and behind a kind the files and folders that there are.
func kinds[T any](forms []report.Form[T]) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		kind, path, given := strings.Cut(typed, "=")
		if !given {
			for _, form := range forms {
				all = append(all, cobra.CompletionWithDesc(form.Kind+"=", form.About))
			}
			return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
		}
		folder, _ := filepath.Split(path)
		entries, _ := os.ReadDir(cmp.Or(folder, ".")) // a folder that cannot be read has nothing to offer
		for _, entry := range entries {
			found := folder + entry.Name()
			if entry.IsDir() {
				found += string(filepath.Separator)
			}
			if strings.HasPrefix(found, path) {
				all = append(all, kind+"="+found)
			}
		}
		return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
}

// regressions are what can count as one.
func regressions(*cobra.Command, []string, string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, word := range diff.Words {
		all = append(all, cobra.CompletionWithDesc(string(word.Word), word.About))
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

func variants(*cobra.Command, []string, string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, v := range slices.Concat(mutants.Mutants(), mutants.Twins()) {
		all = append(all, cobra.CompletionWithDesc(v.Name, "it "+v.Does))
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}

func faults(*cobra.Command, []string, string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	about := map[string]string{}
	for _, broken := range trouble.Connections {
		about[broken.Name] = "it " + broken.Does
	}
	for _, name := range trouble.Names() {
		if v, known := mutants.Named(name); known {
			about[name] = "it " + v.Does
		}
		all = append(all, cobra.CompletionWithDesc(name, cmp.Or(about[name], "it answers with this code")))
	}
	return all, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp // a rate may follow
}

func callerRules(*cobra.Command, []string, string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
	for _, rule := range contract.CallerRules {
		all = append(all, cobra.CompletionWithDesc(rule.ID, rule.Statement))
	}
	return all, cobra.ShellCompDirectiveNoFileComp
}
