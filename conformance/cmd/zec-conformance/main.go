// Command zec-conformance judges an implementation of DeleteSnapshots by its contract, serves the reference mock, and
// lists the rules.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// memory is where the collector of garbage becomes eager, in bytes. What is kept is bounded in other places.
const memory = 160 << 20

func main() {
	debug.SetMemoryLimit(memory)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := Run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
