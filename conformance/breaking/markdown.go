package breaking

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// WriteMarkdown writes a changelog, by who must act and the worst first. What documents say is shown as it is: it makes no
// mark-up, no link, and mentions nobody.
func (r *Result) WriteMarkdown(w io.Writer) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	fmt.Fprintf(buffer, "## What changes in the contract\n\nFrom %s to %s: %s.\n", report.Code(r.Old, 0), report.Code(r.New, 0), r.sum())
	for _, s := range r.sections() {
		folded := s.entries[0].must == ""
		if folded {
			fmt.Fprintf(buffer, "\n<details>\n<summary>%s (%d)</summary>\n\n", s.title, len(s.entries)+s.left)
		} else {
			fmt.Fprintf(buffer, "\n### %s\n\n", s.title)
		}
		for _, e := range s.entries {
			fmt.Fprintf(buffer, "- **%s** %s: %s", e.severity, report.Code(e.ID, 0), escaped(e.What))
			if e.must != "" {
				fmt.Fprintf(buffer, "  \n  → %s", escaped(e.must))
			}
			fmt.Fprintf(buffer, "  \n  %s\n", report.Code(e.Where, 0))
		}
		if s.left > 0 {
			fmt.Fprintf(buffer, "- and %d more\n", s.left)
		}
		if folded {
			fmt.Fprint(buffer, "\n</details>\n")
		}
	}
	return buffer.Flush()
}

// escaped makes a text one line of Markdown that is shown as it is. After what begins mentions, references to issues and links,
// a space without width follows: nothing else keeps GitHub and GitLab from following them.
func escaped(text string) string {
	var safe strings.Builder
	for _, r := range report.Printable(text) {
		switch {
		case r == '<':
			safe.WriteString("&lt;")
		case r == '>':
			safe.WriteString("&gt;")
		case r == '&':
			safe.WriteString("&amp;")
		case strings.ContainsRune("@#:!$%", r):
			safe.WriteRune(r)
			safe.WriteRune('\u200b')
		case strings.ContainsRune("\\`*_{}[]()+-.|~^=\"'", r):
			safe.WriteRune('\\')
			safe.WriteRune(r)
		default:
			safe.WriteRune(r)
		}
	}
	return safe.String()
}
