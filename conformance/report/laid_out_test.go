package report_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// TestWhatIsLaidOutStaysShort: 16 KiB of brackets would become 100 MiB.
func TestWhatIsLaidOutStaysShort(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	lines, is := report.LaidOut(` {"a": [1]} `)
	g.Expect(is).To(BeTrue())
	g.Expect(lines).To(Equal("{\n  \"a\": [\n    1\n  ]\n}"))
	for _, text := range []string{"", "{", "no JSON", strings.Repeat("[", 1<<13) + strings.Repeat("]", 1<<13), strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)} {
		_, is := report.LaidOut(text)
		g.Expect(is).To(BeFalse(), "%.20s", text)
	}
}
