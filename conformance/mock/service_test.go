package mock_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/generated/api"
	"github.com/zec-conformance/deletesnapshots/generated/server"
)

const missing = "snap-missing"

func deniedStates() []contract.State {
	return slices.DeleteFunc(slices.Clone(contract.States), func(s contract.State) bool { return s == contract.Normal })
}

func TestDeletesWhatIsNormal(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	ids, others := s.Create(contract.Normal, 3), s.Create(contract.Normal, 2)

	expectSuccess(g, s.delete(ids[0]))
	expectSuccess(g, s.delete(ids[1:]...))

	g.Expect(s.states(ids...)).To(HaveEach(contract.State("")))
	g.Expect(s.states(others...)).To(HaveEach(contract.Normal))
}

func TestListsWhatItCannotDelete(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	request, left := []string{missing}, []string{missing}
	normal := s.Create(contract.Normal, len(deniedStates()))
	for i, state := range deniedStates() {
		denied := s.Create(state, 1)[0]
		request = append(request, denied, normal[i])
		left = append(left, denied)
	}

	expectSuccess(g, s.delete(request...), left...)

	g.Expect(s.states(normal...)).To(HaveEach(contract.State("")))
	g.Expect(s.states(left[1:]...)).To(Equal(deniedStates()))
}

func TestOneThatCannotBeDeletedIsAnError(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	expectRefusal(g, s.delete(missing), contract.NotFound)
	expectRefusal(g, s.delete(missing, missing), contract.NotFound)
	for _, state := range deniedStates() {
		id := s.Create(state, 1)[0]
		expectRefusal(g, s.delete(id), contract.DeniedState)
		expectRefusal(g, s.delete(id, id), contract.DeniedState)
		g.Expect(s.states(id)).To(Equal([]contract.State{state}))
	}
}

func TestSeveralOfWhichNoneCanBeDeletedAreListed(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	denied := s.Create(contract.Leaving, 2)
	expectSuccess(g, s.delete(denied...), denied...)
	expectSuccess(g, s.delete(denied[0], missing), denied[0], missing)
	expectSuccess(g, s.delete(missing, missing+"-2"), missing, missing+"-2")
	g.Expect(s.states(denied...)).To(HaveEach(contract.Leaving))
}

func TestWhatIsGoneIsMissing(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	id := s.Create(contract.Normal, 1)[0]
	expectSuccess(g, s.delete(id))
	expectRefusal(g, s.delete(id), contract.NotFound)
}

func TestDuplicatesAreOneSnapshot(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	normal, denied := s.Create(contract.Normal, 2), s.Create(contract.Leaving, 1)[0]
	expectSuccess(g, s.delete(normal[0], normal[0]))
	expectSuccess(g, s.delete(missing, normal[1], denied, normal[1], missing, denied), missing, denied)
	g.Expect(s.states(normal...)).To(HaveEach(contract.State("")))
}

func TestBatchLimit(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	ids := s.Create(contract.Normal, contract.MaxBatch+1)
	longest := slices.Repeat(ids[:1], contract.MaxBatch+1)

	expectRefusal(g, s.delete(ids...), contract.TooMany)
	expectRefusal(g, s.delete(longest...), contract.TooMany) // duplicates count
	g.Expect(s.states(ids...)).To(HaveEach(contract.Normal))

	expectSuccess(g, s.delete(ids[1:]...))
	g.Expect(s.states(ids[1:]...)).To(HaveEach(contract.State("")))
	g.Expect(s.states(ids[0])).To(Equal([]contract.State{contract.Normal}))
}

func TestIdsAreComparedExactly(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	id := s.Create(contract.Normal, 1)[0]
	for _, other := range []string{strings.ToUpper(id), id[:len(id)-1], id + "0", id + "/"} {
		expectRefusal(g, s.delete(other), contract.NotFound)
	}
	g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
}

func TestRequestIDsAreNeverShared(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	seen := []string{
		expectRefusal(g, s.delete(missing), contract.NotFound),
		expectRefusal(g, s.delete(missing), contract.NotFound),
		expectRefusal(g, s.send(s.call(`{}`)), contract.MissingParameter),
		expectSuccess(g, s.delete(s.Create(contract.Normal, 1)...)),
		expectSuccess(g, s.delete(s.Create(contract.Normal, 1)...)),
	}
	slices.Sort(seen)
	g.Expect(slices.Compact(slices.Clone(seen))).To(Equal(seen))
}

func TestConcurrentDeletesOfOneSnapshotSucceedOnce(t *testing.T) {
	t.Parallel()
	g, s := NewWithT(t), serve(t)
	const callers = 16
	id := s.Create(contract.Normal, 1)[0]

	answers := make([]answer, callers)
	var callersDone sync.WaitGroup
	for i := range answers {
		callersDone.Go(func() { answers[i] = s.delete(id) })
	}
	callersDone.Wait()

	won := 0
	for _, got := range answers {
		if got.status == http.StatusOK {
			won++
			expectSuccess(g, got)
		} else {
			expectRefusal(g, got, contract.NotFound)
		}
	}
	g.Expect(won).To(Equal(1))
}

func TestCreateMakesPlausibleIDs(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ids := mock.NewService().Create(contract.Normal, 1000)
	g.Expect(ids).To(HaveLen(1000))
	for _, id := range ids {
		g.Expect(contract.PlausibleID(id)).To(BeTrue(), id)
	}
	slices.Sort(ids)
	g.Expect(slices.Compact(slices.Clone(ids))).To(HaveLen(1000))
}

func TestMiddlewaresStandBeforeTheStore(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	busy := server.DeleteSnapshots5XXJSONResponse{
		StatusCode: contract.Unavailable.Status,
		Body: api.Failure{
			RequestId: "T00000000-0000-0000-0000-000000000000", Code: contract.Unavailable.Code, Message: "Later.",
		},
	}
	s := serve(t, mock.WithMiddleware(func(server.StrictHandlerFunc, string) server.StrictHandlerFunc {
		return func(context.Context, http.ResponseWriter, *http.Request, any) (any, error) { return busy, nil }
	}))
	id := s.Create(contract.Normal, 1)[0]
	expectRefusal(g, s.delete(id), contract.Unavailable)
	g.Expect(s.states(id)).To(Equal([]contract.State{contract.Normal}))
}
