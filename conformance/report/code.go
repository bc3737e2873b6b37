package report

import (
	"regexp"
	"strings"
)

// Code gives so many characters of a text that somebody else wrote, or all where width is 0, as code for one line of Markdown,
// in a table or outside of one. There nothing is a link, a mention, a reference or HTML. A table would take a bar for its own,
// even there.
func Code(text string, width int) string {
	text = Shorten(strings.ReplaceAll(Printable(abbreviate(text, caseLine)), "|", `\x7c`), width)
	if strings.TrimSpace(text) == "" {
		return ""
	}
	fence := "`" + longestRun(text)
	if len(fence) > 1 {
		text = " " + text + " " // which are not shown, and keep the fence apart from a run at the end
	}
	return fence + text + fence
}

// fenced gives printable lines as a block of code.
func fenced(text string) string {
	fence := "``" + longestRun(text) + "`"
	return fence + "text\n" + text + "\n" + fence + "\n"
}

var runs = regexp.MustCompile("`+")

// longestRun is the longest run of backticks.
func longestRun(text string) (longest string) {
	for _, run := range runs.FindAllString(text, -1) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}
