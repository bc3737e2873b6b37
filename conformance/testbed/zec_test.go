package testbed_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/reach"
	"github.com/zec-conformance/deletesnapshots/conformance/target"
	"github.com/zec-conformance/deletesnapshots/conformance/testbed"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

const (
	creating = contract.State(api.Creating)
	disk     = "disk-1"
	never    = time.Hour // is how long something takes that a test does not wait for
)

// asking asks a handler as a run does.
func asking(t *testing.T, handler http.Handler) testbed.Ask {
	t.Helper()
	base, err := reach.Parse(serve(t, handler.ServeHTTP))
	if err != nil {
		t.Fatal(err)
	}
	return target.New(target.Config{Endpoint: base, Timeout: long, Patience: long}).Ask
}

func zec(t *testing.T, disk string, ask testbed.Ask, timeout time.Duration) *testbed.Zec {
	t.Helper()
	z, err := testbed.NewZec(disk, ask, timeout)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestZecMakesAndReleases(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := mock.NewService(mock.WithDelays(30*time.Millisecond, 0))
	z := zec(t, disk, asking(t, m), long)
	g.Expect(z.States(t.Context())).To(ConsistOf(contract.Normal, creating, contract.Leaving))

	const count = 120 // more than are asked about at once
	ids, err := z.Make(t.Context(), contract.Normal, count)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(testbed.Handed(ids, count)).To(Succeed())
	for _, id := range ids {
		state, _ := m.State(id)
		g.Expect(state).To(Equal(contract.Normal))
	}
	g.Expect(z.Look(t.Context(), ids[0])).To(Equal(testbed.Sight{ID: ids[0], State: contract.Normal, Name: contract.Normal.Listed()}))
	g.Expect(z.Release(t.Context(), ids[0])).To(Succeed())
	g.Expect(z.Look(t.Context(), ids[0])).To(Equal(testbed.Sight{ID: ids[0], Gone: true}))
	g.Expect(z.Release(t.Context(), ids[0])).To(Succeed(), "gone already")
	g.Expect(z.Look(t.Context(), "")).To(Equal(testbed.Sight{Gone: true}))
}

// TestZecNamesWhatItMakes so that it can be found, and lets it expire.
func TestZecNamesWhatItMakes(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var mu sync.Mutex
	var orders []map[string]string
	m := mock.NewService()
	ask := asking(t, m)
	z := zec(t, disk, func(ctx context.Context, action string, body []byte) (int, []byte, error) {
		if action == "CreateSnapshot" {
			var order map[string]string
			g.Expect(json.Unmarshal(body, &order)).To(Succeed())
			mu.Lock()
			orders = append(orders, order)
			mu.Unlock()
		}
		return ask(ctx, action, body)
	}, long)
	_, err := z.Make(t.Context(), contract.Normal, 3)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(orders).To(HaveLen(3))
	var names []string
	for _, order := range orders {
		g.Expect(order["diskId"]).To(Equal(disk))
		names = append(names, order["snapshotName"])
		expires, err := time.Parse(time.RFC3339, order["retentionTime"])
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(time.Until(expires)).To(And(BeNumerically(">", 24*time.Hour), BeNumerically("<", 26*time.Hour)))
	}
	g.Expect(names).To(ConsistOf(z.Prefix()+"1", z.Prefix()+"2", z.Prefix()+"3"))
	g.Expect(z.Prefix()).To(HavePrefix(testbed.ZecPrefix))
	g.Expect(zec(t, disk, ask, long).Prefix()).NotTo(Equal(z.Prefix()))
}

func TestZecStatesThatPass(t *testing.T) {
	t.Parallel()
	t.Run("slowly", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		m := mock.NewService(mock.WithDelays(never, never))
		z := zec(t, disk, asking(t, m), 200*time.Millisecond)
		ids, err := z.Make(t.Context(), creating, 20)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ids).To(HaveLen(20))
		g.Expect(z.Look(t.Context(), ids[0])).To(Equal(testbed.Sight{ID: ids[0], State: creating, Name: string(creating)}))

		g.Expect(z.Release(t.Context(), ids[0])).To(MatchError(ContainSubstring(`is still "CREATING"`)))
		m.Put(ids[0], contract.Normal)
		g.Expect(z.Release(t.Context(), ids[0])).To(Succeed())
		g.Expect(z.Look(t.Context(), ids[0])).To(HaveField("State", contract.Leaving))
		g.Expect(z.Release(t.Context(), ids[0])).To(Succeed(), "going already")

		made, err := z.Make(t.Context(), contract.Normal, 2)
		g.Expect(err).To(MatchError(ContainSubstring("give a longer --timeout")))
		g.Expect(made).To(HaveLen(2), "so that they can be released")
	})
	t.Run("slowly away", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		m := mock.NewService(mock.WithDelays(0, never))
		ids, err := zec(t, disk, asking(t, m), long).Make(t.Context(), contract.Leaving, 3)
		g.Expect(err).NotTo(HaveOccurred())
		for _, id := range ids {
			state, _ := m.State(id)
			g.Expect(state).To(Equal(contract.Leaving))
		}
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		z := zec(t, disk, asking(t, mock.NewService()), long)
		ids, err := z.Make(t.Context(), creating, 2)
		g.Expect(err).To(And(MatchError(testbed.ErrCannotMake), MatchError(ContainSubstring("no longer CREATING but"))))
		g.Expect(ids).To(HaveLen(2), "so that they can be released")
		_, err = z.Make(t.Context(), contract.Leaving, 2)
		g.Expect(err).To(And(MatchError(testbed.ErrCannotMake), MatchError(ContainSubstring(`no longer DELETING but "gone"`))))
		ids, err = z.Make(t.Context(), "FAILED", 2)
		g.Expect(err).To(MatchError(testbed.ErrCannotMake))
		g.Expect(ids).To(BeEmpty())
	})
	t.Run("moves", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		into, gone := testbed.Moves(zec(t, disk, nil, long), creating)
		g.Expect(into).To(ConsistOf(contract.Normal))
		g.Expect(gone).To(BeFalse())
		into, gone = testbed.Moves(zec(t, disk, nil, long), contract.Leaving)
		g.Expect(into).To(BeEmpty())
		g.Expect(gone).To(BeTrue())
		into, gone = testbed.Moves(zec(t, disk, nil, long), contract.Normal)
		g.Expect(into).To(BeEmpty())
		g.Expect(gone).To(BeFalse())
	})
}

func TestZecLeftovers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ask := asking(t, mock.NewService())
	z := zec(t, disk, ask, long)
	g.Expect(z.Leftovers(t.Context())).To(BeEmpty())

	const count = 230 // several pages
	lost, err := z.Make(t.Context(), contract.Normal, count)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = zec(t, "disk-2", ask, long).Make(t.Context(), contract.Normal, 2)
	g.Expect(err).NotTo(HaveOccurred())
	status, _, err := ask(t.Context(), "CreateSnapshot", []byte(`{"diskId": "disk-1", "snapshotName": "somebodys"}`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(status).To(Equal(http.StatusOK))

	cleaner := zec(t, disk, ask, long)
	g.Expect(cleaner.Release(t.Context(), lost[0])).To(MatchError(ContainSubstring("none that this run made")))
	found, err := cleaner.Leftovers(t.Context()) // another run's are found as well
	g.Expect(err).NotTo(HaveOccurred())
	var ids []string
	for _, one := range found {
		ids = append(ids, one.ID)
		g.Expect(one.Name).To(HavePrefix(z.Prefix()))
		g.Expect(one.State).To(Equal(contract.Normal))
		g.Expect(one.Created).NotTo(BeEmpty())
	}
	g.Expect(ids).To(ConsistOf(lost))
	for _, id := range ids {
		g.Expect(cleaner.Release(t.Context(), id)).To(Succeed())
	}
	g.Expect(cleaner.Leftovers(t.Context())).To(BeEmpty())
}

func TestOpenZec(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	g.Expect(testbed.Open("zec:disk-1", testbed.Surroundings{})).To(BeAssignableToTypeOf(&testbed.Zec{}))
	for _, spec := range []string{"zec", "zec:", "zec: ", "zec:\x1b[2J"} {
		_, err := testbed.Open(spec, testbed.Surroundings{})
		g.Expect(err).To(MatchError(And(ContainSubstring("zec:DISK_ID"), Not(ContainSubstring("\x1b")))), spec)
	}
}

// always answers everything alike.
func always(status int, body string) testbed.Ask {
	return func(context.Context, string, []byte) (int, []byte, error) { return status, []byte(body), nil }
}

// listing shows snapshots of the disk.
func listing(total int, ids ...string) string {
	set := make([]map[string]any, len(ids))
	for i, id := range ids {
		set[i] = map[string]any{"snapshotId": id, "snapshotName": testbed.ZecPrefix + id, "diskId": disk, "status": "AVAILABLE"}
	}
	text, _ := json.Marshal(map[string]any{"response": map[string]any{"totalCount": total, "dataSet": set}})
	return string(text)
}

// TestZecWillNotLook for a text that the service takes for something else than an id: what is deleted under it might be
// anybody's.
func TestZecWillNotLook(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]testbed.Ask{
		"shows others":          always(200, listing(2, "x", "y")),
		"shows one more":        always(200, listing(1, "A")),
		"knows of some":         always(200, listing(5)),
		"refuses":               always(400, `{"code": "INVALID_PARAMETER_VALUE"}`),
		"does not let anybody":  always(401, `{"code": "AUTHFAILURE_INVALID_AUTHORIZATION"}`),
		"has no such parameter": always(404, `{"code": "OPERATION_FAILED_RESOURCE_NOT_FOUND"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			for _, text := range []string{"", "a", "*", "\x00"} {
				_, err := zec(t, disk, ask, long).Look(t.Context(), text)
				g.Expect(err).To(MatchError(testbed.ErrWillNotLook), "%q", text)
			}
		})
	}
	g := NewWithT(t)
	g.Expect(zec(t, disk, always(200, listing(0)), long).Look(t.Context(), "a")).To(HaveField("Gone", true))
	g.Expect(zec(t, disk, always(200, `{"response":{"totalCount":0}}`), long).Look(t.Context(), "a")).To(HaveField("Gone", true))
	g.Expect(zec(t, disk, always(404, fmt.Sprintf(`{"code":%q}`, contract.NotFound.Code)), long).Look(t.Context(), "a")).To(HaveField("Gone", true))
	g.Expect(zec(t, disk, always(200, listing(7, "x", "a")), long).Look(t.Context(), "a")).To(HaveField("ID", "a"))
}

func TestZecReadsStrictly(t *testing.T) {
	t.Parallel()
	one := func(edit string) string {
		return `{"response":{"totalCount":1,"dataSet":[` + edit + `]}}`
	}
	for name, ask := range map[string]testbed.Ask{
		"no answer": func(context.Context, string, []byte) (int, []byte, error) { return 0, nil, errors.New("nobody there") },
		"nothing":   always(200, ""), "text": always(200, "ok"), "null": always(200, "null"), "a list": always(200, "[]"),
		"no response": always(200, "{}"), "null response": always(200, `{"response":null}`), "a text for a response": always(200, `{"response":"x"}`),
		"another case": always(200, `{"Response":{"totalCount":0,"dataSet":[]}}`),
		"no count":     always(200, `{"response":{"dataSet":[]}}`), "a count in words": always(200, `{"response":{"totalCount":"0"}}`),
		"a negative count": always(200, `{"response":{"totalCount":-1}}`), "a vast count": always(200, `{"response":{"totalCount":1e999}}`),
		"fewer than shown": always(200, listing(1, "a", "b")), "one twice": always(200, listing(2, "a", "a")),
		"an object for a list": always(200, `{"response":{"totalCount":0,"dataSet":{}}}`), "null in the list": always(200, one("null")),
		"no id": always(200, one(`{"status":"AVAILABLE"}`)), "an id that is none": always(200, one(`{"snapshotId":"\u001b[2J","status":"AVAILABLE"}`)),
		"no status": always(200, one(`{"snapshotId":"a"}`)), "a number for a status": always(200, one(`{"snapshotId":"a","status":1}`)),
		"invalid UTF-8": always(200, one(`{"snapshotId":"a","status":"`+"\xff"+`"}`)), "deep": always(200, strings.Repeat("[", 1e6)),
		"created": always(201, listing(0)), "moved": always(302, ""), "a page": always(404, "<html>"),
		"no code": always(400, `{}`), "a fault": always(500, `{"code":"INTERNAL_SERVER_ERROR"}`),
		"far more than a page": always(200, listing(500, ids(500)...)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			z := zec(t, disk, ask, 0)
			_, err := z.Look(t.Context(), "a")
			g.Expect(err).To(MatchError(ContainSubstring("DescribeSnapshots")))
			g.Expect(err).NotTo(MatchError(testbed.ErrWillNotLook))
			_, err = z.Leftovers(t.Context())
			g.Expect(err).To(HaveOccurred())
			g.Expect(z.Release(t.Context(), "a")).NotTo(Succeed())
			made, err := z.Make(t.Context(), contract.Normal, 2)
			g.Expect(err).To(MatchError(ContainSubstring("CreateSnapshot")))
			g.Expect(made).To(BeEmpty())
			g.Expect(err.Error()).NotTo(ContainSubstring("\x1b"))
		})
	}
}

func ids(count int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprint("snap-", i)
	}
	return all
}

func TestZecLongAnswers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	ask := asking(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for { // until nobody reads on
			if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
				return
			}
		}
	}))
	_, err := zec(t, disk, ask, long).Look(t.Context(), "a")
	g.Expect(err).To(MatchError(ContainSubstring("the answer is longer than")))
}

func TestZecListingsWithoutEnd(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	_, err := zec(t, disk, always(200, listing(9, "a", "b")), long).Leftovers(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("nothing new on page 2")))

	var pages atomic.Int64
	_, err = zec(t, disk, func(context.Context, string, []byte) (int, []byte, error) {
		return 200, []byte(listing(1e9, fmt.Sprint("snap-", pages.Add(1)))), nil
	}, long).Leftovers(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("more than 200 pages")))
	g.Expect(pages.Load()).To(BeEquivalentTo(200))

	// One that ignores the filter shows other disks' snapshots as well.
	other := strings.ReplaceAll(listing(2, "a", "b"), disk, "disk-2")
	g.Expect(zec(t, disk, always(200, other), long).Leftovers(t.Context())).To(BeEmpty())
}

// meddling is a mock that answers CreateSnapshot and DescribeSnapshots in another way.
func meddling(t *testing.T, m *mock.Service, with func(action, answer string) string) (ask testbed.Ask, deletions *atomic.Int64) {
	t.Helper()
	deletions = new(atomic.Int64)
	return asking(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action := r.Header.Get(contract.HeaderAction)
		if action == contract.Action {
			deletions.Add(1)
		}
		recorder := httptest.NewRecorder()
		m.ServeHTTP(recorder, r)
		w.WriteHeader(recorder.Code)
		_, _ = io.WriteString(w, with(action, recorder.Body.String()))
	})), deletions
}

// TestZecTouchesNothingOfOthers though a service hands out the id of somebody's snapshot.
func TestZecTouchesNothingOfOthers(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	m := mock.NewService()
	victim := m.Create(contract.Normal, 1)[0]
	ask, deletions := meddling(t, m, func(action, answer string) string {
		if action == "CreateSnapshot" {
			return fmt.Sprintf(`{"response":{"snapshotId":%q}}`, victim)
		}
		return answer
	})
	z := zec(t, disk, ask, long)
	handed, err := z.Make(t.Context(), contract.Normal, 1)
	g.Expect(err).To(MatchError(ContainSubstring("none that this run made")))
	for _, id := range handed {
		g.Expect(z.Release(t.Context(), id)).To(MatchError(ContainSubstring("none that this run made")))
	}
	_, err = z.Make(t.Context(), contract.Leaving, 1)
	g.Expect(err).To(MatchError(ContainSubstring("none that this run made")))
	_, err = z.Make(t.Context(), contract.Normal, 3)
	g.Expect(err).To(MatchError(ContainSubstring("twice")))
	g.Expect(deletions.Load()).To(BeZero())
	_, there := m.State(victim)
	g.Expect(there).To(BeTrue())
}

func TestZecServicesThatDoNotCarryOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  contract.State
		with   func(action, answer string) string
		reason string
	}{
		"creation fails": {contract.Normal, func(_, answer string) string { return strings.ReplaceAll(answer, "AVAILABLE", "FAILED") }, `became "FAILED"`},
		"shows another": {contract.Normal, func(action, answer string) string {
			if action == "DescribeSnapshots" {
				return listing(1, "another")
			}
			return answer
		}, "another, which was not asked for"},
		"never lists": {contract.Normal, func(action, answer string) string {
			if action == "DescribeSnapshots" {
				return listing(0)
			}
			return answer
		}, "give a longer --timeout"},
		"keeps what is deleted": {contract.Leaving, func(action, answer string) string {
			if action == contract.Action {
				return `{"response":{"snapshotIds":["x"]}}`
			}
			return answer
		}, "would not delete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			ask, _ := meddling(t, mock.NewService(), c.with)
			made, err := zec(t, disk, ask, 100*time.Millisecond).Make(t.Context(), c.state, 2)
			g.Expect(err).To(MatchError(ContainSubstring(c.reason)))
			g.Expect(made).To(HaveLen(2), "so that they can be released")
		})
	}
	t.Run("is out of room", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		var orders atomic.Int64
		ask := asking(t, mock.NewService())
		made, err := zec(t, disk, func(ctx context.Context, action string, body []byte) (int, []byte, error) {
			if orders.Add(1) > 5 {
				return 400, []byte(`{"code":"QUOTA_EXCEEDED"}`), nil
			}
			return ask(ctx, action, body)
		}, long).Make(t.Context(), contract.Normal, 50)
		g.Expect(err).To(MatchError(`the answer to CreateSnapshot is 400 "QUOTA_EXCEEDED"`))
		g.Expect(made).To(HaveLen(5), "so that they can be released")
		g.Expect(orders.Load()).To(BeNumerically("<=", 5+8), "no more orders after the first that failed")
	})
}

func TestZecEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	reason := errors.New("the run is over")
	z := zec(t, disk, asking(t, mock.NewService(mock.WithDelays(never, 0))), never)
	ids, err := z.Make(t.Context(), creating, 1)
	g.Expect(err).NotTo(HaveOccurred())
	for name, wait := range map[string]func(ctx context.Context) error{
		"make":    func(ctx context.Context) error { _, err := z.Make(ctx, contract.Normal, 1); return err },
		"release": func(ctx context.Context) error { return z.Release(ctx, ids[0]) },
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(reason) })
		g.Expect(wait(ctx)).To(MatchError(reason), name)
	}
}

// FuzzZec has a service answer anything. What is made of it are errors, or ids that could be some.
func FuzzZec(f *testing.F) {
	for _, body := range []string{
		listing(1, "a"), listing(2, "a", "b"), listing(0), `{"response":{"snapshotId":"a"}}`, `{"response":{"snapshotIds":["a"]}}`,
		`{"code":"INVALID_DISK_SNAPSHOT_NOT_FOUND"}`, `{"response":{"totalCount":1,"dataSet":[null]}}`, "[[[", "\xff", `{"response":{"totalCount":1e999}}`,
	} {
		f.Add(200, []byte(body))
		f.Add(404, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		z := zec(t, disk, func(context.Context, string, []byte) (int, []byte, error) { return status, slices.Clone(body), nil }, 0)
		if sight, err := z.Look(t.Context(), "a"); err == nil && sight.ID != "a" {
			t.Errorf("shows %q", sight.ID)
		}
		for _, state := range []contract.State{contract.Normal, creating, contract.Leaving} {
			made, err := z.Make(t.Context(), state, 1)
			if err == nil && testbed.Handed(made, 1) != nil {
				t.Errorf("hands out %q", made)
			}
		}
		_ = z.Release(t.Context(), "a")
		found, _ := z.Leftovers(t.Context())
		for _, one := range found {
			if !contract.PlausibleID(one.ID) || !strings.HasPrefix(one.Name, testbed.ZecPrefix) {
				t.Errorf("lists %q", one)
			}
		}
	})
}
