package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestReadmeKnowsTheFlags: none that people would look for in vain, and none that they would type in vain.
func TestReadmeKnowsTheFlags(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("../../../README.md")
	g.Expect(err).NotTo(HaveOccurred())
	told := map[string]bool{}
	for _, match := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllStringSubmatch(string(text), -1) {
		told[match[1]] = true
	}
	there := map[string]bool{ // and those of other programs that are shown
		"access-key-id": true, "access-key-secret": true, // zeno's
	}
	everyCommand(tree(), func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			there[flag.Name] = true
			g.Expect(told[flag.Name] || flag.Name == "help").To(BeTrue(), "the README does not tell of %s --%s", cmd.CommandPath(), flag.Name)
		})
	})
	for name := range told {
		g.Expect(there).To(HaveKey(name), "the README tells of --%s, which no command has", name)
	}
}

// TestReadmeKnowsTheCommands: each is shown at least once.
func TestReadmeKnowsTheCommands(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("../../../README.md")
	g.Expect(err).NotTo(HaveOccurred())
	everyCommand(tree(), func(cmd *cobra.Command) {
		_, words, _ := strings.Cut(cmd.CommandPath(), " ")
		g.Expect(string(text)).To(MatchRegexp("(zec-conformance |`)"+words+`\b`), cmd.CommandPath())
	})
}
