package trouble

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mutants"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

func always(names ...string) Settings {
	var s Settings
	for _, name := range names {
		s.Faults = append(s.Faults, Fault{name, Always})
	}
	return s
}

// TestAnErrorCodeIsAnsweredBeforeAnythingIsDone, each with its status and in the contract's envelope.
func TestAnErrorCodeIsAnsweredBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	for _, kind := range contract.Errors {
		t.Run(kind.Code, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			_, m := troubled(t, always(kind.Code))
			id := m.Create(contract.Normal, 1)[0]
			answer, err := deletion(t, m, id)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(answer.StatusCode()).To(Equal(kind.Status))
			g.Expect(answer.HTTPResponse.Header.Get("Content-Type")).To(Equal(contract.ContentType))
			var envelope api.Failure
			g.Expect(json.Unmarshal(answer.Body, &envelope)).To(Succeed())
			g.Expect(envelope.Code).To(Equal(kind.Code))
			g.Expect(contract.UsualRequestID(envelope.RequestId)).To(BeTrue())
			g.Expect(envelope.Message).NotTo(BeEmpty())
			g.Expect(answer.HTTPResponse.Header.Values("Retry-After")).To(HaveLen(map[bool]int{true: 1}[kind == contract.TooFast]))
			g.Expect(state(m, id)).To(Equal(contract.Normal))
			g.Expect(last(g, m).Fault).To(Equal(kind.Code))
		})
	}
}

func TestAConnectionBreaks(t *testing.T) {
	t.Parallel()
	for name, expected := range map[string]struct {
		err  error
		done bool
	}{
		"reset":       {err: syscall.ECONNRESET},
		"reset-after": {err: syscall.ECONNRESET, done: true},
		"cut":         {err: io.ErrUnexpectedEOF, done: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			made, m := troubled(t, always(name))
			id := m.Create(contract.Normal, 1)[0]
			_, err := deletion(t, m, id)
			g.Expect(errors.Is(err, expected.err)).To(BeTrue(), "%v", err)
			g.Expect(state(m, id) == "").To(Equal(expected.done))
			g.Eventually(m.Exchanges).Should(HaveLen(1)) // whose end the client may see first
			g.Expect(last(g, m).Fault).To(Equal(name))
			g.Expect(last(g, m).Status).To(BeZero())

			made.Clear() // what was done is found done by whoever asks again
			g.Expect(deleted(t, m, id)).To(Equal(map[bool]int{false: http.StatusOK, true: contract.NotFound.Status}[expected.done]))
		})
	}
}

func TestWhoHangsAndWhoIsSlowWaitsForNobodyThatHasGone(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]Settings{"hang": always("hang"), "": {Latency: Latency{low: maxLatency, high: maxLatency}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			arrived := make(chan bool, 1)
			made, err := New(1, settings)
			g.Expect(err).NotTo(HaveOccurred())
			m := serve(t, made.Option(), mock.WithAround(func(_ *mock.Service, next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					arrived <- true
					next.ServeHTTP(w, r)
				})
			}))
			id := m.Create(contract.Normal, 1)[0]
			ctx, leave := context.WithCancel(t.Context())
			go func() {
				<-arrived
				leave()
			}()
			_, err = m.client.DeleteSnapshotsWithResponse(ctx,
				&api.DeleteSnapshotsParams{XZCAction: api.ActionDeleteSnapshots}, api.DeleteSnapshotsRequest{SnapshotIds: []string{id}})
			g.Expect(err).To(MatchError(context.Canceled))
			g.Eventually(m.Exchanges).Should(HaveLen(1))
			g.Expect(last(g, m).Status).To(BeZero())
			g.Expect(last(g, m).Fault).To(Equal(name))
			g.Expect(state(m, id)).To(Equal(contract.Normal))
		})
	}
}

func TestAMutantAnswersInTheMocksPlace(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, m := troubled(t, always("folds-case"))
	id := m.Create(contract.Normal, 1)[0]
	g.Expect(deleted(t, m, string(bytes.ToUpper([]byte(id))))).To(Equal(http.StatusOK))
	g.Expect(state(m, id)).To(BeEmpty())
	g.Expect(m.Exchanges()).To(HaveLen(1), "what it asks of the mock is not on the record")
	g.Expect(last(g, m).Fault).To(Equal("folds-case"))
}

// struck gives the faults that a number of requests meet, one after the other.
func struck(t *testing.T, seed uint64, settings Settings, requests int) []string {
	t.Helper()
	made, err := New(seed, settings)
	if err != nil {
		t.Fatal(err)
	}
	m := mock.NewService(made.Option())
	for range requests {
		m.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, contract.Path, nil))
	}
	var faults []string
	for _, x := range m.Exchanges() {
		faults = append(faults, x.Fault)
	}
	return faults
}

func share(of string, among []string) float64 {
	count := 0
	for _, one := range among {
		if one == of {
			count++
		}
	}
	return float64(count) / float64(len(among))
}

// TestFaultsStrikeAtTheirRate, the same for a seed, whatever else there is.
func TestFaultsStrikeAtTheirRate(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	const requests = 2000
	busy, denied := contract.Unavailable.Code, contract.DeniedState.Code
	alone := struck(t, 7, Settings{Faults: []Fault{{busy, 0.05}}}, requests)
	g.Expect(share(busy, alone)).To(BeNumerically("~", 0.05, 0.015))
	g.Expect(share("", alone)).To(BeNumerically("~", 0.95, 0.015))
	g.Expect(struck(t, 7, Settings{Faults: []Fault{{busy, 0.05}}}, requests)).To(Equal(alone))
	g.Expect(struck(t, 8, Settings{Faults: []Fault{{busy, 0.05}}}, requests)).NotTo(Equal(alone))

	both := struck(t, 7, Settings{Faults: []Fault{{busy, 0.05}, {denied, 0.5}}, Latency: Latency{high: 1}}, requests)
	for i := range both {
		if alone[i] == busy {
			g.Expect(both[i]).To(Equal(busy), fmt.Sprint(i))
		} else {
			g.Expect(both[i]).NotTo(Equal(busy), fmt.Sprint(i))
		}
	}
	g.Expect(share(denied, both)).To(BeNumerically("~", 0.95*0.5, 0.04), "the first of two takes the request")

	g.Expect(struck(t, 7, Settings{Faults: []Fault{{busy, 0}}}, 100)).To(HaveEach(""))
	g.Expect(struck(t, 7, Settings{Faults: []Fault{{busy, Always}}}, 100)).To(HaveEach(busy))
}

func TestNamesAreOfOneThingEach(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	seen := map[string]bool{}
	for _, name := range Names() {
		g.Expect(seen).NotTo(HaveKey(name))
		seen[name] = true
		g.Expect(checkFault(name)).To(Succeed())
	}
	for _, one := range Connections {
		_, also := mutants.Named(one.Name)
		g.Expect(also).To(BeFalse(), one.Name)
		g.Expect(one.Does).To(MatchRegexp(`^[a-z].*[^.\s]$`))
	}
}

func TestSnapshotsStay(t *testing.T) {
	t.Parallel()
	for _, settle := range []time.Duration{0, time.Nanosecond} {
		g := NewWithT(t)
		made, m := troubled(t, Settings{Settle: settle, Stay: []Stay{{contract.Leaving, 0.3}}})
		ids := m.Create(contract.Normal, contract.MaxBatch)
		g.Expect(deleted(t, m, ids...)).To(Equal(http.StatusOK))
		stuck := 0
		for _, id := range ids {
			if state(m, id) != "" {
				g.Expect(state(m, id)).To(Equal(contract.Leaving))
				stuck++
			}
		}
		g.Expect(stuck).To(BeNumerically("~", 30, 15))

		made.Clear() // which does not move what is stuck
		g.Expect(m.Store().Counts()).To(Equal(map[contract.State]int{contract.Leaving: stuck}))
		g.Expect(deleted(t, m, m.Create(contract.Normal, 1)...)).To(Equal(http.StatusOK))
		g.Expect(m.Store().Counts()).To(Equal(map[contract.State]int{contract.Leaving: stuck}))
	}
}

func TestSnapshotsStayInTheMaking(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	create := func(m *served) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url+contract.Path, bytes.NewReader([]byte(`{"diskId": "disk-1", "snapshotName": "before-upgrade"}`)))
		g.Expect(err).NotTo(HaveOccurred())
		request.Header.Set("Content-Type", contract.ContentType)
		request.Header.Set(contract.HeaderAction, "CreateSnapshot")
		answer, err := http.DefaultClient.Do(request)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(answer.Body.Close()).To(Succeed())
		g.Expect(answer.StatusCode).To(Equal(http.StatusOK))
	}
	made, m := troubled(t, Settings{Stay: []Stay{{Passing[0], Always}}})
	create(m)
	g.Expect(m.Store().Counts()).To(Equal(map[contract.State]int{Passing[0]: 1}))
	g.Expect(made.Set(Settings{Stay: []Stay{{contract.Leaving, Always}}})).To(Succeed())
	create(m)
	g.Expect(m.Store().Counts()).To(Equal(map[contract.State]int{Passing[0]: 1, contract.Normal: 1}))
	g.Expect(made.Set(Settings{Creating: time.Hour})).To(Succeed())
	create(m)
	g.Expect(m.Store().Counts()).To(Equal(map[contract.State]int{Passing[0]: 2, contract.Normal: 1}))
}
