package proof

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

// Power is what a suite that samples can see: how likely a run is to find a fault that shows in one eligible request of N,
// at random.
type Power struct {
	Seconds float64 `json:"seconds"`
	Runs    int     `json:"runs"`   // at each point
	Failed  int     `json:"failed"` // runs that could not be made, and count for nothing
	Points  []Point `json:"points"`
	// Faults say, a sentence each, where a run finds less than its effort promises; none if it finds as much.
	Faults []string `json:"faults"`
}

// promises are how rare a fault may be that a run with an effort still finds in so many of a hundred runs. Quick promises
// nothing.
var promises = map[conformance.Effort]int{conformance.Normal: 20, conformance.Thorough: 200}

const promised = 0.99

// Point is one fault at one rarity, looked for with one effort.
type Point struct {
	Fault     string  `json:"fault"`
	Rule      string  `json:"rule"`
	Effort    string  `json:"effort"`
	OneIn     int     `json:"oneIn"`
	Runs      int     `json:"runs"`
	Found     int     `json:"found"`     // runs in which a rule failed
	Occasions int     `json:"occasions"` // eligible requests of a whole run
	Chance    float64 `json:"chance"`    // worked out from these: 1 - (1 - 1/N)^occasions
	Seconds   float64 `json:"seconds"`   // the longest run
}

// PowerJobs gives the runs that it takes: for each fault and effort one without the fault, which counts the occasions, and
// so many with it for each rarity.
func PowerJobs(rarities []int, runs int) []Job {
	var jobs []Job
	for _, effort := range []conformance.Effort{conformance.Thorough, conformance.Normal, conformance.Quick} {
		for _, fault := range mutants.Rares() {
			jobs = append(jobs, Job{Name: fault.Name, Seed: 1, Rare: &Rare{OneIn: 0, Effort: string(effort)}})
			for _, n := range slices.Backward(rarities) {
				for seed := range runs {
					jobs = append(jobs, Job{Name: fault.Name, Seed: int64(seed + 1), Rare: &Rare{OneIn: n, Effort: string(effort)}})
				}
			}
		}
	}
	return jobs
}

// doRare makes a run of the checks of the fault's rule alone, and ends it when something is found. A whole run has more
// chances. A fault that is judged on every exchange, or has hardly any checks of its own, meets all of them.
func doRare(ctx context.Context, job Job) Run {
	run := Run{Job: job, Verdict: report.CouldNotRun, Broken: map[string][]string{}}
	at := slices.IndexFunc(mutants.Rares(), func(r mutants.Rare) bool { return r.Name == job.Name })
	if at < 0 {
		run.Reason = "there is no rare fault of this name"
		return run
	}
	fault := mutants.Rares()[at]
	variant, occasions := fault.OneIn(job.Rare.OneIn, job.Seed)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	handler := variant.New()
	filter := fault.Rule
	if fault.Whole {
		filter = ""
	}
	result, err := conformance.Run(ctx, conformance.Config{
		Handler: handler, Bed: testbed.NewHandler(handler, mock.TestbedPath, patience), Credentials: fault.Credentials,
		Seed: job.Seed, Effort: conformance.Effort(job.Rare.Effort), Settle: settle, Linger: linger, Filter: filter,
		Progress: func(state report.State) {
			if state.Broken > 0 {
				cancel()
			}
		},
	})
	if err != nil {
		run.Reason = err.Error()
		return run
	}
	run.Verdict, run.Reason, run.Seconds = result.Verdict, result.Reason, result.Seconds
	run.Occasions, _ = occasions.Count()
	for _, rule := range result.With(report.Failed) {
		run.Broken[rule.ID] = rule.BrokenBy
	}
	return run
}

// JudgePower works out the points from the runs.
func JudgePower(runs []Run) *Power {
	p := &Power{Faults: []string{}}
	occasions := map[Rare]map[string]int{}
	for _, run := range runs {
		// A run is cut short when something is found; that is no failure.
		if run.Verdict == report.CouldNotRun && len(run.Broken) == 0 {
			p.Failed++
			continue
		}
		if run.Rare.OneIn == 0 {
			key := Rare{Effort: run.Rare.Effort}
			if occasions[key] == nil {
				occasions[key] = map[string]int{}
			}
			occasions[key][run.Name] = run.Occasions
			continue
		}
		point := p.point(run)
		point.Runs++
		p.Runs = max(p.Runs, point.Runs)
		point.Seconds = max(point.Seconds, run.Seconds)
		if len(run.Broken) > 0 { // the fault is the only one that there is
			point.Found++
		}
	}
	for i := range p.Points {
		point := &p.Points[i]
		point.Occasions = occasions[Rare{Effort: point.Effort}][point.Fault]
		point.Chance = 1 - math.Pow(1-1/float64(point.OneIn), float64(point.Occasions))
		if promises[conformance.Effort(point.Effort)] == point.OneIn && point.Chance < promised {
			p.Faults = append(p.Faults, fmt.Sprintf("effort %s gives %s, which breaks %s, %d chances: to find it where it shows in one of %d takes more",
				point.Effort, point.Fault, point.Rule, point.Occasions, point.OneIn))
		}
	}
	return p
}

// point finds the point that a run belongs to, or adds it.
func (p *Power) point(run Run) *Point {
	for i := range p.Points {
		if point := &p.Points[i]; point.Fault == run.Name && point.Effort == run.Rare.Effort && point.OneIn == run.Rare.OneIn {
			return point
		}
	}
	rule := ""
	for _, fault := range mutants.Rares() {
		if fault.Name == run.Name {
			rule = fault.Rule
		}
	}
	p.Points = append(p.Points, Point{Fault: run.Name, Rule: rule, Effort: run.Rare.Effort, OneIn: run.Rare.OneIn})
	return &p.Points[len(p.Points)-1]
}
