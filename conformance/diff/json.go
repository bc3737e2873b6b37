package diff

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"io"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Schema is the JSON Schema, of draft 2020-12, that every difference written by WriteJSON satisfies.
//
//go:embed diff.schema.json
var Schema []byte

// WriteJSON writes the whole difference. What a terminal or a CI system would carry out, if it were shown the file, is escaped.
func (d *Difference) WriteJSON(w io.Writer) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return err
	}
	_, err := w.Write(report.EscapeJSON(text.Bytes()))
	return err
}
