package walk

import (
	"flag"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Settings say how walks are drawn.
type Settings struct {
	Seed   int64
	Rounds int              // of walks
	Width  int              // walks in a round; they are independent of each other
	Length int              // of a walk: a multiple of some five steps, on average
	States []contract.State // that snapshots can be made in
	Shrink time.Duration    // how long to look for shorter walks that show the same
}

// Search draws rounds of walks, the same ones for the same seed, until one of them stumbles: run has to carry a round
// out, and to say which walk stumbled, and over what, or nothing. Then it draws shorter and simpler walks in place of
// that one for as long as they stumble, so that the last one that did is the simplest.
func Search(settings Settings, run func(round []Walk) (which int, over string)) {
	stumbled, over := -1, map[string]string{} // by walk
	settings.apply(func() {
		stretch := rapid.SliceOfN(rapid.Custom(settings.step), 0, mostAtAStretch)
		rapid.Check(quiet{}, func(t *rapid.T) {
			var round []Walk
			for range settings.Width {
				var steps []raw
				if count := rapid.IntRange(0, 3).Draw(t, "made first"); count > 0 {
					steps = append(steps, raw{verb: Make, state: contract.Normal, count: count})
				}
				for range settings.Length {
					steps = append(steps, stretch.Draw(t, "steps")...)
				}
				round = append(round, resolve(steps))
			}
			var what string
			if stumbled < 0 {
				var which int
				if which, what = run(round); what != "" {
					stumbled, over[round[which].String()] = which, what
				}
			} else if w := round[stumbled]; len(w) > 0 { // the others have no part in it any more
				if _, known := over[w.String()]; !known {
					_, over[w.String()] = run([]Walk{w})
				}
				what = over[w.String()]
			}
			if what != "" {
				t.Fatal(what) // in one place, by which rapid knows that it is the same failure
			}
		})
	})
}

// apply sets what rapid reads from the flags of a test binary, and sets it back. Nobody else may use rapid meanwhile.
func (settings Settings) apply(do func()) {
	if flag.Lookup("test.short") == nil { // outside a test binary
		testing.Init()
	}
	if !flag.Parsed() {
		_ = flag.CommandLine.Parse(nil) // nothing to parse cannot be wrong
	}
	for name, value := range map[string]string{
		"rapid.seed":       strconv.FormatInt(settings.Seed, 10),
		"rapid.checks":     strconv.Itoa(settings.Rounds),
		"rapid.shrinktime": settings.Shrink.String(),
		"rapid.nofailfile": "true",
	} {
		before := flag.Lookup(name).Value.String()
		_ = flag.Set(name, value) // rapid has these flags, and the values are of their types
		defer func() { _ = flag.Set(name, before) }()
	}
	do()
}

// mostAtAStretch bounds the longest walk of a round, which the others have to wait for.
const mostAtAStretch = 10

// raw is a step before it is known how many snapshots there are to name.
type raw struct {
	verb  Verb
	state contract.State
	count int
	names []Name
	extra int
}

// How often each verb is drawn, and each number of ids that a request names besides those that are drawn for it: mostly
// none, and else so many that it is about as long as it may be. Rapid simplifies toward the first.
var (
	verbs  = []Verb{Make, Delete, Delete, Delete, Make, Delete, Delete, Again, Look, Look, Garble}
	extras = []int{
		0, 0, 0, 0, 0, 0, 0, 0, 3, 12, contract.MaxBatch / 2,
		contract.MaxBatch - 8, contract.MaxBatch - 5, contract.MaxBatch - 3, contract.MaxBatch - 2, contract.MaxBatch - 1, contract.MaxBatch,
	}
)

func (settings Settings) step(t *rapid.T) raw {
	step := raw{verb: rapid.SampledFrom(verbs).Draw(t, "verb")}
	switch step.verb {
	case Make:
		step.count = rapid.IntRange(1, 3).Draw(t, "count")
		step.state = contract.Normal
		if rapid.IntRange(0, 2).Draw(t, "other state") == 2 {
			step.state = rapid.SampledFrom(settings.States).Draw(t, "state")
		}
	case Again:
	default:
		step.names = rapid.SliceOfN(rapid.Custom(name), 1, 8).Draw(t, "names")
		if step.verb == Delete {
			step.extra = rapid.SampledFrom(extras).Draw(t, "extra")
		}
	}
	return step
}

func name(t *rapid.T) Name {
	kinds := []Kind{Made, Made, Made, Made, Made, Made, Missing, Missing, Odd}
	return Name{rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.IntRange(1, mostMade/2).Draw(t, "number")}
}

// resolve makes every name one of what there is by then, and leaves out what makes no sense.
func resolve(steps []raw) Walk {
	var w Walk
	made, asked := 0, false
	for _, r := range steps {
		step := Step{Verb: r.verb, State: r.state, Count: r.count, Extra: r.extra}
		for _, name := range r.names {
			if name.Kind == Made && made > 0 {
				name.Number = 1 + (name.Number-1)%made
			} else if name.Kind == Made {
				name.Kind = Missing
			}
			if r.verb != Look || name.Kind == Made {
				step.Names = append(step.Names, name)
			}
		}
		if r.verb == Again && !asked || r.verb == Look && len(step.Names) == 0 || made+step.Count > mostMade {
			continue
		}
		made += step.Count
		asked = asked || r.verb == Delete
		w = append(w, step)
	}
	return w
}

// quiet is the test that rapid reports to: whoever carries the rounds out knows what happened.
type quiet struct{ rapid.TB }

func (quiet) Helper()               {}
func (quiet) Name() string          { return "walks" }
func (quiet) Logf(string, ...any)   {}
func (quiet) Log(...any)            {}
func (quiet) Errorf(string, ...any) {}
func (quiet) FailNow()              {}
func (quiet) Failed() bool          { return false }
