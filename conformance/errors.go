package conformance

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// errors: ERR-1 and ERR-2, the answers to a single snapshot that cannot be deleted.
func (s *suite) errors() {
	It("answers for one missing snapshot that it is not found", Rule("ERR-1"), Catches("misses-every-20th"), func(ctx SpecContext) {
		ids := s.Missing(ctx, lanes)
		s.Again(len(ids), func(i int) { s.ExpectPermitted(s.Delete(ctx, ids[i:i+1])) })
	})

	It("answers for a missing snapshot that is named twice as if it were named once", Rule("ERR-1"), Catches("denies-a-missing-pair"), func(ctx SpecContext) {
		id := s.Missing(ctx, 1)[0]
		s.ExpectPermitted(s.Delete(ctx, []string{id, id}))
	})

	for _, state := range contract.States {
		if state == contract.Normal {
			continue
		}
		It("answers for one snapshot in state "+string(state)+" that its state forbids it", Rule("ERR-2", "STATE-2", "STATE-3"), Catches("calls-a-pair-of-"+slug(state)+"-bad"), func(ctx SpecContext) {
			ids := s.Make(ctx, state, 3)
			s.InLanes(lanes, max(len(ids), s.amount.again/len(contract.States)), func(i int) {
				id := ids[i%len(ids)]
				s.ExpectPermitted(s.Delete(ctx, []string{id}))
				s.ExpectPermitted(s.Delete(ctx, []string{id})) // asking again changes nothing
				s.ExpectPermitted(s.Delete(ctx, []string{id, id}))
			})
		})
	}

	It("answers rightly whatever was asked before", Rule("ERR-1", "ERR-2", "STATE-1", "PART-1", "BATCH-2", "REQ-4"), Catches(
		"repeats-a-denial", "remembers-a-list", "holds-a-grudge", "keeps-all-after-an-error", "list-of-one-is-text",
		"forgets-the-list-after-a-long-batch", "misses-denied-ones-after-bad-json",
	), func(ctx SpecContext) {
		valid := func(roles string) func() { return func() { s.ExpectPermitted(s.Delete(ctx, s.batch(ctx, roles))) } }
		malformed := func(request target.Request) func() {
			return func() { s.Expect("REQ-4", s.Send(ctx, request)).To(BeRefused()) }
		}
		missing := bodyOf(s.Missing(ctx, 2))
		ask := map[rune]func(){
			'd': valid("d"), 'm': valid("m"), 'n': valid("n"), '2': valid("md"), '3': valid("dnm"), '0': valid("nm"),
			'l': func() {
				s.Expect("BATCH-2", s.Delete(ctx, s.batch(ctx, repeat("m", contract.MaxBatch+1)))).To(BeRefused())
			},
			'j': malformed(target.Request{Body: missing[:len(missing)-1]}),
			't': malformed(target.Request{Body: []byte(`{"snapshotIds":7}`)}),
			'a': malformed(target.Request{Body: missing, Edit: func(r *http.Request) { r.Header.Set(contract.HeaderAction, "Nothing") }}),
		}
		for _, kind := range neighbourhoods("dmn230ljta", 2) { // one after the other, so that each kind follows each
			ask[kind]()
		}
	})
}
