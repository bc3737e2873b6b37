package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// section is that of the manual for commands that people call.
const section = "1"

func (c *command) man() *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages, one for each command",
		Long: `Writes a manual page for each command to FOLDER, which has to exist: zec-conformance.1, zec-conformance-run.1 and so on.
Where a folder is called man1, man -M finds its pages in the folder above.

The pages are of no date, or of that which SOURCE_DATE_EPOCH gives, in Unix seconds; so the same version writes the same pages.`,
		Example: `  mkdir -p man/man1
  zec-conformance man man/man1
  man -M man zec-conformance-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("no folder is given; give one for the pages, or see %s --help", cmd.CommandPath())
			}
			return noArguments(cmd, args[1:])
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.writeManual(cmd.Root(), args[0]) },
	}
}

// writeManual makes all pages, and then writes them.
func (c *command) writeManual(root *cobra.Command, folder string) error {
	switch info, err := os.Stat(folder); {
	case folder == "":
		return errors.New("the folder's name is empty; give one for the pages")
	case err != nil:
		return fmt.Errorf("the folder %q cannot be found (%w); give one that exists", folder, cause(err))
	case !info.IsDir():
		return fmt.Errorf("%q is a file; give a folder for the pages", folder)
	}
	dated, err := c.date()
	if err != nil {
		return err
	}
	root.DisableAutoGenTag = true // the library's own advertisement
	pages := map[string][]byte{}
	if err := manual(root, dated, pages); err != nil {
		return err
	}
	for name := range pages {
		if err := report.Writable(filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	for name, page := range pages {
		err := report.WriteFile(filepath.Join(folder, name), func(w io.Writer) error { _, err := w.Write(page); return err })
		if err != nil {
			return err
		}
	}
	return nil
}

// date is what the pages say when they were made, zero for nothing.
func (c *command) date() (time.Time, error) {
	text, given := c.environment("SOURCE_DATE_EPOCH")
	if !given || text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q is no time in Unix seconds; set another, or none", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// manual makes the pages of a command and of those below it, by the names of their files.
func manual(cmd *cobra.Command, dated time.Time, pages map[string][]byte) error {
	for _, child := range cmd.Commands() {
		if err := manual(child, dated, pages); err != nil {
			return err
		}
	}
	readable(cmd)
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	header := &doc.GenManHeader{Title: strings.ToUpper(name), Section: section, Source: cmd.Root().Name(), Date: &dated}
	var page bytes.Buffer
	if err := doc.GenMan(cmd, header, &page); err != nil {
		return err
	}
	text := bytes.ReplaceAll(page.Bytes(), []byte("[=false]"), nil) // which says no more than that there is a default
	if dated.IsZero() {                                             // which the library would write out
		text = bytes.Replace(text, []byte(`"Jan 0001"`), []byte(`""`), 1)
	}
	pages[name+"."+section] = text
	return nil
}

// readable puts what the library takes for Markdown in words that come out right: what is laid out stays so, and flags show
// what their values are called in place of what they are without one.
func readable(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.Long = fenced(cmd.Long)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		called, usage := pflag.UnquoteUsage(flag)
		switch flag.DefValue {
		case "", "0", "0s", "[]", "false":
		default:
			usage += " (default: " + flag.DefValue + ")"
		}
		flag.Usage = strings.Join(strings.Fields(usage), " ")
		if called != "" {
			flag.DefValue, flag.Value = called, unquoted{flag.Value}
		}
	})
}

// unquoted is a value that the library shows without quotation marks.
type unquoted struct{ pflag.Value }

func (unquoted) Type() string { return "" }

// fenced marks the lines of a text that are indented as laid out.
func fenced(text string) string {
	const fence = "```\n"
	var marked strings.Builder
	within := false
	for line := range strings.Lines(text) {
		if indented := strings.HasPrefix(line, "  "); indented != within {
			within = indented
			marked.WriteString(fence)
		}
		marked.WriteString(line)
	}
	if within {
		marked.WriteString("\n" + fence)
	}
	return marked.String()
}
