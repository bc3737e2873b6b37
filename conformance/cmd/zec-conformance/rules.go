package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func (c *command) rules() *cobra.Command {
	var withChecks bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules of the contract, with their levels and sources",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return c.listRules(withChecks) },
	}
	cmd.Flags().BoolVar(&withChecks, "checks", false, "list the checks of each rule as well")
	return cmd
}

func (c *command) listRules(withChecks bool) error {
	checks, err := conformance.Checks("")
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, rule := range contract.Rules {
		fmt.Fprintf(table, "%s\t%s\t%s [%s]\n", rule.ID, rule.Level, rule.Statement, strings.Join(rule.Source, ", "))
		for _, check := range checks {
			if withChecks && check.Tries(rule.ID) {
				fmt.Fprintf(table, "\t\t  - %s\n", check.Text)
			}
		}
	}
	return table.Flush()
}
