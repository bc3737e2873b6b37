package breaking

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// extensions compares those of the whole document.
func (c *comparison) extensions() {
	known := map[string]func(before, after *node){
		"x-rules": func(b, a *node) { c.rules("rule", b, a) }, "x-caller-rules": func(b, a *node) { c.rules("caller rule", b, a) },
		"x-errors": c.errors, "x-authentication": c.authentication, "x-sources": c.sources, "x-ambiguities": c.ambiguities, "x-silences": c.silences,
	}
	for _, key := range keys(c.old.root, c.new.root) {
		b, a := c.old.root.get(key), c.new.root.get(key)
		switch {
		case !strings.HasPrefix(key, "x-"), same(b, a):
		case known[key] != nil:
			known[key](b, a)
		default:
			c.extension(key, b, a)
		}
	}
}

// extension compares one that stands somewhere else, and names it where nobody knows what it means.
func (c *comparison) extension(key string, before, after *node) {
	switch key {
	case "x-role":
		if after == nil {
			c.say("role-changed", "role removed", before, after, "the role %s", became(before, after))
			return
		}
		c.say("role-changed", "role", before, after, "the role %s", became(before, after))
	case "x-production-domains":
		c.domains(before, after)
	case "x-usual-pattern":
		c.say("usual-pattern-changed", "usual form", before, after, "the usual form %s", became(before, after))
	default:
		c.say("extension-changed", "extension", before, after, "%s %s", key, became(before, after))
	}
}

// rest names the members of an entry that nobody has compared.
func (c *comparison) rest(p pair, compared ...string) {
	for _, key := range keys(p.before, p.after) {
		if b, a := p.before.get(key), p.after.get(key); !slices.Contains(compared, key) && !same(b, a) {
			c.say("extension-changed", "extension", b, a, "%s %s", key, became(b, a))
		}
	}
}

// rules compares those of one kind. One with the words of an old one is that one, under whatever id.
func (c *comparison) rules(kind string, before, after *node) {
	id := strings.ReplaceAll(kind, " ", "-")
	for _, p := range renumbered(pairs(before, after, by("id", "statement"), by("statement"), by("id"))) {
		b, a := p.before, p.after
		name, level := cmp.Or(a, b).get("id").text(), cmp.Or(a, b).get("level").text()
		switch {
		case b == nil:
			c.say(id+"-added", kind+" added "+level, b, a, "%s, %s, is added: %s", name, level, a.get("statement").text())
			continue
		case a == nil:
			c.say(id+"-dropped", kind+" dropped "+level, b, a, "%s, %s, is dropped: %s", name, level, b.get("statement").text())
			continue
		}
		if was := b.get("id").text(); was != name {
			c.say(id+"-renumbered", kind+" renumbered", b.get("id"), a.get("id"), "%s is called %s now", was, name)
		}
		if was := b.get("level").text(); was != level {
			c.say(id+"-"+leveled(was, level), fmt.Sprintf("%s %s to %s", kind, was, level), b.get("level"), a.get("level"), "%s is %s, and was %s", name, level, was)
		}
		c.statement(id, kind, name, lower(b.get("level").text(), level), b.get("statement"), a.get("statement"))
		for _, member := range []string{"source", "about"} {
			if x, y := b.get(member), a.get(member); !same(x, y) {
				c.say(id+"-source-changed", kind+" source", x, y, "%s: %s %s", name, member, became(x, y))
			}
		}
		c.rest(p, "id", "level", "statement", "source", "about")
	}
}

// mostPaired is how many rules are looked for among the new ones; whoever changes more has written another list.
const mostPaired = 50

// renumbered finds rules that are gone in new ones of their level that say nearly the same.
func renumbered(found []pair) []pair {
	looked := 0
	for i := range found {
		if found[i].after == nil {
			looked++
		}
		if looked > mostPaired {
			break
		}
		for j := range found {
			gone, added := &found[i], found[j]
			if gone.after != nil || added.before != nil || gone.before.get("level").text() != added.after.get("level").text() {
				continue
			}
			if overlap(gone.before.get("statement").text(), added.after.get("statement").text()) >= nearly {
				gone.after = added.after
				found[j] = pair{}
				break
			}
		}
	}
	return slices.DeleteFunc(found, func(p pair) bool { return p == pair{} })
}

var levels = []string{string(contract.Note), string(contract.Should), string(contract.Must)}

func leveled(was, is string) string {
	if slices.Index(levels, is) > slices.Index(levels, was) {
		return "stricter"
	}
	return "weaker"
}

// lower gives the lower of two levels: nobody could rely on a NOTE, whatever it said, and nobody can rely on one now.
func lower(one, other string) string {
	if slices.Index(levels, one) < slices.Index(levels, other) {
		return one
	}
	return other
}

func (c *comparison) statement(id, kind, name, level string, before, after *node) {
	what := fmt.Sprintf("%s reads %q, and read %q", name, after.text(), before.text())
	switch c.compareTexts(before, after) {
	case unchanged:
		c.wording(before, after) // it follows another change
	case corrected:
		c.say("wording-changed", "nobody", before, after, "%s", what)
	case rephrased:
		c.say(id+"-reworded", kind+" reworded "+level, before, after, "%s", what)
	case redirected:
		c.say(id+"-changed", kind+" reworded "+level+" terms", before, after, "%s", what)
	}
}

// errors compares codes by what they mean, so that a renamed one is seen to be one.
func (c *comparison) errors(before, after *node) {
	for _, p := range pairs(before, after, by("role"), by("code")) {
		b, a := p.before, p.after
		code := cmp.Or(a, b).get("code").text()
		switch {
		case b == nil && a.get("documented").flag():
			c.say("code-added", "documented code added", b, a, "%s is added, with status %s", code, a.get("status").shown())
			continue
		case b == nil:
			c.say("code-added", "code added", b, a, "%s is added", code)
			continue
		case a == nil:
			c.say("code-removed", "code removed", b, a, "%s is removed", code)
			continue
		}
		if was := b.get("code").text(); was != code {
			c.say("code-renamed", "code renamed", b.get("code"), a.get("code"), "%s is called %s now", was, code)
		}
		if x, y := b.get("role"), a.get("role"); !same(x, y) {
			c.say("role-changed", "role", x, y, "the role of %s %s", code, became(x, y))
		}
		c.status(code, b, a)
		was, is := b.get("documented"), a.get("documented")
		switch {
		case is.flag() && !was.flag():
			c.say("status-documented", "status documented", was, is, "the documents name the status of %s, which is %s", code, a.get("status").shown())
		case was.flag() && !is.flag():
			c.say("status-not-documented", "status not documented", was, is, "no document names the status of %s any more", code)
		}
		was, is = b.get("retry"), a.get("retry")
		switch {
		case is.flag() && !was.flag():
			c.say("retry-added", "retry begins", was, is, "%s is no outcome any more: wait, and ask again", code)
		case was.flag() && !is.flag():
			c.say("retry-removed", "retry ends", was, is, "%s is an outcome now", code)
		}
		c.rest(p, "code", "role", "status", "documented", "retry")
	}
}

func (c *comparison) status(code string, before, after *node) {
	b, a := before.get("status"), after.get("status")
	if same(b, a) {
		return
	}
	was, _ := b.number()
	is, _ := a.number()
	judgement := "mock status"
	switch {
	case before.get("documented").flag() || after.get("documented").flag():
		judgement = "documented status"
	case int(was)/100 != int(is)/100:
		judgement = "status class"
	}
	c.say("status-changed", judgement, b, a, "the status of %s is %s, and was %s", code, a.shown(), b.shown())
}

// codes compares the list of codes, which clients are generated from. What it has in common with x-errors is told there.
func (c *comparison) codes(before, after *node) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "enum":
			c.listedCodes(b, a)
		case key == enumNames:
			c.varnames(before, after)
		case c.common(key, b, a):
		default:
			c.say("component-changed", "unused", b, a, "%s %s", key, became(b, a))
		}
	}
}

// listedCodes tells of codes that come to the list or leave it, and do not in x-errors.
func (c *comparison) listedCodes(before, after *node) {
	was, is := byKey(c.old.root.get("x-errors"), "code").names, byKey(c.new.root.get("x-errors"), "code").names
	for _, code := range without(without(after.texts(), before.texts()), without(is, was)) {
		c.say("code-listed", "schema name", before, after, "%s is listed as a code", code)
	}
	for _, code := range without(without(before.texts(), after.texts()), without(was, is)) {
		c.say("code-unlisted", "schema name", before, after, "%s is not listed as a code any more", code)
	}
}

// varnames compares the names that values have in generated code. Those of values that come or go are told with them.
func (c *comparison) varnames(before, after *node) {
	b, a := named(before), named(after)
	for _, value := range before.get("enum").texts() {
		if was, is := b[value], a[value]; was != is && slices.Contains(after.get("enum").texts(), value) {
			c.say("generated-name-changed", "generated name", before.get(enumNames), after.get(enumNames), "%s is %q in generated code, and was %q", value, is, was)
		}
	}
}

func named(schema *node) map[string]string {
	names := map[string]string{}
	varnames := schema.get(enumNames).texts()
	for i, value := range schema.get("enum").texts() {
		if i < len(varnames) {
			names[value] = varnames[i]
		}
	}
	return names
}

// states compares what snapshots may be doing.
func (c *comparison) states(before, after *node) {
	b, a := before.get("enum"), after.get("enum")
	was, is := c.renamedState()
	if was != "" {
		c.say("state-renamed", "state renamed", b, a, "the state %s is called %s now", was, is)
	}
	for _, state := range without(a.texts(), b.texts()) {
		if state != is {
			c.say("state-added", "state added", b, a, "the state %s is added", state)
		}
	}
	for _, state := range without(b.texts(), a.texts()) {
		if state != was {
			c.say("state-removed", "state removed", b, a, "the state %s is removed", state)
		}
	}
	follows := func(b, a *node) bool { return was != "" && b.text() == was && a.text() == is }
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a), key == "enum", follows(b, a):
		case key == "x-deletable":
			c.say("deletable-state-changed", "deletable", b, a, "the state from which snapshots are deleted %s", became(b, a))
		case key == "x-deletion-pending":
			c.say("pending-state-changed", "deletion pending", b, a, "the state while a deletion goes on %s", became(b, a))
		case key == "x-aliases":
			c.aliases(b, a, follows)
		case key == enumNames:
			c.varnames(before, after)
		case c.common(key, b, a):
		default:
			c.say("component-changed", "unused", b, a, "%s %s", key, became(b, a))
		}
	}
}

// renamedState gives the old and the new name of the one state that another one has taken the place of, if any.
func (c *comparison) renamedState() (was, is string) {
	before, after := c.old.states(), c.new.states()
	gone, come := without(before, after), without(after, before)
	if len(gone) != 1 || len(come) != 1 || slices.Index(before, gone[0]) != slices.Index(after, come[0]) {
		return "", ""
	}
	return gone[0], come[0]
}

func (c *comparison) aliases(before, after *node, follows func(b, a *node) bool) {
	for _, name := range keys(before, after) {
		b, a := before.get(name), after.get(name)
		switch {
		case same(b, a), follows(b, a):
		case b == nil:
			c.say("alias-added", "alias added", b, a, "%s is another name for %s", name, a.text())
		case a == nil:
			c.say("alias-removed", "alias removed", b, a, "%s is no name for %s any more", name, b.text())
		default:
			c.say("alias-changed", "alias changed", b, a, "%s is another name for %s, and was one for %s", name, a.text(), b.text())
		}
	}
}

func (c *comparison) authentication(before, after *node) {
	for _, key := range keys(before, after) {
		b, a := before.get(key), after.get(key)
		switch {
		case same(b, a):
		case key == "codePrefix":
			c.say("authentication-codes-changed", "authentication codes", b, a, "what codes for refused authentication begin with %s", became(b, a))
		case key == "maxClockSkewSeconds":
			was, _ := b.number()
			is, _ := a.number()
			verb := "raised"
			if is < was {
				verb = "lowered"
			}
			c.say("clock-skew-"+verb, "skew "+verb, b, a, "how many seconds clocks may be apart %s", became(b, a))
		case key == "signedHeaders":
			for _, header := range without(a.texts(), b.texts()) {
				c.say("signed-header-added", "signed header added", b, a, "a signature has to cover %s", header)
			}
			for _, header := range without(b.texts(), a.texts()) {
				c.say("signed-header-removed", "signed header removed", b, a, "a signature need not cover %s any more", header)
			}
		default:
			c.say("extension-changed", "extension", b, a, "%s %s", key, became(b, a))
		}
	}
}

// domains compares where the suite asks before it deletes.
func (c *comparison) domains(before, after *node) {
	for _, domain := range without(after.texts(), before.texts()) {
		c.say("production-domain-added", "production host added", before, after, "%s is in production", domain)
	}
	for _, domain := range without(before.texts(), after.texts()) {
		if !below(domain, after.texts()) {
			c.say("production-domain-removed", "production host dropped", before, after, "%s is not said to be in production any more", domain)
		}
	}
}

func below(host string, domains []string) bool {
	return slices.ContainsFunc(domains, func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) })
}

func (c *comparison) sources(before, after *node) {
	for _, p := range pairs(before, after, by("id"), by("title")) {
		b, a := p.before, p.after
		name := cmp.Or(a, b).get("id").text()
		switch {
		case b == nil:
			c.say("source-added", "source", b, a, "the document %s is added: %s", name, a.get("title").text())
			continue
		case a == nil:
			c.say("source-removed", "source", b, a, "the document %s is removed", name)
			continue
		}
		if x, y := b.get("binding"), a.get("binding"); !same(x, y) {
			c.say("source-binding-changed", "source binding", x, y, "how binding the document %s is: %s", name, became(x, y))
		}
		for _, member := range []string{"id", "title"} {
			if x, y := b.get(member), a.get(member); !same(x, y) {
				c.say("source-changed", "source", x, y, "%s of the document %s %s", member, name, became(x, y))
			}
		}
		c.rest(p, "id", "title", "binding")
	}
}

func (c *comparison) ambiguities(before, after *node) {
	for _, p := range pairs(before, after, by("id"), by("question")) {
		b, a := p.before, p.after
		name := cmp.Or(a, b).get("id").text()
		switch {
		case b == nil:
			c.say("ambiguity-added", "ambiguity added", b, a, "%s is open: %s", name, a.get("question").text())
			continue
		case a == nil:
			c.say("ambiguity-resolved", "ambiguity resolved", b, a, "%s is not open any more: %s", name, b.get("question").text())
			continue
		}
		x, y := b.get("reading"), a.get("reading")
		switch moved := c.compareTexts(x, y); {
		case moved == redirected && c.bindsSomebody(a.get("rules")):
			c.say("reading-changed", "reading of a MUST changed", x, y, "%s is read as %q, and was as %q", name, y.text(), x.text())
		case moved >= rephrased:
			c.say("reading-changed", "reading changed", x, y, "%s is read as %q, and was as %q", name, y.text(), x.text())
		default:
			c.wording(x, y)
		}
		for _, member := range []string{"id", "question", "documents", "reason", "rules"} {
			if x, y := b.get(member), a.get(member); !same(x, y) && (member == "rules" || plainWords(x.text()) != plainWords(y.text())) {
				c.say("ambiguity-reworded", "ambiguity reworded", x, y, "%s: %s %s", name, member, became(x, y))
			}
		}
		c.rest(p, "id", "question", "documents", "reading", "reason", "rules")
	}
}

// bindsSomebody tells whether a rule of a list is a MUST.
func (c *comparison) bindsSomebody(ids *node) bool {
	rules := byKey(c.new.root.get("x-rules"), "id")
	return slices.ContainsFunc(ids.texts(), func(id string) bool { return rules.of[id].get("level").text() == string(contract.Must) })
}

func (c *comparison) silences(before, after *node) {
	for _, p := range pairs(before, after, by("id"), by("question")) {
		b, a := p.before, p.after
		name := cmp.Or(a, b).get("id").text()
		switch {
		case b == nil:
			c.say("silence-added", "silence added", b, a, "the choice %s is recorded: %s", name, a.get("question").text())
			continue
		case a == nil:
			c.say("silence-removed", "silence removed", b, a, "the choice %s is not recorded any more", name)
			continue
		}
		was, is := b.get("choices"), a.get("choices")
		for _, word := range keys(was, is) {
			x, y := was.get(word), is.get(word)
			switch {
			case same(x, y):
			case x == nil:
				c.say("choice-added", "choice added", x, y, "%s: the word %s is added", name, word)
			case y == nil:
				c.say("choice-removed", "choice removed", x, y, "%s: the word %s is removed", name, word)
			default:
				c.say("choice-reworded", "choice reworded", x, y, "%s: the word %s means %q, and meant %q", name, word, y.text(), x.text())
			}
		}
		for _, member := range []string{"id", "answers"} {
			if x, y := b.get(member), a.get(member); !same(x, y) {
				c.say("choice-removed", "choice removed", x, y, "%s: %s %s", name, member, became(x, y))
			}
		}
		for _, member := range []string{"about", "rule", "question"} {
			if x, y := b.get(member), a.get(member); !same(x, y) {
				c.say("choice-reworded", "choice reworded", x, y, "%s: %s %s", name, member, became(x, y))
			}
		}
		c.rest(p, "id", "about", "rule", "question", "choices", "answers")
	}
}

// figure spells a whole number.
func figure(number float64) string { return strconv.FormatFloat(number, 'f', -1, 64) }
