package report

import (
	"errors"
	"io"
	"path/filepath"
)

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
				failures = append(failures, WriteFile(filepath.Join(folder, filepath.Base(picture.Name)), func(w io.Writer) error {
					_, err := io.WriteString(w, picture.Text)
					return err
				}))
			}
		}
	}
	return errors.Join(failures...)
}
