package walk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/walk"
)

func TestAWalkIsReadAsItIsWritten(t *testing.T) {
	g := NewWithT(t)
	text := "make NORMAL 2; make FAILED; delete 1 3 m1 1 o2; again; look 3 1; delete 2 +100; garble 3 m2"
	w, err := walk.Parse(text)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(w.String()).To(Equal(text))
	g.Expect(w[2]).To(Equal(walk.Step{Verb: walk.Delete, Names: []walk.Name{
		{Kind: walk.Made, Number: 1}, {Kind: walk.Made, Number: 3}, {Kind: walk.Missing, Number: 1}, {Kind: walk.Made, Number: 1}, {Kind: walk.Odd, Number: 2},
	}}))
	g.Expect(w[5].Extra).To(Equal(100))
	lax, err := walk.Parse("  make AVAILABLE ;delete   1 +1 +2")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(lax.String()).To(Equal("make NORMAL; delete 1 +3"))
}

func TestAWalkThatCannotBeReadIsRefusedInOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                              `step 1, "": there is nothing to do`,
		"make NORMAL;":                  `step 2, "": there is nothing to do`,
		"jump 1":                        `step 1, "jump 1": there is no such verb`,
		"make":                          "give a state and a count",
		"make NORMAL 1 2":               "give a state and a count",
		"make GONE":                     `there is no state "GONE"`,
		"make NORMAL 0":                 `"0" is not a number from 1 to 20`,
		"make NORMAL 21":                `"21" is not a number from 1 to 20`,
		"delete":                        "it names nothing",
		"delete 1":                      `"1" is none of the 0 snapshots that were made before`,
		"make NORMAL; delete 2":         `step 2, "delete 2": "2" is none of the 1 snapshots`,
		"delete m0":                     `"0" is not a number`,
		"delete m1 +0":                  `"0" is not a number`,
		"delete m1 +1000":               `"1000" is not a number from 1 to`,
		"delete m99":                    `"99" is not a number from 1 to 20`,
		"delete +101 +1":                "it names 102 ids besides, and 101 are the most",
		"make NORMAL 20; make FAILED":   "20 snapshots have been made before, and a walk makes 20 at the most",
		"again":                         "again stands alone, and after a delete",
		"delete m1; again 2":            "again stands alone",
		"look m1":                       `"m1" is no snapshot to look at`,
		"make NORMAL; look 1 +3":        `"+3" is none of the 1 snapshots`,
		"make NORMAL; garble +3":        `"+3" is none of the 1 snapshots`,
		strings.Repeat("delete m1;", 3): "there is nothing to do",
	} {
		g := NewWithT(t)
		_, err := walk.Parse(text)
		g.Expect(err).To(MatchError(ContainSubstring(want)), text)
		g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
	}
}

// settings are those of a usual run, with time to shrink.
var settings = walk.Settings{Seed: 7, Rounds: 2, Width: 48, Length: 2, States: contract.States, Shrink: time.Minute}

func TestTheSameSeedDrawsTheSameWalksAndEachCanBeWrittenDown(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	draw := func(seed int64) (all []string) {
		settings := settings
		settings.Seed = seed
		walk.Search(settings, func(round []walk.Walk) walk.Walk {
			g.Expect(round).To(HaveLen(settings.Width))
			for _, w := range round {
				all = append(all, w.String())
			}
			return nil
		})
		return all
	}
	first := draw(7)
	g.Expect(first).To(HaveLen(settings.Rounds * settings.Width))
	g.Expect(draw(7)).To(Equal(first))
	g.Expect(draw(8)).NotTo(ContainElements(first[:settings.Rounds]))
	g.Expect(draw(-7)).To(Equal(draw(-7)))
	for _, text := range first {
		if text == "" {
			continue
		}
		w, err := walk.Parse(text)
		g.Expect(err).NotTo(HaveOccurred(), text)
		g.Expect(w.String()).To(Equal(text))
	}
	all := strings.Join(first, "; ")
	for _, form := range []string{"make NORMAL", "make FAILED", "delete 1", "; again", "look 1", "garble", " o1", " m1", " +100"} {
		g.Expect(strings.Contains(all, form)).To(BeTrue(), form)
	}
}

// TestSearchFindsTheSimplestWalk, whatever it begins with.
func TestSearchFindsTheSimplestWalk(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		shows    func(walk.Walk) bool
		simplest string
	}{
		"the same snapshot deleted twice": {twice, "make NORMAL; delete 1; delete 1"},
		"a batch that is too long and then a snapshot of it": {
			func(w walk.Walk) bool {
				var refused []walk.Name
				for _, step := range w {
					if step.Verb == walk.Delete && len(step.Names)+step.Extra > contract.MaxBatch {
						refused = append(refused, step.Names...)
					} else if step.Verb == walk.Delete && slices.ContainsFunc(step.Names, func(name walk.Name) bool {
						return name.Kind == walk.Made && slices.Contains(refused, name)
					}) {
						return true
					}
				}
				return false
			},
			`^make NORMAL; delete 1 \+101; delete 1$`,
		},
		"two missing ids": {
			func(w walk.Walk) bool {
				return slices.ContainsFunc(w, func(step walk.Step) bool {
					return step.Verb == walk.Delete && slices.Contains(step.Names, walk.Name{Kind: walk.Missing, Number: 2})
				})
			},
			"delete m2",
		},
		"a third snapshot": {
			func(w walk.Walk) bool { return strings.Contains(w.String(), "delete 3") },
			`^make NORMAL (3|2; make NORMAL); delete 3$|^make NORMAL; make NORMAL( 2|; make NORMAL); delete 3$`,
		},
		"a request again": {
			func(w walk.Walk) bool {
				return slices.ContainsFunc(w, func(step walk.Step) bool { return step.Verb == walk.Again })
			},
			`^delete (m1|\+101); again$`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range int64(20) {
				g := NewWithT(t)
				settings := settings
				settings.Seed, settings.Rounds = seed, 20 // until one is found
				var last string
				rounds := 0
				walk.Search(settings, func(round []walk.Walk) walk.Walk {
					rounds++
					g.Expect(len(round)).To(BeNumerically("<=", settings.Width))
					if at := slices.IndexFunc(round, fault.shows); at >= 0 {
						last = round[at].String()
						return round[at]
					}
					return nil
				})
				g.Expect(last).To(MatchRegexp(fault.simplest), "seed %d", seed)
				g.Expect(rounds).To(BeNumerically("<", 50), "seed %d", seed)
				_, err := walk.Parse(last)
				g.Expect(err).NotTo(HaveOccurred(), last)
			}
		})
	}
}

func TestSearchKeepsToItsTime(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	settings := settings
	settings.Shrink = 0
	rounds := 0
	walk.Search(settings, func(round []walk.Walk) walk.Walk {
		rounds++
		return round[0]
	})
	g.Expect(rounds).To(Equal(1))
}

// twice tells whether a walk deletes a NORMAL snapshot and names it again.
func twice(w walk.Walk) bool {
	named := map[int]bool{}
	for _, step := range w {
		if step.Verb != walk.Delete || step.Extra > 0 {
			continue
		}
		for _, name := range step.Names {
			if name.Kind == walk.Made && named[name.Number] {
				return true
			}
		}
		for _, name := range step.Names {
			named[name.Number] = named[name.Number] || name.Kind == walk.Made
		}
	}
	return false
}
