package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/trouble"
)

// troubles is how long the mock takes over things, and what goes wrong with it. It has to be the first part that puts something
// before the API: a mutant that changes a request would break its signature.
type troubles struct {
	settings     trouble.Settings
	latency      string
	stay, faults []string
	mutant       string
	scenario     string
	random       uint64
}

func (t *troubles) register(flags *pflag.FlagSet) {
	flags.DurationVar(&t.settings.Settle, "settle", 0, "how long a snapshot that is deleted is DELETING before it is gone")
	flags.DurationVar(&t.settings.Creating, "creating", 0, "how long a snapshot that CreateSnapshot makes is CREATING")
	flags.StringVar(&t.latency, "latency", "", "how long a request to the API waits, as `LATENCY`: 20ms, 10ms..50ms, or p50=20ms,p99=300ms")
	flags.StringArrayVar(&t.stay, "stay", nil, "have snapshots that come to a state stay there, as `STATE[=RATE]`: DELETING=10%; may be repeated")
	flags.StringArrayVar(&t.faults, "fault", nil, "have requests to the API meet a fault, as `NAME[=RATE]`: reset=1%; may be repeated, and of several that strike one the first does")
	flags.StringVar(&t.scenario, "scenario", "", "change all this step by step, as the YAML in `FILE` says")
	flags.Uint64Var(&t.random, "random", 0, "repeat what came by chance, as the mock told it: `N`")
	flags.StringVar(&t.mutant, "mutant", "", "serve the mutant or twin NAME as it is; with a rate, as in `NAME[=RATE]`, it is a --fault")
}

// aboutFaults lists the faults beside mutants and twins.
func aboutFaults() string {
	var text strings.Builder
	text.WriteString("A --fault is a mutant or a twin, an error code of the contract, which is answered before anything is done, or trouble of the\nconnection:\n")
	for _, one := range trouble.Connections {
		fmt.Fprintf(&text, "  %-12s it %s\n", one.Name, one.Does)
	}
	fmt.Fprintf(&text, "GET, PUT and DELETE of %s%s look at the trouble, change it, and take it away.", mock.TestbedPath, trouble.Place)
	return text.String()
}

func (t *troubles) apply(_ *command, s *serving) error {
	if name, _, both := strings.Cut(t.mutant, "="); both {
		if _, err := namedVariant(name); err != nil {
			return err
		}
		if _, err := trouble.ParseFault(t.mutant); err != nil {
			return fmt.Errorf("--mutant: %w", err)
		}
		t.faults = append(t.faults, t.mutant)
	} else if s.flags.Changed("mutant") {
		return t.serveWhole(s)
	}
	if err := t.read(s); err != nil {
		return err
	}
	if !s.flags.Changed("random") {
		t.random = uint64(rand.Uint32())
	}
	made, err := trouble.New(t.random, t.settings)
	if err != nil {
		return fmt.Errorf("--%w", err) // which begins with the name of the flag
	}
	if s.flags.Changed("scenario") {
		scenario, err := trouble.ReadScenario(t.scenario)
		if err == nil {
			err = made.Play(scenario)
		}
		if err != nil {
			return fmt.Errorf("--scenario: %w", err)
		}
	}
	if !s.flags.Changed("random") && slices.ContainsFunc([]string{"latency", "stay", "fault", "mutant", "scenario"}, s.flags.Changed) {
		s.remarks = append(s.remarks, fmt.Sprintf("what comes by chance comes again with --random %d", t.random))
	}
	s.options = append(s.options, made.Option())
	return nil
}

// read takes the flags that are texts.
func (t *troubles) read(s *serving) (err error) {
	if s.flags.Changed("latency") {
		if t.settings.Latency, err = trouble.ParseLatency(t.latency); err != nil {
			return fmt.Errorf("--latency: %w", err)
		}
	}
	for _, text := range t.stay {
		stay, err := trouble.ParseStay(text)
		if err != nil {
			return fmt.Errorf("--stay: %w", err)
		}
		t.settings.Stay = append(t.settings.Stay, stay)
	}
	for _, text := range t.faults {
		fault, err := trouble.ParseFault(text)
		if err != nil {
			return fmt.Errorf("--fault: %w", err)
		}
		t.settings.Faults = append(t.settings.Faults, fault)
		if variant, known := mutants.Named(fault.Name); known {
			s.remarks = append(s.remarks, introduce(variant)...)
		}
	}
	return nil
}

// serveWhole has a mutant or twin stand in the place of the mock, just as a suite is measured by it.
func (t *troubles) serveWhole(s *serving) error {
	variant, err := namedVariant(t.mutant)
	if err != nil {
		return err
	}
	own := []string{"addr", "mutant"}
	s.flags.Visit(func(flag *pflag.Flag) {
		if err == nil && !slices.Contains(own, flag.Name) {
			err = fmt.Errorf("--%s is the mock's, and --mutant serves another implementation; give --fault %s in place of --mutant, which has the mock answer so", flag.Name, t.mutant)
		}
	})
	s.whole = &variant
	s.remarks = append(s.remarks, introduce(variant)...)
	return err
}

func namedVariant(name string) (mutants.Variant, error) {
	variant, known := mutants.Named(name)
	if !known {
		return variant, fmt.Errorf("--mutant %q: there is no mutant and no twin of this name; \"zec-conformance mutants\" lists them", name)
	}
	return variant, nil
}

// introduce says what answers in the mock's place.
func introduce(v mutants.Variant) []string {
	text := fmt.Sprintf("%s is a twin, which breaks nothing: it %s", v.Name, v.Does)
	if v.Mutant() {
		text = fmt.Sprintf("%s is a mutant that breaks %s: it %s", v.Name, strings.Join(v.Rules, ", "), v.Does)
	}
	told := []string{text}
	switch credentials := v.Credentials; {
	case credentials.Token != "":
		told = append(told, fmt.Sprintf("it takes the token %q, which is no secret", credentials.Token))
	case credentials.Present():
		told = append(told, fmt.Sprintf("it takes the key %q with the password %q, which is no secret", credentials.KeyID, credentials.Secret))
	}
	return told
}
