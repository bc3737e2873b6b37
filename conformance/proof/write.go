package proof

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteJSON writes the whole proof.
func (p *Proof) WriteJSON(w io.Writer) error { return writeJSON(w, p) }

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// WriteMarkdown writes the matrix for people.
func (p *Proof) WriteMarkdown(w io.Writer) error {
	m := bufio.NewWriter(w) // keeps the first error for Flush
	fmt.Fprintf(m, "# The suite, proved\n\n%s\n", p.Summary())
	if len(p.Faults) > 0 {
		fmt.Fprint(m, "\n## What is wrong\n\n")
		for _, fault := range p.Faults {
			fmt.Fprintf(m, "- %s\n", cell(fault))
		}
	}
	fmt.Fprint(m, "\n## Mutants: each breaks a rule, and has to be caught\n\n"+
		"| mutant | breaks | caught by | checks that caught it | seconds | it … |\n|---|---|---|---|--:|---|\n")
	for _, e := range p.Mutants {
		fmt.Fprintf(m, "| %s | %s | %s | %s | %.1f | %s |\n",
			e.Name, list(e.Rules), list(e.CaughtBy), cell(strings.Join(e.Checks, "; ")), e.Seconds, cell(e.Does))
	}
	fmt.Fprint(m, "\n## Twins: each keeps every rule, and has to be left alone\n\n| twin | verdict | seconds | it … |\n|---|---|--:|---|\n")
	for _, e := range p.Twins {
		fmt.Fprintf(m, "| %s | %s | %.1f | %s |\n", e.Name, e.verdicts(), e.Seconds, cell(e.Does))
	}
	if len(p.Checks) > 0 {
		p.writeChecks(m)
	}
	return m.Flush()
}

func (p *Proof) writeChecks(m io.Writer) {
	fmt.Fprint(m, "\n## Checks: each is there for mutants of its own\n\n| check | is there for | catches | alone |\n|---|---|--:|--:|\n")
	for _, c := range p.Checks {
		fmt.Fprintf(m, "| %s | %s | %d | %d |\n", cell(c.Text), list(c.For), len(c.Catches), len(c.Alone))
	}
}

// Summary says in one paragraph what the proof comes to.
func (p *Proof) Summary() string {
	runs := 0
	for _, e := range slices.Concat(p.Mutants, p.Twins) {
		runs += len(e.Runs)
	}
	summary := fmt.Sprintf("%d mutants, %d twins, %d seeds: %d runs in %.0f s.", len(p.Mutants), len(p.Twins), len(p.Seeds), runs, p.Seconds)
	if len(p.Checks) > 0 {
		alone := 0
		for _, c := range p.Checks {
			if len(c.Alone) > 0 {
				alone++
			}
		}
		summary += fmt.Sprintf(" %d checks, %d of which catch a mutant that no other check catches.", len(p.Checks), alone)
	}
	switch {
	case len(p.Faults) > 0:
		return summary + fmt.Sprintf(" The suite is not proved: %d faults.", len(p.Faults))
	case len(p.Checks) == 0:
		return summary + " These runs are as they have to be; the checks and the rules were not judged."
	}
	return summary + " The suite is proved."
}

// verdicts gives the verdict of all runs of an entry, or of each if they differ.
func (e Entry) verdicts() string {
	var all []string
	for _, run := range e.Runs {
		all = append(all, string(run.Verdict))
	}
	if e.always(func(run Run) bool { return run.Verdict == e.Runs[0].Verdict }) {
		all = all[:1]
	}
	return strings.Join(all, ", ")
}

func list(texts []string) string { return cell(strings.Join(texts, ", ")) }

// cell makes a text fit for a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(text)
}
