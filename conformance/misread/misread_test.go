package misread_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/misread"
)

// TestTheLineIsTheOneThatIsWrong, whichever part of the library finds it. Where something is not ended, that is where it begins.
func TestTheLineIsTheOneThatIsWrong(t *testing.T) {
	t.Parallel()
	for text, line := range map[string]int{
		"@":                             1,
		"a: b: c\n- d\n":                1,
		"a:\n- b: c\n  d: e\n f: g\n":   4,
		"a:\n- b: c\n- {d: e\n- f: g\n": 3,
		"a:\n- b: c\n- d\n- @\n- e\n":   4,
		"a:\n- b: c\n- d: e: f\n- g\n":  3,
		"# a\n\n- b\n\t- c\n":           3,
		"{\"a\": [\n{\"b\": 1},\n{\"c\": 2\n\"d\": 3}]}\n": 3,
		"a:\n- b\n- [\n":        3,
		"a:\n- b\n- !x!y c\n":   3,
		"a:\r\n- b\r\n- 'c\r\n": 3,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			err := yaml.Unmarshal([]byte(text), &yaml.Node{})
			g.Expect(err).To(HaveOccurred())
			found, what := misread.At(err, []byte(text))
			g.Expect(found).To(Equal(line), "%v", err)
			g.Expect(what).NotTo(Or(BeEmpty(), ContainSubstring("yaml"), ContainSubstring("line ")))
		})
	}
}
