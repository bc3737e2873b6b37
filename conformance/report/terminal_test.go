package report_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// plain matches texts whose spacing is of no interest.
func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

func expect(t *testing.T, out string, parts ...string) {
	t.Helper()
	rest := plain(out)
	for _, part := range parts {
		_, after, ok := strings.Cut(rest, plain(part))
		if !ok {
			t.Fatalf("%q is missing, or out of order, in:\n%s", part, out)
		}
		rest = after
	}
}

func refuse(t *testing.T, out string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(out, part) {
			t.Errorf("%q should not be in:\n%s", part, out)
		}
	}
}

func lastLine(out string) string {
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestSummaryOfAQuietRun(t *testing.T) {
	t.Parallel()
	out := text(t, quiet(t), report.Style{})
	expect(t, out,
		"endpoint http://127.0.0.1:8080", "testbed the embedded mock", "seed 42", "effort normal",
		"REQ", "✓ REQ-1 MUST A request as documented is accepted.",
		"Where the time went", "REQ 1.00 s", "the last look 1.50 s",
		"1 rule: ✓ 1 passed, ✗ 0 failed, ! 0 remarks, – 0 skipped, · 0 noted",
		"1 check: 1 done, 0 skipped; 1234 exchanges, 567 snapshots, 2.50 s, seed 42",
	)
	refuse(t, out, "filter", "strict", "What failed", "skipped, and why", "put off", "released", "not tried", "reason", "walk", "\x1b")
	if got := lastLine(out); got != "verdict: conformant" {
		t.Errorf("the last line is %q", got)
	}
}

func TestSummaryOfABrokenRun(t *testing.T) {
	t.Parallel()
	out := text(t, broken(t), report.Style{})
	expect(t, out,
		"filter MUST || SHOULD",
		"✓ REQ-1 MUST", "! REQ-6 SHOULD", "· REQ-8 NOTE", "BATCH", "✗ BATCH-2 MUST", "STATE", "– STATE-2 MUST", "– STATE-3 MUST",
		"What was skipped, and why", "keeps what is CREATING: the testbed cannot make it", "STATE-2, STATE-3",
		"How this implementation reads the silences", "empty-list refused", "odd-id missing, refused",
		"What failed, and is new", "✗ BATCH-2 MUST A call with 101 snapshots, or many more, is refused.",
		"source: The vendor's page on DeleteSnapshots, §1",
		`new: the entry for BATCH-2 by "refuses 101 snapshots, time 1" expired on 2026-01-01`,
		"broken 7 times; the first 3 shown here, 4 more not",
		"1. refuses 101 snapshots, time 1", "seen 200 for a batch over the limit", "permitted a refusal",
		"exchange 1, 35 ms", "sent POST http://127.0.0.1:8080/api/v2/zec", `{"snapshotIds":["a<b>"]}`,
		"received 200 application/json; charset=utf-8, then unexpected EOF",
		`{"requestId":"T1"} … and 5 bytes that the report has not kept`,
		`repeat curl -i -X POST --data-binary '{"snapshotIds":["a<b>"]}' 'http://127.0.0.1:8080/api/v2/zec'`,
		"3. refuses 101 snapshots, time 3",
		"What failed as known", "! REQ-6 SHOULD broken once, excused until 2026-12-31: the gateway is replaced in spring",
		"What else the baseline has", `expired BATCH-2 by "refuses 101 snapshots, time 1" on 2026-01-01; it excuses nothing any more`,
		"The walk that was under way", `1. make NORMAL → ["a"]`, "2. delete 1 → no outcome", "again: --walk 'make NORMAL; delete 1'",
		"put off by 429 or 503 3 times, for 4.50 s in all",
		"2 snapshots could not be released", "left-1", "left-2",
		"1 order for snapshots brought no ids", "64 in state NORMAL", "remove what is left: clean --ledger x",
		"6 rules: ✓ 1 passed, ✗ 1 failed, ! 1 remark, – 2 skipped, · 1 noted",
		"7 checks: 5 done, 1 skipped, 1 not reached",
		"2 rules were not tried: STATE-2, STATE-3", "cut short interrupted",
		"new failures, which the baseline does not excuse: BATCH-2",
	)
	refuse(t, out, "time 4")
	if got := lastLine(out); got != "verdict: not conformant" {
		t.Errorf("the last line is %q", got)
	}
}

func TestAStrictSummaryHasNoRemarks(t *testing.T) {
	t.Parallel()
	r := broken(t)
	r.Strict = true
	expect(t, text(t, r, report.Style{}), "strict rules of level SHOULD count", "✗ REQ-6", "✗ 2 failed, ! 0 remarks")
}

func TestSummaryOfARunThatCouldNotBegin(t *testing.T) {
	t.Parallel()
	out := text(t, &report.Report{Verdict: report.CouldNotRun, Reason: "GET http://bed: connection refused"}, report.Style{})
	expect(t, out, "0 rules", "reason GET http://bed: connection refused", "verdict: could not run")
}

func TestTheLastLineIsTheVerdict(t *testing.T) {
	t.Parallel()
	for _, verdict := range []report.Verdict{report.Conformant, report.Remarks, report.NotConformant, report.CouldNotRun} {
		r := broken(t)
		r.Verdict = verdict
		if got := lastLine(text(t, r, report.Style{})); got != "verdict: "+string(verdict) {
			t.Errorf("the last line is %q", got)
		}
	}
}

func TestStatementsKeepToTheWidth(t *testing.T) {
	t.Parallel()
	r := quiet(t)
	r.Rules = []report.Rule{rule(t, "REQ-3", report.Passed)}
	statement := r.Rules[0].Statement
	expect(t, text(t, r, report.Style{}), statement)

	out := text(t, r, report.Style{Width: 80})
	refuse(t, out, statement)
	i := slices.IndexFunc(strings.Split(out, "\n"), func(line string) bool { return strings.Contains(line, "REQ-3") })
	line := strings.Split(out, "\n")[i]
	if width := utf8.RuneCountInString(line); width != 80 || !strings.HasSuffix(line, "…") {
		t.Errorf("a width of 80 gives %d characters: %q", width, line)
	}
	expect(t, text(t, r, report.Style{Width: 1}), statement[:20])
}

func TestColourIsTheSameTextWithMarks(t *testing.T) {
	t.Parallel()
	bare, coloured := text(t, broken(t), report.Style{}), text(t, broken(t), report.Style{Color: true})
	refuse(t, bare, "\x1b")
	if got := regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(coloured, ""); got != bare {
		t.Errorf("without its marks the coloured summary reads\n%s\nand not\n%s", got, bare)
	}
	expect(t, coloured, "\x1b[31;1mverdict: not conformant\x1b[")
}

// hostile is what a target may send to make a terminal act or a reader believe.
const hostile = "a\x1b[2J\x1b]0;title\a\r\nverdict: conformant\n\u202eevil\u2066 \u009b31m \xff\x00 ünï 汉字\tz"

func TestNothingHostileReachesTheTerminal(t *testing.T) {
	t.Parallel()
	r := broken(t)
	r.Endpoint, r.Testbed, r.Effort, r.Filter, r.Reason = hostile, hostile, hostile, hostile, hostile
	r.Left, r.Phases = []string{hostile}, []report.Phase{{Name: hostile}}
	r.Lost, r.Clean = []ledger.Order{{State: hostile}}, hostile
	r.Profile = []report.Choice{{Silence: hostile, Question: hostile, Words: []string{hostile}}}
	r.Walk = &report.Walk{Steps: hostile, Story: []string{hostile}}
	for i := range r.Rules {
		rule := &r.Rules[i]
		rule.Statement, rule.Source = hostile, []string{hostile}
		rule.Skips = []string{hostile}
		for j := range rule.Failures {
			rule.Failures[j].Check, rule.Failures[j].What, rule.Failures[j].Permitted = hostile, hostile, hostile
			for k := range rule.Failures[j].Evidence {
				e := &rule.Failures[j].Evidence[k]
				e.Curl = "curl " + hostile
				e.Sent.Method, e.Sent.URL, e.Sent.Body = hostile, hostile, hostile
				e.Got.Header, e.Got.Body, e.Got.Error = map[string][]string{"Content-Type": {hostile}}, hostile, hostile
			}
		}
	}
	out := text(t, r, report.Style{Width: 100})
	for i, c := range out {
		if c != '\n' && !unicode.IsPrint(c) || c == utf8.RuneError {
			t.Fatalf("%q reached the terminal: %q", c, out[max(0, i-20):i+20])
		}
	}
	if strings.Count(out, "\nverdict: ") != 1 {
		t.Errorf("a verdict is forged:\n%s", out)
	}
	expect(t, out, "ünï 汉字", "a curl command with characters that are not safe to show")
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                      "",
		`{"a":"\u202e \\ 'x'"}`: `{"a":"\u202e \\ 'x'"}`,
		"\x1b[0m\a\b\t\r\n":     `\x1b[0m\a\b\t\r\n`,
		"\u202e\u2066\u200b":    `\u202e\u2066\u200b`,
		"\x80ok\xff":            `\x80ok\xff`,
		"\u009b\u00a0":          `\u009b\u00a0`,
		"ü 汉字 😀 \ufffd":         "ü 汉字 😀 \ufffd",

		// what CI systems take for commands
		"::error::no":                       `\x3a:error::no`,
		"  ::set-env name=PATH::.":          `  \x3a:set-env name=PATH::.`,
		"a::b [::1]":                        "a::b [::1]", // nobody takes these for any
		"so ##[error]no":                    `so \x23#[error]no`,
		"##vso[task.setvariable]x ##VSO[]":  `\x23#vso[task.setvariable]x \x23#VSO[]`,
		"##teamcity[buildStop]":             `\x23#teamcity[buildStop]`,
		"###[x] ## title":                   `#\x23#[x] ## title`,
		"\x1b[0Ksection_start:1:x\r\x1b[0K": `\x1b[0Ksection_start:1:x\r\x1b[0K`,
	} {
		if got := report.Printable(given); got != want {
			t.Errorf("%q is shown as %s, want %s", given, got, want)
		}
	}
}

func TestLongEvidenceIsAbbreviated(t *testing.T) {
	t.Parallel()
	for name, filling := range map[string]string{"text": "ä", "noise": "\x80"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := broken(t)
			failure := &r.Rules[3].Failures[0]
			e := &failure.Evidence[0]
			e.Got.Body = "START" + strings.Repeat(filling, 1<<20) + "END"
			e.Curl = "curl " + strings.Repeat("x", 8<<10)
			for range 9 {
				failure.Evidence = append(failure.Evidence, *e)
			}
			out := text(t, r, report.Style{})
			expect(t, out, "START", "… ", " bytes … ", "END", "a curl command of 8197 bytes; --report json=FILE has it",
				"5 more exchanges not shown")
			if len(out) > 30_000 {
				t.Errorf("the summary has %d bytes", len(out))
			}
			if name == "text" {
				refuse(t, out, `\x`)
			}
		})
	}
	r := broken(t)
	e := &r.Rules[3].Failures[0].Evidence[0]
	e.Curl = "curl " + strings.Repeat("x", 8000)
	expect(t, text(t, r, report.Style{}), e.Curl)
}

func TestAnExchangeWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	r := broken(t)
	r.Rules[3].Failures[0].Evidence[0].Got = report.Got{Error: "connection reset by peer"}
	expect(t, text(t, r, report.Style{}), "received no answer: connection reset by peer", "repeat")
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAFailedWriteIsToldOf(t *testing.T) {
	t.Parallel()
	if err := broken(t).WriteText(brokenPipe{}, report.Style{}); fmt.Sprint(err) != "broken pipe" {
		t.Errorf("WriteText says %v", err)
	}
	if err := broken(t).WriteJSON(brokenPipe{}); fmt.Sprint(err) != "broken pipe" {
		t.Errorf("WriteJSON says %v", err)
	}
}

func TestSummaryOfALog(t *testing.T) {
	t.Parallel()
	r := quiet(t)
	r.Testbed, r.Seed, r.Effort = "", 0, ""
	r.Log = &report.Log{Name: "production.har", Entries: 20, Others: 3, Calls: 17, Silent: 1, Unread: 4}
	r.Exchanges = 17
	out := text(t, r, report.Style{})
	expect(t, plain(out),
		"log 20 exchanges, of which 17 are calls of DeleteSnapshots production.har",
		"1 call without an answer, not judged", "4 calls with an answer that the log has not kept whole", "; 17 calls, 2.50 s",
	)
	refuse(t, out, "testbed", "seed", "effort", "put off", "more than one way")
}
