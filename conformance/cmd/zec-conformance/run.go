package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/signing"
)

// runOptions are what the flags of run say.
type runOptions struct {
	conformance.Config
	effort   string
	cacert   string
	reports  []string
	pictures string // a folder
	quiet    bool
}

func (c *command) run() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Judge an implementation; without flags, the embedded mock",
		Long: `Judges an implementation by every rule of the contract and prints the verdict with its evidence.

Without --endpoint and --testbed, the embedded mock is judged. Otherwise --endpoint is the base URL that the
contract's path is appended to, and --testbed the base URL of the testbed protocol, by which snapshots are made and
looked at. Nothing but snapshots that the testbed made is ever deleted.

Credentials come from the environment: ` + signing.Names + `.

Exit status: 0 conformant (remarks included, unless --strict), 1 not conformant, 2 could not run.`,
		Example: `  zec-conformance run
  zec-conformance run --endpoint http://127.0.0.1:8080 --testbed http://127.0.0.1:8080/testbed/v1 --report json=report.json
  zec-conformance run --label-filter 'BATCH-2 || STATE-1' --seed 7`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.judge(cmd.Context(), cmd, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.Endpoint, "endpoint", "", "base `URL` of the implementation (default: the embedded mock)")
	flags.StringVar(&o.Testbed, "testbed", "", "where snapshots come from: the http(s) base `URL` of the testbed protocol")
	flags.StringVar(&o.cacert, "cacert", "", "who vouches for an https endpoint and testbed: a PEM `FILE` of certificates (default: whom the system trusts)")
	flags.Int64Var(&o.Seed, "seed", 0, "seed of what is arranged by chance, to repeat a run (default: a new one)")
	flags.StringVar(&o.effort, "effort", string(conformance.Normal), "how far to go: "+conformance.Prices())
	flags.IntVar(&o.Budget, "budget", 0, "how many `SNAPSHOTS` the run may make, at the most (default: what the effort takes)")
	flags.StringVar(&o.Walk, "walk", "", "take one walk again, as a report spells it, in place of all checks; 'make NORMAL; delete 1; again', say")
	flags.DurationVar(&o.Settle, "settle", conformance.DefaultSettle, "how long a deletion may take to show")
	flags.DurationVar(&o.Linger, "linger", conformance.DefaultLinger, "how long after the last request the last look comes, at the least")
	flags.DurationVar(&o.Timeout, "timeout", conformance.DefaultTimeout, "how long one answer may take")
	flags.StringVar(&o.Filter, "label-filter", "", "choose checks by rule id and level, as in 'BATCH-2 || (MUST && !CONC-1)'")
	flags.BoolVar(&o.Strict, "strict", false, "let broken rules of level SHOULD fail the verdict")
	flags.StringArrayVar(&o.reports, "report", nil, "also write a report to a file, as `KIND=PATH`; KIND is json (may be repeated)")
	flags.StringVar(&o.pictures, "pictures", "", "write the pictures that belong to failures, such as the time line of a race, to a `FOLDER`")
	flags.BoolVar(&o.quiet, "quiet", false, "show no progress")
	return cmd
}

// judge checks everything that can be checked before anything is sent, runs the suite, and writes the reports.
func (c *command) judge(ctx context.Context, cmd *cobra.Command, o runOptions) error {
	paths, err := reportPaths(o.reports)
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("pictures") {
		if err := pictureFolder(o.pictures); err != nil {
			return err
		}
	}
	config, err := c.configure(cmd, o)
	if err != nil {
		return err
	}
	if !cmd.Flags().Changed("endpoint") {
		server, err := mock.Start("127.0.0.1:0")
		if err != nil {
			return fmt.Errorf("the embedded mock cannot listen on a loopback port: %w", err)
		}
		defer server.Close()
		config.Endpoint, config.Testbed = server.URL(), server.URL()+mock.TestbedPath
	}
	log.SetOutput(io.Discard) // to which net/http writes what a target sends after its answer
	var progress *report.Progress
	if !o.quiet {
		progress = report.NewProgress(c.err, terminal(c.err), func() int { return width(c.err) })
		config.Progress = progress.Update
	}
	result, err := conformance.Run(ctx, config)
	progress.Close()
	if err != nil {
		return err
	}
	return errors.Join(c.tell(result, paths), result.WritePictures(o.pictures))
}

// tell writes what was found, and sets the exit status.
func (c *command) tell(result *report.Report, paths []string) error {
	c.status = result.Verdict.ExitStatus()
	var failures []error
	for _, path := range paths {
		failures = append(failures, report.WriteFile(path, result.WriteJSON))
	}
	if result.Reason != "" {
		c.complain(result.Reason)
	}
	_, noColour := c.environment("NO_COLOR")
	failures = append(failures, result.WriteText(c.out, report.Style{Color: terminal(c.out) && !noColour, Width: width(c.out)}))
	return errors.Join(failures...)
}

// configure takes the flags and the environment together.
func (c *command) configure(cmd *cobra.Command, o runOptions) (conformance.Config, error) {
	config := o.Config
	config.Effort = conformance.Effort(o.effort)
	switch {
	case o.effort == "":
		return config, errors.New("--effort is empty; give quick, normal or thorough")
	case cmd.Flags().Changed("seed") && o.Seed <= 0:
		return config, fmt.Errorf("--seed %d is not a positive number", o.Seed)
	case o.Settle <= 0:
		return config, fmt.Errorf("--settle %s is not a positive duration; give one such as 30s", o.Settle)
	case o.Linger < 0:
		return config, fmt.Errorf("--linger %s is a negative duration; give one such as 1.5s", o.Linger)
	case cmd.Flags().Changed("budget") && o.Budget <= 0:
		return config, fmt.Errorf("--budget %d is not a positive number of snapshots", o.Budget)
	case cmd.Flags().Changed("walk") && strings.TrimSpace(o.Walk) == "":
		return config, errors.New("--walk is empty; give steps, as in 'make NORMAL; delete 1; again'")
	case cmd.Flags().Changed("walk") && o.Filter != "":
		return config, errors.New("--walk and --label-filter are given; a walk stands in place of all checks")
	case o.Timeout <= 0:
		return config, fmt.Errorf("--timeout %s is not a positive duration; give one such as 30s", o.Timeout)
	}
	endpoint, testbed := cmd.Flags().Changed("endpoint"), cmd.Flags().Changed("testbed")
	switch {
	case endpoint && !testbed:
		return config, errors.New("--endpoint is given without --testbed, by which snapshots are made; give both, or neither for the embedded mock")
	case testbed && !endpoint:
		return config, errors.New("--testbed is given without --endpoint; give both, or neither for the embedded mock")
	}
	if cmd.Flags().Changed("cacert") {
		var err error
		if config.Trust.Roots, err = readCertificates(o.cacert); err != nil {
			return config, fmt.Errorf("--cacert %w", err)
		}
	}
	config.Linger = max(config.Linger, 1) // zero would stand for the default
	credentials, err := signing.FromEnvironment(c.environment)
	if err != nil {
		return config, err
	}
	if endpoint { // the embedded mock is not given any
		config.Credentials = credentials
	}
	return config, nil
}

// pictureFolder sees that there is a folder for pictures.
func pictureFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case path == "":
		return errors.New("--pictures is empty; give a folder")
	case err == nil && !info.IsDir():
		return fmt.Errorf("--pictures %q is a file; give a folder", path)
	case err != nil:
		return fmt.Errorf("--pictures: %w; give a folder that exists", err)
	}
	return nil
}

// readCertificates reads whom to trust.
func readCertificates(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	var broken *fs.PathError
	switch {
	case errors.As(err, &broken):
		return nil, fmt.Errorf("%q cannot be read (%w); give a PEM file of certificates", path, broken.Err)
	case err != nil:
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%q has no certificate in it; give a PEM file of certificates", path)
	}
	return pool, nil
}

// reportPaths reads the KIND=PATH of each report, and sees that it can be written.
func reportPaths(reports []string) ([]string, error) {
	var paths []string
	for _, text := range reports {
		kind, path, found := strings.Cut(text, "=")
		switch {
		case !found || path == "":
			return nil, fmt.Errorf("--report %q is not KIND=PATH; give json=report.json, say", text)
		case kind == "junit" || kind == "html" || kind == "markdown" || kind == "har":
			return nil, fmt.Errorf("--report %s is not available in this version; give json=PATH", kind)
		case kind != "json":
			return nil, fmt.Errorf("--report has no kind %q; give json=PATH", kind)
		}
		if err := report.Writable(path); err != nil {
			return nil, fmt.Errorf("--report: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
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
