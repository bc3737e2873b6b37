package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/html"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func htmlOf(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// nodes gives the elements of a page.
func nodes(t *testing.T, page []byte) []*html.Node {
	t.Helper()
	document, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var all []*html.Node
	for node := range document.Descendants() {
		if node.Type == html.ElementNode {
			all = append(all, node)
		}
	}
	return all
}

func attributes(node *html.Node) map[string]string {
	all := map[string]string{}
	for _, attribute := range node.Attr {
		all[attribute.Key] = attribute.Val
	}
	return all
}

func textOf(node *html.Node) string {
	var all strings.Builder
	for one := range node.Descendants() {
		if one.Type == html.TextNode {
			all.WriteString(one.Data)
		}
	}
	return strings.TrimSpace(all.String())
}

// raced is a report whose evidence is several exchanges at once.
func raced(t *testing.T) *report.Report {
	t.Helper()
	r := broken(t)
	first := &r.Rules[3].Failures[0]
	for i, body := range []string{`{"requestId":"T2","response":{"requestId":"T2","snapshotIds":["a"]}}`, "<busy>", ""} {
		e := failure(20 + i).Evidence[0]
		e.Got.Body, e.Got.Status, e.Got.Cut, e.Got.Error = body, 200+300*i, 0, ""
		first.Evidence = append(first.Evidence, e)
	}
	first.Evidence[3].Got = report.Got{Error: "connection reset by peer"}
	return r
}

func TestAPageTellsTheWholeReport(t *testing.T) {
	t.Parallel()
	page := htmlOf(t, raced(t))
	document, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	rest := unspaced(textOf(document))
	for _, part := range []string{
		"not conformant: http://127.0.0.1:8080",
		"not conformant", "The run was cut short: interrupted", "1 rule of level MUST is broken.",
		"New failures, which the baseline does not excuse: BATCH-2",
		"✗ 1 failed", "! 1 remark", "– 2 skipped", "· 1 noted", "✓ 1 passed", "Not tried: STATE-2, STATE-3",
		"BATCH-2 MUST refuses 101 snapshots, time 1: 200 for a batch over the limit", "! REQ-6 SHOULD known",
		"Snapshots may have stayed behind",
		"Endpoint http://127.0.0.1:8080", "Log production.har", "Effort normal", "Filter MUST || SHOULD", "Baseline known.yaml",
		"Started 2026-01-02 03:04:05 UTC", "Took 2.5 s; 1234 calls", "Put off 3 times, for 4.5 s in all", "Checks 5 of 7 done, 1 skipped, 1 not reached",
		"What failed", "BATCH-2 MUST", "A call with 101 snapshots, or many more, is refused.", "Source The vendor's page on DeleteSnapshots, §1",
		"New the entry for BATCH-2", "Broken 7 times; the first 5 are told of here", "Shown by", "refuses far more than 100",
		"1. refuses 101 snapshots, time 1", "Seen 200 for a batch over the limit", "Permitted a refusal",
		"Exchange 1 35 ms, at 03:04:05.000 UTC", "Request POST http://127.0.0.1:8080/api/v2/zec", "Header, 1 line", "Content-Type: application/json",
		"{\n  \"snapshotIds\": [\n    \"a<b>\"\n  ]\n}", "Answer 200, then unexpected EOF", "5 bytes more, which the report has not kept.",
		"Repeat the request", `curl -i -X POST --data-binary '{"snapshotIds":["a<b>"]}' 'http://127.0.0.1:8080/api/v2/zec'`,
		"Answer 500 Internal Server Error", "<busy>", "no answer: connection reset by peer", "no body",
		"REQ-6 SHOULD known", "Known the gateway is replaced in spring", "There is a picture, race-9.html",
		"The rules", "REQ-1", "1 check", "STATE-2", "keeps what is CREATING: the testbed cannot make it",
		"the silences", "empty-list", "refused", "rivals", "no occasion", "odd-id", "missing, refused",
		"1 in 2 exchanges is here", "2: after 10 ms, done (200) in 2 ms, 1 id; accepts a request as documented",
		"Outcomes by family", "How long answers took", "median 2 ms, 95 of 100 within 10 ms, slowest 200 ms", "more than 100",
		"The checks", "accepts a request as documented", "Sample: exchange 3", "keeps what is CREATING the testbed cannot make it",
		"Where the time went", "the last look", "1.5 s", "The log", "Calls that were put off, not judged", "2",
		"Known failures", "known.yaml", "failing", "2026-12-31", "expired",
		"The walk that was under way", "delete 1 → no outcome", "--walk 'make NORMAL; delete 1'",
		"Left behind", "clean --ledger x", "left-1", "left-2", "64 snapshots in state NORMAL",
	} {
		_, after, ok := strings.Cut(rest, unspaced(part))
		if !ok {
			t.Fatalf("%q is missing, or out of order, in %s", part, rest)
		}
		rest = after
	}
}

// unspaced is a text without white space, of which HTML has more than is seen.
func unspaced(text string) string { return strings.Join(strings.Fields(text), "") }

// TestAPageIsWellMade: what a browser would not complain of, and a reader would miss.
func TestAPageIsWellMade(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{
		"quiet": quiet(t), "broken": raced(t), "empty": {Verdict: report.CouldNotRun, Reason: "GET http://bed: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			all := nodes(t, htmlOf(t, r))
			ids := map[string]bool{}
			for _, node := range all {
				if id := attributes(node)["id"]; id != "" {
					g.Expect(ids[id]).To(BeFalse(), "there are two %q", id)
					ids[id] = true
				}
			}
			for _, node := range all {
				a := attributes(node)
				if place, within := strings.CutPrefix(a["href"], "#"); within {
					g.Expect(ids).To(HaveKey(place))
				} else {
					g.Expect(a).NotTo(HaveKey("href"))
				}
				for _, key := range []string{"src", "style", "srcset", "action", "onclick", "onload"} {
					g.Expect(a).NotTo(HaveKey(key), node.Data)
				}
				for _, id := range strings.Fields(a["aria-labelledby"] + " " + a["aria-describedby"]) {
					g.Expect(ids).To(HaveKey(id))
				}
				switch node.Data {
				case "table":
					g.Expect(textOf(node.FirstChild.NextSibling)).NotTo(BeEmpty())
					g.Expect(node.FirstChild.NextSibling.Data).To(Equal("caption"))
				case "th":
					g.Expect(a["scope"]).NotTo(BeEmpty())
				case "svg":
					g.Expect(a["role"] == "img" || a["aria-hidden"] == "true").To(BeTrue())
				case "iframe", "img", "object", "embed", "form", "link", "base":
					t.Errorf("there is a %s", node.Data)
				}
			}
		})
	}
}

func TestAPageIsTheSameAgain(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	first := htmlOf(t, raced(t))
	g.Expect(htmlOf(t, raced(t))).To(Equal(first))
	var kept bytes.Buffer
	g.Expect(raced(t).WriteJSON(&kept)).To(Succeed())
	again, err := report.Read(&kept)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(htmlOf(t, again)).To(Equal(first), "of a kept report")
}

// TestAnOldReportHasAPage that leaves out what it does not have.
func TestAnOldReportHasAPage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := broken(t)
	r.Format, r.Trials, r.Latency, r.Outcomes, r.Timeline, r.Baseline = 1, nil, nil, nil, nil, nil
	page := string(htmlOf(t, r))
	g.Expect(page).To(And(ContainSubstring("format 1"), ContainSubstring(`id="failed"`), ContainSubstring(`id="rules"`)))
	for _, part := range []string{"course", "checks", "baseline"} {
		g.Expect(page).NotTo(Or(ContainSubstring(`id="`+part+`"`), ContainSubstring(`"#`+part+`"`)))
	}
}

// TestAPageIsBounded whatever a kept report holds, and each rule that is broken has its place on it.
func TestAPageIsBounded(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	long := strings.Repeat("<&\"\x00\u202e", 20<<10)
	list, command := "["+strings.Repeat("0,", 1<<17)+"0]", strings.Repeat("<", 30<<10)
	header := map[string][]string{}
	for i := range 10_000 {
		header[fmt.Sprintf("X-%05d", i)] = []string{long[:100], long[:100]}
	}
	r := raced(t)
	r.Rules = nil
	for _, known := range contract.Rules {
		rule := report.Rule{Rule: known, Status: report.Failed, Broken: 1 << 40, Checks: slices.Repeat([]string{long}, 100)}
		for i := range 50 {
			f := failure(i + 1)
			f.What, f.Permitted, f.Check = long, long, long
			for range 20 {
				e := f.Evidence[0]
				e.Sent.Header, e.Got.Header, e.Sent.Body, e.Got.Body, e.Curl = header, header, long, list, command
				f.Evidence = append(f.Evidence, e)
			}
			rule.Failures = append(rule.Failures, f)
		}
		r.Rules = append(r.Rules, rule)
	}
	r.Trials = slices.Repeat(r.Trials, 10_000)
	r.Left = slices.Repeat([]string{long}, 10_000)
	r.Profile = slices.Repeat(r.Profile, 10_000)
	r.Phases = slices.Repeat(r.Phases, 10_000)
	r.Walk.Story = slices.Repeat([]string{long}, 10_000)
	r.Baseline.Entries = slices.Repeat(r.Baseline.Entries, 10_000)
	r.Outcomes = slices.Repeat(r.Outcomes, 10_000)
	for i := range 10_000 {
		r.Timeline.Marks = append(r.Timeline.Marks, report.Mark{Seq: i, At: 1.7e308 * float64(i%3-1), Seconds: 1.7e308, Check: long, Outcome: report.Outcome(long)})
	}
	r.Latency = append(r.Latency, report.Latency{From: 2, P25: -1, P50: 1.7e308, P75: 0, P95: -1, Max: 1.7e308})
	page := htmlOf(t, r)
	t.Logf("%d bytes", len(page))
	g.Expect(len(page)).To(BeNumerically("<", 6<<20))
	g.Expect(page).NotTo(Or(ContainSubstring("NaN"), ContainSubstring("Inf")))
	for _, rule := range contract.Rules {
		article := fmt.Sprintf(`id="broken-%s"`, rule.ID)
		g.Expect(bytes.Count(page, []byte(article))).To(Equal(1), article)
	}
	g.Expect(bytes.Count(page, []byte(`class="failure"`))).To(BeNumerically(">=", len(contract.Rules)))
}

// elements are the elements of a page that are no text, of which hostile texts make none.
func elements(t *testing.T, page []byte) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, node := range nodes(t, page) {
		all[node.Data+" "+strings.Join(slices.Sorted(maps.Keys(attributes(node))), " ")]++
	}
	return all
}
