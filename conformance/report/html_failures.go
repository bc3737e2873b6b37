package report

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
)

// firstBroken is a broken rule on one line.
type firstBroken struct {
	ID, Level, Check, Seen string
	Standing               standing
	Known                  bool
}

// brokenRule is a broken rule with its evidence.
type brokenRule struct {
	ID, Level, Family, Statement, Source, Known, New, Often string
	Standing                                                standing
	By                                                      []string // checks that showed it
	MoreBy                                                  int
	Failures                                                []shownFailure
	More                                                    int // failures that there is no room for
}

type shownFailure struct {
	Number                         int
	Check, What, Permitted, Glance string
	Race                           *raceChart
	Evidence                       []shownExchange
	More                           int
	Picture                        string
}

// broken tells of the rules that are broken, in the order in which they matter.
func (s *sheet) broken(r *Report) {
	rules := inOrder(r.With(Failed))
	slices.SortStableFunc(rules, func(a, b Rule) int { return rank(r, a) - rank(r, b) })
	for i, rule := range rules {
		// Each has its share, so that one rule that is broken at great length leaves room for the others.
		share := quota{s.failures.left / (len(rules) - i)}
		before := share.left
		if !share.take(markupOfRule) {
			s.MoreBroken = len(rules) - i
			break
		}
		s.Broken = append(s.Broken, s.brokenRule(r, rule, &share))
		s.failures.left -= before - share.left
	}
	for _, b := range s.Broken[:min(len(s.Broken), pageFirst)] {
		first := firstBroken{ID: b.ID, Level: b.Level, Standing: b.Standing, Known: b.Known != ""}
		if len(b.Failures) > 0 {
			first.Check, first.Seen = Shorten(b.Failures[0].Check, 100), b.Failures[0].Glance
		}
		s.First = append(s.First, first)
	}
	s.MoreFirst = len(rules) - len(s.First)
}

// rank puts first what nobody knew, and of that what decides the verdict.
func rank(r *Report, rule Rule) int {
	rank := 0
	if rule.Known != "" {
		rank += 2
	}
	if r.Remark(rule) {
		rank++
	}
	return rank
}

func (s *sheet) brokenRule(r *Report, rule Rule, share *quota) *brokenRule {
	b := &brokenRule{
		ID: share.line(rule.ID), Level: share.line(string(rule.Level)), Family: visible(contract.Family(rule.ID)), Standing: r.standing(rule),
		Statement: share.line(rule.Statement), Source: share.line(sources(rule.Source)), Known: share.line(rule.Known), New: share.line(r.whyNew(rule)),
	}
	b.By, b.MoreBy = fit(share, rule.BrokenBy, markupOfLine, share.line)
	number := 0
	b.Failures, b.More = fit(share, rule.Failures, markupOfFailure, func(f Failure) shownFailure {
		number++
		return s.failure(number, rule.ID, f, share)
	})
	total := max(rule.Broken, len(rule.Failures))
	b.Often = "Broken " + times(total)
	if total > len(b.Failures) {
		b.Often += fmt.Sprintf("; the first %d are told of here", len(b.Failures))
	}
	return b
}

func (s *sheet) failure(number int, rule string, f Failure, share *quota) shownFailure {
	shown := shownFailure{Number: number, Check: share.line(f.Check), What: share.text(f.What), Permitted: share.text(f.Permitted)}
	shown.Glance = Shorten(glance(shown.What), 160)
	if chart := race(f.Evidence); chart != nil && share.take(markupOfRace) {
		shown.Race = chart
	}
	shown.Evidence, shown.More = fit(share, f.Evidence, markupOfExchange, func(e Exchange) shownExchange {
		one := show(share, e)
		if s.places[e.Seq] == "" {
			one.Anchor = fmt.Sprintf("exchange-%d", e.Seq)
			s.places[e.Seq] = one.Anchor
			s.evidence = append(s.evidence, e)
			s.checkOf[e.Seq], s.ruleOf[e.Seq] = f.Check, visible(rule)
		}
		return one
	})
	if f.Picture != nil {
		shown.Picture = share.line(f.Picture.Name)
	}
	return shown
}

// glance is the line that tells most of what was seen: the first, or the last of a story.
func glance(what string) string {
	lines := strings.Split(what, "\n")
	if strings.HasSuffix(lines[0], ":") {
		return lines[len(lines)-1]
	}
	return lines[0]
}

// shownExchange is an exchange on a page.
type shownExchange struct {
	Anchor              string // empty where it has been shown before
	Seq                 int
	At, Took            string
	Method, URL, Answer string
	Outcome             string
	Sent, Got           shownMessage
	Curl, NoCurl        string // the command, or why there is none
	FoldedCurl          bool
}

// shownMessage is the header and the body of one of the two.
type shownMessage struct {
	Header []pair
	More   int
	Body   string
	Lines  int
	Folded bool
	Note   string // what is missing
}

func show(space *quota, e Exchange) shownExchange {
	shown := shownExchange{
		Seq: e.Seq, At: clock(e.At), Took: lapse(e.Seconds), Method: space.line(e.Sent.Method), URL: space.line(e.Sent.URL),
		Outcome: e.Got.outcome().class(), Sent: messageOf(space, e.Sent.Header, e.Sent.Body, e.Sent.Raw, 0),
		Got: messageOf(space, e.Got.Header, e.Got.Body, e.Got.Raw, e.Got.Cut),
	}
	if e.At.IsZero() {
		shown.At = ""
	}
	switch {
	case e.Got.Status == 0:
		shown.Answer = "no answer: " + space.line(cmp.Or(e.Got.Error, "nobody knows why"))
	case e.Got.Error != "":
		shown.Answer = fmt.Sprintf("%d, then %s", e.Got.Status, space.line(e.Got.Error))
	default:
		shown.Answer = strings.TrimSpace(fmt.Sprintf("%d %s", e.Got.Status, http.StatusText(e.Got.Status)))
	}
	switch {
	case e.Curl == "":
	case len(e.Curl) > pageCurl:
		shown.NoCurl = fmt.Sprintf("The curl command has %d bytes; --report json=FILE has it.", len(e.Curl))
	case visible(e.Curl) != e.Curl:
		shown.NoCurl = "The curl command has characters that are not safe to show; --report json=FILE has it."
	default:
		if shown.Curl = space.written(e.Curl); shown.Curl == omitted {
			shown.Curl, shown.NoCurl = "", "There is no room for the curl command; --report json=FILE has it."
		}
		shown.FoldedCurl = len(shown.Curl) > foldedCurl
	}
	return shown
}

func messageOf(space *quota, header map[string][]string, body string, raw []byte, cut int) shownMessage {
	all := har.Pairs(header)
	var m shownMessage
	m.Header, m.More = fit(space, all[:min(len(all), pageHeader)], markupOfLine, func(line har.Pair) pair {
		return pair{space.line(line.Name), space.line(line.Value)}
	})
	m.More += len(all) - min(len(all), pageHeader)
	if len(raw) > 0 {
		body = string(raw)
	}
	if body != "" {
		m.Body, m.Lines = space.body(body)
		m.Folded = m.Lines > foldedLines
	}
	if cut > 0 {
		m.Note = fmt.Sprintf("%s more, which the report has not kept.", Count(cut, "byte"))
	}
	return m
}

// clock writes a time of day.
func clock(at time.Time) string { return at.UTC().Format("15:04:05.000") }
