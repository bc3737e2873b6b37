package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// answer is an exchange, and for a request that was valid in form, what was permitted.
type answer struct {
	*target.Exchange
	said     oracle.Answer
	expected *oracle.Expectation
	also     []string // rules that the check tries by this exchange
	unsure   []string // snapshots named whose state was just passing: they may have been deleted, or denied
}

func (a *answer) String() string {
	switch {
	case a.Err != nil:
		return "no answer: " + a.Err.Error()
	case a.said.Status != http.StatusOK:
		return fmt.Sprintf("%d %s", a.said.Status, a.said.Code)
	case a.said.Unknown:
		return "200 with a list that cannot be read"
	}
	return "200, listed " + oracle.Abbreviate(a.said.Listed)
}

// telling tells whether the answer says what became of the snapshots that the request named.
func (a *answer) telling() bool {
	return oracle.Refused(a.said) || a.said.Status == http.StatusOK && !a.said.Unknown
}

// Send sends any body under the action, or whatever edit makes of the request.
func (s *suite) Send(ctx context.Context, request target.Request) *answer {
	ctx, cancel := s.going(ctx)
	defer cancel()
	if request.From == "" {
		request.From = *s.check.Load()
	}
	request.Within = s.silence.wait()
	e := s.target.Send(ctx, request)
	s.prices.add(*s.check.Load(), func(p *price) { p.exchanges++ })
	s.progress()
	if s.run.Err() != nil {
		AbortSuite(context.Cause(s.run).Error())
	}
	a := &answer{Exchange: e, said: e.Answer()}
	e.Shorten(s.keeps.take(len(e.Raw()) + target.Length(e.Header())))
	return a
}

// Delete asks for snapshots to be deleted. What is permitted is worked out beforehand, and what is to become of each
// snapshot is put down afterwards; also names the rules that are tried besides those that the oracle knows of.
func (s *suite) Delete(ctx context.Context, ids []string, also ...string) *answer {
	return s.DeleteAs(ctx, target.Request{Body: bodyOf(ids), Reuse: len(ids) <= contract.MaxBatch}, ids, also...)
}

// DeleteAs is Delete with a request that says the same in another way.
func (s *suite) DeleteAs(ctx context.Context, request target.Request, ids []string, also ...string) *answer {
	expected := oracle.Expect(ids, s.people.ClassOf)
	done := s.people.Asking(ids...)
	defer done()
	witness := s.before(ctx, ids)
	a := s.Send(ctx, request)
	a.expected, a.also = &expected, also
	s.after(ctx, witness, a)
	s.settle(a)
	witness.Judge()
	s.profile(a)
	return a
}

// before looks at the snapshots whose state passes by itself, if the request that is about to be sent names any.
func (s *suite) before(ctx context.Context, ids []string) *population.Witness {
	ctx, cancel := s.going(ctx)
	defer cancel()
	witness, err := s.people.Before(ctx, ids...)
	if err != nil {
		s.abort(err)
	}
	return witness
}

// after looks at them again, and has the answer expected that what they stood for permits.
func (s *suite) after(ctx context.Context, witness *population.Witness, a *answer) {
	ctx, cancel := s.going(ctx)
	defer cancel()
	classes, err := witness.After(ctx)
	if err != nil {
		s.abort(err)
	}
	if len(classes) == 0 {
		return
	}
	expected := a.expected.Given(classes)
	a.expected = &expected
	for id, class := range classes {
		if class == oracle.Leaving {
			a.unsure = append(a.unsure, id)
			s.miss("some requests tell nothing: the state of a snapshot that they named passed before they were answered")
		} else {
			s.met.Store(true)
		}
	}
}

// bodyOf spells the documented request.
func bodyOf(ids []string) []byte {
	body, _ := json.Marshal(map[string][]string{contract.FieldSnapshotIDs: ids}) // strings always encode
	return body
}

// settle puts down what the answer makes of each snapshot that was named. Where the answer is not permitted, it is
// held to what it says all the same: a listed snapshot was not deleted, and a refused request changed nothing.
func (s *suite) settle(a *answer) {
	expected, said := a.expected, a.said
	deletable, denied := expected.Of(oracle.Deletable), expected.Of(oracle.Denied)
	cause := func(rules ...string) population.Cause {
		return population.Cause{Exchange: a.Exchange, Rules: append(rules, a.also...)}
	}
	// Checks share the snapshots that are denied: what they are tried for besides says nothing about these.
	spared := func(ifGone ...string) population.Cause {
		return population.Cause{Exchange: a.Exchange, Rules: []string{"STATE-3"}, IfGone: append(ifGone, "STATE-2")}
	}
	switch {
	case oracle.Refused(said):
		s.people.Stays(cause("STATE-3", "BATCH-3"), deletable...)
		s.people.Stays(spared(), slices.Concat(denied, a.unsure)...)
	case said.Status == http.StatusOK && !said.Unknown:
		listed := func(id string) bool { return slices.Contains(said.Listed, id) }
		unlisted := slices.DeleteFunc(slices.Clone(deletable), listed)
		rules := []string{"PART-3", "BATCH-5", "STATE-1"}
		if len(expected.Failing()) > 0 {
			rules = append(rules, "PART-2")
		}
		if len(a.expected.IDs()) == contract.MaxBatch {
			rules = append(rules, "BATCH-1")
		}
		s.people.Goes(cause(rules...), unlisted...)
		s.people.Stays(cause("PART-3"), slices.DeleteFunc(deletable, func(id string) bool { return !listed(id) })...)
		s.people.Stays(spared("PART-3"), denied...)
		for _, id := range a.unsure {
			if listed(id) {
				s.people.Stays(spared("PART-3"), id)
			} else {
				s.people.Goes(cause("PART-3"), id)
			}
		}
		s.remember(unlisted)
	default: // a fault of the service: whatever could be deleted may have been, and nothing else
		s.people.Doubtful(slices.Concat(deletable, a.unsure)...)
		s.people.Stays(spared(), denied...)
	}
}

func (s *suite) remember(deleted []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, deleted...)
}

// Expect holds an answer against what one rule demands. A failed expectation is put down with its evidence and the
// check goes on: the next ones may find something else.
func (s *suite) Expect(rule string, a *answer) gomega.Assertion {
	return gomega.NewGomega(func(permitted string, _ ...int) {
		s.journal.fail(failure{rule: rule, check: *s.check.Load(), what: a.String(), permitted: permitted, exchanges: []*target.Exchange{a.Exchange}})
	}).Expect(a)
}

// ExpectPermitted holds the answer to a request that is valid in form against what the oracle permits.
func (s *suite) ExpectPermitted(a *answer) {
	rules := a.expected.Broken(a.said)
	if len(rules) > 0 {
		rules = append(rules, a.also...)
		slices.Sort(rules)
	}
	for _, rule := range slices.Compact(rules) {
		s.journal.fail(failure{rule: rule, check: *s.check.Load(), what: a.String(), permitted: a.expected.String(), exchanges: []*target.Exchange{a.Exchange}})
	}
}

// ExpectUntouched puts down that a request must have left the snapshots as they were, by these rules.
func (s *suite) ExpectUntouched(a *answer, ids []string, rules ...string) {
	if oracle.Refused(a.said) {
		rules = append(rules, "STATE-3")
	}
	s.people.Stays(population.Cause{Exchange: a.Exchange, Rules: rules}, ids...)
}

// discrepancy puts down that a snapshot is not as it should be. The check is that which named it last, or had it made
// and never named it, not that during which it was seen.
func (s *suite) discrepancy(d population.Discrepancy) {
	check := leavesAlone // which is there for snapshots that no check has had a use for, too
	if taker, taken := s.takenBy.Load(d.ID); taken {
		check = taker.(string)
	}
	if len(d.Exchanges) > 0 {
		check = d.Exchanges[len(d.Exchanges)-1].From
	}
	for _, rule := range d.Rules {
		s.journal.fail(failure{rule: rule, check: check, what: d.String(), permitted: "to " + d.Expected, exchanges: d.Exchanges})
	}
}
