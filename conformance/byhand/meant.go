package byhand

import (
	"fmt"
	"strings"
)

// Meant suggests the name that is spelled most alike, as the end of a clause; nothing where none is.
func Meant(name string, among []string) string {
	if len(name) > 200 {
		return "" // it is none of ours, and would take long
	}
	best, least := "", max(3, len(name)/4)
	for _, one := range among {
		if edits := Distance(strings.ToLower(name), strings.ToLower(one)); edits < least && edits < len(one) {
			best, least = one, edits
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// Distance is how many letters have to be put in, taken out or replaced to make one text of another.
func Distance(one, other string) int {
	from, to := []rune(one), []rune(other)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		before := row[0]
		row[0] = i + 1
		for j, y := range to {
			cost := 1
			if x == y {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(before+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
