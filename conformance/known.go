package conformance

import (
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/baseline"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// known are failures that somebody knows of; nil where nobody does.
type known struct {
	list  report.Baseline
	names baseline.Names
}

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

// readKnown reads a baseline, unless no path is given.
func readKnown(path string) (*known, error) {
	if path == "" {
		return nil, nil
	}
	names, err := BaselineNames()
	if err != nil {
		return nil, err
	}
	file, err := baseline.Read(path, names)
	if err != nil {
		return nil, err
	}
	return &known{file.Baseline, names}, nil
}

// hiding gives the same without the secrets in what somebody has written there.
func (k *known) hiding(safe func(string) string) *known {
	if k == nil {
		return nil
	}
	hidden := *k
	hidden.list.Name, hidden.list.Entries = safe(k.list.Name), slices.Clone(k.list.Entries)
	for i := range hidden.list.Entries {
		hidden.list.Entries[i].Reason = safe(hidden.list.Entries[i].Reason)
	}
	return &hidden
}

// judge tells in a report what of it is known.
func (k *known) judge(r *report.Report) {
	if k != nil {
		baseline.Apply(r, k.list, k.names)
	}
}
