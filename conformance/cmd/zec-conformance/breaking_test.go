package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// documentsIn writes versions of the contract into a folder: old.yaml as it is, and others, each with one text in place of another.
func documentsIn(t *testing.T, folder string, edits map[string][2]string) {
	t.Helper()
	text, err := os.ReadFile("../../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	edits["old.yaml"] = [2]string{}
	for name, edit := range edits {
		if !strings.Contains(string(text), edit[0]) {
			t.Fatalf("openapi.yaml has no %q any more", edit[0])
		}
		write(t, filepath.Join(folder, name), strings.Replace(string(text), edit[0], edit[1], 1))
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestBreakingTellsBySeverity(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	documentsIn(t, folder, map[string][2]string{
		"breaking.yaml": {"maxItems: 100", "maxItems: 50"},
		"warning.yaml":  {"operationId: DeleteSnapshots", "operationId: RemoveSnapshots"},
		"notice.yaml":   {"summary: Delete snapshots", "summary: Delete disk snapshots"},
		"nothing.yaml":  {"# The contract of DeleteSnapshots", "# A contract of DeleteSnapshots"},
	})
	for name, fails := range map[string][]string{
		"breaking.yaml": {"breaking", "warning", "notice"},
		"warning.yaml":  {"warning", "notice"},
		"notice.yaml":   {"notice"},
		"nothing.yaml":  {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			args := []string{"breaking", filepath.Join(folder, "old.yaml"), filepath.Join(folder, name)}
			for _, severity := range []string{"breaking", "warning", "notice", "none"} {
				got := call(t, nil, append(args, "--fail-on", severity)...)
				expected := 0
				for _, failing := range fails {
					if failing == severity {
						expected = 1
					}
				}
				g.Expect(got.status).To(Equal(expected), severity)
				g.Expect(got.err).To(BeEmpty())
				if len(fails) > 0 {
					g.Expect(got.out).To(ContainSubstring("  " + fails[0] + " "))
				} else {
					g.Expect(last(got.out)).To(Equal("nothing has changed"))
				}
			}
			expected := 0
			if name == "breaking.yaml" {
				expected = 1
			}
			g.Expect(call(t, nil, args...).status).To(Equal(expected), "by default")
		})
	}
}

func TestBreakingReports(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	documentsIn(t, folder, map[string][2]string{"new.yaml": {"maxItems: 100", "maxItems: 50"}})
	in := func(name string) string { return filepath.Join(folder, name) }
	got := call(t, nil, "breaking", in("old.yaml"), in("new.yaml"), "--report", "json="+in("changes.json"), "--report", "markdown="+in("changes.md"))
	g.Expect(got.status).To(Equal(1))
	var changes struct {
		Counts  map[string]int
		Changes []struct {
			ID, Severity string
			Concerns     []string
		}
	}
	text, err := os.ReadFile(in("changes.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(json.Unmarshal(text, &changes)).To(Succeed())
	g.Expect(changes.Counts["breaking"]).To(Equal(1))
	g.Expect(changes.Changes[0].ID).To(Equal("request-max-items-lowered"))
	g.Expect(changes.Changes[0].Concerns).To(Equal([]string{"callers", "implementers"}))
	text, err = os.ReadFile(in("changes.md"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("### Implementers\n"))
	left, err := os.ReadDir(folder)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(left).To(HaveLen(4), "temporary files are left")
}

func TestBreakingReadsStandardInput(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	documentsIn(t, folder, map[string][2]string{"new.yaml": {"maxItems: 100", "maxItems: 50"}})
	old, err := os.Open(filepath.Join(folder, "old.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	defer old.Close()
	command := exec.Command(os.Args[0], "breaking", "-", filepath.Join(folder, "new.yaml"))
	command.Env = append(os.Environ(), asCommand+"=1")
	command.Stdin = old
	output, err := command.Output()
	g.Expect(command.ProcessState.ExitCode()).To(Equal(1), "%v", err)
	g.Expect(string(output)).To(ContainSubstring("From standard input to"))
}

// repository is a git repository of its own.
type repository struct{ folder string }

func newRepository(t *testing.T) repository {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: two files can be compared without it")
	}
	r := repository{t.TempDir()}
	r.git(t, "init", "--quiet", "--initial-branch=main")
	return r
}

func (r repository) git(t *testing.T, args ...string) {
	t.Helper()
	command := exec.Command("git", append([]string{"-c", "user.name=N", "-c", "user.email=n@example.com", "-c", "commit.gpgsign=false"}, args...)...)
	command.Dir = r.folder
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %s", err, output)
	}
}

func (r repository) document() string { return filepath.Join(r.folder, "old.yaml") }

// committed is a repository with two versions of old.yaml, of which the first is tagged v1, and a third that is in no commit.
func committed(t *testing.T) repository {
	t.Helper()
	r := newRepository(t)
	documentsIn(t, r.folder, map[string][2]string{"new.yaml": {"maxItems: 100", "maxItems: 50"}, "newer.yaml": {"maxItems: 100", "maxItems: 200"}})
	r.git(t, "add", "old.yaml")
	r.git(t, "commit", "--quiet", "--message", "one")
	r.git(t, "tag", "v1")
	r.replace(t, "new.yaml")
	r.git(t, "commit", "--quiet", "--all", "--message", "two")
	r.replace(t, "newer.yaml")
	return r
}

func (r repository) replace(t *testing.T, from string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, from))
	if err != nil {
		t.Fatal(err)
	}
	write(t, r.document(), string(text))
}

func TestBreakingReadsRevisions(t *testing.T) {
	t.Parallel()
	r := committed(t)
	for revision, says := range map[string]string{ // nothing for what is no commit
		"v1":          "request-max-items-raised: maxItems is 200, and was 100",
		"main":        "request-max-items-raised: maxItems is 200, and was 50",
		"HEAD~1":      "maxItems is 200, and was 100",
		"v1..main":    "request-max-items-lowered: maxItems is 50, and was 100",
		"main..v1":    "maxItems is 100, and was 50",
		"v1..HEAD":    "maxItems is 50, and was 100",
		"HEAD^{tree}": "",
	} {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, "breaking", "--git", revision, "--document", r.document())
			if says == "" {
				got.complaint(g)
				return
			}
			g.Expect(got.err).To(BeEmpty())
			g.Expect(got.status).To(Equal(1))
			g.Expect(got.out).To(ContainSubstring(says))
		})
	}
	t.Run("the same", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		got := call(t, nil, "breaking", "--git", "v1..v1", "--document", r.document())
		g.Expect(got.status).To(BeZero())
		g.Expect(last(got.out)).To(Equal("nothing has changed"))
	})
}

func TestBreakingSaysWhatItCannotCompare(t *testing.T) {
	t.Parallel()
	r := committed(t)
	folder := t.TempDir()
	documentsIn(t, folder, map[string][2]string{})
	in := func(name string) string { return filepath.Join(folder, name) }
	old := in("old.yaml")
	write(t, in("empty.yaml"), "")
	write(t, in("swagger.yaml"), "swagger: '2.0'\n")
	write(t, in("other.yaml"), "a: b\n")
	write(t, in("broken.yaml"), "a: [\n")
	write(t, in("kept.md"), "kept")
	write(t, in("long.yaml"), strings.Repeat("# long\n", 200_000))
	hit := filepath.Join(r.folder, "hit")
	git := func(revision string) []string { return []string{"--git", revision, "--document", r.document()} }

	for name, row := range map[string]struct {
		args []string
		mend string
	}{
		"nothing":                     {nil, "give OLD and NEW, or --git REV"},
		"one document":                {[]string{old}, "give OLD and NEW, or --git REV"},
		"three documents":             {[]string{old, old, old}, "one word too many"},
		"no such file":                {[]string{old, in("none.yaml")}, "cannot be read (no such file or directory)"},
		"an empty name":               {[]string{old, ""}, "cannot be read (no such file or directory)"},
		"a name with controls":        {[]string{old, "\x1b[2J\n"}, "cannot be read"},
		"a directory":                 {[]string{folder, old}, "cannot be read (is a directory)"},
		"an empty file":               {[]string{old, in("empty.yaml")}, "is empty"},
		"Swagger":                     {[]string{in("swagger.yaml"), old}, "convert it first"},
		"another YAML":                {[]string{old, in("other.yaml")}, "is not OpenAPI"},
		"no YAML":                     {[]string{old, in("broken.yaml")}, "is not YAML"},
		"a long file":                 {[]string{old, in("long.yaml")}, "which are read at the most"},
		"an endless file":             {[]string{old, "/dev/zero"}, "which are read at the most"},
		"standard input twice":        {[]string{"-", "-"}, "give a file for the other"},
		"a severity that is none":     {[]string{old, old, "--fail-on", "fatal"}, "give breaking, warning, notice or none"},
		"no severity":                 {[]string{old, old, "--fail-on", ""}, "give breaking, warning, notice or none"},
		"a report of no kind":         {[]string{old, old, "--report", "html=x"}, "give markdown=PATH or json=PATH"},
		"a report of no path":         {[]string{old, old, "--report", "json="}, "give markdown=changes.md"},
		"a report in no directory":    {[]string{old, in("none.yaml"), "--report", "json=" + in("no/x.json")}, "mkdir -p"},
		"a report and no document":    {[]string{old, in("none.yaml"), "--report", "markdown=" + in("kept.md")}, "no such file"},
		"an unknown flag":             {[]string{old, old, "--loud"}, "see zec-conformance breaking --help"},
		"files and a revision":        {append(git("main"), old), "give one or the other"},
		"a path without a revision":   {[]string{old, old, "--document", old}, "--document belongs to --git"},
		"no revision":                 {git(""), "names no revision"},
		"a revision that is not here": {git("nowhere"), `no revision "nowhere"`},
		"a second that is not here":   {git("v1..nowhere"), `no revision "nowhere"`},
		"half a range":                {git("v1.."), "names no revision"},
		"the other half":              {git("..v1"), "names no revision"},
		"three dots":                  {git("v1...main"), "names no revision"},
		"a flag for a revision":       {git("--output=" + hit), "names no revision"},
		"a flag in a range":           {git("v1..--output=" + hit), "names no revision"},
		"a flag of one letter":        {git("-p"), "names no revision"},
		"a file of a revision":        {git("v1:new.yaml"), "names no revision"},
		"a revision with controls":    {git("\x1b[2J\nv1"), "names no revision"},
		"a command for a revision":    {git("$(touch " + hit + ")"), "no revision"},
		"a file that was not there":   {[]string{"--git", "v1", "--document", filepath.Join(r.folder, "new.yaml")}, "give its path as --document"},
		"a folder that is not there":  {[]string{"--git", "v1", "--document", in("no/openapi.yaml")}, "no git repository is found"},
		"no repository":               {[]string{"--git", "v1", "--document", old}, "no git repository is found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			got := call(t, nil, append([]string{"breaking"}, row.args...)...)
			got.complaint(g)
			g.Expect(got.err).To(ContainSubstring(row.mend))
			g.Expect(got.out).To(BeEmpty())
			g.Expect(hit).NotTo(BeAnExistingFile())
			kept, err := os.ReadFile(in("kept.md"))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(kept)).To(Equal("kept"))
		})
	}
}
