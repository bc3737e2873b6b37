package mock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
)

// soakFor says how long the soak goes on, as in "1m". Without it, each client takes a few hundred steps.
const soakFor = "ZEC_CONFORMANCE_SOAK"

// TestSoak has ten clients make, delete, change, look at and list snapshots at the same time. Each has some of its own, of which
// it knows at any time what they are, and all of them fight over others: of these, each deletion is told to one of them alone.
// In the end, there is what was made and not deleted, and nothing else.
func TestSoak(t *testing.T) {
	t.Parallel()
	const clients, steps = 10, 150
	g, m := NewWithT(t), mock.New(t)
	var until time.Time
	if text := os.Getenv(soakFor); text != "" {
		lasts, err := time.ParseDuration(text)
		g.Expect(err).NotTo(HaveOccurred(), soakFor)
		until = time.Now().Add(lasts)
	}
	shared := &contested{won: map[string]int{}}
	failures := make([]error, clients)
	all := make([]*soaker, clients)
	var done sync.WaitGroup
	for i := range clients {
		all[i] = newSoaker(m, shared, uint64(i))
		done.Go(func() {
			for step := 0; failures[i] == nil && (step < steps || time.Now().Before(until)); step++ {
				failures[i] = all[i].step()
			}
		})
	}
	done.Wait()
	g.Expect(errors.Join(failures...)).NotTo(HaveOccurred())

	want := shared.left()
	requests, answered := map[string]bool{}, 0
	for _, client := range all {
		maps.Copy(want, client.own)
		for _, id := range client.requests {
			requests[id] = true
		}
		answered += len(client.requests)
		for _, id := range client.refused {
			g.Expect(shared.won[id]).To(Equal(1), "%s is gone, and nobody was told that it was deleted", id)
		}
	}
	g.Expect(requests).To(HaveLen(answered), "no two requests share an id")
	there, err := all[0].everything()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(there).To(Equal(want))
	counts, err := m.Store().Counts()
	g.Expect(err).NotTo(HaveOccurred())
	inAll := 0
	for _, count := range counts {
		inAll += count
	}
	g.Expect(inAll).To(Equal(len(want)))
	t.Logf("%d answers of the API; %d snapshots are left", answered, len(want))
}

// contested is the snapshots that everybody tries to delete. All are in the deletable state.
type contested struct {
	mu    sync.Mutex
	there []string       // as far as is known
	won   map[string]int // how often each was deleted, by what the answers say
}

func (c *contested) made(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.there = append(c.there, ids...)
	for _, id := range ids {
		c.won[id] = 0
	}
}

// some gives some that may be there, without taking them away from anybody.
func (c *contested) some(random *rand.Rand, count int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var some []string
	for range min(count, len(c.there)) {
		some = append(some, c.there[random.IntN(len(c.there))])
	}
	return some
}

// deleted puts down whose deletion somebody was told. It may be told of each once.
func (c *contested) deleted(ids []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if c.won[id]++; c.won[id] > 1 {
			return fmt.Errorf("the deletion of %s was told twice", id)
		}
	}
	c.there = slices.DeleteFunc(c.there, func(id string) bool { return slices.Contains(ids, id) })
	return nil
}

// gone tells whether somebody was told of the deletion of a snapshot.
func (c *contested) gone(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.won[id] > 0
}

func (c *contested) left() map[string]contract.State {
	left := map[string]contract.State{}
	for id, won := range c.won {
		if won == 0 {
			left[id] = contract.Normal
		}
	}
	return left
}

// soaker is one client.
type soaker struct {
	m        *mock.Mock
	http     *http.Client
	random   *rand.Rand
	shared   *contested
	own      map[string]contract.State // that nobody else knows
	names    []string                  // of own, and of some that are gone
	requests []string                  // ids of all that it asked of the API
	refused  []string                  // contested ones that it found to be gone
}

func newSoaker(m *mock.Mock, shared *contested, seed uint64) *soaker {
	return &soaker{
		m: m, http: &http.Client{Transport: &http.Transport{}}, random: rand.New(rand.NewPCG(1, seed)), shared: shared,
		own: map[string]contract.State{}, names: []string{fmt.Sprintf("snap-nobodys-%d", seed)},
	}
}

// step does something, and holds what comes of it against what has to.
func (s *soaker) step() error {
	switch s.random.IntN(10) {
	case 0:
		return s.order()
	case 1:
		return s.create()
	case 2:
		return s.look()
	case 3:
		return s.lookAtContested()
	case 4:
		return s.list()
	case 5:
		return s.put()
	case 6:
		return s.release()
	case 7:
		return s.delete(s.some(1), nil)
	case 8:
		return s.delete(nil, s.shared.some(s.random, 1+s.random.IntN(3)))
	default:
		return s.delete(s.some(s.random.IntN(contract.MaxBatch/2)), s.shared.some(s.random, 1+s.random.IntN(contract.MaxBatch/2)))
	}
}

// some gives some of its own, those that are gone and duplicates included.
func (s *soaker) some(count int) []string {
	some := make([]string, count)
	for i := range some {
		some[i] = s.names[s.random.IntN(len(s.names))]
	}
	return some
}

func (s *soaker) add(id string, state contract.State) error {
	if _, known := s.own[id]; known || slices.Contains(s.names, id) {
		return fmt.Errorf("%s was made twice", id)
	}
	s.own[id] = state
	if s.names = append(s.names, id); len(s.names) > 300 { // the oldest are left in peace
		s.names = s.names[100:]
	}
	return nil
}

func (s *soaker) order() error {
	state, contested := contract.States[s.random.IntN(len(contract.States))], s.random.IntN(2) == 0
	if contested {
		state = contract.Normal
	}
	count := 1 + s.random.IntN(20)
	var made struct{ SnapshotIDs []string }
	status, err := s.send(http.MethodPost, mock.TestbedPath+"/snapshots", map[string]any{"state": state, "count": count}, nil, &made)
	switch {
	case err != nil:
		return err
	case status != http.StatusCreated || len(made.SnapshotIDs) != count:
		return fmt.Errorf("an order of %d: %d, %v", count, status, made)
	}
	if contested {
		s.shared.made(made.SnapshotIDs)
		return nil
	}
	for _, id := range made.SnapshotIDs {
		if err := s.add(id, state); err != nil {
			return err
		}
	}
	return nil
}

func (s *soaker) create() error {
	said, err := s.call("CreateSnapshot", map[string]any{"diskId": "disk-1", "snapshotName": "soaked"})
	switch {
	case err != nil:
		return err
	case said.status != http.StatusOK:
		return fmt.Errorf("CreateSnapshot: %+v", said)
	}
	return s.add(said.Response.SnapshotID, contract.Normal)
}

func (s *soaker) look() error {
	id := s.some(1)[0]
	seen, err := s.seen(id)
	if err == nil && seen != s.own[id] {
		err = fmt.Errorf("%s is %q, and seen to be %q", id, s.own[id], seen)
	}
	return err
}

func (s *soaker) lookAtContested() error {
	for _, id := range s.shared.some(s.random, 1) {
		gone := s.shared.gone(id)
		seen, err := s.seen(id)
		switch {
		case err != nil:
			return err
		case seen != "" && (gone || seen != contract.Normal):
			return fmt.Errorf("%s is seen to be %s; gone: %t", id, seen, gone)
		case seen == "":
			s.refused = append(s.refused, id)
		}
	}
	return nil
}

// seen gives the state of a snapshot by the testbed, none where there is no such snapshot.
func (s *soaker) seen(id string) (contract.State, error) {
	var seen struct{ State contract.State }
	status, err := s.send(http.MethodGet, mock.TestbedPath+"/snapshots/"+id, nil, nil, &seen)
	if err == nil && status != http.StatusOK && status != http.StatusNotFound {
		err = fmt.Errorf("a look at %s: %d", id, status)
	}
	return seen.State, err
}

func (s *soaker) list() error {
	ids := s.some(1 + s.random.IntN(20))
	said, err := s.call("DescribeSnapshots", map[string]any{contract.FieldSnapshotIDs: ids, "pageSize": 100})
	want := map[string]contract.State{}
	for _, id := range ids {
		if state, there := s.own[id]; there {
			want[id] = state
		}
	}
	if err == nil && (said.Response.TotalCount != len(want) || !maps.Equal(said.listed(), want)) {
		err = fmt.Errorf("DescribeSnapshots gives %+v for %v", said, want)
	}
	return err
}

func (s *soaker) put() error {
	id, state := s.some(1)[0], contract.States[s.random.IntN(len(contract.States))]
	_, there := s.own[id]
	if s.m.Put(id, state) != there {
		return fmt.Errorf("%s is put to %s; there: %t", id, state, there)
	}
	if there {
		s.own[id] = state
	}
	return nil
}

func (s *soaker) release() error {
	id := s.some(1)[0]
	status, err := s.send(http.MethodDelete, mock.TestbedPath+"/snapshots/"+id, nil, nil, nil)
	delete(s.own, id)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("a release of %s: %d", id, status)
	}
	return err
}

// delete names some of its own and some contested ones.
func (s *soaker) delete(own, contested []string) error {
	ids := slices.Concat(own, contested)
	if len(ids) == 0 {
		return nil
	}
	s.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	lost := map[string]bool{} // contested ones that somebody was told of before this request
	for _, id := range contested {
		lost[id] = s.shared.gone(id)
	}
	said, err := s.call(contract.Action, map[string]any{contract.FieldSnapshotIDs: ids})
	if err != nil {
		return err
	}
	left := said.Response.SnapshotIDs
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 1 && said.status != http.StatusOK {
		left = ids
	} else if said.status != http.StatusOK {
		return fmt.Errorf("%d snapshots are deleted: %+v", len(ids), said)
	}
	var won []string
	for _, id := range ids {
		state, mine := s.own[id]
		listed := slices.Contains(left, id)
		_, fought := lost[id]
		switch {
		case fought && listed:
			s.refused = append(s.refused, id)
		case fought && lost[id]:
			return fmt.Errorf("%s is deleted, and was already", id)
		case fought:
			won = append(won, id)
		case listed == (mine && state == contract.Normal):
			return fmt.Errorf("%s is %q; listed: %t in %+v", id, state, listed, said)
		case !listed:
			delete(s.own, id)
		}
		if want := refusalOf(state, fought); len(ids) == 1 && listed && (said.Code != want.Code || said.status != want.Status) {
			return fmt.Errorf("%s is %q: %+v", id, state, said)
		}
	}
	return s.shared.deleted(won)
}

// refusalOf is what a snapshot that cannot be deleted is refused with.
func refusalOf(state contract.State, fought bool) contract.Error {
	if state == "" || fought {
		return contract.NotFound
	}
	return contract.DeniedState
}

// everything lists all that there is, page by page.
func (s *soaker) everything() (map[string]contract.State, error) {
	all := map[string]contract.State{}
	for page := 1; ; page++ {
		said, err := s.call("DescribeSnapshots", map[string]any{"pageNum": page, "pageSize": 1000})
		if err != nil || len(said.listed()) == 0 {
			return all, err
		}
		maps.Copy(all, said.listed())
	}
}

// said is an answer of the API.
type said struct {
	status    int
	RequestID string
	Code      string
	Response  struct {
		SnapshotIDs []string
		SnapshotID  string
		TotalCount  int
		DataSet     []struct {
			SnapshotID string
			Status     string
		}
	}
}

func (s said) listed() map[string]contract.State {
	listed := map[string]contract.State{}
	for _, one := range s.Response.DataSet {
		listed[one.SnapshotID], _ = contract.ParseState(one.Status)
	}
	return listed
}

func (s *soaker) call(action string, body any) (answer said, err error) {
	answer.status, err = s.send(http.MethodPost, contract.Path, body, map[string]string{contract.HeaderAction: action, contract.HeaderVersion: contract.Version}, &answer)
	if err == nil && answer.RequestID == "" {
		err = fmt.Errorf("an answer without a request id: %+v", answer)
	}
	s.requests = append(s.requests, answer.RequestID)
	return answer, err
}

func (s *soaker) send(method, path string, body any, header map[string]string, into any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest(method, s.m.URL()+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", contract.ContentType)
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := s.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && len(answer) > 0 && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return response.StatusCode, err
}
