package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// runOptions are what the flags of run say.
type runOptions struct {
	conformance.Config
	reaching *reaching
	effort   string
	reports  []string
	pictures string // a folder
	record   string // a file
	quiet    bool
}

func (c *command) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Judge an implementation; without flags, the embedded mock",
		Long: `Judges an implementation by every rule of the contract and prints the verdict with its evidence.

Without --endpoint and --testbed, the embedded mock is judged. Otherwise --endpoint is the base URL that the
contract's path is appended to, and --testbed says how snapshots are made and looked at: the base URL of the testbed
protocol, exec: with a command that starts a program which is the testbed, file: with the path of a list of snapshots,
or zec: with the id of a disk, of which the endpoint's own actions make snapshots.
Nothing but snapshots that the testbed made or listed is ever deleted.

Several endpoints are judged one after the other, with the same seed, each with a summary and reports of its own, and
compared in a table at the end: report.json becomes report-1.json, report-2.json and so on, and FOLDER, for pictures,
FOLDER/1, FOLDER/2 and so on.

Credentials come from the environment: ` + signing.Names + `.

Exit status: 0 conformant (remarks included, unless --strict), or not, and all of that is in the --baseline;
1 not conformant, 2 could not run.`,
		Example: `  zec-conformance run
  zec-conformance run --endpoint http://127.0.0.1:8080 --testbed http://127.0.0.1:8080/testbed/v1 --report json=report.json
  zec-conformance run --endpoint http://127.0.0.1:8080 --testbed 'exec:python3 bed.py'
  zec-conformance run --label-filter 'BATCH-2 || STATE-1' --seed 7`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.judgeImplementation(cmd.Context(), cmd, o) },
	}
	c.runFlags(cmd, &o)
	flags := cmd.Flags()
	baselineFlag(flags, &o.Baseline)
	reportFlag(flags, &o.reports, "report", "also write a report", report.Forms)
	flags.StringVar(&o.pictures, "pictures", "", "write the pictures that belong to failures, such as the time line of a race, to a `FOLDER`")
	flags.StringVar(&o.record, "record", "", "record every exchange, without secrets, to a HAR `FILE`, which judge and browsers read")
	flags.StringVar(&o.Ledger, "ledger", "", "a new `FILE` that keeps what the run makes, for clean (default: one in the user's state directory)")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	return cmd
}

// runFlags are those that say what is judged, and how.
func (c *command) runFlags(cmd *cobra.Command, o *runOptions) {
	flags := cmd.Flags()
	flags.SortFlags = false
	o.reaching = reachingFlags(flags)
	flags.Int64Var(&o.Seed, "seed", 0, "seed of what is arranged by chance, to repeat a run (default: a new one)")
	flags.StringVar(&o.effort, "effort", string(conformance.Normal), "how far to go: "+conformance.Prices())
	flags.IntVar(&o.Budget, "budget", 0, "how many `SNAPSHOTS` the run may make, at the most; it chooses checks to suit, and says what it gives up (default: what the effort takes)")
	flags.Float64Var(&o.Rate, "rate", 0, "how many requests a second it may make, to endpoint and testbed together (default: as many as they bear)")
	flags.IntVar(&o.Parallel, "parallel", 0, "how many requests it may make at once (default: as many as the checks make)")
	flags.StringVar(&o.Walk, "walk", "", "take one walk again, as a report spells it, in place of all checks; 'make NORMAL; delete 1; again', say")
	flags.DurationVar(&o.Settle, "settle", conformance.DefaultSettle, "how long a deletion may take to show")
	flags.DurationVar(&o.Linger, "linger", conformance.DefaultLinger, "how long after the last request the last look comes, at the least")
	flags.DurationVar(&o.RunTime, "run-timeout", 0, "how long the whole run may take, the release of its snapshots included (default: as long as it takes)")
	flags.StringVar(&o.Filter, "label-filter", "", "choose checks by rule id and level, as in 'BATCH-2 || (MUST && !CONC-1)'")
	flags.BoolVar(&o.Strict, "strict", false, "let broken rules of level SHOULD fail the verdict")
}

// judgeImplementation checks everything that can be checked before anything is sent, runs the suite, and writes the
// reports and the recording.
func (c *command) judgeImplementation(ctx context.Context, cmd *cobra.Command, o runOptions) error {
	configs, err := c.configure(cmd, o)
	if err != nil {
		return err
	}
	if err := checkBaseline(cmd.Flags(), o.Baseline); err != nil {
		return err
	}
	if err := c.ledgers(cmd.Flags().Changed("ledger"), configs); err != nil {
		return err
	}
	wanted, err := readReports("report", report.Forms, o.reports, len(configs))
	if err != nil {
		return err
	}
	if err := apart(o.written(configs, wanted), o.read()); err != nil {
		return err
	}
	recordings, err := startRecordings(cmd.Flags().Changed("record"), o.record, configs)
	if err != nil {
		return err
	}
	defer recordings.discard()
	if cmd.Flags().Changed("pictures") {
		if err := pictureFolders(o.pictures, len(configs)); err != nil {
			return err
		}
	}
	if len(configs) > 1 {
		return errors.Join(c.judgeAll(ctx, o, configs, wanted), recordings.finish())
	}
	result, err := c.judgeOne(ctx, o, configs[0])
	if err != nil {
		return err
	}
	c.status = result.ExitStatus()
	return errors.Join(c.annotate(result), c.tell(result, wanted), result.WritePictures(o.pictures), recordings.finish())
}

// written are the files that a run writes.
func (o *runOptions) written(configs []conformance.Config, wanted reports[*report.Report]) []file {
	files := wanted.files("report", len(configs))
	for i, config := range configs {
		if config.Ledger != "" {
			files = append(files, file{"--ledger", config.Ledger})
		}
		if o.record != "" {
			files = append(files, file{"--record", one(o.record, i, len(configs))})
		}
	}
	return files
}

// read are the files that a run reads.
func (o *runOptions) read() []file {
	files := []file{{"--cacert", o.reaching.cacert}, {"--cert", o.reaching.cert}, {"--key", o.reaching.key}, {"--baseline", o.Baseline}}
	for _, spec := range o.reaching.testbeds {
		if list, is := strings.CutPrefix(spec, "file:"); is {
			files = append(files, file{"the list of snapshots", list})
		}
	}
	return files
}

// recordings are the files that the exchanges of runs are written to, one for each run.
type recordings []*report.Draft

// startRecordings begins a recording for each config where that is wanted, numbered if there are several.
func startRecordings(wanted bool, path string, configs []conformance.Config) (recordings, error) {
	if !wanted {
		return nil, nil
	}
	var started recordings
	for i := range configs {
		own := one(path, i, len(configs))
		err := report.Writable(own)
		var draft *report.Draft
		if err == nil {
			draft, err = report.NewDraft(own)
		}
		if err != nil {
			started.discard()
			return nil, fmt.Errorf("--record: %w", err)
		}
		started = append(started, draft)
		configs[i].Record = draft
	}
	return started, nil
}

func (r recordings) discard() {
	for _, draft := range r {
		draft.Discard()
	}
}

func (r recordings) finish() error {
	var failures []error
	for _, draft := range r {
		failures = append(failures, draft.Finish())
	}
	return errors.Join(failures...)
}

// judgeOne runs the suite on one endpoint, or on the embedded mock if none is given.
func (c *command) judgeOne(ctx context.Context, o runOptions, config conformance.Config) (*report.Report, error) {
	if !o.reaching.given() {
		server, err := mock.Start("127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("the embedded mock cannot listen on a loopback port: %w", err)
		}
		defer server.Close()
		config.Endpoint, config.Testbed = server.URL(), mock.TestbedPath
	}
	// Whoever reads the output may go away, and what the run has made is to be released all the same.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	config.AtOnce = c.atOnce
	log.SetOutput(io.Discard) // to which net/http writes what a target sends after its answer
	var progress *report.Progress
	if !o.quiet {
		progress = report.NewProgress(c.err, terminal(c.err), func() int { return width(c.err) })
		config.Progress = func(state report.State) {
			progress.Update(state)
			if state.Releasing && ctx.Err() != nil {
				progress.Say(fmt.Sprintf("interrupted: releasing %d snapshots; interrupt again to stop at once", state.Snapshots))
			}
		}
		config.Planned = func(p *conformance.Plan) {
			progress.Say(fmt.Sprintf("the run takes %s, and repeats as with effort %s; %d of %d checks are given up", stock(p), p.Repeats, len(p.GivenUp()), len(p.Checks)))
		}
	}
	result, err := conformance.Run(ctx, config)
	progress.Close()
	if err == nil && result.Clean != "" {
		result.Clean += o.reaching.again()
	}
	return result, err
}

// annotate has GitHub show what was found in one step, where the command runs in a job of GitHub Actions. It comes before the
// summary, whose last line is the verdict.
func (c *command) annotate(results ...*report.Report) error {
	if in, _ := c.environment("GITHUB_ACTIONS"); in != "true" {
		return nil
	}
	return report.WriteAnnotations(c.out, results...)
}

// tell writes what was found.
func (c *command) tell(result *report.Report, wanted reports[*report.Report]) error {
	unwritten := wanted.write(result)
	if result.Reason != "" {
		c.complain(result.Reason)
	}
	c.tellBaseline(result.Baseline)
	return errors.Join(unwritten, result.WriteText(c.out, c.style()))
}

// style is how what is written for people looks.
func (c *command) style() report.Style {
	_, noColour := c.environment("NO_COLOR")
	return report.Style{Color: terminal(c.out) && !noColour, Width: width(c.out)}
}

// configure takes the flags and the environment together, to a config for each endpoint.
func (c *command) configure(cmd *cobra.Command, o runOptions) ([]conformance.Config, error) {
	config := o.Config
	config.Effort = conformance.Effort(o.effort)
	switch {
	case o.effort == "":
		return nil, errors.New("--effort is empty; give quick, normal or thorough")
	case cmd.Flags().Changed("seed") && o.Seed <= 0:
		return nil, fmt.Errorf("--seed %d is not a positive number", o.Seed)
	case o.Settle <= 0:
		return nil, fmt.Errorf("--settle %s is not a positive duration; give one such as 30s", o.Settle)
	case o.Linger < 0:
		return nil, fmt.Errorf("--linger %s is a negative duration; give one such as 1.5s", o.Linger)
	case cmd.Flags().Changed("budget") && o.Budget <= 0:
		return nil, fmt.Errorf("--budget %d is not a positive number of snapshots", o.Budget)
	case cmd.Flags().Changed("rate") && !(o.Rate > 0):
		return nil, fmt.Errorf("--rate %g is not a positive number of requests a second", o.Rate)
	case cmd.Flags().Changed("parallel") && o.Parallel <= 0:
		return nil, fmt.Errorf("--parallel %d is not a positive number of requests", o.Parallel)
	case cmd.Flags().Changed("walk") && strings.TrimSpace(o.Walk) == "":
		return nil, errors.New("--walk is empty; give steps, as in 'make NORMAL; delete 1; again'")
	case cmd.Flags().Changed("walk") && o.Filter != "":
		return nil, errors.New("--walk and --label-filter are given; a walk stands in place of all checks")
	case cmd.Flags().Changed("run-timeout") && o.RunTime <= 0:
		return nil, fmt.Errorf("--run-timeout %s is not a positive duration; give one such as 10m", o.RunTime)
	}
	config.Linger = max(config.Linger, 1) // zero would stand for the default
	configs, err := c.reach(o.reaching, config)
	if err != nil {
		return nil, err
	}
	same := cmp.Or(config.Seed, conformance.NewSeed())
	for i := range configs {
		if len(configs) > 1 {
			configs[i].Seed = same
		}
	}
	return configs, nil
}

// ledgers gives each run the file that keeps what it makes, none where there is nothing to keep: the embedded mock ends with
// the run, and a list of snapshots stays what it is.
func (c *command) ledgers(given bool, configs []conformance.Config) error {
	for i := range configs {
		config, err := &configs[i], error(nil)
		switch {
		case given && config.Ledger == "":
			return errors.New("--ledger is empty; name a new file")
		case given && len(configs) > 1:
			config.Ledger, err = filepath.Abs(report.Numbered(config.Ledger, i+1))
		case given:
			config.Ledger, err = filepath.Abs(config.Ledger)
		case config.Testbed != "" && !strings.HasPrefix(config.Testbed, "file:"):
			config.Ledger, err = ledger.Place(c.environment)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// terminal tells whether a person is likely to look at what is written.
func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb"
}

// width gives the columns of a terminal, 0 where there is none.
func width(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(file.Fd())); err == nil {
			return columns
		}
	}
	return 0
}
