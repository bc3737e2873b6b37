package proof_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// trial is a proof that is about to be judged.
type trial struct {
	variants []mutants.Variant
	checks   []conformance.Check
	seeds    []int64
	runs     []proof.Run
}

func (t trial) judge() *proof.Proof { return proof.Judge(t.variants, t.checks, t.seeds, t.runs) }

func (t trial) faults() []string { return t.judge().Faults }

// run gives the run of a variant with a seed, to be changed.
func (t trial) run(name string, seed int64) *proof.Run {
	for i := range t.runs {
		if t.runs[i].Name == name && t.runs[i].Seed == seed {
			return &t.runs[i]
		}
	}
	panic("no run of " + name)
}

// flawless has two mutants for each rule, each with a check of its own, and a twin. A test changes the one thing that it
// is about.
func flawless() *trial {
	t := &trial{seeds: []int64{1, 2}}
	for _, rule := range contract.Rules {
		if rule.Level == contract.Note {
			continue
		}
		for _, end := range []string{"-one", "-two"} {
			name := strings.ToLower(rule.ID) + end
			t.variants = append(t.variants, mutants.Variant{Name: name, Rules: []string{rule.ID}, Does: "breaks " + rule.ID})
			t.checks = append(t.checks, conformance.Check{Text: "looks for " + name, Rules: []string{rule.ID}, Mutants: []string{name}})
			verdict := report.NotConformant
			if rule.Level == contract.Should {
				verdict = report.Remarks
			}
			for _, seed := range t.seeds {
				t.runs = append(t.runs, proof.Run{
					Job: proof.Job{Name: name, Seed: seed}, Verdict: verdict, Seconds: 0.5,
					Broken: map[string][]string{rule.ID: {"looks for " + name}},
				})
			}
		}
	}
	t.variants = append(t.variants, mutants.Variant{Name: "twin", Does: "is right in its own way"})
	for _, seed := range t.seeds {
		t.runs = append(t.runs, proof.Run{Job: proof.Job{Name: "twin", Seed: seed}, Verdict: report.Conformant})
	}
	return t
}

// Names that flawless gives.
const (
	mutant, mutantsCheck = "state-1-one", "looks for state-1-one" // of STATE-1, a MUST
	remarked             = "req-6-one"                            // of REQ-6, a SHOULD
)

func TestAProofWithoutFaults(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	trial := flawless()
	trial.run(mutant, 2).Broken["ISO-1"] = []string{"another check"} // one fault often breaks more than one rule

	p := trial.judge()

	g.Expect(p.Faults).To(BeEmpty())
	g.Expect(p.Seeds).To(Equal(trial.seeds))
	g.Expect(p.Mutants).To(HaveLen(len(trial.variants) - 1))
	g.Expect(p.Twins).To(HaveLen(1))
	g.Expect(entry(p, mutant)).To(Equal(proof.Entry{
		Name: mutant, Does: "breaks STATE-1", Rules: []string{"STATE-1"}, CaughtBy: []string{"STATE-1"},
		Checks: []string{mutantsCheck}, Also: []string{"ISO-1"}, Effort: string(conformance.Quick), Seconds: 1,
		Runs: []proof.Run{*trial.run(mutant, 1), *trial.run(mutant, 2)},
	}))
	g.Expect(p.Checks).To(HaveLen(len(trial.checks)))
	g.Expect(p.Checks).To(ContainElement(proof.Check{
		Text: mutantsCheck, For: []string{mutant}, Catches: []string{mutant}, Alone: []string{mutant},
	}))
}

func entry(p *proof.Proof, name string) proof.Entry {
	for _, e := range p.Mutants {
		if e.Name == name {
			return e
		}
	}
	return proof.Entry{}
}

// TestFaults changes a flawless proof in one way, and expects the faults that follow from it and no others.
func TestFaults(t *testing.T) {
	t.Parallel()
	survives := func(run *proof.Run) { run.Verdict, run.Broken = report.Conformant, nil }
	missed := `the check "looks for state-1-one" is there for state-1-one, and does not catch it at every seed`
	for name, try := range map[string]struct {
		change func(t *trial)
		faults []string
	}{
		"a rule that a mutant breaks is never shown": {
			func(t *trial) { t.variants[0].Rules = append(t.variants[0].Rules, "ISO-1") },
			[]string{"req-1-one is said to break ISO-1, which no run shows"},
		},
		"a mutant survives one seed": {
			func(t *trial) { survives(t.run(mutant, 2)) },
			[]string{"state-1-one, seed 2: the mutant survives, which breaks STATE-1", missed},
		},
		"a mutant is caught by a rule that it does not break": {
			func(t *trial) { t.run(mutant, 1).Broken = map[string][]string{"ISO-1": {mutantsCheck}} },
			[]string{"state-1-one, seed 1: the mutant breaks STATE-1 and is caught only by ISO-1", missed},
		},
		"the verdict on a MUST is mild": {
			func(t *trial) { t.run(mutant, 1).Verdict = report.Remarks },
			[]string{`state-1-one, seed 1: the mutant breaks STATE-1 and the verdict is "conformant with remarks"`},
		},
		"a mutant of a MUST and a SHOULD is caught by the SHOULD": {
			func(t *trial) {
				t.variants = append(t.variants, mutants.Variant{Name: "both", Rules: []string{"STATE-1", "REQ-6"}})
				t.checks[0].Mutants = append(t.checks[0].Mutants, "both")
				for _, seed := range t.seeds {
					t.runs = append(t.runs, proof.Run{
						Job: proof.Job{Name: "both", Seed: seed}, Verdict: report.Remarks,
						Broken: map[string][]string{"REQ-6": {t.checks[0].Text}},
					})
				}
			},
			[]string{
				`both, seed 1: the mutant breaks STATE-1, REQ-6 and the verdict is "conformant with remarks"`,
				`both, seed 2: the mutant breaks STATE-1, REQ-6 and the verdict is "conformant with remarks"`,
				"both is said to break STATE-1, which no run shows",
			},
		},
		"the verdict on a SHOULD is hard": {
			func(t *trial) { t.run(remarked, 1).Verdict = report.NotConformant }, // it may break more than it has to
			nil,
		},
		"a run dies after it has seen the breach": {
			func(t *trial) {
				run := t.run(mutant, 1)
				run.Verdict, run.Reason = report.CouldNotRun, "the worker died"
			},
			[]string{"state-1-one, seed 1: no verdict: the worker died"},
		},
		"a run takes too long": {
			func(t *trial) {
				*t.run(mutant, 2) = proof.Run{Job: proof.Job{Name: mutant, Seed: 2}, Verdict: report.CouldNotRun, Reason: "no verdict within 1m0s"}
			},
			[]string{"state-1-one, seed 2: no verdict: no verdict within 1m0s", missed},
		},
		"a run is missing": {
			func(t *trial) { t.run(mutant, 2).Name = "nobody" },
			[]string{"state-1-one was not run with seed 2"},
		},
		"a variant has no runs": {
			func(t *trial) { t.run(mutant, 1).Name, t.run(mutant, 2).Name = "nobody", "nobody" },
			[]string{"state-1-one was not run with seed 1", "state-1-one was not run with seed 2", missed},
		},
		"a twin is accused": {
			func(t *trial) {
				run := t.run("twin", 2)
				run.Verdict, run.Broken = report.NotConformant, map[string][]string{"STATE-1": {"a"}, "ISO-1": {"b"}}
			},
			[]string{"twin, seed 2: a twin is accused of ISO-1, STATE-1"},
		},
		"a twin is remarked upon": {
			func(t *trial) {
				run := t.run("twin", 1)
				run.Verdict, run.Broken = report.Remarks, map[string][]string{"REQ-6": {"a"}}
			},
			[]string{"twin, seed 1: a twin is accused of REQ-6"},
		},
		"a twin could not be run": {
			func(t *trial) {
				run := t.run("twin", 1)
				run.Verdict, run.Reason = report.CouldNotRun, "the testbed is broken"
			},
			[]string{"twin, seed 1: no verdict: the testbed is broken"},
		},
		"a check is there for nothing": {
			func(t *trial) { t.checks = append(t.checks, conformance.Check{Text: "idles"}) },
			[]string{`the check "idles" is there for no mutant: nothing shows that it can catch anything`},
		},
		"a check is there for a mutant that is not": {
			func(t *trial) { t.checks[0].Mutants = append(t.checks[0].Mutants, "nobody") },
			[]string{`the check "looks for req-1-one" is there for nobody, and there is no such mutant`},
		},
		"a check is there for a twin": {
			func(t *trial) { t.checks[0].Mutants = append(t.checks[0].Mutants, "twin") },
			[]string{`the check "looks for req-1-one" is there for twin, and there is no such mutant`},
		},
		"a check leaves its mutant to another": {
			func(t *trial) { t.run(mutant, 2).Broken["STATE-1"] = []string{"another check"} },
			[]string{missed},
		},
		"a check is taken out": {
			func(t *trial) {
				for i, check := range t.checks {
					if check.Text == mutantsCheck {
						t.checks = append(t.checks[:i:i], t.checks[i+1:]...)
						return
					}
				}
			},
			[]string{"no check is there for state-1-one: give it to one, or back to the one that was taken out"},
		},
		"a mutant is claimed by two": {
			func(t *trial) {
				t.checks = append(t.checks, conformance.Check{Text: "looks twice", Mutants: []string{mutant}})
				for _, seed := range t.seeds {
					t.run(mutant, seed).Broken["STATE-1"] = []string{mutantsCheck, "looks twice"}
				}
			},
			[]string{"2 checks are there for state-1-one; it belongs to one: looks for state-1-one; looks twice"},
		},
		"a MUST has one mutant": {
			func(t *trial) { t.without("iso-1-two") },
			[]string{"rule ISO-1 is broken by 1 mutants; it takes 2 that break it in different ways"},
		},
		"a SHOULD has no mutant": {
			func(t *trial) { t.without("conc-2-one"); t.without("conc-2-two") },
			[]string{"rule CONC-2 is broken by 0 mutants; it takes 2 that break it in different ways"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trial := flawless()
			try.change(trial)
			NewWithT(t).Expect(trial.faults()).To(ConsistOf(try.faults))
		})
	}
}

// without takes a mutant out, and what belongs to it.
func (t *trial) without(name string) {
	for i, v := range t.variants {
		if v.Name == name {
			t.variants = append(t.variants[:i:i], t.variants[i+1:]...)
			break
		}
	}
	for i, check := range t.checks {
		if check.Mutants[0] == name {
			t.checks = append(t.checks[:i:i], t.checks[i+1:]...)
			break
		}
	}
}

// TestACheckIsAloneWhereNoOtherCatches: at every seed, that is; a check that catches at some seeds does not count.
func TestACheckIsAloneWhereNoOtherCatches(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	trial := flawless()
	const other = "looks for state-1-two"
	trial.run(mutant, 1).Broken["STATE-1"] = []string{mutantsCheck, other}
	g.Expect(catchers(trial.judge(), mutant)).To(Equal([]string{mutantsCheck + " alone"}))

	trial.run(mutant, 2).Broken["STATE-1"] = []string{other, mutantsCheck}
	g.Expect(catchers(trial.judge(), mutant)).To(Equal([]string{mutantsCheck, other}))
	g.Expect(trial.faults()).To(BeEmpty())
}

func catchers(p *proof.Proof, mutant string) []string {
	var texts []string
	for _, check := range p.Checks {
		for _, name := range check.Catches {
			if name != mutant {
				continue
			}
			text := check.Text
			for _, name := range check.Alone {
				if name == mutant {
					text += " alone"
				}
			}
			texts = append(texts, text)
		}
	}
	return texts
}

func TestJudgeRunsSaysNothingOfChecksAndRules(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	trial := flawless()
	some := trial.variants[:1]

	p := proof.JudgeRuns(some, trial.seeds, trial.runs)
	g.Expect(p.Faults).To(BeEmpty())
	g.Expect(p.Mutants).To(HaveLen(1))
	g.Expect(p.Checks).To(BeEmpty())
	g.Expect(p.Summary()).To(Equal("1 mutants, 0 twins, 2 seeds: 2 runs in 0 s. " +
		"These runs are as they have to be; the checks and the rules were not judged."))
	g.Expect(markdown(t, p)).NotTo(ContainSubstring("## Checks"))

	trial.runs[0].Verdict = report.CouldNotRun
	g.Expect(proof.JudgeRuns(some, trial.seeds, trial.runs).Faults).To(HaveLen(1))
}

func TestSummary(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := &proof.Proof{
		Seeds: []int64{1, 2}, Seconds: 83.4,
		Mutants: []proof.Entry{{Name: "m", Runs: make([]proof.Run, 2)}},
		Twins:   []proof.Entry{{Name: "t", Runs: make([]proof.Run, 1)}},
		Checks:  []proof.Check{{Text: "a", Alone: []string{"m"}}, {Text: "b"}},
	}
	g.Expect(p.Summary()).To(Equal("1 mutants, 1 twins, 2 seeds: 3 runs in 83 s. " +
		"2 checks, 1 of which catch a mutant that no other check catches. The suite is proved."))
	p.Faults = []string{"a fault", "and another"}
	g.Expect(p.Summary()).To(HaveSuffix(" The suite is not proved: 2 faults."))
}

func markdown(t *testing.T, p *proof.Proof) string {
	t.Helper()
	var text bytes.Buffer
	NewWithT(t).Expect(p.WriteMarkdown(&text)).To(Succeed())
	return text.String()
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	run := func(verdict report.Verdict) proof.Run { return proof.Run{Verdict: verdict} }
	p := &proof.Proof{
		Mutants: []proof.Entry{{
			Name: "m", Does: "says <b> | and\nmore", Rules: []string{"ISO-1", "REQ-2"}, CaughtBy: []string{"ISO-1"},
			Checks: []string{"a | b", "c < d"}, Seconds: 1.25,
		}},
		Twins: []proof.Entry{
			{Name: "same", Does: "is | right", Seconds: 2, Runs: []proof.Run{run(report.Conformant), run(report.Conformant)}},
			{Name: "differs", Runs: []proof.Run{run(report.Conformant), run(report.CouldNotRun), run(report.Conformant)}},
			{Name: "not-run"},
		},
		Checks: []proof.Check{{Text: "a | b < c", For: []string{"m", "n"}, Catches: []string{"m", "n", "o"}, Alone: []string{"m"}}},
	}
	text := markdown(t, p)
	g.Expect(text).To(ContainSubstring(p.Summary()))
	g.Expect(text).NotTo(ContainSubstring("## What is wrong"))
	g.Expect(strings.Split(text, "\n")).To(ContainElements(
		`| m | ISO-1, REQ-2 | ISO-1 | a \| b; c &lt; d | 1.2 | says &lt;b> \| and more |`,
		`| same | conformant | 2.0 | is \| right |`,
		`| differs | conformant, could not run, conformant | 0.0 |  |`,
		`| not-run |  | 0.0 |  |`,
		`| a \| b &lt; c | m, n | 3 | 1 |`,
	))
	fortest.EvenTables(t, text)

	p.Faults = []string{"the check \"a < b\" | is idle"}
	g.Expect(markdown(t, p)).To(ContainSubstring("\n## What is wrong\n\n- the check \"a &lt; b\" \\| is idle\n"))
}

func TestJSONIsTheWholeProof(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	trial := flawless()
	trial.variants[0].Does = "says <b> & more"
	trial.run(mutant, 1).Verdict = report.Remarks
	p := trial.judge()
	var text bytes.Buffer
	g.Expect(p.WriteJSON(&text)).To(Succeed())
	g.Expect(text.String()).To(ContainSubstring("says <b> & more"), "people read it, too")
	var read proof.Proof
	g.Expect(json.Unmarshal(text.Bytes(), &read)).To(Succeed())
	g.Expect(&read).To(Equal(p))

	text.Reset()
	g.Expect(proof.Judge(nil, nil, nil, nil).WriteJSON(&text)).To(Succeed())
	g.Expect(text.String()).To(ContainSubstring(`"mutants": [],`), "a list without members is a list")
}

// TestJobs: every variant meets the whole suite once, and a mutant of one rule only that rule's checks from then on.
func TestJobs(t *testing.T) {
	t.Parallel()
	variants := []mutants.Variant{
		{Name: "m", Rules: []string{"ISO-1", "REQ-2"}},
		{Name: "everywhere", Rules: []string{"ENV-3"}},
		{Name: "whole", Rules: []string{"ISO-1"}, Whole: true},
		{Name: "twin"},
	}
	NewWithT(t).Expect(proof.Jobs(variants, []int64{7, 8})).To(Equal([]proof.Job{
		{Name: "m", Seed: 7},
		{Name: "everywhere", Seed: 7},
		{Name: "whole", Seed: 7},
		{Name: "twin", Seed: 7},
		{Name: "m", Seed: 8, Filter: "ISO-1 || REQ-2"},
		{Name: "everywhere", Seed: 8},
		{Name: "whole", Seed: 8},
		{Name: "twin", Seed: 8},
	}))
}
