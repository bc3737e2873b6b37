package testbed

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
	"github.com/zec-conformance/deletesnapshots/generated/api"
)

// ZecPrefix begins the name of every snapshot that any run makes through the service's own actions, and of no other
// snapshot if its owner is not out for trouble.
const ZecPrefix = "zec-conformance-"

// The service's own actions beside the one under test.
const (
	createSnapshot    = "CreateSnapshot"
	describeSnapshots = "DescribeSnapshots"
)

// A service is asked for little at once, and what it says is read with bounds.
const (
	creators  = 8   // orders for snapshots that are under way at once
	pageSize  = 100 // snapshots that are asked about at once
	mostPages = 200 // pages of a listing that are read

	// The service refuses a retention of less than 24 hours. What a lost run leaves behind expires by itself soon after.
	retention = 25 * time.Hour
)

// creating is the state of a snapshot that is being made.
const creating = contract.State(api.Creating)

// Zec is the service itself: its action CreateSnapshot makes snapshots of one disk, DescribeSnapshots observes them, and
// the action under test removes them.
type Zec struct {
	disk    string
	prefix  string
	ask     Ask
	timeout time.Duration
	made    atomic.Int64
	orders  chan struct{} // that are under way
	lost    sync.Map      // ids of leftovers that were listed
}

// NewZec prepares a testbed on a disk. A snapshot may take as long as timeout to become usable, and to be released; each
// request is bounded by ask. NewZec sends nothing.
func NewZec(disk string, ask Ask, timeout time.Duration) (*Zec, error) {
	if !contract.PlausibleID(disk) {
		return nil, fmt.Errorf("%.80q is no id of a disk; give one, as in zec:DISK_ID", disk)
	}
	return &Zec{
		disk: disk, prefix: ZecPrefix + strings.ToLower(rand.Text()[:10]) + "-",
		ask: ask, timeout: timeout, orders: make(chan struct{}, creators),
	}, nil
}

// Prefix begins the names of all snapshots of this run, and of no other.
func (z *Zec) Prefix() string { return z.prefix }

// States implements Bed. Nothing that a caller may do brings about the others.
func (z *Zec) States(context.Context) ([]contract.State, error) {
	return []contract.State{contract.Normal, creating, contract.Leaving}, nil
}

// Moves implements Moving. That a snapshot fails is nothing to reckon with: where one does, the disk's others tell whether
// that is the service's trouble.
func (z *Zec) Moves(state contract.State) (into []contract.State, gone bool) {
	switch state {
	case creating:
		return []contract.State{contract.Normal}, false
	case contract.Leaving:
		return nil, true
	}
	return nil, false
}

// Make implements Bed. With an error come the ids of what was made all the same.
func (z *Zec) Make(ctx context.Context, state contract.State, count int) ([]string, error) {
	if state != contract.Normal && state != creating && state != contract.Leaving {
		return nil, fmt.Errorf("%w: no action of the service brings a snapshot into state %s", ErrCannotMake, state)
	}
	ids, err := z.create(ctx, count)
	if err == nil && state != creating {
		err = z.await(ctx, ids)
	}
	if err == nil && state == contract.Leaving {
		err = z.delete(ctx, ids)
	}
	if err == nil && state != contract.Normal {
		err = z.still(ctx, state, ids)
	}
	return ids, err
}

// create orders snapshots: one, and when that has been taken up, the rest of them, several at once. There are no more
// orders after the first that fails.
func (z *Zec) create(ctx context.Context, count int) ([]string, error) {
	first, err := z.createOne(ctx)
	if err != nil {
		return nil, err
	}
	ids := []string{first}
	var mu sync.Mutex
	var left, failures atomic.Int64
	left.Store(int64(count - 1))
	var orders sync.WaitGroup
	for range min(creators, count-1) {
		orders.Go(func() {
			for failures.Load() == 0 && left.Add(-1) >= 0 {
				id, failure := z.createOne(ctx)
				mu.Lock()
				if failure == nil {
					ids = append(ids, id)
				} else if failures.Add(1) == 1 {
					err = failure
				}
				mu.Unlock()
			}
		})
	}
	orders.Wait()
	if err == nil {
		if err = Handed(ids, count); err != nil {
			err = fmt.Errorf("%s %w", createSnapshot, err)
		}
	}
	return ids, err
}

func (z *Zec) createOne(ctx context.Context) (string, error) {
	select {
	case z.orders <- struct{}{}:
		defer func() { <-z.orders }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	response, err := z.call(ctx, createSnapshot, members{
		"diskId":        z.disk,
		"snapshotName":  fmt.Sprint(z.prefix, z.made.Add(1)),
		"retentionTime": time.Now().UTC().Add(retention).Format("2006-01-02T15:04:05Z"),
	})
	if err != nil {
		return "", err
	}
	var id *string
	if err := response.read(members{"snapshotId": &id}); err != nil {
		return "", err
	}
	if id == nil || !contract.PlausibleID(*id) {
		return "", response.errorf("has no snapshotId that could be one")
	}
	return *id, nil
}

// await waits until all snapshots are NORMAL.
func (z *Zec) await(ctx context.Context, ids []string) error {
	deadline := time.Now().Add(z.timeout)
	for wait := firstPoll; ; wait = min(2*wait, longestPoll) {
		states, err := z.states(ctx, ids)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return states[id] == contract.Normal })
		if len(ids) == 0 {
			return nil
		}
		for _, id := range ids {
			if state, listed := states[id]; listed && state != creating {
				return fmt.Errorf("snapshot %s, which %s made, became %.40q and not %s", id, createSnapshot, state, contract.Normal)
			}
		}
		if time.Now().Add(wait).After(deadline) {
			return fmt.Errorf("%d snapshots that %s made were not %s within %s, %s among them; where making one takes longer, give a longer --timeout",
				len(ids), createSnapshot, contract.Normal, z.timeout, ids[0])
		}
		if err := gentle.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// The pauses between looks at what takes its time.
const (
	firstPoll   = 20 * time.Millisecond
	longestPoll = 2 * time.Second
)

// delete has the action under test delete snapshots of this testbed. If it will not, that is for checks to judge.
func (z *Zec) delete(ctx context.Context, ids []string) error {
	for batch := range slices.Chunk(ids, contract.MaxBatch) {
		response, err := z.call(ctx, contract.Action, members{contract.FieldSnapshotIDs: batch})
		var refusal *refusedError
		if errors.As(err, &refusal) {
			return fmt.Errorf("%w: %w", ErrCannotMake, err)
		}
		if err != nil {
			return err
		}
		var kept []string
		if err := response.read(members{contract.FieldSnapshotIDs: &kept}); err != nil {
			return err
		}
		if len(kept) > 0 {
			return fmt.Errorf("%w: %s would not delete a snapshot for it", ErrCannotMake, contract.Action)
		}
	}
	return nil
}

// still tells whether all snapshots are shown in a state that passes by itself.
func (z *Zec) still(ctx context.Context, state contract.State, ids []string) error {
	states, err := z.states(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		now, listed := states[id]
		if listed && now == state {
			continue
		}
		if !listed {
			now = "gone"
		}
		return fmt.Errorf("%w: it passes too fast; by the time that one can look, a snapshot is no longer %s but %.40q", ErrCannotMake, state, now)
	}
	return nil
}

// states tells the states of those of this run's snapshots that the service lists.
func (z *Zec) states(ctx context.Context, ids []string) (map[string]contract.State, error) {
	states := map[string]contract.State{}
	for some := range slices.Chunk(ids, pageSize) {
		page, err := z.describe(ctx, 1, members{contract.FieldSnapshotIDs: some})
		if err != nil {
			return nil, err
		}
		for _, item := range page.items {
			if !slices.Contains(some, item.id) {
				return nil, page.errorf("shows %s, which was not asked for", item.id)
			}
			if err := z.own(item); err != nil {
				return nil, err
			}
			states[item.id] = item.state
		}
	}
	return states, nil
}

// own sees that a snapshot is one that this run made, or one of the leftovers. Whatever a service hands out, nothing else is
// touched.
func (z *Zec) own(item item) error {
	if _, lost := z.lost.Load(item.id); !lost && !strings.HasPrefix(item.name, z.prefix) {
		return fmt.Errorf("%s handed out %s, which is called %.80q, and so is none that this run made", createSnapshot, item.id, item.name)
	}
	return nil
}

// find looks for one snapshot. A service that shows others, or knows of some, when it is asked about one takes the text
// for something else than an id.
func (z *Zec) find(ctx context.Context, id string) (found item, there bool, err error) {
	page, err := z.describe(ctx, 1, members{contract.FieldSnapshotIDs: []string{id}})
	var refusal *refusedError
	switch {
	case errors.As(err, &refusal) && refusal.code == contract.NotFound.Code:
		return item{}, false, nil
	case errors.As(err, &refusal) && refusal.status < 500:
		return item{}, false, fmt.Errorf("%w: %w", ErrWillNotLook, err)
	case err != nil:
		return item{}, false, err
	}
	if i := slices.IndexFunc(page.items, func(one item) bool { return one.id == id }); i >= 0 {
		return page.items[i], true, nil
	}
	if len(page.items) > 0 || page.total > 0 {
		return item{}, false, page.errorf("shows others for %.80q: %w", id, ErrWillNotLook)
	}
	return item{}, false, nil
}

// Look implements Bed.
func (z *Zec) Look(ctx context.Context, id string) (Sight, error) {
	found, there, err := z.find(ctx, id)
	if err != nil || !there {
		return Sight{ID: id, Gone: err == nil}, err
	}
	return Sight{ID: id, State: found.state, Name: found.status}, nil
}

// Release implements Bed, for snapshots that this run made, and leftovers that it has listed. It waits for one that is still
// being made, since the service deletes none that is.
func (z *Zec) Release(ctx context.Context, id string) error {
	deadline := time.Now().Add(z.timeout)
	for wait := firstPoll; ; wait = min(2*wait, longestPoll) {
		found, there, err := z.find(ctx, id)
		if err != nil || !there || found.state == contract.Leaving {
			return err
		}
		if err := z.own(found); err != nil {
			return err
		}
		if found.state != creating { // whatever the answer says, the next look tells
			_, err = z.call(ctx, contract.Action, members{contract.FieldSnapshotIDs: []string{id}})
		}
		if time.Now().Add(wait).After(deadline) {
			return fmt.Errorf("snapshot %s is still %.40q after %s: %w", id, found.state, z.timeout, cmp.Or(err, errors.New("it takes too long")))
		}
		if err := gentle.Pause(ctx, wait); err != nil {
			return err
		}
	}
}

// Leftovers lists the snapshots of the disk that runs have made, those of this one included. From then on, Release takes
// them, too.
func (z *Zec) Leftovers(ctx context.Context) ([]Leftover, error) {
	var found []Leftover
	seen := map[string]bool{}
	for number := 1; number <= mostPages; number++ {
		page, err := z.describe(ctx, number, members{"diskIds": []string{z.disk}})
		if err != nil {
			return nil, err
		}
		fresh := false
		for _, item := range page.items {
			if !seen[item.id] && item.disk == z.disk && strings.HasPrefix(item.name, ZecPrefix) {
				found = append(found, Leftover{ID: item.id, Name: item.name, State: item.state, Created: item.created})
				z.lost.Store(item.id, true)
			}
			fresh = fresh || !seen[item.id]
			seen[item.id] = true
		}
		if len(seen) >= page.total {
			return found, nil
		}
		if !fresh {
			return nil, page.errorf("has nothing new on page %d, where %d of %d have been shown", number, len(seen), page.total)
		}
	}
	return nil, fmt.Errorf("%s shows more than %d pages for disk %s", describeSnapshots, mostPages, z.disk)
}

// item is one snapshot of a listing.
type item struct {
	id, name, disk, created string
	status                  string // as the service spells it
	state                   contract.State
}

// page is a page of a listing.
type page struct {
	response
	items []item
	total int // how many snapshots there are on all pages
}

func (z *Zec) describe(ctx context.Context, number int, filter members) (page, error) {
	filter["pageNum"], filter["pageSize"] = number, pageSize
	response, err := z.call(ctx, describeSnapshots, filter)
	if err != nil {
		return page{}, err
	}
	return readPage(response)
}

func readPage(response response) (page, error) {
	p := page{response: response}
	var total *int
	var set []json.RawMessage
	if err := response.read(members{"totalCount": &total, "dataSet": &set}); err != nil {
		return p, err
	}
	if total == nil || *total < len(set) {
		return p, response.errorf("shows %d snapshots, and no totalCount that agrees", len(set))
	}
	if len(set) > pageSize {
		return p, response.errorf("shows %d snapshots on a page of %d", len(set), pageSize)
	}
	p.total = *total
	for _, text := range set {
		var one item
		if err := pick(text, members{
			"snapshotId": &one.id, "snapshotName": &one.name, "status": &one.status, "diskId": &one.disk, "createTime": &one.created,
		}); err != nil {
			return p, response.errorf("cannot be read: %w", err)
		}
		if !contract.PlausibleID(one.id) || one.status == "" {
			return p, response.errorf("shows a snapshot without a snapshotId that could be one, or without a status")
		}
		if slices.ContainsFunc(p.items, func(other item) bool { return other.id == one.id }) {
			return p, response.errorf("shows %s twice", one.id)
		}
		one.state, _ = contract.ParseState(one.status) // one that nobody knows is a state all the same
		p.items = append(p.items, one)
	}
	return p, nil
}

// response is the inner object of a success.
type response struct {
	action string
	text   json.RawMessage
}

func (r response) errorf(format string, arguments ...any) error {
	return fmt.Errorf("the answer to %s "+format, append([]any{r.action}, arguments...)...)
}

func (r response) read(wanted members) error {
	if err := pick(r.text, wanted); err != nil {
		return r.errorf("cannot be read: %w", err)
	}
	return nil
}

// refusedError is an answer that says that the request failed.
type refusedError struct {
	action string
	status int
	code   string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("the answer to %s is %d %.80q", e.action, e.status, e.code)
}

func (z *Zec) call(ctx context.Context, action string, request members) (response, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return response{}, err
	}
	status, answer, err := z.ask(ctx, action, body)
	switch {
	case ctx.Err() != nil:
		return response{}, context.Cause(ctx)
	case err != nil:
		return response{}, fmt.Errorf("%s has no answer: %w", action, err)
	}
	return readAnswer(action, status, answer)
}

// readAnswer reads the envelope, in which all actions answer alike.
func readAnswer(action string, status int, answer []byte) (response, error) {
	r := response{action: action}
	var code string
	wanted := members{contract.FieldCode: &code}
	if status == http.StatusOK {
		wanted = members{contract.FieldResponse: &r.text}
	}
	if err := pick(answer, wanted); err != nil {
		return r, r.errorf("(status %d) cannot be read: %w", status, err)
	}
	switch {
	case status == http.StatusOK:
		return r, r.read(nil) // it has to be an object
	case status < 400 || status > 599 || code == "":
		return r, r.errorf("has status %d, and no code that goes with it", status)
	}
	return r, &refusedError{action, status, code}
}

// pick takes members out of a JSON object, by their exact names.
func pick(text []byte, wanted members) error {
	if !utf8.Valid(text) {
		return errors.New("it is not UTF-8")
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil || all == nil {
		return errors.New("it is no JSON object")
	}
	for name, into := range wanted {
		if value, has := all[name]; has && json.Unmarshal(value, into) != nil {
			return fmt.Errorf("its %s is of the wrong type", name)
		}
	}
	return nil
}
