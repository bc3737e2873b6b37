package population_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
	"github.com/zec-conformance/deletesnapshots/conformance/population"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
)

func TestTakeGivesEachOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	r := open(t, newBed())
	g.Expect(r.Stock(t.Context())).To(Succeed())
	var mu sync.Mutex
	taken := map[string]bool{}
	var tasks sync.WaitGroup
	for range 20 {
		tasks.Go(func() {
			ids, err := r.Take(t.Context(), 40)
			mu.Lock()
			defer mu.Unlock()
			g.Expect(err).NotTo(HaveOccurred())
			for _, id := range ids {
				taken[id] = true
				g.Expect(r.ClassOf(id)).To(Equal(oracle.Deletable))
			}
		})
	}
	tasks.Wait()
	g.Expect(taken).To(HaveLen(800))
	g.Expect(r.Count()).To(BeNumerically(">=", 800))
}

func TestTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	reason := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	_, err := open(t, newBed()).Take(ctx, 1) // there is no stock
	g.Expect(err).To(MatchError(reason))
}

func TestMakePutsDownWhateverIsHandedOut(t *testing.T) {
	t.Parallel()
	for name, hand := range map[string]func(ids []string) ([]string, error){
		"too few":    func(ids []string) ([]string, error) { return ids[:2], nil },
		"too many":   func(ids []string) ([]string, error) { return append(ids, "extra"), nil },
		"twice":      func(ids []string) ([]string, error) { return append(ids[:2:2], ids[0]), nil },
		"no id":      func(ids []string) ([]string, error) { return append(ids[:2:2], "a b"), nil },
		"with error": func(ids []string) ([]string, error) { return ids, errBed },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			bed.onMake = hand
			r := open(t, bed)
			_, err := r.Make(t.Context(), contract.Normal, 3)
			g.Expect(err).To(HaveOccurred())
			if name != "with error" {
				g.Expect(err).To(MatchError(ContainSubstring("POST snapshots")))
			}
			g.Expect(r.Count()).To(BeNumerically(">=", 2))
			r.end(nil)
			g.Expect(r.Release(time.Minute)).To(BeEmpty())
			g.Expect(bed.released).To(ContainElements("snap-000001", "snap-000002"))
		})
	}
}

func TestMakeNoticesAnIDOfAnotherCall(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	bed.name = func(int) string { return "same" }
	r := open(t, bed)
	r.have(t, contract.Normal, 1)
	_, err := r.Make(t.Context(), "FAILED", 1)
	g.Expect(err).To(MatchError(And(ContainSubstring(`"same" twice`), ContainSubstring("FAILED"))))
	g.Expect(r.ClassOf("same")).To(Equal(oracle.Deletable), "as it was first handed out")

	bed.onMake = func([]string) ([]string, error) { return nil, testbed.ErrCannotMake }
	_, err = r.Make(t.Context(), "FAILED", 1)
	g.Expect(err).To(MatchError(testbed.ErrCannotMake))
}

func TestMissingLooksLikeWhatIsHandedOut(t *testing.T) {
	t.Parallel()
	uuid := func(n int) string {
		h := fmt.Sprintf("%016x%016x", uint64(n)*0x9E3779B97F4A7C15, uint64(n)*0xBF58476D1CE4E5B9)
		return fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:])
	}
	for name, c := range map[string]struct {
		name   func(n int) string
		form   string
		sparse bool
	}{
		"UUIDs":             {uuid, `^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, true},
		"upper case":        {func(n int) string { return "SNAP_" + strings.ToUpper(uuid(n)) }, `^SNAP_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`, true},
		"18 digits":         {func(n int) string { return fmt.Sprintf("%d", uint64(1e17)+uint64(n)*77_777_777_777_777) }, `^[0-9]{18}$`, true},
		"18 digits in turn": {func(n int) string { return fmt.Sprintf("%d", int64(1e17)+int64(n)) }, `^[1-9][0-9]{17}$`, false},
		"UUIDs in turn":     {func(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }, `^00000000-0000-4000-8000-[0-9]{12}$`, false},
		"counters":          {func(n int) string { return fmt.Sprint(1000 + n) }, `^[1-9][0-9]+$`, false},
		"named counters":    {func(n int) string { return fmt.Sprintf("snap-%06d", n) }, `^snap-[0-9]+$`, false},
		"letters, counters": {func(n int) string { return fmt.Sprintf("snap%d", n) }, `^snap[0-9]+$`, false},
		"separators":        {func(n int) string { return fmt.Sprintf("a-b_c.d:e/%d", n) }, `^a-b_c\.d:e/[0-9]+$`, false},
		"200 characters":    {func(n int) string { return fmt.Sprintf("%s%06d", strings.Repeat("x", 194), n) }, `^x+[0-9]+$`, false},
		"200 with a dash":   {func(n int) string { return fmt.Sprintf("%s-%06d", strings.Repeat("x", 193), n) }, `^x+[0-9]+$`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			bed.name = c.name
			r := open(t, bed)
			r.have(t, contract.Normal, 100)
			g.Expect(r.Sparse()).To(Equal(c.sparse))
			missing, err := r.Missing(t.Context(), 30)
			g.Expect(err).NotTo(HaveOccurred())
			seen := map[string]bool{}
			for _, id := range missing {
				g.Expect(id).To(MatchRegexp(c.form))
				g.Expect(contract.PlausibleID(id)).To(BeTrue(), id)
				g.Expect(bed.states).NotTo(HaveKey(id))
				g.Expect(bed.looksAt(id)).To(Equal(1), "confirmed")
				g.Expect(r.ClassOf(id)).To(Equal(oracle.Missing))
				seen[id] = true
			}
			g.Expect(seen).To(HaveLen(30))
			again, err := r.Missing(t.Context(), 30)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(again).To(ConsistOf(missing), "calls share them")
		})
	}
}

func TestMissingNeedsABedThatConfirms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fold func(string) string
		err  error
		want string
	}{
		"everything exists": {func(string) string { return "snap-000001" }, nil, ""},
		"stranger":          {func(string) string { return "stranger" }, nil, "GET snapshots/snap-"},
		"fault":             {nil, errBed, errBed.Error()},
		"will not look":     {nil, fmt.Errorf("status 400: %w", testbed.ErrWillNotLook), "status 400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			r := open(t, bed)
			r.have(t, contract.Normal, 1)
			bed.set("stranger", contract.Normal)
			bed.fold = c.fold
			bed.onLook = func(context.Context, string) error { return c.err }
			_, err := r.Missing(t.Context(), 2)
			if c.want == "" {
				g.Expect(err).NotTo(HaveOccurred(), "what the bed takes for the run's own is nobody else's")
			} else {
				g.Expect(err).To(MatchError(ContainSubstring(c.want)))
			}
		})
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed)
	own := r.have(t, contract.Normal, 1)[0]
	bed.set("stranger", contract.Normal)
	bed.fold = func(text string) string { return strings.ToLower(strings.TrimSpace(text)) }
	bed.onLook = func(_ context.Context, id string) error {
		if id == "shy/" {
			return testbed.ErrWillNotLook
		}
		return nil
	}
	texts, err := r.Harmless(t.Context(), []string{"nobody", own, strings.ToUpper(own), " " + own, "stranger", "STRANGER", "shy/", ""})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(texts).To(Equal([]string{"nobody", strings.ToUpper(own), " " + own, ""}))

	bed.onLook = func(context.Context, string) error { return errBed }
	_, err = r.Harmless(t.Context(), []string{"nobody"})
	g.Expect(err).To(MatchError(errBed))
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed)
	ids := r.have(t, contract.Normal, 3)
	g.Expect(r.ClassOf(ids[0])).To(Equal(oracle.Deletable))
	g.Expect(r.ClassOf(r.have(t, "FAILED", 1)[0])).To(Equal(oracle.Denied))
	g.Expect(r.ClassOf("never seen")).To(Equal(oracle.Odd), "no id has a blank in it")
	g.Expect(r.ClassOf("never-seen")).To(Equal(oracle.Foreign))
	r.Doubtful(ids[1])
	g.Expect(r.ClassOf(ids[1])).To(Equal(oracle.Leaving))
	r.Goes(because(0), ids[0])
	g.Expect(r.ClassOf(ids[0])).To(Equal(oracle.Leaving))
	bed.set(ids[0], "")
	gone, err := r.AwaitGone(t.Context(), append(ids, "never seen")...)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(gone).To(Equal(ids[:1]))
	g.Expect(r.ClassOf(ids[0])).To(Equal(oracle.Gone))
}

func TestReleaseLeavesNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed)
	g.Expect(r.Stock(t.Context())).To(Succeed())
	ids := r.have(t, contract.Normal, 4)
	denied := r.have(t, "CREATING", 1)
	r.Goes(because(0), ids[0], ids[1])
	bed.set(ids[0], "")
	r.Doubtful(ids[2])
	gone, err := r.AwaitGone(t.Context(), ids[0])
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(gone).To(HaveLen(1))
	bed.onRelease = func(_ context.Context, id string) error {
		if id == denied[0] {
			return errBed
		}
		return nil
	}
	r.end(nil)
	g.Expect(r.Release(time.Minute)).To(Equal(denied), "those that it could not remove")
	g.Expect(bed.states).To(HaveLen(1))
	g.Expect(bed.released).NotTo(ContainElement(ids[0]), "gone already")
}

func TestReleaseEndsAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	ctx, cancel := context.WithCancel(t.Context())
	r := open(t, bed, func(c *population.Config) { c.AtOnce = ctx })
	ids := r.have(t, contract.Normal, 300)
	bed.onRelease = func(ctx context.Context, _ string) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	r.end(nil)
	g.Expect(r.Release(time.Minute)).To(Equal(ids))
	bed.onRelease = nil
}

func TestBrokenIsCalledWhileTheRunGoesOn(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{"a fault": errBed, "a fault of its own contexts": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			bed := newBed()
			bed.onLook = func(context.Context, string) error { return err }
			r := open(t, bed)
			ids := r.have(t, contract.Normal, 2)
			r.Goes(because(0), ids[0])
			r.Stays(because(0), ids[1])
			g.Eventually(r.faults).WithTimeout(long).Should(ConsistOf(MatchError(err), MatchError(err)))
		})
	}
	t.Run("refill", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		bed := newBed()
		bed.onMake = func(ids []string) ([]string, error) {
			if bed.made > 200 {
				return ids, errBed
			}
			return ids, nil
		}
		r := open(t, bed)
		g.Expect(r.Stock(t.Context())).To(Succeed())
		g.Eventually(r.faults).WithTimeout(long).ShouldNot(BeEmpty())
	})
	t.Run("not after its end", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		bed := newBed()
		looking := make(chan struct{})
		bed.onLook = func(ctx context.Context, _ string) error {
			close(looking)
			<-ctx.Done()
			return errBed
		}
		r := open(t, bed)
		r.Goes(because(0), r.have(t, contract.Normal, 1)...)
		<-looking
		r.end(nil)
		r.Release(time.Minute) // waits for all that goes on
		g.Expect(r.faults()).To(BeEmpty())
	})
}

func TestNothingIsLeftRunning(t *testing.T) { // not parallel: it counts goroutines
	g := NewWithT(t)
	before := runtime.NumGoroutine()
	bed := newBed()
	r := open(t, bed, settling(short))
	g.Expect(r.Stock(t.Context())).To(Succeed())
	ids, err := r.Take(t.Context(), 50)
	g.Expect(err).NotTo(HaveOccurred())
	r.Goes(because(0), ids[:25]...)
	r.Stays(because(0), ids[25:]...)
	_, err = r.Missing(t.Context(), 5)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.LastLook(t.Context())).To(Succeed())
	r.end(nil)
	g.Expect(r.Release(time.Minute)).To(BeEmpty())
	g.Eventually(runtime.NumGoroutine).WithTimeout(long).Should(BeNumerically("<=", before))
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed)
	g.Expect(r.Stock(t.Context())).To(Succeed())
	var tasks sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		tasks.Go(func() {
			ids, err := r.Take(t.Context(), 6)
			if err != nil {
				errs[i] = err
				return
			}
			done := r.Asking(ids...)
			bed.set(ids[0], "")
			r.Goes(because(0), ids[0])
			r.Stays(because(0), ids[1:4]...)
			r.Doubtful(ids[5])
			done()
			r.Deed()
			_ = r.ClassOf(ids[0])
			_, err1 := r.Missing(t.Context(), 3)
			_, err2 := r.AwaitGone(t.Context(), ids...)
			_, err3 := r.Harmless(t.Context(), []string{"x", fmt.Sprint("y", i)})
			errs[i] = errors.Join(err1, err2, err3)
		})
	}
	tasks.Wait()
	g.Expect(errors.Join(errs...)).NotTo(HaveOccurred())
	g.Expect(r.LastLook(t.Context())).To(Succeed())
	g.Expect(r.discrepancies()).To(BeEmpty())
	g.Expect(r.faults()).To(BeEmpty())
}

func TestLastLookWaitsForTheLinger(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const linger = 80 * time.Millisecond
	bed := newBed()
	var first sync.Once
	var looked time.Time
	bed.onLook = func(context.Context, string) error {
		first.Do(func() { looked = time.Now() })
		return nil
	}
	r := open(t, bed, lingering(linger))
	ids := r.have(t, contract.Normal, 3)
	deed := time.Now()
	r.Deed()
	g.Expect(r.LastLook(t.Context())).To(Succeed())
	g.Expect(looked.Sub(deed)).To(BeNumerically(">=", linger))
	for _, id := range ids {
		g.Expect(bed.looksAt(id)).To(Equal(1), "each, named or not")
	}

	reason := errors.New("the reason")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(reason)
	g.Expect(r.LastLook(ctx)).To(MatchError(reason))
	bed.onLook = func(context.Context, string) error { return errBed }
	g.Expect(r.LastLook(t.Context())).To(MatchError(errBed))
}

// A look that comes long after a deletion tells nothing of how long that took.
func TestALateLookDoesNotPutOffTheLastOne(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, settling(2*time.Hour))
	ids := r.have(t, contract.Normal, 2)
	bed.lag[ids[0]] = 1
	bed.set(ids[0], "")
	bed.set(ids[1], "")
	r.Goes(because(0), ids[0])
	_, err := r.AwaitGone(t.Context(), ids[0])
	g.Expect(err).NotTo(HaveOccurred())
	r.Goes(because(time.Hour), ids[1])
	_, err = r.AwaitGone(t.Context(), ids[1])
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	g.Expect(r.LastLook(ctx)).To(Succeed())
}

var _ testbed.Bed = (*fakeBed)(nil)

func TestTheBudgetIsSpentToItsEndAndNoFurther(t *testing.T) {
	t.Parallel()
	const portions, portion, apart = 7, 8, 5
	for range 50 { // what the makers of the stock do to each other is a matter of luck
		g := NewWithT(t)
		bed := newBed()
		r := open(t, bed, func(c *population.Config) { c.Portion, c.Budget = portion, portions*portion+apart })
		r.have(t, "FAILED", apart)
		g.Expect(r.Stock(t.Context())).To(Succeed())
		for range portions {
			_, err := r.Take(t.Context(), portion)
			g.Expect(err).NotTo(HaveOccurred())
		}
		_, err := r.Take(t.Context(), 1)
		g.Expect(err).To(MatchError(population.ErrBudget))
		_, err = r.Make(t.Context(), contract.Normal, 1)
		g.Expect(err).To(MatchError(population.ErrBudget))
		g.Expect(r.Count()).To(Equal(portions*portion + apart))
		g.Expect(r.faults()).To(BeEmpty(), "the end of the budget is no fault of the testbed")
	}
}

func TestAnOrderThatTheBudgetDoesNotCoverIsNotMade(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	r := open(t, bed, func(c *population.Config) { c.Budget = 10 })
	r.have(t, contract.Normal, 4)
	_, err := r.Make(t.Context(), contract.Normal, 7)
	g.Expect(err).To(MatchError(population.ErrBudget))
	g.Expect(bed.made).To(Equal(4))
	r.have(t, "FAILED", 6)
	g.Expect(bed.made).To(Equal(10))
}

func TestAnOrderThatIsUnderWayAtTheEndIsReleased(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	bed := newBed()
	ordered, answer := make(chan struct{}), make(chan struct{})
	bed.onMake = func(ids []string) ([]string, error) {
		close(ordered)
		<-answer
		return ids, nil
	}
	r := open(t, bed)
	made := make(chan error, 1)
	go func() {
		_, err := r.Make(t.Context(), contract.Normal, 3)
		made <- err
	}()
	<-ordered
	r.end(nil)
	released := make(chan []string, 1)
	go func() {
		left, _ := r.Release(time.Minute)
		released <- left
	}()
	g.Consistently(released, "50ms").ShouldNot(Receive(), "it waits for the answer")
	close(answer)
	g.Eventually(released, long).Should(Receive(BeEmpty()))
	g.Expect(<-made).To(Succeed())
	g.Expect(bed.released).To(HaveLen(3))
	bed.onMake = nil
}

func TestWhatAnOrderWithoutAnAnswerMadeNobodyKnows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		lost bool
	}{
		"no answer":    {errBed, true},
		"it panics":    {nil, true},
		"declined":     {fmt.Errorf("%w: no", testbed.ErrCannotMake), false},
		"never sent":   {fmt.Errorf("no: %w", &net.OpError{Op: "dial", Err: errBed}), false},
		"cut off late": {fmt.Errorf("no: %w", &net.OpError{Op: "read", Err: errBed}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "ledger.jsonl")
			book, err := ledger.Create(path, ledger.Head{})
			g.Expect(err).NotTo(HaveOccurred())
			bed := newBed()
			bed.onMake = func([]string) ([]string, error) {
				if c.err == nil {
					panic("no")
				}
				return nil, c.err
			}
			r := open(t, bed, func(config *population.Config) { config.Ledger = book })
			_, err = r.Make(t.Context(), contract.Normal, 3)
			g.Expect(err).To(HaveOccurred())
			r.end(nil)
			left, lost := r.Release(time.Minute)
			g.Expect(left).To(BeEmpty())
			g.Expect(book.Close(nil)).To(Succeed())
			if !c.lost {
				g.Expect(lost).To(BeEmpty())
				g.Expect(path).NotTo(BeAnExistingFile())
				return
			}
			order := ledger.Order{State: contract.Normal, Count: 3}
			g.Expect(lost).To(Equal([]ledger.Order{order}))
			again, record, err := ledger.Open(path)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(record.Orders).To(Equal([]ledger.Order{order}))
			g.Expect(again.Leave()).To(Succeed())
		})
	}
}
