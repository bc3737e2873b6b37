package callers

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// When a caller does not wait. Nobody can tell one that asks again from another that asks for the same over the same
// connection. So a request counts as asked again only where a connection carries one at a time and no other connection has
// carried it lately, and it takes many of them in a row, for longer than it takes callers that wait to have their turns.
// One that waits longer each time is soon past what counts as at once, however short its first wait is.
const (
	atOnce     = 5 * time.Millisecond
	inARow     = 20                     // requests after the first one
	goingOn    = 100 * time.Millisecond // from the first one on
	lately     = time.Second            // how long several callers are taken for several
	mostBodies = 1024                   // that are remembered at a time
)

// Patience tells whether callers pause when they are told to wait: it remembers what was put off last. The zero value
// remembers nothing yet. It may be used by several goroutines.
type Patience struct {
	put atomic.Int64 // how many bodies are remembered; most services put nobody off, and take no lock

	mu   sync.Mutex
	seed maphash.Seed
	last map[uint64]refused // by the hash of the body
}

// refused is the last time that a body was put off.
type refused struct {
	at      time.Time
	remote  string    // address of the caller
	several time.Time // when there were several callers, the last time
	first   time.Time // when the first of the requests came that are now in a row
	row     int       // how many of them came at once, after the first
}

// Answered is told of every answer to a deletion over a connection that carries one request at a time: the address of the
// caller, the body, when it came, when it was answered, and whether the answer is to wait and ask again. It gives the breach
// of a request that came once too often.
func (p *Patience) Answered(remote string, body []byte, came, answered time.Time, wait bool) []Breach {
	if !wait && p.put.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.seed, p.last = maphash.MakeSeed(), map[uint64]refused{}
	}
	what := maphash.Bytes(p.seed, body)
	before, known := p.last[what]
	now := refused{at: answered, remote: remote, several: before.several, first: came}
	pause := came.Sub(before.at)
	switch {
	case !known:
	case before.remote != remote || pause < 0: // it came before the last answer had been sent
		now.several = came
	case pause < atOnce && came.Sub(before.several) >= lately:
		now.first, now.row = before.first, before.row+1
	}
	p.remember(what, now, wait)
	if now.row < inARow || came.Sub(now.first) < goingOn {
		return nil
	}
	return []Breach{{"CALL-18", fmt.Sprintf("it is sent %d times in a row, each less than %s after being told to wait", now.row+1, atOnce)}}
}

func (p *Patience) remember(what uint64, now refused, wait bool) {
	delete(p.last, what)
	if wait {
		for forgotten := range p.last {
			if len(p.last) < mostBodies {
				break
			}
			delete(p.last, forgotten)
		}
		p.last[what] = now
	}
	p.put.Store(int64(len(p.last)))
}
