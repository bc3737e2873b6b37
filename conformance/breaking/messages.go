package breaking

import "strings"

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
		case unsaid(key, b) && unsaid(key, a), c.common(key, b, a):
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
		case key == "example" || key == "examples":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
		case key == "deprecated":
			c.deprecated(b, a)
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
		case c.common(key, b, a):
		case key == "content":
			c.content(b, a, request)
		case key == "required":
			switch {
			case a.flag() && !b.flag():
				c.say("request-body-required", "request narrower", b, a, "the body is required")
			case b.flag() && !a.flag():
				c.say("request-body-optional", "request wider", b, a, "the body is not required any more")
			}
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
		case c.common(key, b, a):
		case key == "schema" && b != nil && a != nil:
			c.schema(b, a, d)
		case key == "schema":
			c.there("schema", b, a, narrower, d)
		case key == "examples":
			c.shownExamples(b, a)
		case key == "example":
			c.say("example-changed", "nobody", b, a, "the example %s", became(b, a))
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
		case c.common(key, b, a):
		case key == "content":
			c.content(b, a, response)
		case key == "headers":
			c.headers(b, a)
		case key == "links":
			c.say("note-changed", "nobody", b, a, "%s %s", key, became(b, a))
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
