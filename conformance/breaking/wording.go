package breaking

import (
	"regexp"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/byhand"
)

// rewording tells how far a sentence has moved from another.
type rewording int

const (
	unchanged  rewording = iota // but for blanks
	corrected                   // a slip of the pen, a comma
	rephrased                   // other words, of which nobody can tell whether they mean the same
	redirected                  // another figure, name, or word of those on which an obligation turns
)

// obligations are the words on which it turns what a sentence demands.
var obligations = strings.Fields(`
	all any both each either every exactly first last least less longer many more most neither never no nobody none nor not nothing
	once one only other same some twice two unless without or
	after always before later until
	can cannot has have may must need should
	accepted allowed answered counts deleted deletes denied differ differs error except excluded fails forbidden go goes gone ignored
	included keeps kept left listed lists missing outside permitted refused required stay stays succeeds success unchanged within
	array arrays empty non-empty null number numbers object objects string strings`)

var (
	anyWord = regexp.MustCompile(`[\p{L}\p{N}_]+(-[\p{L}\p{N}_]+)*`)
	spoken  = regexp.MustCompile(`^\p{Lu}?\p{Ll}*(-\p{Ll}+)*$`) // a word as people write it; all else is a figure or a name
)

// alike spells in one way what says the same.
var alike = strings.NewReplacer("as many as", "up to", "isn't", "is not", "aren't", "are not", "doesn't", "does not", "can't", "cannot")

func compareWords(before, after string) rewording {
	before, after = alike.Replace(before), alike.Replace(after)
	if plainWords(before) == plainWords(after) {
		return unchanged
	}
	b, a := anyWord.FindAllString(before, -1), anyWord.FindAllString(after, -1)
	if !slices.Equal(terms(b), terms(a)) {
		return redirected
	}
	if len(b) != len(a) {
		return rephrased
	}
	for i := range b {
		if !slip(strings.ToLower(b[i]), strings.ToLower(a[i])) {
			return rephrased
		}
	}
	return corrected
}

// nearly is how much two sentences have to have in common to be taken for one.
const nearly = 2.0 / 3

// overlap gives the share of words that two sentences have in common, of those that either has.
func overlap(one, other string) float64 {
	words := map[string]int{}
	for i, text := range []string{one, other} {
		for _, word := range anyWord.FindAllString(strings.ToLower(text), -1) {
			words[word] |= 1 << i
		}
	}
	common := 0
	for _, in := range words {
		if in == 3 {
			common++
		}
	}
	return float64(common) / float64(max(len(words), 1))
}

// compareTexts compares two sentences of the documents. What in them only follows another change, one of the limit, of a code,
// a status, a state or a header, is told with that, and is none here.
func (c *comparison) compareTexts(before, after *node) rewording {
	followed := c.followed()
	text := name.ReplaceAllStringFunc(before.text(), func(word string) string {
		if other, changed := followed[word]; changed {
			return other
		}
		return word
	})
	return min(compareWords(text, after.text()), compareWords(before.text(), after.text()))
}

// name is a word as figures, codes and names of headers are spelled.
var name = regexp.MustCompile(`[\p{L}\p{N}_-]+`)

// followed gives the new figures and names by the old ones.
func (c *comparison) followed() map[string]string {
	words := map[string]string{}
	if was, is := limit(c.old), limit(c.new); was != is {
		words[figure(was)], words[figure(was+1)] = figure(is), figure(is+1)
	}
	for _, p := range pairs(c.old.root.get("x-errors"), c.new.root.get("x-errors"), by("role")) {
		if p.before == nil || p.after == nil {
			continue
		}
		for _, member := range []string{"code", "status"} {
			if b, a := p.before.get(member), p.after.get(member); !same(b, a) && b != nil && a != nil {
				words[b.shown()] = a.shown()
			}
		}
	}
	if was, is := c.renamedState(); was != "" {
		words[was] = is
	}
	return words
}

// states are those of snapshots.
func (d *Document) states() []string {
	return d.root.get("components", "schemas", "SnapshotState", "enum").texts()
}

// terms are the figures, names and words of obligation of a sentence, in order.
func terms(words []string) []string {
	found := []string{}
	for _, word := range words {
		if !spoken.MatchString(word) || slices.Contains(obligations, strings.ToLower(word)) {
			found = append(found, word)
		}
	}
	for i, word := range found {
		if spoken.MatchString(word) {
			found[i] = strings.ToLower(word)
		}
	}
	return found
}

// longestWord is how long a word may be that somebody has misspelled.
const longestWord = 40

// slip tells whether one word is the other with at most two letters wrong, too many or too few, of five or more, and not at the
// beginning, where "un" is no slip.
func slip(a, b string) bool {
	if a == b {
		return true
	}
	return min(len(a), len(b)) >= 5 && max(len(a), len(b)) < longestWord && a[0] == b[0] && byhand.Distance(a, b) <= 2
}
