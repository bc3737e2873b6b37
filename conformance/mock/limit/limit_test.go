package limit

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// clock is one that is set by hand.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func ask(s *mock.Service, path string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, strings.NewReader("{}")))
	return recorder
}

func TestRateTakesAsManyAsASecondHas(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		perSecond float64
		at        int // once
		after     time.Duration
		wait      string
	}{
		{2, 2, 500 * time.Millisecond, "1"},
		{1, 1, time.Second, "1"},
		{0.5, 1, 2 * time.Second, "2"},
		{0.3, 1, 4 * time.Second, "4"},
		{100, 100, 10 * time.Millisecond, "1"},
	} {
		g := NewWithT(t)
		own := &clock{time.Unix(1e9, 0)}
		s := mock.NewService(at(row.perSecond, own.now))
		for range row.at {
			g.Expect(ask(s, contract.Path).Code).NotTo(Equal(contract.TooFast.Status))
		}
		for range 3 { // what is put off does not count
			got := ask(s, contract.Path)
			g.Expect(got.Code).To(Equal(contract.TooFast.Status))
			g.Expect(got.Header().Get("Retry-After")).To(Equal(row.wait))
			var envelope api.Failure
			g.Expect(json.Unmarshal(got.Body.Bytes(), &envelope)).To(Succeed())
			g.Expect(envelope.Code).To(Equal(contract.TooFast.Code))
			g.Expect(contract.UsualRequestID(envelope.RequestId)).To(BeTrue())
		}
		g.Expect(ask(s, mock.TestbedPath+"/snapshots").Code).NotTo(Equal(contract.TooFast.Status), "the testbed is not limited")
		own.Time = own.Add(row.after)
		g.Expect(ask(s, contract.Path).Code).NotTo(Equal(contract.TooFast.Status))
		g.Expect(ask(s, contract.Path).Code).To(Equal(contract.TooFast.Status))
	}
}

func TestRateBearsAnyNumber(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(ask(mock.NewService(Rate(math.MaxFloat64)), contract.Path).Code).NotTo(Equal(contract.TooFast.Status))
	slow := mock.NewService(Rate(math.SmallestNonzeroFloat64))
	g.Expect(ask(slow, contract.Path).Code).NotTo(Equal(contract.TooFast.Status))
	got := ask(slow, contract.Path)
	g.Expect(got.Code).To(Equal(contract.TooFast.Status))
	g.Expect(got.Header().Get("Retry-After")).To(MatchRegexp(`^[1-9]\d*$`))
}
