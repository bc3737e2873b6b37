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
			if err := report.Writable(one(path, i, endpoints)); err != nil {
				return nil, fmt.Errorf("--%s: %w", flag, err)
			}
		}
		wanted = append(wanted, wantedReport{form, path})
	}
	return wanted, nil
}

// file is one that the command line names.
type file struct {
	what string // it is: "--report junit", say
	path string // empty where there is none
}

// apart sees that nothing is written to a file that something else is written to as well, or that is read.
func apart(written, read []file) error {
	read = append(read, file{"where standard output goes", "/dev/stdout"}, file{"where standard error goes", "/dev/stderr"})
	for i, own := range written {
		if report.Stream(own.path) {
			continue
		}
		for _, other := range written[:i] {
			if report.SameFile(own.path, other.path) {
				return fmt.Errorf("%s and %s lead to one place, %q; give each a file of its own", other.what, own.what, own.path)
			}
		}
		for _, other := range read {
			if other.path != "" && report.SameFile(own.path, other.path) {
				return fmt.Errorf("%s would overwrite %q, which is %s; name another file", own.what, own.path, other.what)
			}
		}
	}
	return nil
}

// files are the files that the reports for so many endpoints go to.
func (r reports) files(flag string, endpoints int) (files []file) {
	for i := range endpoints {
		for _, wanted := range r {
			files = append(files, file{"--" + flag + " " + wanted.form.Kind, one(wanted.path, i, endpoints)})
		}
	}
	return files
}

// one gives the path for one of so many endpoints, the first of which is 0. It is the path itself if there is only that.
func one(path string, endpoint, endpoints int) string {
	if endpoints > 1 {
		return report.Numbered(path, endpoint+1)
	}
	return path
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
