package callers_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
)

// often is more often than anybody who waits asks again.
const often = 500

// asking plays callers of whom one asks again some time after each answer, and gives what they are blamed for.
func asking(patience *callers.Patience, at time.Time, pause time.Duration, of func(i int) (remote, body string, wait bool)) (blamed []callers.Breach) {
	for i := range often {
		remote, body, wait := of(i)
		came := at.Add(pause)
		at = came.Add(500 * time.Microsecond)
		blamed = append(blamed, patience.Answered(remote, []byte(body), came, at, wait)...)
	}
	return blamed
}

func same(int) (string, string, bool) { return "10.0.0.1:1", "body", true }

func TestWhoWaitsIsNotBlamed(t *testing.T) {
	t.Parallel()
	for name, caller := range map[string]struct {
		pause time.Duration
		of    func(i int) (string, string, bool)
	}{
		"who pauses":                  {5 * time.Millisecond, same},
		"who is not put off":          {0, func(int) (string, string, bool) { return "10.0.0.1:1", "body", false }},
		"who gives up":                {time.Millisecond, func(i int) (string, string, bool) { return "10.0.0.1:1", fmt.Sprint("body ", i/50), true }},
		"who gets through":            {time.Millisecond, func(i int) (string, string, bool) { return "10.0.0.1:1", "body", i%50 > 0 }},
		"who asked before the answer": {-200 * time.Microsecond, same},
		"several, each on a connection of its own": {0, func(i int) (string, string, bool) {
			return fmt.Sprint("10.0.0.1:", i), "body", true
		}},
		"several, on two connections": {0, func(i int) (string, string, bool) {
			return fmt.Sprint("10.0.0.1:", i/50%2), "body", true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(asking(&callers.Patience{}, now, caller.pause, caller.of)).To(BeEmpty())
		})
	}
}

func TestWhoDoesNotWaitIsBlamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	blamed := asking(&callers.Patience{}, now, 0, same)
	g.Expect(blamed).To(HaveLen(often - 200))
	g.Expect(blamed[0]).To(Equal(callers.Breach{Rule: "CALL-18", What: "it is sent 201 times in a row, each less than 5ms after being told to wait"}))
}

// TestOthersHideNobodyForLong: many others, of whom nobody comes again, and several with the same wish, a while ago.
func TestOthersHideNobodyForLong(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var patience callers.Patience
	for i := range 100_000 {
		g.Expect(patience.Answered("10.0.0.2:1", fmt.Append(nil, i), now, now, true)).To(BeEmpty())
	}
	g.Expect(patience.Answered("10.0.0.2:1", []byte("body"), now, now, true)).To(BeEmpty())
	g.Expect(asking(&patience, now, 0, same)).To(BeEmpty(), "there are two of them")
	g.Expect(asking(&patience, now.Add(time.Minute), 0, same)).NotTo(BeEmpty())
}

// TestCallersInTurnsAreNotBlamed: they share a connection and a wish, and each of them waits.
func TestCallersInTurnsAreNotBlamed(t *testing.T) {
	t.Parallel()
	g := NewWithT(t)
	var patience callers.Patience
	at := now
	for range 20 { // times that they ask
		for range 50 { // of them
			came := at.Add(time.Millisecond)
			at = came.Add(50 * time.Microsecond)
			g.Expect(patience.Answered("10.0.0.1:1", []byte("body"), came, at, true)).To(BeEmpty())
		}
		at = at.Add(20 * time.Millisecond)
	}
}
