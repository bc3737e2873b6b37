package conformance

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// price is what a check takes of a run that finds nothing.
type price struct {
	own       map[contract.State]int // snapshots that it has made for itself
	shared    map[contract.State]int // that it uses together with other checks, and does not use up
	missing   int                    // ids of nothing, which checks use together as well
	exchanges int
}

// prices counts what each check takes while a run goes on. It may be used by several goroutines.
type prices struct {
	mu sync.Mutex
	of map[string]*price // by the text of the check
}

func (p *prices) add(check string, change func(*price)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[string]*price{}
	}
	if p.of[check] == nil {
		p.of[check] = &price{own: map[contract.State]int{}, shared: map[contract.State]int{}}
	}
	change(p.of[check])
}

// means is what a run may spend.
type means struct {
	all     int                    // snapshots in all states together; 0 for any number
	each    map[contract.State]int // of each state; nil for any number
	missing int                    // ids of nothing, where no others can be made up; matters where each is not nil
}

func (m means) bounded() bool { return m.all > 0 || m.each != nil }

// most is how many snapshots there can be, of all states together, where that is bounded.
func (m means) most() int {
	sum := 0
	for _, count := range m.each {
		sum += count
	}
	if m.each == nil || m.all > 0 && m.all < sum {
		return m.all
	}
	return sum
}

// bill is what several checks take together.
type bill struct {
	own, shared map[contract.State]int
	missing     int
	exchanges   int
}

func newBill() bill {
	return bill{own: map[contract.State]int{}, shared: map[contract.State]int{}}
}

// with gives the bill with another check on it.
func (b bill) with(p price) bill {
	sum := bill{own: maps.Clone(b.own), shared: maps.Clone(b.shared), missing: max(b.missing, p.missing), exchanges: b.exchanges + p.exchanges}
	for state, count := range p.own {
		sum.own[state] += count
	}
	for state, count := range p.shared {
		sum.shared[state] = max(sum.shared[state], count)
	}
	return sum
}

// snapshots gives how many of each state are on the bill.
func (b bill) snapshots() map[contract.State]int {
	sum := maps.Clone(b.own)
	for state, count := range b.shared {
		sum[state] += count
	}
	return sum
}

// all is how many snapshots are on the bill.
func (b bill) all() (count int) {
	for _, n := range b.snapshots() {
		count += n
	}
	return count
}

// lacks says what the means lack for the bill, and nothing if they suffice.
func (m means) lacks(b bill) string {
	if m.all > 0 && b.all() > m.all {
		return fmt.Sprintf("the budget is %d snapshots", m.all)
	}
	if m.each == nil {
		return ""
	}
	snapshots := b.snapshots()
	for _, state := range contract.States {
		if snapshots[state] > m.each[state] {
			return fmt.Sprintf("the testbed has %d snapshots in state %s", m.each[state], state)
		}
	}
	if b.missing > m.missing {
		return fmt.Sprintf("the testbed has %d ids of nothing", m.missing)
	}
	return ""
}

// choose picks the checks that the means suffice for, and says for each of the others why not. What is tried at all counts
// more than how often, and a rule of level MUST more than another: checks that try rules which no chosen check tries come
// first, level by level, those with the lowest price for each such rule before the others; then the rest, in the same order.
func choose(checks []Check, takes map[string]price, m means, sum bill) (given map[string]string, total bill) {
	given = map[string]string{}
	tried := map[string]bool{}
	left := slices.Clone(checks)
	news := func(c Check) (count int) {
		for _, rule := range c.Rules {
			if !tried[rule] {
				count++
			}
		}
		return count
	}
	old := func(c Check) int {
		if news(c) > 0 {
			return 0
		}
		return 1
	}
	cost := func(c Check) float64 {
		return float64(sum.with(takes[c.Text]).all()-sum.all()) / float64(max(1, news(c)))
	}
	for len(left) > 0 {
		best := slices.MinFunc(left, func(a, b Check) int {
			return cmp.Or(cmp.Compare(old(a), old(b)), cmp.Compare(a.rank(), b.rank()), cmp.Compare(cost(a), cost(b)))
		})
		left = slices.DeleteFunc(left, func(c Check) bool { return c.Text == best.Text })
		with := sum.with(takes[best.Text])
		if lack := m.lacks(with); lack != "" {
			given[best.Text] = fmt.Sprintf("given up: it would take %d more snapshots, and %s", with.all()-sum.all(), lack)
			continue
		}
		sum = with
		for _, rule := range best.Rules {
			tried[rule] = true
		}
	}
	return given, sum
}

// rank orders checks by the highest level among their rules.
func (c Check) rank() int {
	best := len(contract.Levels)
	for _, id := range c.Rules {
		rule, _ := contract.RuleByID(id)
		best = min(best, slices.Index(contract.Levels, rule.Level))
	}
	return best
}
