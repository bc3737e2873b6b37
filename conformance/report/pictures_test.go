package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

func TestPicturesAreWrittenToTheirFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	r := broken(t)
	r.Rules[3].Failures[1].Picture = &report.Picture{Name: "race-2.html", Text: "two"}
	if err := r.WritePictures(folder); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"race-9.html": "<html>a<b></html>", "race-2.html": "two"} {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q: %v", name, got, err)
		}
	}
	if entries, _ := os.ReadDir(folder); len(entries) != 2 {
		t.Errorf("there are %v", entries)
	}
}

// TestAReportChoosesNoPlaceForItsPictures: one that was kept may come from anywhere.
func TestAReportChoosesNoPlaceForItsPictures(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"../race-1.html", "/race-1.html", "..", "", "main.go", "race-1", "Race-1.html", "race-1.html\n", ".race-1.html"} {
		r := quiet(t)
		r.Rules[0].Failures = []report.Failure{{Picture: &report.Picture{Name: name}}}
		if err := r.WritePictures(folder); err == nil {
			t.Errorf("%q is written", name)
		}
	}
	holds(t, folder, nil)
}

func TestNoFolderStandsForNoPictures(t *testing.T) {
	t.Parallel()
	if err := broken(t).WritePictures(""); err != nil {
		t.Error(err)
	}
}

func TestPicturesThatCannotBeWrittenAreToldOf(t *testing.T) {
	t.Parallel()
	if err := broken(t).WritePictures(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("nobody is told")
	}
}
