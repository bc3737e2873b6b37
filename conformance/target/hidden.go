package target

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// telling matches the names of headers and parameters that say who is asking, in any API.
var telling = regexp.MustCompile(`(?i)authorization|cookie|api-?key|token|secret|passw|session|signature|credential`)

// secret tells whether nobody may read what stands under a name.
func secret(name string) bool {
	return telling.MatchString(name) && !strings.EqualFold(name, contract.HeaderSignatureMethod)
}

// hide takes out of a header what proves who is asking, and remembers it: an answer may repeat it.
func (e *Exchange) hide(header http.Header) {
	for name, values := range header {
		if !secret(name) {
			continue
		}
		header[name] = slices.Repeat([]string{Redacted}, len(values))
		for _, value := range values {
			e.remember(value)
			for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;", r) }) {
				_, proof, named := strings.Cut(part, "=")
				switch {
				case !named || strings.Trim(proof, "=") == "": // a token, which may end so
					e.remember(part)
				case secret(part[:len(part)-len(proof)]) || !strings.HasPrefix(part, "Credential=") && !strings.HasPrefix(part, "SignedHeaders="):
					e.remember(proof)
				}
			}
		}
	}
}

// remember keeps a text that is long enough to be a secret: what is shorter stands in many places for other reasons.
func (e *Exchange) remember(text string) {
	const shortest = 8
	if len(text) >= shortest && text != contract.SignatureMethod && text != Redacted {
		e.hidden = append(e.hidden, text)
	}
}

// Hidden gives the texts that stood in the exchange's headers and must not appear in anything that is shown or written.
func (e *Exchange) Hidden() []string { return e.hidden }

// cleanURL takes a password and the like out of a URL.
func cleanURL(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return Redacted
	}
	parsed.User = nil
	if query, err := url.ParseQuery(parsed.RawQuery); err != nil {
		parsed.RawQuery = Redacted
	} else {
		for name := range query {
			if secret(name) {
				query.Set(name, Redacted)
				parsed.RawQuery = query.Encode()
			}
		}
	}
	return parsed.String()
}
