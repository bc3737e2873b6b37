package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// mostRead is how many bytes of a report are read. Those that runs write are far shorter.
const mostRead = 64 << 20

// mostCause is how many bytes of what is wrong with a report are told: it may repeat a text from it.
const mostCause = 500

// mostListed is how many rules, and how many known failures, a report that is read may have: no contract has a hundredth of it.
const mostListed = 10_000

// ReadFile reads a report that was kept in a file. Its error says in one line what is wrong with it.
func ReadFile(path string) (*Report, error) {
	file, err := os.Open(path)
	if err == nil {
		defer file.Close()
		var r *Report
		if r, err = Read(file); err == nil {
			return r, nil
		}
	}
	if broken, is := errors.AsType[*fs.PathError](err); is {
		err = fmt.Errorf("it cannot be read (%w)", broken.Err)
	}
	return nil, fmt.Errorf("the report %q: %w; give what --report json=FILE has written", path, err)
}

// Read reads a report that WriteJSON has written, in this format or an earlier one. What is none, or not whole, is an error.
func Read(from io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(from, mostRead+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > mostRead:
		return nil, fmt.Errorf("it is longer than %d bytes", mostRead)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("it is empty")
	}
	var head struct {
		Format *int `json:"format"`
	}
	if malformed, is := errors.AsType[*json.SyntaxError](json.Unmarshal(text, &head)); is {
		return nil, fmt.Errorf("it is no JSON, or not whole (%w)", malformed)
	}
	if head.Format != nil && *head.Format > Format {
		return nil, fmt.Errorf("it has format %d, and this version reads formats up to %d; take a later version", *head.Format, Format)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is no JSON, or not whole (%w)", err)
	}
	if err := compiled().Validate(document); err != nil {
		return nil, fmt.Errorf("it is no report of a run: %s", firstCause(err))
	}
	r := &Report{Format: 1}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("it is no report of a run (%w)", err)
	}
	if len(r.Rules) > mostListed || r.Baseline != nil && len(r.Baseline.Entries) > mostListed {
		return nil, fmt.Errorf("it has more than %d rules, or known failures", mostListed)
	}
	return r, nil
}

// compiled is the schema of reports, ready for use.
var compiled = sync.OnceValue(func() *jsonschema.Schema {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		panic(err) // it is part of the build, and tests use it
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.AssertContent()
	if err := compiler.AddResource("report.schema.json", document); err != nil {
		panic(err)
	}
	return compiler.MustCompile("report.schema.json")
})

// firstCause says in one line what is wrong first: the library tells of everything, in many.
func firstCause(err error) string {
	broken, is := errors.AsType[*jsonschema.ValidationError](err)
	if !is {
		return err.Error()
	}
	for len(broken.Causes) > 0 {
		broken = broken.Causes[0]
	}
	place := "/" + strings.Join(broken.InstanceLocation, "/")
	what := broken.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	return abbreviate(fmt.Sprintf("at %s, %s", place, what), mostCause)
}
