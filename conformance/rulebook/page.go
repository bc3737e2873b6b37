// Package rulebook writes the rules page: each rule of the contract with its source, the checks that try it, the mutants that
// break it, an exchange that shows it, and what the documents leave open about it. All of it comes from openapi.yaml, the
// suite, the mutants and the last proof; what the mock answers, it is asked for.
package rulebook

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
)

// page is what the rules page is made of.
type page struct {
	*bufio.Writer // keeps the first error for Flush
	checks        []conformance.Check
	mutants       []mutants.Variant
	proved        proof.Record
	examples      map[string]example
}

// Write writes the page, in the Markdown that GitHub renders. The same sources give the same bytes.
func Write(w io.Writer) error {
	checks, err := conformance.Checks("")
	if err != nil {
		return err
	}
	proved, err := proof.Last()
	if err != nil {
		return err
	}
	p := &page{bufio.NewWriter(w), checks, mutants.Mutants(), proved, examples()}
	p.head()
	for _, family := range families() {
		fmt.Fprintf(p, "## %s\n\n", family[0].Family())
		for _, rule := range family {
			if err := p.rule(rule); err != nil {
				return err
			}
		}
	}
	p.callers()
	p.codes()
	p.states()
	p.limits()
	p.ambiguities()
	p.allChecks()
	return p.Flush()
}

// families gives the rules, those of a family together.
func families() [][]contract.Rule {
	var all [][]contract.Rule
	for _, rule := range contract.Rules {
		if last := len(all) - 1; last >= 0 && all[last][0].Family() == rule.Family() {
			all[last] = append(all[last], rule)
		} else {
			all = append(all, []contract.Rule{rule})
		}
	}
	return all
}

func (p *page) head() {
	fmt.Fprintf(p, `<!-- Written by "make docs". Change openapi.yaml, the checks or the mutants instead. -->

# The rules of %s

What an implementation owes its callers, rule by rule: where it comes from, which checks try it, and which mutants break it.
A mutant is the mock with something broken, and each check is there to catch certain ones. In the last proof, with the seeds
%s, each of the %d mutants was caught, by a rule that it breaks and by the check that is there for it, and each of %d
twins, which differ from the mock in what is left open, was found conformant. Each example was sent to the mock when this page
was written; ids of requests are numbered here, and long lists are cut.

A rule of level MUST that is broken makes an implementation not conformant. One of level SHOULD is a remark, and a NOTE cannot
be broken: what an implementation does is recorded. The sources:

| | document | level of what it says |
|---|---|---|
`, contract.Action, sentence(texts(p.proved.Seeds)), len(p.proved.Mutants), len(p.proved.Twins))
	for _, source := range contract.Sources {
		fmt.Fprintf(p, "| %s | %s | %s |\n", source.ID, text(source.Title), source.Binding)
	}
	fmt.Fprint(p, "\nAll rules:\n\n| family | rules |\n|---|---|\n")
	for _, family := range families() {
		var links []string
		for _, rule := range family {
			links = append(links, link(rule.ID))
		}
		fmt.Fprintf(p, "| %s | %s |\n", link(family[0].Family()), strings.Join(links, ", "))
	}
	fmt.Fprint(p, "\nBesides: [rules for callers](#rules-for-callers), [error codes](#error-codes), [states](#states), [limits](#limits), "+
		"[ambiguities and silences](#ambiguities-and-silences), [checks](#checks).\n\n")
}

// rule writes all that there is to say of one rule.
func (p *page) rule(rule contract.Rule) error {
	fmt.Fprintf(p, "### %s\n\n**%s** %s\n\n", rule.ID, rule.Level, text(rule.Statement))
	var sources []string
	for _, source := range rule.Source {
		sources = append(sources, text(contract.Cite(source))+" ["+source+"]")
	}
	fmt.Fprintf(p, "Source: %s.\n\n", strings.Join(sources, "; "))

	fmt.Fprint(p, "Checks that try it:\n\n")
	for _, check := range p.checks {
		if check.Tries(rule.ID) {
			fmt.Fprintf(p, "- %s\n", text(check.Text))
		}
	}
	fmt.Fprintln(p)
	p.broken(rule)
	if err := p.example(rule); err != nil {
		return err
	}
	p.open(rule)
	return nil
}

// broken lists the mutants that break a rule, folded.
func (p *page) broken(rule contract.Rule) {
	var those []mutants.Variant
	for _, v := range p.mutants {
		if slices.Contains(v.Rules, rule.ID) {
			those = append(those, v)
		}
	}
	if len(those) == 0 {
		if rule.Level != contract.Note {
			fmt.Fprint(p, "No mutant breaks it.\n\n")
		}
		return
	}
	fmt.Fprintf(p, "<details>\n<summary>Mutants that break it: %d</summary>\n\n| mutant | it … | breaks also | the check that is there for it |\n|---|---|---|---|\n", len(those))
	for _, v := range those {
		var others []string
		for _, id := range v.Rules {
			if id != rule.ID {
				others = append(others, link(id))
			}
		}
		check := "not proved yet"
		if proved, known := p.proved.Of(v.Name); known {
			check = proved.Check
		}
		fmt.Fprintf(p, "| `%s` | %s | %s | %s |\n", v.Name, text(v.Does), strings.Join(others, ", "), text(check))
	}
	fmt.Fprint(p, "\n</details>\n\n")
}

// example writes what the mock makes of the rule's example.
func (p *page) example(rule contract.Rule) error {
	e, there := p.examples[rule.ID]
	if !there {
		return fmt.Errorf("there is no example of %s; add one to examples.go", rule.ID)
	}
	exchanges, after, err := e.play()
	if err != nil {
		return fmt.Errorf("the example of %s: %w", rule.ID, err)
	}
	fmt.Fprintf(p, "<details>\n<summary>Example: %s</summary>\n\n", text(e.shows))
	if len(e.given) > 0 {
		fmt.Fprintf(p, "Before: %s.\n\n", became(e.given))
	}
	for _, x := range exchanges {
		x.write(p)
	}
	if len(after) > 0 {
		fmt.Fprintf(p, "Afterwards: %s.\n\n", became(after))
	}
	fmt.Fprint(p, "</details>\n\n")
	return nil
}

// open names the ambiguities that concern a rule, and how each is read.
func (p *page) open(rule contract.Rule) {
	var concerned bool
	for _, a := range contract.Ambiguities {
		if slices.Contains(a.Rules, rule.ID) {
			if !concerned {
				fmt.Fprint(p, "What the documents leave open:\n\n")
			}
			concerned = true
			fmt.Fprintf(p, "- [%s](#%s): %s %s\n", a.ID, anchor(ambiguity(a.ID)), text(a.Question), text(a.Reading))
		}
	}
	for _, s := range contract.Silences {
		if s.Rule == rule.ID {
			fmt.Fprintf(p, "- A run records `%s`: %s\n", s.ID, choices(s))
			concerned = true
		}
	}
	if concerned {
		fmt.Fprintln(p)
	}
}
