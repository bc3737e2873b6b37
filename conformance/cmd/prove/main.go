// Command prove has the suite judge every mutant and every twin, for several seeds, and tells whether its verdicts can be
// believed.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit statuses.
const (
	statusProved    = 0
	statusNotProved = 1
	statusCouldNot  = 2
)

// options are what the flags say.
type options struct {
	seeds   []int64
	only    []string
	workers int
	timeout time.Duration
	out     string
	record  string // a file
	worker  bool
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var o options
	status := statusProved
	cmd := &cobra.Command{
		Use:   "prove",
		Short: "Does the suite catch what is wrong, and leave alone what is right?",
		Long: `Has the suite judge every mutant, which breaks a rule and has to be caught by that rule, and every twin, which keeps
all rules and has to be left alone. Exit status: 0 proved, 1 not proved, 2 could not be tried.`,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if o.worker {
				return proof.Work(ctx, in, out)
			}
			p, err := prove(ctx, o, out)
			if err == nil && len(p.Faults) > 0 {
				status = statusNotProved
			}
			return err
		},
	}
	cmd.AddCommand(power(ctx, out, &status))
	cmd.CompletionOptions.DisableDefaultCmd = true
	flags := cmd.Flags()
	flags.Int64SliceVar(&o.seeds, "seeds", []int64{1, 2, 3}, "the seeds")
	flags.StringSliceVar(&o.only, "only", nil, "only these mutants and twins; says nothing of the checks and the rules")
	o.pool(flags)
	flags.StringVar(&o.record, "record", "", "a `FILE` for what is the same in every proof; it is written if the suite is proved")
	flags.BoolVar(&o.worker, "worker", false, "")
	_ = flags.MarkHidden("worker") // it exists
	cmd.SetArgs(args)
	cmd.SetOut(out)
	cmd.SetErr(errs)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(errs, "prove: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		return statusCouldNot
	}
	return status
}

// pool adds the flags for how runs are made.
func (o *options) pool(flags *pflag.FlagSet) {
	flags.IntVar(&o.workers, "workers", 2*runtime.NumCPU(), "how many runs are made at once")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "how long one run may take")
	flags.StringVar(&o.out, "out", "", "a `FOLDER` for what was found, as Markdown and JSON")
}

// newPool has this program's own copies make the runs.
func (o options) newPool() (proof.Pool, error) {
	program, err := os.Executable()
	return proof.Pool{Workers: o.workers, Timeout: o.timeout, Command: func(ctx context.Context) *exec.Cmd {
		command := exec.CommandContext(ctx, program, "--worker")
		command.Stderr = os.Stderr
		command.Env = append(os.Environ(), "GOGC=300") // memory for time
		return command
	}}, err
}

func prove(ctx context.Context, o options, out io.Writer) (*proof.Proof, error) {
	variants, checks, err := chosen(o)
	if err != nil {
		return nil, err
	}
	pool, err := o.newPool()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var runs []proof.Run
	pool.Do(ctx, bySize(proof.Jobs(variants, o.seeds)), func(run proof.Run) {
		runs = append(runs, run)
		tell(out, run)
	})
	if ctx.Err() != nil {
		return nil, errors.New("interrupted")
	}
	p := proof.JudgeRuns(variants, o.seeds, runs)
	if len(o.only) == 0 {
		p = proof.Judge(variants, checks, o.seeds, runs)
	}
	p.Seconds = time.Since(began).Seconds()
	for _, fault := range p.Faults {
		fmt.Fprintln(out, "✗ "+fault)
	}
	fmt.Fprintln(out, p.Summary())
	return p, errors.Join(
		o.keepRecord(p, proof.NewRecord(variants, checks, o.seeds)),
		o.keep(map[string]func(io.Writer) error{"proof.md": p.WriteMarkdown, "proof.json": p.WriteJSON}),
	)
}

// keepRecord writes down what is proved, if it is. Else the last proof stays the last one.
func (o options) keepRecord(p *proof.Proof, record proof.Record) error {
	if o.record == "" || len(p.Faults) > 0 {
		return nil
	}
	return report.WriteFile(o.record, record.Write)
}

// chosen gives the variants, and the checks unless only some variants are chosen.
func chosen(o options) ([]mutants.Variant, []conformance.Check, error) {
	variants := slices.Concat(mutants.Mutants(), mutants.Twins())
	if len(o.seeds) == 0 || o.workers < 1 || o.timeout <= 0 {
		return nil, nil, errors.New("give at least one seed and one worker, and a timeout above zero")
	}
	if o.record != "" {
		if len(o.only) > 0 {
			return nil, nil, errors.New("--record is of a proof of all, and --only is of some; give one of them")
		}
		if err := report.Writable(o.record); err != nil {
			return nil, nil, fmt.Errorf("--record: %w", err)
		}
	}
	if len(o.only) > 0 {
		for _, name := range o.only {
			if _, known := mutants.Named(name); !known {
				return nil, nil, fmt.Errorf("there is no mutant and no twin %q", name)
			}
		}
		return slices.DeleteFunc(variants, func(v mutants.Variant) bool { return !slices.Contains(o.only, v.Name) }), nil, nil
	}
	checks, err := conformance.Checks("")
	return variants, checks, err
}

// bySize puts jobs that take long first, so that none of them is left alone at the end.
func bySize(jobs []proof.Job) []proof.Job {
	waits := map[string]time.Duration{}
	for _, v := range slices.Concat(mutants.Mutants(), mutants.Twins()) {
		waits[v.Name] = v.Settle + v.Linger
		if v.Effort != "" {
			waits[v.Name] += time.Second
		}
	}
	return slices.SortedStableFunc(slices.Values(jobs), func(a, b proof.Job) int { return cmp.Compare(waits[b.Name], waits[a.Name]) })
}

func tell(out io.Writer, run proof.Run) {
	v, _ := mutants.Named(run.Name) // it has been run
	what := "a twin"
	if v.Mutant() {
		what = "breaks " + strings.Join(v.Rules, ", ")
	}
	fmt.Fprintf(out, "%-44s seed %d  %5.1f s  %-22s %s %s\n", run.Name, run.Seed, run.Seconds, what, run.Verdict, run.Reason)
}
