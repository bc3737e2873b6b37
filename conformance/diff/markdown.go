package diff

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// How much a comment has. What is cut off is in the JSON form.
const (
	mostMarkdown = 50_000 // bytes, after which no row is begun; a comment on GitHub may have 65,536 characters
	mostCounted  = 8      // rows above the fold
)

// WriteMarkdown writes the difference as a comment on a change: what counts, on a screen at the most, and the rest folded.
func (d *Difference) WriteMarkdown(w io.Writer) error {
	var m comment
	m.line("### " + d.summary())
	m.line("")
	m.row("", "A", "B")
	m.row("---", "---", "---")
	m.row("report", code(d.A.about()), code(d.B.about()))
	m.row("verdict", "**"+code(d.A.Verdict)+"**", "**"+code(d.B.Verdict)+"**")
	for _, c := range d.Conditions {
		m.row(c.What, code(cmp.Or(c.A, "none")), code(cmp.Or(c.B, "none")))
	}
	d.counted(&m)
	d.folded(&m)
	_, err := io.WriteString(w, m.String())
	return err
}

// summary is the heading.
func (d *Difference) summary() string {
	by := "nothing counts"
	if len(d.FailOn) > 0 {
		by = "by " + joined(d.FailOn)
	}
	switch {
	case d.Regression():
		return fmt.Sprintf("❌ %s (%s)", report.Count(len(d.Regressions), "regression"), by)
	case d.Same():
		return "✅ " + d.Headline()
	}
	return fmt.Sprintf("✅ no regression (%s)", by)
}

// counted lists what is a regression.
func (d *Difference) counted(m *comment) {
	if !d.Regression() {
		return
	}
	var lines []string
	for _, c := range d.Rules {
		if c.Counts {
			was := string(c.A)
			if c.Kind == Unexcused {
				was += ", as known"
			}
			lines = append(lines, fmt.Sprintf("- %s %s **%s**, was %s: %s", code(c.Rule), code(string(c.Level)), code(string(c.B)), code(was), statement(c)))
		}
	}
	for _, c := range d.Checks {
		if c.Counts {
			lines = append(lines, fmt.Sprintf("- %s %s by a check: %s", code(c.Rule), c.Kind, code(cmp.Or(c.Check, inPart))))
		}
	}
	for _, c := range d.Profile {
		if c.Counts {
			lines = append(lines, fmt.Sprintf("- %s %s, was %s", code(c.Silence), code(seen(c.B)), code(seen(c.A))))
		}
	}
	for _, b := range d.Latency.Buckets {
		if b.Counts {
			lines = append(lines, fmt.Sprintf("- latency of %s: %s, was %s", b.size(), b.B, b.A))
		}
	}
	m.line("")
	for i, line := range lines {
		if i == mostCounted {
			m.line(fmt.Sprintf("- and %d more", len(lines)-i))
			break
		}
		m.line(line)
	}
}

// folded has everything, each sort of change under a heading of its own.
func (d *Difference) folded(m *comment) {
	ruleKind, checkKind := func(c RuleChange) Kind { return c.Kind }, func(c CheckChange) Kind { return c.Kind }
	fold(m, kinds(d.Rules, "rule", ruleKind), d.Rules, []string{"rule", "level", "A", "B", "", "why"}, func(c RuleChange) []string {
		return []string{code(c.Rule), code(string(c.Level)), code(string(c.A)), code(string(c.B)), string(c.Kind), whys(c.Why, c.Excuse)}
	})
	fold(m, kinds(d.Checks, "check", checkKind)+", of rules that were tried in both", d.Checks, []string{"rule", "check", "", "why"}, func(c CheckChange) []string {
		return []string{code(c.Rule), code(cmp.Or(c.Check, inPart)), string(c.Kind), whys([]string{c.Why}, c.Excuse)}
	})
	fold(m, kinds(d.Profile, "choice", func(c ChoiceChange) Kind { return c.Kind })+", where the contract is silent", d.Profile, []string{"question", "A", "B", ""}, func(c ChoiceChange) []string {
		return []string{code(c.Question), code(seen(c.A)), code(seen(c.B)), whys(nil, c.Excuse)}
	})
	fold(m, report.Count(len(d.Outcomes), "outcome")+" in one of them only", d.Outcomes, []string{"family", "outcome", "A", "B"}, func(c OutcomeChange) []string {
		return []string{code(cmp.Or(c.Family, "before")), code(string(c.Outcome)), fmt.Sprint(c.A), fmt.Sprint(c.B)}
	})
	fold(m, report.Count(len(d.Contract), "difference")+" between the contracts", d.Contract, []string{"rule", "what", "A", "B"}, func(a Amendment) []string {
		return []string{code(a.Rule), a.What, code(cmp.Or(a.A, "none")), code(cmp.Or(a.B, "none"))}
	})
	d.foldedLatency(m)
}

// statement gives that of a rule: what this contract says can stand as it is.
func statement(c RuleChange) string {
	if known, _ := contract.RuleByID(c.Rule); known.Statement == c.Statement {
		return c.Statement
	}
	return code(c.Statement)
}

// kinds counts the changes of a list, and how many there are of each kind.
func kinds[T any](list []T, noun string, of func(T) Kind) string {
	var order []Kind
	tally := map[Kind]int{}
	for _, change := range list {
		if tally[of(change)]++; tally[of(change)] == 1 {
			order = append(order, of(change))
		}
	}
	parts := make([]string, len(order))
	for i, kind := range order {
		parts[i] = fmt.Sprintf("%d %s", tally[kind], kind)
	}
	return report.Count(len(list), noun) + ": " + strings.Join(parts, ", ")
}

func (d *Difference) foldedLatency(m *comment) {
	var changed []string
	for _, b := range d.Latency.Buckets {
		if b.Kind != Alike {
			changed = append(changed, fmt.Sprintf("%s: %s", b.size(), b.Kind))
		}
	}
	title := "latency: " + cmp.Or(strings.Join(changed, ", "), "none beyond noise")
	if d.Latency.Missing != "" {
		title = "latency: not compared, since " + d.Latency.Missing
	}
	if !m.open(title, []string{"named", "A", "B", ""}) {
		return
	}
	for _, b := range d.Latency.Buckets {
		m.row(b.size(), b.A.String(), b.B.String(), cmp.Or(b.Doubt, b.finding()))
	}
	m.line("")
	m.line("Median (middle half) of so many answers; " + d.Latency.Criterion + ".")
	m.line("")
	m.line("</details>")
}

// fold writes a list that is shown only where somebody asks for it.
func fold[T any](m *comment, title string, list []T, head []string, cells func(T) []string) {
	if len(list) == 0 || !m.open(title, head) {
		return
	}
	for i, entry := range list {
		if m.Len() > mostMarkdown {
			m.line("")
			m.line(fmt.Sprintf("… and %d more", len(list)-i))
			break
		}
		m.row(cells(entry)...)
	}
	m.line("")
	m.line("</details>")
}

// whys lists the first few reasons, and why it does not count.
func whys(why []string, excuse string) string {
	var parts []string
	for i, text := range why {
		if i == shownWhy {
			parts = append(parts, fmt.Sprintf("and %d more", len(why)-i))
			break
		}
		if text != "" {
			parts = append(parts, code(text))
		}
	}
	if excuse != "" {
		parts = append(parts, "does not count: "+code(excuse))
	}
	return strings.Join(parts, "; ")
}

// comment is Markdown on its way to a page.
type comment struct{ strings.Builder }

func (m *comment) line(text string) { m.WriteString(text + "\n") }

func (m *comment) row(cells ...string) { m.line("| " + strings.Join(cells, " | ") + " |") }

// open begins a fold with a table, if there is room for it.
func (m *comment) open(title string, head []string) bool {
	if m.Len() > mostMarkdown {
		return false
	}
	m.line("")
	m.line("<details><summary>" + title + "</summary>")
	m.line("")
	m.row(head...)
	m.row(strings.Split(strings.Repeat("---,", len(head)-1)+"---", ",")...)
	return true
}

// code shows a text that somebody else wrote.
func code(text string) string { return report.Code(text, shownText) }
