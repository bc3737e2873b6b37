package walk

import (
	"slices"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// simpler gives walks that do less than this one: first those with a run of steps left out, half of the walk to begin
// with and single steps in the end, then those with a snapshot fewer, then those with one step that names less. A walk
// of which no simpler one stumbles is one in which every step, snapshot and name is there for a reason.
func (w Walk) simpler() []Walk {
	all := func(int) bool { return true }
	var walks []Walk
	for size := (len(w) + 1) / 2; size > 0; size /= 2 {
		for at := 0; at < len(w); at += size {
			walks = append(walks, w.part(func(step int) bool { return step < at || step >= at+size }, all))
		}
	}
	if named := w.named(); len(named) < w.Snapshots() {
		walks = append(walks, w.part(all, func(snapshot int) bool { return named[snapshot] }))
	}
	for i := range w.Snapshots() {
		walks = append(walks, w.part(all, func(snapshot int) bool { return snapshot != i+1 }))
	}
	for at, step := range w {
		for _, less := range step.simpler() {
			changed := slices.Clone(w)
			changed[at] = less
			walks = append(walks, changed)
		}
	}
	return slices.DeleteFunc(walks, func(simpler Walk) bool { return len(simpler) == 0 })
}

// simpler gives steps that do less than this one, or name what is simpler, but make as many snapshots.
func (s Step) simpler() []Step {
	var steps []Step
	less := func(change func(step *Step)) {
		step := s
		step.Names = slices.Clone(s.Names)
		change(&step)
		if len(step.Names)+step.Extra > 0 || s.Verb == Make {
			steps = append(steps, step)
		}
	}
	if s.Verb == Make && s.State != contract.Normal {
		less(func(step *Step) { step.State = contract.Normal })
	}
	if s.Extra > 0 {
		less(func(step *Step) { step.Extra = 0 })
	}
	if 0 < s.Extra && s.Extra < mostExtra {
		less(func(step *Step) { step.Extra = mostExtra }) // which needs no names besides to be too long
	}
	if half := len(s.Names) / 2; half > 1 {
		less(func(step *Step) { step.Names = step.Names[half:] })
		less(func(step *Step) { step.Names = step.Names[:half] })
	}
	for i, name := range s.Names {
		less(func(step *Step) { step.Names = slices.Delete(step.Names, i, i+1) })
		if simplest := (Name{Missing, 1}); name != simplest && s.Verb != Look {
			less(func(step *Step) { step.Names[i] = simplest })
		}
	}
	return steps
}

// named gives the snapshots that any step names.
func (w Walk) named() map[int]bool {
	named := map[int]bool{}
	for _, step := range w {
		for _, name := range step.Names {
			if name.Kind == Made {
				named[name.Number] = true
			}
		}
	}
	return named
}

// part takes some of the steps, and has some of the snapshots made, which get new numbers. The names of others are left
// out, and the steps for which nothing is left to do.
func (w Walk) part(takes func(at int) bool, makes func(snapshot int) bool) Walk {
	var part Walk
	numbers := map[int]int{} // new ones, by the old
	made, asked := 0, false
	for at, step := range w {
		count := 0
		for range step.Count {
			if made++; takes(at) && makes(made) {
				numbers[made] = len(numbers) + 1
				count++
			}
		}
		var names []Name
		for _, name := range step.Names {
			if name.Kind != Made {
				names = append(names, name)
			} else if number, still := numbers[name.Number]; still {
				names = append(names, Name{Made, number})
			}
		}
		step.Count, step.Names = count, names
		if takes(at) && (count+len(names)+step.Extra > 0 || step.Verb == Again && asked) {
			asked = asked || step.Verb == Delete
			part = append(part, step)
		}
	}
	return part
}
