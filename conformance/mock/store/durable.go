package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// patience is how long Open waits for another process to let go of a file.
const patience = time.Second

// errClosed is why a store that has been closed does nothing any more.
var errClosed = errors.New("the store is closed")

// Open gives the store that a file has, and makes the file if there is none. Whatever the store answers from then on is on disk
// before: nothing of it is lost when the process is killed. The memory has a copy of all of it.
//
// A file that is not as a store has left it is refused with a *Damage, and is not changed. A file that another process has open
// is refused, too.
func Open(path string, now func() time.Time) (*Store, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		made, failed := Create(path, now, func(*Store) error { return nil })
		if !errors.Is(failed, fs.ErrExist) { // by now, somebody else has made it
			return made, failed
		}
		info, err = os.Stat(path)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the store %q cannot be opened (%w); give another path", path, bare(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the store %q is no file; give the path of one", path)
	}
	return open(path, now)
}

// Create makes the file of a store, and opens it, with what fill puts there. It is there whole or not at all: who kills the process
// in the midst of this leaves nothing behind that is taken for a store, and be it a damaged one. Where there is something at the
// path, the error is fs.ErrExist.
func Create(path string, now func() time.Time, fill func(s *Store) error) (*Store, error) {
	cannot := func(err error) error {
		return fmt.Errorf("the store %q cannot be made (%w); give a path where a file can be made", path, bare(err))
	}
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+".new-*")
	if err != nil {
		return nil, cannot(err)
	}
	defer os.Remove(file.Name())
	if err := errors.Join(file.Close(), begin(file.Name())); err != nil {
		return nil, cannot(err)
	}
	s, err := open(file.Name(), now)
	if err != nil {
		return nil, err
	}
	if err := fill(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := os.Link(file.Name(), path); err != nil { // where Rename would put it in the place of another
		return nil, errors.Join(cannot(err), s.Close())
	}
	s.disk.path = path
	if entries, err := os.Open(folder); err == nil {
		_ = entries.Sync() // not every system can do that
		_ = entries.Close()
	}
	return s, nil
}

// begin makes an empty file the one of an empty store.
func begin(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: patience, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		all, err := tx.CreateBucket(bucket)
		if err != nil {
			return err
		}
		return all.Put(key(0), header{tx: uint64(tx.ID())}.record())
	})
	return errors.Join(err, db.Close())
}

// open opens the file of a store that there is.
func open(path string, now func() time.Time) (*Store, error) {
	s := New(now)
	var found header
	var which fs.FileInfo
	trusted := func(name string, flag int, mode fs.FileMode) (*os.File, error) {
		file, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
		if err != nil {
			return nil, err
		}
		// Nobody changes what is being read, and nothing that is damaged is mapped into memory.
		err = lock(file, patience)
		if err == nil {
			found, err = s.load(file)
		}
		if err == nil {
			which, err = file.Stat()
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return file, nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: patience, FreelistType: bbolt.FreelistMapType, NoStatistics: true, OpenFile: trusted})
	damage, damaged := errors.AsType[*Damage](err)
	switch {
	case damaged:
		damage.Path = path
		return nil, damage
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("the store %q is in use by another process; end that, or give another path", path)
	case err != nil:
		return nil, fmt.Errorf("the store %q cannot be opened (%w); give one that can be read and written", path, bare(err))
	}
	s.disk = &disk{path: path, file: which, db: db, header: found, last: settled(nil)}
	s.disk.write = s.disk.commit
	return s, nil
}

// bare leaves out of an error the path, which is told already.
func bare(err error) error {
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		return broken.Err
	}
	if broken, ok := errors.AsType[*os.LinkError](err); ok {
		return broken.Err
	}
	return err
}

// load puts into a store that has nothing what a file has.
func (s *Store) load(file *os.File) (header, error) {
	info, err := file.Stat()
	if err != nil {
		return header{}, err
	}
	found, err := verify(file, info.Size(), func(number uint64, one Snapshot) error {
		if s.slabs.find(one.ID) != nil {
			return fmt.Errorf("the id %.80q is there twice", one.ID)
		}
		s.number = number - 1
		s.add(one, time.Time{})
		return nil
	})
	s.number = found.last
	return found, err
}

// disk is what makes a store durable. Steps that wait for it at the same time are written together.
type disk struct {
	path   string
	file   fs.FileInfo // of what was at the path when it was opened
	db     *bbolt.DB
	write  func(changes map[uint64][]byte) error
	header header // under writing

	writing sync.Mutex
	spoilt  error // why nothing can be written any more; under writing

	mu   sync.Mutex
	last *batch // the one that the next step goes into, unless it is closed
}

// batch is what some steps have changed, and is written at once.
type batch struct {
	changes map[uint64][]byte // the records by their numbers; nil for a snapshot that has gone
	closed  bool              // nothing comes to it any more
	done    atomic.Bool
	err     error // set before done
}

// settled is a batch that is over.
func settled(err error) *batch {
	b := &batch{closed: true, err: err}
	b.done.Store(true)
	return b
}

// touched is a snapshot that a step has changed.
type touched struct {
	slot   uint32
	number uint64 // not that of what is in the slot: it has gone
}

// touch puts down that a snapshot is about to be another in this step.
func (s *Store) touch(e *entry) {
	if s.disk != nil {
		s.touched = append(s.touched, touched{e.slot, e.number})
	}
}

// pending gives what has to be on disk before anybody is told what the present step has seen: what it has changed itself, and
// what others have. It is nil for a store in memory.
func (s *Store) pending() *batch {
	if s.disk == nil {
		return nil
	}
	d := s.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(s.touched) > 0 && d.last.closed {
		d.last = &batch{changes: map[uint64][]byte{}}
	}
	for _, each := range s.touched {
		var record []byte
		if e := s.slabs.at(each.slot); e.number == each.number {
			one := s.slabs.look(e)
			record = one.record(e.number)
		}
		d.last.changes[each.number] = record
	}
	s.touched = s.touched[:0]
	return d.last
}

// failed tells why nothing can be written any more; nil where nothing has gone wrong yet, and for a store in memory.
func (d *disk) failed() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.last.done.Load() {
		return nil
	}
	return d.last.err
}

// settle returns when a batch is on disk, or with the reason why it never will be. Whoever comes first writes it, and the others
// that are in it find that done.
func (s *Store) settle(b *batch) error {
	if b == nil {
		return nil
	}
	if !b.done.Load() {
		s.disk.settle(b)
	}
	return b.err
}

func (d *disk) settle(b *batch) {
	d.writing.Lock()
	defer d.writing.Unlock()
	if b.done.Load() {
		return
	}
	d.mu.Lock()
	b.closed = true
	d.mu.Unlock()
	if d.spoilt == nil {
		if err := guarded(func() error { return d.write(b.changes) }); err != nil {
			d.spoilt = fmt.Errorf("the store %q could not be written, and does nothing more until it is opened again: %w", d.path, err)
		}
	}
	b.err = d.spoilt
	b.changes = nil
	b.done.Store(true)
}

// guarded makes an error of a panic, and a panic of a page of the file that is not there any more: a store that is damaged while
// it is in use is not written again.
func guarded(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the file has been changed by somebody else: %v", cause)
		}
	}()
	return do()
}

// commit writes changes, all or none of them.
func (d *disk) commit(changes map[uint64][]byte) error {
	next := d.header
	err := d.db.Update(func(tx *bbolt.Tx) error {
		next.tx = uint64(tx.ID())
		all := tx.Bucket(bucket)
		all.FillPercent = 0.9 // numbers rise
		for _, number := range slices.Sorted(maps.Keys(changes)) {
			if err := next.change(all, number, changes[number]); err != nil {
				return err
			}
		}
		return all.Put(key(0), next.record())
	})
	if err == nil {
		d.header = next
		err = d.there()
	}
	return err
}

// there tells whether the file is still where the next store will look for it: what is written to one that was removed is lost.
func (d *disk) there() error {
	found, err := os.Stat(d.path)
	if err == nil && !os.SameFile(found, d.file) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return fmt.Errorf("it is not where it was (%w)", bare(err))
	}
	return nil
}

// change puts a record in place of the one that there is, or takes it away, and keeps the header true.
func (h *header) change(all *bbolt.Bucket, number uint64, record []byte) error {
	at := key(number)
	h.last = max(h.last, number)
	if old := all.Get(at); old != nil {
		h.count--
		h.sum ^= sumOf(old)
	}
	if record == nil {
		return all.Delete(at)
	}
	h.count++
	h.sum ^= sumOf(record)
	return all.Put(at, record)
}

// Close ends the use of a store that Open has given, when all is on disk that was done. It does nothing to any other. Whatever
// is asked of the store later on fails.
func (s *Store) Close() error {
	if s.disk == nil {
		return nil
	}
	return s.disk.close()
}

func (d *disk) close() error {
	d.mu.Lock()
	last := d.last
	d.mu.Unlock()
	if !last.done.Load() {
		d.settle(last)
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	switch spoilt := d.spoilt; {
	case errors.Is(spoilt, errClosed):
		return nil
	case spoilt != nil:
		return spoilt // bbolt may be in the midst of something, and its file is let go of with the process
	}
	d.spoilt = errClosed
	d.mu.Lock()
	if d.last.closed {
		d.last = settled(errClosed)
	}
	d.mu.Unlock()
	return d.db.Close()
}
