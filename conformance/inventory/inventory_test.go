package inventory_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/inventory"
)

// read gives the entries of a list, without their places.
func read(text string) (entries []inventory.Entry, err error) {
	err = inventory.Read(strings.NewReader(text), func(entry inventory.Entry) error {
		entry.Place = ""
		entries = append(entries, entry)
		return nil
	})
	return entries, err
}

func TestEntriesSayWhatTheyLike(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	moment := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	g.Expect(read(`
- {id: snap-1, state: NORMAL}
- id: 007
  state: AVAILABLE
  name: nightly, of Monday
  disk: disk-1
  retention: 2027-01-02T03:04:05Z
  created: 2026-01-02T03:04:05.0000006Z
- {id: snap-3, state: DELETING, due: 2026-01-02T04:04:05.0000006+01:00}
- {state: FAILED, count: 12, disk: disk-2}
- {id: none, state: MISSING}
`)).To(Equal([]inventory.Entry{
		{ID: "snap-1", State: contract.Normal},
		{ID: "007", State: contract.Normal, Name: "nightly, of Monday", Disk: "disk-1", Retention: "2027-01-02T03:04:05Z", Created: moment},
		{ID: "snap-3", State: contract.Leaving, Due: moment.In(time.FixedZone("", 3600))},
		{State: "FAILED", Count: 12, Disk: "disk-2"},
		{ID: "none"},
	}))
}

func TestMistakesAreToldWithTheirPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a name that is none":     {"- {id: a, state: NORMAL}\n- {id: b, state: NORMAL, name: [x]}\n", "line 2: the name is no text"},
		"an empty disk":           {"- {id: a, state: NORMAL, disk: ''}\n", "line 1: the disk is no text"},
		"a time that is none":     {"- {id: a, state: NORMAL,\n   created: yesterday}\n", `line 2: "yesterday" is no time; give created like 2026-01-02T03:04:05Z`},
		"a time too far":          {"- {id: a, state: NORMAL, created: 9999-01-01T00:00:00Z}\n", "is no time"},
		"one due in vain":         {"- {id: a, state: FAILED, due: 2026-01-02T03:04:05Z}\n", "line 1: only snapshots that are CREATING, DELETING are due"},
		"a count of none":         {"- {state: NORMAL, count: 0}\n", "line 1: a count is of snapshots to be made, and from 1 to 1000000 in all"},
		"a count in words":        {"- {state: NORMAL, count: many}\n", "from 1 to 1000000"},
		"a count of too many":     {"- {state: NORMAL, count: 999999}\n- {state: FAILED, count: 2}\n", "line 2: a count is"},
		"a count out of range":    {"- {state: NORMAL, count: 99999999999999999999}\n", "from 1 to 1000000"},
		"a count of missing ones": {"- {state: MISSING, count: 3}\n", "line 1: a count is of snapshots to be made"},
		"a count of one id":       {"- {id: a, state: NORMAL, count: 3}\n", "line 1: an entry has an id or a count, and not both"},
		"an id by state, due":     {"NORMAL: [{id: a, due: 2026-01-02T03:04:05Z}]\n", "is no snapshot id"},
		"a long one":              {"[" + strings.Repeat(" ", 8<<20) + "x]", "it is longer than 8388608 bytes, and no list that was exported (entry 1: "},
		"a long one in YAML":      {strings.Repeat("- {id: a, state: NORMAL}\n", 1<<19), "it is longer than 8388608 bytes, and no list that was exported (it is not JSON"},
		"a long one without end":  {`[{"id":"a","state":"NORMAL"}` + strings.Repeat(" ", 8<<20), "no list that was exported (its end"},
		"a long one, wrong":       {`[{"id":"a","state":"MELTED"}` + strings.Repeat(" ", 8<<20) + "]", `entry 1: there is no state "MELTED"`},
		"a long one, more":        {`[{"id":"a","state":"NORMAL"}]` + strings.Repeat(" ", 8<<20) + "x", "something after the list"},
		"a long one, unknown":     {`[{"id":"a","size":1}` + strings.Repeat(" ", 8<<20) + "]", "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := read(c.text)
			g.Expect(err).To(MatchError(ContainSubstring(c.says)))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
		})
	}
}

func TestAFileThatCannotBeReadIsTold(t *testing.T) {
	t.Parallel()
	g, folder := NewWithT(t), t.TempDir()
	wrong := filepath.Join(folder, "wrong.yaml")
	g.Expect(os.WriteFile(wrong, []byte("- {id: a, state: MELTED}\n"), 0o600)).To(Succeed())
	for path, why := range map[string]string{
		folder:                        "cannot be read (is a directory)",
		filepath.Join(folder, "none"): "cannot be read (no such file or directory)",
		wrong:                         `line 1: there is no state "MELTED"; there are NORMAL, CREATING`,
	} {
		err := inventory.ReadFile(path, func(inventory.Entry) error { return nil })
		g.Expect(err).To(MatchError(And(HavePrefix(fmt.Sprintf("the file %q", path)), ContainSubstring(why), HaveSuffix("; give a YAML or JSON list of ids with their states"))))
	}
}

// What is written is read as it was, whether it is short or longer than a list by hand may be.
func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 2, 3, 4, 5, 600, time.UTC)
	for _, count := range []int{1, 3, 15_000} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			entries := make([]inventory.Entry, count)
			for i := range entries {
				entries[i] = inventory.Entry{ID: fmt.Sprintf("snap-%d", i), State: contract.States[i%len(contract.States)], Created: moment}
				switch i % 3 {
				case 0:
					odd := strings.Repeat("<odd> “name”: \\ \" ' # \t\u2028", 50)
					entries[i].Name, entries[i].Disk, entries[i].Retention = odd, "- x", "2027-01-02T03:04:05Z"
				case 1:
					entries[i].State, entries[i].Due = contract.Leaving, moment
				case 2:
					entries[i].State = ""
				}
			}
			var text bytes.Buffer
			g.Expect(inventory.Write(&text, slices.Values(entries))).To(Succeed())
			g.Expect(text.Len() > 8<<20).To(Equal(count > 3))
			again, err := read(text.String())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(slices.Equal(again, entries)).To(BeTrue())
		})
	}
	g := NewWithT(t)
	var text bytes.Buffer
	g.Expect(inventory.Write(&text, slices.Values([]inventory.Entry{}))).To(Succeed())
	g.Expect(text.String()).To(Equal("[\n]\n"))
}

// FuzzRead holds that whatever a list says, it is refused in one line, or says what can be written and read again.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"- {id: a, state: NORMAL, name: x, disk: y, created: 2026-01-02T03:04:05Z, retention: z}\n- {state: FAILED, count: 3}\n",
		"NORMAL: [a, 007]\nFAILED:\n- f\n", `[{"id":"a","state":"DELETING","due":"2026-01-02T03:04:05.5+01:00"}]`, "- {id: a, state: MISSING}", "[", "", "~",
		"- {id: a, state: NORMAL, created: 0001-01-01T00:00:00Z}", "- &a {id: a, state: NORMAL, name: !!binary eA==}\n- {<<: *a}\n", "- {count: 1e3, state: NORMAL}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g := NewWithT(t)
		entries, err := read(text)
		if err != nil {
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
			return
		}
		entries = slices.DeleteFunc(entries, func(e inventory.Entry) bool { return e.Count > 0 })
		if len(entries) == 0 {
			return
		}
		var written bytes.Buffer
		g.Expect(inventory.Write(&written, slices.Values(entries))).To(Succeed())
		again, err := read(written.String())
		g.Expect(err).NotTo(HaveOccurred(), written.String())
		g.Expect(again).To(HaveLen(len(entries)))
		for i := range again {
			g.Expect(again[i].Created).To(BeTemporally("==", entries[i].Created))
			g.Expect(again[i].Due).To(BeTemporally("==", entries[i].Due))
			again[i].Created, again[i].Due = entries[i].Created, entries[i].Due
		}
		g.Expect(again).To(Equal(entries))
	})
}
