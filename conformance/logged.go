package conformance

import (
	"io"
	"log"

	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// redacted is a log without secrets. net/http logs what a target sends without having been asked, whatever that is.
type redacted struct {
	log    io.Writer
	redact *redact.Redactor
}

func (r redacted) Write(line []byte) (int, error) {
	_, err := io.WriteString(r.log, r.redact.Replace(string(line)))
	return len(line), err
}

// logRedacted takes the secrets out of what is logged until stop is called.
func (s *suite) logRedacted() (stop func()) {
	before := log.Writer()
	log.SetOutput(redacted{before, s.journal.redact})
	return func() { log.SetOutput(before) }
}
