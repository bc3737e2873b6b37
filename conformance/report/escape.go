package report

import (
	"bufio"
	"bytes"
)

// EscapeJSON gives JSON that means the same, in a form that is safe to show in a terminal, or in a log that a CI system reads
// commands from: see Printable.
func EscapeJSON(text []byte) []byte {
	var escaped bytes.Buffer
	w := bufio.NewWriter(&escaped)
	_, _ = (&escaping{Writer: w}).Write(text) // nothing can fail in memory
	_ = w.Flush()
	return escaped.Bytes()
}
