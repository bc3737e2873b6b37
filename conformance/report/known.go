package report

import (
	"slices"
	"strconv"
)

// String names what a known failure is: its rule, the check that shows it, or both.
func (k Known) String() string {
	switch {
	case k.Check == "":
		return k.Rule
	case k.Rule == "":
		return strconv.Quote(k.Check)
	}
	return k.Rule + " by " + strconv.Quote(k.Check)
}

// About tells whether the failure is one that is shown by a check and breaks a rule.
func (k Known) About(rule, check string) bool {
	return (k.Rule == "" || k.Rule == rule) && (k.Check == "" || k.Check == check)
}

// In tells whether the failure is among those that broke a rule.
func (k Known) In(rule Rule) bool {
	return rule.Status == Failed && slices.ContainsFunc(rule.shownBy(), func(check string) bool { return k.About(rule.ID, check) })
}

// shownBy are the checks that showed the rule broken; one without a name where the report does not tell.
func (r Rule) shownBy() []string {
	if len(r.BrokenBy) == 0 {
		return []string{""}
	}
	return r.BrokenBy
}

// Anew are the checks that show a rule broken without an entry that excuses it.
func (b *Baseline) Anew(rule Rule) []string {
	var checks []string
	for _, check := range rule.shownBy() {
		if !slices.ContainsFunc(b.Standing(StandsFailing), func(k Known) bool { return k.About(rule.ID, check) }) {
			checks = append(checks, check)
		}
	}
	return checks
}

// Standing gives the entries that stand so. A nil baseline has none.
func (b *Baseline) Standing(standing Standing) []Known {
	var entries []Known
	if b != nil {
		for _, entry := range b.Entries {
			if entry.Standing == standing {
				entries = append(entries, entry)
			}
		}
	}
	return entries
}
