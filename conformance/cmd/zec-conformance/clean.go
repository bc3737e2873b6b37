package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// cleanOptions are what the flags of clean say.
type cleanOptions struct {
	reaching *reaching
	ledger   string
	yes      bool
}

func (c *command) clean() *cobra.Command {
	var o cleanOptions
	cmd := &cobra.Command{
		Use:   "clean",
		Short: "List the snapshots that earlier runs have left, and delete them with --yes",
		Long: `Lists the snapshots that earlier runs made and could not release, since they were killed or lost their testbed. Nothing
is deleted without --yes.

A run keeps a ledger of what it makes, and removes it when all is released. Without flags, clean looks at every ledger
that is left in the user's state directory; those of runs that are going on are left alone. A testbed by exec: is
started again by the command that the run was given.

With --testbed and --endpoint it asks a testbed that can tell by itself what runs have made, such as zec:DISK_ID. That
lists what runs that are going on have made as well.

Credentials come from the environment: ` + signing.Names + `.

Exit status: 0 if nothing is left, or it was only listed, 2 if something could not be seen or deleted.`,
		Example: `  zec-conformance clean
  zec-conformance clean --ledger run.jsonl --yes
  zec-conformance clean --endpoint https://staging.example.com --testbed zec:disk-1`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.cleanUp(cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.ledger, "ledger", "", "only what the run of one ledger left, a `FILE` (default: all in the user's state directory)")
	o.reaching = reachingFlags(flags)
	flags.BoolVar(&o.yes, "yes", false, "delete what is listed")
	return cmd
}

// cleanUp checks what can be checked before anything is sent, and goes through what is left.
func (c *command) cleanUp(cmd *cobra.Command, o cleanOptions) error {
	given := cmd.Flags().Changed
	switch {
	case given("ledger") && (given("testbed") || given("endpoint")):
		return errors.New("--ledger says by itself which testbed it is about; give it alone, or --testbed and --endpoint without it")
	case given("testbed") != given("endpoint"):
		return errors.New("--testbed and --endpoint belong together; give both, or --ledger, or none of them")
	case o.reaching.timeout <= 0:
		return fmt.Errorf("--timeout %s is not a positive duration; give one such as 30s", o.reaching.timeout)
	}
	o.reaching.deletesNothing = !o.yes
	if given("testbed") {
		configs, err := c.reach(o.reaching, conformance.Config{})
		if err != nil {
			return err
		}
		if len(configs) > 1 {
			return errors.New("one --endpoint is asked at a time; give one")
		}
		bed, done, err := conformance.OpenBed(configs[0])
		if err != nil {
			return err
		}
		defer done()
		return c.askWhatIsLeft(cmd.Context(), bed, o.yes)
	}
	ways, err := c.ways(o.reaching, conformance.Config{})
	if err != nil {
		return err
	}
	paths := []string{o.ledger}
	if !given("ledger") {
		if paths, err = ledger.All(c.environment); err != nil {
			return err
		}
	}
	if len(paths) == 0 {
		fmt.Fprintln(c.out, "no run has left anything")
	}
	var failures []error
	for _, path := range paths {
		if err := c.settle(cmd.Context(), path, ways, o); errors.Is(err, ledger.ErrHeld) {
			fmt.Fprintf(c.out, "%s is left alone: %s\n", report.Printable(path), err)
		} else {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// settle lists what the run of one ledger left, or deletes it.
func (c *command) settle(ctx context.Context, path string, config conformance.Config, o cleanOptions) error {
	book, record, err := ledger.Open(path)
	if err != nil {
		return err
	}
	config.Endpoint, config.Testbed = record.Head.Endpoint, record.Head.Testbed
	fmt.Fprintf(c.out, "the run of %s on %s, testbed %s (%s)\n", record.Head.Started.Local().Format(time.DateTime),
		report.Printable(config.Endpoint), report.Printable(config.Testbed), report.Printable(path))
	left, err := c.remove(ctx, record, config, o)
	if err == nil && len(left) == 0 && len(record.Orders) == 0 {
		fmt.Fprintln(c.out, "  nothing is left")
	}
	for _, order := range record.Orders {
		fmt.Fprintf(c.out, "  %s brought no ids: whether it made any, the testbed alone knows\n", report.Printable(order.String()))
	}
	if len(record.Orders) > 0 && strings.HasPrefix(config.Testbed, "zec:") {
		fmt.Fprintf(c.out, "  ask it: zec-conformance clean --endpoint %s --testbed %s\n",
			report.Printable(target.Quote(config.Endpoint)), report.Printable(target.Quote(config.Testbed)))
	}
	if err != nil && left == nil {
		err = fmt.Errorf("%w; if nobody will ever answer there again, remove %s", err, path)
	}
	if err != nil && left == nil || !o.yes && len(left)+len(record.Orders) > 0 {
		return errors.Join(err, book.Leave())
	}
	return errors.Join(err, book.Close(left))
}

// remove lists the snapshots of a record that are there still, or releases them. It gives those that are left then, none
// with an error if that is not known.
func (c *command) remove(ctx context.Context, record ledger.Record, config conformance.Config, o cleanOptions) (left []string, err error) {
	switch {
	case len(record.IDs) == 0:
		return nil, nil
	case config.Testbed == "":
		return nil, fmt.Errorf("the ledger %q is of a run whose testbed was in Go, which only its own program can ask", record.Path)
	}
	if err := o.reaching.guard(&config); err != nil {
		return nil, fmt.Errorf("%s: %w", record.Path, err)
	}
	bed, done, err := conformance.OpenBed(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", record.Path, err)
	}
	defer done()
	if _, spends := bed.(testbed.Spending); spends {
		return nil, nil // it made nothing, and a look would delete
	}
	var there []testbed.Leftover
	if finding, can := bed.(testbed.Finding); can { // which removes nothing that it has not found to be a run's
		there, err = finding.Leftovers(ctx)
		there = slices.DeleteFunc(there, func(found testbed.Leftover) bool { return !slices.Contains(record.IDs, found.ID) })
	} else {
		there, err = testbed.There(ctx, bed, record.IDs)
	}
	if err != nil {
		return nil, err
	}
	return c.release(ctx, bed, there, o.yes)
}

// askWhatIsLeft has a testbed tell what runs have left, and deletes it if that is wanted.
func (c *command) askWhatIsLeft(ctx context.Context, bed testbed.Bed, yes bool) error {
	finding, can := bed.(testbed.Finding)
	if !can {
		return errors.New("this testbed cannot tell what runs have left there; give --ledger FILE, or zec:DISK_ID as --testbed")
	}
	found, err := finding.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintln(c.out, "  nothing is left")
	}
	_, err = c.release(ctx, bed, found, yes)
	return err
}

// release lists snapshots, and releases them if that is wanted. It gives the ids of those that are left.
func (c *command) release(ctx context.Context, bed testbed.Bed, there []testbed.Leftover, yes bool) (left []string, err error) {
	failures := make([]error, len(there))
	if yes {
		failures = testbed.ReleaseAll(ctx, bed, there)
	}
	for i, snapshot := range there {
		became := ""
		switch {
		case failures[i] != nil:
			became, err = "could not be deleted", cmp.Or(err, failures[i])
		case yes:
			became = "deleted"
		}
		if became != "deleted" {
			left = append(left, snapshot.ID)
		}
		words := strings.Fields(strings.Join([]string{snapshot.ID, string(snapshot.State), snapshot.Name, snapshot.Created, became}, " "))
		fmt.Fprintln(c.out, "  "+report.Printable(strings.Join(words, " ")))
	}
	switch {
	case err != nil:
		return left, fmt.Errorf("%d of %d snapshots could not be deleted: %w", len(left), len(there), err)
	case len(left) > 0:
		fmt.Fprintf(c.out, "  %d left; --yes deletes them\n", len(left))
	}
	return left, nil
}
