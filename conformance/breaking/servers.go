package breaking

import (
	"cmp"
	"net/url"
	"strings"
)

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
