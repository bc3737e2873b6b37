package breaking

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// contradictions tells where the new document does not agree with itself, and the old one did, or where its words are behind
// the change.
func (c *comparison) contradictions() {
	before := map[string]bool{}
	for _, old := range c.old.contradictions() {
		before[old.what] = true
	}
	for _, found := range c.new.contradictions() {
		if !before[found.what] {
			c.contradict(found.id, found.at, found.what)
		}
	}
	c.outdated()
}

func (c *comparison) contradict(id, at, what string) {
	c.add(Change{ID: id, Where: at, What: what, Effects: judge("contradiction")})
}

// contradiction is a point on which a document does not agree with itself.
type contradiction struct{ id, at, what string }

// contradictions are all of a document.
func (d *Document) contradictions() []contradiction {
	var found []contradiction
	say := func(id string, at *node, what string, args ...any) {
		where := "#"
		if at != nil {
			where = at.at
		}
		found = append(found, contradiction{id, where, fmt.Sprintf(what, args...)})
	}
	for _, problem := range d.problems {
		say("contract-unreadable", nil, "the suite and the mock cannot be built from it: %s", problem)
	}
	d.incomplete(say)
	d.contradictingRules(say)
	d.contradictingPoints(say)
	d.contradictingErrors(say)
	states, aliases := d.states(), d.root.get("components", "schemas", "SnapshotState", "x-aliases")
	for _, name := range keys(aliases, nil) {
		if to := aliases.get(name).text(); !slices.Contains(states, to) {
			say("dangling", aliases, "%s is another name for the state %s, which is not there", name, to)
		}
	}
	contradictingSchemas(d.root.get("components", "schemas"), say)
	return found
}

// members are those that each entry of a list has to have.
var members = map[string][]string{
	"x-rules":        {"id", "level", "statement", "source"},
	"x-caller-rules": {"id", "level", "statement", "source"},
	"x-sources":      {"id", "title", "binding"},
	"x-errors":       {"role", "code", "status"},
	"x-ambiguities":  {"id", "question", "documents", "reading", "reason", "rules"},
	"x-silences":     {"id", "about", "question"},
}

// incomplete finds entries that lack something.
func (d *Document) incomplete(say saying) {
	for _, list := range slices.Sorted(maps.Keys(members)) {
		for i, entry := range items(d.root.get(list)) {
			for _, member := range members[list] {
				if value := entry.get(member); value == nil || value.list && len(value.items) == 0 || value.plain() == "" || value.plain() == nil {
					say("incomplete", entry, "entry %d of %s has no %s", i+1, list, member)
				}
			}
		}
	}
}

type saying func(id string, at *node, what string, args ...any)

// contradictingRules holds rules against each other and against the documents behind them.
func (d *Document) contradictingRules(say saying) {
	sources := byKey(d.root.get("x-sources"), "id")
	ambiguities := byKey(d.root.get("x-ambiguities"), "id")
	seen := map[string]bool{}
	for _, list := range []string{"x-rules", "x-caller-rules"} {
		for _, rule := range items(d.root.get(list)) {
			id, level := rule.get("id").text(), rule.get("level").text()
			if seen[id] {
				say("rule-id-twice", rule, "the id %s is there twice", id)
			}
			seen[id] = true
			if !slices.Contains(levels, level) {
				say("rule-level-unknown", rule, "%s has the level %q, which is none of %s", id, level, strings.Join(levels, ", "))
			}
			if list == "x-caller-rules" && level == string(contract.Note) {
				say("rule-level-unknown", rule, "%s is a rule for callers and binds nobody: it is %s", id, level)
			}
			if about := rule.get("about").text(); about != "" && ambiguities.of[about] == nil {
				say("dangling", rule, "%s is about the ambiguity %s, which is not there", id, about)
			}
			var backing []string
			for _, source := range rule.get("source").texts() {
				name, _, _ := strings.Cut(source, " ")
				if sources.of[name] == nil {
					say("dangling", rule, "%s comes from the document %s, which is not in x-sources", id, name)
				}
				backing = append(backing, sources.of[name].get("binding").text())
			}
			backed := slices.Contains(backing, string(contract.Must))
			if list == "x-rules" && level == string(contract.Must) && !backed {
				say("rule-not-backed", rule, "%s is MUST, and no document behind it is", id)
			}
			if list == "x-rules" && level == string(contract.Should) && backed {
				say("rule-not-backed", rule, "%s is SHOULD, and a document behind it is MUST", id)
			}
			if list == "x-rules" && level == string(contract.Should) && !backed && !slices.Contains(backing, level) {
				say("rule-not-backed", rule, "%s is SHOULD, and no document behind it is", id)
			}
		}
	}
}

// contradictingPoints holds ambiguities and silences against what they name.
func (d *Document) contradictingPoints(say saying) {
	rules := byKey(d.root.get("x-rules"), "id")
	ambiguities := byKey(d.root.get("x-ambiguities"), "id")
	if len(rules.names) == 0 {
		return // that there are none is told; not that each is missed
	}
	for _, ambiguity := range items(d.root.get("x-ambiguities")) {
		for _, id := range ambiguity.get("rules").texts() {
			if rules.of[id] == nil {
				say("dangling", ambiguity, "the ambiguity %s is behind the rule %s, which is not there", ambiguity.get("id").text(), id)
			}
		}
	}
	for _, silence := range items(d.root.get("x-silences")) {
		id := silence.get("id").text()
		if about := silence.get("about").text(); about != "" && ambiguities.of[about] == nil {
			say("dangling", silence, "the silence %s is about the ambiguity %s, which is not there", id, about)
		}
		switch rule := silence.get("rule").text(); {
		case rule == "":
		case rules.of[rule] == nil:
			say("dangling", silence, "the silence %s is recorded by the rule %s, which is not there", id, rule)
		case rules.of[rule].get("level").text() != string(contract.Note):
			say("silence-settled", silence, "the silence %s is recorded by the rule %s, which leaves no choice: it is %s", id, rule, rules.of[rule].get("level").text())
		}
	}
}

// contradictingErrors holds the two lists of codes against each other.
func (d *Document) contradictingErrors(say saying) {
	enum := d.root.get("components", "schemas", "ErrorCode", "enum")
	codes, roles := map[string]bool{}, map[string]bool{}
	var meant []string
	for _, entry := range items(d.root.get("x-errors")) {
		code, role := entry.get("code").text(), entry.get("role").text()
		if codes[code] {
			say("code-twice", entry, "the code %s is there twice", code)
		}
		if roles[role] {
			say("code-twice", entry, "the role %s is there twice", role)
		}
		codes[code], roles[role] = true, true
		meant = append(meant, code)
	}
	if enum == nil || len(meant) == 0 {
		return
	}
	for _, code := range without(enum.texts(), meant) {
		say("code-lists-differ", enum, "ErrorCode has %s, and x-errors has not", code)
	}
	for _, code := range without(meant, enum.texts()) {
		say("code-lists-differ", enum, "x-errors has %s, and ErrorCode has not", code)
	}
}

// contradictingSchemas finds bounds that nothing fits, and names in generated code that fit no list.
func contradictingSchemas(n *node, say saying) {
	if n == nil {
		return
	}
	for i, key := range atLeast {
		least, isLeast := n.get(key).number()
		most, isMost := n.get(atMost[i]).number()
		if isLeast && isMost && least > most {
			say("bounds-cross", n, "nothing fits: %s is %s and %s %s", key, figure(least), atMost[i], figure(most))
		}
	}
	if names, values := n.get(enumNames).texts(), n.get("enum").texts(); len(names) > 0 && len(names) != len(values) {
		say("names-differ", n, "there are %d values and %d names for them in generated code", len(values), len(names))
	}
	for _, key := range keys(n, nil) {
		contradictingSchemas(n.fields[key], say)
	}
}

// outdated finds words that still name what has changed: a limit, a code, a state.
func (c *comparison) outdated() {
	var gone []string
	if was, is := limit(c.old), limit(c.new); was != is {
		gone = append(gone, without([]string{figure(was), figure(was + 1)}, append(c.new.statuses(), figure(is), figure(is+1)))...)
	}
	for _, list := range []func(d *Document) []string{
		func(d *Document) []string { return byKey(d.root.get("x-errors"), "code").names },
		(*Document).states,
	} {
		gone = append(gone, without(list(c.old), list(c.new))...)
	}
	gone = slices.DeleteFunc(gone, func(word string) bool { return word == "" || len(word) > 100 })
	if gone = gone[:min(len(gone), 50)]; len(gone) == 0 { // as many as anybody looks for
		return
	}
	for i, word := range gone {
		gone[i] = regexp.QuoteMeta(word)
	}
	named := regexp.MustCompile(`\b(` + strings.Join(gone, "|") + `)\b`)
	for _, list := range []string{"x-rules", "x-caller-rules", "x-ambiguities"} {
		for _, entry := range items(c.new.root.get(list)) {
			for _, member := range []string{"statement", "reading"} {
				text := entry.get(member).text()
				if word := named.FindString(text); word != "" {
					c.say("words-outdated", "outdated", nil, entry.get(member), "%s still says %s: %s", entry.get("id").text(), word, text).edits = nil
				}
			}
		}
	}
}

// statuses are those of answers, which rules name as well.
func (d *Document) statuses() []string {
	var all []string
	for _, path := range keys(d.root.get("paths"), nil) {
		all = append(all, keys(d.root.get("paths", path, "post", "responses"), nil)...)
	}
	return all
}

// limit is how many snapshots a call may name.
func limit(d *Document) float64 {
	for _, path := range keys(d.root.get("paths"), nil) {
		for _, method := range methods {
			content := d.root.get("paths", path, method, "requestBody", "content")
			for _, media := range keys(content, nil) {
				if number, is := content.get(media, "schema", "properties", contract.FieldSnapshotIDs, "maxItems").number(); is {
					return number
				}
			}
		}
	}
	return 0
}
