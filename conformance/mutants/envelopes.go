package mutants

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

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
			Name: "no-response", Rules: only, Does: "leaves out the response where there is nothing to list",
			serve: edits(whole, func(body map[string]any) { delete(body, contract.FieldResponse) }),
		},
		{
			Name: "flat-response", Rules: only, Does: "has the list in the place of the response",
			serve: edits((*call).ok, func(body map[string]any) {
				body[contract.FieldResponse] = body[contract.FieldResponse].(map[string]any)[contract.FieldSnapshotIDs]
			}),
		},
		{
			Name: "quoted-response", Rules: only, Does: "has the response as a text of JSON",
			serve: edits((*call).ok, func(body map[string]any) { body[contract.FieldResponse] = fmt.Sprint(body[contract.FieldResponse]) }),
		},
		{
			Name: "no-inner-id", Rules: only, Does: "leaves out the inner requestId where it lists something",
			serve: editsInner(partial, func(response map[string]any) { delete(response, contract.FieldRequestID) }),
		},
		{
			Name: "joined-list", Rules: only, Does: "joins the list by commas",
			serve: editsInner(partial, func(response map[string]any) {
				response[contract.FieldSnapshotIDs] = strings.Join(texts(response[contract.FieldSnapshotIDs]), ",")
			}),
		},
		{
			Name: "list-of-one-is-text", Rules: only, Does: "lists one id as a text and not as a list",
			serve: editsInner(partial, func(response map[string]any) {
				if listed := texts(response[contract.FieldSnapshotIDs]); len(listed) == 1 {
					response[contract.FieldSnapshotIDs] = listed[0]
				}
			}),
		},
		{
			Name: "list-ends-in-null", Rules: only, Does: "ends a list of several in null",
			serve: editsInner(partial, func(response map[string]any) {
				if listed := response[contract.FieldSnapshotIDs].([]any); len(listed) > 1 {
					response[contract.FieldSnapshotIDs] = append(listed, nil)
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
			Name: "two-request-ids", Rules: only, Does: "has another requestId inside than outside",
			serve: editsInner((*call).ok, another),
		},
		{
			Name: "two-request-ids-for-failures", Rules: only, Does: "has another requestId inside than outside where it lists something",
			serve: editsInner(partial, another),
		},
		{
			Name: "lower-case-inner-id", Rules: only, Does: "spells the inner requestId in lower case",
			serve: editsInner((*call).ok, func(response map[string]any) {
				response[contract.FieldRequestID] = strings.ToLower(response[contract.FieldRequestID].(string))
			}),
		},
		{
			Name: "last-inner-id", Rules: only, Does: "has the requestId of the success before inside, now and then",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.editResponse(func(response map[string]any) {
					last, known := s.notes.Swap("inner", response[contract.FieldRequestID])
					if known && s.count("successes")%9 == 0 {
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
			Name: "one-request-id-for-errors", Rules: only, Does: "gives every failure the same requestId",
			serve: edits(isFailure, func(body map[string]any) { body[contract.FieldRequestID] = "T00000000-0000-0000-0000-000000000000" }),
		},
		{
			Name: "request-ids-by-the-second", Rules: only, Does: "makes requestIds of the time in seconds",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.setRequestID(fmt.Sprintf("T%d", time.Now().Unix()))
			},
		},
		{
			Name: "request-ids-wrap", Rules: only, Does: "begins again after 64 requestIds",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.setRequestID(fmt.Sprintf("T%02d", s.count("ids")%64))
			},
		},
		{
			Name: "request-ids-by-body", Rules: only, Does: "makes the requestId of the request, so that the same request has the same one again",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.setRequestID(fmt.Sprintf("T%X", sha256.Sum256(c.body)))
			},
		},
		{
			Name: "request-ids-in-pairs", Rules: only, Does: "gives every fiftieth request the requestId of the one before",
			serve: func(s *Server, c *call) {
				s.pass(c)
				c.edit(func(body map[string]any) {
					last, known := s.notes.Swap("last", body[contract.FieldRequestID])
					if known && s.count("pairs")%50 == 0 {
						body[contract.FieldRequestID] = last
					}
				})
				c.edit(alignInner)
			},
		},
		{
			Name: "request-ids-of-64-bits", Rules: []string{"ENV-3", "ENV-4"}, Does: "has a number for the requestId of a failure",
			serve: edits(isFailure, func(body map[string]any) { body[contract.FieldRequestID] = time.Now().UnixNano() }),
		},
		{
			Name: "empty-request-id", Rules: []string{"ENV-3", "ENV-4"}, Does: "has an empty requestId where a snapshot is missing",
			serve: edits(notFound, func(body map[string]any) { body[contract.FieldRequestID] = "" }),
		},
		{
			Name: "no-request-id", Rules: []string{"ENV-3", "ENV-4"}, Does: "has no requestId where it refuses a request for its form",
			serve: edits(malformed, func(body map[string]any) { delete(body, contract.FieldRequestID) }),
		},
		{
			Name: "request-id-in-snake-case", Rules: []string{"ENV-3", "ENV-1"}, Does: "spells requestId in another way in a success",
			serve: edits((*call).ok, func(body map[string]any) { rename(body, contract.FieldRequestID, "request_id") }),
		},
	}
}

// failures: ENV-4.
func failures() []Variant {
	only := []string{"ENV-4"}
	return []Variant{
		{
			Name: "no-message", Rules: only, Does: "has no message where a snapshot is missing",
			serve: edits(notFound, func(body map[string]any) { delete(body, contract.FieldMessage) }),
		},
		{
			Name: "empty-message", Rules: only, Does: "has an empty message where the state forbids a deletion",
			serve: edits(deniedState, func(body map[string]any) { body[contract.FieldMessage] = "" }),
		},
		{
			Name: "translated-message", Rules: only, Does: "has the message in several languages, as an object",
			serve: edits(isFailure, func(body map[string]any) {
				body[contract.FieldMessage] = map[string]any{"en": body[contract.FieldMessage]}
			}),
		},
		{
			Name: "no-code", Rules: only, Does: "has no code where it refuses a request for its form",
			serve: edits(malformed, func(body map[string]any) { delete(body, contract.FieldCode) }),
		},
		{
			Name: "number-for-a-code", Rules: only, Does: "has the status for a code where there are too many ids",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if long(s, c) {
					c.edit(func(body map[string]any) { body[contract.FieldCode] = c.status() })
				}
			},
		},
		{
			Name: "nested-failure", Rules: only, Does: "has code and message in an object of their own",
			serve: edits(malformed, func(body map[string]any) {
				body["error"] = map[string]any{"code": body[contract.FieldCode], "message": body[contract.FieldMessage]}
				delete(body, contract.FieldCode)
				delete(body, contract.FieldMessage)
			}),
		},
	}
}

// statuses: ENV-5.
func statuses() []Variant {
	only := []string{"ENV-5"}
	return []Variant{
		{
			Name: "created", Rules: only, Does: "answers a success with 201",
			serve: withStatus((*call).ok, http.StatusCreated),
		},
		{
			Name: "no-content", Rules: []string{"ENV-5", "ENV-6"}, Does: "answers with 204 and nothing where there is nothing to list",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if whole(c) {
					c.answer.Code = http.StatusNoContent
					c.answer.Body.Reset()
				}
			},
		},
		{
			Name: "multi-status", Rules: only, Does: "answers with 207 where it lists something",
			serve: withStatus(partial, http.StatusMultiStatus),
		},
		{
			Name: "always-ok", Rules: only, Does: "answers a failure with 200, and tells it by the code",
			serve: withStatus(isFailure, http.StatusOK),
		},
		{
			Name: "redirects", Rules: only, Does: "sends a malformed request elsewhere",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if malformed(c) {
					c.answer.Code = http.StatusFound
					c.answer.Header().Set("Location", "/help")
				}
			},
		},
		{
			Name: "not-modified", Rules: []string{"ENV-5", "ENV-6"}, Does: "answers with 304 and nothing where the state forbids a deletion",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if deniedState(c) {
					c.answer.Code = http.StatusNotModified
					c.answer.Body.Reset()
				}
			},
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
			Name: "plain-text", Rules: only, Does: "says that its answers are plain text",
			serve: withType(always, "text/plain; charset=utf-8"),
		},
		{
			Name: "no-content-type", Rules: only, Does: "does not say what its failures are",
			serve: withType(isFailure, ""),
		},
		{
			Name: "problem-json", Rules: only, Does: "says that its failures are of another type of JSON",
			serve: withType(isFailure, "application/problem+json"),
		},
		{
			Name: "byte-order-mark", Rules: only, Does: "begins with a byte-order mark where it lists something",
			serve: respells(partial, func(text string) string { return "\ufeff" + text }),
		},
		{
			Name: "bad-utf8", Rules: only, Does: "has a byte in a message that is not UTF-8",
			serve: respells(isFailure, func(text string) string { return strings.Replace(text, ".", "\xe9", 1) }),
		},
		{
			Name: "trailing-log", Rules: only, Does: "has a line of its log after every ninth answer",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if s.count("answers")%9 == 0 {
					c.answer.Body.WriteString("deleted in 3 ms\n")
				}
			},
		},
		{
			Name: "two-values", Rules: only, Does: "answers twice where it refuses a request for its form",
			serve: respells(malformed, func(text string) string { return text + text }),
		},
		{
			Name: "cut-short", Rules: only, Does: "cuts answers of more than two thousand bytes",
			serve: respells(always, func(text string) string { return text[:min(2000, len(text))] }),
		},
		{
			Name: "html-for-too-many", Rules: only, Does: "has a page for too many ids",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if long(s, c) && isFailure(c) {
					c.answer.Header().Set("Content-Type", "text/html")
					c.answer.Body.Reset()
					c.answer.Body.WriteString("<html><body><h1>400 Bad Request</h1></body></html>")
				}
			},
		},
		{
			Name: "nothing-for-nothing", Rules: only, Does: "has no body in its answer to an empty one",
			serve: func(s *Server, c *call) {
				s.pass(c)
				if len(c.body) == 0 {
					c.answer.Body.Reset()
				}
			},
		},
	}
}

// Kinds of answers.
func always(*call) bool        { return true }
func isFailure(c *call) bool   { return !c.ok() }
func partial(c *call) bool     { return len(c.listed()) > 0 }
func whole(c *call) bool       { return c.ok() && len(c.listed()) == 0 }
func notFound(c *call) bool    { return c.is(contract.NotFound) }
func deniedState(c *call) bool { return c.is(contract.DeniedState) }
func malformed(c *call) bool   { return c.ids == nil && isFailure(c) }

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

// rename spells the name of a member in another way.
func rename(body map[string]any, from, to string) {
	body[to] = body[from]
	delete(body, from)
}
