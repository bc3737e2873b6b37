package breaking

import (
	"regexp"
	"slices"
	"strings"
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
	once one only other same some twice two unless without
	can cannot has have may must need should
	accepted allowed answered counts deleted deletes denied error fails forbidden gone ignored keeps kept left listed lists missing
	outside permitted refused required stays succeeds success unchanged within`)

var (
	token  = regexp.MustCompile(`[\p{L}\p{N}_]+`)
	spoken = regexp.MustCompile(`^[\p{Lu}\p{Ll}]?[\p{Ll}]*$`) // a word as people write it; all else is a figure or a name
)

func compareWords(before, after string) rewording {
	if plainWords(before) == plainWords(after) {
		return unchanged
	}
	b, a := token.FindAllString(before, -1), token.FindAllString(after, -1)
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

// slip tells whether one word is the other with at most two letters wrong, too many or too few, of five or more.
func slip(a, b string) bool {
	if a == b {
		return true
	}
	return min(len(a), len(b)) >= 5 && distance([]rune(a), []rune(b)) <= 2
}

// distance is Levenshtein's.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
