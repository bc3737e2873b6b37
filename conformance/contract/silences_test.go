package contract_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func TestSilencesAreComplete(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seen := map[string]bool{}
	recorded := map[string]bool{}
	for _, s := range contract.Silences {
		g.Expect(seen).NotTo(HaveKey(s.ID))
		seen[s.ID], recorded[s.Rule] = true, true
		g.Expect(s.Question).NotTo(BeEmpty(), s.ID)
		g.Expect(slices.ContainsFunc(contract.Ambiguities, func(a contract.Ambiguity) bool { return a.ID == s.About })).To(BeTrue(), "%s is about %s", s.ID, s.About)
		g.Expect(s.Answers).To(Equal(len(s.Choices) == 0), "%s has either words or answers", s.ID)
		if !s.Answers {
			g.Expect(len(s.Words())).To(BeNumerically(">", 1), "%s leaves no choice", s.ID)
		}
		for _, word := range s.Words() {
			g.Expect(s.Knows(word)).To(BeTrue())
			g.Expect(word).To(MatchRegexp(`^[A-Za-z]+(-[a-z]+)*$`))
		}
		known, ok := contract.SilenceByID(s.ID)
		g.Expect(ok).To(BeTrue())
		g.Expect(known).To(Equal(s))
	}
	for _, rule := range contract.Rules {
		if rule.Level == contract.Note {
			g.Expect(recorded).To(HaveKey(rule.ID), "what is chosen by %s is not recorded", rule.ID)
		}
	}
	_, ok := contract.SilenceByID("no such silence")
	g.Expect(ok).To(BeFalse())
}

func TestWordsForAnswersRepeatOnlyCodes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	s, _ := contract.SilenceByID("answer-over-limit")
	g.Expect(s.Answer(400, "TOO_MANY_2")).To(Equal("400 TOO_MANY_2"))
	for _, code := range []string{"", "too_many", "A B", "A\nB", "1A", "ÄB"} {
		g.Expect(s.Answer(422, code)).To(Equal("422 without a code"), code)
	}
	g.Expect(s.Knows("400 ANYTHING")).To(BeTrue())
	empty, _ := contract.SilenceByID("empty-list")
	g.Expect(empty.Knows("perhaps")).To(BeFalse())
}
