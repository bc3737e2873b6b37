package trouble

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// stage plays a scenario to a mock whose clock is the test's.
type stage struct {
	*Trouble
	*clock
	mock *mock.Service
}

func play(t *testing.T, before Settings, text string) stage {
	t.Helper()
	g, c := NewWithT(t), newClock()
	scenario, err := parseScenario([]byte(text))
	g.Expect(err).NotTo(HaveOccurred())
	made, err := newTrouble(7, before, c.now)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made.Play(scenario)).To(Succeed())
	return stage{made, c, mock.NewService(made.Option())}
}

// ask sends a request and gives the fault that it meets.
func (s stage) ask() string {
	s.mock.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, contract.Path, nil))
	all := s.mock.Exchanges()
	return all[len(all)-1].Fault
}

func TestAScenarioGoesByTheClock(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, Settings{Settle: time.Minute, Creating: time.Second}, `
steps:
  - settle: 3s
  - after: 30s
    faults: [{name: SERVICE_TEMPORARY_UNAVAILABLE}]
  - after: 10s
    settle: 0s
    faults: []
`)
	g.Expect(s.Settings()).To(Equal(Settings{Settle: 3 * time.Second, Creating: time.Second}), "what a step leaves out is kept")
	g.Expect(s.mock.Store().Timing().Deleting).To(Equal(3 * time.Second))
	s.pass(30*time.Second - 1)
	g.Expect(s.ask()).To(BeEmpty())
	s.pass(1)
	g.Expect(s.ask()).To(Equal(contract.Unavailable.Code))
	g.Expect(s.Settings().Settle).To(Equal(3 * time.Second))
	s.pass(9 * time.Second)
	g.Expect(s.ask()).To(Equal(contract.Unavailable.Code))
	s.pass(time.Second)
	g.Expect(s.ask()).To(BeEmpty())
	g.Expect(s.mock.Store().Timing().Deleting).To(BeZero())
	g.Expect(s.inForce.Load()).To(BeNil(), "when the last step is without faults, nothing stands in the way")
	s.pass(time.Hour)
	g.Expect(s.Settings()).To(Equal(Settings{Creating: time.Second, Stay: nil, Faults: []Fault{}}), "the last step stays")
}

func TestAScenarioGoesByRequests(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, Settings{}, `{"repeat": true, "steps": [{"faults": [{"name": "MISSING_PARAMETER"}]},
		{"requests": 2, "faults": [{"name": "REQUEST_TIMED_OUT"}]}, {"requests": 1, "faults": []}]}`)
	var met []string
	for range 7 {
		met = append(met, s.ask())
	}
	// The first step follows the last one at once, since it does not say when.
	g.Expect(met).To(Equal([]string{
		"MISSING_PARAMETER", "MISSING_PARAMETER", "REQUEST_TIMED_OUT", "MISSING_PARAMETER", "MISSING_PARAMETER", "REQUEST_TIMED_OUT", "MISSING_PARAMETER",
	}))
}

func TestAScenarioIsRepeated(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, Settings{}, `
repeat: true
steps:
  - {after: 20s, faults: [{name: REQUEST_TIMED_OUT}]}
  - {after: 10s, faults: []}
`)
	at := func() [2]int { s.Settings(); return [2]int{s.playing.round, s.playing.step + 1} }
	g.Expect(at()).To(Equal([2]int{1, 0}), "before the first step")
	g.Expect(s.ask()).To(BeEmpty())
	s.pass(20 * time.Second)
	g.Expect(at()).To(Equal([2]int{1, 1}))
	g.Expect(s.ask()).To(Equal("REQUEST_TIMED_OUT"))
	s.pass(10 * time.Second)
	g.Expect(at()).To(Equal([2]int{1, 2}))
	g.Expect(s.ask()).To(BeEmpty())
	s.pass(20 * time.Second)
	g.Expect(at()).To(Equal([2]int{2, 1}))
	g.Expect(s.ask()).To(Equal("REQUEST_TIMED_OUT"))
	s.pass(24 * 365 * time.Hour) // a multiple of 30 s: as many rounds later it is where it was
	g.Expect(at()).To(Equal([2]int{2 + 24*365*3600/30, 1}))
	g.Expect(s.ask()).To(Equal("REQUEST_TIMED_OUT"))
	s.pass(10 * time.Second)
	g.Expect(s.ask()).To(BeEmpty())
}

// TestAScenarioWithoutRestIsSoonAtItsPlace: what would have been rounds without number is left out.
func TestAScenarioWithoutRestIsSoonAtItsPlace(t *testing.T) {
	t.Parallel()
	s := play(t, Settings{}, `{steps: [{after: 1ns, settle: 1s}, {after: 1ns, settle: 2s}], repeat: true}`)
	s.pass(1000 * time.Hour)
	NewWithT(t).Expect(s.Settings().Settle).To(BeElementOf(time.Second, 2*time.Second))
}

func TestSettingsEndAScenario(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s := play(t, Settings{}, `{steps: [{settle: 1s}, {after: 1s, settle: 2s}]}`)
	g.Expect(s.Set(Settings{Settle: time.Hour})).To(Succeed())
	s.pass(time.Hour)
	g.Expect(s.Settings().Settle).To(Equal(time.Hour))
	g.Expect(s.inForce.Load()).To(BeNil())
}

func TestAScenarioThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made, err := New(1, Settings{})
	g.Expect(err).NotTo(HaveOccurred())
	for mend, scenario := range map[string]Scenario{
		"one at least":          {},
		"nothing to alternate":  {Repeat: true, Steps: []Step{{}}},
		"step 2: a step behind": {Steps: []Step{{}, {}}},
		"not both":              {Steps: []Step{{}, {After: 1, Requests: 1}}},
		"less than none":        {Steps: []Step{{Requests: -1}}},
		"less than nothing":     {Steps: []Step{{After: -1}}},
		"there is no fault":     {Steps: []Step{{Faults: []Fault{{"nobody", Always}}}}},
	} {
		g.Expect(made.Play(scenario)).To(MatchError(ContainSubstring(mend)))
		g.Expect(made.playing).To(BeNil())
	}
}
