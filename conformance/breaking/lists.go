package breaking

// keyedList is a list of objects that a member tells apart.
type keyedList struct {
	names []string // in the document's order
	of    map[string]*node
}

func byKey(n *node, key string) keyedList {
	list := keyedList{of: map[string]*node{}}
	if n == nil {
		return list
	}
	for _, item := range n.items {
		if name := item.get(key).text(); list.of[name] == nil {
			list.names = append(list.names, name)
			list.of[name] = item
		}
	}
	return list
}

// pair is one entry in both documents; one of them is nil where only the other has it.
type pair struct{ before, after *node }

// pairs finds the entries of two lists that are the same, by the first of the members that tells, each entry once. What is
// left is gone, or new.
func pairs(before, after *node, members ...func(*node) string) []pair {
	var found []pair
	taken := map[*node]bool{}
	for _, member := range members {
		open := map[string][]*node{}
		for _, a := range items(after) {
			if text := member(a); !taken[a] && text != "" {
				open[text] = append(open[text], a)
			}
		}
		for _, b := range items(before) {
			if taken[b] {
				continue
			}
			if text := member(b); len(open[text]) > 0 {
				a := open[text][0]
				open[text] = open[text][1:]
				taken[a], taken[b] = true, true
				found = append(found, pair{b, a})
			}
		}
	}
	for _, b := range items(before) {
		if !taken[b] {
			found = append(found, pair{b, nil})
		}
	}
	for _, a := range items(after) {
		if !taken[a] {
			found = append(found, pair{nil, a})
		}
	}
	return found
}

func items(n *node) []*node {
	if n == nil {
		return nil
	}
	return n.items
}

// by gives a member of an entry, for pairs.
func by(members ...string) func(*node) string {
	return func(n *node) string {
		all := ""
		for _, member := range members {
			text := plainWords(n.get(member).text())
			if text == "" {
				return ""
			}
			all += text + "\n"
		}
		return all
	}
}
