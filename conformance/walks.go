package conformance

import (
	"context"
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
		spare, deadline := s.spare(amount.snapshots), time.Now().Add(amount.time)
		odd := s.Harmless(ctx, oddTexts)
		shortest := &stumble{}
		walk.Search(walk.Settings{
			Seed: s.config.Seed, Rounds: amount.rounds, Width: amount.width, Length: amount.length, Shrink: amount.shrink,
			States: append(s.others(), contract.Normal),
		}, func(round []walk.Walk) (int, string) {
			over := time.Now().After(deadline) || s.people.Count() > spare
			if over && !shortest.found() {
				s.journal.omit("STATE-4", fmt.Sprintf("random walks were cut short: they may take %s and %d snapshots", amount.time, amount.snapshots))
			}
			if over || s.run.Err() != nil {
				return 0, "" // as good as a round that finds nothing: the search comes to its end
			}
			which, found := s.takeWalks(ctx, round, odd)
			if !found.found() || !shortest.alike(found) {
				return 0, "" // to go after another fault would lead away from this one
			}
			if shortest.shortens(found) {
				shortest = found
			}
			return which, found.String()
		})
		_, cancel := s.going(ctx) // ends the check here if the run has ended
		cancel()
		if shortest.found() {
			s.failWalk(shortest)
		}
	})
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
	_, found := s.takeWalks(ctx, []walk.Walk{given}, s.Harmless(ctx, oddTexts))
	if found.found() {
		found.first = found.done
		s.failWalk(found)
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
	told      []string
	exchanges []*target.Exchange
}

// stumble is a walk that came to something that is not permitted.
type stumble struct {
	*walker
	rules     []string
	what      string
	permitted string
	first     int // how many steps the first walk had that stumbled
}

func (f *stumble) found() bool { return f != nil && f.walker != nil }

// String says what it stumbled over, for whoever looks for a shorter walk that does the same.
func (f *stumble) String() string {
	if !f.found() {
		return ""
	}
	return strings.Join(f.rules, " ")
}

// alike tells whether another walk shows at least one of the same rules broken. The first is like any.
func (f *stumble) alike(by *stumble) bool {
	return !f.found() || slices.ContainsFunc(by.rules, func(rule string) bool { return slices.Contains(f.rules, rule) })
}

// shortens tells whether another walk is simpler.
func (f *stumble) shortens(by *stumble) bool {
	if !f.found() {
		by.first = by.done
		return true
	}
	by.first = f.first
	a, b := by.walk[:by.done].String(), f.walk[:f.done].String()
	return by.done < f.done || by.done == f.done && len(a) < len(b)
}

// takeWalks takes the walks of a round, all at once, and gives the one that stumbled first, by its place in the round.
func (s *suite) takeWalks(ctx context.Context, round []walk.Walk, odd []string) (which int, found *stumble) {
	stumbles := make([]*stumble, len(round))
	missing := s.Missing(ctx, walk.MostMissing)
	func() {
		defer GinkgoRecover() // where the run ends, it ends without a panic through the search
		s.Together(len(round), func(i int) {
			w := &walker{suite: s, walk: round[i], missing: missing, odd: odd}
			stumbles[i] = w.take(ctx)
		})
	}()
	which = max(0, slices.IndexFunc(stumbles, (*stumble).found))
	return which, stumbles[which]
}

// take carries the walk out until its end, or until it stumbles.
func (w *walker) take(ctx context.Context) *stumble {
	defer w.suite.lose(w)
	for _, step := range w.walk {
		if found := w.step(ctx, step); found != nil {
			return found
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
		ids := w.suite.Make(ctx, step.State, step.Count)
		w.made = append(w.made, ids...)
		w.tell(oracle.Abbreviate(ids))
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
	if rules := a.expected.Broken(a.said); len(rules) > 0 {
		return &stumble{walker: w, rules: rules, what: a.String(), permitted: a.expected.String()}
	}
	return nil
}

func (w *walker) garble(ctx context.Context, step walk.Step) *stumble {
	ids := w.ids(step)
	a := w.suite.Send(ctx, target.Request{Body: append(bodyOf(ids), '}')})
	w.exchanges = append(w.exchanges, a.Exchange)
	w.tell(a.String())
	if !oracle.Refused(a.said) {
		return &stumble{walker: w, rules: []string{"REQ-4"}, what: a.String(), permitted: "a refusal: any 4xx with an error envelope"}
	}
	return nil
}

// look has the testbed show snapshots. One that is on its way out may show anything; that it goes in time is watched.
func (w *walker) look(ctx context.Context, step walk.Step) *stumble {
	var sights []string
	for _, name := range step.Names {
		sight, discrepancy := w.observe(ctx, w.made[name.Number-1])
		sights = append(sights, sight.String())
		if discrepancy != nil {
			w.tell(strings.Join(sights, ", "))
			return &stumble{walker: w, rules: discrepancy.Rules, what: discrepancy.String(), permitted: "to " + discrepancy.Expected}
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

// spare is up to which number of snapshots a search may go on.
func (s *suite) spare(most int) int {
	spare := s.people.Count() + most
	if s.config.Budget > 0 {
		spare = min(spare, s.config.Budget-s.amount.portion)
	}
	return spare
}

// failWalk puts a walk down, for each rule that it shows broken.
func (s *suite) failWalk(f *stumble) {
	text := f.walk[:f.done].String()
	story := []string{
		fmt.Sprintf("a walk of %d steps, the shortest found of one of %d:", f.done, f.first),
	}
	for i, told := range f.told {
		story = append(story, fmt.Sprintf("%d. %s", i+1, told))
	}
	story = append(story, "this one again: --walk '"+text+"'", fmt.Sprintf("all walks again: --seed %d --effort %s", s.config.Seed, s.config.Effort))
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
	return &report.Walk{Steps: w.walk[:w.done].String(), Story: j.redactAll(w.told)}
}
