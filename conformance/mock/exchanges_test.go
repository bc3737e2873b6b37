package mock_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// TestWhatIsOnRecordHasABound: no caller can have the mock keep more than it has room for, whatever is long about a request.
func TestWhatIsOnRecordHasABound(t *testing.T) {
	t.Parallel()
	const (
		long     = 1 << 20
		requests = 64
		room     = 32 // of them
	)
	for name, row := range map[string]struct {
		method, query, header, body string
		fields                      int
	}{
		"a query":          {query: strings.Repeat("q", long)},
		"a method":         {method: strings.Repeat("M", long)},
		"a field":          {header: strings.Repeat("h", long)},
		"many fields":      {header: "h", fields: long / 100},
		"a body":           {body: strings.Repeat("b", long)},
		"more than a body": {body: strings.Repeat("b", 2*long)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, service := NewWithT(t), mock.NewService()
			for range requests {
				request := httptest.NewRequest("POST", contract.Path+"?"+row.query, strings.NewReader(row.body))
				if row.method != "" {
					request.Method = row.method
				}
				for range max(row.fields, 1) {
					request.Header.Add("X-Long", row.header)
				}
				service.ServeHTTP(httptest.NewRecorder(), request)
			}
			kept := service.Exchanges()
			if row.body != "" { // only the beginning of it is kept
				g.Expect(kept).To(HaveLen(requests))
				g.Expect(cap(kept[0].Request)).To(BeNumerically("<=", long/room))
				return
			}
			g.Expect(len(kept)).To(And(BeNumerically(">", 0), BeNumerically("<=", room)))
			g.Expect(kept[len(kept)-1].Number).To(Equal(requests))
		})
	}
}

// TestOneExchangeThatIsTooLongIsNotKept shows that there may be nothing on record.
func TestOneExchangeThatIsTooLongIsNotKept(t *testing.T) {
	t.Parallel()
	service := mock.NewService()
	request := httptest.NewRequest("POST", contract.Path, nil)
	request.Header.Set("X-Long", strings.Repeat("h", 33<<20))
	service.ServeHTTP(httptest.NewRecorder(), request)
	NewWithT(t).Expect(service.Exchanges()).To(BeEmpty())
}
