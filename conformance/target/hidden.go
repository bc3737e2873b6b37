package target

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/redact"
)

// secret tells whether nobody may read what stands under a name.
func secret(name string) bool {
	return redact.Telling(name) && !strings.EqualFold(name, contract.HeaderSignatureMethod)
}

// hide takes out of a header what proves who is asking, and remembers it: an answer may repeat it.
func (e *Exchange) hide(header http.Header) {
	for name, values := range header {
		for i, value := range values {
			if value != "" && secret(name) {
				values[i] = Redacted
				e.remember(value)
				e.rememberParts(name, value)
			}
		}
	}
}

var signed = regexp.MustCompile(`(?i)signature="?([^\s",;]+)`)

// rememberParts keeps the parts of a header's value that prove something by themselves.
func (e *Exchange) rememberParts(name, value string) {
	if strings.EqualFold(name, "Cookie") || strings.EqualFold(name, "Set-Cookie") {
		cookies := strings.Split(value, ";")
		if strings.EqualFold(name, "Set-Cookie") {
			cookies = cookies[:1] // what follows is about the cookie
		}
		for _, cookie := range cookies {
			_, proof, _ := strings.Cut(cookie, "=")
			e.remember(strings.TrimSpace(proof))
		}
		return
	}
	if found := signed.FindStringSubmatch(value); found != nil {
		e.remember(found[1])
	}
	_, proof, _ := strings.Cut(value, " ") // after the name of the scheme
	e.remember(proof)
}

// remember keeps a text that is long enough to be a secret: what is shorter stands in many places for other reasons.
func (e *Exchange) remember(text string) {
	const shortest = 8
	if len(text) >= shortest && text != Redacted {
		e.hidden = append(e.hidden, func() string { return text })
	}
}

// Hidden gives the texts that stood in the exchange's headers and must not appear in anything that is shown or written.
func (e *Exchange) Hidden() []string {
	texts := make([]string, len(e.hidden))
	for i, text := range e.hidden {
		texts[i] = text()
	}
	return texts
}

// cleanURL takes a password and the like out of a URL.
func cleanURL(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return Redacted
	}
	parsed.User = nil
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return Redacted
	}
	for name := range query {
		if secret(name) {
			query.Set(name, Redacted)
			parsed.RawQuery = query.Encode()
		}
	}
	return parsed.String()
}
