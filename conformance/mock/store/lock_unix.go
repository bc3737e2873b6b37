//go:build !windows && !plan9 && !solaris && !aix

package store

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	berrors "go.etcd.io/bbolt/errors"

	"github.com/zec-conformance/deletesnapshots/conformance/gentle"
)

// lock takes the lock that bbolt takes, which nobody but the holder of this file notices being taken twice.
func lock(file *os.File, patience time.Duration) error {
	const pause = 10 * time.Millisecond
	waiting, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if gentle.Pause(waiting, pause) != nil {
			return berrors.ErrTimeout
		}
	}
}
