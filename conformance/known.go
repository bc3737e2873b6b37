package conformance

import (
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/baseline"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// ReadBaseline reads a list of known failures from a file. Its error says in one line where a mistake is, and how to mend it.
func ReadBaseline(path string) (*baseline.File, error) {
	names, err := BaselineNames()
	if err != nil {
		return nil, err
	}
	return baseline.Read(path, names)
}

// BaselineNames are the checks that known failures may be shown by: those of the suite, and what judges a log.
func BaselineNames() (baseline.Names, error) {
	names := baseline.Names{Others: []string{everyAnswer, everyRefusal, everyOutcome}}
	every, err := Checks("")
	for _, check := range every {
		names.Checks = append(names.Checks, baseline.Check{Text: check.Text, Rules: check.Rules})
	}
	return names, err
}

// readKnown reads a baseline; nil where no path is given.
func readKnown(path string) (*baseline.File, error) {
	if path == "" {
		return nil, nil
	}
	return ReadBaseline(path)
}

// judgeKnown tells in a report what of it is known, without the secrets that have got into the baseline.
func judgeKnown(r *report.Report, known *baseline.File, safe func(string) string) {
	if known == nil {
		return
	}
	hidden := *known
	hidden.Name, hidden.Entries = safe(known.Name), slices.Clone(known.Entries)
	for i := range hidden.Entries {
		hidden.Entries[i].Reason = safe(hidden.Entries[i].Reason)
	}
	hidden.Apply(r)
}
