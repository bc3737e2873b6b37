package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/zec-conformance/deletesnapshots/conformance/har"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// harSchema is the schema of HAR 1.2, which is in several files.
func harSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	g := NewWithT(t)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	paths, err := filepath.Glob("testdata/har-1.2/*.json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(paths).NotTo(BeEmpty())
	for _, path := range paths {
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(compiler.AddResource("https://schema.invalid/"+filepath.Base(path), document)).To(Succeed())
	}
	schema, err := compiler.Compile("https://schema.invalid/har.json")
	g.Expect(err).NotTo(HaveOccurred())
	return schema
}

func TestHARFitsTheSchema(t *testing.T) {
	t.Parallel()
	schema := harSchema(t)
	all := results(t)
	for _, text := range hostileTexts {
		all["spoiled with "+text] = spoiled(t, text)
	}
	for name, r := range all {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(formed(t, r, "har")))
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHARHasWhatViewersReckonWith, which the schema does not say.
func TestHARHasWhatViewersReckonWith(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var file struct {
		Log struct {
			Version string
			Creator struct{ Name, Version string }
			Entries []struct {
				Time     float64
				Request  map[string]any
				Response map[string]any
				Timings  map[string]float64
				Seq      int    `json:"_seq"`
				From     string `json:"_from"`
			}
		}
	}
	g.Expect(json.Unmarshal([]byte(formed(t, broken(t), "har")), &file)).To(Succeed())
	g.Expect(file.Log.Version).To(Equal("1.2"))
	g.Expect(file.Log.Creator.Name).To(Equal(report.Creator))
	g.Expect(file.Log.Creator.Version).NotTo(BeEmpty())
	seqs := []int{}
	for _, entry := range file.Log.Entries {
		sum := 0.0
		for _, part := range entry.Timings {
			sum += max(0, part)
		}
		g.Expect(entry.Time).To(BeNumerically("~", sum, 1e-9))
		g.Expect(entry.Time).To(BeNumerically("~", 35, 1e-9))
		g.Expect(entry.Request).To(HaveKeyWithValue("headersSize", -1.0), "nobody knows")
		g.Expect(entry.Response).To(And(HaveKeyWithValue("headersSize", -1.0), HaveKeyWithValue("bodySize", -1.0)))
		g.Expect(entry.Request).To(HaveKeyWithValue("cookies", BeEmpty()))
		g.Expect(entry.Request).To(HaveKeyWithValue("queryString", BeEmpty()))
		g.Expect(entry.Response).To(HaveKeyWithValue("cookies", BeEmpty()))
		g.Expect(entry.From).NotTo(BeEmpty())
		seqs = append(seqs, entry.Seq)
	}
	g.Expect(seqs).To(Equal([]int{1, 2, 3, 4, 5, 9}), "each exchange once, in the order in which they were sent")
}

// TestHARHasWhatIsKeptBest of an exchange that the report has several times.
func TestHARHasWhatIsKeptBest(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	kept := func(cut int, body string) report.Exchange {
		e := failure(1).Evidence[0]
		e.Got = report.Got{Status: 200, Body: body, Cut: cut}
		return e
	}
	r := quiet(t)
	sample := kept(3, "some")
	r.Trials = []report.Trial{{Check: "first", Sample: &sample}}
	r.Rules[0].Failures = []report.Failure{
		{Check: "second", Evidence: []report.Exchange{kept(2, "more")}},
		{Check: "third", Evidence: []report.Exchange{kept(2, "also"), kept(9, "less")}},
	}
	var bodies, checks []string
	g.Expect(har.Read(strings.NewReader(formed(t, r, "har")), func(_ int, e *har.Entry) error {
		body, missing := e.Response.Content.Bytes()
		g.Expect(missing).To(Equal(2))
		bodies, checks = append(bodies, string(body)), append(checks, e.From.Value)
		return nil
	})).To(Succeed())
	g.Expect(bodies).To(Equal([]string{"more"}))
	g.Expect(checks).To(Equal([]string{"second"}))
}

// TestHARHasTheBytes as they went and came, as far as the report has kept them.
func TestHARHasTheBytes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, body := range append([]string{`{"snapshotIds":["a"]}`, strings.Repeat("漢#", 50_000)}, hostileTexts...) {
		r := quiet(t)
		e := failure(7).Evidence[0]
		e.Sent.Body, e.Got.Body, e.Got.Cut, e.Got.Error = body, body, 0, ""
		r.Trials = []report.Trial{{Check: "a check", Rules: []string{"REQ-1"}, Status: report.Passed, Sample: &e}}
		for _, own := range []*report.Report{r, back(t, r)} {
			expectPrintable(t, formed(t, own, "har"))
			entries := 0
			g.Expect(har.Read(strings.NewReader(formed(t, own, "har")), func(_ int, e *har.Entry) error {
				entries++
				sent, known := e.Request.Bytes()
				g.Expect(known).To(BeTrue())
				g.Expect(string(sent)).To(Equal(body))
				got, missing := e.Response.Content.Bytes()
				g.Expect(missing).To(BeZero())
				g.Expect(string(got)).To(Equal(body))
				g.Expect(e.From.Value).To(Equal("a check"))
				g.Expect(e.Request.URL).To(Equal("http://127.0.0.1:8080/api/v2/zec"))
				return nil
			})).To(Succeed())
			g.Expect(entries).To(Equal(1))
		}
	}
}

// expectPrintable sees that a file can be shown in a terminal, and in the log of a CI system.
func expectPrintable(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, "##") || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !strconv.IsPrint(r) }) {
		t.Errorf("this is not safe to show: %.2000q", text)
	}
}

func TestHARTellsWhatTheReportHasNotKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := quiet(t)
	cut, silent := failure(1).Evidence[0], failure(2).Evidence[0]
	silent.Got = report.Got{Error: "connection reset"}
	r.Rules[0].Failures = []report.Failure{{Check: "x", Evidence: []report.Exchange{cut, silent}}}
	var missing, statuses []int
	g.Expect(har.Read(strings.NewReader(formed(t, r, "har")), func(_ int, e *har.Entry) error {
		_, n := e.Response.Content.Bytes()
		missing, statuses = append(missing, n), append(statuses, e.Response.Status)
		return nil
	})).To(Succeed())
	g.Expect(missing[0]).To(Equal(5))
	g.Expect(statuses).To(Equal([]int{200, 0}))
	g.Expect(formed(t, r, "har")).To(ContainSubstring("connection reset"))
}

// back gives the report as it is read from a file.
func back(t *testing.T, r *report.Report) *report.Report {
	t.Helper()
	kept, err := report.Read(bytes.NewReader(written(t, r)))
	if err != nil {
		t.Fatal(err)
	}
	return kept
}
