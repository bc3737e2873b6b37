package contract

import (
	"regexp/syntax"
	"unicode/utf8"
)

// letters are characters of ASCII that a pattern allows in any number and order, so that a text of nothing else need not be
// matched: that takes some ten times as long, and ids are looked at in every request.
type letters [utf8.RuneSelf]bool

// lettersOf gives the letters of a pattern such as "^[a-z]+$", and none where it has another form.
func lettersOf(pattern string) (l letters) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) != 3 {
		return l
	}
	begin, some, end := tree.Sub[0], tree.Sub[1], tree.Sub[2]
	if begin.Op != syntax.OpBeginText || some.Op != syntax.OpPlus || some.Sub[0].Op != syntax.OpCharClass || end.Op != syntax.OpEndText {
		return l
	}
	for class := some.Sub[0].Rune; len(class) > 0; class = class[2:] { // pairs of the first and the last of a range
		for r := class[0]; r <= min(class[1], utf8.RuneSelf-1); r++ {
			l[r] = true
		}
	}
	return l
}

// spell tells whether a text has at least one letter, and nothing but letters.
func (l *letters) spell(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf || !l[text[i]] {
			return false
		}
	}
	return text != ""
}
