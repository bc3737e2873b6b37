package testbed

import (
	"errors"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
)

// Place gives the base of the testbed that a specification names, if it is one that is asked at a place of its own: placed
// is false for every other kind.
func Place(spec string) (base reach.Base, placed bool, err error) {
	switch kind, _ := cut(spec); kind {
	case "http", "https", "unix":
		base, err = reach.Parse(spec)
		return base, true, err
	case "exec", "file", "zec":
		return reach.Base{}, false, nil
	case "":
		return reach.Base{}, false, errors.New("no testbed is given; give a base such as http://127.0.0.1:8080/testbed/v1")
	}
	return reach.Base{}, false, errors.New("it does not begin with http://, https://, unix:, exec:, file: or zec:; give a base such as http://127.0.0.1:8080/testbed/v1, exec:COMMAND, file:PATH or zec:DISK_ID")
}

// cut tells the kind of a testbed from the rest of its specification.
func cut(spec string) (kind, rest string) {
	kind, rest, _ = strings.Cut(spec, ":")
	return strings.ToLower(kind), rest
}
