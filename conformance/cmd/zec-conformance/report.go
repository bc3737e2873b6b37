package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// standardInput stands for it where a file is named.
const standardInput = "-"

// keptOptions are what the flags of report say.
type keptOptions struct {
	to       []string
	pictures string // a folder
}

func (c *command) report() *cobra.Command {
	var o keptOptions
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Make any form of a report from one that was kept",
		Long: `Makes any form of a report from FILE, which 'run --report json=FILE' or 'judge --report json=FILE' has written, in this
version or an earlier one. FILE may be -, for standard input. Without --to and --pictures, the summary for people is
printed. Nothing is sent.

Exit status: 0 everything was written, whatever the verdict is: the run has given its own; 2 FILE is no report, or
something could not be written.`,
		Example: `  zec-conformance report report.json
  zec-conformance report report.json --to junit=report.xml --to markdown=comment.md
  zec-conformance report - --to badge=/dev/stdout < report.json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no report is given; give what --report json=FILE has written, or see %s --help", cmd.CommandPath())
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.convert(cmd, args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.to, "to", nil, "write a form to a file, as `KIND=PATH`; KIND is one of "+report.Kinds()+" (may be repeated)")
	flags.StringVar(&o.pictures, "pictures", "", "write the pictures that belong to failures to a `FOLDER`")
	return cmd
}

// convert checks where everything goes before it reads anything.
func (c *command) convert(cmd *cobra.Command, path string, o keptOptions) error {
	wanted, err := readReports("to", o.to, 1)
	if err != nil {
		return err
	}
	from := path
	if path == standardInput {
		from = "/dev/stdin"
	}
	if err := apart(wanted.files("to", 1), []file{{"the report itself", from}}); err != nil {
		return err
	}
	if cmd.Flags().Changed("pictures") {
		if err := pictureFolders(o.pictures, 1); err != nil {
			return err
		}
	}
	kept, err := readKept(cmd, path)
	if err != nil {
		return err
	}
	if len(wanted) == 0 && o.pictures == "" {
		return errors.Join(c.annotate(kept), kept.WriteText(c.out, c.style()))
	}
	return errors.Join(wanted.write(kept), kept.WritePictures(o.pictures))
}

// readKept reads a report that was kept, or that standard input gives, unless an interrupt comes first: a pipe may have nothing
// to give for ever.
func readKept(cmd *cobra.Command, path string) (*report.Report, error) {
	type result struct {
		kept *report.Report
		err  error
	}
	read := make(chan result, 1)
	go func() {
		if path != standardInput {
			kept, err := report.ReadFile(path)
			read <- result{kept, err}
			return
		}
		kept, err := report.Read(cmd.InOrStdin())
		if err != nil {
			err = fmt.Errorf("the report on standard input: %w; give what --report json=FILE has written", err)
		}
		read <- result{kept, err}
	}()
	select {
	case r := <-read:
		return r.kept, r.err
	case <-cmd.Context().Done():
		return nil, fmt.Errorf("interrupted before the report was read: %w", context.Cause(cmd.Context()))
	}
}
