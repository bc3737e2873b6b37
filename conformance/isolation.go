package conformance

import (
	. "github.com/onsi/ginkgo/v2"
)

const leavesAlone = "leaves alone what nobody named"

// isolation: ISO-1. Every snapshot that nobody names is looked at when the run is over; the check here puts some in
// every state beside deletions of every kind.
func (s *suite) isolation() {
	It(leavesAlone, Rule("ISO-1"), Catches(
		"deletes-the-newest-later", "finishes-creating", "flickers",
	), func(ctx SpecContext) {
		var bystanders []string
		for _, state := range s.others() {
			bystanders = append(bystanders, s.Make(ctx, state, 2)...)
		}
		for _, roles := range []string{"d", "dd", "dnm", "n", "m", "nm", repeat("d", 20)} {
			batch := s.batch(ctx, roles)
			bystanders = append(s.Newest(ctx, 1), bystanders...) // the newest first, since some of a list are looked at at once
			answer := s.Delete(ctx, batch)
			s.ExpectPermitted(answer)
			s.ExpectUntouched(answer, bystanders, "ISO-1")
		}
	})
}
