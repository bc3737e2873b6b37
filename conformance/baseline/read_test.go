package baseline

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/fortest"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// few are the names of a small suite.
var few = Names{
	Checks: []Check{
		{"refuses 101 snapshots", []string{"BATCH-2", "BATCH-4"}},
		{"refuses far more snapshots", []string{"BATCH-2"}},
		{"deletes a snapshot", []string{"REQ-1"}},
	},
	Others: []string{"every answer of the log"},
}

// right are baselines that are read, and what they hold.
var right = map[string][]report.Known{
	"known: []\n": nil,
	"known:\n":    nil, // as it is left when the last entry is taken out
	"# why\nknown:\n- rule: BATCH-2\n  reason: the gateway counts\n  expires: 2026-12-31\n- check: 'refuses 101 snapshots'\n  rule: BATCH-2\n  reason: >\n    it is old,\n    and slow\n  expires: '2026-12-30'\n- expires: \"9999-12-31\"\n  reason: 'no: never'\n  check: every answer of the log\n": {
		{Rule: "BATCH-2", Reason: "the gateway counts", Expires: "2026-12-31"},
		{Rule: "BATCH-2", Check: "refuses 101 snapshots", Reason: "it is old, and slow", Expires: "2026-12-30"},
		{Check: "every answer of the log", Reason: "no: never", Expires: "9999-12-31"},
	},
	"\ufeffknown:\r\n  - rule: REQ-6\r\n    reason: a b\r\n    expires: 0001-01-01\r\n": {{Rule: "REQ-6", Reason: "a b", Expires: "0001-01-01"}},
	"{\"known\": [\n\t{\"rule\": \"AUTH-1\", \"reason\": \"\\u001b[2J ä\", \"expires\": \"2028-02-29\"}\n]}": {
		{Rule: "AUTH-1", Reason: "\x1b[2J ä", Expires: "2028-02-29"},
	},
}

func TestBaselinesAreRead(t *testing.T) {
	t.Parallel()
	g, compiled := NewWithT(t), fortest.Schema(t, Schema)
	for text, entries := range right {
		file, err := parse([]byte(text), few)
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(file.Entries).To(Equal(entries), text)
		g.Expect(fortest.FitsAsYAML(compiled, []byte(text))).To(Succeed(), text)
	}
}

// TestMistakesAreTold, each with its place, and refused by the schema as well where that can see them.
func TestMistakesAreTold(t *testing.T) {
	t.Parallel()
	compiled := fortest.Schema(t, Schema)
	entry := func(lines string) string { return "known:\n- " + strings.ReplaceAll(lines, "; ", "\n  ") + "\n" }
	const rest = "; reason: r; expires: 2026-12-31"
	for name, mistake := range map[string]struct {
		text, place, mend string
		deeper            bool // the schema does not see it
	}{
		"nothing":                {"", "line 1, column 1", "there is nothing here", false},
		"a comment alone":        {"# known\n", "line 1, column 1", "there is nothing here", false},
		"a null":                 {"null\n", "line 1, column 1", "give it as {known: [", false},
		"an empty list":          {"[]\n", "line 1, column 1", "give it as {known: [", false},
		"a list":                 {"- rule: BATCH-2\n", "line 1, column 1", "give it as {known: [", false},
		"a text":                 {"BATCH-2", "line 1, column 1", "give it as {known: [", false},
		"no members":             {"{}", "line 1, column 1", "give it as {known: []}", false},
		"another member":         {"knwon: []\n", "line 1, column 1", "did you mean known?", false},
		"known twice":            {"known: []\nknown: []\n", "line 2, column 1", "for the second time", false},
		"known of a mapping":     {"known: {rule: BATCH-2}\n", "line 1, column 8", "known is a list", false},
		"known of a text":        {"known: BATCH-2\n", "line 1, column 8", "known is a list", false},
		"a rule by its name":     {"known: [BATCH-2]\n", "line 1, column 9", "an entry is a mapping", false},
		"neither":                {entry("reason: r; expires: 2026-12-31"), "line 2, column 3", "neither a rule nor a check", false},
		"no reason":              {entry("rule: BATCH-2; expires: 2026-12-31"), "line 2, column 3", "say why BATCH-2 is left", false},
		"no day":                 {entry("rule: BATCH-2; reason: r"), "line 2, column 3", "here is no expires; give the last day", false},
		"an unknown member":      {entry("rule: BATCH-2; until: 2026-12-31"), "line 3, column 3", "there are check, expires, reason, rule", false},
		"a member in capitals":   {entry("Rule: BATCH-2" + rest), "line 2, column 3", "did you mean rule?", false},
		"a member twice":         {entry("rule: BATCH-2; rule: BATCH-3" + rest), "line 3, column 3", "for the second time", false},
		"an unknown rule":        {entry("rule: BATCH-22" + rest), "line 2, column 9", `no rule "BATCH-22"; did you mean BATCH-2?; "zec-conformance rules" lists them`, false},
		"a rule in small":        {entry("rule: batch-2" + rest), "line 2, column 9", "did you mean BATCH-2?", false},
		"a rule like no other":   {entry("rule: STORAGE" + rest), "line 2, column 9", `no rule "STORAGE"; "zec-conformance rules" lists them`, false},
		"an endless rule":        {entry("rule: " + strings.Repeat("A", 10_000) + rest), "line 2, column 9", "lists them", false},
		"an empty rule":          {entry("rule: ''" + rest), "line 2, column 9", "has no rule", false},
		"a rule of nothing":      {entry("rule:" + rest), "line 2, column 8", "a rule is a text", false},
		"a rule of two":          {entry("rule: [BATCH-2, BATCH-3]" + rest), "line 2, column 9", "a rule is a text", false},
		"a level":                {entry("rule: MUST" + rest), "line 2, column 9", "has no rule", false},
		"a note":                 {entry("rule: REQ-8" + rest), "line 2, column 9", "REQ-8 is of level NOTE, and nothing can break it", false},
		"a rule for callers":     {entry("rule: CALL-5" + rest), "line 2, column 9", "a rule for callers", false},
		"an unknown check":       {entry("check: refuses 102 snapshots" + rest), "line 2, column 10", "did you mean refuses 101 snapshots?", true},
		"a check like no other":  {entry("check: \"x\\e[2J\"" + rest), "line 2, column 10", `no check "x\x1b[2J"; "zec-conformance rules --checks" lists them`, true},
		"an empty check":         {entry("check: ''" + rest), "line 2, column 10", "has no check", false},
		"a rule, no such check":  {entry("rule: BATCH-2; check: deletes" + rest), "line 3, column 10", "has no check", true},
		"an empty reason":        {entry("rule: BATCH-2; reason: ''; expires: 2026-12-31"), "line 3, column 11", "the reason is empty", false},
		"a reason of spaces":     {entry(`rule: BATCH-2; reason: " \n\t"; expires: 2026-12-31`), "line 3, column 11", "the reason is empty", false},
		"a reason of nothing":    {entry("rule: BATCH-2; reason:; expires: 2026-12-31"), "line 3, column 10", "a reason is a text", false},
		"a number for a reason":  {entry("rule: BATCH-2; reason: 123; expires: 2026-12-31"), "line 3, column 11", "a reason is a text", false},
		"a long reason":          {entry("rule: BATCH-2; reason: " + strings.Repeat("ä", maxReason+1) + "; expires: 2026-12-31"), "line 3, column 11", "more than 1000 characters", false},
		"a month too many":       {entry("rule: BATCH-2; reason: r; expires: 2026-13-01"), "line 4, column 12", `"2026-13-01" is no day; give one such as 2026-12-31`, false},
		"a day too many":         {entry("rule: BATCH-2; reason: r; expires: 2026-02-29"), "line 4, column 12", "is no day", false},
		"a short day":            {entry("rule: BATCH-2; reason: r; expires: 2026-1-5"), "line 4, column 12", "is no day", false},
		"a day with a time":      {entry("rule: BATCH-2; reason: r; expires: 2026-12-31T12:00:00Z"), "line 4, column 12", "is no day", false},
		"a day of five figures":  {entry("rule: BATCH-2; reason: r; expires: 20226-12-31"), "line 4, column 12", "is no day", false},
		"a day of the year zero": {entry("rule: BATCH-2; reason: r; expires: -001-12-31"), "line 4, column 12", "is no day", false},
		"a number for a day":     {entry("rule: BATCH-2; reason: r; expires: 20261231"), "line 4, column 12", "is no day", false},
		"a day in words":         {entry("rule: BATCH-2; reason: r; expires: never"), "line 4, column 12", "is no day", false},
		"an empty day":           {entry("rule: BATCH-2; reason: r; expires:"), "line 4, column 11", "is no day", false},
		"a list of days":         {entry("rule: BATCH-2; reason: r; expires: [2026-12-31]"), "line 4, column 12", "expires is a day", false},
		"an entry twice": {
			entry("rule: BATCH-2"+rest) + "- rule: BATCH-4\n  reason: r\n  expires: 2026-12-31\n- rule: BATCH-2\n  reason: s\n  expires: 2027-12-31\n",
			"line 8, column 3", "BATCH-2 is here for the second time, after line 2; leave one out", true,
		},
		"several documents": {"known: []\n---\nknown: []\n", "line 2, column 1", "a second document", true},
		"no YAML":           {"known:\n  - rule: [\n", "line 2, column 1", "neither YAML nor JSON", false},
		"half a JSON":       {`{"known": [{"rule": "BATCH-2"`, "line 1, column 1", "neither YAML nor JSON", false},
		"a tag":             {entry("rule: !!str BATCH-2" + rest), "line 2, column 9", "no tags", true},
		"a bomb": {
			"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nknown: *b\n", "line 1, column 4", "no anchors", false,
		},
		"far too many": {"known:\n" + strings.Repeat("- {rule: BATCH-2}\n", maxEntries+1), "line 1002, column 3", "more than 1000 entries", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, err := parse([]byte(mistake.text), few)
			g.Expect(err).To(MatchError(HavePrefix(mistake.place + ": ")))
			g.Expect(err).To(MatchError(ContainSubstring(mistake.mend)))
			g.Expect(err.Error()).NotTo(MatchRegexp(`[^\P{Cc}]`))
			g.Expect(len(err.Error())).To(BeNumerically("<", 400))
			if !mistake.deeper {
				g.Expect(fortest.FitsAsYAML(compiled, []byte(mistake.text))).NotTo(Succeed())
			}
		})
	}
}

func TestAFileThatIsNoBaselineIsTold(t *testing.T) {
	t.Parallel()
	g, folder := NewWithT(t), t.TempDir()
	path := filepath.Join(folder, "known.yaml")
	write := func(text string) { g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed()) }
	read := func(path string) error { _, err := Read(path, few); return err }

	write("known:\n- rule: BATCH-9\n")
	g.Expect(read(path)).To(MatchError(HavePrefix(`the baseline "` + path + `", line 2, column 9: the contract has no rule`)))
	write(strings.Repeat("#", maxFile+1))
	g.Expect(read(path)).To(MatchError(ContainSubstring("is longer than 1048576 bytes")))
	g.Expect(read(folder)).To(MatchError(ContainSubstring("cannot be read (is a directory); give a file")))
	g.Expect(read(filepath.Join(folder, "none"))).To(MatchError(ContainSubstring("cannot be read (no such file or directory); give a file")))
	g.Expect(read("/dev/zero")).To(MatchError(ContainSubstring("is longer than")))
	pipe := filepath.Join(folder, "pipe")
	g.Expect(syscall.Mkfifo(pipe, 0o600)).To(Succeed())
	g.Expect(read(pipe)).To(MatchError(ContainSubstring("is a pipe, which can be read only once; give a file")))

	write("known: []\n")
	file, err := Read(path, few)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(file.Name).To(Equal(path))
}

// TestTheSchemaSaysWhatIsRead: rules and bounds are those of the code.
func TestTheSchemaSaysWhatIsRead(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var document struct {
		Properties struct {
			Known struct {
				MaxItems int
				Items    struct {
					Properties struct {
						Rule   struct{ Enum []string }
						Reason struct{ MaxLength int }
					}
				}
			}
		}
	}
	g.Expect(json.Unmarshal(Schema, &document)).To(Succeed())
	var breakable []string
	for _, rule := range contract.Rules {
		if rule.Level != contract.Note {
			breakable = append(breakable, rule.ID)
		}
	}
	known := document.Properties.Known
	g.Expect(known.Items.Properties.Rule.Enum).To(Equal(breakable))
	g.Expect(known.Items.Properties.Reason.MaxLength).To(Equal(maxReason))
	g.Expect(known.MaxItems).To(Equal(maxEntries))
}

// FuzzBaseline holds that whatever a file says, it is refused in one line with a place, or satisfies the schema, and comes back
// from what is written of it.
func FuzzBaseline(f *testing.F) {
	for text := range right {
		f.Add([]byte(text))
	}
	for _, text := range []string{"", "known: &a [*a]", "? known\n:\n- {}\n", "known: [{rule: BATCH-2, reason: |\n  a\n  b\n, expires: 2026-12-31}]", "known: !!seq []"} {
		f.Add([]byte(text))
	}
	compiled, line := fortest.Schema(f, Schema), regexp.MustCompile(`^line [1-9][0-9]*, column [1-9][0-9]*: [^\n]+$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := parse(text, few)
		if err != nil {
			if !line.MatchString(err.Error()) {
				t.Fatalf("no line with a place: %q", err)
			}
			return
		}
		if err := fortest.FitsAsYAML(compiled, text); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		var written bytes.Buffer
		if err := file.Write(&written); err != nil {
			t.Fatalf("taken, but: %v", err)
		}
		again, err := parse(written.Bytes(), few)
		if err != nil {
			t.Fatalf("written as %s, but: %v", written.Bytes(), err)
		}
		NewWithT(t).Expect(again.Entries).To(Equal(file.Entries))
	})
}
