package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// format is the version of the form of a store's file.
const format = 1

// bucket has all of a store: under 0 its header, and under the number of each snapshot the snapshot.
var bucket = []byte("zec-conformance snapshots")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header tells what has to be in a file. All that is in a file could be right, and something could be missing still, or be as
// it was before. Every transaction writes it anew.
type header struct {
	tx    uint64 // the transaction that has written it
	last  uint64 // the highest number that a snapshot has ever had
	count uint64 // of the snapshots
	sum   uint32 // of all their records' checksums, by exclusive or
}

// key is where a number's record is.
func key(number uint64) []byte { return binary.BigEndian.AppendUint64(nil, number) }

// checksum is what a record begins with, as it should be.
func checksum(key, content []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, content)
}

// sumSize is how many bytes a checksum has.
const sumSize = 4

// sumOf reads the checksum of a record.
func sumOf(record []byte) uint32 { return binary.BigEndian.Uint32(record) }

// seal puts the checksum before what a record is to hold.
func seal(key, content []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, sumSize+len(content)), checksum(key, content)), content...)
}

// unseal gives what a record holds.
func unseal(key, record []byte) ([]byte, error) {
	if len(record) < sumSize || sumOf(record) != checksum(key, record[sumSize:]) {
		return nil, errors.New("its checksum is not that of what it holds")
	}
	return record[sumSize:], nil
}

func (h header) record() []byte {
	content := binary.AppendUvarint(nil, format)
	content = binary.AppendUvarint(content, h.tx)
	content = binary.AppendUvarint(content, h.last)
	content = binary.AppendUvarint(content, h.count)
	content = binary.BigEndian.AppendUint32(content, h.sum)
	return seal(key(0), content)
}

func readHeader(content []byte) (h header, err error) {
	f := fields{rest: content}
	if version := f.number(); version != format && !f.broken {
		return h, fmt.Errorf("it has the form %d, and this program reads and writes form %d", version, format)
	}
	h.tx, h.last, h.count = f.number(), f.number(), f.number()
	if sum := f.take(sumSize); sum != nil {
		h.sum = sumOf(sum)
	}
	return h, f.end()
}

func (s *Snapshot) record(number uint64) []byte {
	content := appendText(nil, s.ID)
	content = appendText(content, string(s.State))
	content = binary.AppendVarint(content, s.Created.UnixNano())
	due := int64(0)
	if !s.Due.IsZero() {
		due = s.Due.UnixNano()
	}
	content = binary.AppendVarint(content, due)
	if s.Facts != (Facts{}) {
		for _, text := range []string{s.Name, s.Disk, s.Retention} {
			content = appendText(content, text)
		}
	}
	return seal(key(number), content)
}

func readSnapshot(content []byte) (Snapshot, error) {
	f := fields{rest: content}
	one := Snapshot{ID: f.text()}
	state, known := contract.ParseState(f.text())
	one.State, one.Created = state, time.Unix(0, f.signed())
	if due := f.signed(); due != 0 {
		one.Due = time.Unix(0, due)
	}
	if len(f.rest) > 0 {
		one.Facts = Facts{Name: f.text(), Disk: f.text(), Retention: f.text()}
	}
	err := f.end()
	if err == nil && !known {
		err = fmt.Errorf("there is no state %.80q", state)
	}
	return one, err
}

func appendText(content []byte, text string) []byte {
	return append(binary.AppendUvarint(content, uint64(len(text))), text...)
}

// fields reads what a record holds, piece by piece, and finds out whether it is broken on the way.
type fields struct {
	rest   []byte
	broken bool
}

func (f *fields) number() uint64 {
	value, size := binary.Uvarint(f.rest)
	f.take(size)
	return value
}

func (f *fields) signed() int64 {
	value, size := binary.Varint(f.rest)
	f.take(size)
	return value
}

func (f *fields) text() string {
	size := f.number()
	return string(f.take(int(min(size, uint64(len(f.rest))+1)))) // one more than there is breaks it
}

// take gives the next bytes: none where they are not there. A number that could not be read has a size of 0 or less.
func (f *fields) take(size int) []byte {
	if size < 0 || size > len(f.rest) {
		f.broken, size = true, 0
	}
	taken := f.rest[:size]
	f.rest = f.rest[size:]
	return taken
}

func (f *fields) end() error {
	if f.broken || len(f.rest) > 0 {
		return errors.New("what it holds has not the form of a record")
	}
	return nil
}
