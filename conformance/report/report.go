// Package report is what a run has to say: the verdict on an implementation, rule by rule, with the evidence, and
// the forms in which it is given.
//
// [Report.WriteJSON] writes all of it, [Read] reads that again, whatever version has written it, and [Forms] are what else it
// can be written as.
package report

import (
	"net/http"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
)

// Format is the number of the format in which WriteJSON writes. It rises with every member that is added; none is ever taken
// out, or given another meaning. Reports of format 1 do not say so.
const Format = 2

// Report is a whole run. Durations are in seconds.
type Report struct {
	Format  int     `json:"format"` // that it was read in; WriteJSON puts its own here
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason,omitempty"` // why the run could not be carried out to its end
	Strict  bool    `json:"strict"`

	Endpoint string    `json:"endpoint"`
	Testbed  string    `json:"testbed"`
	Seed     int64     `json:"seed"`
	Effort   string    `json:"effort"`
	Filter   string    `json:"filter,omitempty"` // the label filter
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`

	Exchanges int     `json:"exchanges"`
	Snapshots int     `json:"snapshots"` // that the testbed made
	Waits     int     `json:"waits"`     // how often a request was put off by 429 or 503
	Waited    float64 `json:"waited"`    // for how long, summed over concurrent requests
	Checks    Checks  `json:"checks"`

	Rules []Rule `json:"rules"`
	// Trials are the checks that were begun, in the order in which they were.
	Trials []Trial `json:"trials,omitempty"`
	// Profile is how the implementation reads the silences of the contract.
	Profile []Choice `json:"profile"`
	Phases  []Phase  `json:"phases"`

	Latency  []Latency `json:"latency,omitempty"`
	Outcomes []Tally   `json:"outcomes,omitempty"` // in the order of the families' first exchanges
	Timeline *Timeline `json:"timeline,omitempty"`

	// Baseline is the list of known failures that the run was held against.
	Baseline *Baseline `json:"baseline,omitempty"`

	// Walk is the walk that was under way when the run could not go on.
	Walk *Walk `json:"walk,omitempty"`

	// Log is the log that was judged. Nothing was sent then, and there is neither testbed nor seed nor effort.
	Log *Log `json:"log,omitempty"`

	// Left are the snapshots that could not be released, and Lost the orders for snapshots that may have made more: they
	// brought no ids, since no answer came, or one that says nothing. Clean is the command that removes what is left, if there is one.
	Left  []string       `json:"left,omitempty"`
	Lost  []ledger.Order `json:"lost,omitempty"`
	Clean string         `json:"clean,omitempty"`
}

// Log is a recording of exchanges, and how much of it could be judged.
type Log struct {
	Name     string `json:"name"`     // of the file
	Entries  int    `json:"entries"`  // in it
	Others   int    `json:"others"`   // that are no calls of the action
	Calls    int    `json:"calls"`    // of the action
	Silent   int    `json:"silent"`   // calls without an answer, of which a log does not say why
	PutOff   int    `json:"putOff"`   // calls that were put off
	Unread   int    `json:"unread"`   // calls whose answer's body the log has not kept whole
	Unjudged int    `json:"unjudged"` // calls with a body that the log has not kept, or that can be read in more than one way
}

// Choice is what an implementation does where the contract is silent, in words that the contract gives.
type Choice struct {
	Silence  string   `json:"silence"` // its id
	Question string   `json:"question"`
	Words    []string `json:"words"` // none where the run had no occasion; several where it is not always the same
}

// Walk is a sequence of steps, and what each came to.
type Walk struct {
	Steps string   `json:"steps"` // as they can be given again
	Story []string `json:"story"`
}

// Checks counts the checks of a run.
type Checks struct {
	Done    int `json:"done"`    // carried out to their end
	Skipped int `json:"skipped"` // not carried out, for a reason given with the rule
	Total   int `json:"total"`   // chosen
}

// Phase is a part of a run, and the time that it took.
type Phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// Rule is a rule of the contract and what became of it.
type Rule struct {
	contract.Rule
	Status   Status    `json:"status"`
	Checks   []string  `json:"checks,omitempty"`   // the texts of those that were carried out to their end
	Skips    []string  `json:"skips,omitempty"`    // why others were not
	Failures []Failure `json:"failures,omitempty"` // the first few
	Broken   int       `json:"broken,omitempty"`   // how often it was broken in all
	BrokenBy []string  `json:"brokenBy,omitempty"` // the texts of the checks that showed it
	Known    string    `json:"known,omitempty"`    // why it may be broken, where the baseline has all of it
}

// Trial is a check that was begun, and what became of it.
type Trial struct {
	Check     string    `json:"check"`            // its text
	Rules     []string  `json:"rules"`            // that it tries
	Status    Status    `json:"status"`           // Passed, Failed or Skipped
	Reason    string    `json:"reason,omitempty"` // why it was skipped, or not carried out to its end
	Seconds   float64   `json:"seconds"`
	Exchanges int       `json:"exchanges"`
	Sample    *Exchange `json:"sample,omitempty"` // the first of them that is short
}

// Failure is one time that a rule was broken.
type Failure struct {
	Check     string     `json:"check"`     // the text of the check that showed it
	What      string     `json:"what"`      // what was seen
	Permitted string     `json:"permitted"` // what would have been permitted
	Evidence  []Exchange `json:"evidence,omitempty"`
	Picture   *Picture   `json:"picture,omitempty"`
}

// Picture is evidence to look at: a file of its own.
type Picture struct {
	Name      string `json:"name"` // of the file
	MediaType string `json:"mediaType"`
	Text      string `json:"text"`
}

// Latency is how long answers took to requests that named so many snapshots, without the time for which they were put off.
type Latency struct {
	From      int     `json:"from"`
	To        int     `json:"to,omitempty"` // 0 for no bound
	Exchanges int     `json:"exchanges"`
	P25       float64 `json:"p25"` // a quarter of the answers took no longer
	P50       float64 `json:"p50"`
	P75       float64 `json:"p75"`
	P95       float64 `json:"p95"`
	Max       float64 `json:"max"`
}

// Outcome is what an answer meant, as far as its status and its list tell.
type Outcome string

// The outcomes.
const (
	OutcomeDone     Outcome = "done"      // a success that lists nothing
	OutcomePartial  Outcome = "partial"   // a success that lists what was not deleted
	OutcomeRefused  Outcome = "refused"   // 4xx
	OutcomeFault    Outcome = "fault"     // 5xx
	OutcomePutOff   Outcome = "put off"   // 429 or 503, to the end
	OutcomeNoAnswer Outcome = "no answer" // none that is complete
	OutcomeOther    Outcome = "other"     // an answer that is none of these
)

// AllOutcomes are the outcomes, in the order in which they are shown.
var AllOutcomes = []Outcome{OutcomeDone, OutcomePartial, OutcomeRefused, OutcomeFault, OutcomePutOff, OutcomeNoAnswer, OutcomeOther}

// OutcomeOf tells what an answer meant by its status, 0 where there is none, its code, and how many ids it lists, below zero
// where that cannot be read.
func OutcomeOf(status int, code string, listed int) Outcome {
	switch {
	case status == 0:
		return OutcomeNoAnswer
	case contract.PutsOff(status, code):
		return OutcomePutOff
	case status == http.StatusOK && listed == 0:
		return OutcomeDone
	case status == http.StatusOK && listed > 0:
		return OutcomePartial
	case status >= 400 && status < 500:
		return OutcomeRefused
	case status >= 500 && status < 600:
		return OutcomeFault
	}
	return OutcomeOther
}

// Tally counts the exchanges of the checks of one family that had one outcome.
type Tally struct {
	Family    string  `json:"family"` // of the first rule of the checks; empty before the first check
	Outcome   Outcome `json:"outcome"`
	Exchanges int     `json:"exchanges"`
}

// Timeline is the exchanges of a run by when they were sent; of a long run, some of them, evenly chosen.
type Timeline struct {
	Every int    `json:"every"` // 1 in so many is here
	Marks []Mark `json:"marks"`
}

// Mark is one exchange on a time line.
type Mark struct {
	Seq     int     `json:"seq"`
	At      float64 `json:"at"`      // when it was sent, after the run began
	Seconds float64 `json:"seconds"` // until its answer was complete, waits included
	Check   string  `json:"check"`   // that sent it
	Named   int     `json:"named"`   // how many ids the request names; 0 also where it has no proper list
	Status  int     `json:"status,omitempty"`
	Outcome Outcome `json:"outcome"`
}

// Baseline is a list of known failures, and how each stands in this run.
type Baseline struct {
	Name    string  `json:"name"` // of the file
	Entries []Known `json:"entries"`
}

// Known is a failure that a team knows of.
type Known struct {
	Rule     string   `json:"rule,omitempty"`  // empty where any rule is meant that the check shows broken
	Check    string   `json:"check,omitempty"` // empty where any check is meant
	Reason   string   `json:"reason"`
	Expires  string   `json:"expires"` // the last day on which it excuses anything: 2026-12-31
	Standing Standing `json:"standing"`
}

// Standing is what has become of a known failure.
type Standing string

// The standings.
const (
	StandsFailing  Standing = "failing"   // as known
	StandsPassing  Standing = "passing"   // now, so that the entry can go
	StandsExpired  Standing = "expired"   // and excuses nothing any more
	StandsNotTried Standing = "not tried" // in this run
)

// Exchange is the evidence: what was sent and what came back. Secrets are left out.
type Exchange struct {
	Seq     int       `json:"seq"` // 1 for the first exchange of the run
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	Sent    Sent      `json:"sent"`
	Got     Got       `json:"got"`
	Curl    string    `json:"curl"` // repeats the request
}

// Sent is a request.
type Sent struct {
	Method string              `json:"method"`
	URL    string              `json:"url"`
	Header map[string][]string `json:"header"`
	Body   string              `json:"body"`
	Raw    []byte              `json:"raw,omitempty"` // the body, where it is not valid UTF-8; WriteJSON fills it in
}

// Got is an answer, or the reason why there is none.
type Got struct {
	Status int                 `json:"status,omitempty"`
	Header map[string][]string `json:"header,omitempty"`
	Body   string              `json:"body,omitempty"`
	Raw    []byte              `json:"raw,omitempty"` // as in Sent
	Cut    int                 `json:"cut,omitempty"` // how many bytes of the body are left out here
	Error  string              `json:"error,omitempty"`
}
