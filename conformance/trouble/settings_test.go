package trouble

import (
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func TestRatesAreRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for text, rate := range map[string]Rate{"5%": 0.05, "0.05": 0.05, "100%": 1, "100.0%": 1, "1": 1, "0": 0, "0%": 0, "12.5%": 0.125, "7%": 0.07} {
		g.Expect(ParseRate(text)).To(Equal(rate), text)
	}
	for _, text := range []string{"", "%", "5", "105%", "-1%", "-0.1", "1.1", "NaN", "inf", "5 %", "5%%", "five", "100.1%"} {
		_, err := ParseRate(text)
		g.Expect(err).To(MatchError(ContainSubstring("give one such as 5% or 0.05")), text)
	}
	for _, text := range []string{"5%", "7%", "100%", "0%", "12.5%", "0.1%", "33.3333333%"} {
		rate, err := ParseRate(text)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(rate.String()).To(Equal(text))
	}
}

func TestLatenciesAreReadAndSpelled(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range []string{"0s", "20ms", "1m0s", "10ms..50ms", "0s..1m0s", "1.5ms..2.5ms", "p50=20ms,p99=300ms", "p10=1ns,p99.9=1m0s"} {
		latency, err := ParseLatency(text)
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(latency.String()).To(Equal(text))
		g.Expect(latency.none()).To(Equal(text == "0s"))
	}
	for text, mend := range map[string]string{
		"": "give one such as 20ms", "20": "give one such as 20ms", "fast": "give one such as 20ms", "-1s": "give one such as 20ms", "p50=1s": "give one such as 20ms",
		"1h": "give a duration up to 1m0s", "10ms..2h": "give a duration up to 1m0s", "50ms..10ms": "give the shorter one first", "..": "give one such as 20ms",
		"1ms..2ms..3ms": "give one such as 20ms", "p50=0s,p99=1s": "grow from more than 0", "p50=1s,p99=1s": "grow", "p99=1ms,p50=2ms": "grow", "p50=1s,p99=2h": "up to 1m0s",
		"p0=1ms,p50=2ms": "give one such as", "p50=1ms,p100=2ms": "give one such as", "p50=x,p99=1s": "give one such as 20ms",
	} {
		_, err := ParseLatency(text)
		g.Expect(err).To(MatchError(ContainSubstring(mend)), text)
	}
}

// TestLatenciesHaveTheirDistribution: what is drawn, from a seed, is where it is said to be.
func TestLatenciesHaveTheirDistribution(t *testing.T) {
	t.Parallel()
	const draws = 20_000
	below := func(drawn []time.Duration, bound time.Duration) float64 {
		count := 0
		for _, one := range drawn {
			if one <= bound {
				count++
			}
		}
		return float64(count) / draws
	}
	draw := func(text string) []time.Duration {
		made, err := New(7, Settings{})
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		latency, err := ParseLatency(text)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		drawn := make([]time.Duration, draws)
		for i := range drawn {
			drawn[i] = latency.draw(made.chance("latency"))
		}
		return drawn
	}
	g := NewWithT(t)
	g.Expect(draw("20ms")).To(HaveEach(20 * time.Millisecond))

	even := draw("10ms..50ms")
	g.Expect(slices.Min(even)).To(BeNumerically(">=", 10*time.Millisecond))
	g.Expect(slices.Max(even)).To(BeNumerically("<=", 50*time.Millisecond))
	g.Expect(below(even, 20*time.Millisecond)).To(BeNumerically("~", 0.25, 0.02))

	logNormal := draw("p50=20ms,p99=300ms")
	g.Expect(below(logNormal, 20*time.Millisecond)).To(BeNumerically("~", 0.5, 0.02))
	g.Expect(below(logNormal, 300*time.Millisecond)).To(BeNumerically("~", 0.99, 0.003))
	g.Expect(slices.Min(logNormal)).To(BeNumerically(">", 0))
	g.Expect(slices.Max(draw("p10=1ms,p50=30s"))).To(Equal(maxLatency))

	g.Expect(draw("p50=20ms,p99=300ms")).To(Equal(logNormal), "the same seed draws the same")
}

func TestFaultsAndStaysAreRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(ParseFault("reset")).To(Equal(Fault{"reset", Always}))
	g.Expect(ParseFault("folds-case=0.5")).To(Equal(Fault{"folds-case", 0.5}))
	g.Expect(ParseFault(contract.Unavailable.Code + "=5%")).To(Equal(Fault{contract.Unavailable.Code, 0.05}))
	g.Expect(ParseStay("DELETING=10%")).To(Equal(Stay{contract.Leaving, 0.1}))
	g.Expect(ParseStay("CREATING")).To(Equal(Stay{Passing[0], Always}))
	for text, mend := range map[string]string{
		"rest": "did you mean reset?", "reset=2": "from 0 to 1", "": "there is no fault", "service_temporary_unavailable": "did you mean SERVICE_TEMPORARY_UNAVAILABLE?",
		"http-2": "--mutant http-2", "ids-uuid": "about the ids", "flickers": "what the testbed shows", "xyzzy": "zec-conformance mutants",
	} {
		_, err := ParseFault(text)
		g.Expect(err).To(MatchError(ContainSubstring(mend)), text)
	}
	for text, mend := range map[string]string{"FAILED": "give CREATING or DELETING", "": "give CREATING or DELETING", "DELETING=x": "no rate"} {
		_, err := ParseStay(text)
		g.Expect(err).To(MatchError(ContainSubstring(mend)), text)
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for mend, settings := range map[string]Settings{
		"settle: -1s is less than nothing": {Settle: -time.Second},
		"creating: 48h0m0s is too long":    {Creating: 48 * time.Hour},
		"faults: there is no fault":        {Faults: []Fault{{"nobody", Always}}},
		"faults: 2 is no rate":             {Faults: []Fault{{"reset", 2}}},
		"stay: \"NORMAL\" is no state":     {Stay: []Stay{{contract.Normal, Always}}},
		"stay: -1 is no rate":              {Stay: []Stay{{contract.Leaving, -1}}},
	} {
		_, err := New(1, settings)
		g.Expect(err).To(MatchError(ContainSubstring(mend)))
		g.Expect(func() { With(settings) }).To(Panic())
		made, err := New(1, Settings{})
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(made.Set(settings)).NotTo(Succeed())
		g.Expect(made.Settings()).To(Equal(Settings{}), "nothing has changed")
	}
}
