package redact

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with escapes undone, and where in the original each byte of it stands.
type view struct {
	text     []byte
	from, to []int // nil: the original itself
}

// span is a part of the original, from its first byte to before its last.
type span struct{ from, to int }

// span tells where in the original a part of the view stands.
func (v view) span(from, to int) span {
	if v.from == nil {
		return span{from, to}
	}
	return span{v.from[from], v.to[to-1]}
}

// escape is a way to write characters in other ones. undo appends what the escape that a text begins with stands for, and
// tells how long the escape is, 0 if it is none.
type escape struct {
	begins byte
	undo   func(into, text []byte) (plain []byte, length int)
}

var escapes = []escape{
	{'\\', undoBackslash}, // JSON, JavaScript, Go and shells
	{'\\', undoNesting},   // JSON as text in JSON, however often
	{'%', undoPercent},    // URLs
	{'&', undoEntity},     // HTML
}

// undo gives the text with one kind of escapes undone, and whether there were any.
func (v view) undo(kind escape) (plain view, changed bool) {
	if bytes.IndexByte(v.text, kind.begins) < 0 {
		return v, false
	}
	plain.text = make([]byte, 0, len(v.text))
	plain.from, plain.to = make([]int, 0, len(v.text)), make([]int, 0, len(v.text))
	for i := 0; i < len(v.text); {
		length := 0
		if v.text[i] == kind.begins {
			plain.text, length = kind.undo(plain.text, v.text[i:])
		}
		if changed = changed || length > 0; length == 0 {
			plain.text, length = append(plain.text, v.text[i]), 1
		}
		whole := v.span(i, i+length)
		for len(plain.from) < len(plain.text) {
			plain.from, plain.to = append(plain.from, whole.from), append(plain.to, whole.to)
		}
		i += length
	}
	return plain, changed
}

// number reads a number of so many digits at an offset.
func number(text []byte, at, digits, base int) (n rune, ok bool) {
	if len(text) < at+digits {
		return 0, false
	}
	value, err := strconv.ParseUint(string(text[at:at+digits]), base, 31)
	return rune(value), err == nil
}

func undoBackslash(into, text []byte) ([]byte, int) {
	if len(text) < 2 {
		return into, 0
	}
	switch text[1] {
	case '"', '\\', '/', '\'', '`':
		return append(into, text[1]), 2
	case 'u':
		n, ok := number(text, 2, 4, 16)
		if !ok {
			return into, 0
		}
		if low, ok := number(text, 8, 4, 16); ok && text[6] == '\\' && text[7] == 'u' {
			if pair := utf16.DecodeRune(n, low); pair != utf8.RuneError {
				return utf8.AppendRune(into, pair), 12
			}
		}
		return utf8.AppendRune(into, n), 6
	case 'U':
		if n, ok := number(text, 2, 8, 16); ok {
			return utf8.AppendRune(into, n), 10
		}
	case 'x':
		if n, ok := number(text, 2, 2, 16); ok {
			return append(into, byte(n)), 4
		}
	default:
		if n, ok := number(text, 1, 3, 8); ok {
			return append(into, byte(n)), 4
		}
	}
	return into, 0
}

func undoNesting(into, text []byte) ([]byte, int) {
	if length := len(text) - len(bytes.TrimLeft(text, `\`)); length > 1 {
		return append(into, '\\'), length
	}
	return into, 0
}

func undoPercent(into, text []byte) ([]byte, int) {
	if n, ok := number(text, 1, 2, 16); ok {
		return append(into, byte(n)), 3
	}
	return into, 0
}

func undoEntity(into, text []byte) ([]byte, int) {
	const longest = 12 // bytes: those of a number with zeros in front, or of a name of what is not a letter
	end := bytes.IndexByte(text[:min(len(text), longest)], ';') + 1
	if plain := html.UnescapeString(string(text[:end])); plain != string(text[:end]) {
		return append(into, plain...), end
	}
	return into, 0
}
