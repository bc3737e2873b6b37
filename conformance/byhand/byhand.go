// Package byhand reads YAML, and JSON, that people have written, and tells them where it is wrong.
package byhand

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/misread"
)

// Read reads a file that has no more than so many bytes. Its error goes on where the file has been named.
func Read(path string, most int) ([]byte, error) {
	file, err := os.Open(path)
	var text []byte
	if err == nil {
		defer file.Close()
		text, err = io.ReadAll(io.LimitReader(file, int64(most)+1))
	}
	broken, is := errors.AsType[*fs.PathError](err)
	switch {
	case is:
		return nil, fmt.Errorf("cannot be read (%w)", broken.Err)
	case len(text) > most:
		return nil, fmt.Errorf("is longer than %d bytes", most)
	}
	return text, err
}

// mistake is one that has a place in the text.
type mistake struct {
	line, column int
	text         string
}

func (m *mistake) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", m.line, m.column, m.text)
}

// At gives an error its place.
func At(node *yaml.Node, err error) error { return &mistake{node.Line, node.Column, err.Error()} }

// Wrong is an error with its place.
func Wrong(node *yaml.Node, format string, arguments ...any) error {
	return At(node, fmt.Errorf(format, arguments...))
}

// Parse reads one document. There are no aliases in it, so that it is not longer than it looks, and no tags: every value
// is what it looks like.
func Parse(text []byte) (*yaml.Node, error) {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, &mistake{1, 1, "there is nothing here; give a mapping"}
	case err != nil:
		return nil, malformed(err, text)
	}
	root := document.Content[0]
	if err := plain(root); err != nil {
		return nil, err
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, Wrong(&more, "a second document begins; give one alone")
	case !errors.Is(err, io.EOF):
		return nil, malformed(err, text)
	}
	return root, nil
}

// malformed finds the place in an error of the YAML library, which knows none more exact.
func malformed(err error, text []byte) error {
	line, what := misread.At(err, text)
	return &mistake{line, 1, "this is neither YAML nor JSON (" + what + ")"}
}

func plain(node *yaml.Node) error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return Wrong(node, "there are no anchors and aliases here; write out what they stand for")
	case node.Style&yaml.TaggedStyle != 0:
		return Wrong(node, "there are no tags here; leave out %.40q", node.Tag)
	}
	for _, below := range node.Content {
		if err := plain(below); err != nil {
			return err
		}
	}
	return nil
}

// Members reads the members of a mapping, each with what reads it, in their order.
func Members(node *yaml.Node, what string, read map[string]func(*yaml.Node) error) error {
	var names []string
	for name := range read {
		names = append(names, name)
	}
	slices.Sort(names)
	if node.Kind != yaml.MappingNode {
		return Wrong(node, "%s is a mapping; give it members such as %s", what, names[0])
	}
	seen := map[string]bool{}
	for pair := range slices.Chunk(node.Content, 2) {
		name, value := pair[0], pair[1]
		take, known := read[name.Value]
		switch {
		case !known || name.Kind != yaml.ScalarNode || name.Tag != "!!str":
			return Wrong(name, "%s has no member %.40q%s; there are %s", what, name.Value, Meant(name.Value, names), strings.Join(names, ", "))
		case seen[name.Value]:
			return Wrong(name, "%s is here for the second time; leave one out", name.Value)
		}
		seen[name.Value] = true
		if err := take(value); err != nil {
			return err
		}
	}
	return nil
}

// Text reads a text, and has it read further.
func Text[T any](node *yaml.Node, what string, read func(text string) (T, error)) (T, error) {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
		var none T
		return none, Wrong(node, "%s is a text; %.40q is none", what, node.Value)
	}
	found, err := read(node.Value)
	if err != nil {
		return found, At(node, err)
	}
	return found, nil
}
