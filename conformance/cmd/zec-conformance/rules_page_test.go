package main

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestTheRulesPageIsPrinted(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	page, err := os.ReadFile("../../RULES.md")
	g.Expect(err).NotTo(HaveOccurred())
	got := call(t, nil, "rules", "--markdown")
	g.Expect(got.status).To(BeZero())
	g.Expect(got.err).To(BeEmpty())
	g.Expect(got.out == string(page)).To(BeTrue(), `it is not conformance/RULES.md: run "make docs"`)
}

func TestThePageIsNoListOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"rules --markdown --checks", "rules --markdown --callers"} {
		g := NewWithT(t)
		got := call(t, nil, strings.Fields(args)...)
		got.complaint(g)
		g.Expect(got.err).To(ContainSubstring("give it alone"))
		g.Expect(got.out).To(BeEmpty())
	}
}
