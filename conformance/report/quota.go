package report

import (
	"fmt"
	"strings"
)

// quota is how much may still be written to a part of a page, in bytes. Whatever a target sends, and however much of it, takes
// from it, so that the page is bounded although everything on it has many parts.
type quota struct{ left int }

// omitted stands for what there was no room for.
const omitted = "… left out; --report json=FILE has it"

// take tells whether there is room for so much, and takes it.
func (r *quota) take(bytes int) bool {
	if bytes > r.left {
		return false
	}
	r.left -= bytes
	return true
}

// fit shows the elements of a list that there is room for, each of which takes so many bytes beside its texts, and tells how many
// there is none for.
func fit[T, S any](r *quota, list []T, markup int, show func(T) S) (shown []S, more int) {
	for i, element := range list {
		if !r.take(markup) {
			return shown, len(list) - i
		}
		shown = append(shown, show(element))
	}
	return shown, 0
}

// line gives a text on one line.
func (r *quota) line(text string) string { return r.written(visible(abbreviate(text, pageText))) }

// text gives a text of our own, which may have several lines.
func (r *quota) text(text string) string {
	return r.written(seen(abbreviate(strings.TrimSpace(text), pageText)))
}

func (r *quota) written(text string) string {
	const longer = len("&#34;") - 1 // that a character becomes in HTML
	cost := len(text)
	for _, c := range []byte(`"'&<>+`) {
		cost += longer * strings.Count(text, string(c))
	}
	if !r.take(cost) {
		return omitted
	}
	return text
}

// seen makes every line of a text visible.
func seen(text string) string { return strings.Join(eachLine(text, visible), "\n") }

// body gives a body, laid out if it is JSON and as it is if not, and how many lines it has.
func (r *quota) body(text string) (shown string, lines int) {
	if len(text) <= pageBody {
		if laid, is := LaidOut(text); is {
			text = laid
		}
	}
	shown = seen(abbreviate(text, pageBody))
	if all := strings.Split(shown, "\n"); len(all) > pageLines {
		shown = fmt.Sprintf("%s\n… %d more lines; --report json=FILE has them", strings.Join(all[:pageLines], "\n"), len(all)-pageLines)
	}
	shown = r.written(shown)
	return shown, 1 + strings.Count(shown, "\n")
}
