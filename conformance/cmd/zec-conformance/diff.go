package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/diff"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// diffOptions are what the flags of diff say.
type diffOptions struct {
	failOn    []string
	untriedOK bool
	reports   []string
}

func (c *command) diff() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A.json B.json",
		Short: "Compare two kept reports: of one implementation at two times, or of two",
		Long: `Tells what sets the report B apart from the report A, as 'run --report json=FILE' has written them: rules that changed
verdict, checks that are not carried out any more, choices of the profile that changed, outcomes that are new, and latency
beyond noise. "-" stands for standard input.

With --fail-on, these count as a regression:
` + failOnWords() + `
Exit status: 0 no regression, 1 a regression, 2 they cannot be compared: one is no report, or its run could not be carried out.`,
		Example: `  zec-conformance diff main.json branch.json
  zec-conformance diff main.json branch.json --fail-on should,latency --report markdown=comment.md
  zec-conformance diff ours.json theirs.json --fail-on none`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("two reports are compared, and %d given; see %s --help", len(args), cmd.CommandPath())
			}
			if args[0] == standardInput && args[1] == standardInput {
				return errors.New("both reports are to come from standard input; give a file for the other")
			}
			return noArguments(cmd, args[2:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.compareReports(cmd, args[0], args[1], o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&o.failOn, "fail-on", []string{string(diff.FailOnMust)}, "what counts as a regression, as `WORDS` with commas between them (may be repeated)")
	flags.BoolVar(&o.untriedOK, "untried-ok", false, "let what B does not try any more be no regression")
	flags.StringArrayVar(&o.reports, "report", nil, "also write the difference to a file, as `KIND=PATH`; KIND is one of "+diff.Kinds()+" (may be repeated)")
	return cmd
}

// failOnWords lists the words of --fail-on.
func failOnWords() string {
	var text strings.Builder
	for _, w := range diff.Words {
		fmt.Fprintf(&text, "  %-8s %s\n", w.Word, w.About)
	}
	return text.String()
}

// compareReports checks what is given, compares the reports and writes the difference.
func (c *command) compareReports(cmd *cobra.Command, a, b string, o diffOptions) error {
	gate, err := diff.NewGate(o.failOn...)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	gate.UntriedOK = o.untriedOK
	wanted, err := differenceFiles(o.reports)
	if err != nil {
		return err
	}
	var written []file
	for _, one := range wanted {
		written = append(written, file{"--report " + one.form.Kind, one.path})
	}
	if err := apart(written, []file{{"one of the two that are compared", a}, {"one of the two that are compared", b}}); err != nil {
		return err
	}
	before, err := readKept(cmd, a)
	if err != nil {
		return err
	}
	after, err := readKept(cmd, b)
	if err != nil {
		return err
	}
	difference, err := diff.Compare(before, after, gate)
	if err != nil {
		return err
	}
	difference.A.Name, difference.B.Name = a, b
	if difference.Regression() {
		c.status = statusNotConformant
	}
	failures := []error{difference.WriteText(c.out, c.style())}
	for _, file := range wanted {
		failures = append(failures, report.WriteFile(file.path, func(w io.Writer) error { return file.form.Write(difference, w) }))
	}
	return errors.Join(failures...)
}

// differenceFile is a file that a difference is to be written to.
type differenceFile struct {
	form diff.Form
	path string
}

// differenceFiles reads the KIND=PATH of each file that is wanted, and sees that it can be written.
func differenceFiles(texts []string) (wanted []differenceFile, err error) {
	for _, text := range texts {
		kind, path, found := strings.Cut(text, "=")
		form, known := diff.FormByKind(kind)
		switch {
		case !found || path == "":
			return nil, fmt.Errorf("--report %q is not KIND=PATH; give markdown=comment.md, say", text)
		case !known:
			return nil, fmt.Errorf("--report has no kind %q; give one of %s", kind, diff.Kinds())
		}
		if err := report.Writable(path); err != nil {
			return nil, fmt.Errorf("--report: %w", err)
		}
		wanted = append(wanted, differenceFile{form, path})
	}
	return wanted, nil
}
