package breaking

import (
	"cmp"
	"slices"
	"strings"
)

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
	at, to := cmp.Or(before, after), cmp.Or(after, before)
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
		case c.common(key, b, a):
		case key == "scheme" && strings.EqualFold(b.text(), a.text()):
		case key == "bearerFormat":
			c.say("note-changed", "nobody", b, a, "bearerFormat %s", became(b, a))
		default:
			c.say("security-scheme-changed", "both must change", b, a, "%s of the security scheme %s %s", key, name, became(b, a))
		}
	}
}
