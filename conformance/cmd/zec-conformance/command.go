package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	statusConformant    = 0
	statusNotConformant = 1
	statusCouldNotRun   = 2
)

// command is one call of the program.
type command struct {
	environment func(name string) (string, bool)
	out, err    io.Writer
	status      int
}

// Run carries out one command line and gives its exit status. Ending ctx interrupts it.
func Run(ctx context.Context, args []string, environment func(string) (string, bool), out, errs io.Writer) int {
	c := &command{environment: environment, out: out, err: errs}
	root := c.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "zec-conformance: "+oneLine(err.Error()))
		return statusCouldNotRun
	}
	return c.status
}

// oneLine keeps an error to the one line that it is promised.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zec-conformance",
		Short: "Does an implementation of DeleteSnapshots keep its contract?",
		Long: `Judges an implementation of DeleteSnapshots by its contract, rule by rule and with evidence.

Exit status: 0 conformant (remarks included, unless --strict), 1 not conformant, 2 could not run.`,
		Example: `  zec-conformance run
  zec-conformance run --endpoint http://127.0.0.1:8080 --testbed http://127.0.0.1:8080/testbed/v1
  zec-conformance mock --addr 127.0.0.1:8080
  zec-conformance rules`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.New("no command is given; give run, mock or rules, or see --help")
		},
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(c.run(), c.mock(), c.rules())
	return root
}

// noArguments tells a misspelled command or a stray word from a flag's value in one line.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if cmd.HasSubCommands() {
		return fmt.Errorf("there is no command %q; give run, mock or rules, or see --help", args[0])
	}
	return fmt.Errorf("%q is one word too many; see %s --help", args[0], cmd.CommandPath())
}
