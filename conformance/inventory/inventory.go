// Package inventory reads and writes lists of snapshots with their states: what is there for a testbed that cannot make any,
// what was there when a log began, what the mock is to begin with, and what it has.
//
// A list is YAML or JSON. It has entries, of which only id and state are needed, or ids for each state:
//
//   - {id: snap-1, state: NORMAL, name: nightly, disk: disk-1, created: 2026-01-02T03:04:05Z}
//   - {id: snap-2, state: MISSING}
//   - {state: FAILED, count: 100}
//
// or
//
//	NORMAL: [snap-1]
//	MISSING: [snap-2]
//
// The states are the contract's, and MISSING for ids that are known to name nothing.
package inventory

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/misread"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// How much is read.
const (
	maxList   = 8 << 20   // bytes of a list by hand, which is in memory as a whole
	maxExport = 512 << 20 // bytes of one that Write has written
	maxCount  = 1_000_000 // of snapshots whose ids are to be made up
)

// missing stands in a list for the state of ids that name nothing.
const missing = "MISSING"

// Entry is what a list says of a snapshot, or of some whose ids are to be made up.
type Entry struct {
	ID      string         // empty where Count is not 0
	State   contract.State // empty for an id that names nothing
	Count   int            // of the snapshots whose ids are to be made up
	Created time.Time      // zero: nothing is said of it
	Due     time.Time      // when the state passes by itself; zero: it stays

	Name, Disk, Retention string // as they were given when the snapshot was made

	Place string // where the entry is in the list, to tell people
}

// Mend says what to do about a list that cannot be read.
const Mend = "give a YAML or JSON list of ids with their states"

// ReadFile has take see every entry of the list at a path, in their order. Its error says in one line what is wrong, where,
// and how to mend it; take has seen a part of the list by then.
func ReadFile(path string, take func(Entry) error) error {
	file, err := os.Open(path)
	if err == nil {
		defer file.Close()
		err = Read(file, take)
	}
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("the file %q cannot be read (%w); %s", path, broken.Err, Mend)
	}
	if err != nil {
		return fmt.Errorf("the file %q: %w; %s", path, err, Mend)
	}
	return nil
}

// Read is ReadFile for a list that comes from anywhere else.
func Read(from io.Reader, take func(Entry) error) error {
	text, err := io.ReadAll(io.LimitReader(from, maxList+1))
	if err != nil {
		return err
	}
	l := list{take: take, named: map[string]bool{}}
	if len(text) > maxList {
		err = l.readExport(io.MultiReader(bytes.NewReader(text), io.LimitReader(from, maxExport-int64(len(text)))))
	} else {
		err = l.readText(text)
	}
	return err
}

// Write writes entries in a form that Read takes however long it is: JSON, with an entry a line.
func Write(to io.Writer, entries iter.Seq[Entry]) error {
	w := bufio.NewWriter(to)
	before := "["
	for entry := range entries {
		line, err := json.Marshal(entry.exported())
		if err != nil {
			return err
		}
		_, _ = w.WriteString(before + "\n") // Flush tells what has gone wrong
		_, _ = w.Write(line)
		before = ","
	}
	if before == "[" {
		_, _ = w.WriteString(before)
	}
	_, _ = w.WriteString("\n]\n")
	return w.Flush()
}

// exported is an entry as Write writes it.
type exported struct {
	ID        string `json:"id"`
	State     string `json:"state"`
	Name      string `json:"name,omitempty"`
	Disk      string `json:"disk,omitempty"`
	Created   string `json:"created,omitempty"`
	Retention string `json:"retention,omitempty"`
	Due       string `json:"due,omitempty"`
}

func (e Entry) exported() exported {
	return exported{
		ID: e.ID, State: cmp.Or(string(e.State), missing), Name: e.Name, Disk: e.Disk, Retention: e.Retention, Created: written(e.Created), Due: written(e.Due),
	}
}

func written(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// list is what has been read of a list.
type list struct {
	take  func(Entry) error
	named map[string]bool
	made  int // how many ids are to be made up
}

// readExport reads a list of any length, entry by entry.
func (l *list) readExport(from io.Reader) error {
	no := func(why string, err error) error {
		return fmt.Errorf("it is longer than %d bytes, and no list that was exported (%s: %w)", maxList, why, err)
	}
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return no("it is not JSON", cmp.Or(err, errors.New("it has no [ before its entries")))
	}
	for number := 1; decoder.More(); number++ {
		var read exported
		where := member{place: "entry " + strconv.Itoa(number)}
		if err := decoder.Decode(&read); err != nil {
			return no(where.place, err)
		}
		given := map[string]member{}
		for i, text := range []string{read.ID, read.State, read.Name, read.Disk, read.Created, read.Retention, read.Due} {
			if text != "" {
				given[members[i]] = member{text, true, where.place}
			}
		}
		if err := l.entry(where, given); err != nil {
			return err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return no("its end", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something after the list")
	}
	return nil
}

// readText reads a list strictly: what is not understood would be left out, and nobody would notice.
func (l *list) readText(text []byte) error {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(&document)
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case err != nil:
		line, what := misread.At(err, text)
		return fmt.Errorf("it is neither YAML nor JSON (line %d: %s)", line, what)
	case !errors.Is(decoder.Decode(&more), io.EOF):
		return errors.New("there is something after the list")
	}
	switch root := document.Content[0]; root.Kind {
	case yaml.SequenceNode:
		return l.readEntries(root)
	case yaml.MappingNode:
		return l.readStates(root)
	default:
		return of(root).wrong("this is no list")
	}
}

// members are those that an entry may have.
var members = []string{"id", "state", "name", "disk", "created", "retention", "due", "count"}

// readEntries reads a list of entries.
func (l *list) readEntries(root *yaml.Node) error {
	for _, node := range root.Content {
		if node.Kind != yaml.MappingNode {
			return of(node).wrong("an entry is not of the form {id: snap-1, state: %s}", contract.Normal)
		}
		found := map[string]member{}
		for name, value := range pairs(node) {
			if !slices.Contains(members, name.Value) {
				return of(name).wrong("an entry has a member %.80q; there are %s", name.Value, strings.Join(members, ", "))
			}
			if _, twice := found[name.Value]; twice {
				return of(name).wrong("an entry has its %s twice", name.Value)
			}
			found[name.Value] = of(value)
		}
		if err := l.entry(of(node), found); err != nil {
			return err
		}
	}
	return nil
}

// readStates reads lists of ids by state.
func (l *list) readStates(root *yaml.Node) error {
	seen := map[string]bool{}
	for state, ids := range pairs(root) {
		switch {
		case seen[state.Value]:
			return of(state).wrong("state %.80q stands here twice", state.Value)
		case ids.Kind != yaml.SequenceNode:
			return of(ids).wrong("%.80q has no list of ids", state.Value)
		case len(ids.Content) == 0:
			return of(ids).wrong("the list of ids in state %.80q is empty", state.Value)
		}
		seen[state.Value] = true
		for _, id := range ids.Content {
			if err := l.entry(of(id), map[string]member{"id": of(id), "state": of(state)}); err != nil {
				return err
			}
		}
	}
	return nil
}

// member is a value as it is written. A number is an id as it is written, too.
type member struct {
	text  string
	plain bool // neither a list, nor a mapping, nor null
	place string
}

func of(node *yaml.Node) member {
	return member{node.Value, node.Kind == yaml.ScalarNode && node.Tag != "!!null", "line " + strconv.Itoa(node.Line)}
}

func (m member) wrong(format string, arguments ...any) error {
	return fmt.Errorf(m.place+": "+format, arguments...)
}

// entry reads an entry of what its members are, and has it taken.
func (l *list) entry(where member, m map[string]member) error {
	id, named := m["id"]
	state, stated := m["state"]
	count, counted := m["count"]
	switch {
	case !stated || !named && !counted:
		return where.wrong("an entry lacks its id or its state")
	case named && counted:
		return where.wrong("an entry has an id or a count, and not both")
	}
	entry := Entry{Place: where.place}
	var known bool
	if entry.State, known = contract.ParseState(state.text); !state.plain || !known && state.text != missing {
		return state.wrong("there is no state %.80q; there are %s, and %s for ids that name nothing", state.text, names(contract.States), missing)
	}
	if !known {
		entry.State = ""
	}
	switch {
	case counted:
		number, err := strconv.Atoi(count.text)
		if err != nil || number < 1 || number > maxCount-l.made || !known {
			return count.wrong("a count is of snapshots to be made, and from 1 to %d in all", maxCount)
		}
		entry.Count = number
		l.made += number
	case !id.plain || !contract.PlausibleID(id.text):
		return id.wrong("%.80q is no snapshot id", id.text)
	case l.named[id.text]:
		return id.wrong("the id %.80q stands here twice", id.text)
	default:
		entry.ID = id.text
		l.named[id.text] = true
	}
	if err := entry.describe(m); err != nil {
		return err
	}
	return l.take(entry)
}

// describe reads what need not be said.
func (e *Entry) describe(m map[string]member) (err error) {
	for _, name := range members {
		given, there := m[name]
		if !there {
			continue
		}
		switch name {
		case "name":
			e.Name, err = given.some(name)
		case "disk":
			e.Disk, err = given.some(name)
		case "retention":
			e.Retention, err = given.some(name)
		case "created":
			e.Created, err = given.time(name)
		case "due":
			if e.Due, err = given.time(name); !slices.Contains(passing, e.State) {
				err = given.wrong("only snapshots that are %s are due, when their state passes by itself", names(passing))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// passing are the states that pass by themselves.
var passing = []contract.State{contract.State(api.Creating), contract.Leaving}

func (m member) some(name string) (string, error) {
	if !m.plain || m.text == "" {
		return "", m.wrong("the %s is no text", name)
	}
	return m.text, nil
}

// time reads a time, of those that can be told in nanoseconds since 1970.
func (m member) time(name string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, m.text)
	if err != nil || !time.Unix(0, at.UnixNano()).Equal(at) {
		return at, m.wrong("%.80q is no time; give %s like 2026-01-02T03:04:05Z", m.text, name)
	}
	return at, nil
}

// pairs goes over the members of a mapping.
func pairs(mapping *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(name, value *yaml.Node) bool) {
		for pair := range slices.Chunk(mapping.Content, 2) {
			if !yield(pair[0], pair[1]) {
				return
			}
		}
	}
}

func names(states []contract.State) string {
	all := make([]string, len(states))
	for i, state := range states {
		all[i] = string(state)
	}
	return strings.Join(all, ", ")
}
