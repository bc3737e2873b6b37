package breaking_test

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// smallChange is an entry of testdata/changes.yaml: edits of testdata/contract.yaml, and what they do, there and back.
type smallChange struct {
	Name  string `yaml:"name"`
	Edits []struct {
		Old string `yaml:"old"`
		New string `yaml:"new"`
	} `yaml:"edits"`
	There []string `yaml:"there"`
	Back  []string `yaml:"back"`
}

func TestSmallChanges(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, err := os.ReadFile("testdata/changes.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	var table []smallChange
	g.Expect(yaml.Unmarshal(text, &table)).To(Succeed())
	g.Expect(len(table)).To(BeNumerically(">=", 40))

	before := read(g, "openapi.yaml", contractText())
	for _, row := range table {
		t.Run(row.Name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			text := contractText()
			for _, edit := range row.Edits {
				text = edited(t, text, edit.Old, edit.New)
			}
			after := read(g, "changed.yaml", text)
			g.Expect(spelled(breaking.Compare(before, after).Changes)).To(Equal(row.There), "there")
			g.Expect(spelled(breaking.Compare(after, before).Changes)).To(Equal(row.Back), "back")
		})
	}
}
