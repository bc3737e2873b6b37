package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/rulebook"
)

func (c *command) rules() *cobra.Command {
	var withChecks, ofCallers, asPage bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules of the contract, with their levels and sources",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case withChecks && ofCallers:
				return errors.New("--checks: rules for callers have no checks; give one of --checks and --callers")
			case asPage && (withChecks || ofCallers):
				return errors.New("--markdown has the checks and the rules for callers in it; give it alone")
			case asPage:
				return rulebook.Write(c.out)
			case ofCallers:
				return c.listCallerRules()
			}
			return c.listRules(withChecks)
		},
	}
	cmd.Flags().BoolVar(&withChecks, "checks", false, "list the checks of each rule as well")
	cmd.Flags().BoolVar(&ofCallers, "callers", false, "list the rules by which the mock judges its clients instead")
	cmd.Flags().BoolVar(&asPage, "markdown", false, "write the whole rules page, conformance/RULES.md, instead")
	return cmd
}

func (c *command) listCallerRules() error {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, rule := range contract.CallerRules {
		fmt.Fprintf(table, "%s\t%s\t%s [%s]\n", rule.ID, rule.Level, rule.Statement, rule.Backing())
	}
	return table.Flush()
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
