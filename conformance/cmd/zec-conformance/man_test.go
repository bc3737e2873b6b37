package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pagesIn writes the manual to a folder.
func pagesIn(t *testing.T, environment variables) string {
	t.Helper()
	g := NewWithT(t)
	folder := t.TempDir()
	got := call(t, environment, "man", folder)
	g.Expect(got.status).To(BeZero(), got.err)
	g.Expect(got.out + got.err).To(BeEmpty())
	return folder
}

func pageOf(t *testing.T, folder string, cmd *cobra.Command) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// everyCommand visits the commands, and those below them.
func everyCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, child := range cmd.Commands() {
		everyCommand(child, visit)
	}
}

func tree() *cobra.Command {
	return (&command{environment: variables{}.lookup}).root()
}

// hyphens takes out what roff writes so that hyphens stay hyphens.
var hyphens = strings.NewReplacer(`\-`, "-", `\&`, "")

func TestTheManualHasEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := pagesIn(t, nil)
	count := 0
	everyCommand(tree(), func(cmd *cobra.Command) {
		count++
		page := hyphens.Replace(pageOf(t, folder, cmd))
		g.Expect(page).To(HavePrefix(".nh\n.TH "))
		g.Expect(page).To(ContainSubstring(strings.ReplaceAll(cmd.CommandPath(), " ", "-") + " - " + cmd.Short))
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			g.Expect(page).To(ContainSubstring(`\fB--`+flag.Name+`\fP`), cmd.CommandPath())
		})
	})
	g.Expect(os.ReadDir(folder)).To(HaveLen(count + 1)) // help is no command until somebody asks for it
}

func TestTheManualIsRenderedWithoutAWarning(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff to render the manual with: apt-get install groff")
	}
	pages, err := filepath.Glob(filepath.Join(pagesIn(t, nil), "*.1"))
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	for _, page := range pages {
		rendering := exec.CommandContext(t.Context(), groff, "-k", "-man", "-Tutf8", "-ww", "-rHY=0", "-rLL=200n", "-P-cbou", page)
		var objections strings.Builder
		rendering.Stderr = &objections
		output, err := rendering.Output()
		g.Expect(err).NotTo(HaveOccurred(), objections.String())
		g.Expect(objections.String()).To(BeEmpty(), page)
		g.Expect(string(output)).To(And(ContainSubstring("NAME\n"), ContainSubstring("SYNOPSIS\n"), ContainSubstring("DESCRIPTION\n")))
	}
}

func TestTheManualIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folders := []string{pagesIn(t, nil), pagesIn(t, variables{"SOURCE_DATE_EPOCH": ""}), pagesIn(t, variables{"SOURCE_DATE_EPOCH": "1000000000"})}
	everyCommand(tree(), func(cmd *cobra.Command) {
		undated, again, dated := pageOf(t, folders[0], cmd), pageOf(t, folders[1], cmd), pageOf(t, folders[2], cmd)
		g.Expect(again).To(Equal(undated))
		g.Expect(dated).NotTo(Equal(undated))
		g.Expect(strings.Replace(dated, `"Sep 2001"`, `""`, 1)).To(Equal(undated))
	})
}

func TestAManualThatCannotBeWrittenIsToldInOneLine(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	NewWithT(t).Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
	for name, c := range map[string]struct {
		args        []string
		environment variables
		mend        string
	}{
		"no folder":      {args: []string{"man"}, mend: "no folder is given"},
		"an empty one":   {args: []string{"man", ""}, mend: "is empty"},
		"none there":     {args: []string{"man", filepath.Join(folder, "none")}, mend: "give one that exists"},
		"a file":         {args: []string{"man", file}, mend: "is a file; give a folder"},
		"two":            {args: []string{"man", folder, folder}, mend: "one word too many"},
		"a date in text": {args: []string{"man", folder}, environment: variables{"SOURCE_DATE_EPOCH": "today"}, mend: "no time in Unix seconds"},
		"a date before":  {args: []string{"man", folder}, environment: variables{"SOURCE_DATE_EPOCH": "-1"}, mend: "no time in Unix seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, c.environment, c.args...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(c.mend))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(os.ReadDir(folder)).To(HaveLen(1))
		})
	}
}
