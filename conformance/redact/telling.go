package redact

import (
	"slices"
	"strings"
)

// telling are the words by which one can tell such names, in small letters.
var telling = []string{"authorization", "cookie", "apikey", "api-key", "token", "secret", "passw", "session", "signature", "credential"}

// Telling tells whether something has the name of a header or a parameter that says who is asking, in any API.
func Telling(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(telling, func(word string) bool { return strings.Contains(name, word) })
}
