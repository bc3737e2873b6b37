package breaking

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/rescue"
)

// examples tells which fit no more: their schema, the codes, or what the oracle permits for the snapshots that they are about.
func (c *comparison) examples() {
	before, after := c.old.misfits(), c.new.misfits()
	for _, at := range slices.Sorted(maps.Keys(after)) {
		if before[at] == "" {
			c.contradict("example-misfit", at, "the example does not fit: "+after[at])
		}
	}
}

// misfits gives the examples that do not fit by the place where they stand, and why.
func (d *Document) misfits() map[string]string {
	found := map[string]string{}
	for path, item := range d.spec.Paths.Map() {
		for method, operation := range item.Operations() {
			at := d.root.get("paths", path, strings.ToLower(method))
			if body := operation.RequestBody; body != nil && body.Value != nil {
				misfitsOf(body.Value.Content, at.get("requestBody", "content"), found)
			}
			for status, answer := range operation.Responses.Map() {
				if answer.Value != nil {
					misfitsOf(answer.Value.Content, at.get("responses", status, "content"), found)
				}
			}
			for _, parameter := range operation.Parameters {
				if own := parameter.Value; own != nil && own.Schema != nil {
					place := at.get("parameters", keyOf(own.In, own.Name))
					misfit(own.Schema, own.Example, place.get("example"), found)
					misfitsAmong(own.Schema, own.Examples, place.get("examples"), found)
					misfitsWithin(own.Schema, place.get("schema"), found)
				}
			}
			d.misstated(at, found)
			d.impermissible(at, found)
		}
	}
	if d.spec.Components != nil {
		for name, schema := range d.spec.Components.Schemas {
			misfitsWithin(schema, d.root.get("components", "schemas", name), found)
		}
	}
	return found
}

// misfit holds an example against its schema.
func misfit(schema *openapi3.SchemaRef, value any, at *node, found map[string]string) {
	if at == nil || schema.Value == nil {
		return
	}
	if err := rescue.Call(func() error { return schema.Value.VisitJSON(value) }); err != nil {
		found[at.at] = firstLine(err)
	}
}

// misfitsAmong holds examples that have names against their schema. One without a value is in another document, which is not read.
func misfitsAmong(schema *openapi3.SchemaRef, examples openapi3.Examples, at *node, found map[string]string) {
	for name, example := range examples {
		if own := at.get(name); example.Value != nil && own.get("value") != nil {
			misfit(schema, example.Value.Value, own, found)
		}
	}
}

// misfitsWithin holds the examples that a schema itself has, and its members have, against it.
func misfitsWithin(schema *openapi3.SchemaRef, at *node, found map[string]string) {
	if schema == nil || schema.Value == nil || at == nil {
		return
	}
	misfit(schema, schema.Value.Example, at.get("example"), found)
	misfitsWithin(schema.Value.Items, at.get("items"), found)
	for name, member := range schema.Value.Properties {
		misfitsWithin(member, at.get("properties", name), found)
	}
}

// misfitsOf holds examples of bodies against their schema.
func misfitsOf(content openapi3.Content, at *node, found map[string]string) {
	for mediaType, media := range content {
		if media.Schema == nil {
			continue
		}
		place := at.get(strings.ToLower(mediaType))
		misfit(media.Schema, media.Example, place.get("example"), found)
		misfitsAmong(media.Schema, media.Examples, place.get("examples"), found)
	}
}

// misstated finds failures with a code that the contract does not know, or gives another status. Where no document names the
// status, the kind of it is enough.
func (d *Document) misstated(operation *node, found map[string]string) {
	known := byKey(d.root.get("x-errors"), "code")
	if len(known.names) == 0 {
		return
	}
	for status, example := range exampleAnswers(operation) {
		outside, inside := example.get("value", contract.FieldRequestID), example.get("value", contract.FieldResponse, contract.FieldRequestID)
		if outside != nil && inside != nil && !same(outside, inside) {
			found[example.at] = fmt.Sprintf("the %s inside the response is not the one outside it", contract.FieldRequestID)
		}
		code := example.get("value", "code").text()
		entry := known.of[code]
		switch own := entry.get("status").shown(); {
		case code == "" || status == "default":
		case entry == nil:
			found[example.at] = fmt.Sprintf("the code %s is none of x-errors", code)
		case status != own && (class(status) != class(own) || entry.get("documented").flag() && !strings.HasSuffix(status, "XX")):
			found[example.at] = fmt.Sprintf("it stands under %s, and x-errors gives %s the status %s", status, code, own)
		}
	}
}

// class gives the digit that tells whose fault an answer is.
func class(status string) string { return status[:min(len(status), 1)] }

// exampleAnswers goes through the examples of all answers, by status.
func exampleAnswers(operation *node) func(yield func(status string, example *node) bool) {
	return func(yield func(string, *node) bool) {
		for _, status := range keys(operation.get("responses"), nil) {
			content := operation.get("responses", status, "content")
			for _, media := range keys(content, nil) {
				examples := content.get(media, "examples")
				for _, name := range keys(examples, nil) {
					if !yield(status, examples.get(name)) {
						return
					}
				}
			}
		}
	}
}

// impermissible asks the oracle whether the answers of an example are permitted for the request of the same name. The oracle
// goes by the contract that is built in, so that codes and statuses of the document are put in its terms.
func (d *Document) impermissible(operation *node, found map[string]string) {
	requests := operation.get("requestBody", "content", contract.ContentType, "examples")
	for _, name := range keys(requests, nil) {
		example := requests.get(name)
		if example.get("x-population") == nil {
			continue
		}
		classes, err := d.population(example.get("x-population"))
		if err != nil {
			found[example.at] = err.Error()
			continue
		}
		expected := oracle.Expect(example.get("value", contract.FieldSnapshotIDs).texts(), func(id string) oracle.Class {
			if class, there := classes[id]; there {
				return class
			}
			return oracle.Missing
		})
		for status, answer := range exampleAnswers(operation) {
			number, err := strconv.Atoi(status)
			if err != nil || answer.way[len(answer.way)-1] != name {
				continue
			}
			said := d.inTheOraclesTerms(number, answer.get("value"))
			if _, permitted := expected.Match(said); !permitted {
				found[answer.at] = fmt.Sprintf("for the request of the same name it is permitted to answer %s", expected)
			}
		}
	}
}

// population reads what the snapshots of an example are, by the states that the document has.
func (d *Document) population(states *node) (map[string]oracle.Class, error) {
	state := d.root.get("components", "schemas", "SnapshotState")
	classes := map[string]oracle.Class{}
	for _, id := range keys(states, nil) {
		name := states.get(id).text()
		if own := state.get("x-aliases", name).text(); own != "" {
			name = own
		}
		switch {
		case name == state.get("x-deletable").text():
			classes[id] = oracle.Deletable
		case slices.Contains(state.get("enum").texts(), name):
			classes[id] = oracle.Denied
		default:
			return nil, fmt.Errorf("there is no state %s, in which it has %s", name, id)
		}
	}
	return classes, nil
}

func (d *Document) inTheOraclesTerms(status int, value *node) oracle.Answer {
	answer := oracle.Answer{Status: status, Code: value.get("code").text(), Listed: value.get(contract.FieldResponse, contract.FieldSnapshotIDs).texts()}
	own := byKey(d.root.get("x-errors"), "code").of[answer.Code]
	builtIn := slices.IndexFunc(contract.Errors, func(e contract.Error) bool { return e.Role == own.get("role").text() })
	if builtIn < 0 {
		return answer
	}
	answer.Code = contract.Errors[builtIn].Code
	if number, _ := own.get("status").number(); int(number) == status {
		answer.Status = contract.Errors[builtIn].Status
	}
	return answer
}
