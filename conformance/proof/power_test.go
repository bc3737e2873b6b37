package proof_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// rare gives the run of a fault that shows in one request of n, in which it was found or not.
func rare(fault, effort string, n int, found bool) proof.Run {
	run := proof.Run{
		Job:     proof.Job{Name: fault, Rare: &proof.Rare{OneIn: n, Effort: effort}},
		Verdict: report.Conformant, Seconds: 1,
	}
	if found {
		run.Verdict, run.Broken = report.CouldNotRun, map[string][]string{"ERR-1": {"a check"}} // it is cut short
	}
	return run
}

// counted gives the run that counts the occasions of a fault.
func counted(fault, effort string, occasions int) proof.Run {
	run := rare(fault, effort, 0, false)
	run.Occasions = occasions
	return run
}

// The faults that are looked for here.
const missing, forgetful = "missing-is-invalid", "forgets-one-of-the-list"

// measured has two faults at two rarities with one effort, and one of them with another.
func measured() []proof.Run {
	slow := rare(missing, "quick", 2, true)
	slow.Seconds = 3
	return []proof.Run{
		rare(missing, "normal", 2, true), rare(missing, "normal", 2, true),
		rare(missing, "normal", 10, true), rare(missing, "normal", 10, false),
		counted(missing, "normal", 20), counted(missing, "quick", 2), counted(forgetful, "quick", 0),
		slow, rare(missing, "quick", 2, false),
		rare(missing, "quick", 10, false), rare(missing, "quick", 10, false),
		rare(forgetful, "quick", 2, false), rare(forgetful, "quick", 2, false),
		rare(forgetful, "quick", 10, false), rare(forgetful, "quick", 10, false),
	}
}

func TestPowerIsWorkedOut(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)

	p := proof.JudgePower(measured())

	g.Expect(p.Runs).To(Equal(2))
	g.Expect(p.Failed).To(BeZero())
	g.Expect(p.Points).To(HaveLen(6))
	g.Expect(p.Points[0]).To(Equal(proof.Point{
		Fault: missing, Rule: "ERR-1", Effort: "normal", OneIn: 2, Runs: 2, Found: 2, Occasions: 20, Chance: p.Points[0].Chance, Seconds: 1,
	}))
	g.Expect(p.Points[0].Chance).To(BeNumerically("~", 1, 1e-5))
	g.Expect(p.Points[1].Found).To(Equal(1))
	g.Expect(p.Points[1].Chance).To(BeNumerically("~", 0.878, 1e-3), "1 - 0.9^20")
	g.Expect(p.Points[2]).To(Equal(proof.Point{
		Fault: missing, Rule: "ERR-1", Effort: "quick", OneIn: 2, Runs: 2, Found: 1, Occasions: 2, Chance: 0.75, Seconds: 3,
	}))
	g.Expect(p.Points[4]).To(Equal(proof.Point{
		Fault: forgetful, Rule: "PART-1", Effort: "quick", OneIn: 2, Runs: 2, Seconds: 1,
	}), "without an occasion there is no chance")
}

func TestAlwaysIsCertain(t *testing.T) {
	t.Parallel()
	p := proof.JudgePower([]proof.Run{counted(missing, "quick", 1), rare(missing, "quick", 1, true)})
	NewWithT(t).Expect(p.Points[0].Chance).To(Equal(1.0))
}

// TestARunThatCouldNotBeMadeIsNoMiss: a crash says nothing of what the suite can see.
func TestARunThatCouldNotBeMadeIsNoMiss(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	dead := rare(missing, "quick", 2, false)
	dead.Verdict = report.CouldNotRun
	p := proof.JudgePower([]proof.Run{counted(missing, "quick", 1), dead, rare(missing, "quick", 2, true), dead})
	g.Expect(p.Failed).To(Equal(2))
	g.Expect(p.Points).To(HaveLen(1))
	g.Expect(p.Points[0].Runs).To(Equal(1))
	g.Expect(p.Summary()).To(ContainSubstring("N=2 100.0 % (50.0)"))
}

// TestPromises: a fault that an effort gives too few chances is named, where the effort promises to find it.
func TestPromises(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]struct {
		runs   []proof.Run
		faults int
	}{
		"enough":           {[]proof.Run{counted(missing, "normal", 90), rare(missing, "normal", 20, false)}, 0},
		"too few":          {[]proof.Run{counted(missing, "normal", 89), rare(missing, "normal", 20, true)}, 1},
		"rarer, no matter": {[]proof.Run{counted(missing, "normal", 89), rare(missing, "normal", 50, false)}, 0},
		"thorough, enough": {[]proof.Run{counted(missing, "thorough", 919), rare(missing, "thorough", 200, false)}, 0},
		"thorough":         {[]proof.Run{counted(missing, "thorough", 918), rare(missing, "thorough", 200, false)}, 1},
		"quick, never":     {[]proof.Run{counted(missing, "quick", 1), rare(missing, "quick", 20, false)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			p := proof.JudgePower(try.runs)
			g.Expect(p.Faults).To(HaveLen(try.faults))
			for _, fault := range p.Faults {
				g.Expect(fault).To(And(ContainSubstring(missing), ContainSubstring("ERR-1")))
			}
		})
	}
}

// TestPowerSummary: an effort a line, the least first, with the shares over all its faults.
func TestPowerSummary(t *testing.T) {
	t.Parallel()
	NewWithT(t).Expect(proof.JudgePower(measured()).Summary()).To(Equal("" +
		"quick      N=2 25.0 % (37.5)  N=10 0.0 % (9.5)\n" +
		"normal     N=2 100.0 % (100.0)  N=10 50.0 % (87.8)\n"))
}

func TestPowerMarkdown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	runs := append(measured(), counted(forgetful, "normal", 10), rare(forgetful, "normal", 2, true), rare(forgetful, "normal", 10, false))
	var text bytes.Buffer
	g.Expect(proof.JudgePower(runs).WriteMarkdown(&text)).To(Succeed())
	_, tables, _ := strings.Cut(text.String(), "\n## ")
	g.Expect(text.String()).To(ContainSubstring("How many of 2 runs find a fault"))
	g.Expect("## " + tables).To(Equal(`## Effort quick

| fault | rule | requests | N = 2 | N = 10 |
|---|---|--:|--:|--:|
| forgets-one-of-the-list | PART-1 | 0 | 0 (0.0 %) | 0 (0.0 %) |
| missing-is-invalid | ERR-1 | 2 | 1 (75.0 %) | 0 (19.0 %) |

## Effort normal

| fault | rule | requests | N = 2 | N = 10 |
|---|---|--:|--:|--:|
| forgets-one-of-the-list | PART-1 | 10 | 1 (99.9 %) | 0 (65.1 %) |
| missing-is-invalid | ERR-1 | 20 | 2 (100.0 %) | 1 (87.8 %) |
`))
}

// TestPowerSVG: it is well-formed, has a curve and a name for each effort, and a point for each of its rarities.
func TestPowerSVG(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name, p := range map[string]*proof.Power{"measured": proof.JudgePower(measured()), "nothing": {}} {
		var text bytes.Buffer
		g.Expect(p.WriteSVG(&text)).To(Succeed())
		g.Expect(text.String()).NotTo(ContainSubstring("NaN"))
		count := map[string]int{}
		for decoder := xml.NewDecoder(&text); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			g.Expect(err).NotTo(HaveOccurred(), name)
			if start, ok := token.(xml.StartElement); ok {
				count[start.Name.Local]++
			}
		}
		const grid, axis = 6, 1
		efforts, rarities := 0, 0
		if len(p.Points) > 0 {
			efforts, rarities = 2, 2
		}
		g.Expect(count["circle"]).To(Equal(efforts*rarities), name)
		g.Expect(count["path"]).To(Equal(grid+efforts), name)
		g.Expect(count["text"]).To(Equal(grid+rarities+axis+efforts), name)
	}
}

func TestPowerJSON(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	p := proof.JudgePower(measured())
	var text bytes.Buffer
	g.Expect(p.WriteJSON(&text)).To(Succeed())
	var read proof.Power
	g.Expect(json.Unmarshal(text.Bytes(), &read)).To(Succeed())
	g.Expect(&read).To(Equal(p))
}

// TestPowerJobs: for each fault and effort one run without the fault, and so many at each rarity, each with another seed.
func TestPowerJobs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const efforts, runs = 3, 4
	all := proof.PowerJobs([]int{5, 10}, runs)
	g.Expect(all).To(HaveLen(efforts * len(mutants.Rares()) * (1 + 2*runs)))
	seen := map[string]bool{}
	for _, job := range all {
		key, err := json.Marshal(job)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(seen).NotTo(HaveKey(string(key)))
		seen[string(key)] = true
	}
	g.Expect(all).To(ContainElement(proof.Job{Name: missing, Seed: 4, Rare: &proof.Rare{OneIn: 10, Effort: string(conformance.Thorough)}}))
	g.Expect(all).To(ContainElement(proof.Job{Name: missing, Seed: 1, Rare: &proof.Rare{OneIn: 0, Effort: string(conformance.Quick)}}))
}
