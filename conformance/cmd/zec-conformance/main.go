// Command zec-conformance judges an implementation of DeleteSnapshots, or a log of one, by its contract, serves the reference
// mock, and lists the rules.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance"
)

// memory is where the collector of garbage becomes eager, in bytes. What is kept is bounded in other places.
const memory = 160 << 20

func main() {
	debug.SetMemoryLimit(memory)
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	interrupted, atOnce, stop := conformance.Interrupts(signals...)
	context.AfterFunc(atOnce, func() { time.AfterFunc(atMost, giveUp) })
	c := &command{environment: os.LookupEnv, out: os.Stdout, err: os.Stderr, atOnce: atOnce}
	status := c.execute(interrupted, os.Args[1:])
	stop()
	os.Exit(status)
}

// atMost is how long the end of a program that is to end at once may take, where the machine is busy: as a rule it takes no
// tenth of a second.
const atMost = 3 * time.Second

// giveUp ends a program that something holds up, a testbed that does not let go, say.
func giveUp() {
	fmt.Fprintln(os.Stderr, `zec-conformance: interrupted twice, and ended before it could tell what is left; see "zec-conformance clean"`)
	os.Exit(statusCouldNotRun)
}
