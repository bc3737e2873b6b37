package breaking

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// node is a value of a document, with all references followed. A nil node is a value that is not there.
type node struct {
	at     string   // where it is written, as a JSON pointer
	way    []string // how it is reached from the root, through references
	fields map[string]*node
	items  []*node
	value  any // text, number, flag or nil
	ref    string
	parts  []*node // of which it is made, where it is written as several
	object bool
	list   bool
}

// resolver follows references, within the same bounds as aliases.
type resolver struct {
	tree  map[string]any
	nodes int
	open  []string // the references that are being followed
}

func resolve(tree map[string]any) (*node, error) {
	r := &resolver{tree: tree, nodes: maxNodes}
	return r.node(tree, "#", nil)
}

func (r *resolver) node(raw any, at string, way []string) (*node, error) {
	if r.nodes--; r.nodes < 0 {
		return nil, fmt.Errorf("comes to more than %d values when its references are followed; give a contract", maxNodes)
	}
	if len(way) > maxDepth {
		return nil, fmt.Errorf("is nested more than %d deep when its references are followed; give a contract", maxDepth)
	}
	n := &node{at: at, way: slices.Clip(way)}
	switch raw := raw.(type) {
	case map[string]any:
		if ref, is := raw["$ref"].(string); is && !verbatim(way) {
			return r.follow(ref, raw, n)
		}
		n.object, n.fields = true, map[string]*node{}
		for _, of := range []string{"allOf", "anyOf", "oneOf"} {
			if all, is := raw[of].([]any); is && (of == "allOf" || len(all) == 1) && !verbatim(way) {
				if whole, err := r.meant(raw, of, all, n); whole != nil || err != nil {
					return whole, err
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(raw)) {
			own := spelling(name, way)
			if _, twice := raw[own]; twice || verbatim(way) {
				own = name
			}
			field, err := r.node(raw[name], at+"/"+escape(name), append(n.way, own))
			if err != nil {
				return nil, err
			}
			n.fields[own] = field
		}
	case []any:
		if n.keyed() {
			return n, r.parameters(n, raw)
		}
		n.list = true
		for i, item := range raw {
			index := fmt.Sprint(i)
			own, err := r.node(item, at+"/"+index, append(n.way, index))
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, own)
		}
	default:
		n.value = raw
	}
	return n, nil
}

// spelling gives the one spelling of a name that has several: case makes no difference in content types, nor in headers of answers.
func spelling(name string, way []string) string {
	if len(way) > 2 && (way[len(way)-1] == "content" || way[len(way)-1] == "headers" && way[len(way)-3] == "responses") {
		return strings.ToLower(name)
	}
	return cmp.Or(synonyms[name], name)
}

// synonyms are other spellings of members, which mean the same.
var synonyms = map[string]string{"x-enum-varnames": enumNames}

// enumNames has the names of values in generated code.
const enumNames = "x-enumNames"

// meant makes of a schema that has all of others, or the only one of a choice, what they come to, with what stands beside them.
// It gives nil where that cannot be written as one schema.
func (r *resolver) meant(raw map[string]any, of string, all []any, n *node) (*node, error) {
	beside := maps.Clone(raw)
	delete(beside, of)
	whole := &node{at: n.at, way: n.way, object: true, fields: map[string]*node{}}
	for i, one := range append(slices.Clip(all), beside) {
		at := fmt.Sprintf("%s/%s/%d", n.at, of, i)
		if i == len(all) {
			at = n.at
		}
		part, err := r.node(one, at, n.way)
		if err != nil {
			return nil, err
		}
		if !part.object || !whole.joined(part) {
			return nil, nil
		}
		whole.parts = append(whole.parts, part)
	}
	return whole, nil
}

// joined adds to a schema what another one asks for besides, where that can be said in one.
func (n *node) joined(part *node) bool {
	for _, name := range keys(nil, part) {
		own, field := n.fields[name], part.fields[name]
		switch {
		case own == nil || same(own, field), name == "description", slices.Contains(aside, name), strings.HasPrefix(name, "x-"):
			n.fields[name] = field
		case name == "properties":
			for _, member := range keys(nil, field) {
				if own.get(member) != nil && !same(own.get(member), field.get(member)) {
					return false
				}
				own.fields[member] = field.fields[member]
			}
		case name == "required":
			for _, item := range field.items {
				if !slices.Contains(own.texts(), item.shown()) {
					own.items = append(own.items, item)
				}
			}
		default:
			return false
		}
	}
	// Each part closes itself to the members of the others.
	closed := strictness(n.get("additionalProperties")) > 0
	return !closed || len(n.parts) == 0 || part.get("properties") == nil && part.get("additionalProperties") == nil
}

// keyed tells whether a list is one of parameters, which a name and a place tell apart and no order.
func (n *node) keyed() bool {
	return len(n.way) > 1 && n.way[0] == "paths" && n.way[len(n.way)-1] == "parameters"
}

// parameters makes an object of a list of parameters.
func (r *resolver) parameters(n *node, raw []any) error {
	n.object, n.fields = true, map[string]*node{}
	for i, item := range raw {
		own, err := r.node(item, fmt.Sprintf("%s/%d", n.at, i), append(n.way, fmt.Sprint(i)))
		if err != nil {
			return err
		}
		key := keyOf(own.get("in").text(), own.get("name").text())
		// Once more, now that it is known under which name it is found.
		if n.fields[key], err = r.node(item, fmt.Sprintf("%s/%d", n.at, i), append(n.way, key)); err != nil {
			return err
		}
	}
	return nil
}

// keyOf spells the place and the name of a parameter. In which case a header is written makes no difference.
func keyOf(in, name string) string {
	if in == "header" {
		name = strings.ToLower(name)
	}
	return in + " " + name
}

// follow puts the value that a reference names in its place. A schema that has itself in it ends where it begins again.
func (r *resolver) follow(ref string, raw map[string]any, n *node) (*node, error) {
	if !strings.HasPrefix(ref, "#/") {
		return nil, fmt.Errorf("refers to another document (%s), which is not read; put all into one", ref)
	}
	target, found := lookup(r.tree, ref)
	if !found {
		return nil, fmt.Errorf("refers to %s, which it does not have; mend it", ref)
	}
	if slices.Contains(r.open, ref) {
		n.value, n.ref = ref, ref
		return n, nil
	}
	r.open = append(r.open, ref)
	own, err := r.node(target, ref, n.way)
	r.open = r.open[:len(r.open)-1]
	if err != nil {
		return nil, err
	}
	own.ref = ref
	for name, value := range raw { // beside a reference, extensions and words may stand
		if name == "$ref" || !own.object {
			continue
		}
		beside, err := r.node(value, n.at+"/"+escape(name), append(slices.Clip(n.way), name))
		if err != nil {
			return nil, err
		}
		own.fields[name] = beside
	}
	return own, nil
}

// verbatim tells whether a place holds data, in which "$ref" is a name like any other.
func verbatim(way []string) bool {
	for i, key := range way {
		named := i > 0 && slices.Contains([]string{"properties", "headers", "schemas", "examples", "responses"}, way[i-1])
		if !named && (key == "example" || key == "value" || strings.HasPrefix(key, "x-")) {
			return true
		}
	}
	return false
}

func lookup(tree any, pointer string) (any, bool) {
	for _, key := range strings.Split(strings.TrimPrefix(pointer, "#/"), "/") {
		key = strings.ReplaceAll(strings.ReplaceAll(key, "~1", "/"), "~0", "~")
		object, is := tree.(map[string]any)
		if !is {
			return nil, false
		}
		if tree, is = object[key]; !is {
			return nil, false
		}
	}
	return tree, true
}

func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// get goes down the tree; what is not there is nil.
func (n *node) get(keys ...string) *node {
	for _, key := range keys {
		if n == nil {
			return nil
		}
		n = n.fields[key]
	}
	return n
}

// text gives a text, and "" for all else.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	text, _ := n.value.(string)
	return text
}

func (n *node) flag() bool {
	if n == nil {
		return false
	}
	flag, _ := n.value.(bool)
	return flag
}

func (n *node) number() (float64, bool) {
	if n == nil {
		return 0, false
	}
	number, is := n.value.(float64)
	return number, is
}

// texts gives the members of a list in the form in which they are shown.
func (n *node) texts() []string {
	var texts []string
	if n != nil {
		for _, item := range n.items {
			texts = append(texts, item.shown())
		}
	}
	return texts
}

// plain gives the value without places.
func (n *node) plain() any {
	switch {
	case n == nil:
		return nil
	case n.object:
		object := map[string]any{}
		for name, field := range n.fields {
			object[name] = field.plain()
		}
		return object
	case n.list:
		list := make([]any, 0, len(n.items))
		for _, item := range n.items {
			list = append(list, item.plain())
		}
		return list
	}
	return n.value
}

// longestShown is how many characters of a value are shown.
const longestShown = 120

// shown gives a value for people: a text as it is, all else as JSON.
func (n *node) shown() string {
	text, is := n.plain().(string)
	if !is {
		encoded, _ := json.Marshal(n.plain()) // what was read from JSON's values
		text = string(encoded)
	}
	return report.Shorten(text, longestShown)
}

func same(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(a.plain(), b.plain())
}

// keys are the names of the fields of either.
func keys(a, b *node) []string {
	names := map[string]bool{}
	for _, n := range []*node{a, b} {
		if n != nil {
			for name := range n.fields {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// place is where people look: in the new document, where it still has it.
func place(before, after *node) string {
	if after != nil {
		return after.at
	}
	return before.at
}

// edit sets a value of a tree, or takes it away where there is none.
type edit struct {
	way   []string
	value func() any // asked only of changes that are shown to oasdiff
}

func editFor(before, after *node) edit {
	if after == nil {
		return edit{way: before.way}
	}
	return edit{after.way, after.plain}
}

// apply carries the edit out where the tree has a place for it.
func (e edit) apply(tree map[string]any) {
	for i, key := range e.way {
		if i < len(e.way)-1 {
			next, is := tree[key].(map[string]any)
			if !is {
				return
			}
			tree = next
			continue
		}
		if e.value == nil {
			delete(tree, key)
		} else {
			tree[key] = stripped(e.value(), e.way)
		}
	}
}
