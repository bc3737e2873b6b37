package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for name, r := range map[string]*report.Report{"quiet": quiet(t), "broken": broken(t), "binary": binary(t)} {
		text := written(t, r)
		back, err := report.Read(bytes.NewReader(text))
		g.Expect(err).NotTo(HaveOccurred(), name)
		g.Expect(back.Format).To(Equal(report.Format))
		g.Expect(string(written(t, back))).To(Equal(string(text)), name)
	}
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	t.Parallel()
	whole := string(written(t, broken(t)))
	for name, c := range map[string]struct{ text, says string }{
		"nothing":             {"", "it is empty"},
		"half of one":         {whole[:len(whole)/2], "not whole"},
		"two":                 {whole + whole, "not whole"},
		"no JSON":             {"verdict: conformant\n", "no JSON"},
		"a list":              {"[]", "no report of a run: at /, got array"},
		"nothing in it":       {"{}", "no report of a run: at /"},
		"something else":      {`{"openapi": "3.0.3"}`, "no report"},
		"a later format":      {strings.Replace(whole, `"format": 2`, `"format": 3`, 1), "take a later version"},
		"a format of text":    {strings.Replace(whole, `"format": 2`, `"format": "2"`, 1), "at /format, got string"},
		"an endless id":       {strings.Replace(whole, `"id": "`, `"id": "`+strings.Repeat("x", 1<<20), 1), "/id"},
		"format 0":            {strings.Replace(whole, `"format": 2`, `"format": 0`, 1), "at /format"},
		"an unknown status":   {strings.Replace(whole, `"status": "failed"`, `"status": "fine"`, 1), "/status"},
		"a member too many":   {strings.Replace(whole, `"format": 2`, `"format": 2, "surprise": 1`, 1), "surprise"},
		"another case":        {strings.Replace(whole, `"verdict"`, `"Verdict"`, 1), "no report"},
		"far too much":        {strings.Repeat(" ", 64<<20) + whole, "longer than"},
		"endless nesting":     {strings.Repeat("[", 20_000), "no JSON, or not whole"},
		"a number beyond int": {strings.Replace(whole, `"seed": 42`, `"seed": 1e300`, 1), "no report"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := report.Read(strings.NewReader(c.text))
			g.Expect(err).To(MatchError(ContainSubstring(c.says)))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			g.Expect(len(err.Error())).To(BeNumerically("<", 1000), "it repeats what it was given")
		})
	}
}

// TestAReportHasNotAnyNumberOfRules: what looks at them in pairs would go on for hours.
func TestAReportHasNotAnyNumberOfRules(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rules, known := quiet(t), quiet(t)
	rules.Rules = slices.Repeat(rules.Rules, 10_001)
	known.Baseline = &report.Baseline{Entries: slices.Repeat([]report.Known{{Rule: "REQ-1", Reason: "r", Expires: "2026-12-31", Standing: report.StandsNotTried}}, 10_001)}
	for _, r := range []*report.Report{rules, known} {
		_, err := report.Read(bytes.NewReader(written(t, r)))
		g.Expect(err).To(MatchError("it has more than 10000 rules, or known failures"))
	}
}

func TestAFileThatIsNoReportIsNamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "kept.json")
	g.Expect(os.WriteFile(path, []byte("{"), 0o666)).To(Succeed())
	for _, path := range []string{path, folder, filepath.Join(folder, "none.json")} {
		_, err := report.ReadFile(path)
		g.Expect(err).To(MatchError(And(ContainSubstring(path), ContainSubstring("--report json=FILE"))))
	}
}
