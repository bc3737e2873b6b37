package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// wantedReport is a report that is to be written to a file.
type wantedReport struct {
	form report.Form
	path string
}

// reports are those that are wanted of one result.
type reports []wantedReport

// reportFlag takes reports, as KIND=PATH.
func reportFlag(flags *pflag.FlagSet, texts *[]string) {
	flags.StringArrayVar(texts, "report", nil, "also write a report to a file, as `KIND=PATH`; KIND is one of "+report.Kinds()+" (may be repeated)")
}

// readReports reads the KIND=PATH of each report that a flag wants, and sees that it can be written, for each of so many endpoints.
func readReports(flag string, texts []string, endpoints int) (reports, error) {
	var wanted reports
	for _, text := range texts {
		kind, path, found := strings.Cut(text, "=")
		form, known := report.FormByKind(kind)
		switch {
		case !found || path == "":
			return nil, fmt.Errorf("--%s %q is not KIND=PATH; give json=report.json, say", flag, text)
		case !known:
			return nil, fmt.Errorf("--%s has no kind %q; give one of %s", flag, kind, report.Kinds())
		}
		for i := range endpoints {
			own := path
			if endpoints > 1 {
				own = report.Numbered(path, i+1)
			}
			if err := report.Writable(own); err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
		}
		if !report.Stream(path) && slices.ContainsFunc(wanted, func(w wantedReport) bool { return w.path == path }) {
			return nil, fmt.Errorf("--%s names %q twice; give each report a file of its own", flag, path)
		}
		wanted = append(wanted, wantedReport{form, path})
	}
	return wanted, nil
}

// numbered gives the reports for one of several endpoints.
func (r reports) numbered(number int) reports {
	own := slices.Clone(r)
	for i := range own {
		own[i].path = report.Numbered(own[i].path, number)
	}
	return own
}

// write writes a result to the files.
func (r reports) write(result *report.Report) error {
	var failures []error
	for _, wanted := range r {
		failures = append(failures, report.WriteFile(wanted.path, func(w io.Writer) error { return wanted.form.Write(result, w) }))
	}
	return errors.Join(failures...)
}
