package breaking_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// history is what the project itself has done to its contract, by the commit, since it was written down.
var history = map[string][]string{
	"5c7ecf0": {"request-pattern-changed: callers breaking, implementers breaking", "wording-changed: nobody"},
	"cd3ba95": {"ambiguity-added: callers warning, implementers notice", "silence-added: implementers notice, 18 times"},
	"3532445": {"ambiguity-added: callers warning, implementers notice"},
	"22ef254": {"choice-added: implementers notice", "reading-changed: callers warning, implementers warning"},
	"16a2428": {"production-domain-added: implementers warning"},
	"4342671": {
		"ambiguity-added: callers warning, implementers notice",
		"caller-rule-added: callers breaking, 6 times", "caller-rule-added: callers warning, 12 times",
	},
}

// TestHistory compares the document of every commit that changed it with the one before.
func TestHistory(t *testing.T) {
	t.Parallel()
	if shallow, err := git("rev-parse", "--is-shallow-repository"); err != nil || strings.TrimSpace(shallow) != "false" {
		t.Skip("there is no history here: this is a shallow clone, or no repository, or there is no git")
	}
	g := NewWithT(t)
	log, err := git("log", "--format=%H", "--reverse", "--", "openapi.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	commits := strings.Fields(log)
	if len(commits) == 0 {
		t.Skip("there is no history here: the document is in no commit")
	}
	for i, commit := range commits[1:] {
		result := breaking.Compare(at(g, commits[i]), at(g, commit))
		if expected, known := history[commit[:7]]; known {
			g.Expect(spelled(result.Changes)).To(Equal(expected), commit)
		}
	}
}

func at(g Gomega, commit string) *breaking.Document {
	text, err := git("show", commit+":openapi.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	return read(g, commit, text)
}

func git(args ...string) (string, error) {
	command := exec.Command("git", args...)
	command.Dir = "../.."
	output, err := command.Output()
	return string(output), err
}

// TestTheContractIsRead: as it is now, and with nothing in it that would be told of as a change.
func TestTheContractIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("../../openapi.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(compare(g, string(text), string(text)).Changes).To(BeEmpty())
}
