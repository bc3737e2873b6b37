package trouble

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
)

// examples are scenarios that are right.
var examples = []string{
	"steps: [{}]",
	"steps:\n  - settle: 3s\n    latency: p50=20ms,p99=300ms\n  - after: 30s\n    faults: [{name: SERVICE_TEMPORARY_UNAVAILABLE, rate: 5%}]\n  - after: 10s\n    faults: []\nrepeat: true\n",
	"# nothing but requests\nsteps:\n- requests: 100\n  stay: [{state: DELETING, rate: 0.1}, {state: CREATING}]\n- requests: 1e3\n  stay: []\n",
	`{"steps": [{"after": "1m30s", "creating": "0s", "latency": "10ms..50ms", "faults": [{"name": "folds-case", "rate": 1}, {"name": "reset-after", "rate": 0}]}], "repeat": false}`,
	"steps: [{latency: 0s}, {after: 1.5h, latency: \"20ms\", settle: 1µs}]",
}

func TestScenariosAreRead(t *testing.T) {
	t.Parallel()
	g, compiled := NewWithT(t), fortest.Schema(t, Schema)
	for _, text := range examples {
		_, err := parseScenario([]byte(text))
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(fortest.FitsAsYAML(compiled, []byte(text))).To(Succeed(), text)
	}
	read, err := parseScenario([]byte(examples[1]))
	g.Expect(err).NotTo(HaveOccurred())
	latency, err := ParseLatency("p50=20ms,p99=300ms")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read).To(Equal(Scenario{Repeat: true, Steps: []Step{
		{Settle: new(3 * time.Second), Latency: &latency},
		{After: 30 * time.Second, Faults: []Fault{{contract.Unavailable.Code, 0.05}}},
		{After: 10 * time.Second, Faults: []Fault{}},
	}}))
}

// TestMistakesInAScenarioAreTold, each with its place, and refused by the schema as well where that can see them.
func TestMistakesInAScenarioAreTold(t *testing.T) {
	t.Parallel()
	compiled := fortest.Schema(t, Schema)
	for name, mistake := range map[string]struct {
		text, place, mend string
		deeper            bool // the schema does not see it
	}{
		"nothing":               {"", "line 1, column 1", "give a mapping", false},
		"a comment alone":       {"# steps\n", "line 1, column 1", "give a mapping", false},
		"a text":                {"steps", "line 1, column 1", "a scenario is a mapping", false},
		"a list":                {"- settle: 3s\n", "line 1, column 1", "a scenario is a mapping", false},
		"no YAML":               {"steps:\n  - settle: 3s\n    latency: [\n", "line 3, column 1", "neither YAML nor JSON", false},
		"control characters":    {"steps: \x01", "line 1, column 1", "neither YAML nor JSON", false},
		"no steps":              {"repeat: false\n", "line 1, column 1", "give one at least", false},
		"steps without any":     {"steps: []\n", "line 1, column 8", "give one at least", false},
		"steps of nothing":      {"steps:\n", "line 1, column 7", "steps is a list", false},
		"one step":              {"steps: {settle: 3s}\n", "line 1, column 8", "steps is a list", false},
		"a step that is none":   {"steps:\n- 3s\n", "line 2, column 3", "a step is a mapping", false},
		"an unknown key":        {"steps:\n- settel: 3s\n", "line 2, column 3", "did you mean settle?; there are after, creating, faults, latency, requests, settle, stay", false},
		"an unknown key on top": {"steps: [{}]\nrepeats: true\n", "line 2, column 1", "did you mean repeat?", false},
		"a strange key":         {"steps:\n- wait: 3s\n", "line 2, column 3", "there are after,", false},
		"a key that is a list":  {"steps:\n- [settle]: 3s\n", "line 2, column 3", "has no member", true}, // YAML knows it, JSON does not
		"a key twice":           {"steps:\n- settle: 3s\n  settle: 4s\n", "line 3, column 3", "leave one out", false},
		"a number of seconds":   {"steps:\n- settle: 3\n", "line 2, column 11", `"3" has no unit`, false},
		"a duration in words":   {"steps:\n- settle: soon\n", "line 2, column 11", "give one such as 3s", false},
		"a negative duration":   {"steps:\n- settle: -3s\n", "line 2, column 11", "give one such as 3s", false},
		"a duration of days":    {"steps:\n- settle: 25h\n", "line 2, column 11", "up to 24h0m0s", true},
		"a duration of nothing": {"steps:\n- settle:\n", "line 2, column 10", "a duration is a text", false},
		"no time at all":        {"steps:\n- {}\n- after: 0s\n", "line 3, column 10", "no time at all", false},
		"no latency":            {"steps:\n- latency: fast\n", "line 2, column 12", "10ms..50ms", false},
		"latency of a number":   {"steps:\n- latency: 20\n", "line 2, column 12", "has no unit", false},
		"latency backwards":     {"steps:\n- latency: 50ms..10ms\n", "line 2, column 12", "the shorter one first", true},
		"latency too long":      {"steps:\n- latency: 2m\n", "line 2, column 12", "up to 1m0s", true},
		"both":                  {"steps:\n- {}\n- after: 3s\n  requests: 3\n", "line 3, column 3", "not both", false},
		"neither":               {"steps:\n- {}\n- settle: 3s\n", "line 3, column 3", "give after, as in 30s, or requests", false},
		"no requests":           {"steps:\n- requests: 0\n", "line 2, column 13", "give one from 1 to", false},
		"half a request":        {"steps:\n- requests: 1.5\n", "line 2, column 13", "give one from 1 to", false},
		"requests in words":     {"steps:\n- requests: many\n", "line 2, column 13", "give one from 1 to", false},
		"faults of nothing":     {"steps:\n- faults:\n", "line 2, column 10", "give [] for none", false},
		"a fault without list":  {"steps:\n- faults: {name: reset}\n", "line 2, column 11", "faults is a list", false},
		"a fault by its name":   {"steps:\n- faults: [reset]\n", "line 2, column 12", "a fault is a mapping", false},
		"a fault without name":  {"steps:\n- faults: [{rate: 5%}]\n", "line 2, column 12", "here is no name", false},
		"an unknown fault":      {"steps:\n- faults: [{name: folds-cases}]\n", "line 2, column 19", "did you mean folds-case?", false},
		"a fault served whole":  {"steps:\n- faults: [{name: http-2}]\n", "line 2, column 19", "how the server listens", false},
		"a rate over all":       {"steps:\n- faults: [{name: reset, rate: 105%}]\n", "line 2, column 32", "no rate from 0% to 100%", false},
		"a rate of 5":           {"steps:\n- faults: [{name: reset, rate: 5}]\n", "line 2, column 32", "5 is no rate from 0 to 1", false},
		"a rate in quotes":      {"steps:\n- faults: [{name: reset, rate: '0.05'}]\n", "line 2, column 32", "give one such as 5%", false},
		"a rate of nothing":     {"steps:\n- faults: [{name: reset, rate: }]\n", "line 2, column 32", "a rate is a text", false},
		"no rate at all":        {"steps:\n- faults: [{name: reset, rate: .nan}]\n", "line 2, column 32", "no rate", false},
		"a state that stays":    {"steps:\n- stay: [{state: FAILED}]\n", "line 2, column 18", "give CREATING or DELETING", false},
		"no state":              {"steps:\n- stay: [{rate: 1}]\n", "line 2, column 10", "here is no state", false},
		"a repetition of one":   {"steps: [{}]\nrepeat: true\n", "line 2, column 9", "leave out repeat", false},
		"repeat in words":       {"steps: [{}, {after: 1s}]\nrepeat: often\n", "line 2, column 9", "neither true nor false", false},
		"several documents":     {"steps: [{}]\n---\nsteps: [{}]\n", "line 2, column 1", "a second document", true},
		"an anchor":             {"steps: [&a {settle: 3s}]\n", "line 1, column 9", "no anchors", true},
		"an alias":              {"steps: &a [*a]\n", "line 1, column 8", "no anchors", true},
		"a tag":                 {"steps: [{settle: !!str 3s}]\n", "line 1, column 18", "no tags", true},
		"a bomb": {
			"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nsteps: *c\n", "line 1, column 4", "no anchors", false,
		},
		"too many steps":  {"steps:\n" + strings.Repeat("- {requests: 1}\n", maxSteps+1), "line 1002, column 3", "more than 1000 steps", false},
		"too many faults": {"steps:\n- faults:\n" + strings.Repeat("  - {name: cut}\n", maxShares+1), "line 103, column 5", "more than 100 entries", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := parseScenario([]byte(mistake.text))
			g.Expect(err).To(MatchError(HavePrefix(mistake.place + ": ")))
			g.Expect(err).To(MatchError(ContainSubstring(mistake.mend)))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			if !mistake.deeper {
				g.Expect(fortest.FitsAsYAML(compiled, []byte(mistake.text))).NotTo(Succeed())
			}
		})
	}
}

func TestAFileThatIsNoScenarioIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "trouble.yaml")
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		return path
	}
	_, err := ReadScenario(write("steps:\n- settel: 3s\n"))
	g.Expect(err).To(MatchError(MatchRegexp(`^the file ".*trouble\.yaml", line 2, column 3: `)))
	_, err = ReadScenario(write(strings.Repeat("#", maxScenario+1)))
	g.Expect(err).To(MatchError(ContainSubstring("is longer than 1048576 bytes")))
	_, err = ReadScenario(t.TempDir())
	g.Expect(err).To(MatchError(ContainSubstring("cannot be read (is a directory); give a scenario")))
	read, err := ReadScenario(write(examples[1]))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(read.Steps).To(HaveLen(3))
}

// TestTheSchemaSaysWhatIsRead: names, forms and bounds are those of the code.
func TestTheSchemaSaysWhatIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var document struct {
		Properties struct {
			Steps struct{ MinItems, MaxItems int }
		}
		Defs struct {
			Step struct {
				Properties map[string]struct {
					Pattern           string
					Maximum, MaxItems int
					Items             struct {
						Properties struct {
							State struct{ Enum []contract.State }
						}
					}
				}
			}
			Duration struct{ Pattern string }
			Rate     struct{ OneOf []struct{ Pattern string } }
			Fault    struct{ Enum []string }
		} `json:"$defs"`
	}
	g.Expect(json.Unmarshal(Schema, &document)).To(Succeed())
	step := document.Defs.Step.Properties
	g.Expect(document.Defs.Fault.Enum).To(ConsistOf(Names()), "names in the schema")
	g.Expect(document.Defs.Duration.Pattern).To(Equal("^" + oneDuration + "$"))
	g.Expect(document.Defs.Rate.OneOf[0].Pattern).To(Equal(percentage))
	g.Expect(step["latency"].Pattern).To(Equal(oneLatency))
	g.Expect(step["stay"].Items.Properties.State.Enum).To(Equal(Passing))
	g.Expect(step["stay"].MaxItems).To(Equal(maxShares))
	g.Expect(step["faults"].MaxItems).To(Equal(maxShares))
	g.Expect(step["requests"].Maximum).To(Equal(maxRequests))
	g.Expect(document.Properties.Steps.MaxItems).To(Equal(maxSteps))
	var read Step
	for name := range read.changes() {
		g.Expect(step).To(HaveKey(name))
		delete(step, name)
	}
	g.Expect(step).To(HaveLen(2)) // after and requests
	g.Expect(step).To(And(HaveKey("after"), HaveKey("requests")))
}

// FuzzScenario holds that whatever a file says, it is refused in one line with a place, or satisfies the schema and can be
// played.
func FuzzScenario(f *testing.F) {
	for _, text := range examples {
		f.Add([]byte(text))
	}
	for _, text := range []string{
		"", "steps: [{requests: 0x10}]", "steps: [{requests: 1_0}]", "steps: [{faults: [{name: cut, rate: -0.0}]}]", "{steps: [{settle: 1h1h}]}", "? steps\n: - {}\n", "<<: {}",
		"steps: &a [*a]", "steps: [{after: 0.0000000001ns}]", "steps:\n- |\n  a", "\ufeffsteps: [{}]", "steps: [{}]\n...\n", "%YAML 1.1\n---\nsteps: [{}]", "steps: [{stay: [{state: DELETING}]}]\nrepeat: yes",
	} {
		f.Add([]byte(text))
	}
	compiled, line := fortest.Schema(f, Schema), regexp.MustCompile(`^line [1-9][0-9]*, column [1-9][0-9]*: [^\n]+$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		scenario, err := parseScenario(text)
		if err != nil {
			if !line.MatchString(err.Error()) {
				t.Fatalf("no line with a place: %q", err)
			}
			return
		}
		if err := fortest.FitsAsYAML(compiled, text); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		made, err := New(1, Settings{})
		if err != nil {
			t.Fatal(err)
		}
		if err := made.Play(scenario); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
	})
}
