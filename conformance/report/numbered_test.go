package report_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestReportsAreNumbered(t *testing.T) {
	t.Parallel()
	for path, second := range map[string]string{
		"report.json": "report-2.json", "/a.b/report": "/a.b/report-2", "a/b.tar.json": "a/b.tar-2.json",
		"/dev/stdout": "/dev/stdout", "/dev/null": "/dev/null",
	} {
		NewWithT(t).Expect(report.Numbered(path, 2)).To(Equal(second))
	}
}
