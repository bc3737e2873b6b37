package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// clock is a time that passes only when it is told to.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) pass(while time.Duration) { c.at = c.at.Add(while) }

// file gives a path at which there is nothing yet.
func file(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "snapshots.db")
}

// reopen opens a store that does not wait for the disk: a process that ends loses nothing by that, only a machine does.
func reopen(t *testing.T, path string, now func() time.Time) *Store {
	t.Helper()
	s, err := Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	s.disk.db.NoSync = true
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// all gives the snapshots in their order.
func all(g *WithT, s *Store) []Snapshot {
	page, total, err := s.List(Query{Limit: 1 << 20})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(page).To(HaveLen(total))
	return page
}

func contents(g *WithT, path string) []byte {
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	return text
}
