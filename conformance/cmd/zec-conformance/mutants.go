package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

func (c *command) mutants() *cobra.Command {
	return &cobra.Command{
		Use:   "mutants",
		Short: "List the mutants and twins that the mock can be, to measure a suite by",
		Long: `Lists implementations to measure a suite by: mutants, each the mock with one rule broken, which a suite has to catch,
and twins, which differ from the mock in what the contract leaves open, and which it has to leave alone.
"zec-conformance mock --mutant NAME" serves one, and with --fault NAME=5% the mock answers like it now and then.`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
			for _, v := range slices.Concat(mutants.Mutants(), mutants.Twins()) {
				fmt.Fprintf(table, "%s\t%s\tit %s\n", v.Name, cmp.Or(strings.Join(v.Rules, ","), "twin"), v.Does)
			}
			return table.Flush()
		},
	}
}
