package breaking

import (
	"cmp"
	"fmt"
	"net/url"
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
		case same(b, a):
		case key == "description" || key == "title" || key == "summary":
			c.wording(b, a)
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say("note-changed", "nobody", b, a, "info.%s %s", key, became(b, a))
		}
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
		case same(b, a), key == "servers":
		case key == "description" || key == "summary":
			c.wording(b, a)
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
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
		case same(b, a), key == "security", key == "parameters", key == "servers":
		case key == "responses":
			c.responses(b, a)
		case key == "operationId":
			c.say("operation-id-changed", "generated name", b, a, "operationId %s", became(b, a))
		case key == "requestBody":
			c.body(b, a)
		case key == "deprecated":
			if b.flag() != a.flag() {
				c.say("deprecated-changed", "deprecated", b, a, "deprecated %s", became(b, a))
			}
		case key == "description" || key == "summary":
			c.wording(b, a)
		case key == "tags" || key == "externalDocs":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say(kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

// parameters compares them by place and name, and finds one that has another name now by its role.
func (c *comparison) parameters(before, after *node) {
	roles := map[string]*node{}
	for _, name := range keys(nil, after) {
		if role := after.get(name, "x-role").text(); role != "" && before.get(name) == nil {
			roles[role] = after.get(name)
		}
	}
	renamed := map[*node]bool{}
	for _, name := range keys(before, nil) {
		b, a := before.get(name), after.get(name)
		if to := roles[b.get("x-role").text()]; a == nil && to != nil {
			renamed[to] = true
			c.say("header-renamed", "both must change", b, to, "the %s %s is called %s now", b.get("in").text(), b.get("name").text(), to.get("name").text()).edits = []edit{
				editFor(b, nil), editFor(nil, to),
			}
			c.parameter(b, to)
			continue
		}
		if a == nil {
			judgement := "optional header removed"
			if b.get("required").flag() {
				judgement = "required header removed"
			}
			c.say("header-removed", judgement, b, a, "the %s %s is removed", b.get("in").text(), b.get("name").text())
			continue
		}
		c.parameter(b, a)
	}
	for _, name := range keys(nil, after) {
		a := after.get(name)
		if before.get(name) != nil || renamed[a] {
			continue
		}
		if a.get("required").flag() {
			c.say("header-added", "request narrower", nil, a, "the %s %s is added, and is required", a.get("in").text(), a.get("name").text())
		} else {
			c.say("header-added", "optional header added", nil, a, "the %s %s is added, and may be left out", a.get("in").text(), a.get("name").text())
		}
	}
}

func (c *comparison) parameter(before, after *node) {
	name := after.get("name").text()
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a), unsaid(key, b) && unsaid(key, a):
		case key == "name":
			if strings.EqualFold(b.text(), a.text()) {
				c.say("header-respelled", "nobody", b, a, "the header %s is spelled %s now", b.text(), a.text())
			}
		case key == "schema" && b != nil && a != nil:
			c.schema(b, a, request)
		case key == "required":
			switch {
			case a.flag() && !b.flag():
				c.say("header-required", "request narrower", b, a, "%s is required", name)
			case b.flag() && !a.flag():
				c.say("header-optional", "header optional", b, a, "%s is not required any more", name)
			}
		case key == "description":
			c.wording(b, a)
		case key == "example" || key == "examples":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case key == "deprecated":
			if b.flag() != a.flag() {
				c.say("deprecated-changed", "deprecated", b, a, "deprecated %s", became(b, a))
			}
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say("header-"+kebab(key)+"-changed", "request other", b, a, "%s of %s %s", key, name, became(b, a))
		}
	}
}

// unsaid tells whether a parameter has a keyword as it goes without saying.
func unsaid(key string, n *node) bool {
	switch key {
	case "style":
		return n == nil || n.text() == "simple" // of headers, and of parts of the path
	case "explode", "allowReserved", "allowEmptyValue":
		return !n.flag()
	}
	return false
}

func (c *comparison) body(before, after *node) {
	if before == nil || after == nil {
		c.say("request-body-changed", "request other", before, after, "the body %s", became(before, after))
		return
	}
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "content":
			c.content(b, a, request)
		case key == "required":
			switch {
			case a.flag() && !b.flag():
				c.say("request-body-required", "request narrower", b, a, "the body is required")
			case b.flag() && !a.flag():
				c.say("request-body-optional", "request wider", b, a, "the body is not required any more")
			}
		case key == "description":
			c.wording(b, a)
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say("request-body-"+kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

func (c *comparison) content(before, after *node, d direction) {
	for _, media := range keys(before, after) {
		b, a := before.get(media), after.get(media)
		switch {
		case same(b, a):
		case b == nil:
			c.say(string(d)+"-content-type-added", d.judgement(wider), b, a, "the content type %s is added", media)
		case a == nil:
			c.say(string(d)+"-content-type-removed", d.judgement(narrower), b, a, "the content type %s is removed", media)
		default:
			c.media(b, a, d)
		}
	}
}

func (c *comparison) media(before, after *node, d direction) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "schema" && b != nil && a != nil:
			c.schema(b, a, d)
		case key == "schema":
			c.there("schema", b, a, narrower, d)
		case key == "examples":
			c.shownExamples(b, a)
		case key == "example":
			c.say("example-changed", "nobody", b, a, "the example %s", became(b, a))
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say(string(d)+"-"+kebab(key)+"-changed", d.judgement(other), b, a, "%s %s", key, became(b, a))
		}
	}
}

// shownExamples tells which examples are new, gone or different. Whether they fit is asked elsewhere.
func (c *comparison) shownExamples(before, after *node) {
	for _, name := range keys(before, after) {
		b, a := before.get(name), after.get(name)
		switch {
		case same(b, a):
		case b == nil:
			c.say("example-added", "nobody", b, a, "the example %s is added", name)
		case a == nil:
			c.say("example-removed", "nobody", b, a, "the example %s is removed", name)
		case same(b.get("value"), a.get("value")) && same(b.get("x-population"), a.get("x-population")):
			c.say("wording-changed", "nobody", b, a, "the words about the example %s are changed", name)
		default:
			c.say("example-changed", "nobody", b, a, "the example %s is changed", name)
		}
	}
}

func (c *comparison) responses(before, after *node) {
	for _, status := range keys(before, after) {
		b, a := before.get(status), after.get(status)
		switch {
		case same(b, a):
		case strings.HasPrefix(status, "x-"):
			c.extension(status, b, a)
		case b == nil && strings.HasPrefix(status, "2"):
			c.say("success-status-added", "response wider", b, a, "an answer with status %s is added", status)
		case b == nil:
			c.say("failure-status-added", "failure status added", b, a, "an answer with status %s is added", status)
			c.shapes(cover(status, before).get("content"), a.get("content"))
		case a == nil:
			c.say("status-removed", "status removed", b, a, "the answer with status %s is removed", status)
		default:
			c.answer(b, a)
		}
	}
}

// cover gives the answer under which a status is found that has no entry of its own.
func cover(status string, responses *node) *node {
	if status == "default" || status == "" {
		return nil
	}
	if byClass := responses.get(status[:1] + "XX"); byClass != nil && !strings.HasSuffix(status, "XX") {
		return byClass
	}
	return responses.get("default")
}

// shapes compares what an answer is like with what it was like under another status.
func (c *comparison) shapes(before, after *node) {
	for _, media := range keys(before, after) {
		if b, a := before.get(media, "schema"), after.get(media, "schema"); b != nil && a != nil {
			c.schema(b, a, response)
		}
	}
}

func (c *comparison) answer(before, after *node) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "content":
			c.content(b, a, response)
		case key == "headers":
			c.headers(b, a)
		case key == "description":
			c.wording(b, a)
		case key == "links":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say("response-"+kebab(key)+"-changed", "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

// headers compares those of answers.
func (c *comparison) headers(before, after *node) {
	for _, name := range keys(before, after) {
		b, a := before.get(name), after.get(name)
		switch {
		case same(b, a):
		case b == nil && !a.get("required").flag():
			c.say("response-header-added", "optional answer header added", b, a, "answers may have the header %s", name)
		case b == nil:
			c.say("response-header-added", "response narrower", b, a, "answers have the header %s", name)
		case a == nil:
			c.say("response-header-removed", "response wider", b, a, "the header %s of answers is removed", name)
		case same(b.get("schema"), a.get("schema")) && b.get("required").flag() && !a.get("required").flag():
			c.say("response-header-optional", "response wider", b, a, "answers may lack the header %s", name)
		case same(b.get("schema"), a.get("schema")) && a.get("required").flag() && !b.get("required").flag():
			c.say("response-header-required", "response narrower", b, a, "answers have to have the header %s", name)
		case b.get("schema") != nil && a.get("schema") != nil && !same(b.get("schema"), a.get("schema")):
			c.schema(b.get("schema"), a.get("schema"), response)
		default:
			c.say("response-header-changed", "nobody", b, a, "what is said of the header %s of answers is changed", name)
		}
	}
}

// effective gives what an operation demands of those who ask: its own list, or else the document's.
func effective(operation, root *node) *node {
	if own := operation.get("security"); own != nil {
		return own
	}
	return root.get("security")
}

// security compares the ways to prove who asks, of which one is enough.
func (c *comparison) security(before, after *node) {
	b, a := ways(before), ways(after)
	at, to := orEmpty(before, after), orEmpty(after, before)
	for i, way := range b {
		if now := c.renamedScheme(way); now != "" {
			b[i] = now
		}
	}
	switch removed, added := without(b, a), without(a, b); {
	case len(removed) == 0 && len(added) == 0:
	case slices.Equal(b, []string{""}):
		c.say("security-required", "security required", at, to, "a request has to prove who asks, by %s", strings.Join(a, ", or by "))
	case slices.Equal(a, []string{""}):
		c.say("security-dropped", "security dropped", at, to, "a request need not prove who asks; it had to, by %s", strings.Join(b, ", or by "))
	default:
		for _, way := range removed {
			c.say("security-removed", "security required", at, to, "a request that proves who asks by %s is not enough any more", spelledWay(way))
		}
		for _, way := range added {
			c.say("security-added", "request wider", at, to, "a request that proves who asks by %s is enough", spelledWay(way))
		}
	}
}

func spelledWay(way string) string {
	if way == "" {
		return "nothing"
	}
	return way
}

// ways spells each out; the empty one is no proof at all.
func ways(security *node) []string {
	if security == nil || len(security.items) == 0 {
		return []string{""}
	}
	var all []string
	for _, item := range security.items {
		var schemes []string
		for _, name := range keys(nil, item) {
			schemes = append(schemes, strings.Join(append([]string{name}, item.get(name).texts()...), " "))
		}
		all = append(all, strings.Join(schemes, " and "))
	}
	return all
}

// serving gives where an operation is served: at the addresses of its own, of its path, or of the document.
func serving(operation, path, root *node) *node {
	for _, n := range []*node{operation, path} {
		if own := n.get("servers"); own != nil {
			return own
		}
	}
	return root.get("servers")
}

// byAddress is a list of servers. Case makes no difference in a host, nor a slash at the end.
func byAddress(servers *node) keyedList {
	list := keyedList{of: map[string]*node{}}
	for _, item := range items(servers) {
		name := cmp.Or(strings.TrimSuffix(item.get("url").text(), "/"), "/")
		if address, err := url.Parse(name); err == nil {
			name = strings.Replace(name, address.Host, strings.ToLower(address.Host), 1)
		}
		if list.of[name] == nil {
			list.names = append(list.names, name)
			list.of[name] = item
		}
	}
	return list
}

// addresses compares where something is served.
func (c *comparison) addresses(before, after *node) (b, a keyedList) {
	b, a = byAddress(before), byAddress(after)
	for _, address := range b.names {
		if a.of[address] == nil {
			c.say("server-removed", "server removed", b.of[address], after, "the server %s is removed", address)
		}
	}
	for _, address := range a.names {
		if b.of[address] == nil {
			c.say("server-added", "server added", before, a.of[address], "the server %s is added", address)
		}
	}
	return b, a
}

// servers compares where the API is, and what else is said of that.
func (c *comparison) servers(before, after *node) {
	b, a := c.addresses(before, after)
	if len(b.names) > 0 && len(a.names) > 0 && b.names[0] != a.names[0] {
		if a.of[b.names[0]] != nil {
			c.say("first-server-changed", "current version", before, after, "the first server, which stands for the public endpoint, is %s in place of %s", a.names[0], b.names[0])
		}
		c.unguarded(b.of[b.names[0]], a.of[a.names[0]])
	}
	for i, address := range a.names {
		was := b.of[address]
		if was == nil && i == 0 && len(b.names) > 0 {
			was = b.of[b.names[0]] // extensions of the server that this one takes the place of
			c.serverExtensions(was, a.of[address])
			continue
		}
		if was == nil {
			continue
		}
		c.serverExtensions(was, a.of[address])
		for _, key := range []string{"description", "variables"} {
			if x, y := was.get(key), a.of[address].get(key); !same(x, y) && key == "description" {
				c.wording(x, y)
			} else if !same(x, y) {
				c.say("server-variables-changed", "server removed", x, y, "%s %s", key, became(x, y))
			}
		}
	}
}

// unguarded tells whether the suite would delete without asking where the public endpoint was.
func (c *comparison) unguarded(before, after *node) {
	was, err := url.Parse(before.get("url").text())
	if err != nil {
		return
	}
	is, err := url.Parse(after.get("url").text())
	if err == nil && !strings.EqualFold(was.Host, is.Host) && !below(strings.ToLower(was.Hostname()), after.get("x-production-domains").texts()) {
		c.say("production-host-removed", "production host dropped", before, after, "%s was the public endpoint, and is not said to be in production any more", was.Host)
	}
}

func (c *comparison) serverExtensions(before, after *node) {
	for _, key := range keys(before, after) {
		if b, a := before.get(key), after.get(key); strings.HasPrefix(key, "x-") && !same(b, a) {
			c.extension(key, b, a)
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

// renamedScheme gives the new name of a way to prove who asks that is called something else now, and is the same.
func (c *comparison) renamedScheme(name string) string {
	b, a := c.old.root.get("components", "securitySchemes"), c.new.root.get("components", "securitySchemes")
	if b.get(name) == nil || a.get(name) != nil {
		return ""
	}
	for _, other := range keys(nil, a) {
		if b.get(other) == nil && same(b.get(name), a.get(other)) {
			c.mooted = append(c.mooted, "security")
			return other
		}
	}
	return ""
}

// scheme compares one way to prove who asks.
func (c *comparison) scheme(name string, before, after *node) {
	if now := c.renamedScheme(name); now != "" {
		c.say("security-scheme-renamed", "schema name", before, nil, "the security scheme %s is called %s now", name, now).edits = nil
		return
	}
	switch {
	case before == nil:
		c.say("security-scheme-added", "nobody", before, after, "the security scheme %s is added", name)
		return
	case after == nil:
		c.say("security-scheme-removed", "both must change", before, after, "the security scheme %s is removed", name)
		return
	}
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "description":
			c.wording(b, a)
		case key == "scheme" && strings.EqualFold(b.text(), a.text()):
		case key == "bearerFormat":
			c.say("note-changed", "nobody", b, a, "bearerFormat %s", became(b, a))
		case strings.HasPrefix(key, "x-"):
			c.extension(key, b, a)
		default:
			c.say("security-scheme-changed", "both must change", b, a, "%s of the security scheme %s %s", key, name, became(b, a))
		}
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
