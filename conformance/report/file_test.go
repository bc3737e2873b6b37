package report_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func content(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// holds tells what a directory should hold: names and contents.
func holds(t *testing.T, directory string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(want) {
		t.Errorf("the directory holds %v, want %v", entries, want)
	}
	for name, text := range want {
		if got, err := os.ReadFile(filepath.Join(directory, name)); err != nil || string(got) != text {
			t.Errorf("%s holds %q (%v), want %q", name, got, err, text)
		}
	}
}

func TestWriteFileReplaces(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	for _, text := range []string{"first, and longer", "second"} {
		if err := report.WriteFile(path, content(text)); err != nil {
			t.Fatal(err)
		}
		holds(t, directory, map[string]string{"report.json": text})
	}
}

func TestWriteFileKeepsPermissionsAndLinks(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path, link := filepath.Join(directory, "real"), filepath.Join(directory, "link")
	if err := errors.Join(os.WriteFile(path, nil, 0o640), os.Chmod(path, 0o640), os.Symlink("real", link)); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteFile(link, content("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, directory, map[string]string{"real": "new", "link": "new"})
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("the link is replaced: %v %v", info.Mode(), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the permissions are %v (%v)", info.Mode(), err)
	}
}

func TestWriteFileFollowsALinkToWhatIsNotThereYet(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for link, target := range map[string]string{"near": "real", "far": filepath.Join(directory, "other"), "lost": filepath.Join(directory, "no", "where")} {
		if err := os.Symlink(target, filepath.Join(directory, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{"near", "far"} {
		if err := report.WriteFile(filepath.Join(directory, link), content("new")); err != nil {
			t.Error(err)
		}
	}
	if err := report.Writable(filepath.Join(directory, "lost")); err == nil || !strings.Contains(err.Error(), "mkdir -p") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(filepath.Join(directory, "lost")); err != nil {
		t.Fatal(err)
	}
	holds(t, directory, map[string]string{"near": "new", "far": "new", "real": "new", "other": "new"})
}

func TestSameFile(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	in := func(name string) string { return directory + "/" + name }
	if err := errors.Join(
		os.WriteFile(in("old"), nil, 0o600), os.Link(in("old"), in("hard")), os.Symlink("old", in("soft")), os.Symlink("new", in("ahead")),
		os.Mkdir(in("folder"), 0o755), os.Symlink(".", in("here")),
	); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"old", "old", true},
		{"old", "./old", true},
		{"old", "folder/../old", true},
		{"old", "hard", true},
		{"old", "soft", true},
		{"old", "here/old", true},
		{"new", "new", true},
		{"new", "here//new", true},
		{"new", "ahead", true},
		{"old", "new", false},
		{"new", "newer", false},
		{"folder/new", "new", false},
		{"no/where", "no/../no/where", true},
	} {
		if same := report.SameFile(in(c.a), in(c.b)); same != c.same {
			t.Errorf("%s and %s: %t", c.a, c.b, same)
		}
	}
}

func TestWriteFileLeavesTheOldOneWhenItFails(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "report.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left")
	err := report.WriteFile(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of the new o")
		return &fs.PathError{Op: "write", Path: filepath.Join(directory, ".report-X"), Err: full}
	})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".report-") {
		t.Errorf("the error is %v", err)
	}
	holds(t, directory, map[string]string{"report.json": "old"})

	if err := report.WriteFile(directory, content("new")); err == nil {
		t.Error("a directory is taken for a file")
	}
	holds(t, directory, map[string]string{"report.json": "old"})
}

func TestWriteFileWritesToWhatIsNoFile(t *testing.T) {
	t.Parallel()
	if err := report.WriteFile(os.DevNull, content("gone")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("%s is replaced: %v %v", os.DevNull, info.Mode(), err)
	}
}

func TestWritable(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	inside := func(parts ...string) string { return filepath.Join(append([]string{directory}, parts...)...) }
	if err := errors.Join(
		os.WriteFile(inside("old"), []byte("old"), 0o600),
		os.WriteFile(inside("kept"), []byte("kept"), 0o400),
		os.Mkdir(inside("folder"), 0o755),
	); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		inside("new"):             "",
		inside("old"):             "",
		os.DevNull:                "",
		"":                        "name a file",
		"-":                       "/dev/stdout",
		"/dev/fd/987654":          "nothing is open",
		directory:                 "name a file in it",
		inside("folder") + "/":    "name a file in it",
		inside("absent") + "/":    "name a file in it",
		inside("absent", "new"):   "mkdir -p",
		inside("old", "new"):      "is not a directory",
		inside("kept"):            "read-only",
		inside("a\nb", "new"):     `a\nb`,
		strings.Repeat("x", 1000): "name another file",
	} {
		err := report.Writable(path)
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n")):
			t.Errorf("%q: got %v, want one line with %q", path, err, want)
		}
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 3 {
		t.Errorf("something is left: %v %v", entries, err)
	}
	holds(t, inside("folder"), nil)
}

func TestWritableSeesADirectoryThatTakesNothing(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	directory := t.TempDir()
	if err := os.Chmod(directory, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := report.Writable(filepath.Join(directory, "new")); err == nil || !strings.Contains(err.Error(), "make it writable") {
		t.Errorf("got %v", err)
	}
}

func TestADraftTakesItsPlaceWhenItIsFinished(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	path := filepath.Join(directory, "run.har")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]struct {
		do   func(*report.Draft) error
		left string
	}{
		"discarded": {func(d *report.Draft) error { d.Discard(); return nil }, "old"},
		"finished":  {func(d *report.Draft) error { defer d.Discard(); return d.Finish() }, "new"},
	} {
		draft, err := report.NewDraft(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(draft, "new"); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(path); name == "discarded" && (err != nil || string(text) != "old") {
			t.Errorf("the file is %q (%v) before it is finished", text, err)
		}
		if err := end.do(draft); err != nil {
			t.Fatal(err)
		}
		holds(t, directory, map[string]string{"run.har": end.left})
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := report.NewDraft(filepath.Join(directory, "no", "run.har")); err == nil || !strings.Contains(err.Error(), "run.har") {
		t.Errorf("the error is %v", err)
	}
}

func TestADraftTellsItsFirstError(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("there is no %s", full)
	}
	draft, err := report.NewDraft(full)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := io.WriteString(draft, "x"); err == nil {
			t.Error("a full disk takes more")
		}
	}
	if err := draft.Finish(); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), full) {
		t.Errorf("the error is %v", err)
	}
}
