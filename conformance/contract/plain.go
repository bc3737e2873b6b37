package contract

import "bytes"

// Plain tells whether the body of a request is plainly right: an object with the list of ids and nothing else, no more of them
// than a call may name, all plausible, and none with anything escaped. Nearly all bodies are, and need no closer look, which
// takes some ten times as long. Of what is not plain it says nothing.
func Plain(body []byte) bool {
	rest := unread(body)
	if !rest.take("{") || !rest.take(`"`+FieldSnapshotIDs+`"`) || !rest.take(":") || !rest.take("[") {
		return false
	}
	for range MaxBatch {
		if !rest.takeID() {
			return false
		}
		if !rest.take(",") {
			return rest.take("]") && rest.take("}") && rest.take("") && len(rest) == 0
		}
	}
	return false
}

// unread is what is still to be read of a JSON text.
type unread []byte

// take reads a token, after blanks.
func (u *unread) take(token string) bool {
	rest := bytes.TrimLeft(*u, " \t\r\n")
	took := len(rest) >= len(token) && string(rest[:len(token)]) == token
	if took {
		rest = rest[len(token):]
	}
	*u = rest
	return took
}

// takeID reads a plausible id. It stops at the first quotation mark: an escaped one would have a backslash before it, which
// no plausible id has.
func (u *unread) takeID() bool {
	if !u.take(`"`) {
		return false
	}
	id, rest, closed := bytes.Cut(*u, []byte(`"`))
	*u = rest
	return closed && !bytes.Contains(id, []byte(`\`)) && PlausibleID(string(id))
}
