// Package report is what a run has to say: the verdict on an implementation, rule by rule, with the evidence, and
// the forms in which it is given.
package report

import (
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
)

// Report is a whole run. Durations are in seconds.
type Report struct {
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
	// Profile is how the implementation reads the silences of the contract.
	Profile []Choice `json:"profile"`
	Phases  []Phase  `json:"phases"`

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
