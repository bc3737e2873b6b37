package diff

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fatih/color"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// How much is shown of one kind. The JSON form has the rest.
const (
	shownRows = 100
	shownWhy  = 3   // checks or reasons of one rule
	shownText = 300 // bytes of one text
)

// WriteText writes the difference for people. Its last line says whether there is a regression.
func (d *Difference) WriteText(w io.Writer, style report.Style) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	t := terminal{Writer: buffer, Difference: d, colour: style.Color}
	t.sides()
	t.rules()
	t.checks()
	t.profile()
	t.outcomes()
	t.latency()
	t.printf("\n%s\n", t.paint(d.paintOfAll(), d.Headline()))
	return buffer.Flush()
}

// Headline says in one line what there is to say. It is not made safe to show: it may name what somebody else wrote.
func (d *Difference) Headline() string {
	by := "by " + joined(d.FailOn)
	if len(d.FailOn) == 0 {
		by = "since nothing counts"
	}
	switch {
	case d.Regression():
		return fmt.Sprintf("regression, %s: %s", by, listed(d.Regressions))
	case d.Same() && len(d.Conditions) > 0:
		return "no difference, though they were not made alike"
	case d.Same():
		return "no difference"
	}
	return "no regression, " + by
}

// listed names the first few, and how many there are more.
func listed(names []string) string {
	const most = 12
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// joined gives the texts of a list with commas.
func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = string(text)
	}
	return strings.Join(texts, ", ")
}

func (d *Difference) paintOfAll() color.Attribute {
	if d.Regression() {
		return color.FgRed
	}
	return color.FgGreen
}

// terminal is a difference on its way to a terminal. Everything that stood in a report goes through safe.
type terminal struct {
	io.Writer
	*Difference
	colour bool
}

func (t terminal) printf(format string, arguments ...any) { fmt.Fprintf(t, format, arguments...) }

// paint decides for itself: the library's own switch is a global that others may turn.
func (t terminal) paint(attribute color.Attribute, text string) string {
	c := color.New(attribute)
	if t.colour {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c.Sprint(safe(text))
}

func (t terminal) title(text string) { t.printf("\n%s\n", t.paint(color.Bold, text)) }

// safe gives a text on one line, and not too much of it.
func safe(text string) string {
	if len(text) > shownText {
		text = strings.ToValidUTF8(text[:shownText], "") + " …"
	}
	return report.Printable(text)
}

// rows calls a function with the first of a list, and says how many are left out.
func rows[T any](t terminal, list []T, show func(T)) {
	for _, row := range list[:min(len(list), shownRows)] {
		show(row)
	}
	if more := len(list) - shownRows; more > 0 {
		t.printf("  and %d more: --report json=FILE has all of them\n", more)
	}
}

func (t terminal) sides() {
	for i, s := range []Side{t.A, t.B} {
		t.printf("%c  %s\n", 'A'+i, safe(s.about()))
		t.printf("   verdict: %s\n", safe(s.Verdict))
	}
	if len(t.Conditions) > 0 {
		t.title("Not made alike")
		for _, c := range t.Conditions {
			t.printf("  %-9s  %s → %s\n", c.What, safe(cmp.Or(c.A, "none")), safe(cmp.Or(c.B, "none")))
		}
	}
	if len(t.Contract) > 0 {
		t.title("The contracts differ")
		rows(t, t.Contract, func(a Amendment) {
			t.printf("  %-8s %s: %s → %s\n", safe(a.Rule), a.What, safe(cmp.Or(a.A, "none")), safe(cmp.Or(a.B, "none")))
		})
	}
}

// about says which report it is.
func (s Side) about() string {
	var parts []string
	for _, part := range []string{s.Name, s.Endpoint, s.Log} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if s.Seed != 0 {
		parts = append(parts, fmt.Sprintf("effort %s, seed %d", s.Effort, s.Seed))
	}
	return strings.Join(parts, "  ")
}

// sections are the kinds of what became of a rule, in the order in which they are shown.
var sections = []struct {
	title string
	why   string // what stands before a reason
	mark  string
	paint color.Attribute
	kinds []Kind
}{
	{"Rules that B breaks, and A is not known to", "by", "✗", color.FgRed, []Kind{Broken}},
	{"Rules that B does not try any more", "why", "–", color.FgYellow, []Kind{Untried}},
	{"Rules that A broke, and B keeps", "was by", "✓", color.FgGreen, []Kind{Mended}},
	{"Rules that B tries, and A did not", "why", "✓", color.FgGreen, []Kind{Tried}},
	{"Rules that both break, and only one is excused for", "why", "!", color.FgYellow, []Kind{Excused, Unexcused}},
}

// section gives the changes of a list that have one of the kinds.
func section[T any](list []T, of func(T) Kind, kinds ...Kind) (found []T) {
	for _, change := range list {
		if slices.Contains(kinds, of(change)) {
			found = append(found, change)
		}
	}
	return found
}

func (t terminal) rules() {
	for _, s := range sections {
		changes := section(t.Rules, func(c RuleChange) Kind { return c.Kind }, s.kinds...)
		if len(changes) == 0 {
			continue
		}
		t.title(s.title)
		rows(t, changes, func(c RuleChange) {
			t.printf("  %s %-6s %s → %s  %s\n", t.paint(s.paint, fmt.Sprintf("%s %-8s", s.mark, c.Rule)), safe(string(c.Level)), safe(string(c.A)), safe(string(c.B)), safe(c.Statement))
			for i, why := range c.Why {
				if i == shownWhy {
					t.printf("      and %d more\n", len(c.Why)-i)
					break
				}
				t.printf("      %s: %s\n", s.why, safe(why))
			}
			t.excuse(c.Excuse)
		})
	}
}

func (t terminal) excuse(text string) {
	if text != "" {
		t.printf("      does not count: %s\n", safe(text))
	}
}

// checkSections are the kinds of what became of a check.
var checkSections = []struct {
	title string
	kind  Kind
}{
	{"Checks that show a rule broken in B, and did not in A, where another did", Broken},
	{"Checks that B does not carry out any more, though others try the rule", Untried},
	{"Checks that no longer show a rule broken that others still do", Mended},
	{"Checks that B carries out, and A did not", Tried},
}

// inPart stands for a check of which only a part was carried out.
const inPart = "a part of it"

func (t terminal) checks() {
	for _, s := range checkSections {
		changes := section(t.Checks, func(c CheckChange) Kind { return c.Kind }, s.kind)
		if len(changes) == 0 {
			continue
		}
		t.title(s.title)
		rows(t, changes, func(c CheckChange) {
			t.printf("  %-8s %s\n", safe(c.Rule), safe(cmp.Or(c.Check, inPart)))
			if c.Why != "" {
				t.printf("      why: %s\n", safe(c.Why))
			}
			t.excuse(c.Excuse)
		})
	}
}

func (t terminal) profile() {
	if len(t.Profile) == 0 {
		return
	}
	t.title("Where the contract is silent")
	rows(t, t.Profile, func(c ChoiceChange) {
		t.printf("  %s  %s → %s  %s\n", safe(c.Silence), safe(seen(c.A)), safe(seen(c.B)), safe(c.Question))
		t.excuse(c.Excuse)
	})
}

// seen gives the words for a choice.
func seen(words []string) string { return cmp.Or(strings.Join(words, ", "), "not seen") }

func (t terminal) outcomes() {
	if len(t.Outcomes) == 0 {
		return
	}
	t.title("Outcomes that came in one of them only")
	rows(t, t.Outcomes, func(c OutcomeChange) {
		t.printf("  %-8s %s: %d → %d exchanges\n", safe(cmp.Or(c.Family, "before")), c.Outcome, c.A, c.B)
	})
}

func (t terminal) latency() {
	t.title("Latency")
	if t.Latency.Missing != "" {
		t.printf("  not compared: %s\n", t.Latency.Missing)
		return
	}
	rows(t, t.Latency.Buckets, func(b Bucket) {
		paint := color.Faint
		switch b.Kind {
		case Slower:
			paint = color.FgRed
		case Faster:
			paint = color.FgGreen
		}
		t.printf("  %s  %s → %s\n", t.paint(paint, fmt.Sprintf("%-19s  %-12s", b.size(), b.finding())), b.A, b.B)
		if b.Doubt != "" {
			t.printf("      why: %s\n", b.Doubt)
		}
	})
	t.printf("  median (middle half) of so many answers; %s\n", t.Latency.Criterion)
}

// finding says in a word or two what is to be said.
func (b Bucket) finding() string {
	switch {
	case b.Doubt != "":
		return "in doubt"
	case b.Kind == Alike:
		return "within noise"
	}
	return string(b.Kind)
}

// String gives the figures for people.
func (f Figures) String() string {
	return fmt.Sprintf("%s (%s to %s) of %d", milliseconds(f.P50), milliseconds(f.P25), milliseconds(f.P75), f.Answers)
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) }
