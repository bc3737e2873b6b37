package report_test

import (
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestABadgeTellsTheVerdict(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	colours := map[string]string{} // of each verdict
	for name, r := range results(t) {
		root := parsed(t, formed(t, r, "badge"))
		said := "DeleteSnapshots: " + r.Headline()
		g.Expect(root.XMLName.Space).To(Equal("http://www.w3.org/2000/svg"))
		g.Expect(root.attr("role")).To(Equal("img"))
		g.Expect(root.attr("aria-label")).To(Equal(said), name)
		g.Expect(root.all("title")[0].Text).To(Equal(said))

		shapes, texts := root.all("path"), root.all("g")[0].all("text")
		g.Expect(texts[0].Text + ": " + texts[1].Text).To(Equal(said))
		colours[r.Headline()] = shapes[1].attr("fill")
		number := func(e element, name string) int {
			n, err := strconv.Atoi(e.attr(name))
			g.Expect(err).NotTo(HaveOccurred())
			return n
		}
		g.Expect(number(root, "width")).To(BeNumerically("<", 300))
		for _, text := range texts {
			g.Expect(number(text, "x") + number(text, "textLength")).To(BeNumerically("<", number(root, "width")))
		}
	}
	g.Expect(colours).To(HaveLen(5))
	g.Expect(colours[string(report.Remarks)]).To(Equal(colours["not conformant, as known"]))
	delete(colours, string(report.Remarks))
	different := map[string]bool{}
	for _, colour := range colours {
		different[colour] = true
	}
	g.Expect(different).To(HaveLen(4))
}

// TestABadgeHasNothingOfATarget: it goes to a page of somebody else.
func TestABadgeHasNothingOfATarget(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	for _, text := range hostileTexts {
		g.Expect(formed(t, spoiled(t, text), "badge")).To(Equal(formed(t, broken(t), "badge")))
	}
	g.Expect(formed(t, &report.Report{Verdict: "</title><script>"}, "badge")).NotTo(ContainSubstring("<script>"))
}
