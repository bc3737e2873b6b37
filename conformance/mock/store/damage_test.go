package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"go.etcd.io/bbolt"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
)

// pageBytes is what bbolt takes for the size of a page.
var pageBytes = os.Getpagesize()

// populate makes snapshots of all sorts in several commits, so that the file has pages of all kinds, and gives the ids that
// are deletable.
func populate(g *WithT, s *Store, clock *clock, count int) (ids []string) {
	var gone []string
	var some []Snapshot
	for i := range count {
		one := Snapshot{ID: fmt.Sprintf("snap-%05d", i), State: contract.States[i%len(contract.States)]}
		switch i % 7 {
		case 0:
			one.Facts = Facts{Name: strings.Repeat("name ", i%50), Disk: "disk-1", Retention: "2027-01-01T00:00:00Z"}
		case 1:
			one.Due = clock.at.Add(time.Hour)
		case 2, 3:
			one.State = contract.Normal
			gone = append(gone, one.ID)
		case 4:
			one.State = contract.Normal
			ids = append(ids, one.ID)
		}
		if some = append(some, one); len(some) == 10 || i == count-1 {
			g.Expect(s.Add(some...)).To(Succeed())
			some = some[:0]
		}
	}
	g.Expect(s.Delete(gone)).To(BeEmpty())
	g.Expect(s.Put(ids[0], contract.Normal)).To(BeTrue())
	return ids
}

// refused expects that a file is no store, and stays as it is, and gives the damage.
func refused(g *WithT, path string) *Damage {
	before := contents(g, path)
	info, err := os.Stat(path)
	g.Expect(err).NotTo(HaveOccurred())
	_, err = Open(path, newClock().now)
	g.Expect(err).To(BeAssignableToTypeOf(&Damage{}))
	g.Expect(err).To(MatchError(And(ContainSubstring(path), MatchRegexp(`at byte \d+ \(page \d+\)`))))
	g.Expect(contents(g, path)).To(Equal(before))
	after, err2 := os.Stat(path)
	g.Expect(err2).NotTo(HaveOccurred())
	g.Expect(after.ModTime()).To(Equal(info.ModTime()))
	return err.(*Damage)
}

func write(g *WithT, path string, text []byte) {
	g.Expect(os.WriteFile(path, text, 0o600)).To(Succeed())
}

func TestWhatIsNoStoreIsRefused(t *testing.T) {
	t.Parallel()
	random := make([]byte, 1<<16)
	for i, source := 0, rand.New(rand.NewPCG(1, 2)); i < len(random); i++ {
		random[i] = byte(source.Uint32())
	}
	for name, text := range map[string][]byte{
		"nothing":      {},
		"a text":       []byte("NORMAL: [snap-1]\n"),
		"a long text":  bytes.Repeat([]byte("NORMAL: [snap-1]\n"), 1000),
		"zeroes":       make([]byte, 1<<16),
		"random bytes": random,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, path := NewWithT(t), file(t)
			write(g, path, text)
			g.Expect(refused(g, path).Page).To(BeZero())
		})
	}
}

func TestSomebodyElsesFileOfTheSameKindIsRefused(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]func(tx *bbolt.Tx) error{
		"nothing in it": func(*bbolt.Tx) error { return nil },
		"another bucket": func(tx *bbolt.Tx) error {
			other, err := tx.CreateBucket([]byte("something else"))
			if err != nil {
				return err
			}
			return other.Put(key(0), header{}.record())
		},
		"a bucket more": func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket([]byte("something else"))
			_, more := tx.CreateBucket(bucket)
			return join(err, more)
		},
		"no header": func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucket(bucket)
			return err
		},
		"another record": func(tx *bbolt.Tx) error {
			own, err := tx.CreateBucket(bucket)
			if err != nil {
				return err
			}
			return join(own.Put(key(0), header{}.record()), own.Put([]byte("note"), []byte("mine")))
		},
		"a bucket within": func(tx *bbolt.Tx) error {
			own, err := tx.CreateBucket(bucket)
			if err != nil {
				return err
			}
			_, err = own.CreateBucket(key(1))
			return join(err, own.Put(key(0), header{}.record()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, path := NewWithT(t), file(t)
			db, err := bbolt.Open(path, 0o600, nil)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(db.Update(fill)).To(Succeed())
			g.Expect(db.Close()).To(Succeed())
			refused(g, path)
		})
	}
}

func join(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// change changes the records of a store behind its back.
func change(g *WithT, path string, do func(all *bbolt.Bucket) error) {
	db, err := bbolt.Open(path, 0o600, nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(db.Update(func(tx *bbolt.Tx) error { return do(tx.Bucket(bucket)) })).To(Succeed())
	g.Expect(db.Close()).To(Succeed())
}

func TestRecordsThatAreNotAsTheyWereWrittenAreRefused(t *testing.T) {
	t.Parallel()
	sealed := func(number uint64, content string) []byte { return seal(key(number), []byte(content)) }
	for name, row := range map[string]struct {
		change func(all *bbolt.Bucket) error
		why    string
	}{
		"one is gone":  {func(all *bbolt.Bucket) error { return all.Delete(key(2)) }, "there are 2, where there were 3"},
		"the last is":  {func(all *bbolt.Bucket) error { return all.Delete(key(3)) }, "there are 2, where there were 3"},
		"one moved":    {func(all *bbolt.Bucket) error { return all.Put(key(2), bytes.Clone(all.Get(key(1)))) }, "record 2: its checksum"},
		"one too many": {func(all *bbolt.Bucket) error { return all.Put(key(4), (&Snapshot{ID: "x"}).record(4)) }, "record 4: the header knows nothing of it"},
		"one changed": {func(all *bbolt.Bucket) error {
			return all.Put(key(2), (&Snapshot{ID: "x", State: contract.Normal}).record(2))
		}, "not those that were written"},
		"an unknown one": {func(all *bbolt.Bucket) error {
			return all.Put(key(2), (&Snapshot{ID: "x", State: "MELTED"}).record(2))
		}, `there is no state "MELTED"`},
		"an id twice": {func(all *bbolt.Bucket) error {
			return all.Put(key(2), (&Snapshot{ID: "snap-1", State: contract.Normal}).record(2))
		}, `the id "snap-1" is there twice`},
		"no record":     {func(all *bbolt.Bucket) error { return all.Put(key(2), []byte("x")) }, "record 2: its checksum"},
		"half a record": {func(all *bbolt.Bucket) error { return all.Put(key(2), sealed(2, "\x09snap")) }, "not the form of a record"},
		"a long record": {func(all *bbolt.Bucket) error {
			return all.Put(key(2), sealed(2, "\xff\xff\xff\xff\xff\xff\xff\xff\x7fsnap"))
		}, "not the form of a record"},
		"no header":    {func(all *bbolt.Bucket) error { return all.Delete(key(0)) }, "the header knows nothing of it"},
		"nothing":      {func(*bbolt.Bucket) error { return nil }, "the header is not of the last transaction"},
		"a later form": {func(all *bbolt.Bucket) error { return all.Put(key(0), sealed(0, "\x02\x03\x03\x00\x00\x00\x00")) }, "it has the form 2, and this program reads and writes form 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, clock, path := NewWithT(t), newClock(), file(t)
			s := reopen(t, path, clock.now)
			for _, id := range []string{"snap-1", "snap-2", "snap-3"} {
				g.Expect(s.Add(Snapshot{ID: id, State: contract.Normal})).To(Succeed())
			}
			g.Expect(s.Close()).To(Succeed())
			change(g, path, row.change)
			g.Expect(refused(g, path).What).To(ContainSubstring(row.why))
		})
	}
}

// damaged makes a store, and gives its file and what is in it.
func damaged(t *testing.T, g *WithT, count int) (text []byte, snapshots []Snapshot) {
	clock, path := newClock(), file(t)
	s := reopen(t, path, clock.now)
	populate(g, s, clock, count)
	snapshots = all(g, s)
	g.Expect(s.Close()).To(Succeed())
	return contents(g, path), snapshots
}

// What opens in spite of a damage is what was written, and can be used.
func TestADamagedFileIsRefusedOrTheDamageDoesNotMatter(t *testing.T) {
	t.Parallel()
	for _, count := range []int{5, 700} {
		t.Run(fmt.Sprintf("%d snapshots", count), func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			text, snapshots := damaged(t, g, count)
			path := file(t)
			source := rand.New(rand.NewPCG(3, uint64(count)))
			const places = 200
			var harmless int
			for range places {
				bent := bytes.Clone(text)
				at, bit := source.IntN(len(bent)), byte(1)<<source.IntN(8)
				for tries := 0; bent[at] == 0 && tries < 5; tries++ { // much of a file is empty
					at = source.IntN(len(bent))
				}
				if source.IntN(4) == 0 {
					at -= at % pageBytes // where a page tells what it is
					at += source.IntN(48)
				}
				bent[at] ^= bit
				write(g, path, bent)
				s, err := Open(path, newClock().now)
				if err != nil {
					g.Expect(err).To(BeAssignableToTypeOf(&Damage{}), "byte %d, bit %d", at, bit)
					g.Expect(bytes.Equal(contents(g, path), bent)).To(BeTrue(), "byte %d, bit %d", at, bit)
					continue
				}
				harmless++
				s.disk.db.NoSync = true
				g.Expect(all(g, s)).To(Equal(snapshots), "byte %d, bit %d", at, bit)
				g.Expect(s.Replace(snapshots[0])).To(Succeed())
				g.Expect(s.Close()).To(Succeed())
				s, err = Open(path, newClock().now)
				g.Expect(err).NotTo(HaveOccurred(), "byte %d, bit %d", at, bit)
				g.Expect(all(g, s)).To(Equal(snapshots[:1]))
				g.Expect(s.Close()).To(Succeed())
			}
			t.Logf("of %d flipped bits, %d did not matter", places, harmless)
			g.Expect(harmless).To(And(BeNumerically(">", 0), BeNumerically("<", places)))
		})
	}
}

func TestACutFileIsRefusedOrNothingOfItIsMissing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	text, snapshots := damaged(t, g, 700)
	path := file(t)
	source := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		write(g, path, text[:source.IntN(len(text))])
		s, err := Open(path, newClock().now)
		if err == nil {
			g.Expect(all(g, s)).To(Equal(snapshots))
			g.Expect(s.Close()).To(Succeed())
			continue
		}
		refused(g, path)
	}
	write(g, path, text[:3*pageBytes])
	damage := refused(g, path)
	g.Expect(damage.Offset).To(BeEquivalentTo(3 * pageBytes))
	g.Expect(damage.What).To(ContainSubstring("it ends here"))
}

// An older page in the place of a newer one has every checksum right. (The older one of the two metas would be another
// matter: with it, the file is in all its parts what it was before, as a copy would be that was put back.)
func TestAPageAsItWasBeforeIsRefusedOrSaysTheSame(t *testing.T) {
	t.Parallel()
	g, clock, path := NewWithT(t), newClock(), file(t)
	s := reopen(t, path, clock.now)
	ids := populate(g, s, clock, 700)
	g.Expect(s.Close()).To(Succeed())
	old := contents(g, path)
	s = reopen(t, path, clock.now)
	g.Expect(s.Delete(ids[:1])).To(BeEmpty())
	snapshots := all(g, s)
	g.Expect(s.Close()).To(Succeed())
	text := contents(g, path)
	changed, noticed := 0, 0
	for page := firstPage * pageBytes; page < len(text); page += pageBytes {
		if bytes.Equal(text[page:page+pageBytes], old[page:page+pageBytes]) {
			continue
		}
		changed++
		bent := bytes.Clone(text)
		copy(bent[page:], old[page:page+pageBytes])
		write(g, path, bent)
		if s, err := Open(path, clock.now); err == nil { // they differ in what nobody reads
			g.Expect(all(g, s)).To(Equal(snapshots))
			g.Expect(s.Close()).To(Succeed())
			continue
		}
		refused(g, path)
		noticed++
	}
	g.Expect(noticed).To(BeNumerically(">", 0), "of %d", changed)
}

// reseal makes the checksums of the metas right again, so that what comes behind them is tried.
func reseal(text []byte) {
	for at := pageHead; at+metaSize <= len(text) && at < firstPage*pageBytes; at += pageBytes {
		sum := fnv.New64a()
		_, _ = sum.Write(text[at : at+56])
		binary.NativeEndian.PutUint64(text[at+56:], sum.Sum64())
	}
}

// FuzzOpen patches the file of a store: each four bytes of a patch are the place, three of them, and what comes there.
func FuzzOpen(f *testing.F) {
	g := NewWithT(f)
	path := filepath.Join(f.TempDir(), "snapshots.db")
	s, err := Open(path, newClock().now)
	g.Expect(err).NotTo(HaveOccurred())
	s.disk.db.NoSync = true
	populate(g, s, newClock(), 100)
	g.Expect(s.Close()).To(Succeed())
	sound := contents(g, path)
	f.Add([]byte{}, 0)
	f.Add([]byte{0, 0, 0, 1}, 0)
	f.Add([]byte{0, 0, 32, 4, 0, 0x10, 32, 9}, 0)
	f.Add([]byte{0, 0x20, 8, 1, 0, 0x30, 12, 200}, 0)
	f.Add([]byte{}, 4096)
	f.Fuzz(func(t *testing.T, patch []byte, cut int) {
		g := NewWithT(t)
		text := bytes.Clone(sound)
		for ; len(patch) >= 4; patch = patch[4:] {
			at := int(patch[0])<<16 | int(patch[1])<<8 | int(patch[2])
			text[at%len(text)] = patch[3]
		}
		reseal(text)
		if cut > 0 && cut < len(text) {
			text = text[:cut]
		}
		path := file(t)
		write(g, path, text)
		s, err := Open(path, newClock().now)
		if err != nil {
			g.Expect(bytes.Equal(contents(g, path), text)).To(BeTrue(), "it is refused, and has been changed")
			return
		}
		s.disk.db.NoSync = true
		g.Expect(s.Replace(Snapshot{ID: "snap-new", State: contract.Normal})).To(Succeed())
		g.Expect(s.Close()).To(Succeed())
		s, err = Open(path, newClock().now)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(s.Close()).To(Succeed())
	})
}
