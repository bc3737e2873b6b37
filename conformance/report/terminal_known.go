package report

import (
	"fmt"
	"strconv"
	"strings"
)

// shownEntries is how many entries of a baseline a summary lists that stand alike.
const shownEntries = 20

// known tells in a line each what failed as the baseline has it.
func (s *summary) known() {
	titled := false
	for _, rule := range inOrder(s.With(Failed)) {
		if rule.Known == "" {
			continue
		}
		if !titled {
			s.title("What failed as known")
			titled = true
		}
		mark, paint := s.mark(rule)
		s.printf("  %s %-8s %-6s broken %s, excused until %s: %s\n", paint.Sprint(mark), Printable(rule.ID), Printable(string(rule.Level)),
			times(max(rule.Broken, len(rule.Failures))), Printable(s.excusedUntil(rule)), Printable(abbreviate(rule.Known, shownText)))
	}
}

// excusedUntil is the first day on which an entry expires that excuses a rule.
func (s *summary) excusedUntil(rule Rule) (day string) {
	for _, entry := range s.Baseline.Standing(StandsFailing) {
		if entry.In(rule) && (day == "" || entry.Expires < day) {
			day = entry.Expires
		}
	}
	return day
}

// whyNew says why the baseline does not excuse a failure; nothing where there is no baseline.
func (s *summary) whyNew(rule Rule) string {
	if s.Baseline == nil {
		return ""
	}
	for _, entry := range s.Baseline.Standing(StandsExpired) {
		if entry.In(rule) {
			return fmt.Sprintf("the entry for %s expired on %s", entry, entry.Expires)
		}
	}
	anew := s.Baseline.Anew(rule)
	if len(anew) == len(rule.shownBy()) {
		return "the baseline does not have it"
	}
	for i := range anew {
		anew[i] = strconv.Quote(anew[i])
	}
	return "the baseline does not have it by " + strings.Join(anew, ", ")
}

// entries tells of those entries of the baseline that somebody has to look after.
func (s *summary) entries() {
	titled := false
	for _, part := range []struct {
		standing Standing
		tell     func(Known) string
	}{
		{StandsPassing, func(k Known) string { return k.String() + " did not fail; once it is mended, the entry can go" }},
		{StandsExpired, func(k Known) string { return fmt.Sprintf("%s on %s; it excuses nothing any more", k, k.Expires) }},
		{StandsNotTried, Known.String},
	} {
		entries := s.Baseline.Standing(part.standing)
		for _, entry := range entries[:min(len(entries), shownEntries)] {
			if !titled {
				s.title("What else the baseline has")
				titled = true
			}
			s.field("  ", string(part.standing), abbreviate(part.tell(entry), shownText))
		}
		if more := len(entries) - shownEntries; more > 0 {
			s.field("  ", "", fmt.Sprintf("and %d more; --report json=FILE has them", more))
		}
	}
}

// anew are the rules that failed without being known.
func (s *summary) anew() []Rule {
	var rules []Rule
	for _, rule := range inOrder(s.With(Failed)) {
		if rule.Known == "" {
			rules = append(rules, rule)
		}
	}
	return rules
}
