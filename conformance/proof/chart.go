package proof

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// efforts are those of the points, from the least on.
func (p *Power) efforts() []string {
	var efforts []string
	for _, point := range p.Points {
		if !slices.Contains(efforts, point.Effort) {
			efforts = append(efforts, point.Effort)
		}
	}
	return slices.SortedFunc(slices.Values(efforts), func(a, b string) int { return p.most(a) - p.most(b) })
}

// most is how many occasions a run with an effort gives a fault, at the most.
func (p *Power) most(effort string) (most int) {
	for _, point := range p.Points {
		if point.Effort == effort {
			most = max(most, point.Occasions)
		}
	}
	return most
}

// rarities are those of the points.
func (p *Power) rarities() []int {
	var rarities []int
	for _, point := range p.Points {
		rarities = append(rarities, point.OneIn)
	}
	slices.Sort(rarities)
	return slices.Compact(rarities)
}

// of gives the points of an effort at a rarity.
func (p *Power) of(effort string, oneIn int) []Point {
	return slices.DeleteFunc(slices.Clone(p.Points), func(point Point) bool { return point.Effort != effort || point.OneIn != oneIn })
}

// share is which part of the runs at some points found the fault, and which part was to be expected; 0 where there are no runs.
func share(points []Point) (found, chance float64) {
	runs := 0
	for _, point := range points {
		found += float64(point.Found)
		chance += point.Chance / float64(len(points))
		runs += point.Runs
	}
	return found / max(1, float64(runs)), chance
}

// WriteMarkdown writes a table for people: what was measured and, in brackets, what was worked out.
func (p *Power) WriteMarkdown(w io.Writer) error {
	m := bufio.NewWriter(w) // keeps the first error for Flush
	faults := p.faults()
	fmt.Fprintf(m, "# What a run can see\n\nHow many of %d runs find a fault that shows in one eligible request of N, at random, by the checks of its rule alone\n"+
		"(what is judged on every exchange, or tried by hardly a check of its own, by all); in brackets the chance worked out from the eligible requests of a run, 1 − (1 − 1/N)^requests.\n", p.Runs)
	for _, effort := range p.efforts() {
		fmt.Fprintf(m, "\n## Effort %s\n\n| fault | rule | requests |%s\n|---|---|--:|%s\n", effort, each(p.rarities(), " N = %d |"), each(p.rarities(), "--:|"))
		for _, fault := range faults {
			row := ""
			var last Point
			for _, n := range p.rarities() {
				for _, point := range p.of(effort, n) {
					if point.Fault == fault {
						row += fmt.Sprintf(" %d (%.1f %%) |", point.Found, 100*point.Chance)
						last = point
					}
				}
			}
			fmt.Fprintf(m, "| %s | %s | %d |%s\n", fault, last.Rule, last.Occasions, row)
		}
	}
	return m.Flush()
}

func (p *Power) faults() []string {
	var faults []string
	for _, point := range p.Points {
		faults = append(faults, point.Fault)
	}
	slices.Sort(faults)
	return slices.Compact(faults)
}

// each formats every number in turn; a format without a verb is repeated.
func each(numbers []int, format string) string {
	var text strings.Builder
	for _, n := range numbers {
		if strings.Contains(format, "%d") {
			fmt.Fprintf(&text, format, n)
		} else {
			text.WriteString(format)
		}
	}
	return text.String()
}

// Summary gives one line for each effort: what was found over all faults.
func (p *Power) Summary() string {
	var text strings.Builder
	for _, effort := range p.efforts() {
		fmt.Fprintf(&text, "%-9s", effort)
		for _, n := range p.rarities() {
			found, chance := share(p.of(effort, n))
			fmt.Fprintf(&text, "  N=%d %.1f %% (%.1f)", n, 100*found, 100*chance)
		}
		fmt.Fprintln(&text)
	}
	return text.String()
}

// The chart's measures, in pixels.
const (
	width, height            = 640, 360
	left, right, top, bottom = 50.0, 120.0, 20.0, 40.0
	plotWidth, plotHeight    = width - left - right, height - top - bottom
)

// WriteSVG draws a curve for each effort: the share of runs that find a fault, over how rare it is. Points are measured,
// lines worked out, over all faults.
func (p *Power) WriteSVG(w io.Writer) error {
	rarest := float64(slices.Max(append(p.rarities(), 2))) // is where the axis ends
	x := func(n float64) float64 { return left + plotWidth*math.Log(n)/math.Log(rarest) }
	y := func(share float64) float64 { return top + plotHeight*(1-share) }
	s := bufio.NewWriter(w) // keeps the first error for Flush
	fmt.Fprintf(s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img">`+"\n", width, height)
	fmt.Fprintln(s, `<title>Share of runs that find a fault which shows in one eligible request of N</title>`)
	fmt.Fprintf(s, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	for percent := 0; percent <= 100; percent += 20 {
		at := y(float64(percent) / 100)
		fmt.Fprintf(s, `<path d="M%.1f %.1fH%.1f" stroke="#ddd"/><text x="%.1f" y="%.1f" text-anchor="end">%d %%</text>`+"\n", left, at, left+plotWidth, left-6, at+4, percent)
	}
	for _, n := range p.rarities() {
		fmt.Fprintf(s, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(float64(n)), height-22, n)
	}
	fmt.Fprintf(s, `<text x="%.1f" y="%d" text-anchor="middle">the fault shows in one request of N</text>`+"\n", left+plotWidth/2, height-6)
	colours := []string{"#b35900", "#1a5fb4", "#26732e"}
	for i, effort := range p.efforts() {
		colour, line := colours[i%len(colours)], []string{}
		for _, n := range p.rarities() {
			found, chance := share(p.of(effort, n))
			line = append(line, fmt.Sprintf("%.1f %.1f", x(float64(n)), y(chance)))
			fmt.Fprintf(s, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s"><title>%s, one in %d: %.1f %%</title></circle>`+"\n", x(float64(n)), y(found), colour, effort, n, 100*found)
		}
		fmt.Fprintf(s, `<path d="M%s" fill="none" stroke="%s" stroke-width="1.5"/>`+"\n", strings.Join(line, "L"), colour)
		fmt.Fprintf(s, `<text x="%.1f" y="%.1f" fill="%s">%s</text>`+"\n", left+plotWidth+12, top+20+float64(18*i), colour, effort)
	}
	fmt.Fprintln(s, "</svg>")
	return s.Flush()
}

// WriteJSON writes all points.
func (p *Power) WriteJSON(w io.Writer) error { return writeJSON(w, p) }
