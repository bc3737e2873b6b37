package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	folder = "zec-conformance"
	suffix = ".jsonl"
)

// folders are where ledgers are by default, the best place first: the user's state directory, or else a folder of the
// user's among the temporary files.
func folders(environment func(name string) (string, bool)) []string {
	var places []string
	if state, _ := environment("XDG_STATE_HOME"); filepath.IsAbs(state) {
		places = append(places, filepath.Join(state, folder))
	}
	if home, _ := environment("HOME"); filepath.IsAbs(home) {
		places = append(places, filepath.Join(home, ".local", "state", folder))
	}
	return append(places, filepath.Join(os.TempDir(), fmt.Sprintf("%s-%d", folder, os.Getuid())))
}

// Place gives the path for a new ledger in the first of the default folders that takes one.
func Place(environment func(name string) (string, bool)) (string, error) {
	var failures []error
	for _, folder := range folders(environment) {
		err := os.MkdirAll(folder, 0o700)
		if err == nil && !own(folder) {
			err = errors.New("it belongs to somebody else")
		}
		if err == nil {
			name := filepath.Join(folder, time.Now().UTC().Format("20060102-150405-")+rand.Text()[:8]+suffix)
			if err = tryOut(name); err == nil {
				return name, nil
			}
		}
		failures = append(failures, fmt.Errorf("%q: %w", folder, reason(err)))
	}
	return "", fmt.Errorf("there is no place for the ledger of what the run makes (%w); name a file with --ledger", errors.Join(failures...))
}

// tryOut sees that a file can be made.
func tryOut(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(path))
}

// All gives the paths of the ledgers in the default folders, the oldest first. Those of other users are passed over: a
// ledger says which testbed is to be opened, and some are programs.
func All(environment func(name string) (string, bool)) ([]string, error) {
	var paths []string
	for _, folder := range folders(environment) {
		if !own(folder) {
			continue
		}
		found, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			path := filepath.Join(folder, file.Name())
			if filepath.Ext(path) == suffix && own(path) {
				paths = append(paths, path)
			}
		}
	}
	return paths, nil
}
