package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// How much GitHub shows of what is annotated.
const (
	mostAnnotations = 10   // of each kind, for one step of a job
	annotationText  = 1000 // bytes of what was seen, or permitted
)

// The kinds of annotations, the worst first.
var annotationKinds = []string{"error", "warning", "notice"}

// annotation is one that GitHub shows beside a job.
type annotation struct {
	title string
	lines []string // printable
	rank  int      // among those of its kind in its report, 0 for the worst
}

// WriteAnnotations writes what is to be seen in the reports of one step as commands to GitHub Actions: errors for what makes the
// step fail, warnings for what does not but wants attention, notices for what is known and for what was not tried. The worst of
// each report comes before the second worst of any, and what is left out is counted.
func WriteAnnotations(w io.Writer, reports ...*Report) error {
	found := map[string][]annotation{}
	for _, r := range reports {
		about := contract.Action
		if len(reports) > 1 {
			about += " " + r.Endpoint
		}
		ranks := map[string]int{}
		r.annotate(func(kind, title string, lines ...string) {
			a := annotation{title: about + ": " + title, rank: ranks[kind]}
			ranks[kind]++
			for _, line := range lines {
				a.lines = append(a.lines, Printable(line))
			}
			found[kind] = append(found[kind], a)
		})
	}
	for _, kind := range annotationKinds {
		all := found[kind]
		slices.SortStableFunc(all, func(a, b annotation) int { return cmp.Compare(a.rank, b.rank) })
		if more := len(all) - (mostAnnotations - 1); more > 1 {
			all = append(all[:mostAnnotations-1:mostAnnotations-1], annotation{
				title: contract.Action, lines: []string{fmt.Sprintf("%d more like the %d before; the log of the step has them.", more, mostAnnotations-1)},
			})
		}
		for _, a := range all {
			if _, err := fmt.Fprintf(w, "::%s title=%s::%s\n", kind, inProperty(a.title), inData(strings.Join(a.lines, "\n"))); err != nil {
				return err
			}
		}
	}
	return nil
}

// annotate tells what is to be seen, the worst first.
func (r *Report) annotate(tell func(kind, title string, lines ...string)) {
	if status := r.ExitStatus(); status != Conformant.ExitStatus() && (r.Reason != "" || status == CouldNotRun.ExitStatus()) {
		tell("error", string(r.Verdict), abbreviate(r.Reason, annotationText))
	}
	rules := r.weights()
	for _, w := range []struct {
		weight
		kind, means string
	}{
		{fails, "error", ""},
		{undecided, "warning", ", in a run that says nothing"},
		{remark, "warning", ", a remark"},
		{known, "notice", ", as known"},
	} {
		for _, rule := range rules[w.weight] {
			tell(w.kind, fmt.Sprintf("%s %s is broken%s", rule.ID, rule.Level, w.means), r.explained(rule)...)
		}
	}
	if n := len(rules[untried]); n > 0 {
		tell("notice", Count(n, "rule")+" not tried", abbreviate(ids(rules[untried]), annotationText))
	}
	for _, entry := range r.Baseline.Standing(StandsExpired) {
		tell("warning", "a known failure has expired", abbreviate(entry.String(), caseLine)+": "+abbreviate(entry.Reason, annotationText), "It was excused until "+entry.Expires+".")
	}
	for _, entry := range r.Baseline.Standing(StandsPassing) {
		tell("warning", "a known failure did not fail", abbreviate(entry.String(), caseLine)+": it can go from the baseline once it is mended.")
	}
}

// explained tells of a broken rule in a few lines.
func (r *Report) explained(rule Rule) []string {
	told := []string{abbreviate(rule.Statement, annotationText)}
	if len(rule.Failures) > 0 {
		first := rule.Failures[0]
		told = append(told, "seen: "+abbreviate(first.What, annotationText), "permitted: "+abbreviate(first.Permitted, annotationText), "check: "+abbreviate(first.Check, annotationText))
	}
	if len(rule.Source) > 0 {
		told = append(told, "source: "+abbreviate(sources(rule.Source), annotationText))
	}
	if rule.Known != "" {
		told = append(told, "known: "+abbreviate(rule.Known, annotationText))
	}
	return told
}

// inData and inProperty escape what would end a command, or a property of it.
func inData(text string) string { return dataEscapes.Replace(text) }

func inProperty(text string) string {
	return propertyEscapes.Replace(abbreviate(Printable(text), caseLine))
}

var (
	dataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
