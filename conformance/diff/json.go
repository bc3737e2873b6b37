package diff

import (
	_ "embed"
	"io"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Schema is the JSON Schema, of draft 2020-12, that every difference written by WriteJSON satisfies.
//
//go:embed diff.schema.json
var Schema []byte

// WriteJSON writes the whole difference. What a terminal or a CI system would carry out, if it were shown the file, is escaped.
func (d *Difference) WriteJSON(w io.Writer) error { return report.EncodeJSON(w, d) }
