package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// The exit statuses.
const (
	statusConformant    = 0
	statusNotConformant = 1
	statusCouldNotRun   = 2
)

func init() {
	cobra.EnableCommandSorting = false // they are named in the order in which people need them
}

// command is one call of the program.
type command struct {
	environment func(name string) (string, bool)
	in          io.Reader // nil for standard input
	out, err    io.Writer
	atOnce      context.Context // ends when nothing is to be waited for any more
	status      int
}

// Run carries out one command line and gives its exit status. Ending ctx interrupts it.
func Run(ctx context.Context, args []string, environment func(string) (string, bool), out, errs io.Writer) int {
	c := &command{environment: environment, out: out, err: errs, atOnce: context.Background()}
	return c.execute(ctx, args)
}

func (c *command) execute(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	if err := rescue.Call(func() error { return root.ExecuteContext(ctx) }); err != nil {
		if _, panicked := errors.AsType[*rescue.Panic](err); panicked {
			err = errors.New("a fault in the suite; please report it") // its text may repeat a secret
		}
		c.complain(err.Error())
		return statusCouldNotRun
	}
	return c.status
}

// complain says in one line why there is no verdict. It may repeat what somebody else wrote, so that it is made safe
// to show, and what the environment holds is left out: it may have got into a flag.
func (c *command) complain(text string) {
	redactor := redact.New(reach.ProxySecrets(c.environment)...)
	for _, held := range signing.Held(c.environment) {
		redactor.Secret(held.Secrets()...)
		redactor.Name(held.Identity()...)
	}
	text = redactor.Replace(text)
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	fmt.Fprintln(c.err, "zec-conformance: "+report.Printable(strings.Join(parts, "; ")))
}

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zec-conformance",
		Short: "Does an implementation of DeleteSnapshots keep its contract?",
		Long: `Judges an implementation of DeleteSnapshots by its contract, rule by rule and with evidence.

Exit status: 0 conformant (remarks included, unless --strict), or not, and all of that is in the --baseline;
1 not conformant, 2 could not run.`,
		Example: `  zec-conformance run
  zec-conformance run --endpoint http://127.0.0.1:8080 --testbed http://127.0.0.1:8080/testbed/v1
  zec-conformance clean
  zec-conformance judge production.har
  zec-conformance report report.json --to junit=report.xml
  zec-conformance diff main.json branch.json
  zec-conformance breaking --git main
  zec-conformance baseline write known.yaml --from report.json
  zec-conformance mock --addr 127.0.0.1:8080
  zec-conformance rules`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.New("no command is given; " + offered(cmd))
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.SetHelpCommand(help())
	root.AddCommand(c.run(), c.plan(), c.judge(), c.report(), c.diff(), c.baseline(), c.breaking(), c.clean(), c.mock(), c.mutants(), c.rules(), c.completion(), c.man())
	if err := complete(root); err != nil {
		panic(err) // a flag has been given two completions
	}
	return root
}

// help stands in for Cobra's own, which takes a misspelled command for no mistake.
func help() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",

		ValidArgsFunction: commandsBelow,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil {
				err = noArguments(about, rest)
			}
			if err != nil {
				return err
			}
			return about.Help()
		},
	}
}

// noArguments tells a misspelled command or a stray word from a flag's value in one line.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return fmt.Errorf("there is no command %q; %s", args[0], offered(cmd))
	}
	return fmt.Errorf("%q is one word too many; see %s --help", args[0], cmd.CommandPath())
}

// setUp are the commands that nobody looks for who has got another one wrong.
var setUp = []string{"help", "completion", "man"}

// offered names the commands that there are.
func offered(root *cobra.Command) string {
	var names []string
	for _, command := range root.Commands() {
		if !slices.Contains(setUp, command.Name()) {
			names = append(names, command.Name())
		}
	}
	return "give " + oneOf(names) + ", or see --help"
}

// oneOf names things of which one is to be given.
func oneOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
