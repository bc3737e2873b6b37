package report

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// How much a summary shows. The JSON report has the rest.
const (
	shownFailures = 3       // of one rule
	shownEvidence = 5       // exchanges of one failure
	shownText     = 2000    // bytes of what was seen and permitted
	shownBody     = 600     // bytes of a body
	shownCurl     = 8 << 10 // bytes; a cut command would be of no use, so a longer one is left out
	shownRule     = 30      // characters of a rule's statement, however narrow the terminal
)

// Style says how a summary looks.
type Style struct {
	Color bool
	Width int // of the terminal, in characters; 0 if it is none, and then no statement is cut
}

// WriteText writes the summary for people. Its last line is the verdict.
func (r *Report) WriteText(w io.Writer, style Style) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	s := summary{Report: r, Writer: buffer, style: style, paint: style.palette()}
	s.header()
	s.rules()
	s.skips()
	s.profile()
	s.failures()
	s.known()
	s.entries()
	s.walk()
	s.time()
	s.left()
	s.figures()
	s.verdict()
	return buffer.Flush()
}

// summary is a report on its way to a terminal. Everything in it that the target or the testbed had a hand in goes
// through Printable.
type summary struct {
	*Report
	io.Writer
	style Style
	paint palette
}

func (s *summary) printf(format string, arguments ...any) { fmt.Fprintf(s, format, arguments...) }

func (s *summary) title(text string) { s.printf("\n%s\n", s.paint.title.Sprint(text)) }

func (s *summary) header() {
	s.field("", "endpoint", s.Endpoint)
	if s.Log != nil {
		s.log()
	} else {
		s.field("", "testbed", s.Testbed)
		s.field("", "seed", fmt.Sprint(s.Seed))
	}
	s.field("", "effort", s.Effort)
	s.field("", "filter", s.Filter)
	if s.Strict {
		s.field("", "strict", "rules of level SHOULD count like those of level MUST")
	}
	if s.Baseline != nil {
		s.field("", "baseline", fmt.Sprintf("%s, with %s", s.Baseline.Name, Count(len(s.Baseline.Entries), "known failure")))
	}
}

// log tells how much of a log could be judged.
func (s *summary) log() {
	s.field("", "log", fmt.Sprintf("%s, of which %d are calls of %s", Count(s.Log.Entries, "exchange"), s.Log.Calls, contract.Action), s.Log.Name)
	for _, part := range []struct {
		n    int
		text string
	}{
		{s.Log.Silent, "without an answer, not judged"},
		{s.Log.PutOff, "put off, not judged"},
		{s.Log.Unread, "with an answer that the log has not kept whole, judged by the rest"},
		{s.Log.Unjudged, "with a body that the log has not kept, or that can be read in more than one way"},
	} {
		if part.n > 0 {
			s.field("", "", fmt.Sprintf("%s %s", Count(part.n, "call"), part.text))
		}
	}
}

func (s *summary) rules() {
	family := ""
	for _, rule := range inOrder(s.Rules) {
		if rule.Family() != family {
			family = rule.Family()
			s.title(family)
		}
		mark, paint := s.mark(rule)
		const before = 2 + 1 + 1 + 8 + 1 + 6 + 1 // what stands before the statement
		width := s.style.Width
		if width > 0 {
			width = max(shownRule, width-before)
		}
		s.printf("  %s %-8s %-6s %s\n", paint.Sprint(mark), rule.ID, rule.Level, Shorten(Printable(rule.Statement), width))
	}
}

// inOrder sorts rules as the contract does, so that a family stands together.
func inOrder(rules []Rule) []Rule {
	return slices.SortedStableFunc(slices.Values(rules), func(a, b Rule) int { return contract.Order(a.ID, b.ID) })
}

// The marks of rules.
const (
	markPassed  = "✓"
	markFailed  = "✗"
	markRemark  = "!"
	markSkipped = "–"
	markNoted   = "·"
)

func (s *summary) mark(rule Rule) (string, *color.Color) {
	switch {
	case s.Remark(rule):
		return markRemark, s.paint.warning
	case rule.Status == Failed && rule.Known != "":
		return markFailed, s.paint.warning
	case rule.Status == Failed:
		return markFailed, s.paint.bad
	case rule.Status == Passed:
		return markPassed, s.paint.good
	case rule.Status == Noted:
		return markNoted, s.paint.good
	}
	return markSkipped, s.paint.warning
}

// skips lists each reason once with the rules that it concerns: one reason often concerns many.
func (s *summary) skips() {
	var reasons []string
	concerned := map[string][]string{}
	for _, rule := range inOrder(s.Rules) {
		for _, reason := range rule.Skips {
			if concerned[reason] == nil {
				reasons = append(reasons, reason)
			}
			if !slices.Contains(concerned[reason], rule.ID) {
				concerned[reason] = append(concerned[reason], rule.ID)
			}
		}
	}
	if len(reasons) == 0 {
		return
	}
	s.title("What was skipped, and why")
	for _, reason := range reasons {
		for _, line := range lines(abbreviate(reason, shownText)) {
			s.printf("  %s\n", line)
		}
		s.printf("    %s\n", s.paint.quiet.Sprint(strings.Join(concerned[reason], ", ")))
	}
}

// profile tells what the implementation does where the contract leaves it a choice.
func (s *summary) profile() {
	titled := false
	for _, choice := range s.Profile {
		if len(choice.Words) == 0 {
			continue
		}
		if !titled {
			s.title("How this implementation reads the silences")
			titled = true
		}
		words := abbreviate(strings.Join(choice.Words, ", "), shownText)
		s.printf("  %-*s  %s\n", s.longestSilence(), Printable(choice.Silence), Printable(words))
	}
}

func (s *summary) longestSilence() (width int) {
	for _, choice := range s.Profile {
		width = max(width, utf8.RuneCountInString(Printable(choice.Silence)))
	}
	return width
}

func (s *summary) failures() {
	broken := s.anew()
	if len(broken) == 0 {
		return
	}
	if s.Baseline != nil {
		s.title("What failed, and is new")
	} else {
		s.title("What failed")
	}
	// What decides the verdict comes first.
	for _, remarks := range []bool{false, true} {
		for _, rule := range broken {
			if s.Remark(rule) == remarks {
				s.failed(rule)
			}
		}
	}
}

func (s *summary) failed(rule Rule) {
	mark, paint := s.mark(rule)
	s.printf("\n%s %s\n", paint.Sprintf("%s %s %s", mark, rule.ID, rule.Level), Printable(rule.Statement))
	if len(rule.Source) > 0 {
		s.printf("  source: %s\n", Printable(sources(rule.Source)))
	}
	if why := s.whyNew(rule); why != "" {
		s.printf("  new: %s\n", Printable(abbreviate(why, shownText)))
	}
	shown := rule.Failures[:min(len(rule.Failures), shownFailures)]
	broken := max(rule.Broken, len(rule.Failures))
	s.printf("  broken %s", times(broken))
	if broken > len(shown) {
		s.printf("; the first %d shown here, %d more not", len(shown), broken-len(shown))
	}
	s.printf("\n")
	for i, failure := range shown {
		s.failure(i+1, failure)
	}
}

// sources names the documents that a rule comes from, as people know them.
func sources(short []string) string {
	long := make([]string, 0, len(short))
	for _, source := range short {
		long = append(long, contract.Cite(source))
	}
	return strings.Join(long, "; ")
}

func (s *summary) failure(number int, f Failure) {
	s.printf("\n  %d. %s\n", number, s.paint.title.Sprint(Printable(f.Check)))
	const indent = "     "
	s.field(indent, "seen", abbreviate(f.What, shownText))
	s.field(indent, "permitted", abbreviate(f.Permitted, shownText))
	shown := f.Evidence[:min(len(f.Evidence), shownEvidence)]
	for _, e := range shown {
		s.exchange(indent, e)
	}
	if f.Picture != nil {
		s.printf("%s%s: --pictures FOLDER writes it, --report json=FILE has it\n", label(indent, "picture"), Printable(f.Picture.Name))
	}
	if more := len(f.Evidence) - len(shown); more > 0 {
		s.printf("%s%s not shown; --report json=FILE has the whole evidence\n", indent, Count(more, "more exchange"))
	}
}

func (s *summary) exchange(indent string, e Exchange) {
	s.printf("%sexchange %d, %.0f ms\n", indent, e.Seq, e.Seconds*1000)
	indent += "  "
	s.field(indent, "sent", e.Sent.Method+" "+e.Sent.URL, body(e.Sent.Body, 0))
	s.field(indent, "received", answer(e.Got), body(e.Got.Body, e.Got.Cut))
	s.printf("%s%s\n", label(indent, "repeat"), curl(e.Curl))
}

func answer(got Got) string {
	if got.Status == 0 && got.Error != "" {
		return "no answer: " + abbreviate(got.Error, shownBody)
	}
	text := fmt.Sprint(got.Status)
	if mediaType := http.Header(got.Header).Get("Content-Type"); mediaType != "" {
		text += " " + mediaType
	} else {
		text += ", no Content-Type"
	}
	if got.Error != "" {
		text += ", then " + got.Error
	}
	return Printable(abbreviate(text, shownBody))
}

// body keeps a body on one line, its line breaks shown as such: that is exact, and bounds what a target can fill a
// screen with.
func body(text string, cut int) string {
	shown := Printable(abbreviate(text, shownBody))
	if cut > 0 {
		shown += fmt.Sprintf(" … and %s that the report has not kept", Count(cut, "byte"))
	}
	return shown
}

// curl gives a command that can be pasted, or else says why there is none.
func curl(command string) string {
	switch {
	case len(command) > shownCurl:
		return fmt.Sprintf("a curl command of %d bytes; --report json=FILE has it", len(command))
	case Printable(command) != command:
		return "a curl command with characters that are not safe to show; --report json=FILE has it"
	}
	return command
}

const labelWidth = len("permitted")

func label(indent, name string) string { return fmt.Sprintf("%s%-*s  ", indent, labelWidth, name) }

// field prints texts under each other, beside a name. Empty ones are left out.
func (s *summary) field(indent, name string, texts ...string) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		for _, line := range lines(text) {
			s.printf("%s%s\n", label(indent, name), line)
			name = ""
		}
	}
}

// walk tells how far the walk had got that was under way when the run ended.
func (s *summary) walk() {
	if s.Walk == nil {
		return
	}
	s.title("The walk that was under way")
	for i, told := range s.Walk.Story {
		s.printf("  %d. %s\n", i+1, Printable(abbreviate(told, shownText)))
	}
	s.printf("  again: --walk '%s'\n", Printable(abbreviate(s.Walk.Steps, shownText)))
}

func (s *summary) time() {
	if len(s.Phases) == 0 && s.Waits == 0 {
		return
	}
	s.title("Where the time went")
	for _, phase := range s.Phases {
		s.printf("  %-*s  %7.2f s\n", s.longestPhase(), Printable(phase.Name), phase.Seconds)
	}
	if s.Waits > 0 {
		s.printf("  put off by 429 or 503 %s, for %.2f s in all\n", times(s.Waits), s.Waited)
	}
}

func (s *summary) longestPhase() (width int) {
	for _, phase := range s.Phases {
		width = max(width, utf8.RuneCountInString(Printable(phase.Name)))
	}
	return width
}

// left names every snapshot that stayed behind, however many: they may cost money, and nothing else knows of them.
func (s *summary) left() {
	if len(s.Left) > 0 {
		s.title(Count(len(s.Left), "snapshot") + " could not be released")
	}
	for _, id := range s.Left {
		s.printf("  %s\n", Printable(id))
	}
	if len(s.Lost) > 0 {
		s.title(Count(len(s.Lost), "order") + " for snapshots brought no ids: whether anything was made, nobody knows")
	}
	for _, order := range s.Lost {
		s.printf("  %d in state %s\n", order.Count, Printable(string(order.State)))
	}
	if s.Clean != "" {
		s.printf("\nremove what is left: %s\n", Printable(s.Clean))
	}
}

func (s *summary) figures() {
	tally := map[string]int{}
	for _, rule := range s.Rules {
		mark, _ := s.mark(rule)
		tally[mark]++
	}
	s.printf("\n%s: %s %d passed, %s %d failed, %s %s, %s %d skipped, %s %d noted\n", Count(len(s.Rules), "rule"),
		markPassed, tally[markPassed], markFailed, tally[markFailed], markRemark, Count(tally[markRemark], "remark"),
		markSkipped, tally[markSkipped], markNoted, tally[markNoted])
	s.printf("%s: %d done, %d skipped", Count(s.Checks.Total, "check"), s.Checks.Done, s.Checks.Skipped)
	if missed := s.Checks.Total - s.Checks.Done - s.Checks.Skipped; missed > 0 {
		s.printf(", %d not reached", missed)
	}
	if s.Log != nil {
		s.printf("; %s, %.2f s\n", Count(s.Exchanges, "call"), s.Seconds)
		return
	}
	s.printf("; %s, %s, %.2f s, seed %d\n", Count(s.Exchanges, "exchange"), Count(s.Snapshots, "snapshot"), s.Seconds, s.Seed)
}

func (s *summary) verdict() {
	s.printf("\n")
	if skipped := inOrder(s.With(Skipped)); len(skipped) > 0 {
		were := "were"
		if len(skipped) == 1 {
			were = "was"
		}
		s.printf("%s\n", s.paint.warning.Sprintf("%s %s not tried: %s", Count(len(skipped), "rule"), were, ids(skipped)))
	}
	if s.Verdict == CouldNotRun {
		s.field("", "reason", s.Reason)
	} else {
		s.field("", "cut short", s.Reason)
	}
	if anew := s.anew(); s.Baseline != nil && len(anew) > 0 {
		s.printf("%s\n", s.paint.bad.Sprintf("new failures, which the baseline does not excuse: %s", Printable(ids(anew))))
	}
	s.printf("%s\n", s.paint.of(s.tone()).Sprintf("verdict: %s", s.Headline()))
}

func ids(rules []Rule) string {
	names := make([]string, 0, len(rules))
	for _, rule := range rules {
		names = append(names, rule.ID)
	}
	return strings.Join(names, ", ")
}

// palette is the colours by what they mean.
type palette struct{ title, good, bad, warning, quiet *color.Color }

// of gives the colour of a verdict.
func (p palette) of(t tone) *color.Color {
	switch t {
	case good:
		return p.good
	case caution:
		return p.warning
	}
	return p.bad
}

// palette gives the colours of a style.
func (s Style) palette() palette {
	return palette{
		title:   s.Paint(color.Bold),
		good:    s.Paint(color.FgGreen),
		bad:     s.Paint(color.FgRed, color.Bold),
		warning: s.Paint(color.FgYellow),
		quiet:   s.Paint(color.Faint),
	}
}

// Paint gives a colour that decides for itself: the library's own switch is a global that others may turn.
func (s Style) Paint(attributes ...color.Attribute) *color.Color {
	c := color.New(attributes...)
	if s.Color {
		c.EnableColor()
	} else {
		c.DisableColor()
	}
	return c
}
