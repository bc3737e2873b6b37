package report

import (
	"io"
	"slices"
	"strings"
)

// Form is a way to write a report.
type Form struct {
	Kind  string // its name
	About string // what it is for
	Write func(*Report, io.Writer) error
}

// Forms are those that there are. Each is bounded in size, whatever a target has sent, and safe to show in what it is for.
var Forms = []Form{
	{"json", "the whole report, for programs", (*Report).WriteJSON},
	{"html", "one page for people, which needs no network", (*Report).WriteHTML},
	{"junit", "JUnit XML, for the test reports of CI systems", (*Report).WriteJUnit},
	{"markdown", "a comment on a pull request, or the summary of a job", (*Report).WriteMarkdown},
	{"har", "HAR 1.2, of the exchanges that the report has kept, for a browser's developer tools and for judge", (*Report).WriteHAR},
	{"badge", "an SVG badge with the verdict", (*Report).WriteBadge},
}

// FormByKind finds a form.
func FormByKind(kind string) (Form, bool) {
	i := slices.IndexFunc(Forms, func(f Form) bool { return f.Kind == kind })
	if i < 0 {
		return Form{}, false
	}
	return Forms[i], true
}

// Kinds names all forms.
func Kinds() string {
	names := make([]string, len(Forms))
	for i, form := range Forms {
		names[i] = form.Kind
	}
	return strings.Join(names, ", ")
}
