// Package baseline is about failures that a team knows of: a list of them, each with a reason and a day on which it ends to be
// an excuse, so that a suite can be adopted before everything passes, and what is new is told from what is known.
package baseline

import (
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Names are what an entry may speak of besides rules, which are the contract's.
type Names struct {
	Checks []Check  // of the suite
	Others []string // that show rules broken too, such as what judges a log
}

// Check is a check of the suite.
type Check struct {
	Text  string
	Rules []string // that it tries
}

func (n Names) texts() []string {
	texts := slices.Clone(n.Others)
	for _, check := range n.Checks {
		texts = append(texts, check.Text)
	}
	return texts
}

// Apply holds a report against the entries of a baseline. The day is that on which the run began, in UTC: an entry counts up to
// the end of the day on which it expires.
func Apply(r *report.Report, known report.Baseline, names Names) {
	known.Entries = slices.Clone(known.Entries)
	today := r.Started.UTC().Format(time.DateOnly)
	for i := range known.Entries {
		entry := &known.Entries[i]
		entry.Standing = standing(r, *entry, names, today)
	}
	r.Baseline = &known
	for i := range r.Rules {
		rule := &r.Rules[i]
		if rule.Known = ""; rule.Status == report.Failed && len(known.Anew(*rule)) == 0 {
			rule.Known = reasons(known.Standing(report.StandsFailing), *rule)
		}
	}
}

func standing(r *report.Report, entry report.Known, names Names, today string) report.Standing {
	switch {
	case today > entry.Expires: // both are written so that the order of texts is that of days
		return report.StandsExpired
	case slices.ContainsFunc(r.Rules, entry.In):
		return report.StandsFailing
	case r.Reason == "" && tried(r, entry, names):
		return report.StandsPassing
	}
	return report.StandsNotTried
}

// tried tells whether every check was carried out to its end that could have shown the failure. In a log, which has what it has, it
// is enough that there was an occasion.
func tried(r *report.Report, entry report.Known, names Names) bool {
	if r.Log != nil {
		return slices.ContainsFunc(r.Rules, func(rule report.Rule) bool {
			return slices.ContainsFunc(rule.Checks, func(check string) bool { return entry.About(rule.ID, check) })
		})
	}
	some := false
	for _, check := range names.Checks {
		tries := slices.Contains(check.Rules, entry.Rule)
		switch {
		case entry.Check == "" && !tries, entry.Check != "" && entry.Check != check.Text:
			continue
		case tries && !done(r, check.Text, entry.Rule), !done(r, check.Text, ""):
			return false
		}
		some = true
	}
	return some
}

// done tells whether a check was carried out to its end: for a rule, or if none is given, at all.
func done(r *report.Report, check, id string) bool {
	return slices.ContainsFunc(r.Rules, func(rule report.Rule) bool {
		return (id == "" || rule.ID == id) && slices.Contains(rule.Checks, check)
	})
}

// reasons are those of the entries that excuse a rule.
func reasons(entries []report.Known, rule report.Rule) string {
	var all []string
	for _, entry := range entries {
		if entry.In(rule) && !slices.Contains(all, entry.Reason) {
			all = append(all, entry.Reason)
		}
	}
	return strings.Join(all, "; ")
}
