package breaking

import (
	"fmt"
	"slices"
	"strings"
)

// document compares what OpenAPI knows. Extensions of the whole document are compared elsewhere.
func (c *comparison) document() {
	before, after := c.old.root, c.new.root
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case key == "paths":
			c.paths(b, a)
		case key == "components":
			c.components(b, a)
		case key == "servers":
			c.servers(b, a)
		case strings.HasPrefix(key, "x-"), key == "security" && len(c.operations()) > 0, same(b, a):
		case key == "security":
			c.security(b, a)
		case key == "info":
			c.about(b, a)
		case key == "openapi":
			c.say("openapi-version-changed", "tools", b, a, "the version of OpenAPI %s", became(b, a))
		case key == "tags" || key == "externalDocs":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		default:
			c.say(kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

// about compares what the document says of itself.
func (c *comparison) about(before, after *node) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case c.common(key, b, a):
		case key == "title" || key == "summary":
			c.wording(b, a)
		default:
			c.say("note-changed", "nobody", b, a, "info.%s %s", key, became(b, a))
		}
	}
}

// common compares a member that any part of a document may have: what is the same, words for people, and extensions. It tells
// whether it was one.
func (c *comparison) common(key string, before, after *node) bool {
	switch {
	case same(before, after):
	case key == "description":
		c.wording(before, after)
	case strings.HasPrefix(key, "x-"):
		c.extension(key, before, after)
	default:
		return false
	}
	return true
}

func (c *comparison) deprecated(before, after *node) {
	if before.flag() != after.flag() {
		c.say("deprecated-changed", "deprecated", before, after, "deprecated %s", became(before, after))
	}
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// operations are those that both documents have, as path and method.
func (c *comparison) operations() [][2]string {
	var both [][2]string
	before, after := c.old.root.get("paths"), c.new.root.get("paths")
	for _, path := range keys(before, after) {
		for _, method := range methods {
			if before.get(path, method) != nil && after.get(path, method) != nil {
				both = append(both, [2]string{path, method})
			}
		}
	}
	return both
}

func (c *comparison) paths(before, after *node) {
	for _, path := range keys(before, after) {
		b, a := before.get(path), after.get(path)
		switch {
		case strings.HasPrefix(path, "x-"):
			if !same(b, a) {
				c.extension(path, b, a)
			}
		case b == nil:
			c.say("path-added", "path added", b, a, "the path %s is added", path)
		case a == nil:
			c.say("path-removed", "path removed", b, a, "the path %s is removed%s", path, movedTo(b, before, after))
		default:
			c.path(b, a)
		}
	}
}

// movedTo tells where an operation that is gone is found now.
func movedTo(gone, before, after *node) string {
	const few = 20 // among many paths, each would be looked for among all
	if len(after.fields) > few {
		return ""
	}
	for _, path := range keys(nil, after) {
		if before.get(path) == nil && after.get(path, "post", "operationId").text() == gone.get("post", "operationId").text() {
			return "; its operation is under " + path
		}
	}
	return ""
}

func (c *comparison) path(before, after *node) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case slices.Contains(methods, key) && b == nil:
			c.say("operation-added", "path added", b, a, "the method %s is added", strings.ToUpper(key))
		case slices.Contains(methods, key) && a == nil:
			c.say("operation-removed", "path removed", b, a, "the method %s is removed", strings.ToUpper(key))
		case slices.Contains(methods, key):
			c.operation(b, a, before, after)
		case key == "servers", c.common(key, b, a):
		case key == "summary":
			c.wording(b, a)
		default:
			c.say(kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

func (c *comparison) operation(before, after, path, newPath *node) {
	c.addresses(serving(before, path, c.old.root), serving(after, newPath, c.new.root))
	c.security(effective(before, c.old.root), effective(after, c.new.root))
	c.parameters(before.get("parameters"), after.get("parameters"))
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case key == "security", key == "parameters", key == "servers", c.common(key, b, a):
		case key == "responses":
			c.responses(b, a)
		case key == "operationId":
			c.say("operation-id-changed", "generated name", b, a, "operationId %s", became(b, a))
		case key == "requestBody":
			c.body(b, a)
		case key == "deprecated":
			c.deprecated(b, a)
		case key == "summary":
			c.wording(b, a)
		case key == "tags" || key == "externalDocs":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		default:
			c.say(kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

// components compares what no operation reaches; the rest has been compared where it is used. Names matter to those who
// generate code.
func (c *comparison) components(before, after *node) {
	for _, section := range keys(before, after) {
		b, a := before.get(section), after.get(section)
		if strings.HasPrefix(section, "x-") {
			if !same(b, a) {
				c.extension(section, b, a)
			}
			continue
		}
		for _, name := range keys(b, a) {
			c.component(section, name, b.get(name), a.get(name))
		}
	}
}

func (c *comparison) component(section, name string, before, after *node) {
	switch {
	case section == "securitySchemes":
		c.scheme(name, before, after)
	case section == "schemas" && before == nil:
		c.say("schema-added", "nobody", before, after, "the schema %s is added", name)
	case section == "schemas" && after == nil:
		c.say("schema-removed", "schema name", before, after, "the schema %s is removed, or written out where it was used, or called something else", name)
	case same(before, after):
	case section == "schemas" && name == "SnapshotState":
		c.states(before, after)
	case section == "schemas" && name == "ErrorCode":
		c.codes(before, after)
	case (before == nil || c.old.reached()[before.at]) && (after == nil || c.new.reached()[after.at]): // told where it is used
	default:
		c.say("component-changed", "unused", before, after, "what no operation uses is changed: %s", name)
	}
}

// reachedFrom finds the components that a part of the document uses.
func reachedFrom(n *node, found map[string]bool) {
	if n.ref != "" {
		found[n.ref] = true
	}
	for _, field := range n.fields {
		reachedFrom(field, found)
	}
	for _, item := range slices.Concat(n.items, n.parts) {
		reachedFrom(item, found)
	}
}

// wording notes that words for people are others.
func (c *comparison) wording(before, after *node) {
	if !same(before, after) && plainWords(before.text()) != plainWords(after.text()) {
		c.say("wording-changed", "nobody", before, after, "%s", reworded(before, after))
	}
}

func reworded(before, after *node) string {
	switch {
	case before == nil:
		return "words are added"
	case after == nil:
		return "words are removed"
	}
	return fmt.Sprintf("the words are %q, and were %q", after.shown(), before.shown())
}

// plainWords leaves out how lines are broken.
func plainWords(text string) string { return strings.Join(strings.Fields(text), " ") }
