package breaking_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// contractText is the project's own document as it was on a day: changes are made of its text, and those of the document itself
// are not to change the tests.
var contractText = sync.OnceValue(func() string {
	text, err := os.ReadFile("testdata/contract.yaml")
	if err != nil {
		panic(err)
	}
	return string(text)
})

// contractDocument is that text, read once for all comparisons with it.
var contractDocument = sync.OnceValues(func() (*breaking.Document, error) { return breaking.Read("", []byte(contractText())) })

func read(g Gomega, name, text string) *breaking.Document {
	if text == contractText() {
		shared, err := contractDocument()
		g.Expect(err).NotTo(HaveOccurred())
		named := *shared
		named.Name = name
		return &named
	}
	document, err := breaking.Read(name, []byte(text))
	g.Expect(err).NotTo(HaveOccurred())
	return document
}

func compare(g Gomega, before, after string) *breaking.Result {
	return breaking.Compare(read(g, "old", before), read(g, "new", after))
}

// spelled gives changes as the tables of tests have them: the id, and the severity for each whom it concerns, and how often
// that is there.
func spelled(changes []breaking.Change) []string {
	times := map[string]int{}
	for _, change := range changes {
		var whom []string
		for _, effect := range change.Effects {
			whom = append(whom, fmt.Sprintf("%s %s", effect.Who, effect.Severity))
		}
		if len(whom) == 0 {
			whom = []string{"nobody"}
		}
		times[change.ID+": "+strings.Join(whom, ", ")]++
	}
	lines := []string{}
	for _, line := range slices.Sorted(maps.Keys(times)) {
		if count := times[line]; count > 1 {
			line = fmt.Sprintf("%s, %d times", line, count)
		}
		lines = append(lines, line)
	}
	return lines
}

// sortedKeys are the keys of an object.
func sortedKeys(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

// edited carries a text edit out, which has to have a place.
func edited(t *testing.T, text, old, new string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("testdata/contract.yaml has no %q", old)
	}
	return strings.Replace(text, old, new, 1)
}
