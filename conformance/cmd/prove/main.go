// Command prove has the suite judge mutants and twins.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/proof"
)

func main() {
	only := os.Args[1:]
	for _, v := range slices.Concat(mutants.Mutants(), mutants.Twins()) {
		if len(only) > 0 && !slices.Contains(only, v.Name) {
			continue
		}
		for _, seed := range []int64{1, 2, 3} {
			run := proof.Do(context.Background(), proof.Job{Name: v.Name, Seed: seed})
			caught := slices.ContainsFunc(v.Rules, func(rule string) bool { return run.Broken[rule] != nil })
			fmt.Printf("%-40s %-10s seed %d caught=%v %s %s %.2fs\n", v.Name, strings.Join(v.Rules, ","), seed, caught, run.Verdict, run.Reason, run.Seconds)
			for _, rule := range slices.Sorted(maps.Keys(run.Broken)) {
				fmt.Printf("    %-9s %q\n", rule, run.Broken[rule])
			}
		}
	}
}
