package mock

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// refusal is a reason for not doing what a request asks: one that the contract names, and a message for people.
type refusal struct {
	kind    contract.Error
	message string
}

// Refusal is an answer for whatever stands before the API: an error that the contract names, and a message for people.
func Refusal(kind contract.Error, message string) error { return refusal{kind, message} }

// Fail answers with an error. What is no Refusal is the mock's own fault.
func Fail(w http.ResponseWriter, err error) { fail(w, nil, err) }

func (r refusal) Error() string { return r.message }

// maxMessage is how many bytes of a message are sent: all that the mock itself has to say, and little of what it repeats. The
// whole envelope is on record then, however much of it has to be escaped.
const maxMessage = 5 << 10

func (r refusal) envelope() api.Failure {
	message := r.message
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return api.Failure{RequestId: newRequestID(), Code: r.kind.Code, Message: message}
}

// as gives an error the status that HTTP itself has for the case.
func as(status int, kind contract.Error) contract.Error {
	kind.Status = status
	return kind
}

// fail answers with an error. What is no refusal is the mock's own fault.
func fail(w http.ResponseWriter, _ *http.Request, err error) {
	refused := refusal{contract.Internal, "The mock failed: " + err.Error()}
	errors.As(err, &refused)
	writeJSON(w, refused.kind.Status, refused.envelope())
}

// writeJSON sends an answer. If that fails, the caller has gone, and there is nobody to tell.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", contract.ContentType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// newRequestID has the form of the documents' example. It is no secret, so that it is drawn from the generator that asks the
// system for nothing.
func newRequestID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, of the usual kind
	return "T" + strings.ToUpper(id.String())
}

// validate holds a request against its schema. Where it is wrong in several ways, the gravest is reported, whatever the
// order in which they are found.
func validate(schema *openapi3.Schema, value any, how ...openapi3.SchemaValidationOption) error {
	shorten(value)
	err := schema.VisitJSON(value, append(how, openapi3.MultiErrors())...)
	if err == nil {
		return nil
	}
	var faults openapi3.MultiError
	if !errors.As(err, &faults) {
		faults = openapi3.MultiError{err}
	}
	worst := slices.MinFunc(faults, func(a, b error) int { return cmp.Compare(gravity(a), gravity(b)) })
	return refusal{kindOf(worst), explain(worst)}
}

// mostMembers is how many members of a list are looked at: more than any list may have, so that a longer one is refused anyway.
// Each may be wrong, and there is room for half a million in a body.
var mostMembers = 10 * contract.MaxBatch

// shorten cuts the lists among the members of a request.
func shorten(value any) {
	members, _ := value.(map[string]any)
	for name, member := range members {
		if list, is := member.([]any); is && len(list) > mostMembers {
			members[name] = list[:mostMembers]
		}
	}
}

// byGravity starts with the gravest. A list of the wrong things is not worth counting, and a list of the wrong length
// is not worth reading.
var byGravity = []contract.Error{
	contract.MissingParameter,
	contract.WrongType,
	contract.TooMany,
	contract.TooFew,
	contract.AboveMaximum,
	contract.BelowMinimum,
	contract.WrongDate,
	contract.WrongValue,
	contract.WrongPattern,
}

func gravity(fault error) int { return slices.Index(byGravity, kindOf(fault)) }

// explain says what is wrong and where. The error's own text is no use: it recites the value and the schema.
func explain(fault error) string {
	var broken *openapi3.SchemaError
	if !errors.As(fault, &broken) {
		return fault.Error()
	}
	return "/" + strings.Join(broken.JSONPointer(), "/") + ": " + broken.Reason
}

// kindOf finds the contract's name for a breach of its schema.
func kindOf(fault error) contract.Error {
	var broken *openapi3.SchemaError
	if !errors.As(fault, &broken) {
		return contract.WrongValue
	}
	if broken.Schema.Format == "date-time" && broken.SchemaField != "type" {
		return contract.WrongDate
	}
	switch broken.SchemaField {
	case "required":
		return contract.MissingParameter
	case "nullable":
		if len(broken.JSONPointer()) == 1 { // a member of the request that is null is as good as absent
			return contract.MissingParameter
		}
		return contract.WrongType
	case "type":
		return contract.WrongType
	case "maxItems":
		return contract.TooMany
	case "minItems":
		return contract.TooFew
	case "enum": // which is looked at before the type; all have words
		if _, is := broken.Value.(string); !is {
			return contract.WrongType
		}
		return contract.WrongValue
	case "maximum":
		return contract.AboveMaximum
	case "minimum":
		return contract.BelowMinimum
	case "minLength", "maxLength", "pattern":
		return contract.WrongPattern
	default:
		return contract.WrongValue
	}
}
