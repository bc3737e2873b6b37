package population_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
)

// rules gives those of the only discrepancy.
func rules(g Gomega, r *run, id string) []string {
	found := r.discrepancies()
	g.ExpectWithOffset(1, found).To(HaveLen(1))
	g.ExpectWithOffset(1, found[0].ID).To(Equal(id))
	g.ExpectWithOffset(1, found[0].String()).To(ContainSubstring(id))
	g.ExpectWithOffset(1, found[0].At).NotTo(BeZero())
	return found[0].Rules
}

func TestWhatStays(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		made, becomes contract.State
		want          []string
	}{
		"gone":            {contract.Normal, "", []string{"IF-GONE", "RULE-1", "RULE-2"}},
		"going":           {contract.Normal, contract.Leaving, []string{"IF-GONE", "RULE-1", "RULE-2"}},
		"changed":         {contract.Normal, "FAILED", []string{"RULE-1", "RULE-2"}},
		"denied, gone":    {"CREATING", "", []string{"IF-GONE", "RULE-1", "RULE-2"}},
		"denied, changed": {"CREATING", contract.Normal, []string{"RULE-1", "RULE-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			r := open(t, newBed())
			id := r.have(t, c.made, 1)[0]
			r.bed.set(id, c.becomes)
			for range 3 {
				r.Stays(because(0, "RULE-2", "RULE-1"), id, "no snapshot")
			}
			g.Eventually(r.discrepancies).WithTimeout(long).ShouldNot(BeEmpty())
			g.Expect(r.LastLook(t.Context())).To(Succeed())
			g.Expect(rules(g, r, id)).To(Equal(c.want))
			g.Expect(r.discrepancies()[0].Expected).To(Equal("have stayed " + string(c.made)))
		})
	}
	t.Run("as it was", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		for _, state := range contract.States {
			r.Stays(because(0, "RULE"), r.have(t, state, 20)...)
		}
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
	t.Run("never named", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		id := r.have(t, contract.Normal, 3)[1]
		r.bed.set(id, "")
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(rules(g, r, id)).To(Equal([]string{"ISO-1"}))
		g.Expect(r.discrepancies()[0].Exchanges).To(BeEmpty())
	})
}

func TestWhatGoes(t *testing.T) {
	t.Parallel()
	t.Run("goes", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		ids := r.have(t, contract.Normal, 20)
		for i, id := range ids {
			r.bed.set(id, "")
			r.bed.lag[id] = i % 4
		}
		r.Goes(because(0, "RULE"), ids...)
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
	t.Run("takes a while", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		id := r.have(t, contract.Normal, 1)[0]
		r.bed.set(id, contract.Leaving)
		r.Goes(because(0, "RULE"), id)
		g.Eventually(func() int { return r.bed.looksAt(id) }).WithTimeout(long).Should(BeNumerically(">=", 3))
		r.bed.set(id, "")
		gone, err := r.AwaitGone(t.Context(), id)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(gone).To(Equal([]string{id}))
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
	t.Run("never goes", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed(), settling(short))
		ids := r.have(t, contract.Normal, 4) // the last is not looked at before the last look
		cause := because(0, "RULE")
		r.Goes(cause, ids...)
		r.Stays(because(0, "OTHER"), ids...) // what another exchange says no more concerns them
		r.Doubtful(ids...)                   // nor is there doubt
		r.Goes(because(0, "SECOND"), ids...) // the first one decides
		gone, err := r.AwaitGone(t.Context(), ids[0])
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(gone).To(BeEmpty())
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(HaveLen(4))
		for _, d := range r.discrepancies() {
			g.Expect(d.Rules).To(Equal([]string{"RULE"}))
			g.Expect(d.Exchanges).To(Equal([]*target.Exchange{cause.Exchange}))
		}
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(HaveLen(4), "each is reported once")
	})
	t.Run("comes back", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed(), settling(short))
		id := r.have(t, contract.Normal, 1)[0]
		r.bed.set(id, "")
		r.Goes(because(0, "RULE"), id)
		gone, err := r.AwaitGone(t.Context(), id)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(gone).To(HaveLen(1))
		r.bed.set(id, contract.Normal)
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(rules(g, r, id)).To(Equal([]string{"STATE-4"}))
		r.end(nil)
		g.Expect(r.Release(time.Minute)).To(BeEmpty())
		g.Expect(r.bed.released).To(ContainElement(id))
	})
	t.Run("seems to come back", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		id := r.have(t, contract.Normal, 1)[0]
		r.bed.set(id, "")
		r.Goes(because(0, "RULE"), id)
		_, err := r.AwaitGone(t.Context(), id)
		g.Expect(err).NotTo(HaveOccurred())
		r.bed.lag[id] = 3 // looks that are answered from an old copy
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
	t.Run("is in doubt", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		ids := r.have(t, contract.Normal, 2)
		r.Doubtful(ids...)
		r.bed.set(ids[0], "")
		r.Goes(because(0, "RULE"), ids...)
		r.Stays(because(0, "RULE"), ids...)
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
}

func TestALookDuringADeletingRequestTellsNothing(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]func(r *run, id string){
		"begun before, ended after": func(r *run, id string) {
			done := r.Asking(id)
			r.Goes(because(0, "RULE"), id)
			done()
		},
		"begun before, not ended": func(r *run, id string) { r.Asking(id) },
		"come and gone":           func(r *run, id string) { r.Asking(id)() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			looking, goOn := make(chan struct{}, 9), make(chan struct{})
			bed.onLook = func(context.Context, string) error {
				looking <- struct{}{}
				<-goOn
				return nil
			}
			r := open(t, bed)
			id := r.have(t, contract.Normal, 1)[0]
			r.Stays(because(0, "EARLIER"), id)
			<-looking
			during(r, id)
			bed.set(id, "")
			close(goOn)
			r.end(nil)
			r.Release(time.Minute) // waits for the look
			g.Expect(bed.looksAt(id)).To(BeNumerically(">=", 1))
			g.Expect(r.discrepancies()).To(BeEmpty())
		})
	}
	t.Run("begun before the look", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		id := r.have(t, contract.Normal, 1)[0]
		done := r.Asking(id)
		r.bed.set(id, "")
		r.Stays(because(0, "EARLIER"), id)
		g.Eventually(func() int { return r.bed.looksAt(id) }).WithTimeout(long).Should(Equal(1))
		r.Goes(because(0, "RULE"), id)
		done()
		g.Expect(r.LastLook(t.Context())).To(Succeed())
		g.Expect(r.discrepancies()).To(BeEmpty())
	})
	t.Run("what is denied stays all the same", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		r := open(t, newBed())
		id := r.have(t, "FAILED", 1)[0]
		defer r.Asking(id)()
		r.bed.set(id, "")
		r.Stays(population.Cause{Exchange: &target.Exchange{}, Rules: []string{"RULE"}}, id)
		g.Eventually(r.discrepancies).WithTimeout(long).Should(HaveLen(1))
	})
}

func TestAwaitGoneEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := open(t, newBed())
	ids := r.have(t, contract.Normal, 1)
	r.Goes(because(0), ids...)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBed)
	_, err := r.AwaitGone(ctx, ids...)
	g.Expect(err).To(MatchError(errBed))
	g.Expect(r.LastLook(ctx)).To(MatchError(errBed))
}

// TestNobodyWaitsForDeletionsOfWhichNoneHappens: where so many have not, a verdict needs no more of them.
func TestNobodyWaitsForDeletionsOfWhichNoneHappens(t *testing.T) {
	t.Parallel()
	for count, patient := range map[int]bool{99: true, 100: false} {
		g := NewWithT(t)
		r := open(t, newBed(), settling(time.Hour))
		ids := r.have(t, contract.Normal, count)
		for _, id := range ids {
			r.Goes(because(2*time.Hour, "RULE"), id)
		}
		g.Eventually(func() int { return len(r.discrepancies()) }, "10s").Should(Equal(count))
		late := r.have(t, contract.Normal, 1)
		r.Goes(because(0, "RULE"), late...)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if patient {
			ctx, cancel = context.WithTimeout(t.Context(), 300*time.Millisecond)
		}
		defer cancel()
		_, err := r.AwaitGone(ctx, late...)
		g.Expect(err != nil).To(Equal(patient))
		if !patient {
			g.Expect(r.LastLook(ctx)).To(Succeed())
			g.Expect(r.discrepancies()).To(HaveLen(count), "what nobody has waited for is not blamed")
		}
	}
}
