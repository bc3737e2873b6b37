package byhand_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/zec-conformance/deletesnapshots/conformance/byhand"
)

func TestAFileIsReadUpToABound(t *testing.T) {
	t.Parallel()
	g, folder := NewWithT(t), t.TempDir()
	path := filepath.Join(folder, "list.yaml")
	g.Expect(os.WriteFile(path, []byte("12345678"), 0o600)).To(Succeed())
	g.Expect(byhand.Read(path, 8)).To(BeEquivalentTo("12345678"))
	for place, most := range map[string]int{path: 7, folder: 8, filepath.Join(folder, "none"): 8, "/dev/zero": 8} {
		_, err := byhand.Read(place, most)
		g.Expect(err).To(MatchError(MatchRegexp(`^(is longer than [78] bytes|cannot be read \([a-z ]+\))$`)), place)
	}
}

// TestTheWaysOfWindowsAreTaken: a mark at the beginning, other line ends, other letters.
func TestTheWaysOfWindowsAreTaken(t *testing.T) {
	t.Parallel()
	wide := func(text string) string {
		var long strings.Builder
		for _, letter := range []byte("\xff\xfe" + text) {
			long.WriteByte(letter)
			if long.Len() > 2 {
				long.WriteByte(0)
			}
		}
		return long.String()
	}
	for name, text := range map[string]string{
		"a mark": "\ufeffa: 1\n", "line ends": "a:\r\n  1\r\n", "both": "\ufeffa: 1\r\n", "UTF-16": wide("a: 1\r\n"), "JSON": "\ufeff{\"a\":\t1}\r\n",
	} {
		g := NewWithT(t)
		root, err := byhand.Parse([]byte(text))
		g.Expect(err).NotTo(HaveOccurred(), name)
		var value string
		g.Expect(byhand.Members(root, "it", map[string]func(*yaml.Node) error{
			"a": func(node *yaml.Node) error { value = node.Value; return nil },
		})).To(Succeed(), name)
		g.Expect(value).To(Equal("1"), name)
	}
}

func TestWhatWasMeantIsWhatIsSpelledMostAlike(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	names := []string{"REQ-1", "BATCH-1", "BATCH-2", "refuses more than 100 snapshots and deletes none of them"}
	for name, says := range map[string]string{
		"batch-2":  "; did you mean BATCH-2?",
		"BATCH-12": "; did you mean BATCH-1?",
		"REC-1":    "; did you mean REQ-1?",
		"refuses more than 101 snapshots, and deletes none": "; did you mean refuses more than 100 snapshots and deletes none of them?",
		"": "", "snapshots": "", strings.Repeat("BATCH-2", 1000): "",
	} {
		g.Expect(byhand.Meant(name, names)).To(Equal(says), name)
	}
}
