package report

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
)

// How much a page shows; the JSON report has the rest. What runs write stays far below. A page has no more than these quotas
// together, some 5 MiB, so that a browser opens it at once and a pipeline keeps it, whatever a target has sent, and however a
// kept report has been changed.
const (
	roomForFailures = 2 << 20
	roomForChecks   = 1 << 20
	roomForRest     = 2 << 20

	pageText    = 4000     // bytes of a text: all of what a failure says
	pageBody    = 16 << 10 // bytes of a body: that of a full batch has 5 KiB when it is laid out
	pageLines   = 400      // of a body, since each may be short
	foldedLines = 24       // of a body: one that has more is folded
	pageCurl    = 32 << 10 // bytes of a command; a cut one would be of no use
	foldedCurl  = 1500     // bytes of a command: one that has more is folded
	pageHeader  = 40       // lines of a header
	pageFirst   = 5        // rules that the top of the page tells of
)

// How much markup there is around the texts of a part, at the most, in bytes.
const (
	markupOfItem     = 400
	markupOfRule     = 1600
	markupOfFailure  = 1200
	markupOfRace     = 10 << 10
	markupOfExchange = 2500
	markupOfLine     = 100
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// policy lets a page do nothing but what it brings with it: whatever a target has sent, and whatever escaping has missed,
// nothing is loaded, sent, or run.
func policy(styles ...string) template.HTML {
	for i, style := range styles {
		styles[i] = hashed(style)
	}
	return template.HTML(fmt.Sprintf(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src %s; script-src %s; base-uri 'none'; form-action 'none'">`,
		strings.Join(styles, " "), hashed(pageJS)))
}

func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// running is the style that puts a line at the top of every page on paper.
func running(line string) string {
	return `@page { @top-left { content: "` + cssText(line) + `"; font: 9pt sans-serif } }`
}

// cssText escapes a text for a string of a style sheet.
func cssText(text string) string {
	var safe strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" .,:/-_", r)) {
			safe.WriteRune(r)
		} else {
			fmt.Fprintf(&safe, `\%06x`, r)
		}
	}
	return safe.String()
}

// WriteHTML writes the whole report as one page, which loads nothing. Two reports of the same content are the same bytes.
func (r *Report) WriteHTML(w io.Writer) error {
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	if err := pageTemplate.Execute(buffer, r.sheet()); err != nil {
		return err
	}
	return buffer.Flush()
}

// sheet is a report as a page shows it: texts that are safe to read and short enough, in an order for people. That they are
// not taken for markup, the template sees to.
type sheet struct {
	Policy  template.HTML
	Style   template.CSS
	Running template.CSS
	Script  template.JS

	Headline, Tone string // and how good that is
	Endpoint       string
	Why            []string
	Judged         []pair
	Standings      []standing
	Families       []string
	First          []firstBroken
	MoreFirst      int
	Untried        []string
	NoneTried      bool

	Broken     []*brokenRule
	MoreBroken int
	Rules      []family
	MoreRules  int
	Choices    []choiceRow
	MoreChoice int
	Timeline   *timelineChart
	Latency    *latencyChart
	Outcomes   *outcomeChart
	Trials     []trialRow
	MoreTrials int
	Phases     []pair
	MorePhases int
	Log        []pair
	Baseline   string
	Known      []knownRow
	MoreKnown  int
	Walk       *walkRow
	Left       []string
	MoreLeft   int
	Lost       []string
	MoreLost   int
	Clean      string

	failures, checks, rest quota
	familyOf               map[string]string // of a check, by its text
	evidence               []Exchange        // that the page shows, each once
	places                 map[int]string    // of the exchanges on the page, by their numbers
	checkOf, ruleOf        map[int]string    // likewise, that they are evidence of
}

// pair is a name and what there is to say of it.
type pair struct{ Name, Text string }

// standing is what may become of a rule, for filters and marks.
type standing struct {
	Class, Mark string
	Rules       int // of a report that it has become of
}

// The standings of rules, those that matter most first.
var standings = []standing{
	{Class: "failed", Mark: markFailed},
	{Class: "remark", Mark: markRemark},
	{Class: "skipped", Mark: markSkipped},
	{Class: "noted", Mark: markNoted},
	{Class: "passed", Mark: markPassed},
}

// standing tells what has become of a rule.
func (r *Report) standing(rule Rule) standing {
	class := string(rule.Status)
	if r.Remark(rule) {
		class = "remark"
	}
	return standingOf(class)
}

func standingOf(class string) standing {
	return standings[max(0, slices.IndexFunc(standings, func(s standing) bool { return s.Class == class }))]
}

// sheet works a page out.
func (r *Report) sheet() *sheet {
	s := &sheet{
		Style: template.CSS(pageCSS), Script: template.JS(pageJS),
		failures: quota{roomForFailures}, checks: quota{roomForChecks}, rest: quota{roomForRest},
		familyOf: map[string]string{}, places: map[int]string{}, checkOf: map[int]string{}, ruleOf: map[int]string{},
	}
	for _, trial := range r.Trials {
		if len(trial.Rules) > 0 {
			s.familyOf[trial.Check] = contract.Family(trial.Rules[0])
		}
	}
	s.head(r)
	top := running(Shorten(fmt.Sprintf("%s: %s, seed %d", s.Headline, s.Endpoint, r.Seed), 120))
	s.Running, s.Policy = template.CSS(top), policy(pageCSS, top)
	s.broken(r)
	s.rules(r)
	s.run(r)
	s.trials(r)
	s.Timeline, s.Latency, s.Outcomes = s.timeline(r), latency(r), s.outcomes(r)
	return s
}

// head is what a reader takes in at once.
func (s *sheet) head(r *Report) {
	s.Headline, s.Endpoint = r.Headline(), s.rest.line(r.Endpoint)
	s.Tone = map[tone]string{good: "good", caution: "warn", bad: "bad", nothing: "bad"}[r.tone()]
	s.Why = s.why(r)
	say := func(name, format string, arguments ...any) {
		if text := fmt.Sprintf(format, arguments...); text != "" {
			s.Judged = append(s.Judged, pair{name, s.rest.line(text)})
		}
	}
	say("Endpoint", "%s", r.Endpoint)
	if r.Log != nil {
		say("Log", "%s", r.Log.Name)
	} else {
		say("Testbed", "%s", r.Testbed)
		if r.Seed != 0 {
			say("Seed", "%d", r.Seed)
		}
	}
	say("Effort", "%s", r.Effort)
	say("Filter", "%s", r.Filter)
	if r.Baseline != nil {
		say("Baseline", "%s", r.Baseline.Name)
	}
	if r.Strict {
		say("Strict", "rules of level SHOULD count like those of level MUST")
	}
	if !r.Started.IsZero() {
		say("Started", "%s UTC", r.Started.UTC().Format("2006-01-02 15:04:05"))
	}
	if took := lapse(r.Seconds); r.Log != nil {
		say("Took", "%s; %s", took, Count(r.Exchanges, "call"))
	} else {
		say("Took", "%s; %s, %s", took, Count(r.Exchanges, "exchange"), Count(r.Snapshots, "snapshot"))
	}
	if r.Waits > 0 {
		say("Put off", "%s, for %s in all", times(r.Waits), lapse(r.Waited))
	}
	checks := fmt.Sprintf("%d of %d done, %d skipped", r.Checks.Done, r.Checks.Total, r.Checks.Skipped)
	if missed := r.Checks.Total - r.Checks.Done - r.Checks.Skipped; missed > 0 {
		checks += fmt.Sprintf(", %d not reached", missed)
	}
	say("Checks", "%s", checks)
	say("Report", "format %d", cmp.Or(r.Format, Format))
	s.Standings = slices.Clone(standings)
	for _, rule := range r.Rules {
		i := slices.IndexFunc(s.Standings, func(one standing) bool { return one.Class == r.standing(rule).Class })
		s.Standings[i].Rules++
	}
	if untried := inOrder(r.With(Skipped)); len(untried) < len(r.Rules) {
		s.Untried, _ = fit(&s.rest, untried, markupOfLine, func(rule Rule) string { return s.rest.line(rule.ID) })
	} else {
		s.NoneTried = len(untried) > 0
	}
	s.left(r)
}

// why says what the verdict comes from.
func (s *sheet) why(r *Report) (why []string) {
	level := string(contract.Must)
	if r.Strict {
		level += " or " + string(contract.Should)
	}
	broken := 0
	for _, rule := range r.Rules {
		if r.counts(rule) {
			broken++
		}
	}
	are := Count(broken, "rule") + " of level " + level + " are broken"
	if broken == 1 {
		are = "1 rule of level " + level + " is broken"
	}
	switch {
	case r.AsKnown():
		why = []string{are + ", and the baseline knows of all that."}
	case r.Verdict == NotConformant:
		why = []string{are + "."}
	case r.Verdict == Remarks:
		why = []string{"Rules of level SHOULD are broken, and none that conformance hangs on."}
	case r.Verdict == CouldNotRun:
		why = []string{"That says nothing about the implementation."}
	default:
		why = []string{"No rule was broken."}
	}
	if anew := r.anew(); r.Baseline != nil && len(anew) > 0 {
		why = append(why, s.rest.line("New failures, which the baseline does not excuse: "+ids(anew)))
	}
	if r.Reason != "" {
		reason := s.rest.text(r.Reason)
		if r.Verdict != CouldNotRun {
			reason = "The run was cut short: " + reason
		}
		why = append([]string{reason}, why...)
	}
	return why
}

// family is the rules about one subject.
type family struct {
	Name  string
	Rules []ruleRow
}

type ruleRow struct {
	ID, Level, Statement, Source, Anchor string
	Known                                string
	Standing                             standing
	Checks, Skips                        []string
	MoreChecks, MoreSkips                int
	Broken                               bool // and told of above
}

func (s *sheet) rules(r *Report) {
	rows, more := fit(&s.rest, inOrder(r.Rules), markupOfRule, func(rule Rule) ruleRow {
		row := ruleRow{
			ID: s.rest.line(rule.ID), Level: s.rest.line(string(rule.Level)), Statement: s.rest.line(rule.Statement),
			Source: strings.ReplaceAll(s.rest.line(strings.Join(rule.Source, ", ")), " §", "\u00a0§"), Standing: r.standing(rule), Known: s.rest.line(rule.Known),
			Broken: slices.ContainsFunc(s.Broken, func(b *brokenRule) bool { return b.ID == visible(rule.ID) }),
		}
		row.Checks, row.MoreChecks = fit(&s.rest, rule.Checks, markupOfLine, s.rest.line)
		row.Skips, row.MoreSkips = fit(&s.rest, rule.Skips, markupOfLine, s.rest.text)
		return row
	})
	for _, row := range rows {
		name := contract.Family(row.ID)
		if last := len(s.Rules) - 1; last < 0 || s.Rules[last].Name != name {
			s.Rules = append(s.Rules, family{Name: name})
		}
		one := &s.Rules[len(s.Rules)-1]
		one.Rules = append(one.Rules, row)
		if !slices.Contains(s.Families, name) {
			s.Families = append(s.Families, name)
		}
	}
	s.MoreRules = more
}

// walkRow is the walk that was under way when the run ended.
type walkRow struct {
	Story []string
	More  int
	Steps string
}

type choiceRow struct{ Silence, Question, Words string }

type knownRow struct{ Rule, Check, Reason, Expires, Standing string }

// run is what there is to say of the run itself, and of the implementation where no rule is.
func (s *sheet) run(r *Report) {
	profile := r.Profile
	if !slices.ContainsFunc(profile, func(c Choice) bool { return len(c.Words) > 0 }) {
		profile = nil
	}
	s.Choices, s.MoreChoice = fit(&s.rest, profile, markupOfItem, func(c Choice) choiceRow {
		return choiceRow{s.rest.line(c.Silence), s.rest.line(c.Question), s.rest.line(strings.Join(c.Words, ", "))}
	})
	s.Phases, s.MorePhases = fit(&s.rest, r.Phases, markupOfItem, func(p Phase) pair { return pair{s.rest.line(p.Name), lapse(p.Seconds)} })
	if r.Log != nil {
		for _, figure := range []struct {
			name string
			n    int
		}{
			{"Exchanges in it", r.Log.Entries},
			{"Calls of " + contract.Action, r.Log.Calls},
			{"Others, passed over", r.Log.Others},
			{"Calls without an answer, not judged", r.Log.Silent},
			{"Calls that were put off, not judged", r.Log.PutOff},
			{"Calls whose answer the log has not kept whole, judged by the rest", r.Log.Unread},
			{"Calls whose body the log has not kept, or that can be read in more than one way", r.Log.Unjudged},
		} {
			s.Log = append(s.Log, pair{figure.name, fmt.Sprint(figure.n)})
		}
	}
	if r.Baseline != nil {
		s.Baseline = s.rest.line(cmp.Or(r.Baseline.Name, "baseline"))
		s.Known, s.MoreKnown = fit(&s.rest, r.Baseline.Entries, markupOfItem, func(k Known) knownRow {
			return knownRow{s.rest.line(k.Rule), s.rest.line(k.Check), s.rest.line(k.Reason), s.rest.line(k.Expires), s.rest.line(string(k.Standing))}
		})
	}
	if r.Walk != nil {
		s.Walk = &walkRow{}
		s.Walk.Story, s.Walk.More = fit(&s.rest, r.Walk.Story, markupOfLine, s.rest.line)
		s.Walk.Steps = s.rest.line(r.Walk.Steps)
	}
}

// left names what stayed behind.
func (s *sheet) left(r *Report) {
	s.Left, s.MoreLeft = fit(&s.rest, r.Left, markupOfLine, s.rest.line)
	s.Lost, s.MoreLost = fit(&s.rest, r.Lost, markupOfLine, func(order ledger.Order) string {
		return s.rest.line(fmt.Sprintf("%s in state %s", Count(order.Count, "snapshot"), order.State))
	})
	s.Clean = s.rest.line(r.Clean)
}

type trialRow struct {
	Check, Reason, Took string
	Rules, Families     []string
	Standing            standing
	Exchanges           int
	Sample              *shownExchange
}

func (s *sheet) trials(r *Report) {
	s.Trials, s.MoreTrials = fit(&s.checks, r.Trials, markupOfRule, func(t Trial) trialRow {
		row := trialRow{
			Check: s.checks.line(t.Check), Reason: s.checks.text(t.Reason), Took: lapse(t.Seconds),
			Standing: standingOf(string(t.Status)), Exchanges: t.Exchanges,
		}
		row.Rules, _ = fit(&s.checks, t.Rules, markupOfLine, s.checks.line)
		for _, id := range row.Rules {
			if name := contract.Family(id); !slices.Contains(row.Families, name) {
				row.Families = append(row.Families, name)
			}
		}
		if t.Sample != nil && s.checks.take(markupOfExchange) {
			sample := show(&s.checks, *t.Sample)
			row.Sample = &sample
		}
		return row
	})
}
