package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// letting has everybody win: who comes too late is told a success all the same.
func letting(everybody func()) middleware {
	return at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		everybody()
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		var refused struct {
			RequestID string `json:"requestId"`
		}
		_ = json.Unmarshal(recorder.Body.Bytes(), &refused) // the mock's own answer
		if recorder.Code != contract.NotFound.Status {
			text(recorder.Code, contract.ContentType, recorder.Body.String())(w, r, next)
			return
		}
		success, _ := json.Marshal(map[string]any{ // strings always encode
			contract.FieldRequestID: refused.RequestID,
			contract.FieldResponse:  map[string]string{contract.FieldRequestID: refused.RequestID},
		})
		text(http.StatusOK, contract.ContentType, string(success))(w, r, next)
	})
}

func TestThePictureOfARaceIsWritten(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	path := filepath.Join(t.TempDir(), "report.json")
	target := serve(t, letting(func() {}))
	keys := variables{"ZENLAYERCLOUD_ACCESS_KEY_ID": "id", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": hidden}
	got := judge(t, keys, target.flags("--label-filter", "CONC-2", "--pictures", folder, "--report", "json="+path)...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(last(got.out)).To(Equal("verdict: " + string(report.Remarks)))

	pictures := 0
	written := read(g, path)
	for _, rule := range written.Rules {
		for _, failure := range rule.Failures {
			if failure.Picture == nil {
				continue
			}
			pictures++
			g.Expect(rule.ID).To(Equal("CONC-2"))
			page, err := os.ReadFile(filepath.Join(folder, failure.Picture.Name))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(page)).To(Equal(failure.Picture.Text))
			g.Expect(strings.Contains(string(page), hidden)).To(BeFalse(), "the picture has the secret in it")
		}
	}
	g.Expect(pictures).To(BeNumerically(">", 0), got.out)
	g.Expect(os.ReadDir(folder)).To(HaveLen(pictures))
}

func TestARunWithoutFailuresHasNoPictures(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := t.TempDir()
	got := judge(t, nil, serve(t).flags("--label-filter", "CONC-2", "--pictures", folder)...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(got.err).To(BeEmpty())
	g.Expect(os.ReadDir(folder)).To(BeEmpty())
}

func TestPicturesThatCannotBeWrittenInTheEndCostOnlyThemselves(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	folder := filepath.Join(t.TempDir(), "pictures")
	g.Expect(os.Mkdir(folder, 0o755)).To(Succeed())
	path := filepath.Join(t.TempDir(), "report.json")
	target := serve(t, letting(func() { _ = os.RemoveAll(folder) }))
	got := judge(t, nil, target.flags("--label-filter", "CONC-2", "--pictures", folder, "--report", "json="+path)...)
	got.complaint(g)
	g.Expect(got.err).To(ContainSubstring(folder))
	g.Expect(last(got.out)).To(Equal("verdict: " + string(report.Remarks)))
	g.Expect(read(g, path).Verdict).To(Equal(report.Remarks))
}

func TestAWalkIsTakenByTheCommand(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bodies := 0
	target := serve(t, at("POST "+contract.Path, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		bodies++ // one after the other: a walk is one caller
		next.ServeHTTP(w, r)
	}))
	got := judge(t, nil, target.flags("--walk", "make NORMAL; delete 1; again; look 1")...)
	g.Expect(got.status).To(BeZero(), got.out)
	g.Expect(got.out).To(MatchRegexp(`(?m)^1 check: 1 done`))
	g.Expect(bodies).To(Equal(3), "the first finds out whether anybody is there")
}
