package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/report"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
	"github.com/zec-conformance/deletesnapshots/conformance/walk"
)

// walks tries what no single request shows: what comes of requests in an order that nobody thought of. The oracle is the
// model; what each snapshot stands for at each step is what the answers before have made of it.
func (s *suite) walks() {
	It("keeps to the contract on random walks", Rule("STATE-3", "STATE-4", "BATCH-3"), Catches("locks-what-a-refused-batch-repeats"), func(ctx SpecContext) {
		if s.config.Walk != "" {
			s.takeGiven(ctx)
			return
		}
		amount := s.amount.walks
		if amount.rounds == 0 {
			Skip("random walks take more snapshots than there are means for")
		}
		if _, spending := s.bed.(testbed.Spending); spending {
			Skip("random walks look at snapshots all the time, and this testbed can look at one only by deleting it")
		}
		spare, deadline := s.people.Paid()+amount.snapshots, time.Now().Add(amount.time)
		odd := s.Harmless(ctx, oddTexts)
		var simplest *stumble
		first := 0 // how many steps the first walk had that stumbled
		walk.Search(walk.Settings{
			Seed: s.config.Seed, Rounds: amount.rounds, Width: amount.width, Length: amount.length, Shrink: amount.shrink,
			States: append(s.others(), contract.Normal),
		}, func(round []walk.Walk) walk.Walk {
			if s.run.Err() != nil {
				return nil // as good as a round that finds nothing: the search comes to its end
			}
			if time.Now().After(deadline) || s.people.Paid()+snapshotsOf(round) > spare || !s.spares(snapshotsOf(round)) {
				if simplest == nil {
					s.journal.omit("STATE-4", fmt.Sprintf("random walks were cut short: they may take %s and %d snapshots, and what the budget has left", amount.time, amount.snapshots))
				}
				return nil
			}
			found := s.takeWalks(ctx, round, odd, simplest)
			if found == nil {
				return nil
			}
			if simplest == nil {
				first = found.done
			}
			simplest = found
			return found.taken()
		})
		_, cancel := s.going(ctx) // ends the check here if the run has ended
		cancel()
		if simplest != nil {
			s.failWalk(ctx, simplest, first, odd)
		}
	})
}

func snapshotsOf(round []walk.Walk) int {
	count := 0
	for _, w := range round {
		count += w.Snapshots()
	}
	return count
}

// spares tells whether the budget has so many snapshots left, and besides what the checks to come may take.
func (s *suite) spares(snapshots int) bool {
	return s.config.Budget == 0 || s.people.Paid()+snapshots+s.amount.portion <= s.config.Budget
}

// takeGiven takes the walk that the run was given.
func (s *suite) takeGiven(ctx context.Context) {
	given, err := walk.Parse(s.config.Walk)
	if err != nil {
		s.abort(err)
	}
	for _, step := range given {
		if step.Verb == walk.Make {
			s.needs(step.State)
		}
	}
	odd := s.Harmless(ctx, oddTexts)
	if found := s.takeWalks(ctx, []walk.Walk{given}, odd, nil); found != nil {
		s.failWalk(ctx, found, len(given), odd)
	}
}

// oddTexts are some of those that no implementation would hand out as an id. REQ-7 has more of them.
var oddTexts = []string{"", " ", "\x00", "null", "снимок", "a b", `"`, "'", "*", strings.Repeat("x", contract.MaxIDLength+1)}

// walker takes one walk.
type walker struct {
	suite *suite
	walk  walk.Walk

	made    []string // its snapshots, as they are numbered
	missing []string
	odd     []string
	last    []string // the ids of the last request for a deletion

	done      int // steps
	over      bool
	poor      bool // there are no more snapshots for it
	told      []string
	exchanges []*target.Exchange
}

// stumble is a walk that came to something that is not permitted.
type stumble struct {
	*walker
	rules     []string
	permitted string
}

// alike tells whether another walk shows at least one of the same rules broken. To go after another fault would lead away
// from this one.
func (f *stumble) alike(by *stumble) bool {
	return f == nil || slices.ContainsFunc(by.rules, func(rule string) bool { return slices.Contains(f.rules, rule) })
}

// taken is the walk as far as it got.
func (w *walker) taken() walk.Walk { return w.walk[:w.done] }

// takeWalks takes the walks of a round, all at once, and gives the first of those, by their place in the round, that
// stumbled over the like of an earlier stumble, which may be nil.
func (s *suite) takeWalks(ctx context.Context, round []walk.Walk, odd []string, like *stumble) *stumble {
	stumbles := make([]*stumble, len(round))
	func() {
		defer GinkgoRecover() // where the run ends, it ends without a panic through the search
		missing := s.Missing(ctx, walk.MostMissing)
		s.Together(len(round), func(i int) {
			w := &walker{suite: s, walk: round[i], missing: missing, odd: odd}
			stumbles[i] = w.take(ctx)
		})
	}()
	if first := slices.IndexFunc(stumbles, func(found *stumble) bool { return found != nil && like.alike(found) }); first >= 0 {
		return stumbles[first]
	}
	return nil
}

// take carries the walk out until its end, or until it stumbles.
func (w *walker) take(ctx context.Context) *stumble {
	defer w.suite.lose(w)
	for _, step := range w.walk {
		if found := w.step(ctx, step); found != nil {
			return found
		}
		if w.poor {
			break
		}
	}
	return w.lookBack(ctx)
}

// lookBack looks at every snapshot of the walk, all at once, when the walk is over.
func (w *walker) lookBack(ctx context.Context) *stumble {
	all := make([]walk.Name, len(w.made))
	for i := range all {
		all[i] = walk.Name{Number: i + 1}
	}
	if len(all) > 0 {
		w.begin(walk.Step{Verb: walk.Look, Names: all})
	}
	wrong := make([]bool, len(all))
	w.suite.Together(len(all), func(i int) {
		_, discrepancy := w.observe(ctx, w.made[i])
		wrong[i] = discrepancy != nil
	})
	if first := slices.Index(wrong, true); first >= 0 {
		w.told = w.told[:len(w.told)-1] // the story tells of the one that matters
		one := walk.Step{Verb: walk.Look, Names: all[first : first+1]}
		w.begin(one)
		return w.look(ctx, one)
	}
	w.over = true
	return nil
}

func (w *walker) step(ctx context.Context, step walk.Step) *stumble {
	w.done++
	w.begin(step)
	switch step.Verb {
	case walk.Make:
		w.make(ctx, step)
	case walk.Delete:
		w.last = w.ids(step)
		return w.ask(ctx)
	case walk.Again:
		return w.ask(ctx)
	case walk.Garble:
		return w.garble(ctx, step)
	case walk.Look:
		return w.look(ctx, step)
	}
	return nil
}

// make has snapshots made. Where the budget is at its end, a walk that was drawn ends, and one that was given is not taken.
func (w *walker) make(ctx context.Context, step walk.Step) {
	ids, err := w.suite.make(ctx, step.State, step.Count)
	if err != nil && (!errors.Is(err, population.ErrBudget) || w.suite.config.Walk != "") {
		w.suite.abort(err)
	}
	w.poor = err != nil
	w.made = append(w.made, ids...)
	w.tell(oracle.Abbreviate(ids))
}

// ids are what a step names.
func (w *walker) ids(step walk.Step) []string {
	var ids []string
	for _, name := range step.Names {
		from := map[walk.Kind][]string{walk.Made: w.made, walk.Missing: w.missing, walk.Odd: w.odd}[name.Kind]
		if len(from) == 0 {
			from = w.missing // the testbed would not vouch for any odd text
		}
		ids = append(ids, from[(name.Number-1)%len(from)])
	}
	return append(ids, w.missing[len(w.missing)-step.Extra:]...)
}

// ask sends the last request, for the first time or again.
func (w *walker) ask(ctx context.Context) *stumble {
	a := w.suite.Delete(ctx, w.last)
	w.exchanges = append(w.exchanges, a.Exchange)
	w.tell(a.String())
	w.heard(ctx, a)
	if rules := a.expected.Broken(a.said); len(rules) > 0 {
		return &stumble{walker: w, rules: rules, permitted: a.expected.String()}
	}
	return nil
}

func (w *walker) garble(ctx context.Context, step walk.Step) *stumble {
	ids := w.ids(step)
	done := w.suite.people.Asking(ids...)
	a := w.suite.Send(ctx, target.Request{Body: append(bodyOf(ids), '}')})
	w.suite.ExpectUntouched(a, ids, "REQ-4")
	done()
	w.exchanges = append(w.exchanges, a.Exchange)
	w.tell(a.String())
	w.heard(ctx, a)
	if !oracle.Refused(a.said) {
		return &stumble{walker: w, rules: []string{"REQ-4"}, permitted: "a refusal: any 4xx with an error envelope"}
	}
	return nil
}

// heard ends the walk, and the run, if there is no answer because nobody is there any more.
func (w *walker) heard(ctx context.Context, a *answer) {
	if a.Err == nil {
		return
	}
	w.suite.knock(func() bool { return true })
	_, cancel := w.suite.going(ctx)
	cancel()
}

// look has the testbed show snapshots. One that is on its way out may show anything; that it goes in time is watched.
func (w *walker) look(ctx context.Context, step walk.Step) *stumble {
	var sights []string
	for _, name := range step.Names {
		sight, discrepancy := w.observe(ctx, w.made[name.Number-1])
		sights = append(sights, sight.String())
		if discrepancy != nil {
			w.tell(strings.Join(sights, ", "))
			return &stumble{walker: w, rules: discrepancy.Rules, permitted: "to " + discrepancy.Expected}
		}
	}
	w.tell(strings.Join(sights, ", "))
	return nil
}

func (w *walker) observe(ctx context.Context, id string) (testbed.Sight, *population.Discrepancy) {
	ctx, cancel := w.suite.going(ctx)
	defer cancel()
	sight, discrepancy, err := w.suite.people.Observe(ctx, id)
	if err != nil {
		w.suite.abort(err)
	}
	return sight, discrepancy
}

// begin puts down a step, and tell what it came to.
func (w *walker) begin(step walk.Step) {
	w.told = append(w.told, step.String()+arrow+"no outcome")
}

func (w *walker) tell(outcome string) {
	last := &w.told[len(w.told)-1]
	step, _, _ := strings.Cut(*last, arrow)
	*last = step + arrow + outcome
}

const arrow = " → "

// failWalk puts a walk down, for each rule that it shows broken, and whether it shows so again.
func (s *suite) failWalk(ctx context.Context, f *stumble, first int, odd []string) {
	text := f.taken().String()
	story := []string{fmt.Sprintf("a walk of %d steps, the shortest found of one of %d:", f.done, first)}
	for i, told := range f.told {
		story = append(story, fmt.Sprintf("%d. %s", i+1, told))
	}
	again := "not taken again: the budget of snapshots is spent"
	if s.spares(f.taken().Snapshots()) {
		again = "taken again, it showed nothing: it takes other requests besides, or luck"
		if s.takeWalks(ctx, []walk.Walk{f.taken()}, odd, f) != nil {
			again = "taken again, it showed the same"
		}
	}
	story = append(story, again,
		"this one again: --walk '"+text+"'", fmt.Sprintf("all walks again: --seed %d --effort %s", s.config.Seed, s.config.Effort))
	for _, rule := range f.rules {
		s.journal.fail(failure{rule: rule, check: *s.check.Load(), what: strings.Join(story, "\n"), permitted: f.permitted, exchanges: f.exchanges})
	}
}

// lose keeps the walk that was under way when the run could not go on.
func (s *suite) lose(w *walker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run.Err() != nil && s.lostWay == nil && !w.over {
		s.lostWay = w
	}
}

func (w *walker) report(j *journal) *report.Walk {
	return &report.Walk{Steps: w.taken().String(), Story: j.redactAll(w.told)}
}
