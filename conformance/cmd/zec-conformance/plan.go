package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func (c *command) plan() *cobra.Command {
	var o runOptions
	var latency time.Duration
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Tell what a run would create, send and delete, and touch nothing",
		Long: `Tells what a run with the same flags would do: how many snapshots it would have made in each state, how many requests it
would send, how long that would take, and which checks it would give up for a --budget or a testbed that has too little.
It is worked out by a rehearsal on the embedded mock; nothing is asked of the endpoint or the testbed. A run that meets a
fault takes more, to look into it, and never more than the budget.

Exit status: 0 it was told, 2 such a run could not be made.`,
		Example: `  zec-conformance plan --effort quick
  zec-conformance plan --endpoint https://staging.example --testbed zec:disk-1 --budget 60 --latency 120ms`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.reaching.asksNobody = true
			configs, err := c.configure(cmd, o)
			if err != nil {
				return err
			}
			if latency < 0 {
				return fmt.Errorf("--latency %s is a negative duration; give one such as 50ms", latency)
			}
			for _, config := range configs {
				if !o.reaching.given() { // nobody is asked there
					config.Endpoint, config.Testbed = "http://127.0.0.1", "http://127.0.0.1"
				}
				plan, err := conformance.MakePlan(cmd.Context(), config, latency)
				if err != nil {
					return err
				}
				if len(configs) > 1 {
					fmt.Fprintf(c.out, "%s\n", report.Printable(config.Endpoint))
				}
				if err := tellPlan(c.out, plan); err != nil {
					return err
				}
			}
			return nil
		},
	}
	c.runFlags(cmd, &o)
	cmd.Flags().DurationVar(&latency, "latency", 50*time.Millisecond, "how long a request is taken to need, to guess how long a run takes")
	return cmd
}

// tellPlan writes a plan for people.
func tellPlan(w io.Writer, p *conformance.Plan) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	repeats := string(p.Repeats)
	if p.Repeats != p.Effort {
		repeats += fmt.Sprintf(", not %s: there are means for no more", p.Effort)
	}
	fmt.Fprintf(table, "repeats\t%s\n", repeats)
	fmt.Fprintf(table, "creates\t%s\n", stock(p))
	if p.Missing > 0 {
		fmt.Fprintf(table, "names besides\t%d ids that the testbed has confirmed to name nothing, and odd texts\n", p.Missing)
	}
	fmt.Fprintf(table, "sends\t%d requests to the endpoint, and %d to the testbed\n", p.Exchanges, p.Looks)
	fmt.Fprintf(table, "deletes\twhat it has created, by the action or by a release at the end, and nothing else\n")
	fmt.Fprintf(table, "takes\tsome %.0f s at %s a request; deletions that are slow come on top\n", p.Duration.Seconds(), p.Latency)
	if p.Assumed != "" {
		fmt.Fprintf(table, "assumes\t%s\n", p.Assumed)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	given := p.GivenUp()
	fmt.Fprintf(w, "\n%d of %d checks are carried out; the dearest:\n", len(p.Checks)-len(given), len(p.Checks))
	dearest := slices.DeleteFunc(slices.Clone(p.Checks), func(c conformance.PlannedCheck) bool { return c.GivenUp != "" })
	slices.SortStableFunc(dearest, func(a, b conformance.PlannedCheck) int { return b.Snapshots - a.Snapshots })
	for _, check := range dearest[:min(5, len(dearest))] {
		fmt.Fprintf(table, "  %d snapshots\t%d requests\t%s\t%s\n", check.Snapshots, check.Exchanges, strings.Join(check.Rules, ","), check.Text)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	tellGivenUp(w, p)
	if len(p.Untried) > 0 {
		fmt.Fprintf(w, "\nrules that are not tried at all:\n")
	}
	for _, rule := range p.Untried {
		fmt.Fprintf(w, "  %s %s: %s\n", rule.ID, rule.Level, report.Printable(strings.Join(rule.Skips, "; ")))
	}
	return nil
}

// tellGivenUp names the checks that there are no means for.
func tellGivenUp(w io.Writer, p *conformance.Plan) {
	given := p.GivenUp()
	if len(given) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%d checks are given up:\n", len(given))
	for _, check := range given {
		fmt.Fprintf(w, "  %s (%s): %s\n", check.Text, strings.Join(check.Rules, ","), strings.TrimPrefix(check.GivenUp, "given up: "))
	}
}

// stock says how many snapshots there are of each state, in the contract's order.
func stock(p *conformance.Plan) string {
	var parts []string
	for _, state := range contract.States {
		if p.Snapshots[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.Snapshots[state], state))
		}
	}
	return fmt.Sprintf("%d snapshots: %s", p.All(), strings.Join(parts, ", "))
}
