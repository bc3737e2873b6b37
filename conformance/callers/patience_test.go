package callers_test

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/callers"
)

// often is more often than anybody who waits asks again.
const often = 50

// asking plays a caller that asks again some time after each answer, and counts what it is blamed for.
func asking(patience *callers.Patience, pause time.Duration, of func(i int) (remote, body string, wait bool)) (blamed []callers.Breach) {
	at := now
	for i := range often {
		remote, body, wait := of(i)
		came := at.Add(pause)
		at = came.Add(50 * time.Microsecond)
		blamed = append(blamed, patience.Answered(remote, []byte(body), came, at, wait)...)
	}
	return blamed
}

func TestPatience(t *testing.T) {
	t.Parallel()
	same := func(int) (string, string, bool) { return "10.0.0.1:1", "body", true }
	for name, caller := range map[string]struct {
		pause time.Duration
		of    func(i int) (string, string, bool)
	}{
		"who pauses":         {time.Millisecond, same},
		"who is not put off": {0, func(int) (string, string, bool) { return "10.0.0.1:1", "body", false }},
		"who gives up":       {0, func(i int) (string, string, bool) { return "10.0.0.1:1", "body", i%5 < 4 }},
		"several, each on a connection of its own": {0, func(i int) (string, string, bool) {
			return fmt.Sprint("10.0.0.1:", i), "body", true
		}},
		"several on one connection, each for its own": {0, func(i int) (string, string, bool) {
			return "10.0.0.1:1", fmt.Sprint("body ", i%2), true
		}},
		"who asked before the answer": {-200 * time.Microsecond, same},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			NewWithT(t).Expect(asking(&callers.Patience{}, caller.pause, caller.of)).To(BeEmpty())
		})
	}
	t.Run("who does not wait", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		blamed := asking(&callers.Patience{}, 0, same)
		g.Expect(blamed).To(HaveLen(often-10), "a pause now and then would have been enough")
		g.Expect(blamed[0]).To(Equal(callers.Breach{Rule: "CALL-18", What: "it is sent 11 times in a row, each time within 1ms of being told to wait"}))
	})
	t.Run("who does not wait, among many others", func(t *testing.T) {
		t.Parallel()
		g := NewWithT(t)
		var patience callers.Patience
		for i := range 100_000 { // of whom nobody comes again
			g.Expect(patience.Answered(fmt.Sprint("10.1.0.1:", i), nil, now, now, true)).To(BeEmpty())
		}
		g.Expect(asking(&patience, 0, same)).NotTo(BeEmpty())
	})
}
