package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// rule gives a rule of the contract with a status.
func rule(t *testing.T, id string, status report.Status) report.Rule {
	t.Helper()
	known, ok := contract.RuleByID(id)
	if !ok {
		t.Fatalf("the contract has no rule %s", id)
	}
	return report.Rule{Rule: known, Status: status}
}

// quiet is the report of a run that found nothing to blame.
func quiet(t *testing.T) *report.Report {
	t.Helper()
	passed := rule(t, "REQ-1", report.Passed)
	passed.Checks = []string{"accepts a request as documented"}
	return &report.Report{
		Verdict: report.Conformant, Endpoint: "http://127.0.0.1:8080", Testbed: "the embedded mock",
		Seed: 42, Effort: "normal", Started: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Seconds: 2.5,
		Exchanges: 1234, Snapshots: 567, Checks: report.Checks{Done: 1, Total: 1},
		Rules:  []report.Rule{passed},
		Phases: []report.Phase{{Name: "REQ", Seconds: 1}, {Name: "the last look", Seconds: 1.5}},
	}
}

// broken is the report of a run that has everything in it that a report can have.
func broken(t *testing.T) *report.Report {
	t.Helper()
	r := quiet(t)
	r.Verdict, r.Reason, r.Filter = report.NotConformant, "interrupted", "MUST || SHOULD"
	r.Waits, r.Waited, r.Left = 3, 4.5, []string{"left-1", "left-2"}
	r.Lost, r.Clean = []ledger.Order{{State: contract.Normal, Count: 64}}, "clean --ledger x"
	r.Checks = report.Checks{Done: 5, Skipped: 1, Total: 7}

	must := rule(t, "BATCH-2", report.Failed)
	must.Checks, must.Broken = []string{"refuses 101 snapshots"}, 7
	must.BrokenBy = []string{"refuses 101 snapshots, time 1", "refuses far more than 100"}
	for i := range 5 {
		must.Failures = append(must.Failures, failure(i+1))
	}
	should := rule(t, "REQ-6", report.Failed)
	should.Broken, should.Failures = 1, []report.Failure{failure(9)}
	should.BrokenBy = []string{should.Failures[0].Check}
	should.Failures[0].Picture = &report.Picture{Name: "race-9.html", MediaType: "text/html", Text: "<html>a<b></html>"}
	noted := rule(t, "REQ-8", report.Noted)
	r.Log = &report.Log{Name: "production.har", Entries: 20, Others: 3, Calls: 17, Silent: 1, PutOff: 2, Unread: 4, Unjudged: 5}
	r.Walk = &report.Walk{Steps: "make NORMAL; delete 1", Story: []string{`make NORMAL → ["a"]`, "delete 1 → no outcome"}}
	r.Profile = []report.Choice{
		{Silence: "empty-list", Question: "An empty list.", Words: []string{"refused"}},
		{Silence: "rivals", Question: "The losers of a race.", Words: nil},
		{Silence: "odd-id", Question: "Text that is no id.", Words: []string{"missing", "refused"}},
	}
	// Both for one reason, and neither in the contract's order.
	skipped, another := rule(t, "STATE-2", report.Skipped), rule(t, "STATE-3", report.Skipped)
	skipped.Skips = []string{"keeps what is CREATING: the testbed cannot make it"}
	another.Skips = skipped.Skips
	sample := failure(3).Evidence[0]
	r.Trials = []report.Trial{
		{Check: "accepts a request as documented", Rules: []string{"REQ-1"}, Status: report.Passed, Seconds: 0.25, Exchanges: 12, Sample: &sample},
		{Check: "refuses 101 snapshots", Rules: []string{"BATCH-2"}, Status: report.Failed, Seconds: 1.5, Exchanges: 3},
		{Check: "keeps what is CREATING", Rules: []string{"STATE-2", "STATE-3"}, Status: report.Skipped, Reason: "the testbed cannot make it"},
	}
	r.Latency = []report.Latency{
		{From: 1, To: 1, Exchanges: 900, P25: 0.001, P50: 0.002, P75: 0.003, P95: 0.01, Max: 0.2},
		{From: 101, Exchanges: 3, P25: 0.004, P50: 0.005, P75: 0.006, P95: 0.007, Max: 0.008},
	}
	r.Outcomes = []report.Tally{
		{Outcome: report.OutcomeRefused, Exchanges: 1},
		{Family: "REQ", Outcome: report.OutcomeDone, Exchanges: 11},
		{Family: "BATCH", Outcome: report.OutcomePartial, Exchanges: 2},
		{Family: "BATCH", Outcome: report.OutcomeNoAnswer, Exchanges: 1},
	}
	r.Timeline = &report.Timeline{Every: 2, Marks: []report.Mark{
		{Seq: 2, At: 0.01, Seconds: 0.002, Check: "accepts a request as documented", Named: 1, Status: 200, Outcome: report.OutcomeDone},
		{Seq: 4, At: 0.5, Seconds: 1, Check: "refuses 101 snapshots", Named: 101, Outcome: report.OutcomeNoAnswer},
	}}
	should.Known = "the gateway is replaced in spring"
	r.Baseline = &report.Baseline{Name: "known.yaml", Entries: []report.Known{
		{Rule: "REQ-6", Reason: should.Known, Expires: "2026-12-31", Standing: report.StandsFailing},
		{Rule: "BATCH-2", Check: "refuses 101 snapshots, time 1", Reason: "unknown", Expires: "2026-01-01", Standing: report.StandsExpired},
	}}
	r.Rules = append(r.Rules, another, skipped, must, should, noted)
	return r
}

func failure(seq int) report.Failure {
	return report.Failure{
		Check:     fmt.Sprintf("refuses 101 snapshots, time %d", seq),
		What:      "200 for a batch over the limit",
		Permitted: "a refusal",
		Evidence: []report.Exchange{{
			Seq: seq, At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Seconds: 0.035,
			Sent: report.Sent{
				Method: "POST", URL: "http://127.0.0.1:8080/api/v2/zec",
				Header: map[string][]string{"Content-Type": {"application/json"}, "User-Agent": nil},
				Body:   `{"snapshotIds":["a<b>"]}`,
			},
			Got: report.Got{
				Status: 200, Header: map[string][]string{"Content-Type": {"application/json; charset=utf-8"}},
				Body: `{"requestId":"T1"}`, Cut: 5, Error: "unexpected EOF",
			},
			Curl: `curl -i -X POST --data-binary '{"snapshotIds":["a<b>"]}' 'http://127.0.0.1:8080/api/v2/zec'`,
		}},
	}
}

func text(t *testing.T, r *report.Report, style report.Style) string {
	t.Helper()
	var out strings.Builder
	if err := r.WriteText(&out, style); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestOutcomesAreToldByStatusCodeAndList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		listed int
		is     report.Outcome
	}{
		{0, "", -1, report.OutcomeNoAnswer},
		{200, "", 0, report.OutcomeDone},
		{200, "", 3, report.OutcomePartial},
		{200, "", -1, report.OutcomeOther},
		{200, contract.TooFast.Code, 0, report.OutcomeDone},
		{302, "", -1, report.OutcomeOther},
		{404, contract.NotFound.Code, -1, report.OutcomeRefused},
		{contract.TooFast.Status, "", -1, report.OutcomePutOff},
		{400, contract.TooFast.Code, -1, report.OutcomePutOff},
		{contract.Unavailable.Status, contract.Unavailable.Code, -1, report.OutcomePutOff},
		{contract.Unavailable.Status, "", -1, report.OutcomeFault},
		{500, contract.Unavailable.Code, -1, report.OutcomeFault},
		{600, "", -1, report.OutcomeOther},
	} {
		if got := report.OutcomeOf(c.status, c.code, c.listed); got != c.is {
			t.Errorf("%d %q, %d listed, is %q and not %q", c.status, c.code, c.listed, got, c.is)
		}
	}
}
