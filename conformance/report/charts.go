package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The charts of a page are worked out here, in units of their own pictures, and drawn by the template.

// How much a chart shows. Those of runs have less.
const (
	chartMarks = 3000 // exchanges on a time line
	chartLanes = 20   // families
	chartBars  = 20   // exchanges of a failure
)

// Measures of the charts.
const (
	chartWidth  = 960
	chartLeft   = 100 // of it are for names
	chartRight  = 60  // and for figures
	chartPlot   = chartWidth - chartLeft - chartRight
	chartAxis   = 30 // the height of an axis
	laneRow     = 12 // the height of a row of marks
	laneRows    = 6  // in a lane: where more exchanges are under way at once, marks lie upon each other
	barHeight   = 34
	glyphWidth  = 9
	shortestBar = 4 // what would be shorter is a mark alone
)

// noFamily stands for the family of what no check has sent.
const noFamily = "outside"

// px writes a measure, so that two writings are the same.
func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// sane is a number of seconds that can be drawn, whatever a kept report has: no run takes a century.
func sane(seconds float64) float64 { return min(max(0, seconds), 100*365*24*60*60) }

// class is how an outcome is drawn.
func (o Outcome) class() string { return strings.ReplaceAll(string(o.known()), " ", "-") }

// known is the outcome, if it is one of ours.
func (o Outcome) known() Outcome {
	if !slices.Contains(AllOutcomes, o) {
		return OutcomeOther
	}
	return o
}

// tick is a place on an axis.
type tick struct{ X, Label string }

// legend explains how an outcome is drawn.
type legend struct{ Class, Label string }

func legends(has func(Outcome) bool) []legend {
	var all []legend
	for _, outcome := range AllOutcomes {
		if has(outcome) {
			all = append(all, legend{outcome.class(), string(outcome)})
		}
	}
	return all
}

// lapse writes a duration in the unit that suits it.
func lapse(seconds float64) string {
	switch {
	case seconds <= 0:
		return "0 s"
	case seconds < 1e-3:
		return fmt.Sprintf("%.0f µs", 1e6*seconds)
	case seconds < 1:
		return fmt.Sprintf("%.3g ms", 1e3*seconds)
	case seconds < 1e6:
		return strconv.FormatFloat(math.Round(100*seconds)/100, 'f', -1, 64) + " s"
	}
	return fmt.Sprintf("%.3g s", seconds)
}

func tallied(tally map[Outcome]int) string {
	var parts []string
	for _, outcome := range AllOutcomes {
		if n := tally[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, outcome))
		}
	}
	return strings.Join(parts, ", ")
}

// outcome tells what a kept answer meant, as far as it says.
func (g Got) outcome() Outcome {
	var said struct {
		Code     any `json:"code"`
		Response struct {
			IDs []json.RawMessage `json:"snapshotIds"`
		} `json:"response"`
	}
	listed := -1
	if len(g.Body) <= pageBody && json.Unmarshal([]byte(g.Body), &said) == nil {
		listed = len(said.Response.IDs)
	}
	code, _ := said.Code.(string)
	return OutcomeOf(g.Status, code, listed)
}

// latencyChart is how long answers took, by how much was asked for, on a logarithmic scale.
type latencyChart struct {
	Height, Bottom string
	Ticks          []tick
	Rows           []latencyRow
}

type latencyRow struct {
	Label               string
	Exchanges           int
	Middle, Top         string
	P25, P50, P75, P95  string // places
	Max, Box            string // place of the longest, and width of the box
	Quarter, Half       string // durations
	ThreeQuarters, Most string
	NinetyFive          string
}

func latency(r *Report) *latencyChart {
	if len(r.Latency) == 0 {
		return nil
	}
	const least = 1e-6
	low, high := math.Inf(1), least
	for _, l := range r.Latency {
		low, high = min(low, max(least, sane(l.P25))), max(high, sane(l.Max))
	}
	from, to := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	to = max(to, from+1)
	place := func(seconds float64) float64 {
		return chartLeft + chartPlot*(math.Log10(max(least, sane(seconds)))-from)/(to-from)
	}
	chart := &latencyChart{}
	for exponent := from; exponent <= to; exponent++ {
		for _, factor := range []float64{1, 2, 5} {
			if at := factor * math.Pow(10, exponent); factor == 1 || to-from <= 3 && exponent < to {
				chart.Ticks = append(chart.Ticks, tick{px(place(at)), lapse(at)})
			}
		}
	}
	top := 4.0
	for _, l := range r.Latency[:min(len(r.Latency), chartLanes)] {
		row := latencyRow{
			Label: named(l), Exchanges: l.Exchanges, Top: px(top + 6), Middle: px(top + barHeight/2),
			P25: px(place(l.P25)), P50: px(place(l.P50)), P75: px(place(l.P75)), P95: px(place(l.P95)), Max: px(place(l.Max)),
			Box:     px(max(1, place(l.P75)-place(l.P25))),
			Quarter: lapse(l.P25), Half: lapse(l.P50), ThreeQuarters: lapse(l.P75), NinetyFive: lapse(l.P95), Most: lapse(l.Max),
		}
		chart.Rows = append(chart.Rows, row)
		top += barHeight
	}
	chart.Bottom, chart.Height = px(top), px(top+chartAxis)
	return chart
}

// named says how many snapshots the requests named.
func named(l Latency) string {
	switch {
	case l.To == 0:
		return fmt.Sprintf("more than %d", l.From-1)
	case l.From == l.To:
		return Count(l.From, "id")
	}
	return fmt.Sprintf("%d–%d ids", l.From, l.To)
}

// outcomeChart is what the exchanges of each family came to, as parts of all of them.
type outcomeChart struct {
	Height string
	Ticks  []tick
	Bottom string
	Rows   []outcomeRow
	Legend []legend
}

type outcomeRow struct {
	Name        string
	Exchanges   int
	Top, Middle string
	Parts       []outcomePart
	Outcomes    string
}

type outcomePart struct{ Class, X, Width, Middle, Label, Title string }

func (s *sheet) outcomes(r *Report) *outcomeChart {
	if len(r.Outcomes) == 0 {
		return nil
	}
	var names []string
	tally := map[string]map[Outcome]int{}
	for _, t := range r.Outcomes {
		if tally[t.Family] == nil {
			if len(names) == chartLanes {
				continue
			}
			tally[t.Family], names = map[Outcome]int{}, append(names, t.Family)
		}
		tally[t.Family][t.Outcome.known()] += max(0, t.Exchanges)
	}
	chart := &outcomeChart{}
	top := 4.0
	for _, name := range names {
		row := outcomeRow{Name: s.rest.line(cmp.Or(name, noFamily)), Top: px(top + 5), Middle: px(top + barHeight/2 + 4), Outcomes: tallied(tally[name])}
		total := 0.0
		for _, n := range tally[name] {
			total += float64(n)
			row.Exchanges += n
		}
		x := float64(chartLeft)
		for _, outcome := range AllOutcomes {
			n := tally[name][outcome]
			if n == 0 {
				continue
			}
			width := chartPlot * float64(n) / total
			part := outcomePart{
				Class: outcome.class(), X: px(x), Width: px(max(.5, width-1)), Middle: px(x + width/2),
				Title: fmt.Sprintf("%s, %s: %d of %d", row.Name, outcome, n, row.Exchanges),
			}
			if width > 60 {
				part.Label = strconv.Itoa(n)
			}
			row.Parts = append(row.Parts, part)
			x += width
		}
		chart.Rows = append(chart.Rows, row)
		top += barHeight
	}
	for percent := 0; percent <= 100; percent += 25 {
		chart.Ticks = append(chart.Ticks, tick{px(chartLeft + chartPlot*float64(percent)/100), fmt.Sprintf("%d %%", percent)})
	}
	chart.Bottom, chart.Height = px(top), px(top+chartAxis)
	chart.Legend = legends(func(o Outcome) bool {
		return slices.ContainsFunc(names, func(name string) bool { return tally[name][o] > 0 })
	})
	return chart
}

// raceChart is the exchanges of one failure by their times: which were under way together.
type raceChart struct {
	Height, Bottom string
	Ticks          []tick
	Bars           []raceBar
	Legend         []legend
}

type raceBar struct {
	Label, Class, Said string
	X, Y, Middle       string
	Width              string
	Title              string
}

// race draws the exchanges of a failure, where there are several.
func race(evidence []Exchange) *raceChart {
	evidence = evidence[:min(len(evidence), chartBars)]
	if len(evidence) < 2 {
		return nil
	}
	start := slices.MinFunc(evidence, func(a, b Exchange) int { return a.At.Compare(b.At) }).At
	span := 1e-6
	for _, e := range evidence {
		span = max(span, e.At.Sub(start).Seconds()+sane(e.Seconds))
	}
	chart, top := &raceChart{}, 4.0
	for _, e := range evidence {
		at, outcome := e.At.Sub(start).Seconds(), e.Got.outcome()
		bar := raceBar{
			Label: strconv.Itoa(e.Seq), Class: outcome.class(), X: px(chartLeft + chartPlot*at/span), Y: px(top), Middle: px(top + 11),
			Width: px(max(2, chartPlot*sane(e.Seconds)/span)), Said: string(outcome),
			Title: fmt.Sprintf("exchange %d, from %s to %s: %s", e.Seq, lapse(at), lapse(at+e.Seconds), outcome),
		}
		if e.Got.Status != 0 {
			bar.Said = strconv.Itoa(e.Got.Status)
		}
		chart.Bars = append(chart.Bars, bar)
		top += 22
	}
	for _, part := range []float64{0, .25, .5, .75, 1} {
		chart.Ticks = append(chart.Ticks, tick{px(chartLeft + chartPlot*part), lapse(span * part)})
	}
	chart.Bottom, chart.Height = px(top), px(top+chartAxis)
	chart.Legend = legends(func(o Outcome) bool {
		return slices.ContainsFunc(chart.Bars, func(b raceBar) bool { return b.Class == o.class() })
	})
	return chart
}
