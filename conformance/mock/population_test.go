package mock_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

const populationPath = mock.TestbedPath + "/population"

func (s service) export() answer {
	s.t.Helper()
	return s.send(s.request(http.MethodGet, populationPath, nil))
}

func (s service) imports(list string) answer {
	s.t.Helper()
	return s.send(s.request(http.MethodPut, populationPath, strings.NewReader(list)))
}

func TestAPopulationGoesFromOneMockToAnother(t *testing.T) {
	t.Parallel()
	g, from, to := NewWithT(t), serve(t), serve(t)
	moment := time.Now().UTC()
	for _, state := range contract.States {
		from.Create(state, 3)
	}
	g.Expect(from.Store().Add(store.Snapshot{
		ID: "described", State: contract.Leaving, Created: moment.Add(-time.Hour), Due: moment.Add(time.Hour),
		Facts: store.Facts{Name: "<a> & \"b\"", Disk: "disk-1", Retention: "2027-01-02T03:04:05Z"},
	})).To(Succeed())
	gone := to.Create(contract.Normal, 1)[0]

	exported := from.export()
	g.Expect(exported.status).To(Equal(http.StatusOK))
	g.Expect(exported.header.Get("Content-Type")).To(Equal(contract.ContentType))
	g.Expect(json.Valid(exported.text)).To(BeTrue())
	imported := to.imports(string(exported.text))
	g.Expect(imported.status).To(Equal(http.StatusOK), string(imported.text))
	g.Expect(imported.text).To(MatchJSON(`{"count": 16}`))

	g.Expect(to.export().text).To(Equal(exported.text))
	_, there := to.State(gone)
	g.Expect(there).To(BeFalse(), "it takes the place of what there was")
	page, _, err := to.Store().List(store.Query{IDs: []string{"described"}, Limit: 1})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(page).To(HaveExactElements(HaveField("Due", moment.Add(time.Hour))))

	g.Expect(to.imports("[]").text).To(MatchJSON(`{"count": 0}`))
	g.Expect(to.imports(string(to.export().text)).text).To(MatchJSON(`{"count": 0}`))
}

func TestAListByHandIsAPopulation(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	got := s.imports("- {id: snap-1, state: NORMAL}\n- {id: none, state: MISSING}\n- {state: FAILED, count: 1000, disk: disk-1}\n")
	g.Expect(got.text).To(MatchJSON(`{"count": 1001}`))
	g.Expect(s.states("snap-1", "none")).To(Equal([]contract.State{contract.Normal, ""}))
	g.Expect(s.Store().Counts()).To(Equal(map[contract.State]int{contract.Normal: 1, "FAILED": 1000}))
	page, _, err := s.Store().List(store.Query{From: 1, Limit: 1})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(page[0].ID).To(Satisfy(contract.PlausibleID))
	g.Expect(page[0].Disk).To(Equal("disk-1"))
}

func TestAListThatIsWrongChangesNothing(t *testing.T) {
	t.Parallel()
	for list, why := range map[string]string{
		"":                                    "it is empty",
		"- {id: a, state: NORMAL}\n- {id: b}": "line 2: an entry lacks its id or its state",
		"{MELTED: [a]}":                       "line 1: there is no state",
		"{NORMAL: [a b]}":                     "is no snapshot id",
		"[" + strings.Repeat(" ", 8<<20):      "it is longer than",
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			g, s := NewWithT(t), serve(t)
			kept := s.Create(contract.Normal, 1)
			got := s.imports(list)
			expectComplaint(g, got, http.StatusBadRequest)
			g.Expect(string(got.text)).To(ContainSubstring(why))
			g.Expect(s.states(kept...)).To(Equal([]contract.State{contract.Normal}))
		})
	}
}

func TestAPopulationIsReadFromAFile(t *testing.T) {
	t.Parallel()
	g, path := NewWithT(t), filepath.Join(t.TempDir(), "list.yaml")
	g.Expect(os.WriteFile(path, []byte("{NORMAL: [a, b], MISSING: [c]}"), 0o600)).To(Succeed())
	g.Expect(mock.ReadPopulation(path)).To(HaveLen(2))
	kept := store.New(time.Now)
	var text bytes.Buffer
	g.Expect(mock.WritePopulation(&text, kept)).To(Succeed())
	g.Expect(text.Bytes()).To(MatchJSON("[]"))
	_, err := mock.ReadPopulation(filepath.Dir(path))
	g.Expect(err).To(MatchError(ContainSubstring("is a directory")))
}

// A store that fails has every answer say so, in the form of its place, and nothing else.
func TestAStoreThatFailsIsToldToEveryCaller(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	kept, err := store.Open(filepath.Join(t.TempDir(), "snapshots.db"), time.Now)
	g.Expect(err).NotTo(HaveOccurred())
	s := serve(t, mock.WithStore(kept))
	ids := s.Create(contract.Normal, 2)
	expectSuccess(g, s.delete(ids[0]))
	g.Expect(kept.Close()).To(Succeed())

	expectRefusal(g, s.delete(ids[1]), contract.Internal)
	expectRefusal(g, s.delete(ids...), contract.Internal)
	for action, body := range map[string]string{"CreateSnapshot": `{"diskId": "disk-1", "snapshotName": "nightly"}`, "DescribeSnapshots": `{}`} {
		request := s.call(body)
		request.Header.Set(contract.HeaderAction, action)
		expectRefusal(g, s.send(request), contract.Internal)
	}
	expectRefusal(g, s.send(s.call(`{}`)), contract.MissingParameter) // the caller's mistakes are so still
	for _, got := range []answer{
		s.order(`{"state": "NORMAL", "count": 1}`), s.look(ids[1]), s.release(ids[1]), s.export(), s.imports("{NORMAL: [a]}"),
	} {
		expectComplaint(g, got, http.StatusInternalServerError)
	}
	_, there := s.State(ids[1])
	g.Expect(there).To(BeFalse())
	g.Expect(s.Put(ids[1], contract.Normal)).To(BeFalse())
	g.Expect(func() { s.Create(contract.Normal, 1) }).To(PanicWith(MatchError(ContainSubstring("closed"))))
}

func TestAPopulationIsServedToNoOtherMethod(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	got := s.send(s.request(http.MethodPost, populationPath, strings.NewReader("[]")))
	expectComplaint(g, got, http.StatusMethodNotAllowed)
	g.Expect(got.header.Get("Allow")).To(Equal(fmt.Sprintf("%s, %s", http.MethodGet, http.MethodPut)))
}
