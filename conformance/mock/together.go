package mock

import (
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Together is several options as one.
func Together(changes ...Option) Option {
	return func(o *options) {
		for _, change := range changes {
			change(o)
		}
	}
}

// Refuse answers with an error of the contract, for what stands before the API. The message is for people.
func Refuse(w http.ResponseWriter, kind contract.Error, message string) {
	fail(w, nil, refusal{kind, message})
}
