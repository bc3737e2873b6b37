package report

import (
	"io"
	"slices"
	"strings"
)

// Form is a way to write a result of some type: a report here, and elsewhere what is made of reports, or of contracts.
type Form[T any] struct {
	Kind  string // its name
	About string // what it is for
	Write func(T, io.Writer) error
}

// Forms are those of a report. Each is bounded in size, whatever a target has sent, and safe to show in what it is for.
var Forms = []Form[*Report]{
	{"json", "the whole report, for programs", (*Report).WriteJSON},
	{"html", "one page for people, which needs no network", (*Report).WriteHTML},
	{"junit", "JUnit XML, for the test reports of CI systems", (*Report).WriteJUnit},
	{"markdown", "a comment on a pull request, or the summary of a job", (*Report).WriteMarkdown},
	{"har", "HAR 1.2, of the exchanges that the report has kept, for a browser's developer tools and for judge", (*Report).WriteHAR},
	{"badge", "an SVG badge with the verdict", (*Report).WriteBadge},
}

// FormByKind finds a form.
func FormByKind[T any](forms []Form[T], kind string) (Form[T], bool) {
	i := slices.IndexFunc(forms, func(f Form[T]) bool { return f.Kind == kind })
	if i < 0 {
		return Form[T]{}, false
	}
	return forms[i], true
}

// Kinds names forms.
func Kinds[T any](forms []Form[T]) string {
	names := make([]string, len(forms))
	for i, form := range forms {
		names[i] = form.Kind
	}
	return strings.Join(names, ", ")
}
