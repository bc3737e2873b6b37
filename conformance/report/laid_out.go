package report

import (
	"bytes"
	"encoding/json"
	"strings"
)

// LaidOut gives JSON in lines, which are not made safe to show, and tells whether a text is JSON of a sensible depth.
func LaidOut(text string) (lines string, is bool) {
	const deep = 200 // brackets: what is nested deeper becomes far longer when it is laid out
	var laid bytes.Buffer
	if strings.Count(text, "[")+strings.Count(text, "{") > deep || json.Indent(&laid, []byte(text), "", "  ") != nil {
		return "", false
	}
	return strings.TrimSpace(laid.String()), true
}
