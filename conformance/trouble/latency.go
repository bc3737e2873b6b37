package trouble

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Latency is how long requests wait before anything is done about them: always as long, anything between two durations,
// or as log-normal as the answers of many services are. The zero value is none.
type Latency struct {
	low, high time.Duration // of what is anything between; the same where it is always as long

	quantiles [2]quantile // of what is log-normal
	mu, sigma float64     // of the logarithm of nanoseconds
}

// quantile is a duration that a share of all is below.
type quantile struct {
	percent string
	below   time.Duration
}

// How a latency is spelled.
const (
	oneQuantile = `p([1-9][0-9]?(?:\.[0-9]{1,2})?)=`
	oneLatency  = "^(" + oneDuration + `|` + oneDuration + `\.\.` + oneDuration + `|` + oneQuantile + oneDuration + "," + oneQuantile + oneDuration + ")$"
)

var (
	latencyForm   = regexp.MustCompile(oneLatency)
	quantilesForm = regexp.MustCompile("^" + oneQuantile + `(.*),` + oneQuantile + `(.*)$`)
)

// ParseLatency reads a latency such as 20ms, 10ms..50ms or p50=20ms,p99=300ms. None is longer than a minute.
func ParseLatency(text string) (Latency, error) {
	if !latencyForm.MatchString(text) {
		return Latency{}, fmt.Errorf("%.60q is no latency; give one such as 20ms, 10ms..50ms or p50=20ms,p99=300ms", text)
	}
	if parts := quantilesForm.FindStringSubmatch(text); parts != nil {
		return parseQuantiles(parts[1], parts[2], parts[3], parts[4])
	}
	least, most, between := strings.Cut(text, "..")
	if !between {
		most = least
	}
	low, wrongLow := parseDuration(least, maxLatency)
	high, wrongHigh := parseDuration(most, maxLatency)
	switch err := firstOf(wrongLow, wrongHigh); {
	case err != nil:
		return Latency{}, err
	case low > high:
		return Latency{}, fmt.Errorf("%v is more than %v; give the shorter one first", low, high)
	}
	return Latency{low: low, high: high}, nil
}

func parseQuantiles(lower, low, upper, high string) (Latency, error) {
	belowLower, wrongLow := parseDuration(low, maxLatency)
	belowUpper, wrongHigh := parseDuration(high, maxLatency)
	if err := firstOf(wrongLow, wrongHigh); err != nil {
		return Latency{}, err
	}
	p, wrongLow := strconv.ParseFloat(lower, 64)
	q, wrongHigh := strconv.ParseFloat(upper, 64)
	switch err := firstOf(wrongLow, wrongHigh); {
	case err != nil:
		return Latency{}, err
	case p >= q || belowLower >= belowUpper || belowLower == 0:
		return Latency{}, fmt.Errorf("p%s=%v and p%s=%v are not two that grow from more than 0; give them like p50=20ms,p99=300ms", lower, belowLower, upper, belowUpper)
	}
	one, other := deviation(p/100), deviation(q/100)
	sigma := (math.Log(float64(belowUpper)) - math.Log(float64(belowLower))) / (other - one)
	return Latency{
		quantiles: [2]quantile{{lower, belowLower}, {upper, belowUpper}},
		mu:        math.Log(float64(belowLower)) - sigma*one, sigma: sigma,
	}, nil
}

// deviation is how many standard deviations over the mean a share of a normal distribution is below.
func deviation(share float64) float64 { return math.Sqrt2 * math.Erfinv(2*share-1) }

func (l Latency) none() bool { return l == Latency{} }

func (l Latency) draw(c *chance) time.Duration {
	switch {
	case l.sigma > 0:
		return time.Duration(min(math.Exp(l.mu+l.sigma*c.normal()), float64(maxLatency)))
	case l.low < l.high:
		return c.within(l.low, l.high)
	}
	return l.low
}

// String spells the latency as ParseLatency reads it.
func (l Latency) String() string {
	switch {
	case l.sigma > 0:
		one, other := l.quantiles[0], l.quantiles[1]
		return fmt.Sprintf("p%s=%v,p%s=%v", one.percent, one.below, other.percent, other.below)
	case l.low < l.high:
		return fmt.Sprintf("%v..%v", l.low, l.high)
	}
	return l.low.String()
}
