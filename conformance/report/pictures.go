package report

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
)

// pictureName is what the name of a picture is made of. A report that was kept may come from anywhere, and is not to choose
// what it takes the place of.
var pictureName = regexp.MustCompile(`^[a-z]+-[0-9]+\.[a-z]+$`)

// WritePictures writes the pictures that belong to failures to a folder, each as a file of its own. An empty folder stands
// for none, and nothing is written.
func (r *Report) WritePictures(folder string) error {
	if folder == "" {
		return nil
	}
	var failures []error
	for _, rule := range r.Rules {
		for _, failure := range rule.Failures {
			if picture := failure.Picture; picture != nil {
				if !pictureName.MatchString(picture.Name) {
					failures = append(failures, fmt.Errorf("the picture %q is not written: no run gives one such a name", picture.Name))
					continue
				}
				failures = append(failures, WriteFile(filepath.Join(folder, picture.Name), func(w io.Writer) error {
					_, err := io.WriteString(w, picture.Text)
					return err
				}))
			}
		}
	}
	return errors.Join(failures...)
}
