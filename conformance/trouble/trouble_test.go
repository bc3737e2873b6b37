package trouble

import (
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

func TestAMockInOneLineIsTroubled(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := mock.New(t, With(Settings{Settle: time.Hour}))
	id := m.Given(contract.Normal, 1)[0]
	answer, err := m.Client().DeleteSnapshotsWithResponse(t.Context(),
		&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(answer.StatusCode()).To(Equal(http.StatusOK))
	state, _ := m.State(id)
	g.Expect(state).To(Equal(contract.Leaving))
}

func TestTroubleIsChangedWhileTheMockRuns(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made, m := troubled(t, Settings{})
	g.Expect(made.inForce.Load()).To(BeNil(), "nothing stands in the way")
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.NotFound.Status))

	settings := Settings{Settle: time.Hour, Faults: []Fault{{contract.Unavailable.Code, Always}}}
	g.Expect(made.Set(settings)).To(Succeed())
	g.Expect(made.Settings()).To(Equal(settings))
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.Unavailable.Status))
	g.Expect(m.Store().Timing().Deleting).To(Equal(time.Hour))

	made.Clear()
	g.Expect(made.inForce.Load()).To(BeNil())
	g.Expect(made.Settings()).To(Equal(Settings{}))
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.NotFound.Status))
	g.Expect(m.Store().Timing().Deleting).To(BeZero())
}

func TestTimesThatTheMockHasAreKept(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made, err := New(1, Settings{Settle: time.Minute})
	g.Expect(err).NotTo(HaveOccurred())
	m := serve(t, mock.WithDelays(time.Second, time.Hour), made.Option())
	g.Expect(made.Settings()).To(Equal(Settings{Creating: time.Second, Settle: time.Minute}))
	g.Expect(m.Store().Timing().Deleting).To(Equal(time.Minute))
	g.Expect(func() { mock.NewService(made.Option()) }).To(PanicWith(ContainSubstring("one mock")))
}

// TestLatencyIsWaitedFor: an answer takes at least as long.
func TestLatencyIsWaitedFor(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const wait = 20 * time.Millisecond
	_, m := troubled(t, Settings{Latency: Latency{low: wait, high: wait}})
	g.Expect(deleted(t, m, "snap-missing")).To(Equal(contract.NotFound.Status))
	g.Expect(last(g, m).Took).To(BeNumerically(">=", wait))
	g.Expect(last(g, m).Fault).To(BeEmpty())
}

// TestTroubleMayBeChangedByMany, while requests come: each is either answered or put off, and nothing is lost.
func TestTroubleMayBeChangedByMany(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	made, m := troubled(t, Settings{})
	ids := m.Create(contract.Normal, 200)
	var workers sync.WaitGroup
	var done atomic.Int64
	for half := range 2 {
		workers.Go(func() {
			for _, id := range ids[half*100 : half*100+100] {
				if deleted(t, m, id) == http.StatusOK {
					done.Add(1)
				}
			}
		})
	}
	scenario, err := parseScenario([]byte("steps: [{}, {requests: 3, latency: 0s..1ms}, {requests: 2, faults: [{name: folds-case}, {name: charset}]}]\nrepeat: true\n"))
	g.Expect(err).NotTo(HaveOccurred())
	for range 30 {
		g.Expect(made.Set(Settings{Faults: []Fault{{contract.Unavailable.Code, 0.5}}})).To(Succeed())
		made.Settings()
		g.Expect(made.Play(scenario)).To(Succeed())
		made.Clear()
	}
	workers.Wait()
	left, err := m.Store().Counts()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(int(done.Load()) + left[contract.Normal]).To(Equal(len(ids)))
}
