package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// anchors are those that GitHub gives to the headings of a page in Markdown.
func anchors(text string) map[string]int {
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	found := map[string]int{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		found[strings.ReplaceAll(name, " ", "-")]++
	}
	return found
}

// TestEveryLinkOfThePagesLeadsSomewhere: to a file of the repository, and to a heading of a page.
func TestEveryLinkOfThePagesLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../README.md", "RULES.md", "mutation.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			text, err := os.ReadFile(page)
			g.Expect(err).NotTo(HaveOccurred())
			for anchor, times := range anchors(string(text)) {
				g.Expect(times).To(Equal(1), "GitHub would number the second %q", anchor)
			}
			for _, link := range regexp.MustCompile(`\]\(([^)\s]*)\)`).FindAllStringSubmatch(string(text), -1) {
				path, anchor, hasAnchor := strings.Cut(link[1], "#")
				if strings.Contains(path, "://") {
					continue
				}
				target := page
				if path != "" {
					target = filepath.Join(filepath.Dir(page), path)
				}
				g.Expect(target).To(Or(BeARegularFile(), BeADirectory()), link[1])
				if hasAnchor {
					there, err := os.ReadFile(target)
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(anchors(string(there))).To(HaveKey(anchor), link[1])
				}
			}
		})
	}
}

func TestReadmeKnowsTheTargetsOfMake(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	rules, err := os.ReadFile("../Makefile")
	g.Expect(err).NotTo(HaveOccurred())
	text := readme(t)
	there := map[string]bool{}
	for _, target := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(string(rules), -1) {
		there[target[1]] = true
		g.Expect(text).To(MatchRegexp("make "+target[1]+"\\b|`"+target[1]+"`"), "the README does not tell of make %s", target[1])
	}
	for _, command := range regexp.MustCompile("(?m)(?:`|^|&& )make ([a-z]+)").FindAllStringSubmatch(text, -1) {
		g.Expect(there).To(HaveKey(command[1]))
	}
}

// TestReadmeHasAPlaceForEveryPackage: its name is in the table.
func TestReadmeHasAPlaceForEveryPackage(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, table, found := strings.Cut(readme(t), "| place | holds |\n")
	g.Expect(found).To(BeTrue())
	table, _, _ = strings.Cut(table, "\n\n")
	listing := exec.CommandContext(t.Context(), "go", "list", "./...")
	listing.Dir = ".."
	packages, err := listing.Output()
	g.Expect(err).NotTo(HaveOccurred())
	places := map[string]bool{}
	for _, path := range regexp.MustCompile("`[^`]+`").FindAllString(table, -1) {
		for name := range strings.SplitSeq(strings.Trim(path, "`"), "/") {
			places[name] = true
		}
	}
	for path := range strings.Lines(string(packages)) {
		name := filepath.Base(strings.TrimSpace(path))
		if name == "deletesnapshots" { // the tools alone
			continue
		}
		g.Expect(places).To(HaveKey(name), "the README has no place for %s", path)
	}
}
