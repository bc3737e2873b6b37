package conformance

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// Test judges an implementation as part of a Go test, which fails for every rule that is broken. Rules of level SHOULD
// fail it only where config is strict, and those that the baseline has do not. It may be called any number of times; calls
// take turns.
//
//	func TestContract(t *testing.T) {
//		conformance.Test(t, conformance.Config{Handler: newServer(), Testbed: "/testbed/v1"})
//	}
//
// The flag -ginkgo.label-filter chooses checks where config has no Filter.
func Test(t *testing.T, config Config) {
	t.Helper()
	if config.Filter == "" {
		flags, _ := GinkgoConfiguration()
		config.Filter = flags.LabelFilter
	}
	ctx, atOnce, stop := Interrupts(os.Interrupt) // a test's own context ends before its cleanup
	defer stop()
	if config.AtOnce == nil {
		config.AtOnce = atOnce
	}
	result, err := Run(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	var summary strings.Builder
	if err := result.WriteText(&summary, report.Style{}); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + summary.String())
	switch {
	case result.Verdict == report.CouldNotRun:
		t.Fatalf("the suite could not run: %s", result.Reason)
	case result.ExitStatus() == 0:
		return
	}
	for _, rule := range result.With(report.Failed) {
		if rule.Known == "" {
			t.Errorf("%s %s: %s", rule.ID, rule.Level, rule.Statement)
		}
	}
	if result.Reason != "" {
		t.Errorf("the run was cut short: %s", result.Reason)
	}
}
