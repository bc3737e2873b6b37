package proof

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Job is one run that is to be made.
type Job struct {
	Name string `json:"name"` // of the mutant or twin, or of the rare fault
	Seed int64  `json:"seed"`
	// Filter is a label filter; empty for the whole suite.
	Filter string `json:"filter,omitempty"`
	Rare   *Rare  `json:"rare,omitempty"`
}

// Jobs gives a job for each variant and seed. With the first seed, every variant meets the whole suite. With the others, a
// mutant meets the checks of the rules that it breaks alone, which is the harder trial, and the shorter; a twin meets all
// of them, and so does a mutant of what is judged on every exchange.
func Jobs(variants []mutants.Variant, seeds []int64) []Job {
	var jobs []Job
	for i, seed := range seeds {
		for _, v := range variants {
			job := Job{Name: v.Name, Seed: seed}
			everywhere := slices.ContainsFunc(v.Rules, func(rule string) bool { return strings.HasPrefix(rule, "ENV-") })
			if i > 0 && !everywhere && !v.Whole && v.Mutant() {
				job.Filter = strings.Join(v.Rules, " || ")
			}
			jobs = append(jobs, job)
		}
	}
	return jobs
}

// Rare makes a job one with a fault that shows now and then.
type Rare struct {
	OneIn  int    `json:"oneIn"` // 0: never
	Effort string `json:"effort"`
}

// Run is what came of a job. A verdict that the suite did not live to give is "could not run".
type Run struct {
	Job
	Verdict report.Verdict      `json:"verdict"`
	Reason  string              `json:"reason,omitempty"` // why there is no verdict
	Broken  map[string][]string `json:"broken,omitempty"` // the rules that failed, and the checks that showed each
	Seconds float64             `json:"seconds"`
	// Occasions are the requests in which a rare fault could show.
	Occasions int `json:"occasions,omitempty"`
}

// The waits of a run, where a variant does not call for longer ones. The variants are on the same machine. A mutant's
// deletions may never end, and are not waited for much longer than they could take; a twin's end, however busy the
// machine is.
const (
	settle = time.Second
	linger = 100 * time.Millisecond

	patience = 30 * time.Second // with a testbed
)

// Do has the suite judge one variant.
func Do(ctx context.Context, job Job) Run {
	if job.Rare != nil {
		return doRare(ctx, job)
	}
	run := Run{Job: job, Verdict: report.CouldNotRun}
	variant, known := mutants.Named(job.Name)
	if !known {
		run.Reason = "there is no mutant and no twin of this name"
		return run
	}
	config := conformance.Config{
		Credentials: variant.Credentials, Seed: job.Seed, Effort: conformance.Effort(effort(variant)), Filter: job.Filter,
		Settle: max(settle, variant.Settle), Linger: max(linger, variant.Linger),
	}
	if !variant.Mutant() {
		config.Settle = conformance.DefaultSettle
	}
	if variant.Plain() {
		// How the testbed is reached makes no difference then, and most of a run goes into looks.
		config.Handler = variant.New()
		config.Bed = testbed.NewHandler(config.Handler, mock.TestbedPath, patience)
	} else {
		server, err := variant.Start("127.0.0.1:0")
		if err != nil {
			run.Reason = err.Error()
			return run
		}
		defer server.Close()
		config.Endpoint, config.Testbed, config.Trust.Roots = server.URL(), server.URL()+mock.TestbedPath, server.RootCAs()
	}
	result, err := conformance.Run(ctx, config)
	if err != nil {
		run.Reason = err.Error()
		return run
	}
	run.Verdict, run.Reason, run.Seconds = result.Verdict, result.Reason, result.Seconds
	run.Broken = map[string][]string{}
	for _, rule := range result.With(report.Failed) {
		run.Broken[rule.ID] = rule.BrokenBy
	}
	return run
}

// effort is the least that shows what a variant does.
func effort(v mutants.Variant) string { return cmp.Or(v.Effort, string(conformance.Quick)) }
