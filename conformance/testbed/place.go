package testbed

import (
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/reach"
)

// Place gives the base of the testbed that a specification names, if it is one that is asked at a place of its own: placed
// is false for every other kind.
func Place(spec string) (base reach.Base, placed bool, err error) {
	switch kind, _, _ := strings.Cut(spec, ":"); kind {
	case "exec", "file", "zec":
		return reach.Base{}, false, nil
	}
	base, err = reach.Parse(spec)
	return base, true, err
}
