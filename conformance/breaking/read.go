package breaking

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/misread"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
)

// MaxDocument is how many bytes of a document are read. The contract has a twentieth of it.
const MaxDocument = 1 << 20

// Bounds of what a document may come to, when what it repeats by name (aliases, references) is written out.
const (
	maxNodes = 200_000
	maxDepth = 100
)

// Document is an OpenAPI document that can be compared.
type Document struct {
	Name string // for people: a file, or a revision

	root     *node // with its references followed
	spec     *openapi3.T
	problems []string // why the suite could not be built on it
	bare     func() *bare
	reached  func() map[string]bool // the components that operations use
}

// Read takes a document, YAML or JSON. An error tells in one line why it cannot be compared. Nothing but the text is read:
// references to other files and hosts are errors.
func Read(name string, text []byte) (*Document, error) {
	d, err := read(name, text)
	if err != nil {
		return nil, fmt.Errorf("%q %w", name, err)
	}
	return d, nil
}

func read(name string, text []byte) (*Document, error) {
	if len(text) > MaxDocument {
		return nil, fmt.Errorf("has more than %d bytes, which are read at the most; give a contract", MaxDocument)
	}
	tree, err := parse(text)
	if err != nil {
		return nil, err
	}
	if err := recognise(tree); err != nil {
		return nil, err
	}
	d := &Document{Name: name}
	if _, err := resolve(tree); err != nil { // before kin-openapi, which would follow references without end
		return nil, err
	}
	if d.spec, err = validated(tree); err != nil {
		return nil, fmt.Errorf("is not valid OpenAPI (%s); mend it", report.Shorten(firstLine(err), longestShown*2))
	}
	if !strings.HasPrefix(fmt.Sprint(tree["openapi"]), "3.0") {
		tree = older(tree, nil).(map[string]any)
	}
	handDown(tree)
	if d.root, err = resolve(tree); err != nil {
		return nil, err
	}
	d.problems = contract.Problems(d.spec)
	d.reached = sync.OnceValue(func() map[string]bool {
		found := map[string]bool{}
		if paths := d.root.get("paths"); paths != nil {
			reachedFrom(paths, found)
		}
		return found
	})
	d.bare = sync.OnceValue(func() *bare { return bareOf(written(d.root)) })
	return d, nil
}

// older spells what OpenAPI 3.1 says of null as 3.0 does, so that the two compare: null is a type, and nullable says nothing.
func older(value any, way []string) any {
	switch value := value.(type) {
	case map[string]any:
		schema := map[string]any{}
		for key, member := range value {
			schema[key] = older(member, append(slices.Clip(way), key))
		}
		if _, isFlag := schema["nullable"].(bool); isFlag && !verbatim(way) {
			delete(schema, "nullable")
		}
		if types, is := schema["type"].([]any); is && !verbatim(way) {
			rest := slices.DeleteFunc(slices.Clone(types), func(name any) bool { return name == "null" })
			schema["type"] = rest
			if len(rest) < len(types) {
				schema["nullable"] = true
			}
			if len(rest) == 1 {
				schema["type"] = rest[0]
			}
		}
		return schema
	case []any:
		list := make([]any, 0, len(value))
		for i, item := range value {
			list = append(list, older(item, append(slices.Clip(way), strconv.Itoa(i))))
		}
		return list
	}
	return value
}

// handDown gives the parameters of a path to its operations, whose own come after and count more.
func handDown(tree map[string]any) {
	paths, _ := tree["paths"].(map[string]any)
	for _, item := range paths {
		path, _ := item.(map[string]any)
		shared, _ := path["parameters"].([]any)
		delete(path, "parameters")
		for _, method := range methods {
			if operation, is := path[method].(map[string]any); is && len(shared) > 0 {
				own, _ := operation["parameters"].([]any)
				operation["parameters"] = slices.Concat(shared, own)
			}
		}
	}
}

// recognise tells OpenAPI 3 from what else it might be.
func recognise(tree map[string]any) error {
	version := fmt.Sprint(tree["openapi"])
	switch {
	case tree["swagger"] != nil:
		return fmt.Errorf("is Swagger %v and not OpenAPI 3; convert it first", tree["swagger"])
	case tree["openapi"] == nil:
		return errors.New("is not OpenAPI: it has no member openapi; give a document that begins like \"openapi: 3.0.3\"")
	case version == "3":
		return errors.New("has a number as its version of OpenAPI; give a text such as \"3.0.3\"")
	case !strings.HasPrefix(version, "3."):
		return fmt.Errorf("is OpenAPI %s, and 3 is understood; give a document of that version", version)
	}
	return nil
}

// validated has kin-openapi read and check what is left of the document when its text is read. Examples are looked at elsewhere.
func validated(tree map[string]any) (spec *openapi3.T, err error) {
	text, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	err = rescue.Call(func() error {
		spec, err = openapi3.NewLoader().LoadFromData(text) // which follows no reference to another document
		if err == nil {
			err = spec.Validate(context.Background(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation())
		}
		return err
	})
	return spec, err
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return line
}

// parse reads YAML, of which JSON is a part, into maps, lists, texts, numbers, flags and null.
func parse(text []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("is empty; give an OpenAPI document")
	case err != nil:
		line, what := misread.At(err, text)
		return nil, fmt.Errorf("is not YAML (line %d: %s); mend it", line, what)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("does not end with one YAML document; give one")
	}
	p := expander{nodes: maxNodes}
	value, err := p.value(&document, 0)
	if err != nil {
		return nil, err
	}
	tree, is := value.(map[string]any)
	if !is {
		return nil, errors.New("is not OpenAPI: it is no YAML mapping; give an OpenAPI document")
	}
	return tree, nil
}

// expander writes aliases out, within a bound: a few lines of them can stand for more than a memory holds.
type expander struct{ nodes int }

func (p *expander) value(n *yaml.Node, depth int) (any, error) {
	if p.nodes--; p.nodes < 0 {
		return nil, fmt.Errorf("comes to more than %d values when its aliases are written out; give a contract", maxNodes)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested more than %d deep on line %d; give a contract", maxDepth, n.Line)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return p.value(n.Content[0], depth)
	case yaml.AliasNode:
		return p.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			value, err := p.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.MappingNode:
		return p.mapping(n, depth)
	}
	return scalar(n)
}

func (p *expander) mapping(n *yaml.Node, depth int) (any, error) {
	own, merged := map[string]any{}, map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("has a key that is no text on line %d; mend it", key.Line)
		}
		value, err := p.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if key.Tag == "!!merge" {
			from, err := mergedFrom(value, key.Line)
			if err != nil {
				return nil, err
			}
			for name, value := range from {
				merged[name] = value
			}
			continue
		}
		if _, twice := own[key.Value]; twice {
			return nil, fmt.Errorf("has the key %q a second time on line %d; mend it", key.Value, key.Line)
		}
		own[key.Value] = value
	}
	for name, value := range own {
		merged[name] = value
	}
	return merged, nil
}

// mergedFrom gives what a key "<<" brings: the members of a mapping, or of several, of which the first counts.
func mergedFrom(value any, line int) (map[string]any, error) {
	from := map[string]any{}
	list, is := value.([]any)
	if !is {
		list = []any{value}
	}
	for i := len(list) - 1; i >= 0; i-- {
		members, is := list[i].(map[string]any)
		if !is {
			return nil, fmt.Errorf("merges what is no mapping on line %d; mend it", line)
		}
		for name, value := range members {
			from[name] = value
		}
	}
	return from, nil
}

// scalar reads what JSON knows as it is meant, and all else, dates above all, as the text that it is.
func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var flag bool
		if err := n.Decode(&flag); err != nil {
			return nil, fmt.Errorf("has no flag on line %d; mend it", n.Line)
		}
		return flag, nil
	case "!!int", "!!float":
		var number float64
		if err := n.Decode(&number); err != nil || math.IsInf(number, 0) || math.IsNaN(number) {
			return nil, fmt.Errorf("has no number on line %d; mend it", n.Line)
		}
		return number, nil
	}
	return n.Value, nil
}
