package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"
)

// Record is what a ledger tells when its run is over.
type Record struct {
	Path   string
	Head   Head
	IDs    []string // that may be there still
	Orders []Order  // that brought no ids: whether they made any, nobody knows
}

// Open reads a ledger whose run is over, and holds it meanwhile: ErrHeld if the run goes on, or another process is at it.
// Closing the ledger takes it that the orders that brought no ids have been told of.
func Open(path string) (*Ledger, Record, error) {
	record := Record{Path: path}
	fail := func(err error) (*Ledger, Record, error) {
		return nil, record, fmt.Errorf("the ledger %q cannot be read: %w", path, reason(err))
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return fail(err)
	case !info.Mode().IsRegular():
		return fail(errors.New("it is no file"))
	}
	text, err := os.ReadFile(path) // before it is locked: some systems keep readers out with that
	if err != nil {
		return fail(err)
	}
	const beginning = time.Minute // in which a run that has made its ledger has locked it
	if bytes.Count(text, []byte("\n")) < 2 && time.Since(info.ModTime()) < beginning {
		return nil, record, ErrHeld
	}
	if err := record.read(text); err != nil {
		return fail(err)
	}
	lock, err := hold(path)
	if err != nil {
		return nil, record, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		info, err = file.Stat()
	}
	if err != nil {
		return fail(errors.Join(err, lock.Unlock()))
	}
	if info.Size() != int64(len(text)) { // it has been written to since
		return nil, record, errors.Join(ErrHeld, file.Close(), lock.Unlock())
	}
	whole := int64(bytes.LastIndexByte(text, '\n') + 1)
	if err := file.Truncate(whole); err != nil { // a line that the process was killed in makes room
		return fail(errors.Join(err, file.Close(), lock.Unlock()))
	}
	return &Ledger{path: path, lock: lock, file: file, size: whole}, record, nil
}

// read takes the lines in. A last line that the process was killed in is none.
func (r *Record) read(text []byte) error {
	open := map[int]Order{}
	number := 0
	for raw := range bytes.Lines(text) {
		if !bytes.HasSuffix(raw, []byte("\n")) {
			break
		}
		if number++; number == 1 {
			if err := json.Unmarshal(raw, &r.Head); err != nil || r.Head.Version != version {
				return errors.New("it is none that this version knows")
			}
			continue
		}
		var l line
		if err := json.Unmarshal(raw, &l); err != nil {
			return fmt.Errorf("its line %d is none of a ledger", number)
		}
		switch {
		case l.Over:
			r.IDs = l.Left
		case l.Order != nil:
			open[l.Number] = *l.Order
		default:
			delete(open, l.Number)
			r.IDs = append(r.IDs, l.Made...)
		}
	}
	if number == 0 {
		return errors.New("it has not been begun")
	}
	for _, number := range slices.Sorted(maps.Keys(open)) {
		r.Orders = append(r.Orders, open[number])
	}
	return nil
}
