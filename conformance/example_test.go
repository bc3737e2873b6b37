package conformance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// The mock stands for the implementation here. A testbed at a path is one that the handler serves as well.
func ExampleRun() {
	result, err := conformance.Run(context.Background(), conformance.Config{
		Handler: mock.NewService(), Testbed: mock.TestbedPath, Effort: conformance.Quick, Filter: "BATCH-2", Linger: time.Millisecond,
	})
	if err != nil {
		panic(err) // no run: the config is wrong
	}
	fmt.Println(result.Verdict, result.Verdict.ExitStatus())
	for _, rule := range result.With(report.Passed) {
		if rule.Family() == "BATCH" {
			fmt.Println(rule.ID, rule.Level, rule.Status)
		}
	}
	// Output:
	// conformant 0
	// BATCH-2 MUST passed
	// BATCH-3 MUST passed
	// BATCH-4 SHOULD passed
}

// A test of an implementation in Go.
func ExampleTest() {
	newServer := mock.NewService // in place of your own
	_ = func(t *testing.T) {
		conformance.Test(t, conformance.Config{Handler: newServer(), Testbed: mock.TestbedPath})
	}
	// Output:
}

// What tries a rule, and what each check is there to catch.
func ExampleChecks() {
	checks, err := conformance.Checks("BATCH-2 && !BATCH-4")
	if err != nil {
		panic(err)
	}
	for _, check := range checks {
		fmt.Println(check.Text, check.Rules)
	}
	rule, _ := contract.RuleByID("BATCH-2")
	fmt.Println(rule.Level, rule.Statement)
	// Output:
	// refuses a request that is as long as a body may be, and deletes nothing for one that is longer [BATCH-2 BATCH-3]
	// MUST A call with 101 snapshots, or many more, is refused.
}
