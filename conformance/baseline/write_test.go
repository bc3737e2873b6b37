package baseline

import (
	"bytes"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func written(t *testing.T, file *File) string {
	t.Helper()
	var out bytes.Buffer
	NewWithT(t).Expect(file.Write(&out)).To(Succeed())
	return out.String()
}

func TestAReportMakesABaseline(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, map[string][]string{"BATCH-2": {refusesMany, refusesFarMore}, "BATCH-4": {refusesMany}})
	r.Judge(false, false)
	file := New(few)
	added, removed, err := file.Update(r, "wait: \"spring\" # 7", "2026-12-31")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(added).To(HaveLen(2))
	g.Expect(removed).To(BeEmpty())
	text := written(t, file)
	g.Expect(text).To(HavePrefix("# Failures that are known of"))
	g.Expect(text).To(HaveSuffix(`
known:
  # A call with 101 snapshots, or many more, is refused.
  - rule: BATCH-2
    reason: 'wait: "spring" # 7'
    expires: 2026-12-31
  # A batch over the limit is answered with INVALID_PARAMETER_EXCEED_LENGTH.
  - rule: BATCH-4
    reason: 'wait: "spring" # 7'
    expires: 2026-12-31
`))
	read, err := parse([]byte(text), few)
	g.Expect(err).NotTo(HaveOccurred())
	Apply(r, read.Baseline, few)
	g.Expect(r.AsKnown()).To(BeTrue())
	g.Expect(r.Baseline.Standing(report.StandsFailing)).To(HaveLen(2))
}

func TestABaselineOfNothingIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, nil)
	r.Judge(false, false)
	file := New(few)
	_, _, err := file.Update(r, "r", "2026-12-31")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(written(t, file)).To(HaveSuffix("\nknown: []\n"))
}

// TestAnUpdateKeepsWhatIsThere, save for what does not fail any more.
func TestAnUpdateKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file, err := parse([]byte(`# ours
known:
  # see the minutes
  - check: refuses 101 snapshots # as ever
    reason: old
    expires: 2026-12-01

  - {rule: REQ-1, reason: was, expires: 2026-12-02}
  - rule: ENV-1 # which nothing tries
    reason: kept
    expires: 2026-12-03
  - rule: BATCH-4
    reason: over
    expires: 2026-01-04
`), few)
	g.Expect(err).NotTo(HaveOccurred())
	r := reported(noon, map[string][]string{"BATCH-2": {refusesMany, refusesFarMore}, "BATCH-4": {"setting up"}})
	r.Judge(false, false)
	added, removed, err := file.Update(r, "new", "2026-12-31")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(added).To(Equal([]report.Known{{Rule: "BATCH-2", Reason: "new", Expires: "2026-12-31"}}))
	g.Expect(removed).To(Equal([]report.Known{{Rule: "REQ-1", Reason: "was", Expires: "2026-12-02"}}))
	g.Expect(r.Baseline).To(BeNil(), "the report is somebody else's")
	g.Expect(rule(r, "BATCH-2").Known).To(BeEmpty())
	g.Expect(written(t, file)).To(Equal(`# ours
known:
  # see the minutes
  - check: refuses 101 snapshots # as ever
    reason: old
    expires: 2026-12-01
  - rule: ENV-1 # which nothing tries
    reason: kept
    expires: 2026-12-03
  - rule: BATCH-4
    reason: over
    expires: 2026-01-04
  # A call with 101 snapshots, or many more, is refused.
  - rule: BATCH-2
    reason: new
    expires: 2026-12-31
`))
}

func TestJSONStaysJSON(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file, err := parse([]byte(`{"known": [{"rule": "REQ-1", "reason": "\"old\"", "expires": "2026-12-01"}]}`), few)
	g.Expect(err).NotTo(HaveOccurred())
	r := reported(noon, map[string][]string{"BATCH-2": {refusesMany}, "REQ-1": {deletesOne}})
	r.Judge(false, false)
	_, _, err = file.Update(r, `n"e\w`, "2026-12-31")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(written(t, file)).To(MatchJSON(`{"known": [
		{"rule": "REQ-1", "reason": "\"old\"", "expires": "2026-12-01"},
		{"rule": "BATCH-2", "reason": "n\"e\\w", "expires": "2026-12-31"}
	]}`))
}

func TestHalfARunMakesNoBaseline(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, cutShort := range []bool{true, false} {
		r := reported(noon, map[string][]string{"REQ-1": {deletesOne}})
		r.Reason = "it fell\nsilent"
		r.Judge(true, cutShort)
		file := New(few)
		_, _, err := file.Update(r, "r", "2026-12-31")
		g.Expect(err).To(MatchError(`it is of a run that was not carried out to its end (it fell\nsilent); give a report of a whole one`))
		g.Expect(file.Entries).To(BeEmpty())
	}
}

// TestARuleOfAnotherContractMakesNoEntry, since nobody could read it.
func TestARuleOfAnotherContractMakesNoEntry(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, map[string][]string{"REQ-1": {deletesOne}})
	r.Judge(false, false)
	r.Rules[0].ID = "REQ-99"
	_, _, err := New(few).Update(r, "r", "2026-12-31")
	g.Expect(err).To(MatchError(ContainSubstring(`no rule "REQ-99"`)))
}

// TestNothingIsWrittenThatNobodyCanRead: YAML makes a tag of bytes that are no text, and tags are not read.
func TestNothingIsWrittenThatNobodyCanRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := reported(noon, map[string][]string{"REQ-1": {deletesOne}})
	r.Judge(false, false)
	file := New(few)
	_, _, err := file.Update(r, "a\xff", "2026-12-31")
	g.Expect(err).NotTo(HaveOccurred())
	var out bytes.Buffer
	g.Expect(file.Write(&out)).NotTo(Succeed())
	g.Expect(out.Len()).To(BeZero())
}
