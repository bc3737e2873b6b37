package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Curl gives a shell command that sends the request again. Where a secret was, a placeholder stands.
func (e *Exchange) Curl() string {
	var command strings.Builder
	body := quote(string(e.Body))
	if !printable(e.Body) {
		// No quoting carries every byte through every shell, so printf makes them.
		fmt.Fprintf(&command, "printf '%s' | ", octal(e.Body))
		body = "@-"
	}
	fmt.Fprintf(&command, "curl -i -X %s", e.Method)
	for _, name := range slices.Sorted(maps.Keys(e.Sent)) {
		for _, value := range e.Sent[name] {
			header := name + ": " + value
			if value == "" {
				header = name + ";" // what curl takes for a header without a value
			}
			fmt.Fprintf(&command, " -H %s", quote(header))
		}
	}
	fmt.Fprintf(&command, " --data-binary %s %s", body, quote(e.URL))
	return command.String()
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// printable tells whether the shell takes the bytes as they are. A leading @ would make curl read a file.
func printable(body []byte) bool {
	return utf8.Valid(body) && !strings.HasPrefix(string(body), "@") &&
		!slices.ContainsFunc([]rune(string(body)), func(r rune) bool { return r < ' ' || r == 0x7f })
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
