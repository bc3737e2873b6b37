package walk

import (
	"maps"
	"time"

	"pgregory.net/rapid"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// Settings say how walks are drawn.
type Settings struct {
	Seed   int64
	Rounds int              // of walks
	Width  int              // walks in a round, at the most; they are independent of each other
	Length int              // of a walk: a multiple of some five steps, on average
	States []contract.State // that snapshots can be made in
	Shrink time.Duration    // how long to look for shorter walks that show the same
}

// Search draws rounds of walks, the same ones for the same seed, until one of them stumbles, and then looks for shorter
// and simpler ones that do so, too. It has run carry a round out and give a walk of it that stumbled, the first of
// several, as far as it got; nil if none did. The last that run gives is the simplest that was found.
//
// Rapid draws the walks. It could shrink them, too, but takes one walk after the other for that; here a whole round of
// simpler walks is taken in the time of one, which is what counts where the target is far away.
func Search(settings Settings, run func(round []Walk) Walk) {
	drawn := rapid.Custom(settings.walk)
	for round := range settings.Rounds {
		walks := make([]Walk, settings.Width)
		for i := range walks {
			walks[i] = drawn.Example((int(settings.Seed)*settings.Rounds+round)*settings.Width + i)
		}
		if stumbled := run(walks); stumbled != nil {
			settings.shrink(stumbled, run)
			return
		}
	}
}

// shrink goes from a walk that stumbles to a simpler one that does, for as long as there is one, and time.
func (settings Settings) shrink(shortest Walk, run func(round []Walk) Walk) {
	deadline := time.Now().Add(settings.Shrink)
	passed := map[string]bool{} // without a stumble
	for time.Now().Before(deadline) {
		var round []Walk
		known := maps.Clone(passed)
		for _, simpler := range shortest.simpler() {
			if text := simpler.String(); !known[text] && len(round) < settings.Width {
				known[text] = true
				round = append(round, simpler)
			}
		}
		if len(round) == 0 {
			return
		}
		if stumbled := run(round); stumbled != nil {
			shortest = stumbled
			continue
		}
		for _, w := range round {
			passed[w.String()] = true
		}
	}
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
// none, and else so many that it is about as long as it may be.
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

func (settings Settings) walk(t *rapid.T) Walk {
	var steps []raw
	if count := rapid.IntRange(0, 3).Draw(t, "made first"); count > 0 {
		steps = append(steps, raw{verb: Make, state: contract.Normal, count: count})
	}
	for range settings.Length {
		steps = append(steps, rapid.SliceOfN(rapid.Custom(settings.step), 0, mostAtAStretch).Draw(t, "steps")...)
	}
	return resolve(steps)
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
