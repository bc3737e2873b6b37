package door

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/misread"
)

// maxFile is how many bytes of a file are read.
const maxFile = 1 << 20

// ReadKeys reads a file of keys. It is a list in YAML or JSON:
//
//   - {id: reader, password: …, actions: [DescribeSnapshots]}
//   - {token: …}
//
// An error says where something is wrong, and repeats nothing of what is in the file: anything there may be a secret.
func ReadKeys(path string) ([]Key, error) {
	text, err := readBounded(path)
	var broken *fs.PathError
	if errors.As(err, &broken) {
		return nil, fmt.Errorf("the file %q cannot be read (%w)", path, broken.Err)
	}
	if err == nil {
		var keys []Key
		if keys, err = parse(text); err == nil {
			return keys, nil
		}
	}
	return nil, fmt.Errorf("the file %q: %w", path, err)
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it is longer than %d bytes", maxFile)
	}
	return text, err
}

// parse reads keys strictly: what is not understood would be left out, and somebody let in, or not, by mistake.
func parse(text []byte) ([]Key, error) {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty")
	case err != nil:
		line, _ := misread.At(err, text) // what is wrong there may repeat a secret
		return nil, fmt.Errorf("line %d: it is neither YAML nor JSON", line)
	case !errors.Is(decoder.Decode(&more), io.EOF):
		return nil, errors.New("there is something after the list")
	}
	root := document.Content[0]
	switch {
	case root.Kind != yaml.SequenceNode:
		return nil, at(root, "this is no list")
	case len(root.Content) == 0:
		return nil, at(root, "the list has no key in it")
	}
	var keys []Key
	for _, entry := range root.Content {
		key, err := parseKey(entry)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if i, err := unusable(keys); err != nil {
		return nil, at(root.Content[i], "this key %w", err)
	}
	return keys, nil
}

func parseKey(entry *yaml.Node) (Key, error) {
	if entry.Kind != yaml.MappingNode {
		return Key{}, at(entry, "this is no key of the form {id: …, password: …} or {token: …}")
	}
	var key Key
	seen := map[string]bool{}
	for i := 0; i < len(entry.Content); i += 2 {
		name, value := entry.Content[i], entry.Content[i+1]
		if seen[name.Value] {
			return Key{}, at(name, "this key has a member twice")
		}
		seen[name.Value] = true
		var err error
		switch name.Value {
		case "id":
			key.KeyID, err = scalar(value)
		case "password":
			key.Secret, err = scalar(value)
		case "token":
			key.Token, err = scalar(value)
		case "actions":
			key.Actions, err = list(value)
		default:
			err = at(name, "this member is none of id, password, token and actions")
		}
		if err != nil {
			return Key{}, err
		}
	}
	return key, nil
}

// scalar gives a text as it is written: a password may look like a number, and a zero at its beginning counts.
func scalar(node *yaml.Node) (string, error) {
	switch {
	case node.Kind != yaml.ScalarNode:
		return "", at(node, "this is no text; what begins with one of & * [ { has to be in quotes")
	case node.Tag == "!!null":
		return "", nil
	}
	return node.Value, nil
}

func list(node *yaml.Node) ([]string, error) {
	if node.Kind != yaml.SequenceNode {
		return nil, at(node, "actions have to be a list, as in [DeleteSnapshots]")
	}
	actions := []string{}
	for _, member := range node.Content {
		action, err := scalar(member)
		switch {
		case err != nil:
			return nil, err
		case action == "":
			return nil, at(member, "this is the name of no action")
		}
		actions = append(actions, action)
	}
	return actions, nil
}

// at says where something is wrong.
func at(node *yaml.Node, format string, values ...any) error {
	return fmt.Errorf("line %d: "+format, append([]any{node.Line}, values...)...)
}
