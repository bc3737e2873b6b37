package conformance

import (
	"net/http"
	"slices"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/oracle"
)

// tick is the resolution of a log's times: calls that are no further apart may have been at the same time.
const tick = time.Millisecond

// lessons are what a log teaches about ids. They are facts that hold for good, each with the time from which it does, so
// that calls may come in any order: a snapshot that was deleted does not come back, and its id is not given out again. That
// one was missing is no such fact, since an id may have been named before it was given out.
type lessons struct {
	states map[string]contract.State // when the log begins
	settle time.Duration

	deleted map[place]time.Time // when an answer that deleted it was complete
	touched map[string]touches  // by which calls a snapshot may have changed
	been    map[string]bool     // whether it has been a snapshot
	blind   time.Time           // when a call began of which nobody knows what it changed
}

// place is an id at one endpoint.
type place struct{ base, id string }

// touches are the earliest two calls that may have changed a snapshot: of any call, one of them is another.
type touches [2]struct {
	number int
	from   time.Time
}

func newLessons(log Log) *lessons {
	return &lessons{
		states: log.States, settle: log.Settle,
		deleted: map[place]time.Time{}, touched: map[string]touches{}, been: map[string]bool{},
	}
}

// from learns from one call.
func (l *lessons) from(c *call) {
	if c.PutOff() {
		return
	}
	said := c.Answer()
	whole := c.Err == nil && c.Cut() == 0
	if whole && oracle.Refused(said) && said.Code != "" && !faulty(said.Code) { // and so it changed nothing
		denied := said.Status == contract.DeniedState.Status && said.Code == contract.DeniedState.Code
		if ids := slices.Compact(slices.Sorted(slices.Values(c.asked.ids))); denied && len(ids) == 1 {
			l.been[ids[0]] = true
		}
		return
	}
	if c.asked.form != proper {
		if l.blind.IsZero() || c.Started.Before(l.blind) {
			l.blind = c.Started
		}
		return
	}
	success := whole && said.Status == http.StatusOK && !said.Unknown
	listed := map[string]bool{}
	for _, id := range said.Listed {
		listed[id] = true
	}
	for _, id := range c.asked.ids {
		if success && listed[id] {
			continue
		}
		l.touch(c, id)
		if success && contract.PlausibleID(id) {
			l.been[id] = true
			if before, known := l.deleted[place{c.base, id}]; !c.Ended.IsZero() && (!known || c.Ended.Before(before)) {
				l.deleted[place{c.base, id}] = c.Ended
			}
		}
	}
}

// touch puts down that a call may have changed a snapshot.
func (l *lessons) touch(c *call, id string) {
	t, known := l.touched[id]
	switch {
	case known && (t[0].number == c.Seq || t[1].number == c.Seq): // named twice
	case !known || c.Started.Before(t[0].from):
		t[1] = t[0]
		t[0].number, t[0].from = c.Seq, c.Started
	case t[1].number == 0 || c.Started.Before(t[1].from):
		t[1].number, t[1].from = c.Seq, c.Started
	}
	l.touched[id] = t
}

// untouched tells whether no other call can have changed a snapshot before a call was over.
func (l *lessons) untouched(c *call, id string) bool {
	if c.Ended.IsZero() {
		return false
	}
	over := c.Ended.Add(tick)
	if !l.blind.IsZero() && !l.blind.After(over) {
		return false
	}
	for _, other := range l.touched[id] {
		if other.number != 0 && other.number != c.Seq && !other.from.After(over) {
			return false
		}
	}
	return true
}

// classOf tells what an id stands for when a call begins, as far as that is certain.
func (l *lessons) classOf(c *call, id string) oracle.Class {
	deleted, wasDeleted := l.deleted[place{c.base, id}]
	state, given := l.states[id]
	switch {
	case given && state == contract.Leaving:
		return oracle.Open // goes by itself
	case given && state != contract.Normal && wasDeleted && c.Started.After(deleted):
		return oracle.Open // it should not have been deleted, which the call that did is blamed for
	case given && state != contract.Normal:
		return oracle.Denied
	case given && l.untouched(c, id):
		return oracle.Deletable
	case !given && !contract.PlausibleID(id):
		return oracle.Odd
	case wasDeleted && c.Started.After(deleted.Add(l.settle+tick)):
		return oracle.Gone
	}
	return oracle.Open
}

// knowsForm tells whether all of the ids have been snapshots, so that none can be refused for its form.
func (l *lessons) knowsForm(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool {
		_, given := l.states[id]
		return !given && !l.been[id]
	})
}
