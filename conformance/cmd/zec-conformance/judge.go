package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// judgeOptions are what the flags of judge say.
type judgeOptions struct {
	states  string // a file
	settle  time.Duration
	strict  bool
	known   string // a file
	reports []string
}

func (c *command) judge() *cobra.Command {
	var o judgeOptions
	cmd := &cobra.Command{
		Use:   "judge FILE",
		Short: "Judge a log: a recording of a run, or a HAR of a browser or a proxy",
		Long: `Judges the calls of a log by what can be told without a testbed: the envelope of every answer, the answers to
mistakes, and what is known of the ids, by --states and by the log itself. Nothing is sent.

FILE is HAR 1.2, as 'run --record', browsers and proxies write it. What in it is no call of the action is passed over.

Exit status: 0 conformant (remarks included, unless --strict), or not, and all of that is in the --baseline;
1 not conformant, 2 there is nothing to judge.`,
		Example: `  zec-conformance run --record run.har
  zec-conformance judge run.har
  zec-conformance judge production.har --states states.yaml --report json=report.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no log is given; give a HAR file, or see %s --help", cmd.CommandPath())
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.judgeLog(cmd.Context(), cmd, args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.states, "states", "", "what snapshots are when the log begins: a YAML or JSON `FILE`, {NORMAL: [id, …], …} or [{id: …, state: …}, …]")
	flags.DurationVar(&o.settle, "settle", conformance.DefaultSettle, "how long a deletion may take to show")
	flags.BoolVar(&o.strict, "strict", false, "let broken rules of level SHOULD fail the verdict")
	baselineFlag(flags, &o.known)
	reportFlag(flags, &o.reports, "report", "also write a report", report.Forms)
	return cmd
}

// judgeLog checks what is given, judges the log and writes the reports.
func (c *command) judgeLog(ctx context.Context, cmd *cobra.Command, path string, o judgeOptions) error {
	if o.settle <= 0 {
		return fmt.Errorf("--settle %s is not a positive duration; give one such as 30s", o.settle)
	}
	wanted, err := readReports("report", report.Forms, o.reports, 1)
	if err != nil {
		return err
	}
	if err := checkBaseline(cmd.Flags(), o.known); err != nil {
		return err
	}
	if err := apart(wanted.files("report", 1), []file{{"the log", path}, {"--states", o.states}, {"--baseline", o.known}}); err != nil {
		return err
	}
	log := conformance.Log{Name: path, Settle: o.settle, Strict: o.strict, Baseline: o.known}
	if cmd.Flags().Changed("states") {
		list, err := testbed.ReadList(o.states)
		if err != nil {
			return fmt.Errorf("--states: %w", err)
		}
		log.States = map[string]contract.State{}
		for state, ids := range list.IDs {
			for _, id := range ids {
				log.States[id] = state
			}
		}
	}
	file, err := openLog(path)
	if err != nil {
		return err
	}
	defer file.Close()
	log.File = file
	result, err := conformance.JudgeLog(ctx, log)
	if err != nil {
		return err
	}
	c.status = result.ExitStatus()
	return errors.Join(c.annotate(result), c.tell(result, wanted))
}

// openLog opens a file that can be read twice.
func openLog(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, fmt.Errorf("the log %q is no regular file, which can be read twice; give a HAR file", path)
	}
	var file *os.File
	if err == nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the log %q cannot be read (%w); give a HAR file", path, cause(err))
	}
	return file, nil
}

// cause gives an error of a file without its name.
func cause(err error) error {
	if broken, is := errors.AsType[*fs.PathError](err); is {
		return broken.Err
	}
	return err
}
