package callers

import (
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// When nobody can say that a caller waits. Callers that share a connection, each of which waits, look like one that does not,
// if they ask for the same; so it takes more in a row than there are likely to be, and a pause is anything that a sleep can
// be told by.
const (
	atOnce = time.Millisecond
	inARow = 10   // requests after the first one
	most   = 1024 // connections that are remembered at a time
)

// Patience tells whether callers pause when they are told to wait: it remembers the last refusal of each connection. The zero
// value remembers nothing yet. It may be used by several goroutines.
type Patience struct {
	put atomic.Int64 // how many connections are remembered; most services put nobody off, and take no lock

	mu   sync.Mutex
	seed maphash.Seed
	last map[string]refused // by the address of the caller
}

// refused is a request that was put off.
type refused struct {
	at   time.Time
	what uint64 // the hash of its body
	row  int    // how many requests of the kind came at once before it
}

// Answered is told of every answer to a deletion: what the connection's request was, when it came, when it was answered, and
// whether the answer is to wait and ask again. It gives the breach of a request that came once too often.
func (p *Patience) Answered(remote string, body []byte, came, answered time.Time, wait bool) []Breach {
	if !wait && p.put.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.seed, p.last = maphash.MakeSeed(), map[string]refused{}
	}
	now := refused{at: answered, what: maphash.Bytes(p.seed, body)}
	before, known := p.last[remote]
	// What came before the refusal was sent has not seen it.
	if pause := came.Sub(before.at); known && before.what == now.what && pause >= 0 && pause < atOnce {
		now.row = before.row + 1
	}
	p.remember(remote, now, wait)
	if now.row < inARow {
		return nil
	}
	return []Breach{{"CALL-18", fmt.Sprintf("it is sent %d times in a row, each time within %s of being told to wait", now.row+1, atOnce)}}
}

func (p *Patience) remember(remote string, now refused, wait bool) {
	delete(p.last, remote)
	if wait {
		for forgotten := range p.last {
			if len(p.last) < most {
				break
			}
			delete(p.last, forgotten)
		}
		p.last[remote] = now
	}
	p.put.Store(int64(len(p.last)))
}
