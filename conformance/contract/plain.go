package contract

import "strings"

// Plain gives the ids that the body of a request names if it is plainly right: an object with the list of ids and nothing
// else, no more of them than a call may name, all plausible, and none with anything escaped. Nearly all bodies are, and need no
// closer look, which takes some ten times as long. Of what is not plain it says nothing.
func Plain(body []byte) (ids []string, plain bool) {
	rest := unread(body)
	if !rest.take("{") || !rest.take(`"`+FieldSnapshotIDs+`"`) || !rest.take(":") || !rest.take("[") {
		return nil, false
	}
	for range MaxBatch {
		id, ok := rest.takeID()
		if !ok {
			return nil, false
		}
		ids = append(ids, id)
		if !rest.take(",") {
			return ids, rest.take("]") && rest.take("}") && rest.take("") && rest == ""
		}
	}
	return nil, false
}

// unread is what is still to be read of a JSON text.
type unread string

// take reads a token, after blanks.
func (u *unread) take(token string) bool {
	rest := string(*u)
	for rest != "" && strings.IndexByte(" \t\r\n", rest[0]) >= 0 {
		rest = rest[1:]
	}
	rest, took := strings.CutPrefix(rest, token)
	*u = unread(rest)
	return took
}

// takeID reads a plausible id. It stops at the first quotation mark: an escaped one would have a backslash before it, which
// no plausible id has.
func (u *unread) takeID() (string, bool) {
	if !u.take(`"`) {
		return "", false
	}
	id, rest, closed := strings.Cut(string(*u), `"`)
	*u = unread(rest)
	return id, closed && !strings.Contains(id, `\`) && PlausibleID(id)
}
