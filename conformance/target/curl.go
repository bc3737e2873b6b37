package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Curl gives a shell command that sends the request again. Where a secret was, a placeholder stands.
func (e *Exchange) Curl() string {
	var command strings.Builder
	body := Quote(string(e.Body))
	if !printable(e.Body) {
		// No quoting carries every byte through every shell, so printf makes them.
		fmt.Fprintf(&command, "printf -- '%s' | ", octal(e.Body))
		body = "@-"
	}
	fmt.Fprintf(&command, "curl %s-i -X %s", e.curl, e.Method)
	if e.Sent.Get("Content-Type") == "" {
		command.WriteString(" -H 'Content-Type:'") // or curl makes one up
	}
	for _, name := range slices.Sorted(maps.Keys(e.Sent)) {
		for _, value := range e.Sent[name] {
			header := name + ": " + value
			if value == "" {
				header = name + ";" // what curl takes for a header without a value
			}
			fmt.Fprintf(&command, " -H %s", Quote(header))
		}
	}
	fmt.Fprintf(&command, " --data-binary %s %s", body, Quote(e.URL))
	return command.String()
}

// Quote spells a text as one word of a shell.
func Quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// longestArgument is how much fits in one argument of a command, by a wide margin; printf is part of the shell.
const longestArgument = 64 << 10

// printable tells whether the bytes can stand in a command as they are, and be read there: characters that hide, or
// turn the direction of writing around, cannot. A leading @ would make curl read a file.
func printable(body []byte) bool {
	return len(body) <= longestArgument && utf8.Valid(body) && !strings.HasPrefix(string(body), "@") &&
		!strings.ContainsFunc(string(body), func(r rune) bool { return !unicode.IsPrint(r) })
}

func octal(body []byte) string {
	var text strings.Builder
	for _, b := range body {
		if b >= ' ' && b < 0x7f && !strings.ContainsRune(`'\%`, rune(b)) {
			text.WriteByte(b)
		} else {
			fmt.Fprintf(&text, `\%03o`, b)
		}
	}
	return text.String()
}
