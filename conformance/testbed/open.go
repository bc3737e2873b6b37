package testbed

import (
	"context"
	"errors"
	"fmt"
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

// Open opens the testbed that a specification names: an http(s) or unix base of the testbed protocol, or
// zec:DISK_ID for the service's own actions. One that holds on to something is an io.Closer. Open asks nothing of it.
func Open(spec string, in Surroundings) (Bed, error) {
	switch kind, rest, _ := strings.Cut(spec, ":"); kind {
	case "":
		return nil, errors.New("no testbed is given; give a base such as http://127.0.0.1:8080/testbed/v1")
	case "zec":
		return NewZec(rest, in.Ask, in.Timeout)
	case "exec", "file":
		return nil, fmt.Errorf("%s: is not available in this version; give the base URL of the testbed protocol", kind)
	}
	base, err := reach.Parse(spec)
	if err != nil {
		return nil, err
	}
	return NewHTTP(base, in), nil
}
