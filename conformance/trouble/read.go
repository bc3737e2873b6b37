package trouble

import (
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/byhand"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// maxScenario is how many bytes of a scenario are read.
const maxScenario = 1 << 20

// ReadScenario reads a scenario from a file in YAML or JSON. Its error says where in the file a mistake is, and how to mend
// it.
func ReadScenario(path string) (Scenario, error) {
	text, err := byhand.Read(path, maxScenario)
	if err != nil {
		return Scenario{}, fmt.Errorf("the file %q %w; give a scenario in YAML or JSON", path, err)
	}
	scenario, err := parseScenario(text)
	if err != nil {
		return Scenario{}, fmt.Errorf("the file %q, %w", path, err)
	}
	return scenario, nil
}

func parseScenario(text []byte) (Scenario, error) {
	root, err := byhand.Parse(text)
	if err != nil {
		return Scenario{}, err
	}
	var scenario Scenario
	var steps, repeat *yaml.Node
	err = byhand.Members(root, "a scenario", map[string]func(*yaml.Node) error{
		"steps":  func(value *yaml.Node) (err error) { steps = value; scenario.Steps, err = readSteps(value); return err },
		"repeat": func(value *yaml.Node) (err error) { repeat = value; scenario.Repeat, err = readBool(value); return err },
	})
	switch {
	case err != nil:
		return Scenario{}, err
	case steps == nil:
		return Scenario{}, byhand.At(root, errNoSteps)
	case scenario.Repeat && len(scenario.Steps) == 1:
		return Scenario{}, byhand.At(repeat, errOnlyRepeat)
	}
	return scenario, nil
}

// parseSettings reads settings in the words of a scenario's step. What they leave out is none.
func parseSettings(text []byte) (Settings, error) {
	root, err := byhand.Parse(text)
	if err != nil {
		return Settings{}, err
	}
	var step Step
	err = byhand.Members(root, "trouble", step.changes())
	return step.on(Settings{}), err
}

func readSteps(node *yaml.Node) ([]Step, error) {
	switch {
	case node.Kind != yaml.SequenceNode:
		return nil, byhand.Wrong(node, "steps is a list; give it as [{settle: 3s}, {after: 30s, settle: 0s}]")
	case len(node.Content) == 0:
		return nil, byhand.At(node, errNoSteps)
	case len(node.Content) > maxSteps:
		return nil, byhand.Wrong(node.Content[maxSteps], "there are more than %d steps; leave some out, or repeat some", maxSteps)
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
			err = byhand.Wrong(value, "this is no time at all; give one such as 30s")
		}
		return err
	}
	changes["requests"] = func(value *yaml.Node) (err error) { s.Requests, err = readCount(value); return err }
	if err := byhand.Members(node, "a step", changes); err != nil {
		return err
	}
	if err := s.checkWhen(first); err != nil {
		return byhand.At(node, err)
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
		return nil, byhand.Wrong(node, "%s is a list; give [] for none", name)
	case len(node.Content) > maxShares:
		return nil, byhand.Wrong(node.Content[maxShares], "%s has more than %d entries; leave some out", name, maxShares)
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
	err := byhand.Members(node, "what stays", map[string]func(*yaml.Node) error{
		"state": func(value *yaml.Node) (err error) {
			stay.State, err = byhand.Text(value, "a state", func(text string) (contract.State, error) { return parsePassing(text) })
			return err
		},
		"rate": func(value *yaml.Node) (err error) { stay.Rate, err = readRate(value); return err },
	})
	if err == nil && stay.State == "" {
		err = byhand.Wrong(node, "here is no state; give one, as in {state: %s, rate: 10%%}", contract.Leaving)
	}
	return stay, err
}

func readFault(node *yaml.Node) (Fault, error) {
	fault := Fault{Rate: Always}
	err := byhand.Members(node, "a fault", map[string]func(*yaml.Node) error{
		"name": func(value *yaml.Node) (err error) {
			fault.Name, err = byhand.Text(value, "a name", func(text string) (string, error) { return text, checkFault(text) })
			return err
		},
		"rate": func(value *yaml.Node) (err error) { fault.Rate, err = readRate(value); return err },
	})
	if err == nil && fault.Name == "" {
		err = byhand.Wrong(node, "here is no name; give one, as in {name: %s, rate: 5%%}", contract.Unavailable.Code)
	}
	return fault, err
}

func readDuration(node *yaml.Node) (time.Duration, error) {
	if number(node) {
		return 0, byhand.Wrong(node, "%.40q has no unit; give a duration such as 3s or 250ms", node.Value)
	}
	return byhand.Text(node, "a duration", func(text string) (time.Duration, error) { return parseDuration(text, maxTiming) })
}

func readLatency(node *yaml.Node) (Latency, error) {
	if number(node) {
		return Latency{}, byhand.Wrong(node, "%.40q has no unit; give a latency such as 20ms, 10ms..50ms or p50=20ms,p99=300ms", node.Value)
	}
	return byhand.Text(node, "a latency", ParseLatency)
}

func readRate(node *yaml.Node) (Rate, error) {
	if !number(node) {
		return byhand.Text(node, "a rate", parsePercentage)
	}
	var share float64
	if err := node.Decode(&share); err != nil {
		return 0, byhand.Wrong(node, "%.40q is no rate; give one such as 5%% or 0.05", node.Value)
	}
	rate, err := newRate(share)
	if err != nil {
		return 0, byhand.At(node, err)
	}
	return rate, nil
}

func readCount(node *yaml.Node) (int, error) {
	var count float64
	if !number(node) || node.Decode(&count) != nil || !(count >= 1 && count <= maxRequests) || count != float64(int(count)) {
		return 0, byhand.Wrong(node, "%.40q is no number of requests; give one from 1 to %d", node.Value, maxRequests)
	}
	return int(count), nil
}

func readBool(node *yaml.Node) (yes bool, err error) {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" || node.Decode(&yes) != nil {
		return false, byhand.Wrong(node, "%.40q is neither true nor false; give one of them", node.Value)
	}
	return yes, nil
}

func number(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.Tag == "!!int" || node.Tag == "!!float")
}
