package callers_test

import (
	"testing"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

func BenchmarkJudge(b *testing.B) {
	for name, r := range map[string]*callers.Request{
		"one id":       request(body(`{"snapshotIds":["snap-5b1f0c7e"]}`)),
		"signed":       request(body(`{"snapshotIds":["snap-5b1f0c7e"]}`), signed),
		"a full batch": request(body(ids(contract.MaxBatch, contract.MaxBatch))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if breaches := callers.Judge(r); breaches != nil {
					b.Fatal(breaches)
				}
			}
		})
	}
}
