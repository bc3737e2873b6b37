package ledger_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/ledger"
)

var (
	head  = ledger.Head{Started: time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC), Endpoint: "http://127.0.0.1:1", Testbed: "exec:make it"}
	three = ledger.Order{State: contract.Normal, Count: 3}
)

// begin gives a ledger on which there are orders that came to these ids, or have no answer where they are nil.
func begin(t *testing.T, orders ...[]string) (l *ledger.Ledger, path string) {
	t.Helper()
	g := NewWithT(t)
	path = filepath.Join(t.TempDir(), "run.jsonl")
	l, err := ledger.Create(path, head)
	g.Expect(err).NotTo(HaveOccurred())
	for _, ids := range orders {
		number, err := l.Order(three)
		g.Expect(err).NotTo(HaveOccurred())
		if ids != nil {
			g.Expect(l.Made(number, ids)).To(Succeed())
		}
	}
	return l, path
}

func TestALedgerThatHasNothingToTellIsRemoved(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	l, path := begin(t, []string{"a", "b", "c"}, []string{})
	info, err := os.Stat(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o600)))
	g.Expect(l.Close(nil)).To(Succeed())
	g.Expect(path).NotTo(BeAnExistingFile())
}

func TestWhatALedgerTells(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		orders [][]string
		closed bool
		left   []string
		ids    []string
		lost   []ledger.Order
	}{
		"of a run that was killed":          {orders: [][]string{{"a", "b"}, nil, {"c"}}, ids: []string{"a", "b", "c"}, lost: []ledger.Order{three}},
		"of a run that left something":      {orders: [][]string{{"a", "b"}, {"c"}}, closed: true, left: []string{"b"}, ids: []string{"b"}},
		"of a run that lost an order alone": {orders: [][]string{{"a", "b"}, nil}, closed: true, lost: []ledger.Order{three}},
		"of an order that made nothing":     {orders: [][]string{{}, {"a"}}, ids: []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := NewWithT(t)
			l, path := begin(t, c.orders...)
			if c.closed {
				g.Expect(l.Close(c.left)).To(Succeed())
			} else {
				g.Expect(l.Leave()).To(Succeed())
			}
			again, record, err := ledger.Open(path)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(record.IDs).To(Equal(c.ids))
			g.Expect(record.Orders).To(Equal(c.lost))
			g.Expect(record.Head.Started).To(Equal(head.Started))
			g.Expect([]string{record.Head.Endpoint, record.Head.Testbed}).To(Equal([]string{head.Endpoint, head.Testbed}))

			g.Expect(again.Close([]string{"a"})).To(Succeed()) // a removal that left something, too
			again, record, err = ledger.Open(path)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(record.IDs).To(Equal([]string{"a"}))
			g.Expect(record.Orders).To(Equal(c.lost))
			g.Expect(again.Close(nil)).To(Succeed())
			g.Expect(path).NotTo(BeAnExistingFile())
		})
	}
}

// TestALineThatIsTorn has the process killed within a write.
func TestALineThatIsTorn(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	l, path := begin(t, []string{"a"}, []string{"b"})
	g.Expect(l.Leave()).To(Succeed())
	text, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(path, text[:len(text)-2], 0o600)).To(Succeed())
	l, record, err := ledger.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(record.IDs).To(Equal([]string{"a"}))
	g.Expect(record.Orders).To(Equal([]ledger.Order{three}))

	g.Expect(l.Close([]string{"a"})).To(Succeed())
	l, record, err = ledger.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(record.IDs).To(Equal([]string{"a"}), "what is written after it can be read")
	g.Expect(l.Leave()).To(Succeed())
}

func TestALedgerThatIsHeld(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	l, path := begin(t, []string{"a"})
	_, _, err := ledger.Open(path)
	g.Expect(err).To(MatchError(ledger.ErrHeld))
	g.Expect(l.Leave()).To(Succeed())
	l, _, err = ledger.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	_, _, err = ledger.Open(path)
	g.Expect(err).To(MatchError(ledger.ErrHeld), "two are at it")
	g.Expect(l.Leave()).To(Succeed())
}

func TestALedgerThatHasOnlyJustBegunIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	l, path := begin(t)
	g.Expect(l.Leave()).To(Succeed())
	_, _, err := ledger.Open(path)
	g.Expect(err).To(MatchError(ledger.ErrHeld))
	ago := time.Now().Add(-time.Hour)
	g.Expect(os.Chtimes(path, ago, ago)).To(Succeed())
	l, _, err = ledger.Open(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(l.Close(nil)).To(Succeed())
}

func TestWhatIsNoLedger(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, _ := json.Marshal(map[string]any{"version": 1})
	for name, text := range map[string]string{
		"text": "hello\nworld\n", "JSON": "{}\n{}\n", "another version": `{"version":2}` + "\n{}\n", "a bad line": string(first) + "\nx\n{}\n",
	} {
		g := NewWithT(t)
		path := filepath.Join(folder, name)
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		_, _, err := ledger.Open(path)
		g.Expect(err).To(MatchError(ContainSubstring("cannot be read: it")), name)
		_, err = ledger.Create(path, head)
		g.Expect(err).To(MatchError(ContainSubstring("exists already")), name)
		g.Expect(path).To(BeARegularFile())
	}
	g := NewWithT(t)
	for _, path := range []string{folder, filepath.Join(folder, "none")} {
		_, _, err := ledger.Open(path)
		g.Expect(err).To(MatchError(ContainSubstring("cannot be read")))
	}
	_, err := ledger.Create(filepath.Join(folder, "no", "where"), head)
	g.Expect(err).To(MatchError(ContainSubstring("name another file")))
}

func TestNoLedgerKeepsNothing(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var l *ledger.Ledger
	number, err := l.Order(three)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(l.Made(number, []string{"a"})).To(Succeed())
	g.Expect(l.Close([]string{"a"})).To(Succeed())
}

func TestThePlaceOfLedgers(t *testing.T) { // not parallel: it sets a variable
	g := NewWithT(t)
	home, state := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	blocked := filepath.Join(state, "file")
	g.Expect(os.WriteFile(blocked, nil, 0o600)).To(Succeed())
	for _, c := range []struct {
		environment map[string]string
		folder      string
	}{
		{map[string]string{"XDG_STATE_HOME": state, "HOME": home}, state},
		{map[string]string{"HOME": home}, filepath.Join(home, ".local", "state")},
		{map[string]string{"XDG_STATE_HOME": blocked, "HOME": home}, filepath.Join(home, ".local", "state")},
		{map[string]string{"XDG_STATE_HOME": "relative", "HOME": blocked}, os.TempDir()},
	} {
		environment := func(name string) (string, bool) { value, set := c.environment[name]; return value, set }
		path, err := ledger.Place(environment)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(strings.HasPrefix(path, filepath.Join(c.folder, "zec-conformance"))).To(BeTrue(), path)
		other, err := ledger.Place(environment)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(other).NotTo(Equal(path), "each run has its own")

		l, err := ledger.Create(path, head)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(ledger.All(environment)).To(ContainElement(path))
		g.Expect(os.Chmod(path, 0o666)).To(Succeed())
		g.Expect(ledger.All(environment)).NotTo(ContainElement(path), "anybody may have written it")
		g.Expect(l.Close(nil)).To(Succeed())
	}
}
