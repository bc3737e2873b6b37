package report_test

import (
	"fmt"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// A report that was kept, of whatever format, and what in it was wrong.
func ExampleReadFile() {
	read, err := report.ReadFile("testdata/kept/1/broken.json")
	if err != nil {
		panic(err) // in one line, for people
	}
	fmt.Println("format", read.Format, "-", read.Verdict)
	for _, rule := range read.With(report.Failed) {
		fmt.Println(rule.ID, rule.Level, rule.Broken)
	}
	// Output:
	// format 1 - not conformant
	// REQ-7 MUST 5
	// STATE-3 MUST 1
	// PART-1 MUST 2
	// PART-3 MUST 2
	// ERR-1 MUST 1
	// ISO-1 MUST 1
}
