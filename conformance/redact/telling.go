package redact

import "regexp"

var telling = regexp.MustCompile(`(?i)authorization|cookie|api-?key|token|secret|passw|session|signature|credential`)

// Telling tells whether something has the name of a header or a parameter that says who is asking, in any API.
func Telling(name string) bool { return telling.MatchString(name) }
