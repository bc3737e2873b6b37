package mock

import (
	"net/http"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Refuse answers with an error of the contract, for what stands before the API. The message is for people.
func Refuse(w http.ResponseWriter, kind contract.Error, message string) {
	fail(w, nil, refusal{kind, message})
}
