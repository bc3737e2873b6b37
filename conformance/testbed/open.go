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
	kind, rest, _ := strings.Cut(spec, ":")
	switch strings.ToLower(kind) {
	case "":
		return nil, errors.New("no testbed is given; give a base such as http://127.0.0.1:8080/testbed/v1")
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
	case "zec":
		zec, err := NewZec(rest, in.Ask, in.Timeout)
		if err != nil {
			return nil, err
		}
		return zec, nil
	case "http", "https", "unix":
	default:
		return nil, errors.New("it does not begin with http://, https://, unix:, exec:, file: or zec:; give a base such as http://127.0.0.1:8080/testbed/v1, exec:COMMAND, file:PATH or zec:DISK_ID")
	}
	base, err := reach.Parse(spec)
	if err != nil {
		return nil, err
	}
	return NewHTTP(base, in), nil
}
