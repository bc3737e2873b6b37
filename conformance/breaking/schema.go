package breaking

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// direction tells who writes the values of a schema, and so whom it hurts when fewer or more of them are permitted.
type direction string

const (
	request  direction = "request"  // callers write
	response direction = "response" // implementers write
)

// move tells what becomes of the set of values that a schema permits.
type move string

const (
	narrower move = "narrower"
	wider    move = "wider"
	other    move = "other" // neither can be told
)

// judgement is the table's entry for a move.
func (d direction) judgement(m move) string { return string(d) + " " + string(m) }

// The keywords of schemas, by how their values compare.
var (
	atMost  = []string{"maxItems", "maxLength", "maximum", "maxProperties"} // less is narrower
	atLeast = []string{"minItems", "minLength", "minimum", "minProperties"} // more is narrower
	flags   = map[string]move{                                              // what setting them does
		"nullable": wider, "uniqueItems": narrower, "exclusiveMinimum": narrower, "exclusiveMaximum": narrower,
	}
	forms = []string{"pattern", "format", "multipleOf", "const"}        // there or not; two cannot be compared
	mixed = []string{"allOf", "anyOf", "oneOf", "not", "discriminator"} // no direction can be told
	// Who writes a member that is only for the other side leaves it out.
	sides = map[string]direction{"readOnly": request, "writeOnly": response}
	aside = []string{"example", "examples", "externalDocs", "title", "xml", "$schema"} // for people, and for tools of theirs
)

// schema compares two schemas that are both there.
func (c *comparison) schema(before, after *node, d direction) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		if key == "properties" {
			c.members(before, after, d)
			continue
		}
		if !same(b, a) && (moot(key, b, before) || moot(key, a, after)) {
			c.mooted = append(c.mooted, "-"+kebab(key)+"-")
			continue
		}
		if same(b, a) || key == "type" && b != nil && a != nil && slices.Equal(types(before), types(after)) {
			continue
		}
		switch {
		case key == "type":
			c.setOf(key, b, a, types(before), types(after), d)
		case key == "enum":
			c.setOf(key, b, a, b.texts(), a.texts(), d)
		case key == "required":
			c.required(before, after, d)
		case key == "items" && b != nil && a != nil:
			c.schema(b, a, d)
		case key == "items":
			c.there(key, b, a, narrower, d)
		case key == "additionalProperties":
			c.additional(b, a, d)
		case key == "default":
			c.say(string(d)+"-default-changed", string(d)+" default", b, a, "default %s", became(b, a))
		case slices.Contains(atMost, key):
			c.bound(key, b, a, bound(b, math.Inf(1)), bound(a, math.Inf(1)), d)
		case slices.Contains(atLeast, key):
			least := 0.0
			if key == "minimum" {
				least = math.Inf(-1)
			}
			c.bound(key, b, a, -bound(b, least), -bound(a, least), d)
		case flags[key] != "" && (numeric(b) || numeric(a)): // as OpenAPI 3.1 has it
			c.say(fmt.Sprintf("%s-%s-changed", d, kebab(key)), d.judgement(other), b, a, "%s %s", key, became(b, a))
		case flags[key] != "":
			if b.flag() != a.flag() {
				c.there(key, on(b), on(a), flags[key], d)
			}
		case sides[key] != "" && b.flag() == a.flag():
		case sides[key] == d:
			c.say(fmt.Sprintf("%s-%s-changed", d, kebab(key)), d.judgement(other), b, a, "%s %s", key, became(b, a))
		case sides[key] != "":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case slices.Contains(forms, key):
			c.there(key, b, a, narrower, d)
		case slices.Contains(mixed, key):
			c.say(fmt.Sprintf("%s-%s-changed", d, kebab(key)), d.judgement(other), b, a, "%s %s", key, became(b, a))
		case key == "deprecated":
			c.deprecated(b, a)
		case slices.Contains(aside, key):
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case key == enumNames:
			c.varnames(before, after)
		case c.common(key, b, a):
		default:
			c.say(fmt.Sprintf("%s-%s-changed", d, kebab(key)), "unknown keyword", b, a, "%s %s", key, became(b, a))
		}
	}
}

// types are those that a schema permits.
func types(schema *node) []string {
	n := schema.get("type")
	switch {
	case n == nil:
		return nil
	case n.list:
		return n.texts()
	}
	return []string{n.text()}
}

// bound gives a number, or what holds without one.
func bound(n *node, without float64) float64 {
	if number, is := n.number(); is {
		return number
	}
	return without
}

// bound compares what is permitted at the most; of lower bounds, it gets the negative.
func (c *comparison) bound(key string, b, a *node, before, after float64, d direction) {
	if before == after {
		return
	}
	m := wider
	if after < before {
		m = narrower
	}
	verb := "raised"
	switch was, is := bound(b, 0), bound(a, 0); {
	case b == nil:
		verb = "added"
	case a == nil:
		verb = "removed"
	case is < was:
		verb = "lowered"
	}
	c.say(fmt.Sprintf("%s-%s-%s", d, kebab(key), verb), c.bounded(key, b, a, d, m), b, a, "%s %s", key, became(b, a))
}

// bounded finds the entry for a bound: some have rules of their own.
func (c *comparison) bounded(key string, b, a *node, d direction, m move) string {
	if own := d.judgement(m) + " " + key; d == request && len(judgements[own]) > 0 {
		return own
	}
	way := cmp.Or(a, b).way
	if last := len(way) - 1; d == request && last > 2 && way[last-1] == "items" && way[last-2] == contract.FieldSnapshotIDs {
		return "ids " + string(m)
	}
	return d.judgement(m)
}

func numeric(n *node) bool {
	_, is := n.number()
	return is
}

// there compares what limits values, or frees them, by being there.
func (c *comparison) there(key string, b, a *node, set move, d direction) {
	m, verb := other, "changed"
	switch {
	case b == nil:
		m, verb = set, "added"
	case a == nil:
		m, verb = opposite(set), "removed"
	}
	c.say(fmt.Sprintf("%s-%s-%s", d, kebab(key), verb), c.bounded(key, b, a, d, m), b, a, "%s %s", key, became(b, a))
}

func opposite(m move) move {
	if m == narrower {
		return wider
	}
	return narrower
}

// setOf compares lists of what is permitted, where none permits all.
func (c *comparison) setOf(key string, b, a *node, before, after []string, d direction) {
	if b == nil || a == nil {
		c.there(key, b, a, narrower, d)
		return
	}
	if key == "type" {
		c.typed(b, a, before, after, d)
		return
	}
	for _, value := range without(after, before) {
		c.say(string(d)+"-"+key+"-value-added", d.judgement(wider), b, a, "the value %s is added", value).edits = []edit{{b.way, with(b, a, value)}}
	}
	for _, value := range without(before, after) {
		c.say(string(d)+"-"+key+"-value-removed", d.judgement(narrower), b, a, "the value %s is removed", value).edits = []edit{{b.way, with(b, nil, value)}}
	}
	if slices.Equal(slices.Sorted(slices.Values(before)), slices.Sorted(slices.Values(after))) && before[0] != after[0] && c.roleOf(a) == "version" {
		c.say("current-version-changed", "current version", b, a, "the current version, which stands first, is %s in place of %s", after[0], before[0])
	}
}

// roleOf gives the role of the header in which a list of values stands.
func (c *comparison) roleOf(n *node) string {
	if len(n.way) < 2 {
		return ""
	}
	return c.new.root.get(n.way[:len(n.way)-2]...).get("x-role").text()
}

// with gives a list with the one value that another list has, or without it where there is no other.
func with(n, from *node, value string) func() any {
	return func() any {
		list := []any{}
		for _, item := range items(n) {
			if item.shown() != value {
				list = append(list, item.plain())
			}
		}
		for _, item := range items(from) {
			if item.shown() == value {
				list = append(list, item.plain())
			}
		}
		return list
	}
}

func (c *comparison) typed(b, a *node, before, after []string, d direction) {
	m := other
	switch {
	case within(before, after):
		m = wider
	case within(after, before):
		m = narrower
	}
	c.say(string(d)+"-type-changed", d.judgement(m), b, a, "type %s", became(b, a))
}

// within tells whether each of the types is among the others. A whole number is a number.
func within(some, all []string) bool {
	for _, name := range some {
		if !slices.Contains(all, name) && !(name == "integer" && slices.Contains(all, "number")) {
			return false
		}
	}
	return true
}

// required compares which members have to be there.
func (c *comparison) required(before, after *node, d direction) {
	b, a := before.get("required"), after.get("required")
	for _, name := range without(a.texts(), b.texts()) {
		if before.get("properties", name) == nil && after.get("properties", name) != nil && before.get("properties") != nil {
			continue // told where the member is new
		}
		c.say(string(d)+"-member-required", d.judgement(narrower), cmp.Or(b, a), a, "%s is required", name)
	}
	for _, name := range without(b.texts(), a.texts()) {
		if before.get("properties", name) != nil && after.get("properties", name) == nil && after.get("properties") != nil {
			continue // told where the member is gone
		}
		c.say(string(d)+"-member-optional", d.judgement(wider), b, a, "%s is not required any more", name)
	}
}

// members compares those of objects.
func (c *comparison) members(before, after *node, d direction) {
	b, a := before.get("properties"), after.get("properties")
	for _, name := range keys(b, a) {
		was, is := b.get(name), a.get(name)
		required := after.get("required")
		switch {
		case was != nil && is != nil:
			c.schema(was, is, d)
		case was == nil && b != nil && slices.Contains(required.texts(), name):
			c.say(string(d)+"-member-added", d.judgement(narrower), was, is, "the member %s is added, and is required", name).edits = []edit{
				editFor(was, is), editFor(nil, required),
			}
		case was == nil:
			c.say(string(d)+"-member-added", string(d)+" member added", was, is, "the member %s is added", name)
		default:
			c.say(string(d)+"-member-removed", string(d)+" member removed", was, is, "the member %s is removed", name)
		}
	}
}

// moot tells whether a bound is missing where values are listed, so that it would say nothing more.
func moot(key string, bound, schema *node) bool {
	return bound == nil && schema.get("enum") != nil && limits(key)
}

// limits tells whether a keyword is a bound.
func limits(key string) bool {
	return slices.Contains(atMost, key) || slices.Contains(atLeast, key) || slices.Contains(forms, key)
}

// additional compares what is said of members that are not described.
func (c *comparison) additional(b, a *node, d direction) {
	if b != nil && a != nil && b.object && a.object {
		c.schema(b, a, d)
		return
	}
	before, after := strictness(b), strictness(a)
	if before == after {
		return
	}
	m, verb := narrower, "closed"
	if after < before {
		m, verb = wider, "opened"
	}
	c.say(string(d)+"-additional-properties-"+verb, c.bounded("additionalProperties", b, a, d, m), b, a, "additionalProperties %s", became(b, a))
}

// strictness puts the forms of additionalProperties in order: everything, what a schema permits, nothing.
func strictness(n *node) int {
	switch {
	case n == nil || n.flag() || n.object && len(n.fields) == 0:
		return 0
	case n.object:
		return 1
	}
	return 2
}

// on gives a flag that is set, and nothing for one that is not.
func on(n *node) *node {
	if !n.flag() {
		return nil
	}
	return n
}

// became says what a value was and is.
func became(before, after *node) string {
	switch {
	case before == nil:
		return fmt.Sprintf("is added: %s", after.shown())
	case after == nil:
		return fmt.Sprintf("is removed: it was %s", before.shown())
	}
	return fmt.Sprintf("is %s, and was %s", after.shown(), before.shown())
}

// without gives what only the first list has, each once, in its order.
func without(some, others []string) []string {
	told := map[string]bool{}
	for _, text := range others {
		told[text] = true
	}
	var left []string
	for _, text := range some {
		if !told[text] {
			told[text] = true
			left = append(left, text)
		}
	}
	return left
}

var capital = regexp.MustCompile(`[A-Z]`)

// kebab spells a keyword as ids do.
func kebab(key string) string {
	return cmp.Or(strings.ToLower(capital.ReplaceAllString(strings.TrimPrefix(key, "$"), "-$0")), "keyword")
}
