package report_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// screen is a writer that keeps what was written, piece by piece.
type screen struct {
	mu     sync.Mutex
	pieces []string
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = append(s.pieces, string(p))
	return len(p), nil
}

func (s *screen) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pieces
}

// pass lets time go by, which costs none in the bubble of a synctest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestLiveProgressIsOneLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		var width atomic.Int64
		width.Store(60)
		p := report.NewProgress(&out, true, func() int { return int(width.Load()) })
		p.Update(report.State{
			Done: 3, Total: 80, Exchanges: 41, Broken: 2, Snapshots: 7, Phase: "BATCH",
			Check: "refuses \x1b[2J 101 snapshots and deletes none of them", Elapsed: 1200 * time.Millisecond,
		})
		pass(150 * time.Millisecond)
		if got := out.seen(); len(got) != 1 ||
			got[0] != "\r  1.2 s  3/80 checks, 41 exchanges, rules broken 2 times, …\x1b[K" {
			t.Fatalf("shown: %q", got)
		}
		width.Store(150)
		pass(100 * time.Millisecond)
		if got := out.seen(); !strings.Contains(got[1], `BATCH: refuses \x1b[2J 101 snapshots`) || strings.Contains(got[1], "\n") {
			t.Errorf("shown: %q", got)
		}
		p.Close()
		if got := out.seen(); got[len(got)-1] != "\r\x1b[K" {
			t.Errorf("the line stays: %q", got)
		}
	})
}

func TestTheTimeThatIsLeftIsShownAndShrinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewProgress(&out, true, nil)
		defer p.Close()
		p.Update(report.State{Exchanges: 1, Elapsed: time.Second, Left: 40 * time.Second})
		pass(10 * time.Second)
		got := out.seen()
		if !strings.Contains(got[0], "1.0 s, ~40 s left") || !strings.Contains(got[len(got)-1], "s, ~30 s left") {
			t.Errorf("shown: %q", got)
		}
	})
}

func TestLiveProgressIsDrawnSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewProgress(&out, true, nil)
		start := time.Now()
		var tellers sync.WaitGroup
		for range 8 {
			tellers.Go(func() {
				for i := range 1000 {
					<-time.After(time.Millisecond)
					p.Update(report.State{Exchanges: i, Check: strings.Repeat("ä", 200), Elapsed: time.Since(start)})
				}
			})
		}
		tellers.Wait()
		p.Close()
		p.Close()
		drawn := out.seen()
		if len(drawn) < 9 || len(drawn) > 12 {
			t.Errorf("drawn %d times in a second", len(drawn))
		}
		for _, line := range drawn {
			if width := utf8.RuneCountInString(strings.TrimSuffix(line[1:], "\x1b[K")); width > 79 {
				t.Errorf("%d characters of 80: %q", width, line)
			}
		}
		p.Update(report.State{Elapsed: time.Hour})
		pass(time.Minute)
		if len(out.seen()) != len(drawn) {
			t.Error("drawn after Close")
		}
	})
}

func TestLiveProgressGoesOnWhileNothingHappens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewProgress(&out, true, nil)
		p.Update(report.State{Phase: "the last look", Check: "the last look", Elapsed: time.Second})
		pass(1100 * time.Millisecond)
		p.Close()
		shown := fmt.Sprint(out.seen())
		if !strings.Contains(shown, "1.0 s") || !strings.Contains(shown, "2.0 s") || strings.Contains(shown, "look: the last") {
			t.Errorf("shown: %q", shown)
		}
	})
}

func TestLogProgressIsFewPlainLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewProgress(&out, false, nil)
		start := time.Now()
		for _, phase := range []string{"REQ", "BATCH"} {
			for i := range 70 {
				p.Update(report.State{Done: i, Total: 140, Phase: phase, Check: "tries\nsomething", Elapsed: time.Since(start)})
				pass(100 * time.Millisecond)
			}
		}
		p.Close()
		got := out.seen()
		if len(got) != 4 { // each phase: its begin, and one more after 5 s
			t.Fatalf("lines: %q", got)
		}
		for i, want := range []string{"REQ", "REQ", "BATCH", "BATCH"} {
			if line := got[i]; !strings.HasSuffix(line, want+`: tries\nsomething`+"\n") || strings.ContainsAny(line, "\r\x1b") {
				t.Errorf("line %d: %q", i, line)
			}
		}
	})
}

func TestProgressDropsWhatIsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out screen
		p := report.NewProgress(&out, true, nil)
		p.Update(report.State{Phase: "late", Elapsed: 2 * time.Second})
		p.Update(report.State{Phase: "early", Elapsed: time.Second})
		pass(150 * time.Millisecond)
		p.Close()
		if shown := fmt.Sprint(out.seen()); strings.Contains(shown, "early") || !strings.Contains(shown, "late") {
			t.Errorf("shown: %q", shown)
		}
	})
}

func TestNoProgressIsNoTrouble(t *testing.T) {
	t.Parallel()
	var p *report.Progress
	p.Update(report.State{})
	p.Close()
}

func TestWhatIsSaidStays(t *testing.T) {
	t.Parallel()
	for live, want := range map[bool]string{true: "\r\x1b[Kreleasing\n", false: "releasing\n"} {
		var out screen
		p := report.NewProgress(&out, live, nil)
		p.Say("releasing")
		p.Close()
		p.Say("nobody hears this")
		if got := strings.Join(out.seen(), ""); !strings.HasPrefix(got, want) || strings.Contains(got, "nobody") {
			t.Errorf("shown: %q", got)
		}
	}
	var none *report.Progress
	none.Say("nothing")
}
