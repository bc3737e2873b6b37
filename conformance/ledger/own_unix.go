//go:build unix

package ledger

import (
	"os"
	"syscall"
)

// own tells whether something is this user's, and nobody else may change it.
func own(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSymlink != 0 {
		return false
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) == os.Getuid() && info.Mode().Perm()&0o022 == 0
}
