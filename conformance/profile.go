package conformance

import (
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// profile records what a permitted answer tells of how the implementation reads the silences. Checks that ask about one
// silence record it themselves.
func (s *suite) profile(a *answer) {
	outcome, permitted := a.expected.Match(a.said)
	if !permitted {
		return
	}
	ids := a.expected.IDs()
	formal := outcome.Refusal() && outcome.Code == "" // refused for its form or its length, whatever the ids stand for
	missing, denied := len(a.expected.Of(oracle.Missing)), len(a.expected.Of(oracle.Denied))
	switch {
	case len(ids) > contract.MaxBatch:
		s.journal.chooseAnswer("answer-over-limit", a)
	case len(ids) == 1 && len(a.expected.Of(oracle.Leaving)) == 1:
		s.journal.choose("named-while-leaving", wordFor(outcome))
	case len(ids) == 1 && !contract.PlausibleID(ids[0]) && formal:
		s.journal.choose("odd-id", "refused")
	case len(ids) == 1 && !contract.PlausibleID(ids[0]):
		s.journal.choose("odd-id", "missing")
	case len(ids) == 1 || missing+denied < len(ids) || formal:
	case denied == 0:
		s.journal.choose("several-missing", wordFor(outcome))
	case missing == 0:
		s.journal.choose("several-denied", wordFor(outcome))
	default:
		s.journal.choose("missing-and-denied", wordFor(outcome))
	}
}

// profileRace records what those are told who come too late.
func (s *suite) profileRace(r *race) {
	for i, a := range r.answers {
		if outcome, permitted := a.expected.Match(a.said); permitted && r.contends(i) && outcome.Refusal() && len(a.expected.IDs()) == 1 {
			s.journal.choose("rivals", wordFor(outcome))
		}
	}
}

// profileDeletions records when deletions were seen.
func (s *suite) profileDeletions() {
	if late, seen := s.people.Deletions(); late {
		s.journal.choose("deletion", "later")
	} else if seen {
		s.journal.choose("deletion", "at-once")
	}
}

// wordFor is the word for an outcome of which several are permitted.
func wordFor(outcome oracle.Outcome) string {
	switch {
	case !outcome.Refusal() && len(outcome.Listed) == 0:
		return "success"
	case !outcome.Refusal():
		return "listed"
	case outcome.Code == contract.NotFound.Code:
		return "missing"
	}
	return "denied"
}
