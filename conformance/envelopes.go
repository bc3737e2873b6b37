package conformance

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// envelopes: ENV-1 to ENV-8. They are judged on every exchange of the run by the observer; the checks here make sure
// that every kind of answer is among those, whatever else is filtered out.
func (s *suite) envelopes() {
	const few = 5
	It("has the documented envelope for a success", Rule("ENV-1", "ENV-2", "ENV-3", "ENV-5", "ENV-6", "ENV-7", "ENV-8"), Catches(
		"quoted-response", "counts-requests", "no-inner-request-id", "no-response-where-nothing-failed", "two-request-ids-for-failures", "last-inner-id",
	), func(ctx SpecContext) {
		s.Together(few, func(int) {
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, "d")))
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, "dnm")))
		})
	})

	It("has the documented envelope for a refused snapshot", Rule("ENV-3", "ENV-4", "ENV-5", "ENV-6"), Catches(
		"request-ids-by-body", "no-message", "no-code-for-denied-ones", "always-ok", "problem-json",
	), func(ctx SpecContext) {
		s.Together(few, func(int) {
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, "m")))
			s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, "n")))
		})
	})

	It("has the documented envelope for a refused request", Rule("ENV-3", "ENV-4", "ENV-5", "ENV-6"), Catches("no-request-id", "moved-for-bad-json", "empty-message-for-too-many"), func(ctx SpecContext) {
		bodies := []string{`{}`, `{`, `{"snapshotIds":7}`}
		s.Together(len(bodies), func(i int) {
			s.Expect("REQ-4", s.Send(ctx, target.Request{Body: []byte(bodies[i])})).To(BeRefused())
		})
		s.Expect("BATCH-2", s.Delete(ctx, s.batch(ctx, repeat("m", contract.MaxBatch+1)))).To(BeRefused())
	})
}
