package report

import (
	"bufio"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// How much a JUnit report holds.
const (
	mostCases = 500       // rules; the contract has far fewer, and a report that was kept may come from anywhere
	caseText  = 256 << 10 // bytes of what a test case says
	caseLine  = 300       // bytes of an attribute
)

// theRun is the test case that is about the run itself: it alone can be an error.
const (
	runSuite = "run"
	theRun   = "the run is carried out to its end"
)

// The elements of JUnit XML, in the order and with the attributes that all of its schemas allow.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     junitSeconds `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Skipped    int              `xml:"skipped,attr"`
		Time       junitSeconds     `xml:"time,attr"`
		Timestamp  string           `xml:"timestamp,attr"`
		Properties *junitProperties `xml:"properties"` // nil for none: an empty element is not allowed
		Cases      []junitCase      `xml:"testcase"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string       `xml:"name,attr"`
		Class   string       `xml:"classname,attr"`
		Time    junitSeconds `xml:"time,attr"`
		Skipped *junitText   `xml:"skipped"`
		Error   *junitBlame  `xml:"error"`
		Failure *junitBlame  `xml:"failure"`
		Out     *junitText   `xml:"system-out"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
	junitBlame struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",cdata"`
	}
	// junitSeconds is counted in thousandths, so that the sums are those of what is shown.
	junitSeconds int64
)

func (s junitSeconds) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", s/1000, s%1000), nil
}

// WriteJUnit writes the report as JUnit XML, for CI systems: each family of rules is a suite, each rule a test case. There is
// a failure just where the exit status is 1, and an error where it is 2. What is broken and does not count, a remark or a
// known failure, is skipped, since of what has passed no reader shows any text.
func (r *Report) WriteJUnit(w io.Writer) error {
	all := junitReport{Name: contract.Action}
	seconds, status := r.ruleSeconds(), r.ExitStatus()
	rules := inOrder(r.Rules)
	rules = rules[:min(len(rules), mostCases)]
	for _, rule := range rules {
		if last := len(all.Suites) - 1; last < 0 || all.Suites[last].Name != attribute(rule.Family()) {
			all.Suites = append(all.Suites, junitSuite{Name: attribute(rule.Family())})
		}
		suite := &all.Suites[len(all.Suites)-1]
		suite.Cases = append(suite.Cases, r.junitCase(rule, status, seconds[rule.ID]))
		delete(seconds, rule.ID)
	}
	for i := range all.Suites {
		all.count(&all.Suites[i])
	}
	run := r.junitRun(len(rules), all.Failures)
	all.count(&run)
	all.Suites = append([]junitSuite{run}, all.Suites...)
	for i := range all.Suites {
		all.Suites[i].Timestamp = r.Started.UTC().Format("2006-01-02T15:04:05")
	}
	buffer := bufio.NewWriter(w) // keeps the first error for Flush
	buffer.WriteString(xml.Header)
	encoder := xml.NewEncoder(buffer)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	buffer.WriteString("\n")
	return buffer.Flush()
}

// ruleSeconds is the time that checks took, each put down to the first rule that it tries, so that none counts twice.
func (r *Report) ruleSeconds() map[string]junitSeconds {
	seconds := map[string]junitSeconds{}
	for _, trial := range r.Trials {
		if len(trial.Rules) > 0 {
			seconds[trial.Rules[0]] += thousandths(trial.Seconds)
		}
	}
	return seconds
}

func thousandths(seconds float64) junitSeconds { return junitSeconds(duration(seconds).Milliseconds()) }

// duration gives a time that a report tells, a day at the most: no run took more, and a report may come from anywhere.
func duration(seconds float64) time.Duration {
	const day = 24 * time.Hour
	return time.Duration(max(0, min(seconds, day.Seconds())) * float64(time.Second))
}

// count adds a suite up, and to the whole.
func (r *junitReport) count(s *junitSuite) {
	for _, c := range s.Cases {
		s.Tests++
		s.Time += c.Time
		switch {
		case c.Error != nil:
			s.Errors++
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	r.Tests += s.Tests
	r.Failures += s.Failures
	r.Errors += s.Errors
	r.Time += s.Time
}

func (r *Report) junitCase(rule Rule, status int, seconds junitSeconds) junitCase {
	c := junitCase{
		Name:  attribute(rule.ID + " " + rule.Statement),
		Class: attribute(contract.Action + "." + rule.Family()),
		Time:  seconds,
	}
	skipped := func(why string) { c.Skipped = &junitText{text(why)} }
	broken := func() string { return "\n" + r.told(rule) }
	switch r.weigh(rule, status) {
	case fails:
		c.Failure = &junitBlame{Type: attribute(string(rule.Level)), Message: attribute(rule.seen()), Text: text(r.told(rule))}
	case known:
		skipped("A known failure: " + Printable(rule.Known) + broken())
	case remark:
		skipped("A remark, which does not make the run fail." + broken())
	case undecided:
		skipped("It was seen broken by a run that could not be carried out, and so says nothing." + broken())
	case untried:
		skipped(strings.Join(each(rule.Skips, func(why *string) { *why = paragraph(*why) }), "\n"))
	case fine:
		if said := r.passed(rule); said != "" {
			c.Out = &junitText{text(said)}
		}
	}
	return c
}

// passed tells by what a rule is kept, and what is chosen where it leaves a choice.
func (r *Report) passed(rule Rule) string {
	var told []string
	for _, choice := range r.Profile {
		if silence, _ := contract.SilenceByID(choice.Silence); silence.Rule == rule.ID && len(choice.Words) > 0 {
			told = append(told, Printable(choice.Question)+" "+Printable(strings.Join(choice.Words, ", ")))
		}
	}
	for _, check := range rule.Checks {
		told = append(told, Printable(check))
	}
	return strings.Join(told, "\n")
}

// junitRun is the suite of the run itself. How many rules are shown to fail is known, so that a verdict which none of them
// bears out is not lost.
func (r *Report) junitRun(shown, failures int) junitSuite {
	c := junitCase{Name: theRun, Class: contract.Action + "." + runSuite}
	if status := r.ExitStatus(); status == CouldNotRun.ExitStatus() || status != Conformant.ExitStatus() && (r.Reason != "" || failures == 0) {
		why := cmp.Or(r.Reason, "no rule here bears the verdict out")
		c.Error = &junitBlame{Type: attribute(string(r.Verdict)), Message: attribute(why), Text: paragraph(why)}
	}
	out := "verdict: " + Printable(r.Headline())
	if more := len(r.Rules) - shown; more > 0 {
		out += "\n" + Count(more, "rule") + " left out"
	}
	c.Out = &junitText{out}
	var seed, log string
	if r.Log != nil {
		log = r.Log.Name
	} else {
		seed = fmt.Sprint(r.Seed)
	}
	var properties junitProperties
	for _, p := range []junitProperty{
		{"verdict", r.Headline()},
		{"endpoint", r.Endpoint},
		{"log", log},
		{"testbed", r.Testbed},
		{"effort", r.Effort},
		{"seed", seed},
		{"filter", r.Filter},
		{"strict", fmt.Sprint(r.Strict)},
	} {
		if p.Value != "" {
			properties.List = append(properties.List, junitProperty{p.Name, attribute(p.Value)})
		}
	}
	return junitSuite{Name: runSuite, Properties: &properties, Cases: []junitCase{c}}
}

// told is what the summary says of a broken rule.
func (r *Report) told(rule Rule) string {
	var out strings.Builder
	s := summary{Report: r, Writer: &out, paint: Style{}.palette()}
	s.failed(rule)
	return strings.TrimSpace(out.String())
}

// seen is the first that was seen of a broken rule, on one line.
func (r Rule) seen() string {
	if len(r.Failures) == 0 {
		return "broken"
	}
	return r.Failures[0].What
}

// attribute and text are what can stand in XML, and are not too long there: printable characters are all in XML's set.
func attribute(text string) string {
	return abbreviate(Printable(abbreviate(text, caseLine)), 2*caseLine)
}

// paragraph makes a text printable line by line.
func paragraph(text string) string { return strings.Join(lines(abbreviate(text, shownText)), "\n") }

func text(printable string) string { return abbreviate(printable, caseText) }
