package report

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Schema is the JSON Schema, of draft 2020-12, that every report written by WriteJSON satisfies.
//
//go:embed report.schema.json
var Schema []byte

// WriteJSON writes the whole report. Two reports of the same content are the same bytes. What a terminal or a CI system
// would carry out, if it were shown the file, is escaped.
func (r *Report) WriteJSON(w io.Writer) error {
	return EncodeJSON(w, r.complete())
}

// EncodeJSON writes a value in lines, and safe to show: see EscapeJSON.
func EncodeJSON(w io.Writer, value any) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	encoder := json.NewEncoder(&escaping{Writer: buffer})
	encoder.SetEscapeHTML(false) // evidence is easier to read, and to search, as it was sent
	encoder.SetIndent("", "  ")
	return errors.Join(encoder.Encode(value), buffer.Flush())
}

// escaping writes JSON with the characters escaped that cannot be printed, and the second of two number signs, with which
// commands to CI systems begin. Nothing of that kind stands outside of strings.
type escaping struct {
	*bufio.Writer
	before rune
	begun  []byte // of a character that is not whole yet
}

func (e *escaping) Write(text []byte) (int, error) {
	for _, b := range text {
		for e.begun = append(e.begun, b); utf8.FullRune(e.begun); {
			r, size := utf8.DecodeRune(e.begun)
			e.begun = e.begun[:copy(e.begun, e.begun[size:])]
			e.write(r)
		}
	}
	return len(text), nil
}

func (e *escaping) write(r rune) {
	if r == '\n' || strconv.IsPrint(r) && (r != '#' || e.before != '#') {
		e.WriteRune(r)
	} else {
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(e.Writer, `\u%04x`, unit)
		}
	}
	e.before = r
}

// complete gives a copy in which what is empty is an empty list and not null, and in which no body has lost bytes
// to the encoding.
func (r *Report) complete() *Report {
	c := *r
	c.Format = Format
	c.Rules = each(r.Rules, func(rule *Rule) {
		rule.Source = each(rule.Source, nil)
		rule.Failures = each(rule.Failures, func(f *Failure) { f.Evidence = each(f.Evidence, (*Exchange).complete) })
	})
	c.Phases = each(r.Phases, nil)
	c.Profile = each(r.Profile, func(choice *Choice) { choice.Words = each(choice.Words, nil) })
	c.Trials = each(r.Trials, func(trial *Trial) {
		trial.Rules = each(trial.Rules, nil)
		if trial.Sample != nil {
			sample := *trial.Sample
			sample.complete()
			trial.Sample = &sample
		}
	})
	if r.Timeline != nil {
		c.Timeline = &Timeline{Every: r.Timeline.Every, Marks: each(r.Timeline.Marks, nil)}
	}
	if r.Baseline != nil {
		c.Baseline = &Baseline{Name: r.Baseline.Name, Entries: each(r.Baseline.Entries, nil)}
	}
	if r.Walk != nil {
		c.Walk = &Walk{Steps: r.Walk.Steps, Story: each(r.Walk.Story, nil)}
	}
	return &c
}

func (e *Exchange) complete() {
	e.Sent.Header, e.Got.Header = filled(e.Sent.Header), filled(e.Got.Header)
	e.Sent.Body, e.Sent.Raw = carried(e.Sent.Body, e.Sent.Raw)
	e.Got.Body, e.Got.Raw = carried(e.Got.Body, e.Got.Raw)
}

// each gives a list of its own with every element changed.
func each[T any](list []T, change func(*T)) []T {
	changed := append(make([]T, 0, len(list)), list...)
	for i := range changed {
		if change != nil {
			change(&changed[i])
		}
	}
	return changed
}

// filled leaves out the headers without a value, which net/http takes for "do not send".
func filled(header map[string][]string) map[string][]string {
	sent := make(map[string][]string, len(header))
	for name, values := range header {
		if len(values) > 0 {
			sent[name] = slices.Clone(values)
		}
	}
	return sent
}

// carried gives a body as a JSON string can carry it, and the true bytes where it cannot. Those of a report that was
// read back are known.
func carried(body string, known []byte) (text string, raw []byte) {
	if utf8.ValidString(body) {
		return body, known
	}
	return strings.ToValidUTF8(body, "\ufffd"), []byte(body)
}
