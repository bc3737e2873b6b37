package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/baseline"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// defaultExcuse is for how many days a new entry counts where nothing else is said.
const defaultExcuse = 90

// baselineFlag takes the file of known failures.
func baselineFlag(flags *pflag.FlagSet, path *string) {
	flags.StringVar(path, "baseline", "", "a `FILE` of known failures, which do not count until they expire; \"baseline write\" makes it")
}

// checkBaseline sees that a baseline has a name; what is wrong in it is found before anything is sent.
func checkBaseline(flags *pflag.FlagSet, path string) error {
	if flags.Changed("baseline") && path == "" {
		return errors.New(`--baseline is empty; name a file that "baseline write" has made`)
	}
	return nil
}

// tellBaseline names in a line each the entries that ask for something to be done.
func (c *command) tellBaseline(known *report.Baseline) {
	for _, part := range []struct {
		standing report.Standing
		says     string
	}{
		{report.StandsPassing, "did not fail, and can go from the baseline once they are mended"},
		{report.StandsExpired, "have expired, and excuse nothing any more"},
	} {
		if entries := known.Standing(part.standing); len(entries) > 0 {
			c.complain(fmt.Sprintf("%s: entries that %s: %s", known.Name, part.says, list(entries)))
		}
	}
}

// list names entries, of a great many the first.
func list(entries []report.Known) string {
	const most = 20
	var names []string
	for _, entry := range entries[:min(len(entries), most)] {
		name := entry.String()
		if entry.Standing == report.StandsExpired {
			name += " on " + entry.Expires
		}
		names = append(names, name)
	}
	if more := len(entries) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

func (c *command) baseline() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Make a list of known failures, and keep it up to date",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return errors.New("nothing is given to do; " + offered(cmd))
		},
	}
	cmd.AddCommand(c.baselineWrite())
	return cmd
}

// baselineOptions are what the flags of baseline write say.
type baselineOptions struct {
	from, reason, expires string
	update                bool
}

func (c *command) baselineWrite() *cobra.Command {
	var o baselineOptions
	cmd := &cobra.Command{
		Use:   "write FILE",
		Short: "Write what a run found broken to a list of known failures",
		Long: `Writes a list of known failures, in YAML, for run --baseline and judge --baseline: an entry for each rule that a kept
report has as broken. FILE must not exist, unless it is to be updated: then entries are added for what is broken and not in it,
those that did not fail any more are taken out, and all else stays as it is, with its reasons, days and comments.

Exit status: 0 the list was written, also where it has nothing in it, 2 it was not.`,
		Example: `  zec-conformance run --report json=report.json
  zec-conformance baseline write known.yaml --from report.json --reason "the gateway is replaced in spring, see #123"
  zec-conformance run --baseline known.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no file is given; name one such as known.yaml, or see %s --help", cmd.CommandPath())
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.writeBaseline(cmd, args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.from, "from", "", "the report of a run, as --report json=`FILE` has written it")
	flags.StringVar(&o.reason, "reason", "", "why what is broken is left as it is; a `TEXT` for all new entries (default: that it is known since the run)")
	flags.StringVar(&o.expires, "expires", "", fmt.Sprintf("the last `DAY` on which new entries are an excuse, in UTC, as in 2026-12-31 (default: %d days from now)", defaultExcuse))
	flags.BoolVar(&o.update, "update", false, "bring a file that exists up to date")
	return cmd
}

// writeBaseline sees that everything is right before it writes.
func (c *command) writeBaseline(cmd *cobra.Command, path string, o baselineOptions) error {
	names, err := conformance.BaselineNames()
	if err != nil {
		return err
	}
	file, err := openBaseline(path, o.update, names)
	if err != nil {
		return err
	}
	if o.from == "" {
		return errors.New("no report is given; make one with run --report json=report.json, and give --from report.json")
	}
	r, err := readKept(cmd, o.from)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	now := time.Now().UTC()
	reason, expires, err := o.excuse(cmd.Flags(), r.Started, now)
	if err != nil {
		return err
	}
	added, removed, err := file.Update(r, reason, expires)
	if err != nil {
		return fmt.Errorf("--from: the report %q: %w", o.from, err)
	}
	if err := report.WriteFile(path, file.Write); err != nil {
		return err
	}
	out := c.out
	if report.Stream(path) { // which may be the same place
		out = c.err
	}
	fmt.Fprintf(out, "%s: %d added, %d taken out, %d in all\n", report.Printable(path), len(added), len(removed), len(file.Entries))
	tellEntries(out, "added", added)
	tellEntries(out, "taken out", removed)
	for i := range file.Entries {
		if file.Entries[i].Expires < now.Format(time.DateOnly) {
			file.Entries[i].Standing = report.StandsExpired
		}
	}
	c.tellBaseline(&report.Baseline{Name: path, Entries: file.Entries})
	return nil
}

func tellEntries(w io.Writer, what string, entries []report.Known) {
	for _, entry := range entries {
		fmt.Fprintf(w, "  %-9s  %s until %s: %s\n", what, entry, entry.Expires, report.Printable(entry.Reason))
	}
}

// excuse is the reason of new entries, and their last day.
func (o baselineOptions) excuse(flags *pflag.FlagSet, started, now time.Time) (reason, expires string, err error) {
	reason = "known since the run of " + started.UTC().Format(time.DateOnly)
	expires = now.AddDate(0, 0, defaultExcuse).Format(time.DateOnly)
	if flags.Changed("reason") {
		if reason, err = baseline.ParseReason(o.reason); err != nil {
			return "", "", fmt.Errorf("--reason: %w", err)
		}
	}
	if flags.Changed("expires") {
		if expires, err = baseline.ParseDay(o.expires); err != nil {
			return "", "", fmt.Errorf("--expires: %w", err)
		}
		if expires < now.Format(time.DateOnly) {
			return "", "", fmt.Errorf("--expires: %s is over; give a day that is to come", expires)
		}
	}
	return reason, expires, nil
}

// openBaseline begins a file, or opens the one that is to be updated.
func openBaseline(path string, update bool, names baseline.Names) (*baseline.File, error) {
	if err := report.Writable(path); err != nil {
		return nil, err
	}
	if update {
		return baseline.Read(path, names)
	}
	if _, err := os.Lstat(path); err == nil && !report.Stream(path) {
		return nil, fmt.Errorf("%q exists already; give --update to bring it up to date, or name another file", path)
	}
	return baseline.New(names), nil
}
