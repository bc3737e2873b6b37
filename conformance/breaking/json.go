package breaking

import (
	_ "embed"
	"io"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Schema is the JSON Schema, of draft 2020-12, of what WriteJSON writes.
//
//go:embed breaking.schema.json
var Schema []byte

// Format is the version of what WriteJSON writes. It is raised when a reader of an older one would misunderstand.
const Format = 1

// WriteJSON writes all changes.
func (r *Result) WriteJSON(w io.Writer) error {
	type change struct {
		Change
		Concerns []Party `json:"concerns"`
	}
	whole := struct {
		Format  int            `json:"format"`
		Old     string         `json:"old"`
		New     string         `json:"new"`
		Counts  map[string]int `json:"counts"`
		Changes []change       `json:"changes"`
	}{Format: Format, Old: r.Old, New: r.New, Counts: map[string]int{}, Changes: []change{}}
	for severity := Notice; severity <= Breaking; severity++ {
		whole.Counts[severity.String()] = r.Count(severity)
	}
	for _, c := range r.Changes {
		c.Effects, c.Oasdiff = listOf(c.Effects), listOf(c.Oasdiff)
		whole.Changes = append(whole.Changes, change{c, listOf(c.Concerns())})
	}
	return report.EncodeJSON(w, whole)
}

// listOf keeps an empty list from becoming null.
func listOf[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
