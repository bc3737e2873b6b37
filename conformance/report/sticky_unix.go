//go:build unix

package report

import (
	"os"
	"path/filepath"
	"syscall"
)

// replaceable tells whether this user may replace a file. In a directory that many write to, such as /tmp, only its owner may.
func replaceable(path string) bool {
	file, missing := os.Lstat(path)
	directory, err := os.Stat(filepath.Dir(path))
	if missing != nil || err != nil || directory.Mode()&os.ModeSticky == 0 {
		return true
	}
	return os.Geteuid() == 0 || owned(file) || owned(directory)
}

func owned(info os.FileInfo) bool {
	stat, known := info.Sys().(*syscall.Stat_t)
	return known && int(stat.Uid) == os.Geteuid()
}
