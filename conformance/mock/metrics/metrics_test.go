package metrics_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/metrics"
)

// scraped is a mock with metrics, as Prometheus sees it.
type scraped struct {
	*metrics.Metrics
	service *mock.Service
	handler http.Handler
}

func serve() scraped {
	m := metrics.New()
	service := mock.NewService(mock.WithObserver(m.Observe))
	return scraped{m, service, m.Around(service, service)}
}

func (s scraped) send(method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	for name, value := range header {
		request.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, request)
	return w
}

func (s scraped) scrape(g *WithT) string {
	got := s.send(http.MethodGet, metrics.Path, "", nil)
	g.Expect(got.Code).To(Equal(http.StatusOK))
	return got.Body.String()
}

func TestWhatAMockDoesIsCounted(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve()
	s.service.Create(contract.Normal, 3)
	delete := map[string]string{"Content-Type": contract.ContentType, contract.HeaderAction: contract.Action}
	for range 2 {
		s.send(http.MethodPost, contract.Path, `{"snapshotIds": ["a"]}`, delete)
	}
	s.send(http.MethodPost, contract.Path, fmt.Sprintf(`{"snapshotIds": [%q]}`, s.service.Create(contract.Normal, 1)[0]), delete)
	s.send(http.MethodGet, contract.Path, "", nil)
	got := s.scrape(g)
	for _, line := range []string{
		`zec_mock_requests_total{action="DeleteSnapshots",code="INVALID_DISK_SNAPSHOT_NOT_FOUND",status="404"} 2`,
		`zec_mock_requests_total{action="DeleteSnapshots",code="none",status="200"} 1`,
		`zec_mock_requests_total{action="none",code="AUTHFAILURE_UNAUTHORIZED_OPERATION",status="405"} 1`,
		`zec_mock_request_duration_seconds_count{action="DeleteSnapshots"} 3`,
		`zec_mock_breaches_total{rule="CALL-5"} 3`,
		`zec_mock_breaches_total{rule="CALL-1"} 1`,
		`zec_mock_snapshots{state="NORMAL"} 3`,
		`zec_mock_snapshots{state="CREATING"} 0`,
	} {
		g.Expect(got).To(ContainSubstring(line + "\n"))
	}
	g.Expect(got).To(And(ContainSubstring("go_build_info{"), ContainSubstring("go_goroutines ")))
	g.Expect(serve().scrape(g)).NotTo(ContainSubstring("zec_mock_requests_total{"), "another mock has none of it")
}

func TestPromlintHasNothingToSay(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve()
	s.Observe(&mock.Exchange{Action: contract.Action, Status: http.StatusOK, Fault: "late", Breaches: []callers.Breach{{Rule: "CALL-1"}}})
	var own strings.Builder // the others are the library's
	for line := range strings.Lines(s.scrape(g)) {
		if strings.Contains(line, "zec_mock_") {
			own.WriteString(line)
		}
	}
	problems, err := promlint.New(strings.NewReader(own.String())).Lint()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(problems).To(BeEmpty())
}

func TestThereAreOnlySoManySeries(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve()
	for i := range 1000 {
		s.Observe(&mock.Exchange{
			Action: fmt.Sprintf("Odd%d\xff", i), Status: 600 + i, Answer: fmt.Appendf(nil, `{"code": "ODD_%d"}`, i),
			Took: time.Duration(i), Fault: fmt.Sprintf("odd %d\xff\n", i),
		})
	}
	s.Observe(&mock.Exchange{})
	got := s.scrape(g)
	g.Expect(got).To(ContainSubstring(`zec_mock_requests_total{action="other",code="other",status="other"} 1000`))
	g.Expect(got).To(ContainSubstring(`zec_mock_requests_total{action="none",code="none",status="none"} 1`))
	g.Expect(strings.Count(got, "\nzec_mock_faults_total{")).To(Equal(257))
	g.Expect(got).To(ContainSubstring(`zec_mock_faults_total{fault="other"} 744`))
}

func TestOtherRequestsAreTheMocks(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve()
	for _, path := range []string{"/", "/metrics/", "//metrics", "/%6Detrics"} {
		g.Expect(s.send(http.MethodGet, path, "", nil).Code).To(Equal(http.StatusNotFound), path)
	}
	g.Expect(s.send(http.MethodPost, metrics.Path, "", nil).Code).To(Equal(http.StatusNotFound))

	server := httptest.NewServer(s.handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+metrics.Path, nil)
	g.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Accept", "application/openmetrics-text") // as Prometheus asks
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(ContainSubstring("zec_mock_snapshots"))
}
