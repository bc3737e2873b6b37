package mutants_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
)

// TestEveryPortableVariantStandsOnAMock: it says the same there as when it is served whole, of the mock's own snapshots, and
// leaves no exchange on the mock's record but those that are the mock's.
func TestEveryPortableVariantStandsOnAMock(t *testing.T) {
	t.Parallel()
	portable := 0
	for _, v := range all() {
		if v.Portable() != nil {
			_, err := v.On(mock.NewService())
			NewWithT(t).Expect(err).To(Equal(v.Portable()), v.Name)
			continue
		}
		portable++
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			shared := mock.NewService()
			on, err := v.On(shared)
			g.Expect(err).NotTo(HaveOccurred())
			whole := v.New()

			for _, kind := range []struct {
				states []contract.State // of the snapshots that are named
				more   string           // an id besides
			}{
				{states: []contract.State{contract.Normal}},
				{states: []contract.State{contract.Leaving}},
				{states: []contract.State{contract.Normal, contract.Leaving}, more: "snap-missing"},
				{more: "snap-missing"},
				{},
			} {
				ofShared, ofWhole := withMore(kind.more), withMore(kind.more)
				for _, state := range kind.states {
					ofShared = append(ofShared, shared.Create(state, 1)...)
					ofWhole = append(ofWhole, order(g, whole, state))
				}
				g.Expect(ask(on, ofShared)).To(Equal(ask(whole, ofWhole)), "%v", kind)
			}
			g.Expect(shared.Exchanges()).To(BeEmpty())
		})
	}
	NewWithT(t).Expect(portable).To(BeNumerically(">", 200))
}

func withMore(id string) []string {
	if id == "" {
		return []string{}
	}
	return []string{id}
}

func order(g Gomega, handler http.Handler, state contract.State) string {
	answer := httptest.NewRecorder()
	body := strings.NewReader(`{"state": "` + string(state) + `", "count": 1}`)
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, mock.TestbedPath+"/snapshots", body))
	var made struct{ SnapshotIDs []string }
	g.Expect(json.Unmarshal(answer.Body.Bytes(), &made)).To(Succeed())
	g.Expect(made.SnapshotIDs).To(HaveLen(1))
	return made.SnapshotIDs[0]
}

// said is what an answer says, whatever its ids.
type said struct {
	Status int
	Code   string
	Listed int
}

func ask(handler http.Handler, ids []string) said {
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request(ids))
	var body struct {
		Code     any
		Response struct{ SnapshotIDs []any }
	}
	_ = json.Unmarshal(answer.Body.Bytes(), &body) // some say it in another way
	code, _ := body.Code.(string)
	return said{answer.Code, code, len(body.Response.SnapshotIDs)}
}

func request(ids []string) *http.Request {
	body, _ := json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids}) // strings always encode
	r := httptest.NewRequest(http.MethodPost, contract.Path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", contract.ContentType)
	r.Header.Set(contract.HeaderAction, contract.Action)
	return r
}

// TestAVariantOnAMockKnowsWhatOthersMade: some have an eye on snapshots that nobody named.
func TestAVariantOnAMockKnowsWhatOthersMade(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	shared := mock.NewService()
	takesNewest, known := mutants.Named("empty-list-takes-the-newest")
	g.Expect(known).To(BeTrue())
	on, err := takesNewest.On(shared)
	g.Expect(err).NotTo(HaveOccurred())
	for range 2 {
		ids := shared.Create(contract.Normal, 3)
		ask(on, []string{})
		_, there := shared.State(ids[2])
		g.Expect(there).To(BeFalse())
		_, there = shared.State(ids[1])
		g.Expect(there).To(BeTrue())
	}

	twice, known := mutants.Named("succeeds-twice")
	g.Expect(known).To(BeTrue())
	on, err = twice.On(shared)
	g.Expect(err).NotTo(HaveOccurred())
	id := shared.Create(contract.Normal, 1)
	g.Expect(ask(on, id)).To(Equal(said{Status: http.StatusOK}))
	g.Expect(ask(on, id)).To(Equal(said{Status: http.StatusOK}))
}

// TestAVariantOnAMockLeavesTheRequestAlone: what is on the record is what came, and what is too long is refused for that.
func TestAVariantOnAMockLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	anyAction, known := mutants.Named("any-action")
	g.Expect(known).To(BeTrue())
	on, err := anyAction.On(mock.NewService())
	g.Expect(err).NotTo(HaveOccurred())
	r := request([]string{"snap-missing"})
	r.Header.Set(contract.HeaderAction, "Other")
	answer := httptest.NewRecorder()
	on.ServeHTTP(answer, r)
	g.Expect(answer.Code).To(Equal(contract.NotFound.Status))
	g.Expect(r.Header.Get(contract.HeaderAction)).To(Equal("Other"))

	answer = httptest.NewRecorder()
	r = request([]string{strings.Repeat("x", 2<<20)})
	on.ServeHTTP(answer, r)
	g.Expect(answer.Code).To(Equal(http.StatusRequestEntityTooLarge))
}
