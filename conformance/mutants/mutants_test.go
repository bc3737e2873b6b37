package mutants_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance"
	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

func all() []mutants.Variant { return slices.Concat(mutants.Mutants(), mutants.Twins()) }

// TestVariantsTellWhatTheyAre: a proof speaks of them by name, and reports finish the sentence that starts with "it".
func TestVariantsTellWhatTheyAre(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seen := map[string]bool{}
	for _, v := range all() {
		g.Expect(v.Name).To(MatchRegexp(`^[a-z0-9]+(-[a-z0-9]+)*$`))
		g.Expect(seen).NotTo(HaveKey(v.Name))
		seen[v.Name] = true
		g.Expect(v.Does).To(MatchRegexp(`^[a-z].*[^.\s]$`), v.Name)
		g.Expect(v.Does).NotTo(ContainSubstring("\n"), v.Name)
		g.Expect(v.Effort).To(BeElementOf("", string(conformance.Normal), string(conformance.Thorough)), v.Name)
		named, known := mutants.Named(v.Name)
		g.Expect(known).To(BeTrue(), v.Name)
		g.Expect(named.Does).To(Equal(v.Does))
	}
	_, known := mutants.Named("nobody")
	g.Expect(known).To(BeFalse())
}

func TestMutantsBreakRulesAndTwinsNone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	broken := map[string]int{}
	for _, v := range mutants.Mutants() {
		g.Expect(v.Mutant()).To(BeTrue(), v.Name)
		g.Expect(slices.Compact(slices.Sorted(slices.Values(v.Rules)))).To(HaveLen(len(v.Rules)), v.Name+" names a rule twice")
		for _, id := range v.Rules {
			rule, known := contract.RuleByID(id)
			g.Expect(known).To(BeTrue(), v.Name+" breaks "+id)
			g.Expect(rule.Level).NotTo(Equal(contract.Note), v.Name+" breaks "+id+", which nothing can break")
			broken[id]++
		}
	}
	for _, v := range mutants.Twins() {
		g.Expect(v.Mutant()).To(BeFalse(), v.Name)
	}
	for _, rule := range contract.Rules {
		if rule.Level != contract.Note {
			g.Expect(broken[rule.ID]).To(BeNumerically(">=", 2), rule.ID)
		}
	}
	g.Expect(len(mutants.Mutants())).To(BeNumerically(">=", 80))
	g.Expect(len(mutants.Twins())).To(BeNumerically(">=", 40))
}

// TestEveryMutantBelongsToOneCheck, and every check has some: so none can be taken out without anybody noticing.
func TestEveryMutantBelongsToOneCheck(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	checks, err := conformance.Checks("")
	g.Expect(err).NotTo(HaveOccurred())
	var claimed, there []string
	for _, check := range checks {
		g.Expect(check.Mutants).NotTo(BeEmpty(), check.Text)
		claimed = append(claimed, check.Mutants...)
		for _, name := range check.Mutants {
			mutant, _ := mutants.Named(name)
			tried := slices.ContainsFunc(mutant.Rules, func(rule string) bool { return check.Tries(rule) || everywhere(rule) })
			g.Expect(tried || mutant.Whole).To(BeTrue(), "%q tries no rule that %s breaks", check.Text, name)
		}
	}
	for _, v := range mutants.Mutants() {
		there = append(there, v.Name)
	}
	g.Expect(claimed).To(ConsistOf(there))
}

// everywhere tells whether a rule is judged on every exchange, whatever the check is about.
func everywhere(id string) bool {
	rule, _ := contract.RuleByID(id)
	return rule.Family() == "ENV"
}

func TestRareFaultsBreakARuleOfTheContract(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seen := map[string]bool{}
	for _, fault := range mutants.Rares() {
		g.Expect(seen).NotTo(HaveKey(fault.Name))
		seen[fault.Name] = true
		g.Expect(fault.Does).NotTo(BeEmpty(), fault.Name)
		_, known := contract.RuleByID(fault.Rule)
		g.Expect(known).To(BeTrue(), fault.Rule)
	}
}

// TestEveryVariantServes: it makes a snapshot, shows it, and answers a request for its deletion. A twin deletes it.
func TestEveryVariantServes(t *testing.T) {
	t.Parallel()
	for _, v := range all() {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed, api := start(t, v)

			states, err := bed.States(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(states).To(ContainElement(contract.Normal))
			ids, err := bed.Make(t.Context(), contract.Normal, 1)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ids).To(HaveLen(1))
			g.Expect(bed.Look(t.Context(), ids[0])).To(HaveField("State", contract.Normal))

			answer := api.Send(t.Context(), deletion(ids...))
			g.Expect(answer.Err).NotTo(HaveOccurred())
			g.Expect(answer.Status()).To(BeNumerically(">=", http.StatusOK))
			if !v.Mutant() {
				g.Expect(answer.Status()).To(Equal(http.StatusOK), "%s", answer.Raw())
				g.Eventually(bed.Look).WithArguments(t.Context(), ids[0]).WithTimeout(max(2*time.Second, v.Settle)).
					Should(HaveField("Gone", true))
			}
			g.Expect(bed.Release(t.Context(), ids[0])).To(Succeed())
		})
	}
}

// start serves a variant, and gives its two doors.
func start(t *testing.T, v mutants.Variant) (testbed.Bed, *target.Target) {
	t.Helper()
	const patience = 10 * time.Second
	server, err := v.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	base, err := reach.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	trust := reach.Trust{Roots: server.RootCAs()}
	return testbed.NewHTTP(base.Below(mock.TestbedPath), testbed.Surroundings{Trust: trust, Timeout: patience, Patience: patience}),
		target.New(target.Config{Endpoint: base, Credentials: v.Credentials, Trust: trust, Timeout: patience, Patience: patience})
}

func deletion(ids ...string) target.Request {
	body, _ := json.Marshal(map[string]any{contract.FieldSnapshotIDs: ids}) // strings always encode
	return target.Request{Body: body}
}

// TestARareFaultShowsAsOftenAsItIsTold: always for one in one, never for one in none, and it counts what it could have spoilt.
func TestARareFaultShowsAsOftenAsItIsTold(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const requests = 5
	for n, shows := range map[int]int{0: 0, 1: requests} {
		v, occasions := mutants.Rares()[slices.IndexFunc(mutants.Rares(), func(r mutants.Rare) bool { return r.Rule == "ERR-1" })].OneIn(n, 1)
		_, api := start(t, v)
		for range requests {
			g.Expect(api.Send(t.Context(), deletion("snap-missing")).Err).NotTo(HaveOccurred())
		}
		eligible, shown := occasions.Count()
		g.Expect([]int{eligible, shown}).To(Equal([]int{requests, shows}))
	}
}

// TestEveryRuleHasARareFault: what a run can see is measured for each rule that can be broken.
func TestEveryRuleHasARareFault(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var rules, names []string
	for _, r := range mutants.Rares() {
		rules, names = append(rules, r.Rule), append(names, r.Name)
	}
	for _, rule := range contract.Rules {
		if rule.Level != contract.Note {
			g.Expect(rules).To(ContainElement(rule.ID))
		}
	}
	slices.Sort(names)
	g.Expect(slices.Compact(slices.Clone(names))).To(Equal(names), "each has a name of its own")
}
