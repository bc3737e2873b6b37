package conformance

import (
	"maps"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// normal is the price of a check that takes so many NORMAL snapshots of its own.
func normal(count int) price {
	return price{own: map[contract.State]int{contract.Normal: count}}
}

func TestChecksAreChosenByWhatIsNewThenByLevelThenByPrice(t *testing.T) {
	t.Parallel()
	checks := []Check{
		{Text: "must, dear", Rules: []string{"BATCH-1"}},
		{Text: "must, cheap", Rules: []string{"STATE-1"}},
		{Text: "must, cheap, nothing new", Rules: []string{"STATE-1"}},
		{Text: "should", Rules: []string{"CONC-2"}},
		{Text: "note", Rules: []string{"REQ-8"}},
		{Text: "note and must", Rules: []string{"REQ-9", "REQ-1"}},
	}
	takes := map[string]price{
		"must, dear": normal(50), "must, cheap": normal(2), "must, cheap, nothing new": normal(3),
		"should": normal(2), "note": normal(1), "note and must": normal(4),
	}
	for all, chosen := range map[int][]string{
		1:  {"note"}, // it pays for nothing that comes before
		3:  {"must, cheap", "note"},
		6:  {"must, cheap", "note and must"},
		10: {"must, cheap", "note", "note and must", "should"},
		56: {"must, cheap", "must, dear", "note and must"}, // what has to be comes before what is cheap
		59: {"must, cheap", "must, dear", "note", "note and must", "should"},
		62: {"must, cheap", "must, cheap, nothing new", "must, dear", "note", "note and must", "should"},
	} {
		g := NewWithT(t)
		given, total := choose(checks, takes, means{all: all}, newBill())
		var kept []string
		for _, check := range checks {
			if given[check.Text] == "" {
				kept = append(kept, check.Text)
			}
		}
		slices.Sort(kept)
		g.Expect(kept).To(Equal(chosen), "%d snapshots", all)
		g.Expect(total.all()).To(BeNumerically("<=", all))
		for _, why := range slices.Collect(maps.Values(given)) {
			g.Expect(why).To(ContainSubstring("the budget is"))
		}
	}
}

func TestWhatIsSharedIsPaidForOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	denied := func(count int) price {
		return price{shared: map[contract.State]int{contract.Leaving: count}, missing: count}
	}
	sum := newBill().with(denied(3)).with(denied(7)).with(denied(5)).with(normal(2))
	g.Expect(sum.all()).To(Equal(9))
	g.Expect(sum.missing).To(Equal(7))
	for name, c := range map[string]struct {
		means
		lacks string
	}{
		"enough":                 {means{each: map[contract.State]int{contract.Leaving: 7, contract.Normal: 2}, missing: 7}, ""},
		"no bound":               {means{}, ""},
		"too few of a state":     {means{each: map[contract.State]int{contract.Leaving: 6, contract.Normal: 2}, missing: 7}, "6 snapshots in state " + string(contract.Leaving)},
		"none of a state":        {means{each: map[contract.State]int{contract.Leaving: 9}, missing: 7}, "0 snapshots in state " + string(contract.Normal)},
		"too few ids of nothing": {means{each: map[contract.State]int{contract.Leaving: 7, contract.Normal: 2}, missing: 6}, "6 ids of nothing"},
		"too few in all":         {means{all: 8}, "the budget is 8"},
	} {
		if c.lacks == "" {
			g.Expect(c.means.lacks(sum)).To(BeEmpty(), name)
		} else {
			g.Expect(c.means.lacks(sum)).To(ContainSubstring(c.lacks), name)
		}
	}
}
