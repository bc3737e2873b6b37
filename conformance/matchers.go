package conformance

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/onsi/gomega/types"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// BeRefused matches an answer that lays the mistake on the caller. That a refusal has an error envelope is judged on
// every exchange.
func BeRefused() types.GomegaMatcher {
	return permitting{"a refusal: any 4xx with an error envelope", func(a *answer) bool { return oracle.Refused(a.said) }}
}

// BeRefusedOrCutOff matches a refusal, and the end of the connection without an answer.
func BeRefusedOrCutOff() types.GomegaMatcher {
	return permitting{"a refusal, or a closed connection", func(a *answer) bool { return oracle.Refused(a.said) || a.Err != nil }}
}

// BeSuccessOrRefused matches an answer to what may be a mistake or not: all but a fault of the service will do.
func BeSuccessOrRefused() types.GomegaMatcher {
	return permitting{"200, or any 4xx with an error envelope", func(a *answer) bool { return a.said.Status == http.StatusOK || oracle.Refused(a.said) }}
}

// HaveCode matches an answer with the code, whatever its status.
func HaveCode(e contract.Error) types.GomegaMatcher {
	return permitting{"code " + e.Code, func(a *answer) bool { return a.said.Code == e.Code }}
}

// HaveAuthCode matches a refusal whose code says that the request was not authenticated.
func HaveAuthCode() types.GomegaMatcher {
	return permitting{fmt.Sprintf("a refusal with a code that starts with %s", contract.AuthCodePrefix), func(a *answer) bool {
		return oracle.Refused(a.said) && strings.HasPrefix(a.said.Code, contract.AuthCodePrefix)
	}}
}

// permitting is a matcher whose message says what is permitted, and nothing else: the answer tells what came.
type permitting struct {
	permitted string
	matches   func(*answer) bool
}

func (p permitting) Match(actual any) (bool, error) {
	a, ok := actual.(*answer)
	if !ok {
		return false, fmt.Errorf("%T is no answer", actual)
	}
	return p.matches(a), nil
}

func (p permitting) FailureMessage(any) string        { return p.permitted }
func (p permitting) NegatedFailureMessage(any) string { return "anything but " + p.permitted }
