package har

import (
	"bufio"
	"encoding/json"
	"io"
	"runtime/debug"
	"sync"
)

// Writer writes entries as they come. It may be used by several goroutines. The first error stays, and ends the
// writing; Close tells it.
type Writer struct {
	mu      sync.Mutex
	out     *bufio.Writer // keeps the first error
	encoder *json.Encoder
	some    bool
}

// NewWriter begins a recording; creator is the program that makes it.
func NewWriter(w io.Writer, creator string) *Writer {
	out := bufio.NewWriterSize(w, 64<<10)
	writer := &Writer{out: out, encoder: json.NewEncoder(out)}
	writer.encoder.SetEscapeHTML(false)
	by, _ := json.Marshal(map[string]string{"name": creator, "version": built()}) // strings always encode
	writer.text(`{"log":{"version":"` + version + `","creator":` + string(by) + `,"entries":[` + "\n")
	return writer
}

// built is the version of this program, as far as it knows.
func built() string {
	if info, known := debug.ReadBuildInfo(); known && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// text writes what is no entry; out has the error.
func (w *Writer) text(s string) { _, _ = w.out.WriteString(s) }

// Write adds an entry. Lists that are nil are written as empty ones, which the format wants.
func (w *Writer) Write(e Entry) {
	for _, list := range []*[]Pair{&e.Request.Headers, &e.Response.Headers} {
		if *list == nil {
			*list = []Pair{}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.some {
		w.text(",")
	}
	w.some = true
	_ = w.encoder.Encode(e)
}

// Close ends the recording, and tells what went wrong in the course of it.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text("]}}\n")
	return w.out.Flush()
}
