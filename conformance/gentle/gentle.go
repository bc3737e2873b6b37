// Package gentle keeps to what a host can bear: it opens connections no faster than the host takes them, and reads for how
// long the host asks to be left alone.
//
// A host keeps a queue of connections that its program has not accepted yet. Many programs ask for a short one, Python's
// default is five, and when it is full, new connections hang for a second or are reset. To a client that looks like a
// program that drops requests. So the number of connections that are open but unanswered is limited, and the limit
// follows what the host bears, as TCP itself does it: it grows with every answer, is halved where one is refused, and grows slowly from then on.
// A connection that nothing was asked on waits for no answer: net/http opens some that it then has no use for, and keeps them.
package gentle

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	first, fewest, most = 8, 2, 256
	patient             = 64                     // how many times the limit has to be borne before it is raised again
	hanging             = 800 * time.Millisecond // a connection that takes so long to open was held up by a full queue
	unasked             = 20 * time.Millisecond  // a connection that has not been asked anything for so long will not be soon
)

// Dialer opens connections to one host. It may be used by several goroutines.
type Dialer struct {
	mu      sync.Mutex
	limit   int
	careful bool          // whether the limit has been too high before
	answers int           // since the limit was changed
	waiting int           // connections that are open, or about to be, and have not been answered
	changed chan struct{} // closed when there may be room
}

// NewDialer gives a dialer that has not learned anything yet.
func NewDialer() *Dialer { return &Dialer{limit: first, changed: make(chan struct{})} }

// DialContext opens a connection when there is room for one. It fits http.Transport.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if err := d.enter(ctx); err != nil {
		return nil, err
	}
	begun := time.Now()
	connection, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		d.leave(false)
		return nil, err
	}
	if time.Since(begun) > hanging {
		d.slowDown()
	}
	u := &unanswered{Conn: connection, dialer: d}
	time.AfterFunc(unasked, u.pass)
	return u, nil
}

func (d *Dialer) enter(ctx context.Context) error {
	for {
		d.mu.Lock()
		if d.waiting < d.limit {
			d.waiting++
			d.mu.Unlock()
			return nil
		}
		changed := d.changed
		d.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leave makes room, and learns from whether the connection was answered.
func (d *Dialer) leave(answered bool) {
	if !answered {
		d.slowDown()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.answers++; answered && (!d.careful || d.answers > patient*d.limit) {
		d.limit, d.answers = min(d.limit+1, most), 0
	}
	d.makeRoom()
}

// pass makes room, and learns nothing.
func (d *Dialer) pass() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.makeRoom()
}

// makeRoom is called with the mutex held.
func (d *Dialer) makeRoom() {
	d.waiting--
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *Dialer) slowDown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limit, d.careful, d.answers = max(d.limit/2, fewest), true, 0
}

// unanswered is a connection that tells the dialer when its first byte, or its end, has come.
type unanswered struct {
	net.Conn
	dialer *Dialer
	asked  atomic.Bool
	told   sync.Once
}

func (u *unanswered) Write(text []byte) (int, error) {
	u.asked.Store(true)
	return u.Conn.Write(text)
}

func (u *unanswered) Read(into []byte) (int, error) {
	n, err := u.Conn.Read(into)
	if errors.Is(err, io.EOF) {
		u.pass() // closed for being idle
	}
	if n > 0 || err != nil {
		u.told.Do(func() { u.dialer.leave(n > 0) })
	}
	return n, err
}

func (u *unanswered) Close() error {
	u.pass()
	u.told.Do(func() { u.dialer.leave(false) })
	return u.Conn.Close()
}

// pass lets the connection go if nothing was asked on it.
func (u *unanswered) pass() {
	if !u.asked.Load() {
		u.told.Do(u.dialer.pass)
	}
}
