package breaking

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// mostTold is how many changes people are told of in one section; all are in the JSON.
const mostTold = 100

// section is the changes that one party has to act on, or to know of.
type section struct {
	title   string
	entries []entry // the worst first
	left    int     // how many are not told
}

// entry is what a change means to one party.
type entry struct {
	Change
	severity Severity
	must     string
}

// sections tells the changes by who must act. What concerns nobody comes last.
func (r *Result) sections() []section {
	var all []section
	for _, who := range Parties {
		s := section{title: strings.ToUpper(string(who[:1])) + string(who[1:])}
		for severity := Breaking; severity >= Notice; severity-- {
			for _, change := range r.Changes {
				if effect, concerned := change.Effect(who); concerned && effect.Severity == severity {
					s.entries = append(s.entries, entry{change, severity, effect.Must})
				}
			}
		}
		all = append(all, s)
	}
	nobody := section{title: "Nobody has to act"}
	for _, change := range r.Changes {
		if len(change.Effects) == 0 {
			nobody.entries = append(nobody.entries, entry{change, change.Severity, ""})
		}
	}
	var told []section
	for _, s := range append(all, nobody) {
		if s.left = max(len(s.entries)-mostTold, 0); s.left > 0 {
			s.entries = s.entries[:mostTold]
		}
		if len(s.entries) > 0 {
			told = append(told, s)
		}
	}
	return told
}

// sum counts the changes by severity.
func (r *Result) sum() string {
	if len(r.Changes) == 0 {
		return "nothing has changed"
	}
	var parts []string
	for severity := Breaking; severity >= Notice; severity-- {
		count, noun := r.Count(severity), severity.String()
		if count != 1 && severity != Breaking {
			noun += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", count, noun))
	}
	return strings.Join(parts, ", ")
}

// WriteText writes the changes for people. The last line counts them.
func (r *Result) WriteText(w io.Writer, style report.Style) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	paint := newPaint(style)
	fmt.Fprintf(buffer, "%s\n", paint.title.Sprintf("From %s to %s", report.Printable(r.Old), report.Printable(r.New)))
	for _, s := range r.sections() {
		fmt.Fprintf(buffer, "\n%s\n", paint.title.Sprint(s.title))
		for _, e := range s.entries {
			fmt.Fprintf(buffer, "  %s  %s: %s\n", paint.of[e.severity].Sprintf("%-8s", e.severity), e.ID, report.Printable(e.What))
			if e.must != "" {
				fmt.Fprintf(buffer, "  %8s  → %s\n", "", e.must)
			}
			fmt.Fprintf(buffer, "  %8s  %s\n", "", paint.quiet.Sprint(e.seen()))
		}
		if s.left > 0 {
			fmt.Fprintf(buffer, "  %8s  and %d more\n", "", s.left)
		}
	}
	if len(r.Changes) > 0 {
		fmt.Fprintln(buffer)
	}
	fmt.Fprintln(buffer, r.sum())
	return buffer.Flush()
}

// seen tells where a change is, and what oasdiff calls it.
func (e entry) seen() string {
	seen := report.Printable(e.Where)
	if len(e.Oasdiff) > 0 {
		seen += " (oasdiff: " + strings.Join(e.Oasdiff, ", ") + ")"
	}
	return seen
}

// paint is the colours by what they mean.
type paint struct {
	title, quiet *color.Color
	of           map[Severity]*color.Color
}

func newPaint(style report.Style) paint {
	return paint{
		title: style.Paint(color.Bold), quiet: style.Paint(color.Faint),
		of: map[Severity]*color.Color{
			Breaking: style.Paint(color.FgRed, color.Bold), Warning: style.Paint(color.FgYellow), Notice: style.Paint(color.Faint),
		},
	}
}
