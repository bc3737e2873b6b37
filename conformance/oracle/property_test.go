package oracle_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// largest is the size of the requests that are drawn: well beyond the limit.
const largest = 150

// request is one drawn at random: ids of any class, any of them named more than once.
type request struct {
	ids      []string
	distinct []string
	of       map[string]oracle.Class
}

func (r request) expect() oracle.Expectation { return oracle.Expect(r.ids, classes(r.of)) }

// with is the request with more ids at its end, of a class if they are new.
func (r request) with(class oracle.Class, more ...string) request {
	of := maps.Clone(r.of)
	distinct := slices.Clone(r.distinct)
	for _, id := range more {
		if _, known := of[id]; !known {
			of[id] = class
			distinct = append(distinct, id)
		}
	}
	return request{append(slices.Clone(r.ids), more...), distinct, of}
}

func (r request) failing() []string {
	return slices.DeleteFunc(slices.Clone(r.distinct), func(id string) bool { return r.of[id] == oracle.Deletable })
}

func (r request) has(class oracle.Class) bool {
	return slices.Contains(slices.Collect(maps.Values(r.of)), class)
}

// drawRequest draws a request of at most so many distinct ids. Some of the classes are left out of most requests, or
// hardly one would be without a deletable or an odd id.
func drawRequest(t *rapid.T, most int) request {
	palette := rapid.SliceOfNDistinct(rapid.SampledFrom(everyClass), 1, len(everyClass), rapid.ID).Draw(t, "palette")
	size := rapid.IntRange(1, most).Draw(t, "size")
	word := rapid.SliceOfN(rapid.SampledFrom(palette), size, size).Draw(t, "classes")
	const few = 4 // that are on their way out, or that nobody knows: each may be found to be one of three things, and the table is asked about all
	for i, leaving := 0, 0; i < len(word); i++ {
		if word[i] == oracle.Leaving || word[i] == oracle.Open {
			if leaving++; leaving > few {
				word[i] = oracle.Gone
			}
		}
	}
	r := request{of: map[string]oracle.Class{}}
	for i, class := range word {
		r = r.with(class, fmt.Sprint("id-", i))
	}
	r.ids = append(r.ids, rapid.SliceOfN(rapid.SampledFrom(r.ids), 0, largest-len(r.ids)).Draw(t, "again")...)
	r.ids = rapid.Permutation(r.ids).Draw(t, "ids")
	return r
}

// drawAnswer draws an answer that is right, nearly right or quite wrong.
func drawAnswer(t *rapid.T, r request) oracle.Answer {
	if rapid.Bool().Draw(t, "is no success") {
		return rapid.SampledFrom(plausible[0]).Draw(t, "answer")
	}
	list := r.failing()
	switch rapid.IntRange(0, 3).Draw(t, "change") {
	case 0:
		list = append(list, rapid.SampledFrom(append(r.distinct, "stranger")).Draw(t, "too much"))
	case 1:
		list = list[min(1, len(list)):]
	case 2:
		list = rapid.SliceOfDistinct(rapid.SampledFrom(r.distinct), rapid.ID).Draw(t, "some")
	}
	return listing(list...)
}

func judged(e oracle.Expectation, a oracle.Answer) (bool, []string) {
	_, ok := e.Match(a)
	return ok, e.Broken(a)
}

// TestLargeRequestsKeepTheTable holds requests of up to the limit against the table written out for the small ones.
func TestLargeRequestsKeepTheTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, contract.MaxBatch)
		answer := drawAnswer(t, r)
		want := byTableForAll(r.of)[said(answer)]
		want = want || mayRefuse(slices.Collect(maps.Values(r.of)), answer)
		want = want || len(r.ids) > contract.MaxBatch && answer.Status >= 400 && answer.Status <= 499
		ok, broken := judged(r.expect(), answer)
		NewWithT(t).Expect(ok).To(Equal(want), "%+v", answer)
		NewWithT(t).Expect(len(broken) == 0).To(Equal(want), "%+v breaks %v", answer, broken)
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, largest)
		answer := drawAnswer(t, r)
		ok, broken := judged(r.expect(), answer)

		other := r
		other.ids = rapid.Permutation(r.ids).Draw(t, "ids in another order")
		answer.Listed = rapid.Permutation(answer.Listed).Draw(t, "list in another order")
		okToo, brokenToo := judged(other.expect(), answer)
		NewWithT(t).Expect(okToo).To(Equal(ok), "%+v", answer)
		NewWithT(t).Expect(brokenToo).To(Equal(broken), "%+v", answer)
	})
}

func TestAnIDNamedAgainChangesNothingButTheCount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, largest)
		again := r
		again.ids = append(slices.Clone(r.ids), rapid.SampledFrom(r.ids).Draw(t, "named again"))
		answer := drawAnswer(t, r)
		before, ok := r.expect().Match(answer)
		after, okToo := again.expect().Match(answer)
		if len(r.ids) == contract.MaxBatch && oracle.Refused(answer) {
			NewWithT(t).Expect(okToo).To(BeTrue(), "it may count the duplicate: %+v", answer)
			return
		}
		NewWithT(t).Expect(okToo).To(Equal(ok), "%+v", answer)
		NewWithT(t).Expect(after).To(Equal(before))
	})
}

func TestAMissingIDIsListedAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, contract.MaxBatch-1).with(oracle.Deletable, "surely")
		more := r.with(oracle.Missing, "nobody")
		answer := drawAnswer(t, r)
		if len(r.distinct) == contract.MaxBatch || len(r.ids) == contract.MaxBatch {
			return // the limit is another matter
		}
		ok, _ := judged(r.expect(), answer)
		if answer.Status == 200 && !answer.Unknown {
			stillRight, broken := judged(more.expect(), answer)
			NewWithT(t).Expect(stillRight).To(BeFalse(), "it has to be listed: %+v", answer)
			NewWithT(t).Expect(broken).To(ContainElement("PART-3"))
			answer.Listed = append(slices.Clone(answer.Listed), "nobody")
		}
		okToo, _ := judged(more.expect(), answer)
		NewWithT(t).Expect(okToo).To(Equal(ok), "%+v", answer)
	})
}

func TestOverTheLimitThereAreOnlyRefusals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, largest)
		for i := range contract.MaxBatch + 1 - len(r.distinct) {
			r = r.with(rapid.SampledFrom(everyClass).Draw(t, "class"), fmt.Sprint("more-", i))
		}
		answer := drawAnswer(t, r)
		ok, broken := judged(r.expect(), answer)
		NewWithT(t).Expect(ok).To(Equal(answer.Status >= 400 && answer.Status <= 499), "%+v", answer)
		if !ok {
			NewWithT(t).Expect(broken).To(ContainElement("BATCH-2"), "%+v", answer)
			NewWithT(t).Expect(broken).To(HaveEach(BeElementOf("BATCH-2", "ENV-5", "REQ-4")), "%+v", answer)
		}
	})
}

// TestTheRightAnswerIsPermitted: whatever is asked for, the answer that deals with each id as the contract says is right,
// and so is each of those that the expectation names.
func TestTheRightAnswerIsPermitted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t, contract.MaxBatch)
		e := r.expect()
		g := NewWithT(t)
		if r.has(oracle.Deletable) || len(r.distinct) > 1 {
			g.Expect(e.Broken(listing(r.failing()...))).To(BeEmpty())
		}
		for _, outcome := range e.Permitted {
			if outcome.Status != 0 {
				some := rapid.SliceOfDistinct(rapid.SampledFrom(append(outcome.Perhaps, "")), rapid.ID).Draw(t, "listed besides")
				some = slices.DeleteFunc(some, func(id string) bool { return id == "" })
				answer := oracle.Answer{Status: outcome.Status, Code: outcome.Code, Listed: slices.Concat(outcome.Listed, some)}
				g.Expect(e.Broken(answer)).To(BeEmpty(), "%s", outcome)
			}
		}
		g.Expect(e.IDs()).To(ConsistOf(r.distinct))
		g.Expect(slices.Concat(e.Failing(), e.Of(oracle.Leaving), e.Of(oracle.Open), e.Of(oracle.Deletable))).To(ConsistOf(r.distinct))
	})
}
