package contract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Silence is a point on which an implementation may choose, and the words for its choices.
type Silence struct {
	ID       string            `json:"id"`
	About    string            `json:"about"` // the Ambiguity behind it
	Rule     string            `json:"rule"`  // the rule of level NOTE that records it; empty where there is none
	Question string            `json:"question"`
	Choices  map[string]string `json:"choices"` // by word, what it means
	Answers  bool              `json:"answers"` // whether the words are statuses and codes
}

// Silences are all of them, in the document's order.
var Silences = document.silences

// SilenceByID finds a silence.
func SilenceByID(id string) (Silence, bool) {
	at := slices.IndexFunc(Silences, func(s Silence) bool { return s.ID == id })
	if at < 0 {
		return Silence{}, false
	}
	return Silences[at], true
}

// Answer gives the word for an answer. A code that is none by its form is not repeated.
func (s Silence) Answer(status int, code string) string {
	if !codeForm.MatchString(code) {
		return fmt.Sprintf("%d without a code", status)
	}
	return fmt.Sprintf("%d %s", status, code)
}

var codeForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,79}$`)

// Knows tells whether a word is one of the choices.
func (s Silence) Knows(word string) bool { return s.Answers || s.Choices[word] != "" }

// Words are the choices' words, in order.
func (s Silence) Words() []string { return slices.Sorted(maps.Keys(s.Choices)) }
