package desk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/desk"
)

const feed = mock.TestbedPath + desk.ExchangesPath

// fed is what the feed tells.
type fed struct {
	Total     int
	Exchanges []struct {
		Number, Status                                           int
		At, Remote, Method, Path, Action, Code, RequestID, Fault string
		Seconds                                                  float64
		Request, Answer                                          string
		Header                                                   http.Header
		Remarks                                                  []struct{ Rule, Level, Statement, What string }
	}
}

func (w watched) fed(g *WithT, query string) (told fed) {
	got := w.get(feed + query)
	g.Expect(got.status).To(Equal(http.StatusOK), got.text)
	g.Expect(got.header.Get("Content-Type")).To(Equal(contract.ContentType))
	decoder := json.NewDecoder(strings.NewReader(got.text))
	decoder.DisallowUnknownFields()
	g.Expect(decoder.Decode(&told)).To(Succeed(), got.text)
	return told
}

func TestExchangesAreToldAsJSON(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{}, mock.WithObserver(func(x *mock.Exchange) { x.Fault = "late" }))
	g.Expect(w.get(feed).text).To(MatchJSON(`{"total": 0, "exchanges": []}`))
	const body = `{"snapshotIds": ["a"]}`
	sent := w.call(body, map[string]string{"Authorization": "Bearer " + secret})
	w.delete(w.Create(contract.Normal, 1)...)

	told := w.fed(g, "")
	g.Expect(told.Total).To(Equal(2))
	g.Expect(told.Exchanges).To(HaveLen(2))
	one, two := told.Exchanges[0], told.Exchanges[1]
	g.Expect(one.Number).To(Equal(1))
	g.Expect([]string{one.Method, one.Path, one.Action, one.Code, one.Fault}).To(Equal([]string{"POST", contract.Path, contract.Action, contract.NotFound.Code, "late"}))
	g.Expect(one.Status).To(Equal(contract.NotFound.Status))
	g.Expect(one.Request).To(Equal(body))
	g.Expect(one.Answer).To(Equal(sent.text))
	g.Expect(sent.text).To(ContainSubstring(one.RequestID))
	g.Expect(one.Header.Get("Authorization")).To(Equal("Bearer REDACTED"))
	g.Expect(one.Remarks).To(HaveLen(1))
	rule, _ := contract.CallerRuleByID("CALL-5")
	g.Expect([]string{one.Remarks[0].Rule, one.Remarks[0].Level, one.Remarks[0].Statement}).To(Equal([]string{rule.ID, string(rule.Level), rule.Statement}))
	g.Expect(one.Remarks[0].What).To(ContainSubstring(contract.HeaderVersion))
	g.Expect(two.Status).To(Equal(http.StatusOK))
	g.Expect(two.Remarks).To(BeEmpty())
}

func TestSoManyExchangesAreTold(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	for range 120 {
		w.delete("a")
	}
	for query, numbers := range map[string][2]int{
		"": {21, 120}, "?limit=1": {120, 120}, "?limit=1000": {1, 120}, "?after=118": {119, 120}, "?after=100&limit=5": {116, 120}, "?after=0&limit=": {21, 120},
	} {
		told := w.fed(g, query)
		g.Expect(told.Total).To(Equal(120))
		g.Expect(told.Exchanges).To(HaveLen(numbers[1]-numbers[0]+1), query)
		g.Expect(told.Exchanges[0].Number).To(Equal(numbers[0]), query)
	}
	g.Expect(w.fed(g, "?after=120").Exchanges).To(BeEmpty())
	for _, query := range []string{"?limit=0", "?limit=1001", "?limit=x", "?limit=-1", "?after=-1", "?after=x", "?after=99999999999999999999"} {
		got := w.get(feed + query)
		g.Expect(got.status).To(Equal(http.StatusBadRequest), query)
		g.Expect(got.text).To(MatchRegexp(`{"error":"(limit has to be a number from 1 to 1000|after has to be a number from 0 to \d+)"}`))
	}
	got := w.send(http.MethodDelete, feed, "", nil)
	g.Expect(got.status).To(Equal(http.StatusMethodNotAllowed))
	g.Expect(got.header.Get("Allow")).To(Equal(http.MethodGet))
}

// TestTheFeedCanBeShown in a terminal, that is, and in a log that a CI system takes commands from.
func TestTheFeedCanBeShown(t *testing.T) {
	t.Parallel()
	g, w := NewWithT(t), serve(t, desk.Config{})
	w.call("##[set-output]\u202e\x1b[2J\u0085\xff", nil)
	got := w.get(feed).text
	g.Expect(strings.TrimSuffix(got, "\n")).NotTo(MatchRegexp(`[\p{C}]|##`))
	g.Expect(w.fed(g, "").Exchanges[0].Request).To(Equal("##[set-output]\u202e\x1b[2J\u0085\ufffd"))
}
