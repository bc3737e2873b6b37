// Package ledger keeps on disk what a run has had made, so that it can be removed also where the run could not do so
// itself: it was killed, or lost its testbed.
//
// A ledger is a file of JSON lines, and belongs to one run. The first line says where the snapshots are. Then come, for
// each order for snapshots, a line before it goes out and a line with the ids that came of it. Each line is one write, so
// that it outlives the process. A ledger that has nothing left to tell is removed.
package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

const version = 1

// Head says whose ledger it is, and where its snapshots are. It holds no secret.
type Head struct {
	Version  int       `json:"version"`
	Started  time.Time `json:"started"`
	Endpoint string    `json:"endpoint"`
	Testbed  string    `json:"testbed"` // its specification
}

// Order is how many snapshots were asked for.
type Order struct {
	State contract.State `json:"state"`
	Count int            `json:"count"`
}

func (o Order) String() string { return fmt.Sprintf("an order for %d in state %s", o.Count, o.State) }

// line is what may stand in a line after the first.
type line struct {
	Number int      `json:"number,omitempty"` // of an order
	Order  *Order   `json:"order,omitempty"`  // which is about to go out
	Made   []string `json:"made,omitempty"`   // or what came of it, which may be nothing
	Over   bool     `json:"over,omitempty"`   // the run, or a later removal, is over
	Left   []string `json:"left,omitempty"`   // and this is all that is left of what is known
}

// Ledger is a ledger that is written. It holds a lock on its file, by which others know that the run goes on. It may be
// used by several goroutines. A nil Ledger keeps nothing.
type Ledger struct {
	path string
	lock *flock.Flock

	mu     sync.Mutex
	file   *os.File
	size   int64
	orders int
	open   map[int]bool // orders of which no answer has come
}

// Create begins a ledger in a file that does not exist yet, and that nobody else can read.
func Create(path string, head Head) (*Ledger, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("the ledger %q exists already; see what is left with \"zec-conformance clean --ledger\", or name another file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("the ledger %q cannot be made (%w); name another file", path, reason(err))
	}
	l := &Ledger{path: path, file: file, open: map[int]bool{}}
	head.Version = version
	err = l.write(head)
	if err == nil {
		l.lock, err = hold(path)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return l, nil
}

// Order puts an order down before it goes out. Where it cannot be put down, it must not go out.
func (l *Ledger) Order(order Order) (number int, err error) {
	if l == nil {
		return 0, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.orders++
	if err := l.write(line{Number: l.orders, Order: &order}); err != nil {
		return 0, err
	}
	l.open[l.orders] = true
	return l.orders, nil
}

// Made puts down the ids that came of an order.
func (l *Ledger) Made(number int, ids []string) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, number) // also where it cannot be put down: the run knows the ids, and says what it leaves
	return l.write(line{Number: number, Made: ids})
}

// Close ends the ledger with what could not be released. Where that is nothing, and every order was answered, the file
// is removed.
func (l *Ledger) Close(left []string) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.lock.Unlock()
	defer l.file.Close()
	if len(left) == 0 && len(l.open) == 0 {
		return os.Remove(l.path)
	}
	return l.write(line{Over: true, Left: left})
}

// Leave ends the ledger as it is.
func (l *Ledger) Leave() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.file.Close(), l.lock.Unlock())
}

// Path is where the ledger is.
func (l *Ledger) Path() string { return l.path }

// write writes one line, or leaves the file as it was. The mutex is held.
func (l *Ledger) write(content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := l.file.WriteAt(text, l.size); err != nil {
		_ = l.file.Truncate(l.size) // what is left of the line is written over, or passed over
		return fmt.Errorf("the ledger %q cannot be written (%w), and without it nothing may be made", l.path, reason(err))
	}
	l.size += int64(len(text))
	return nil
}

// hold takes the lock of a file that exists.
func hold(path string) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	held, err := lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("the ledger %q cannot be locked: %w", path, reason(err))
	case !held:
		return nil, ErrHeld
	}
	return lock, nil
}

// ErrHeld tells that the run of a ledger is still going on.
var ErrHeld = errors.New("its run is still going on")

// reason gives an error without the name of the file, which is told already.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
