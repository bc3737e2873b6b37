package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// How much a comment holds. What is not folded away fits on a screen.
const (
	mostMarkdown = 65_536 // bytes: as many characters as GitHub takes in a comment
	mostFolded   = 16_384 // bytes of a part that is folded away, other than the evidence
	shownRows    = 5      // broken rules before the fold
	shownCell    = 100    // characters of what was seen, or permitted
	shownIDs     = 12     // rules that are named in one sentence
	shownFolded  = 200    // rows of a table behind the fold
	leastShare   = 500    // bytes of the evidence of a rule, with what stands around it
	roomForNotes = 1000   // bytes, of what is said where something is left out
)

// WriteMarkdown writes the report as a comment on a change: what decides, and the rest folded away. What does not fit in a
// comment is left out from the end, and a line says so.
func (r *Report) WriteMarkdown(w io.Writer) error {
	weights := r.weights()
	m, rest := comment{Report: r, weights: weights}, comment{Report: r, weights: weights}
	m.head()
	rest.fold("Every rule", rest.rules())
	rest.fold("How it reads the silences of the contract", rest.profile())
	rest.fold("How to repeat it", rest.origin())
	m.evidence(mostMarkdown - m.Len() - rest.Len() - roomForNotes)
	_, err := io.WriteString(w, m.String()+rest.String())
	return err
}

// comment is a report on its way to Markdown. Whatever a target had a hand in stands in code, where nothing is a link, a
// mention, a reference or HTML.
type comment struct {
	*Report
	strings.Builder
	weights map[weight][]Rule
}

func (m *comment) printf(format string, arguments ...any) { fmt.Fprintf(m, format, arguments...) }

// head is what is not folded away.
func (m *comment) head() {
	m.printf("### %s %s: %s\n\n", verdictMarks[m.tone()], contract.Action, m.Headline())
	m.printf("%s%s in %.1f s\n\n", before(cell(m.Endpoint), ", "), Count(m.Exchanges, "exchange"), m.Seconds)
	if m.Reason != "" {
		m.printf("The run was not carried out to its end: %s\n\n", Code(m.Reason, caseLine))
	}
	m.counts()
	m.broken()
	m.notTried()
	m.stale()
	if n := len(m.Left); n > 0 {
		m.printf("**%s could not be released**, and may cost money.\n\n", Count(n, "snapshot"))
	}
}

// verdictMarks are the verdicts in one character, in the colours that Markdown does not have.
var verdictMarks = map[tone]string{good: "✅", caution: "⚠️", bad: "❌", nothing: "❔"}

// before gives a text that something follows, with what stands between them.
func before(text, separator string) string {
	if text == "" {
		return ""
	}
	return text + separator
}

// counts tells how the rules stand, by level.
func (m *comment) counts() {
	columns := []struct {
		head  string
		marks []weight
	}{
		{"broken", []weight{fails, undecided}},
		{"remarks", []weight{remark}},
		{"known", []weight{known}},
		{"not tried", []weight{untried}},
		{"kept", []weight{fine}},
	}
	m.printf("| |")
	for _, column := range columns {
		m.printf(" %s |", column.head)
	}
	m.printf("\n|---|%s\n", strings.Repeat("---:|", len(columns)))
	for _, level := range contract.Levels {
		m.printf("| %s |", level)
		for _, column := range columns {
			n := 0
			for _, mark := range column.marks {
				for _, rule := range m.weights[mark] {
					if rule.Level == level {
						n++
					}
				}
			}
			m.printf(" %d |", n)
		}
		m.printf("\n")
	}
	m.printf("\n")
}

// decisive are the broken rules, those first that decide.
func (m *comment) decisive() (rules []Rule) {
	for _, w := range []weight{fails, undecided, remark, known} {
		rules = append(rules, m.weights[w]...)
	}
	return rules
}

func (m *comment) broken() {
	rules := m.decisive()
	if len(rules) == 0 {
		return
	}
	m.printf("| broken rule | seen | permitted |\n|---|---|---|\n")
	for _, rule := range rules[:min(len(rules), shownRows)] {
		var first Failure
		if len(rule.Failures) > 0 {
			first = rule.Failures[0]
		}
		m.printf("| **%s** %s: %s | %s | %s |\n", id(rule), m.says(rule), statement(rule), cell(first.What), cell(first.Permitted))
	}
	if more := len(rules) - shownRows; more > 0 {
		m.printf("| and %s, below | | |\n", Count(more, "more rule"))
	}
	m.printf("\n")
}

// says what a broken rule comes to.
func (m *comment) says(rule Rule) string {
	level := string(rule.Level)
	switch m.weigh(rule, m.ExitStatus()) {
	case remark:
		return level + ", a remark"
	case known:
		return level + ", known (" + cell(rule.Known) + ")"
	case undecided:
		return level + ", undecided"
	}
	return level
}

func (m *comment) notTried() {
	rules := m.weights[untried]
	if len(rules) == 0 {
		return
	}
	var names, reasons []string
	for _, rule := range rules {
		names = append(names, id(rule))
		for _, why := range rule.Skips {
			if !slices.Contains(reasons, why) {
				reasons = append(reasons, why)
			}
		}
	}
	m.printf("**Not tried**: %s", listed(names))
	if len(reasons) > 0 {
		m.printf(" (%s", cell(reasons[0]))
		if more := len(reasons) - 1; more > 0 {
			m.printf(", and %s", Count(more, "more reason"))
		}
		m.printf(")")
	}
	m.printf("\n\n")
}

// stale names the entries of the baseline that want attention.
func (m *comment) stale() {
	for _, part := range []struct {
		standing Standing
		text     string
	}{{StandsExpired, "expired"}, {StandsPassing, "did not fail now"}} {
		var names []string
		for _, entry := range m.Baseline.Standing(part.standing) {
			names = append(names, cell(entry.String()))
		}
		if len(names) > 0 {
			m.printf("**Known failures that %s**: %s\n\n", part.text, listed(names))
		}
	}
}

// listed names a few.
func listed(names []string) string {
	text := strings.Join(names[:min(len(names), shownIDs)], ", ")
	if more := len(names) - shownIDs; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func (m *comment) rules() string {
	var rows strings.Builder
	plain := summary{Report: m.Report, paint: Style{}.palette()}
	rules := inOrder(m.Rules)
	for _, rule := range rules[:min(len(rules), shownFolded)] {
		mark, _ := plain.mark(rule)
		fmt.Fprintf(&rows, "| %s | %s | %s | %s |\n", mark, id(rule), rule.Level, statement(rule))
	}
	if rows.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("| | rule | level | |\n|---|---|---|---|\n%s\n%s passed, %s failed, %s remark, %s not tried, %s noted\n",
		rows.String(), markPassed, markFailed, markRemark, markSkipped, markNoted)
}

func (m *comment) profile() string {
	var rows strings.Builder
	for _, choice := range m.Profile[:min(len(m.Profile), shownFolded)] {
		if len(choice.Words) > 0 {
			fmt.Fprintf(&rows, "| %s | %s |\n", cell(choice.Question), cell(strings.Join(choice.Words, ", ")))
		}
	}
	if rows.Len() == 0 {
		return ""
	}
	return "| question | choice |\n|---|---|\n" + rows.String()
}

// origin tells where the verdict comes from.
func (m *comment) origin() string {
	var rows strings.Builder
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&rows, "| %s | %s |\n", name, text)
		}
	}
	row("endpoint", cell(m.Endpoint))
	if m.Log != nil {
		row("log", cell(m.Log.Name)+", "+Count(m.Log.Calls, "call"))
	} else {
		row("testbed", cell(m.Testbed))
		row("seed", fmt.Sprint(m.Seed))
		row("effort", cell(m.Effort))
		row("filter", cell(m.Filter))
		row("took", fmt.Sprintf("%s, %s, %.2f s", Count(m.Exchanges, "exchange"), Count(m.Snapshots, "snapshot"), m.Seconds))
	}
	row("strict", fmt.Sprint(m.Strict))
	row("began", m.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	row("checks", fmt.Sprintf("%d done, %d skipped, of %d", m.Checks.Done, m.Checks.Skipped, m.Checks.Total))
	return "| | |\n|---|---|\n" + rows.String()
}

const folded = "<details><summary>%s</summary>\n\n%s\n</details>\n"

// fold adds a part that is folded away, if it is not empty and not too long.
func (m *comment) fold(title, text string) {
	switch part := fmt.Sprintf(folded, title, text); {
	case text == "":
	case len(part) > mostFolded:
		m.printf("%s: left out here, for want of room; `--report html=FILE` and `json=FILE` have it.\n\n", title)
	default:
		m.WriteString(part)
	}
}

// evidence folds away what the summary says of the broken rules, as far as there is room for it: each gets its share of what is
// left, and its middle is left out where that is not enough.
func (m *comment) evidence(room int) {
	const title = "What failed: sent, received, permitted, and a command that repeats it"
	var text strings.Builder
	rules := m.decisive()
	for i, rule := range rules {
		share := (room - text.Len()) / (len(rules) - i)
		if share < leastShare {
			fmt.Fprintf(&text, "The evidence of %s is left out here, for want of room; `--report html=FILE` and `json=FILE` have it.\n", Count(len(rules)-i, "rule"))
			break
		}
		told := m.told(rule)
		block := fenced(abbreviate(told, share-leastShare/2))
		if len(block) > share { // for a fence that is longer than the text in it
			block = fenced(abbreviate(told, share/4))
		}
		text.WriteString(block + "\n")
	}
	if text.Len() > 0 {
		m.printf(folded, title, text.String())
	}
}

// statement gives a rule's own words if the contract has them, and as code if they come from somewhere else.
func statement(rule Rule) string {
	if own, ok := contract.RuleByID(rule.ID); ok && own.Statement == rule.Statement {
		return own.Statement
	}
	return cell(rule.Statement)
}

// id gives a rule's id, likewise.
func id(rule Rule) string {
	if _, ok := contract.RuleByID(rule.ID); ok {
		return rule.ID
	}
	return cell(rule.ID)
}

// cell gives the beginning of a text as code that can stand in a table.
func cell(text string) string { return Code(text, shownCell) }
