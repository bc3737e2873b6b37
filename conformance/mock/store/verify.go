package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// Damage is why a file is refused: it is not as a store has left it.
type Damage struct {
	Path   string
	Offset int64  // where in the file, in bytes from its beginning
	Page   uint64 // in which of the file's pages
	What   string
}

func (d *Damage) Error() string {
	return fmt.Sprintf("the store %q is damaged, or is none, at byte %d (page %d): %s; it is left as it is: put a copy of it in its place, or give another path",
		d.Path, d.Offset, d.Page, d.What)
}

// The form of bbolt's files. bbolt believes what it reads, and maps files into memory: a damaged one can have it end the process,
// loop for ever, or read what is not there. So a file is read here first, without trust.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHead   = 16 // id, flags, count, overflow
	element    = 16
	metaSize   = 64
	bucketHead = 16 // root, sequence

	branchFlag   = 0x01
	leafFlag     = 0x02
	metaFlag     = 0x04
	freelistFlag = 0x10
	bucketFlag   = 0x01 // of an element of a leaf

	firstPage   = 2       // those before are the metas
	manyFree    = 0xFFFF  // so many or more are free, and their number stands before them
	leastPage   = 1 << 10 // bytes
	mostPage    = 1 << 16 // likewise
	deepestTree = 64      // far more than a tree of records has, of which no file has enough
)

var native = binary.NativeEndian // bbolt writes what the machine has in memory

// verifier reads a file of bbolt.
type verifier struct {
	file     io.ReaderAt
	pageSize int64
	high     uint64 // the pages in use are below
	seen     []bool // the pages that have been come to
	each     func(number uint64, one Snapshot) error

	head  *header
	count uint64 // of the snapshots that have been read
	sum   uint32 // of their checksums
}

// page is a page with those that it overflows into.
type page struct {
	id    uint64
	at    int64 // in the file
	bytes []byte
}

func (p page) flags() uint16 { return native.Uint16(p.bytes[8:]) }
func (p page) count() int    { return int(native.Uint16(p.bytes[10:])) }

// damage tells of something at a place in a page.
func (p page) damage(offset int, format string, args ...any) *Damage {
	return &Damage{Offset: p.at + int64(offset), Page: p.id, What: fmt.Sprintf(format, args...)}
}

// verify reads all that a file of a size has, and gives each snapshot in the order of the numbers. Its error is a *Damage where
// the file is not as a store has left it.
func verify(file io.ReaderAt, size int64, each func(number uint64, one Snapshot) error) (header, error) {
	v := &verifier{file: file, each: each}
	newest, err := v.metas(size)
	if err != nil {
		return header{}, err
	}
	if v.high > uint64(size/v.pageSize) {
		return header{}, &Damage{Offset: size, Page: uint64(size / v.pageSize), What: fmt.Sprintf("it ends here, and has %d pages of %d bytes", v.high, v.pageSize)}
	}
	v.seen = make([]bool, v.high)
	if err := v.freelist(newest.freelist); err != nil {
		return header{}, err
	}
	if err := v.root(newest.root); err != nil {
		return header{}, err
	}
	for id := uint64(firstPage); id < v.high; id++ {
		if !v.seen[id] {
			return header{}, v.lost(id, "nothing leads to this page, and it is not free")
		}
	}
	return v.total(newest)
}

// total compares what has been read with what the header says that there is.
func (v *verifier) total(newest meta) (header, error) {
	root := newest.root
	switch {
	case v.head == nil:
		return header{}, v.lost(root, "there is no header")
	case v.head.count != v.count || v.head.sum != v.sum:
		return header{}, v.lost(root, fmt.Sprintf("the snapshots are not those that were written: there are %d, where there were %d", v.count, v.head.count))
	case v.head.tx != newest.txid:
		return header{}, v.lost(root, "the header is not of the last transaction")
	}
	return *v.head, nil
}

func (v *verifier) lost(id uint64, what string) *Damage {
	return &Damage{Offset: int64(id) * v.pageSize, Page: id, What: what}
}

// meta is what a meta page says.
type meta struct{ pageSize, root, freelist, high, txid uint64 }

// metas reads the two meta pages, and gives the newer one. bbolt makes do with the older one where that one cannot be read, and
// would then forget what came after it.
func (v *verifier) metas(size int64) (meta, error) {
	first, err := v.meta(0, 0, size)
	if err != nil {
		return meta{}, err
	}
	if first.pageSize < leastPage || first.pageSize > mostPage || first.pageSize&(first.pageSize-1) != 0 {
		return meta{}, &Damage{What: fmt.Sprintf("its pages cannot have %d bytes", first.pageSize)}
	}
	v.pageSize = int64(first.pageSize)
	second, err := v.meta(1, v.pageSize, size)
	if err != nil {
		return meta{}, err
	}
	newest := first
	if second.txid > first.txid {
		newest = second
	}
	if first.pageSize != second.pageSize || first.txid%2 != 0 || second.txid%2 != 1 || first.txid+1 != second.txid && second.txid+1 != first.txid {
		return meta{}, v.lost(1, "the two pages that it begins with do not belong together")
	}
	v.high = newest.high
	return newest, nil
}

func (v *verifier) meta(id uint64, at, size int64) (meta, error) {
	p := page{id: id, at: at, bytes: make([]byte, pageHead+metaSize)}
	if at+int64(len(p.bytes)) > size {
		return meta{}, &Damage{Offset: size, Page: id, What: "it ends here, and a store is longer"}
	}
	if _, err := v.file.ReadAt(p.bytes, at); err != nil {
		return meta{}, err
	}
	body := p.bytes[pageHead:]
	sum := fnv.New64a()
	_, _ = sum.Write(body[:56]) // never fails
	switch {
	case native.Uint32(body) != boltMagic:
		return meta{}, p.damage(pageHead, "it does not begin as a store does")
	case native.Uint32(body[4:]) != boltVersion:
		return meta{}, p.damage(pageHead+4, "it was made by another version of bbolt")
	case native.Uint64(body[56:]) != sum.Sum64():
		return meta{}, p.damage(pageHead+56, "its checksum is not that of what it holds")
	case native.Uint64(p.bytes) != id || p.flags() != metaFlag:
		return meta{}, p.damage(0, "it is not marked as what it is")
	}
	return meta{
		pageSize: uint64(native.Uint32(body[8:])), root: native.Uint64(body[16:]), freelist: native.Uint64(body[32:]),
		high: native.Uint64(body[40:]), txid: native.Uint64(body[48:]),
	}, nil
}

// read reads a page that something leads to, which nothing else may do.
func (v *verifier) read(id uint64, from page) (page, error) {
	if id < firstPage || id >= v.high {
		return page{}, from.damage(0, "it leads to page %d, which there is not", id)
	}
	p := page{id: id, at: int64(id) * v.pageSize, bytes: make([]byte, pageHead)}
	if _, err := v.file.ReadAt(p.bytes, p.at); err != nil {
		return page{}, err
	}
	overflow := uint64(native.Uint32(p.bytes[12:]))
	if native.Uint64(p.bytes) != id || overflow >= v.high-id {
		return page{}, p.damage(0, "it does not begin as a page does")
	}
	for each := id; each <= id+overflow; each++ {
		if err := v.visit(each); err != nil {
			return page{}, err
		}
	}
	p.bytes = make([]byte, int64(overflow+1)*v.pageSize)
	_, err := v.file.ReadAt(p.bytes, p.at)
	return p, err
}

func (v *verifier) visit(id uint64) error {
	if v.seen[id] {
		return v.lost(id, "this page is in use for two things")
	}
	v.seen[id] = true
	return nil
}

// freelist reads which pages are free.
func (v *verifier) freelist(id uint64) error {
	p, err := v.read(id, page{})
	if err != nil {
		return err
	}
	if p.flags() != freelistFlag {
		return p.damage(8, "it is no list of free pages")
	}
	count, ids := uint64(p.count()), p.bytes[pageHead:]
	if count == manyFree {
		count, ids = native.Uint64(ids), ids[8:]
	}
	if count > uint64(len(ids)/8) {
		return p.damage(8, "%d free pages do not fit into it", count)
	}
	last := uint64(0)
	for i := range int(count) {
		free := native.Uint64(ids[8*i:])
		if free < firstPage || free >= v.high || free <= last {
			return p.damage(len(p.bytes)-len(ids)+8*i, "page %d cannot be free", free)
		}
		if err := v.visit(free); err != nil {
			return err
		}
		last = free
	}
	return nil
}

// root reads the root, in which there is one bucket and nothing else. A small bucket is in the root itself.
func (v *verifier) root(id uint64) error {
	p, err := v.read(id, page{})
	if err != nil {
		return err
	}
	items, err := p.items()
	if err != nil {
		return err
	}
	if p.flags() != leafFlag || len(items) != 1 || items[0].flags != bucketFlag || !bytes.Equal(items[0].key, bucket) {
		return p.damage(pageHead, "it holds something else than snapshots")
	}
	value, at := items[0].value, items[0].at+len(bucket)
	if len(value) < bucketHead {
		return p.damage(at, "its bucket has no beginning")
	}
	if top := native.Uint64(value); top != 0 {
		below, err := v.read(top, p)
		if err != nil {
			return err
		}
		return v.tree(below, nil, nil, 0)
	}
	within := page{id: p.id, at: p.at + int64(at+bucketHead), bytes: value[bucketHead:]}
	if len(within.bytes) < pageHead || within.flags() != leafFlag {
		return p.damage(at, "its bucket has no page")
	}
	return v.tree(within, nil, nil, 0)
}

// tree reads what is in a page and below it: keys from the least on, and below a bound unless that is nil.
func (v *verifier) tree(p page, least, bound []byte, depth int) error {
	items, err := p.items()
	if err != nil {
		return err
	}
	if depth > deepestTree {
		return p.damage(0, "it is too deep in the tree")
	}
	for i, one := range items {
		next := bound
		if i+1 < len(items) {
			next = items[i+1].key
		}
		if bytes.Compare(one.key, least) < 0 || next != nil && bytes.Compare(one.key, next) >= 0 {
			return p.damage(one.at, "its keys are not in order")
		}
		if p.flags() == leafFlag {
			err = v.record(p, one)
		} else {
			var below page
			if below, err = v.read(one.child, p); err == nil {
				err = v.tree(below, one.key, next, depth+1)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// record reads the header, which is the first, or a snapshot.
func (v *verifier) record(p page, one item) error {
	if one.flags != 0 || len(one.key) != len(key(0)) {
		return p.damage(one.at, "there is something else than a record")
	}
	number := binary.BigEndian.Uint64(one.key)
	content, err := unseal(one.key, one.value)
	if err == nil {
		err = v.take(number, one.value, content)
	}
	if err != nil {
		return p.damage(one.at, "record %d: %v", number, err)
	}
	return nil
}

func (v *verifier) take(number uint64, record, content []byte) error {
	if number == 0 {
		head, err := readHeader(content)
		v.head = &head
		return err
	}
	if v.head == nil || number > v.head.last {
		return errors.New("the header knows nothing of it")
	}
	snapshot, err := readSnapshot(content)
	if err != nil {
		return err
	}
	v.count++
	v.sum ^= sumOf(record)
	return v.each(number, snapshot)
}

// item is an element of a leaf, with a value, or of a branch, with a page below it.
type item struct {
	at         int // in the page
	flags      uint32
	key, value []byte
	child      uint64
}

// items gives what is in a leaf or a branch.
func (p page) items() ([]item, error) {
	body := int64(pageHead + element*p.count())
	switch {
	case p.flags() != leafFlag && p.flags() != branchFlag:
		return nil, p.damage(8, "it is no part of a tree")
	case body > int64(len(p.bytes)):
		return nil, p.damage(10, "%d elements do not fit into it", p.count())
	}
	items := make([]item, p.count())
	for i := range items {
		at := pageHead + element*i
		word := func(n int) int64 { return int64(native.Uint32(p.bytes[at+4*n:])) }
		var one item
		var from, middle, end int64
		if p.flags() == leafFlag {
			one.flags = uint32(word(0))
			from = int64(at) + word(1)
			middle = from + word(2)
			end = middle + word(3)
		} else {
			from = int64(at) + word(0)
			middle = from + word(1)
			end = middle
			one.child = native.Uint64(p.bytes[at+8:])
		}
		if from < body || end > int64(len(p.bytes)) {
			return nil, p.damage(at, "element %d is not within the page", i)
		}
		one.at, one.key, one.value = int(from), p.bytes[from:middle], p.bytes[middle:end]
		items[i] = one
	}
	return items, nil
}
