package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// powerOptions are what the flags of power say.
type powerOptions struct {
	options
	rarities []int
	runs     int
}

func power(ctx context.Context, out io.Writer, status *int) *cobra.Command {
	var o powerOptions
	cmd := &cobra.Command{
		Use:   "power",
		Short: "Measure how likely a run is to find a fault that shows now and then",
		Long: `Makes runs against faults that show in one eligible request of N, at random, one for each rule, and tells how many
found the fault. Exit status: 0, 1 where an effort gives a fault fewer chances than it promises, 2 could not be tried.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := measure(ctx, o, out)
			if err == nil && len(p.Faults) > 0 {
				*status = statusNotProved
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&o.rarities, "one-in", []int{2, 5, 10, 20, 50, 100, 200, 500}, "in one request of how many the faults show")
	flags.IntVar(&o.runs, "runs", 2, "how many runs are made with each of the faults at each point")
	o.pool(flags)
	o.timeout = 5 * time.Minute
	flags.Lookup("timeout").DefValue = o.timeout.String()
	return cmd
}

func measure(ctx context.Context, o powerOptions, out io.Writer) (*proof.Power, error) {
	for _, n := range o.rarities {
		if n < 1 {
			return nil, fmt.Errorf("--one-in %d is not a positive number", n)
		}
	}
	if o.runs < 1 || len(o.rarities) == 0 || o.workers < 1 || o.timeout <= 0 {
		return nil, errors.New("give at least one rarity, one run and one worker, and a timeout above zero")
	}
	pool, err := o.newPool()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	jobs := proof.PowerJobs(o.rarities, o.runs)
	var runs []proof.Run
	pool.Do(ctx, jobs, func(run proof.Run) {
		runs = append(runs, run)
		const often = 100
		if len(runs)%often == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d runs, %.0f s\n", len(runs), len(jobs), time.Since(began).Seconds())
		}
	})
	if ctx.Err() != nil {
		return nil, errors.New("interrupted")
	}
	p := proof.JudgePower(runs)
	p.Seconds = time.Since(began).Seconds()
	for _, fault := range p.Faults {
		fmt.Fprintln(out, "✗ "+fault)
	}
	fmt.Fprint(out, p.Summary())
	err = o.keep(map[string]func(io.Writer) error{"power.md": p.WriteMarkdown, "power.json": p.WriteJSON, "power.svg": p.WriteSVG})
	if p.Failed > 0 {
		err = errors.Join(fmt.Errorf("%d of %d runs could not be made", p.Failed, len(runs)), err)
	}
	return p, err
}

// keep writes files to the folder that was given, which is made if it does not exist.
func (o options) keep(files map[string]func(io.Writer) error) error {
	if o.out == "" {
		return nil
	}
	failures := []error{os.MkdirAll(o.out, 0o755)}
	for name, write := range files {
		failures = append(failures, report.WriteFile(filepath.Join(o.out, name), write))
	}
	return errors.Join(failures...)
}
