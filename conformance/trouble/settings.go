package trouble

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// Settings are the trouble at one time. Without any, the mock does everything at once, and right.
type Settings struct {
	Settle   time.Duration // how long a deleted snapshot is DELETING
	Creating time.Duration // how long a snapshot of the action CreateSnapshot is CREATING
	Latency  Latency       // how long a request to the API waits
	Stay     []Stay        // snapshots that stay in a state that passes otherwise
	Faults   []Fault       // what goes wrong with requests; of several that strike one, the first
}

// Stay has a share of the snapshots that come to a state stay there: all that are deleted for DELETING, and those of the
// action CreateSnapshot for CREATING.
type Stay struct {
	State contract.State
	Rate  Rate
}

// Fault has something go wrong with a share of the requests to the API. Names lists the names.
type Fault struct {
	Name string
	Rate Rate
}

// Rate is a share, from 0 to 1.
type Rate float64

// Always is the rate of what strikes every time.
const Always Rate = 1

func (r Rate) String() string {
	const digits = 1e7 // of a percentage, behind the point: others are there by rounding alone
	return strconv.FormatFloat(math.Round(float64(r)*100*digits)/digits, 'f', -1, 64) + "%"
}

// The bounds of what is waited for.
const (
	maxTiming  = 24 * time.Hour // settle, creating, and the time between the steps of a scenario
	maxLatency = time.Minute
)

// Passing are the states that a snapshot can be told to stay in.
var Passing = []contract.State{contract.State(api.Creating), contract.Leaving}

// percentage is how a rate is spelled.
const percentage = `^(100(\.0{1,9})?|[0-9]{1,2}(\.[0-9]{1,9})?)%$`

var percentageForm = regexp.MustCompile(percentage)

// ParseRate reads a rate such as 5% or 0.05.
func ParseRate(text string) (Rate, error) {
	if strings.HasSuffix(text, "%") {
		return parsePercentage(text)
	}
	share, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no rate; give one such as 5%% or 0.05", text)
	}
	return newRate(share)
}

func parsePercentage(text string) (Rate, error) {
	if !percentageForm.MatchString(text) {
		return 0, fmt.Errorf("%.40q is no rate from 0%% to 100%%; give one such as 5%% or 0.05", text)
	}
	share, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	return Rate(share / 100), err
}

func newRate(share float64) (Rate, error) {
	if !(share >= 0 && share <= 1) { // so that what is no number is none here either
		return 0, fmt.Errorf("%v is no rate from 0 to 1; give one such as 5%% or 0.05", share)
	}
	return Rate(share), nil
}

// ParseFault reads a fault that is written as NAME or as NAME=RATE.
func ParseFault(text string) (Fault, error) {
	name, rate, err := parseShare(text)
	if err == nil {
		err = checkFault(name)
	}
	return Fault{name, rate}, err
}

// ParseStay reads what stays that is written as STATE or as STATE=RATE.
func ParseStay(text string) (Stay, error) {
	name, rate, err := parseShare(text)
	if err != nil {
		return Stay{}, err
	}
	state, err := parsePassing(name)
	return Stay{state, rate}, err
}

func parseShare(text string) (name string, rate Rate, err error) {
	name, share, given := strings.Cut(text, "=")
	if !given {
		return name, Always, nil
	}
	rate, err = ParseRate(share)
	return name, rate, err
}

func parsePassing(name string) (contract.State, error) {
	if state := contract.State(name); slices.Contains(Passing, state) {
		return state, nil
	}
	return "", fmt.Errorf("%.40q is no state that passes by itself; give %s or %s", name, Passing[0], Passing[1])
}

// oneDuration is how a duration is spelled.
const oneDuration = `([0-9]{1,6}(\.[0-9]{1,9})?(ns|us|µs|ms|s|m|h))+`

var durationForm = regexp.MustCompile("^" + oneDuration + "$")

func parseDuration(text string, most time.Duration) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil || !durationForm.MatchString(text) {
		return 0, fmt.Errorf("%.40q is no duration; give one such as 3s or 250ms", text)
	}
	return duration, checkDuration(duration, most)
}

func checkDuration(duration, most time.Duration) error {
	switch {
	case duration < 0:
		return fmt.Errorf("%v is less than nothing; give a duration such as 2s", duration)
	case duration > most:
		return fmt.Errorf("%v is too long; give a duration up to %v", duration, most)
	}
	return nil
}

// check tells what cannot be about settings that were made in Go. What is read is checked where it stands.
func (s Settings) check() error {
	for name, duration := range map[string]time.Duration{"settle": s.Settle, "creating": s.Creating} {
		if err := checkDuration(duration, maxTiming); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, stay := range s.Stay {
		_, wrongState := parsePassing(string(stay.State))
		_, wrongRate := newRate(float64(stay.Rate))
		if err := firstOf(wrongState, wrongRate); err != nil {
			return fmt.Errorf("stay: %w", err)
		}
	}
	for _, fault := range s.Faults {
		_, wrongRate := newRate(float64(fault.Rate))
		if err := firstOf(checkFault(fault.Name), wrongRate); err != nil {
			return fmt.Errorf("faults: %w", err)
		}
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// clone shares no list.
func (s Settings) clone() Settings {
	s.Stay, s.Faults = slices.Clone(s.Stay), slices.Clone(s.Faults)
	return s
}

// MarshalJSON writes settings in the words of a scenario's step, all of them.
func (s Settings) MarshalJSON() ([]byte, error) {
	type share struct {
		Name  string         `json:"name,omitempty"`
		State contract.State `json:"state,omitempty"`
		Rate  string         `json:"rate"`
	}
	stay, faults := []share{}, []share{}
	for _, one := range s.Stay {
		stay = append(stay, share{State: one.State, Rate: one.Rate.String()})
	}
	for _, one := range s.Faults {
		faults = append(faults, share{Name: one.Name, Rate: one.Rate.String()})
	}
	return json.Marshal(struct {
		Settle   string  `json:"settle"`
		Creating string  `json:"creating"`
		Latency  string  `json:"latency"`
		Stay     []share `json:"stay"`
		Faults   []share `json:"faults"`
	}{s.Settle.String(), s.Creating.String(), s.Latency.String(), stay, faults})
}
