package trouble

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/misread"
)

// maxScenario is how many bytes of a scenario are read.
const maxScenario = 1 << 20

// ReadScenario reads a scenario from a file in YAML or JSON. Its error says where in the file a mistake is, and how to mend
// it.
func ReadScenario(path string) (Scenario, error) {
	text, err := readBounded(path)
	if err != nil {
		return Scenario{}, fmt.Errorf("the file %q %w; give a scenario in YAML or JSON", path, err)
	}
	scenario, err := parseScenario(text)
	if err != nil {
		return Scenario{}, fmt.Errorf("the file %q, %w", path, err)
	}
	return scenario, nil
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	var text []byte
	if err == nil {
		defer file.Close()
		text, err = io.ReadAll(io.LimitReader(file, maxScenario+1))
	}
	var broken *fs.PathError
	switch {
	case errors.As(err, &broken):
		return nil, fmt.Errorf("cannot be read (%w)", broken.Err)
	case len(text) > maxScenario:
		return nil, fmt.Errorf("is longer than %d bytes", maxScenario)
	}
	return text, err
}

// mistake is one that has a place in the text.
type mistake struct {
	line, column int
	text         string
}

func (m *mistake) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", m.line, m.column, m.text)
}

func at(node *yaml.Node, err error) error { return &mistake{node.Line, node.Column, err.Error()} }

func wrong(node *yaml.Node, format string, arguments ...any) error {
	return at(node, fmt.Errorf(format, arguments...))
}

func parseScenario(text []byte) (Scenario, error) {
	root, err := parse(text)
	if err != nil {
		return Scenario{}, err
	}
	var scenario Scenario
	var steps, repeat *yaml.Node
	err = members(root, "a scenario", map[string]func(*yaml.Node) error{
		"steps":  func(value *yaml.Node) (err error) { steps = value; scenario.Steps, err = readSteps(value); return err },
		"repeat": func(value *yaml.Node) (err error) { repeat = value; scenario.Repeat, err = readBool(value); return err },
	})
	switch {
	case err != nil:
		return Scenario{}, err
	case steps == nil:
		return Scenario{}, at(root, errNoSteps)
	case scenario.Repeat && len(scenario.Steps) == 1:
		return Scenario{}, at(repeat, errOnlyRepeat)
	}
	return scenario, nil
}

// parseSettings reads settings in the words of a scenario's step. What they leave out is none.
func parseSettings(text []byte) (Settings, error) {
	root, err := parse(text)
	if err != nil {
		return Settings{}, err
	}
	var step Step
	err = members(root, "trouble", step.changes())
	return step.on(Settings{}), err
}

// parse reads one document. There are no aliases in it, so that it is not longer than it looks, and no tags: every value
// is what it looks like.
func parse(text []byte) (*yaml.Node, error) {
	var document, more yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, &mistake{1, 1, "there is nothing here; give a mapping"}
	case err != nil:
		return nil, malformed(err, text)
	}
	root := document.Content[0]
	if err := plain(root); err != nil {
		return nil, err
	}
	switch err := decoder.Decode(&more); {
	case err == nil:
		return nil, wrong(&more, "a second document begins; give one alone")
	case !errors.Is(err, io.EOF):
		return nil, malformed(err, text)
	}
	return root, nil
}

// malformed finds the place in an error of the YAML library, which knows none more exact.
func malformed(err error, text []byte) error {
	line, what := misread.At(err, text)
	return &mistake{line, 1, "this is neither YAML nor JSON (" + what + ")"}
}

func plain(node *yaml.Node) error {
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		return wrong(node, "there are no anchors and aliases here; write out what they stand for")
	case node.Style&yaml.TaggedStyle != 0:
		return wrong(node, "there are no tags here; leave out %.40q", node.Tag)
	}
	for _, below := range node.Content {
		if err := plain(below); err != nil {
			return err
		}
	}
	return nil
}

// members reads the members of a mapping, each with what reads it, in their order.
func members(node *yaml.Node, what string, read map[string]func(*yaml.Node) error) error {
	var names []string
	for name := range read {
		names = append(names, name)
	}
	slices.Sort(names)
	if node.Kind != yaml.MappingNode {
		return wrong(node, "%s is a mapping; give it members such as %s", what, names[0])
	}
	seen := map[string]bool{}
	for pair := range slices.Chunk(node.Content, 2) {
		name, value := pair[0], pair[1]
		take, known := read[name.Value]
		switch {
		case !known || name.Kind != yaml.ScalarNode || name.Tag != "!!str":
			return wrong(name, "%s has no member %.40q%s; there are %s", what, name.Value, meant(name.Value, names), strings.Join(names, ", "))
		case seen[name.Value]:
			return wrong(name, "%s is here for the second time; leave one out", name.Value)
		}
		seen[name.Value] = true
		if err := take(value); err != nil {
			return err
		}
	}
	return nil
}

func readSteps(node *yaml.Node) ([]Step, error) {
	switch {
	case node.Kind != yaml.SequenceNode:
		return nil, wrong(node, "steps is a list; give it as [{settle: 3s}, {after: 30s, settle: 0s}]")
	case len(node.Content) == 0:
		return nil, at(node, errNoSteps)
	case len(node.Content) > maxSteps:
		return nil, wrong(node.Content[maxSteps], "there are more than %d steps; leave some out, or repeat some", maxSteps)
	}
	steps := make([]Step, len(node.Content))
	for i, one := range node.Content {
		if err := steps[i].read(one, i == 0); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

func (s *Step) read(node *yaml.Node, first bool) error {
	changes := s.changes()
	changes["after"] = func(value *yaml.Node) (err error) {
		if s.After, err = readDuration(value); err == nil && s.After == 0 {
			err = wrong(value, "this is no time at all; give one such as 30s")
		}
		return err
	}
	changes["requests"] = func(value *yaml.Node) (err error) { s.Requests, err = readCount(value); return err }
	if err := members(node, "a step", changes); err != nil {
		return err
	}
	if err := s.checkWhen(first); err != nil {
		return at(node, err)
	}
	return nil
}

// changes reads what a step changes.
func (s *Step) changes() map[string]func(*yaml.Node) error {
	return map[string]func(*yaml.Node) error{
		"settle":   into(&s.Settle, readDuration),
		"creating": into(&s.Creating, readDuration),
		"latency":  into(&s.Latency, readLatency),
		"stay":     func(value *yaml.Node) (err error) { s.Stay, err = readShares(value, "stay", readStay); return err },
		"faults":   func(value *yaml.Node) (err error) { s.Faults, err = readShares(value, "faults", readFault); return err },
	}
}

func into[T any](place **T, read func(*yaml.Node) (T, error)) func(*yaml.Node) error {
	return func(value *yaml.Node) error {
		found, err := read(value)
		*place = &found
		return err
	}
}

// readShares reads a list of what strikes at rates. It is not nil, also if nothing is in it.
func readShares[T any](node *yaml.Node, name string, read func(*yaml.Node) (T, error)) ([]T, error) {
	switch {
	case node.Kind != yaml.SequenceNode:
		return nil, wrong(node, "%s is a list; give [] for none", name)
	case len(node.Content) > maxShares:
		return nil, wrong(node.Content[maxShares], "%s has more than %d entries; leave some out", name, maxShares)
	}
	shares := []T{}
	for _, one := range node.Content {
		share, err := read(one)
		if err != nil {
			return nil, err
		}
		shares = append(shares, share)
	}
	return shares, nil
}

func readStay(node *yaml.Node) (Stay, error) {
	stay := Stay{Rate: Always}
	err := members(node, "what stays", map[string]func(*yaml.Node) error{
		"state": func(value *yaml.Node) (err error) {
			stay.State, err = readText(value, "a state", func(text string) (contract.State, error) { return parsePassing(text) })
			return err
		},
		"rate": func(value *yaml.Node) (err error) { stay.Rate, err = readRate(value); return err },
	})
	if err == nil && stay.State == "" {
		err = wrong(node, "here is no state; give one, as in {state: %s, rate: 10%%}", contract.Leaving)
	}
	return stay, err
}

func readFault(node *yaml.Node) (Fault, error) {
	fault := Fault{Rate: Always}
	err := members(node, "a fault", map[string]func(*yaml.Node) error{
		"name": func(value *yaml.Node) (err error) {
			fault.Name, err = readText(value, "a name", func(text string) (string, error) { return text, checkFault(text) })
			return err
		},
		"rate": func(value *yaml.Node) (err error) { fault.Rate, err = readRate(value); return err },
	})
	if err == nil && fault.Name == "" {
		err = wrong(node, "here is no name; give one, as in {name: %s, rate: 5%%}", contract.Unavailable.Code)
	}
	return fault, err
}

func readText[T any](node *yaml.Node, what string, read func(text string) (T, error)) (T, error) {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
		var none T
		return none, wrong(node, "%s is a text; %.40q is none", what, node.Value)
	}
	found, err := read(node.Value)
	if err != nil {
		return found, at(node, err)
	}
	return found, nil
}

func readDuration(node *yaml.Node) (time.Duration, error) {
	if number(node) {
		return 0, wrong(node, "%.40q has no unit; give a duration such as 3s or 250ms", node.Value)
	}
	return readText(node, "a duration", func(text string) (time.Duration, error) { return parseDuration(text, maxTiming) })
}

func readLatency(node *yaml.Node) (Latency, error) {
	if number(node) {
		return Latency{}, wrong(node, "%.40q has no unit; give a latency such as 20ms, 10ms..50ms or p50=20ms,p99=300ms", node.Value)
	}
	return readText(node, "a latency", ParseLatency)
}

func readRate(node *yaml.Node) (Rate, error) {
	if !number(node) {
		return readText(node, "a rate", parsePercentage)
	}
	var share float64
	if err := node.Decode(&share); err != nil {
		return 0, wrong(node, "%.40q is no rate; give one such as 5%% or 0.05", node.Value)
	}
	rate, err := newRate(share)
	if err != nil {
		return 0, at(node, err)
	}
	return rate, nil
}

func readCount(node *yaml.Node) (int, error) {
	var count float64
	if !number(node) || node.Decode(&count) != nil || !(count >= 1 && count <= maxRequests) || count != float64(int(count)) {
		return 0, wrong(node, "%.40q is no number of requests; give one from 1 to %d", node.Value, maxRequests)
	}
	return int(count), nil
}

func readBool(node *yaml.Node) (yes bool, err error) {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" || node.Decode(&yes) != nil {
		return false, wrong(node, "%.40q is neither true nor false; give one of them", node.Value)
	}
	return yes, nil
}

func number(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float")
}

// meant suggests the name that is spelled most alike, as the end of a clause; nothing where none is.
func meant(name string, among []string) string {
	const far = 3
	if len(name) > 100 {
		return "" // it is none of ours, and would take long
	}
	best, least := "", far
	for _, one := range among {
		if edits := distance(strings.ToLower(name), strings.ToLower(one)); edits < least && edits < len(one) {
			best, least = one, edits
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// distance is how many letters have to be put in, taken out or replaced to make one text of another.
func distance(one, other string) int {
	row := make([]int, len(other)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(one) {
		before := row[0]
		row[0] = i + 1
		for j := range len(other) {
			cost := 1
			if one[i] == other[j] {
				cost = 0
			}
			before, row[j+1] = row[j+1], min(before+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(other)]
}
