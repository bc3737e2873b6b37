package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// timelineChart is the exchanges of a run by when they were sent, a lane for each family.
type timelineChart struct {
	Every, Shown, More int
	Height             string
	Bottom             string // where the axis is
	Ticks              []tick
	Lanes              []*lane
	Legend             []legend
	Evidence           []evidenceMark
}

type lane struct {
	Name                string
	Top, Middle, Height string
	Marks               []shownMark
	Exchanges           int
	First, Last         string // when the first was sent and the last
	Slowest, Outcomes   string

	family               string
	top                  float64
	rows                 []float64 // where there is room again
	first, last, slowest float64
	tally                map[Outcome]int
}

// add puts a mark that covers a stretch on the lane, and tells on which row: the first that has room, or the one that has it next.
func (l *lane) add(mark Mark, from, to float64) int {
	if l.Exchanges == 0 {
		l.first = mark.At
	}
	l.Exchanges++
	l.first, l.last, l.slowest = min(l.first, mark.At), max(l.last, mark.At), max(l.slowest, mark.Seconds)
	l.tally[mark.Outcome.known()]++
	row := slices.IndexFunc(l.rows, func(free float64) bool { return free <= from })
	switch {
	case row >= 0:
	case len(l.rows) < laneRows:
		row = len(l.rows)
		l.rows = append(l.rows, 0)
	default:
		row = slices.Index(l.rows, slices.Min(l.rows))
	}
	l.rows[row] = max(l.rows[row], to)
	return row
}

// lanesOf has the lanes in the order of their first exchanges.
type lanesOf struct{ all []*lane }

// of finds the lane of a family. Those that are too many share the last.
func (l *lanesOf) of(family string) *lane {
	for _, one := range l.all {
		if one.family == family {
			return one
		}
	}
	if len(l.all) == chartLanes {
		return l.all[chartLanes-1]
	}
	l.all = append(l.all, &lane{family: family, tally: map[Outcome]int{}})
	return l.all[len(l.all)-1]
}

type shownMark struct {
	Class, Title string
	X, Y, Width  string // Width is empty where it is too short
	Link         string // the evidence that it is
}

// evidenceMark is an exchange on the time line that is evidence.
type evidenceMark struct {
	Link, Rule string
	Seq        int
}

// timeline draws the time line. The exchanges that are evidence, by their numbers, are on it however few the others are.
func (s *sheet) timeline(r *Report) *timelineChart {
	if r.Timeline == nil || len(r.Timeline.Marks) == 0 {
		return nil
	}
	marks := s.marks(r)
	chart := &timelineChart{Every: max(1, r.Timeline.Every)}
	if len(marks) > chartMarks {
		chart.More = len(marks) - chartMarks
		marks = marks[:chartMarks]
	}
	chart.Shown = len(marks)
	end := 1e-6
	for _, mark := range marks {
		end = max(end, mark.At+mark.Seconds)
	}
	place := func(at float64) float64 { return chartLeft + chartPlot*at/end }
	lanes := lanesOf{}
	rows := make([]int, len(marks))
	for i, mark := range marks {
		from := place(mark.At)
		rows[i] = lanes.of(s.familyOf[mark.Check]).add(mark, from, max(place(mark.At+mark.Seconds), from+glyphWidth))
	}
	top := 4.0
	for _, one := range lanes.all {
		one.top = top
		height := float64(laneRow*len(one.rows) + 8)
		one.Name = s.rest.line(cmp.Or(one.family, noFamily))
		one.Top, one.Height, one.Middle = px(top), px(height), px(top+height/2+4)
		one.First, one.Last, one.Slowest, one.Outcomes = lapse(one.first), lapse(one.last), lapse(one.slowest), tallied(one.tally)
		top += height
	}
	for i, mark := range marks {
		one := lanes.of(s.familyOf[mark.Check])
		shown := shownMark{
			Class: mark.Outcome.class(), X: px(place(mark.At)), Y: px(one.top + 10 + float64(laneRow*rows[i])), Title: s.rest.line(marked(mark)),
		}
		if width := chartPlot * mark.Seconds / end; width >= shortestBar {
			shown.Width = px(width)
		}
		if at := s.places[mark.Seq]; at != "" {
			shown.Link = "#" + at
			chart.Evidence = append(chart.Evidence, evidenceMark{Link: shown.Link, Rule: s.ruleOf[mark.Seq], Seq: mark.Seq})
		}
		one.Marks = append(one.Marks, shown)
	}
	chart.Lanes = lanes.all
	chart.Bottom, chart.Height = px(top), px(top+chartAxis)
	chart.Ticks = seconds(end, place)
	chart.Legend = legends(func(o Outcome) bool {
		return slices.ContainsFunc(marks, func(m Mark) bool { return m.Outcome.known() == o })
	})
	return chart
}

// marks gives the exchanges of the time line, and those that are evidence, in the order in which they were sent.
func (s *sheet) marks(r *Report) []Mark {
	marks, there := slices.Clone(r.Timeline.Marks), map[int]bool{}
	for i, mark := range marks {
		there[mark.Seq] = true
		marks[i].At, marks[i].Seconds = sane(mark.At), sane(mark.Seconds)
	}
	for _, e := range s.evidence {
		if !there[e.Seq] {
			marks = append(marks, Mark{
				Seq: e.Seq, At: sane(e.At.Sub(r.Started).Seconds()), Seconds: sane(e.Seconds), Check: s.checkOf[e.Seq], Named: -1,
				Status: e.Got.Status, Outcome: e.Got.outcome(),
			})
		}
	}
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Seq, b.Seq) })
	return marks
}

// seconds gives round places on an axis of so many seconds: four at the least.
func seconds(end float64, place func(float64) float64) (ticks []tick) {
	step := math.Pow(10, math.Floor(math.Log10(end/4)))
	for _, factor := range []float64{5, 2} {
		if end/(step*factor) >= 4 {
			step *= factor
			break
		}
	}
	for i := 0.0; i*step <= end; i++ {
		ticks = append(ticks, tick{px(place(i * step)), fmt.Sprintf("%.6g s", i*step)})
	}
	return ticks
}

// marked tells of an exchange on a time line.
func marked(m Mark) string {
	text := fmt.Sprintf("%d: after %s, %s", m.Seq, lapse(m.At), m.Outcome.known())
	if m.Status != 0 {
		text += fmt.Sprintf(" (%d)", m.Status)
	}
	text += " in " + lapse(m.Seconds)
	if m.Named >= 0 {
		text += ", " + Count(m.Named, "id")
	}
	if m.Check != "" {
		text += "; " + Shorten(abbreviate(m.Check, pageText), 80)
	}
	return text
}
