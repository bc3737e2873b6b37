package conformance_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// BenchmarkRun is a whole run on the mock, the wait before the last look included.
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		result, err := conformance.Run(b.Context(), conformance.Config{Handler: mock.NewService(), Testbed: mock.TestbedPath, Seed: 1})
		if err != nil || result.Verdict != report.Conformant {
			b.Fatalf("%v, %+v", err, result)
		}
		b.ReportMetric(float64(result.Exchanges)/result.Seconds, "exchanges/s")
	}
}

// BenchmarkDelete is one exchange, by the generated client and the mock, over loopback.
func BenchmarkDelete(b *testing.B) {
	for _, size := range []int{1, contract.MaxBatch} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			implementation := mock.NewService()
			server := httptest.NewServer(implementation)
			defer server.Close()
			client, err := api.NewClientWithResponses(server.URL)
			if err != nil {
				b.Fatal(err)
			}
			params := &api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}
			for b.Loop() {
				b.StopTimer()
				ids := implementation.Create(contract.Normal, size)
				b.StartTimer()
				answer, err := client.DeleteSnapshotsWithResponse(b.Context(), params, api.DeleteSnapshotsRequest{SnapshotIds: ids})
				if err != nil || answer.StatusCode() != http.StatusOK {
					b.Fatalf("%v, %s", err, answer.Body)
				}
			}
		})
	}
}
