package callers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// body judges a body of any kind.
func (j *judging) body(action string) {
	if !j.Cut {
		if fault := malformed(j.Body); fault != "" {
			j.blame("CALL-10", "%s", fault)
			return
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(j.Body))
	decoder.UseNumber()
	_, _ = decoder.Token() // the brace. Errors here and below are the end of a body that is cut: what came before counts
	seen, has := map[string]bool{}, false
	var others []string // members that are none of the action's
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		name, _ := token.(string)
		if seen[name] {
			j.blame("CALL-16", "%s comes twice", j.quote(name))
		}
		seen[name] = true
		if action == contract.Action && name == contract.FieldSnapshotIDs {
			has = true
			err = j.ids(decoder)
		} else {
			others = append(others, name)
			err = decoder.Decode(new(json.RawMessage))
		}
		if err != nil {
			return
		}
	}
	if action != contract.Action || j.Cut {
		return
	}
	for _, name := range others {
		if !has && strings.EqualFold(name, contract.FieldSnapshotIDs) {
			j.blame("CALL-11", "it is spelled %s", j.quote(name))
		} else {
			j.blame("CALL-15", "it has %s", j.quote(name))
		}
	}
	if !has {
		j.blame("CALL-11", "there is no %s", contract.FieldSnapshotIDs)
	}
}

// malformed says why a body is not what CALL-10 asks for.
func malformed(text []byte) string {
	var object json.RawMessage
	switch err := json.Unmarshal(text, &object); {
	case len(text) == 0:
		return "it is empty"
	case !utf8.Valid(text):
		return "it is not UTF-8"
	case err != nil:
		return "it is not JSON: " + err.Error()
	case bytes.TrimLeft(object, " \t\r\n")[0] != '{':
		return "it is not an object"
	}
	return ""
}

// ids judges a list of ids, one by one: it may be very long. Its error is that the text ended.
func (j *judging) ids(decoder *json.Decoder) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		j.blame("CALL-11", "it is %s", kind(token))
		return skip(decoder, token)
	}
	distinct := map[string]bool{} // as far as it takes to see that they are too many
	count := 0
	for ; decoder.More(); count++ {
		var value any
		if err := decoder.Decode(&value); err != nil {
			j.count(count, len(distinct))
			return err
		}
		id, ok := value.(string)
		switch {
		case !ok:
			j.blame("CALL-11", "member %d is %s", count+1, kind(value))
			continue
		case !contract.PlausibleID(id):
			j.blame("CALL-17", "member %d is %s", count+1, j.quote(id))
		}
		if len(distinct) <= contract.MaxBatch {
			distinct[id] = true
		}
	}
	if count == 0 {
		j.blame("CALL-14", "the list is empty")
	}
	j.count(count, len(distinct))
	_, err = decoder.Token()
	return err
}

func (j *judging) count(members, distinct int) {
	switch {
	case distinct > contract.MaxBatch:
		j.blame("CALL-12", "it has %d members", members)
	case members > contract.MaxBatch:
		j.blame("CALL-13", "it has %d members, %d of them different", members, distinct)
	}
}

// kind says what a value is, or what begins with a token.
func kind(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return fmt.Sprint(value)
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	}
	return "an object"
}

// skip reads what belongs to a token to its end.
func skip(decoder *json.Decoder, token json.Token) error {
	if token != json.Delim('{') {
		return nil
	}
	for depth := 1; depth > 0; {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return nil
}
