package report

import (
	"fmt"
	"slices"
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

// whyNew says why the baseline does not excuse a failure; nothing where there is no baseline, or it does.
func (r *Report) whyNew(rule Rule) string {
	if r.Baseline == nil || rule.Known != "" {
		return ""
	}
	var why []string
	anew := r.Baseline.Anew(rule)
	all := len(anew) == len(rule.shownBy())
	for _, entry := range r.Baseline.Standing(StandsExpired) {
		if entry.In(rule) {
			why = append(why, fmt.Sprintf("the entry for %s expired on %s", entry, entry.Expires))
			anew = slices.DeleteFunc(anew, func(check string) bool { return entry.About(rule.ID, check) })
		}
	}
	switch {
	case len(anew) == 0:
	case all && len(why) == 0:
		why = append(why, "the baseline does not have it")
	default:
		for i := range anew {
			anew[i] = strconv.Quote(anew[i])
		}
		why = append(why, "the baseline does not have it by "+strings.Join(anew, ", "))
	}
	return strings.Join(why, "; ")
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
func (r *Report) anew() []Rule {
	var rules []Rule
	for _, rule := range inOrder(r.With(Failed)) {
		if rule.Known == "" {
			rules = append(rules, rule)
		}
	}
	return rules
}
