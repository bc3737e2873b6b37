package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"
)

// The layout of a table.
const (
	tableRule  = 2 + 8 + 1 + 6 // what stands before the columns: a rule's id and its level
	tableGap   = 2             // before each column
	usualWidth = 100           // where what is written to is no terminal
)

// markCouldNotRun stands for a verdict, beside the marks of rules.
const markCouldNotRun = "?"

// WriteTable writes the verdicts of several runs side by side, rule by rule. Where the endpoints do not fit at the heads of
// the columns, they are numbered; where the columns do not fit beside each other, they come in several tables.
func WriteTable(w io.Writer, reports []*Report, style Style) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	t := table{Writer: buffer, width: style.Width, paint: style.palette()}
	if t.width <= 0 {
		t.width = usualWidth
	}
	for i, r := range reports {
		t.columns = append(t.columns, column{summary: summary{Report: r, paint: t.paint}, head: fmt.Sprint(i + 1)})
	}
	t.list()
	if t.named() {
		for i := range t.columns {
			t.columns[i].head = Printable(t.columns[i].Endpoint)
		}
	}
	for _, part := range t.parts() {
		t.part(part)
	}
	fmt.Fprintf(t, "\n%s passed, %s failed, %s remark, %s not tried, %s noted; verdict: %s conformant, %s with remarks, %s not conformant, %s could not run\n",
		markPassed, markFailed, markRemark, markSkipped, markNoted, markPassed, markRemark, markFailed, markCouldNotRun)
	return buffer.Flush()
}

// table is several reports on their way to a terminal.
type table struct {
	io.Writer
	width   int
	paint   palette
	columns []column
}

// column is one report.
type column struct {
	summary
	head string
}

func (c column) width() int { return utf8.RuneCountInString(c.head) }

// verdictMark is the verdict in one character.
func (c column) verdictMark() (string, *color.Color) {
	mark := markCouldNotRun
	switch c.Verdict {
	case Conformant:
		mark = markPassed
	case Remarks:
		mark = markRemark
	case NotConformant:
		mark = markFailed
	}
	return mark, c.paint.of(c.tone())
}

// list names the endpoints by their numbers, and spells the verdicts out.
func (t table) list() {
	fmt.Fprintf(t, "%s\n", t.paint.title.Sprint("Side by side"))
	number := len(fmt.Sprint(len(t.columns)))
	for i, c := range t.columns {
		_, paint := c.verdictMark()
		fmt.Fprintf(t, "  %*d  %s: %s\n", number, i+1, Printable(c.Endpoint), paint.Sprint(Printable(c.Headline())))
	}
}

// named tells whether there is room for the endpoints at the heads of the columns.
func (t table) named() bool {
	whole := tableRule
	for _, c := range t.columns {
		whole += tableGap + utf8.RuneCountInString(Printable(c.Endpoint))
	}
	return whole <= t.width
}

// parts are the columns that fit beside each other.
func (t table) parts() (parts [][]column) {
	room := 0
	for _, c := range t.columns {
		if room -= tableGap + c.width(); room < 0 {
			parts = append(parts, nil)
			room = t.width - tableRule - tableGap - c.width()
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], c)
	}
	return parts
}

func (t table) part(columns []column) {
	fmt.Fprintf(t, "\n%s", strings.Repeat(" ", tableRule))
	for _, c := range columns {
		fmt.Fprintf(t, "%s%s", strings.Repeat(" ", tableGap), c.head)
	}
	fmt.Fprintln(t)
	for _, rule := range t.rules() {
		fmt.Fprintf(t, "  %-8s %-6s", Printable(rule.ID), Printable(string(rule.Level)))
		for _, c := range columns {
			mark, paint := markSkipped, c.paint.warning
			for _, own := range c.Rules {
				if own.ID == rule.ID {
					mark, paint = c.mark(own)
				}
			}
			t.cell(c, paint.Sprint(mark))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintf(t, "  %-*s", tableRule-2, "verdict")
	for _, c := range columns {
		mark, paint := c.verdictMark()
		t.cell(c, paint.Sprint(mark))
	}
	fmt.Fprintln(t)
}

// cell writes a mark, one character wide, below the end of the column's head.
func (t table) cell(c column, mark string) {
	fmt.Fprintf(t, "%s%s", strings.Repeat(" ", tableGap+c.width()-1), mark)
}

// rules are those of the reports, in the contract's order. A run that did not begin has none.
func (t table) rules() []Rule {
	var rules []Rule
	seen := map[string]bool{}
	for _, c := range t.columns {
		for _, rule := range c.Rules {
			if !seen[rule.ID] {
				seen[rule.ID] = true
				rules = append(rules, rule)
			}
		}
	}
	return inOrder(rules)
}
