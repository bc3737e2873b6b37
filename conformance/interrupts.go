package conformance

import (
	"context"
	"errors"
	"os"
	"os/signal"
)

// Interrupts gives a context that ends with the first of the signals, for Run, and one that ends with the second, for
// Config.AtOnce.
func Interrupts(signals ...os.Signal) (first, second context.Context, stop func()) {
	first, endFirst := context.WithCancelCause(context.Background())
	second, endSecond := context.WithCancelCause(context.Background())
	came := make(chan os.Signal, 2) // both may come before anybody looks
	signal.Notify(came, signals...)
	stopped := make(chan struct{})
	go func() {
		for _, end := range []context.CancelCauseFunc{endFirst, endSecond} {
			select {
			case signal := <-came:
				end(errors.New(signal.String()))
			case <-stopped:
				return
			}
		}
	}()
	return first, second, func() {
		signal.Stop(came)
		close(stopped)
		endFirst(nil)
		endSecond(nil)
	}
}
