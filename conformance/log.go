package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// Log is a recording of exchanges: what a run recorded, or what a browser or a proxy exported.
type Log struct {
	File io.ReadSeeker // HAR 1.2; it is read twice
	Name string        // of the file, for the report

	// States tells what snapshots are when the log begins. They are taken to stay so unless a call of the log changes them.
	States map[string]contract.State
	Settle time.Duration // how long a deletion may take to show; 0 stands for DefaultSettle
	Strict bool          // whether breaking a rule of level SHOULD fails the verdict

	Baseline string // a file of known failures; empty for none
}

// What the judgement of a log tries, in place of checks.
const (
	everyAnswer  = "every answer of the log has the envelope of the contract"
	everyRefusal = "every mistake in the log is answered as one"
	everyOutcome = "every answer of the log fits what the log tells of the ids"
)

// shownByLogs are the rules that can be seen to be kept without any look at a snapshot. That others are broken can show all
// the same.
var shownByLogs = []string{
	"ENV-1", "ENV-2", "ENV-3", "ENV-4", "ENV-5", "ENV-6", "ENV-7", "ENV-8",
	"REQ-2", "REQ-3", "REQ-4", "REQ-6", "REQ-8", "BATCH-2", "BATCH-4", "PART-1", "ERR-1", "ERR-2", "STATE-4",
}

// JudgeLog judges the calls of a log by what can be told without a testbed. Where it is not certain that an answer is
// wrong, it is not blamed. An error says in one line why there is nothing to judge: the file cannot be read, or has no
// call of the action.
//
// The log is read twice, entry by entry: first for what it teaches about the ids, then to judge.
func JudgeLog(ctx context.Context, log Log) (*report.Report, error) {
	started := time.Now()
	if log.Settle == 0 {
		log.Settle = DefaultSettle
	}
	known, err := readKnown(log.Baseline)
	if err != nil {
		return nil, err
	}
	r := &report.Report{Strict: log.Strict, Started: started, Log: &report.Log{Name: log.Name}}
	learned := newLessons(log)
	var bases []string
	if err := log.each(ctx, func(c *call) {
		r.Log.Entries++
		if c == nil {
			r.Log.Others++
			return
		}
		r.Log.Calls++
		if !slices.Contains(bases, c.base) && len(bases) < 2 {
			bases = append(bases, c.base)
		}
		learned.from(c)
	}); err != nil {
		return nil, err
	}
	switch len(bases) {
	case 0:
		return nil, fmt.Errorf("the log %q has no call of %s: none of its exchanges is a POST to a URL that ends with %s under %s: %s",
			log.Name, contract.Action, contract.Path, contract.HeaderAction, contract.Action)
	case 1:
		r.Endpoint = bases[0]
	default:
		r.Endpoint = bases[0] + " and others"
	}

	j := &logJudge{journal: newJournal(nil), learned: learned, counts: r.Log, tried: map[string][]string{}}
	safe := j.journal.redact.Replace
	r.Log.Name, r.Endpoint = safe(r.Log.Name), safe(r.Endpoint)
	j.observer = observer{j.journal, func() string { return everyAnswer }}
	if err := log.each(ctx, func(c *call) {
		if c != nil {
			j.judge(c)
		}
	}); err != nil {
		return nil, err
	}

	for _, check := range []string{everyAnswer, everyRefusal, everyOutcome} {
		if rules := j.tried[check]; len(rules) > 0 {
			j.journal.finish(rules, check)
		} else {
			j.journal.skip(nil, "")
		}
	}
	for _, rule := range contract.Rules {
		if !slices.Contains(shownByLogs, rule.ID) {
			j.journal.omit(rule.ID, "a log cannot show it kept: no snapshot is made for it and looked at")
		}
	}
	r.Rules = j.journal.results("no call of the log is an occasion to see it")
	r.Profile = j.journal.profile()
	r.Checks = report.Checks{Done: j.journal.done, Skipped: j.journal.skipped, Total: j.journal.done + j.journal.skipped}
	r.Exchanges, r.Waits = r.Log.Calls, r.Log.PutOff
	r.Seconds = time.Since(started).Seconds()
	if r.Checks.Done == 0 {
		r.Reason = fmt.Sprintf("no call of the log has an answer to judge: %d without one, %d put off", r.Log.Silent, r.Log.PutOff)
	}
	r.Judge(false, false)
	judgeKnown(r, known, safe)
	return r, nil
}

// each reads the log from its beginning. What is no call of the action is nil.
func (l Log) each(ctx context.Context, do func(*call)) error {
	if _, err := l.File.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("the log %q cannot be read twice; give a file", l.Name)
	}
	err := har.Read(l.File, func(number int, e *har.Entry) error {
		if ctx.Err() != nil {
			return errors.New("the reading was interrupted")
		}
		do(callOf(number, e))
		return nil
	})
	if err != nil {
		return fmt.Errorf("the log %q cannot be read: %w; give a HAR file", l.Name, err)
	}
	return nil
}

// logJudge holds the calls of a log against the contract, one after the other.
type logJudge struct {
	journal  *journal
	observer observer
	learned  *lessons
	counts   *report.Log
	tried    map[string][]string // rules, by what tried them
}

// try puts down that rules had a chance to be seen broken.
func (j *logJudge) try(check string, rules ...string) {
	for _, rule := range rules {
		if !slices.Contains(j.tried[check], rule) {
			j.tried[check] = append(j.tried[check], rule)
		}
	}
}

func (j *logJudge) broken(check, rule string, a *answer, permitted string) {
	j.journal.fail(failure{rule: rule, check: check, what: a.String(), permitted: permitted, exchanges: []*target.Exchange{a.Exchange}})
}

func (j *logJudge) judge(c *call) {
	switch {
	case c.Err != nil:
		j.counts.Silent++
		return
	case c.PutOff():
		j.counts.PutOff++
		return
	case refusedUnread(c.Exchange):
		return
	}
	j.observer.judge(c.Exchange)
	j.try(everyAnswer, "ENV-5", "ENV-6")
	if c.Cut() > 0 {
		j.counts.Unread++
		return
	}
	j.try(everyAnswer, "ENV-3", "ENV-8")
	a := &answer{Exchange: c.Exchange, said: c.Answer()}
	if a.said.Status == http.StatusOK {
		j.try(everyAnswer, "ENV-1", "ENV-2", "ENV-7")
	} else {
		j.try(everyAnswer, "ENV-4")
	}
	switch {
	case c.asked.form == unclear:
		j.counts.Unjudged++
	case strings.HasPrefix(a.said.Code, contract.AuthCodePrefix): // nobody has looked at what was asked for
	case c.asked.form == proper:
		j.judgeOutcome(c, a)
	default:
		j.judgeMistake(c, a)
	}
}

// judgeMistake: REQ-2, REQ-3, REQ-4 and REQ-6. A 5xx counts where the implementation itself says so by a code: a gateway
// has faults that no request is to blame for.
func (j *logJudge) judgeMistake(c *call, a *answer) {
	var rule string
	var code contract.Error
	switch c.asked.form {
	case absent:
		rule, code = "REQ-2", contract.MissingParameter
	case wrongType:
		rule, code = "REQ-3", contract.WrongType
	default:
		rule = "REQ-4"
	}
	const refusal = "any 4xx with an error envelope"
	switch {
	case a.said.Status == http.StatusOK:
		j.broken(everyRefusal, rule, a, refusal)
	case a.said.Status >= 500 && a.said.Code != "" && !passing(a.said.Code):
		j.broken(everyRefusal, "REQ-4", a, refusal)
	case !oracle.Refused(a.said):
		return
	case c.documented && !c.asked.extra && code.Code != "" && a.said.Code != "":
		j.try(everyRefusal, "REQ-6")
		if a.said.Code != code.Code {
			j.broken(everyRefusal, "REQ-6", a, "code "+code.Code)
		}
	}
	j.try(everyRefusal, rule, "REQ-4")
}

// passing tells whether a code speaks of a fault that has nothing to do with what was asked for.
func passing(code string) bool {
	return slices.ContainsFunc(contract.Errors, func(e contract.Error) bool { return e.Code == code && e.Retry })
}

// faulty tells whether a code lays the fault on the service, under whatever status it comes.
func faulty(code string) bool {
	return passing(code) || slices.ContainsFunc(contract.Errors, func(e contract.Error) bool { return e.Code == code && e.Status >= 500 })
}

// judgeOutcome holds the answer to a request that is valid in form against what the oracle permits, by what is known.
func (j *logJudge) judgeOutcome(c *call, a *answer) {
	said, ids := a.said, c.asked.ids
	refused := oracle.Refused(said)
	switch {
	case !refused && said.Status != http.StatusOK, said.Unknown:
		return // a fault of the service or of a gateway, or an answer that says nothing
	case refused && (!c.documented || c.asked.extra || said.Code == "" || faulty(said.Code)):
		return // for another reason than the ids, perhaps
	case len(ids) == 0:
		j.judgeNothing(a)
		return
	case refused && said.Code != contract.NotFound.Code && said.Code != contract.DeniedState.Code && !j.learned.knowsForm(ids):
		if e := oracle.Expect(ids, func(string) oracle.Class { return oracle.Open }); len(e.IDs()) <= contract.MaxBatch {
			return // for the form of an id, perhaps, which nobody knows
		}
	}
	expected := oracle.Expect(ids, func(id string) oracle.Class { return j.learned.classOf(c, id) })
	a.expected = &expected
	for _, rule := range expected.Broken(said) {
		j.broken(everyOutcome, rule, a, expected.String())
	}
	j.try(everyOutcome, occasions(expected, said)...)
	if refused && len(expected.IDs()) > contract.MaxBatch && (said.Code == contract.TooMany.Code || j.learned.knowsForm(ids)) {
		j.try(everyOutcome, "BATCH-4")
		if said.Code != contract.TooMany.Code {
			j.broken(everyOutcome, "BATCH-4", a, "code "+contract.TooMany.Code)
		}
	}
}

// judgeNothing: REQ-8.
func (j *logJudge) judgeNothing(a *answer) {
	word := "success"
	if oracle.Refused(a.said) {
		word = "refused"
	}
	j.journal.choose("empty-list", word)
	j.try(everyOutcome, "REQ-8")
}

// occasions are the rules that an answer to a request could be seen to break.
func occasions(e oracle.Expectation, said oracle.Answer) []string {
	var rules []string
	if len(e.Of(oracle.Gone)) > 0 {
		rules = append(rules, "STATE-4")
	}
	switch {
	case len(e.IDs()) > contract.MaxBatch:
		rules = append(rules, "BATCH-2")
	case len(e.IDs()) > 1 && said.Status == http.StatusOK:
		rules = append(rules, "PART-1")
	case len(e.IDs()) > 1:
	case len(e.Of(oracle.Gone)) > 0, said.Code == contract.NotFound.Code:
		rules = append(rules, "ERR-1")
	case len(e.Of(oracle.Denied)) > 0, said.Code == contract.DeniedState.Code:
		rules = append(rules, "ERR-2")
	}
	return rules
}
