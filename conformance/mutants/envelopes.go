package mutants

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// envelopes: ENV-1 to ENV-6.
func envelopes() []Variant {
	return slices.Concat(successes(), innerIDs(), requestIDs(), failures(), statuses(), contents())
}

// successes: ENV-1.
func successes() []Variant {
	only := []string{"ENV-1"}
	return []Variant{
		{
			Name: "no-response-where-nothing-failed", Rules: only, Does: "has no response object where nothing failed",
			serve: edits(func(c *call) bool { return c.ok() && !partial(c) }, func(body map[string]any) { delete(body, contract.FieldResponse) }),
		},
		{
			Name: "counts-requests", Rules: []string{"ENV-1", "ENV-3"}, Does: "has a number for the requestId of a success, outside",
			serve: answered(func(s *Server, c *call) {
				if c.ok() {
					c.edit(func(body map[string]any) { body[contract.FieldRequestID] = s.count("request") })
				}
			}),
		},
		{
			Name: "no-inner-request-id", Rules: []string{"ENV-1", "ENV-2"}, Does: "has no requestId inside a success",
			serve: editsInner((*call).ok, func(response map[string]any) { delete(response, contract.FieldRequestID) }),
		},
		{
			Name: "nothing-for-an-empty-list", Rules: only, Does: "takes an empty list for a request to do nothing, and has no response for it",
			serve: when(namesNone, func(_ *Server, c *call) {
				c.say(http.StatusOK, map[string]any{contract.FieldRequestID: newRequestID()})
			}),
		},
		{
			Name: "text-for-an-empty-list", Rules: only, Does: "takes an empty list for a request to do nothing, and lists a text",
			serve: when(namesNone, func(_ *Server, c *call) {
				c.succeed(nil)
				c.editList(func([]string) any { return "none" })
			}),
		},
		{
			Name: "quoted-response", Rules: only, Does: "has the response as a text of JSON",
			serve: edits((*call).ok, func(body map[string]any) { body[contract.FieldResponse] = fmt.Sprint(body[contract.FieldResponse]) }),
		},
		{
			Name: "list-of-one-is-text", Rules: only, Does: "lists one id as a text and not as a list",
			serve: editsInner(partial, func(response map[string]any) {
				if listed := texts(response[contract.FieldSnapshotIDs]); len(listed) == 1 {
					response[contract.FieldSnapshotIDs] = listed[0]
				}
			}),
		},
	}
}

// innerIDs: ENV-2.
func innerIDs() []Variant {
	only := []string{"ENV-2"}
	another := func(response map[string]any) { response[contract.FieldRequestID] = newRequestID() }
	return []Variant{
		{
			Name: "two-request-ids-for-failures", Rules: only, Does: "has another requestId inside than outside where it lists something",
			serve: editsInner(partial, another),
		},
		{
			Name: "last-inner-id", Rules: only, Does: "has the requestId of the success before inside every third success",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.editResponse(func(response map[string]any) {
					last, known := s.notes.Swap("inner", response[contract.FieldRequestID])
					if known && s.count("successes")%3 == 0 {
						response[contract.FieldRequestID] = last
					}
				})
			},
		},
	}
}

// requestIDs: ENV-3. A failure without a requestId of the right form breaks ENV-4 too, and a success ENV-1.
func requestIDs() []Variant {
	only := []string{"ENV-3"}
	return []Variant{
		{
			Name: "request-ids-by-body", Rules: only, Does: "makes the requestId of the request, so that the same request has the same one again",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.setRequestID(fmt.Sprintf("T%X", sha256.Sum256(c.body)))
			},
		},
		{
			Name: "request-ids-in-pairs", Rules: only, Does: "gives every fifth request the requestId of the one before",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.edit(func(body map[string]any) {
					last, known := s.notes.Swap("last", body[contract.FieldRequestID])
					if known && s.count("pairs")%5 == 0 {
						body[contract.FieldRequestID] = last
					}
				})
				c.edit(alignInner)
			},
		},
		{
			Name: "no-request-id", Rules: []string{"ENV-3", "ENV-4"}, Does: "has no requestId where it refuses a request for its form",
			serve: edits(malformed, func(body map[string]any) { delete(body, contract.FieldRequestID) }),
		},
	}
}

// failures: ENV-4.
func failures() []Variant {
	only := []string{"ENV-4"}
	return []Variant{
		{
			Name: "refuses-long-bodies-unread", Rules: only, Does: "refuses a body of more than 32 kB without a message",
			serve: edits(func(c *call) bool { return len(c.body) > 32<<10 }, func(body map[string]any) { delete(body, contract.FieldMessage) }),
		},
		{
			Name: "no-code-for-denied-ones", Rules: only, Does: "has a number for the code where a snapshot is denied",
			serve: edits(func(c *call) bool { return c.is(contract.DeniedState) }, func(body map[string]any) { body[contract.FieldCode] = contract.DeniedState.Status }),
		},
		{
			Name: "empty-message-for-too-many", Rules: only, Does: "has an empty message where a batch is too long",
			serve: edits(func(c *call) bool { return c.is(contract.TooMany) }, func(body map[string]any) { body[contract.FieldMessage] = "" }),
		},
		{
			Name: "no-message", Rules: only, Does: "has no message where a snapshot is missing",
			serve: edits(notFound, func(body map[string]any) { delete(body, contract.FieldMessage) }),
		},
	}
}

// statuses: ENV-5.
func statuses() []Variant {
	only := []string{"ENV-5"}
	return []Variant{
		{
			Name: "always-ok", Rules: only, Does: "answers a failure with 200, and tells it by the code",
			serve: withStatus(isFailure, http.StatusOK),
		},
		{
			Name: "moved-for-bad-json", Rules: only, Does: "answers a body that is not JSON with 302",
			serve: withStatus(func(c *call) bool { return !json.Valid(c.body) }, http.StatusFound),
		},
		{
			Name: "hangs-up", Rules: only, Does: "closes the connection on a body that is not an object",
			serve: func(s *Server, c *call) {
				if !c.isObject() {
					panic(http.ErrAbortHandler)
				}
				s.pass(c)
			},
		},
	}
}

// contents: ENV-6.
func contents() []Variant {
	only := []string{"ENV-6"}
	return []Variant{
		{
			Name: "problem-json", Rules: only, Does: "says that its failures are of another type of JSON",
			serve: withType(isFailure, "application/problem+json"),
		},
		{
			Name: "cut-short", Rules: only, Does: "cuts answers of more than two thousand bytes",
			serve: respells(always, func(text string) string { return text[:min(2000, len(text))] }),
		},
	}
}

// Kinds of answers.
func always(*call) bool      { return true }
func isFailure(c *call) bool { return !c.ok() }
func partial(c *call) bool   { return len(c.listed()) > 0 }
func notFound(c *call) bool  { return c.is(contract.NotFound) }
func malformed(c *call) bool { return c.ids == nil && isFailure(c) }

// edits changes the members of some answers.
func edits(which func(c *call) bool, change func(body map[string]any)) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if which(c) {
			c.edit(change)
		}
	}
}

// editsInner changes the members of the response in some successes.
func editsInner(which func(c *call) bool, change func(response map[string]any)) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if which(c) {
			c.editResponse(change)
		}
	}
}

// respells changes the text of some answers.
func respells(which func(c *call) bool, respell func(text string) string) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if text := c.answer.Body.String(); which(c) {
			c.answer.Body.Reset()
			c.answer.Body.WriteString(respell(text))
		}
	}
}

// withStatus gives some answers another status.
func withStatus(which func(c *call) bool, status int) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if which(c) {
			c.answer.Code = status
		}
	}
}

// withType gives some answers another Content-Type.
func withType(which func(c *call) bool, contentType string) behaviour {
	return func(s *Server, c *call) {
		s.pass(c)
		if which(c) {
			c.answer.Header().Set("Content-Type", contentType)
		}
	}
}

// setRequestID gives an answer another requestId, within and without.
func (c *call) setRequestID(id string) {
	c.edit(func(body map[string]any) {
		body[contract.FieldRequestID] = id
		alignInner(body)
	})
}

// alignInner makes the inner requestId the same as the outer.
func alignInner(body map[string]any) {
	if response, ok := body[contract.FieldResponse].(map[string]any); ok {
		response[contract.FieldRequestID] = body[contract.FieldRequestID]
	}
}
