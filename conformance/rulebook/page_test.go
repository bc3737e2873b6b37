package rulebook_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/rulebook"
)

func write() (string, error) {
	var text bytes.Buffer
	err := rulebook.Write(&text)
	return text.String(), err
}

var once = sync.OnceValues(write)

func page(t *testing.T) string {
	t.Helper()
	text, err := once()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return text
}

func TestTheRulesPageIsUpToDate(t *testing.T) {
	t.Parallel()
	kept, err := os.ReadFile("../RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	now, before := strings.Split(page(t), "\n"), strings.Split(string(kept), "\n")
	for i := range max(len(now), len(before)) {
		if i >= len(now) || i >= len(before) || now[i] != before[i] {
			t.Fatalf(`conformance/RULES.md is not what would be written now, from line %d on: run "make docs"`, i+1)
		}
	}
}

func TestThePageIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	again, err := write() // another call wins the race of an example, now and then
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again == page(t)).To(BeTrue())
}

// heading finds what GitHub gives an anchor to.
var heading = regexp.MustCompile(`(?m)^#+ (.*)$`)

func anchors(text string) map[string]int {
	found := map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		found[strings.ReplaceAll(strings.ToLower(match[1]), " ", "-")]++
	}
	return found
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := page(t)
	there := anchors(text)
	for anchor, times := range there {
		g.Expect(times).To(Equal(1), "GitHub would number the second %q", anchor)
	}
	links := regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(text, -1)
	g.Expect(len(links)).To(BeNumerically(">", len(contract.Rules)))
	for _, link := range links {
		g.Expect(there).To(HaveKey(link[1]))
	}
}

// section gives what stands under a heading, up to the next one.
func section(text, name string) string {
	_, after, _ := strings.Cut(text, "\n### "+name+"\n")
	return heading.Split(after, 2)[0]
}

func TestEachRuleHasAllThatThereIsToSay(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := page(t)
	breaking := map[string]int{}
	for _, v := range mutants.Mutants() {
		for _, rule := range v.Rules {
			breaking[rule]++
			g.Expect(section(text, rule)).To(ContainSubstring("| `" + v.Name + "` |"))
		}
	}
	for _, rule := range contract.Rules {
		about := section(text, rule.ID)
		g.Expect(about).To(ContainSubstring("**" + string(rule.Level) + "** "))
		for _, source := range rule.Source {
			g.Expect(about).To(ContainSubstring(" [" + source + "]"))
		}
		g.Expect(about).To(MatchRegexp(`Checks that try it:\n\n- .`))
		g.Expect(about).To(MatchRegexp("(?s)Example: .*```http\nPOST .*```http\nHTTP/1.1 [2-5]"))
		if breaking[rule.ID] > 0 {
			g.Expect(strings.Count(about, "\n| `")).To(Equal(breaking[rule.ID]))
		}
		g.Expect(strings.Count(about, "<details>")).To(Equal(strings.Count(about, "</details>")))
	}
	g.Expect(text).NotTo(ContainSubstring("not proved yet"), `run "make prove"`)
}

func TestWhatTheContractHasInTablesIsAllThere(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text := page(t)
	for _, rule := range contract.CallerRules {
		g.Expect(text).To(ContainSubstring("| " + rule.ID + " | " + string(rule.Level) + " | "))
	}
	for _, e := range contract.Errors {
		g.Expect(text).To(ContainSubstring("| `" + e.Code + "` | "))
	}
	for _, state := range contract.States {
		g.Expect(text).To(ContainSubstring("| `" + string(state) + "` | "))
	}
	for _, a := range contract.Ambiguities {
		g.Expect(section(text, "Ambiguity "+a.ID)).NotTo(BeEmpty())
	}
	for _, s := range contract.Silences {
		g.Expect(section(text, "Ambiguity "+s.About)).To(ContainSubstring("records `" + s.ID + "`"))
	}
	fortest.EvenTables(t, text)
}

// TestAWriterThatFails: the error comes through.
func TestAWriterThatFails(t *testing.T) {
	t.Parallel()
	closed, err := os.Open(os.DevNull) // for reading
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(rulebook.Write(closed)).NotTo(Succeed())
	g.Expect(closed.Close()).To(Succeed())
}
