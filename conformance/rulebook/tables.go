package rulebook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func (p *page) callers() {
	fmt.Fprint(p, "## Rules for callers\n\nBy these the mock judges its clients; they say nothing about an implementation. What is known to work by luck "+
		"alone names the ambiguity behind it.\n\n| id | level | rule | source | else by luck |\n|---|---|---|---|---|\n")
	for _, rule := range contract.CallerRules {
		luck := ""
		if rule.About != "" {
			luck = fmt.Sprintf("[%s](#%s)", rule.About, anchor(ambiguity(rule.About)))
		}
		fmt.Fprintf(p, "| %s | %s | %s | %s | %s |\n", rule.ID, rule.Level, text(rule.Statement), strings.Join(rule.Source, ", "), luck)
	}
	fmt.Fprintln(p)
}

func (p *page) codes() {
	fmt.Fprint(p, "## Error codes\n\nWhere the documents name no status, the one here is the mock's, and no verdict depends on it. "+
		"What is no outcome is asked again after a while.\n\n| code | status | whose status | no outcome |\n|---|---|---|---|\n")
	for _, e := range contract.Errors {
		fmt.Fprintf(p, "| `%s` | %d | %s | %s |\n", e.Code, e.Status, either(e.Documented, "the documents'", "the mock's"), either(e.Retry, "yes", ""))
	}
	fmt.Fprintln(p)
}

func (p *page) states() {
	fmt.Fprint(p, "## States\n\n| state | also called | |\n|---|---|---|\n")
	for _, state := range contract.States {
		alias, what := "", "forbids deletion"
		if listed := state.Listed(); listed != string(state) {
			alias = "`" + listed + "`"
		}
		switch state {
		case contract.Normal:
			what = "the only one from which a snapshot is deleted"
		case contract.Leaving:
			what += ", since one is under way"
		}
		fmt.Fprintf(p, "| `%s` | %s | %s |\n", state, alias, what)
	}
	fmt.Fprintln(p)
}

func (p *page) limits() {
	schema := contract.Documented.Components.Schemas["SnapshotId"].Value
	fmt.Fprintf(p, `## Limits

| what | limit |
|---|---|
| snapshots that one call may name | %d |
| characters of an id that an implementation may be expected to hand out | %d to %d |
| such an id | `+"`%s`"+` |
| how far the timestamp of a request and the service's clock may be apart | %s |
| headers that a signature covers at the least | %s |
| how the code of every refusal for a reason of authentication begins | `+"`%s`"+` |
| versions of the API that are in use | %s |
| path | `+"`%s`"+` |

`, contract.MaxBatch, schema.MinLength, contract.MaxIDLength, strings.ReplaceAll(schema.Pattern, "|", `\|`),
		contract.MaxClockSkew, sentence(contract.SignedHeaders), contract.AuthCodePrefix, sentence(contract.Versions), contract.Path)
}

func (p *page) ambiguities() {
	fmt.Fprint(p, "## Ambiguities and silences\n\nWhere the documents disagree or say nothing, what is read here, and why; and what an implementation may choose. "+
		"A run records its choice in these words, and none costs a verdict. \"This file\" is `openapi.yaml`.\n\n")
	for _, a := range contract.Ambiguities {
		fmt.Fprintf(p, "### %s\n\n%s\n\n- The documents: %s\n- Read as: %s\n- Since: %s\n", ambiguity(a.ID), text(a.Question), text(a.Documents), text(a.Reading), text(a.Reason))
		var links []string
		for _, id := range a.Rules {
			links = append(links, link(id))
		}
		fmt.Fprintf(p, "- Concerns: %s\n", strings.Join(links, ", "))
		for _, s := range contract.Silences {
			if s.About == a.ID {
				fmt.Fprintf(p, "- A run records `%s`: %s %s\n", s.ID, text(s.Question), choices(s))
			}
		}
		fmt.Fprintln(p)
	}
}

// allChecks tells what each check is there for.
func (p *page) allChecks() {
	fmt.Fprint(p, "## Checks\n\n| check | tries | is there to catch |\n|---|---|---|\n")
	for _, check := range p.checks {
		var tries, catches []string
		for _, rule := range check.Rules {
			tries = append(tries, link(rule))
		}
		for _, name := range check.Mutants {
			catches = append(catches, "`"+name+"`")
		}
		fmt.Fprintf(p, "| %s | %s | %s |\n", text(check.Text), strings.Join(tries, ", "), strings.Join(catches, ", "))
	}
}

// choices says what an implementation may choose from.
func choices(s contract.Silence) string {
	if s.Answers {
		return "The status and the code."
	}
	var all []string
	for _, word := range s.Words() {
		all = append(all, fmt.Sprintf("`%s`, %s", word, text(s.Choices[word])))
	}
	return strings.Join(all, "; ") + "."
}

// ambiguity is the heading of one. Families and words would get in the way of its bare id.
func ambiguity(id string) string { return "Ambiguity " + id }

// anchor is what GitHub makes of a heading.
func anchor(heading string) string { return strings.ReplaceAll(strings.ToLower(heading), " ", "-") }

// link leads to the heading of a rule or a family.
func link(id string) string { return fmt.Sprintf("[%s](#%s)", id, anchor(id)) }

// marks are the characters that Markdown or HTML would take for something else than text.
var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", "|", `\|`, "\n", " ")

// text makes a text show as it is.
func text(s string) string { return marks.Replace(s) }

func either(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func texts(numbers []int64) []string {
	var all []string
	for _, n := range numbers {
		all = append(all, strconv.FormatInt(n, 10))
	}
	return all
}

// sentence joins what stands in the middle of one.
func sentence(parts []string) string {
	parts = slices.Clone(parts)
	if last := len(parts) - 1; last > 0 {
		parts = append(parts[:last-1], parts[last-1]+" and "+parts[last])
	}
	return strings.Join(parts, ", ")
}
