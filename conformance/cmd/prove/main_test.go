package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/proof"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// asCommand makes the test binary behave as the command, which has itself for its workers.
const asCommand = "PROVE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	if err := os.Setenv(asCommand, "yes"); err != nil { // for the workers that tests start
		panic(err)
	}
	os.Exit(m.Run())
}

// outcome is what became of one call of the command.
type outcome struct {
	status   int
	out, err string
}

func call(t *testing.T, in string, args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	status := run(t.Context(), args, strings.NewReader(in), &out, &errs)
	return outcome{status, out.String(), errs.String()}
}

// TestWhatCannotBeTriedIsSaidInOneLine, and nothing runs.
func TestWhatCannotBeTriedIsSaidInOneLine(t *testing.T) {
	t.Parallel()
	for args, why := range map[string]string{
		"--only nobody":                      `there is no mutant and no twin "nobody"`,
		"--only says-it-in-chinese,nobody":   `there is no mutant and no twin "nobody"`,
		"--seeds=":                           "seed",
		"--seeds one":                        "seeds",
		"--workers 0":                        "at least one seed and one worker",
		"--workers=-1":                       "at least one seed and one worker",
		"--timeout 0s":                       "a timeout above zero",
		"--colour":                           "unknown flag: --colour",
		"everything":                         "everything",
		"power --runs 0":                     "at least one rarity, one run and one worker",
		"power --one-in 0":                   "--one-in 0 is not a positive number",
		"power --workers 0":                  "at least one rarity, one run and one worker",
		"power --timeout -1s":                "a timeout above zero",
		"--only says-it-in-chinese --seeds=": "seed",
		"--only cuts --record kept.json":     "give one of them",
		"--record no/such/folder/kept.json":  "--record: ",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, "", strings.Fields(args)...)
			g.Expect(got.status).To(Equal(statusCouldNot))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(got.err).To(And(HavePrefix("prove: "), ContainSubstring(why), HaveSuffix("\n")))
			g.Expect(strings.Count(got.err, "\n")).To(Equal(1), got.err)
		})
	}
}

// TestSomeAreProved with real workers: runs are judged, and neither checks nor rules.
func TestSomeAreProved(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := filepath.Join(t.TempDir(), "new")

	got := call(t, "", "--only", "says-it-in-chinese,lets-in-unsigned", "--seeds", "1", "--workers", "1", "--out", folder)

	g.Expect(got.err).To(BeEmpty())
	g.Expect(got.status).To(Equal(statusProved), got.out)
	g.Expect(got.out).To(And(
		ContainSubstring("1 mutants, 1 twins, 1 seeds: 2 runs"),
		ContainSubstring("the checks and the rules were not judged"),
		Not(ContainSubstring("✗")),
		MatchRegexp(`(?m)^lets-in-unsigned +seed 1 .* breaks AUTH-1 `),
	))
	text, err := os.ReadFile(filepath.Join(folder, "proof.json"))
	g.Expect(err).NotTo(HaveOccurred())
	var p proof.Proof
	g.Expect(json.Unmarshal(text, &p)).To(Succeed())
	g.Expect(p.Faults).To(BeEmpty())
	g.Expect(p.Checks).To(BeEmpty())
	g.Expect(p.Mutants).To(ConsistOf(And(HaveField("Name", "lets-in-unsigned"), HaveField("CaughtBy", []string{"AUTH-1"}))))
	g.Expect(p.Twins).To(ConsistOf(HaveField("Name", "says-it-in-chinese")))
	g.Expect(p.Twins[0].Runs).To(ConsistOf(HaveField("Verdict", report.Conformant)))
	g.Expect(os.ReadFile(filepath.Join(folder, "proof.md"))).To(ContainSubstring("| lets-in-unsigned | AUTH-1 | AUTH-1 |"))
}

// TestWhatIsNotProvedIsSaid: here no run is given the time that it needs.
func TestWhatIsNotProvedIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, "", "--only", "says-it-in-chinese", "--seeds", "1", "--timeout", "1ms")
	g.Expect(got.status).To(Equal(statusNotProved))
	g.Expect(got.err).To(BeEmpty())
	g.Expect(got.out).To(And(
		ContainSubstring("✗ says-it-in-chinese, seed 1: no verdict: no verdict within 1ms\n"),
		HaveSuffix("The suite is not proved: 1 faults.\n"),
	))
}

// TestOnlyWhatIsProvedIsOnRecord: where it is not, the record of the last proof stays.
func TestOnlyWhatIsProvedIsOnRecord(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	o := options{record: filepath.Join(t.TempDir(), "last.json")}
	record := proof.Record{Seeds: []int64{7}, Twins: []string{"t"}}

	g.Expect(o.keepRecord(&proof.Proof{Faults: []string{"one"}}, record)).To(Succeed())
	g.Expect(o.record).NotTo(BeAnExistingFile())

	g.Expect(o.keepRecord(&proof.Proof{}, record)).To(Succeed())
	text, err := os.ReadFile(o.record)
	g.Expect(err).NotTo(HaveOccurred())
	var kept proof.Record
	g.Expect(json.Unmarshal(text, &kept)).To(Succeed())
	g.Expect(kept).To(Equal(record))

	g.Expect(options{}.keepRecord(&proof.Proof{}, record)).To(Succeed(), "nobody wants it")
}

func TestAnInterruptIsNoProof(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ended, end := context.WithCancel(t.Context())
	end()
	var out, errs bytes.Buffer
	g.Expect(run(ended, []string{"--only", "says-it-in-chinese"}, nil, &out, &errs)).To(Equal(statusCouldNot))
	g.Expect(errs.String()).To(Equal("prove: interrupted\n"))
}

func TestAFolderThatCannotBeMadeIsSaid(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "file")
	g.Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
	got := call(t, "", "--only", "says-it-in-chinese", "--seeds", "1", "--timeout", "1ms", "--out", filepath.Join(file, "below"))
	g.Expect(got.status).To(Equal(statusCouldNot))
	g.Expect(got.err).To(HavePrefix("prove: "))
	g.Expect(strings.Count(got.err, "\n")).To(Equal(1))
}

func TestAWorkerAnswersOnItsOutput(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	got := call(t, `{"name":"nobody","seed":3}`, "--worker")
	g.Expect(got.status).To(Equal(statusProved))
	var r proof.Run
	g.Expect(json.Unmarshal([]byte(got.out), &r)).To(Succeed())
	g.Expect(r.Job).To(Equal(proof.Job{Name: "nobody", Seed: 3}))
	g.Expect(r.Verdict).To(Equal(report.CouldNotRun))
}
