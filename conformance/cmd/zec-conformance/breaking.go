package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// breakingOptions are what the flags of breaking say.
type breakingOptions struct {
	git      string // a revision, or two with two dots between them
	document string // a path
	failOn   string
	reports  []string
}

// severities are what --fail-on takes.
var severities = []string{breaking.Breaking.String(), breaking.Warning.String(), breaking.Notice.String(), "none"}

func (c *command) breaking() *cobra.Command {
	var o breakingOptions
	cmd := &cobra.Command{
		Use:   "breaking OLD NEW",
		Short: "Tell what a change of the contract does to callers and to implementers",
		Long: `Compares two documents, YAML or JSON, and tells of each change whom it concerns, how badly, and what they have to do.
Nothing but the two documents is read. "-" stands for standard input.

With --git REV, the document as it is now is compared with the one of a revision, and with --git A..B, those of two.

breaking: what was right is wrong now, or what could be relied on cannot any more. warning: to be looked at. notice: good
to know, and harmless.

Exit status: 0 nothing as grave as --fail-on says, 1 something is, 2 they could not be compared.`,
		Example: `  zec-conformance breaking old.yaml openapi.yaml
  zec-conformance breaking --git main
  zec-conformance breaking --git v1.0.0..v1.1.0 --report markdown=changes.md`,
		Args: func(cmd *cobra.Command, args []string) error {
			git := cmd.Flags().Changed("git")
			switch {
			case git && len(args) > 0:
				return fmt.Errorf("--git is given, and so is %q; give one or the other", args[0])
			case !git && len(args) < 2:
				return fmt.Errorf("two documents are compared; give OLD and NEW, or --git REV, or see %s --help", cmd.CommandPath())
			case !git && args[0] == "-" && args[1] == "-":
				return errors.New("standard input is one document; give a file for the other")
			case !git && cmd.Flags().Changed("document"):
				return errors.New("--document belongs to --git; give OLD and NEW alone")
			case git:
				return nil
			}
			return noArguments(cmd, args[2:])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.compareContracts(cmd.Context(), cmd.InOrStdin(), args, o)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.git, "git", "", "compare with the document of a `REVISION`, or of two, as A..B")
	flags.StringVar(&o.document, "document", "openapi.yaml", "the `PATH` of the document, for --git")
	flags.StringVar(&o.failOn, "fail-on", breaking.Breaking.String(), "exit with status 1 from this `SEVERITY` on: "+oneOf(severities))
	reportFlag(flags, &o.reports, "report", "also write the changes", breaking.Forms)
	return cmd
}

// compareContracts checks what is given, compares the documents and writes the reports.
func (c *command) compareContracts(ctx context.Context, input io.Reader, args []string, o breakingOptions) error {
	var failOn breaking.Severity
	if err := failOn.UnmarshalText([]byte(o.failOn)); err != nil && o.failOn != "none" {
		return fmt.Errorf("--fail-on %q is no severity; give %s", o.failOn, oneOf(severities))
	}
	wanted, err := readReports("report", breaking.Forms, o.reports, 1)
	if err != nil {
		return err
	}
	read := []file{{"NEW", o.document}}
	if len(args) == 2 {
		read = []file{{"OLD", args[0]}, {"NEW", args[1]}}
	}
	if err := apart(wanted.files("report", 1), read); err != nil {
		return err
	}
	before, after, err := documents(ctx, input, args, o)
	if err != nil {
		return err
	}
	result := breaking.Compare(before, after)
	if failOn > 0 && result.Reaches(failOn) {
		c.status = statusNotConformant
	}
	return errors.Join(wanted.write(result), result.WriteText(c.out, c.style()))
}

// documents reads both.
func documents(ctx context.Context, input io.Reader, args []string, o breakingOptions) (before, after *breaking.Document, err error) {
	if o.git == "" && len(args) == 2 {
		if before, err = fileDocument(ctx, input, args[0]); err == nil {
			after, err = fileDocument(ctx, input, args[1])
		}
		return before, after, err
	}
	from, to, two := strings.Cut(o.git, "..")
	if strings.HasPrefix(to, ".") {
		return nil, nil, fmt.Errorf("--git %q has three dots; give two, as in main..HEAD", o.git)
	}
	if before, err = gitDocument(ctx, from, o.document); err != nil {
		return nil, nil, err
	}
	if two {
		after, err = gitDocument(ctx, to, o.document)
	} else {
		after, err = fileDocument(ctx, input, o.document)
	}
	return before, after, err
}

// fileDocument reads a document from a file, or from standard input.
func fileDocument(ctx context.Context, input io.Reader, path string) (*breaking.Document, error) {
	name := path
	if path == standardInput {
		name = "standard input"
	}
	text, err := waited(ctx, func() ([]byte, error) {
		from := input
		if path != standardInput {
			file, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			defer file.Close()
			from = file
		}
		return io.ReadAll(io.LimitReader(from, breaking.MaxDocument+1)) // one byte more, so that a longer one is known
	})
	if err != nil {
		return nil, fmt.Errorf("the document %q cannot be read (%w); give an OpenAPI document", name, cause(err))
	}
	return readDocument(name, text)
}

func readDocument(name string, text []byte) (*breaking.Document, error) {
	document, err := breaking.Read(name, text)
	if err != nil {
		return nil, fmt.Errorf("the document %w", err)
	}
	return document, nil
}

// gitDocument reads a document as it was at a revision, in the repository in which it is.
func gitDocument(ctx context.Context, revision, path string) (*breaking.Document, error) {
	repository := gitAt(filepath.Dir(path))
	commit, err := repository.commit(ctx, revision)
	if err != nil {
		return nil, err
	}
	text, err := repository.file(ctx, commit, revision, filepath.Base(path))
	if err != nil {
		return nil, err
	}
	return readDocument(revision+":"+path, text)
}
