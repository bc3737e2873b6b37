package testbed

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
)

// Surroundings is what testbeds are opened in.
type Surroundings struct {
	Endpoint reach.Base    // a testbed at the same place is spoken to in the same way
	Trust    reach.Trust   // where a testbed speaks TLS
	Timeout  time.Duration // for one request to it
	Patience time.Duration // for one that is put off again and again
	Pace     *gentle.Pace  // how fast it may be asked over HTTP; nil: as fast as it bears
	Ask      Ask           // for testbeds that are actions of the endpoint itself
}

// Ask calls an action of the endpoint under test, with the run's credentials, and gives the status and the body of the
// answer, whatever they are. An error says that there was no answer.
type Ask func(ctx context.Context, action string, body []byte) (status int, answer []byte, err error)

// Open opens the testbed that a specification names: an http(s) or unix base of the testbed protocol, exec: with a command,
// file: with a path, or zec: with a disk of the service. One that holds on to something is an io.Closer. Open asks nothing
// of it.
func Open(spec string, in Surroundings) (Bed, error) {
	base, placed, err := Place(spec)
	switch {
	case err != nil:
		return nil, err
	case placed:
		return NewHTTP(base.Like(in.Endpoint), in), nil
	}
	switch kind, rest := cut(spec); kind {
	case "exec":
		if strings.TrimSpace(rest) == "" {
			return nil, errors.New("exec: names no command; give one that starts a testbed program, such as exec:./bed")
		}
		return NewExec(rest, in.Timeout), nil
	case "file":
		if rest == "" {
			return nil, errors.New("file: names no file; give one such as file:snapshots.yaml")
		}
		file, err := OpenFile(rest, in.Ask)
		if err != nil {
			return nil, err
		}
		return file, nil
	default: // zec, since Place knows no other kind
		zec, err := NewZec(rest, in.Ask, in.Timeout)
		if err != nil {
			return nil, err
		}
		return zec, nil
	}
}
