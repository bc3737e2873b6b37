package diff

import (
	"io"
	"slices"
	"strings"
)

// Form is a way to write a difference to a file.
type Form struct {
	Kind  string // its name
	Write func(*Difference, io.Writer) error
}

// Forms are those that there are.
var Forms = []Form{
	{"json", (*Difference).WriteJSON},
	{"markdown", (*Difference).WriteMarkdown},
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
