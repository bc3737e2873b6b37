package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable gives the text in a form that is safe to show on one line of a terminal, or of a log that a CI system reads
// commands from. A target may send anything: sequences that move the cursor or set the title, characters that turn the
// direction of writing around, line breaks that forge a verdict, commands that set variables of later jobs. They are shown
// as a Go string literal would show them; letters of all languages stay.
func Printable(text string) string {
	return commands.ReplaceAllStringFunc(visible(text), func(command string) string {
		at := strings.IndexAny(command, ":#")
		return fmt.Sprintf(`%s\x%02x%s`, command[:at], command[at], command[at+1:])
	})
}

// visible gives the text with all characters escaped that are not seen, or that change how others are.
func visible(text string) string {
	var safe []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			safe = fmt.Appendf(safe, `\x%02x`, text[0])
		case strconv.IsPrint(r):
			safe = append(safe, text[:size]...)
		default:
			literal := strconv.QuoteRune(r)
			safe = append(safe, literal[1:len(literal)-1]...)
		}
		text = text[size:]
	}
	return string(safe)
}

// commands is what CI systems take commands in a log by: GitHub Actions where a line begins so, and everywhere Azure
// Pipelines, TeamCity and the older form of GitHub's.
var commands = regexp.MustCompile(`^ *::|##[A-Za-z]*\[`)

// Shorten cuts a text to a width in characters, if it has one.
func Shorten(text string, width int) string {
	if width <= 0 || utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

// abbreviate leaves out the middle of a text that is longer than limit bytes: the start and the end tell most.
func abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	head, tail := limit*2/3, len(text)-limit/3
	// Between characters, if it is text at all.
	for range utf8.UTFMax - 1 {
		if !utf8.RuneStart(text[head]) {
			head--
		}
		if !utf8.RuneStart(text[tail]) {
			tail++
		}
	}
	return fmt.Sprintf("%s … %d bytes … %s", text[:head], tail-head, text[tail:])
}

// Count gives a number with the noun that it counts.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// times says how often.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// lines takes a text of our own apart, which may have several lines, and makes each of them printable.
func lines(text string) []string { return eachLine(strings.TrimSpace(text), Printable) }

// eachLine takes a text apart and shows each line in some way, with blanks for its tabulators.
func eachLine(text string, show func(string) string) []string {
	all := strings.Split(text, "\n")
	for i, line := range all {
		all[i] = show(strings.ReplaceAll(line, "\t", "    "))
	}
	return all
}
