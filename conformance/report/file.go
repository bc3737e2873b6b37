package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// WriteFile writes a file whole or not at all: where anything goes wrong, what stood there before still does. What
// is no file, like a pipe or /dev/stdout, is written to as it is.
func WriteFile(path string, write func(io.Writer) error) error {
	if err := place(path, write); err != nil {
		return fmt.Errorf("write the report %q: %w", path, err)
	}
	return nil
}

func place(path string, write func(io.Writer) error) error {
	if stream(path) {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(file), file.Close())
	}
	path = followed(path)
	draft, err := beside(path)
	if err != nil {
		return err
	}
	err = errors.Join(write(draft), draft.Sync(), draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}

// Writable tells whether WriteFile could write there, so that a run does not end without its report. An error says
// in one line what to do about it. Nothing is left behind.
func Writable(path string) error {
	if err := probe(path); err != nil {
		return fmt.Errorf("no report can be written to %q: %w", path, err)
	}
	return nil
}

func probe(path string) error {
	if path == "" {
		return errors.New("the path is empty; name a file")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), os.IsPathSeparator(path[len(path)-1]):
		return errors.New("this names a directory; name a file in it")
	case err == nil && stream(path):
		return nil // opening a pipe would wait for its reader
	case err == nil && info.Mode().Perm()&0o222 == 0:
		return errors.New("the file is read-only; make it writable (chmod u+w), or name another")
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; name another file", reason(err))
	}
	path = followed(path)
	draft, err := beside(path)
	switch directory := filepath.Dir(path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no directory %q; make it (mkdir -p), or name another", directory)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%q is not a directory; name a file in one", directory)
	case err != nil:
		return fmt.Errorf("the directory %q takes no new file (%w); make it writable, or name another", directory, reason(err))
	}
	return errors.Join(draft.Close(), os.Remove(draft.Name()))
}

// stream tells whether a path is nothing that can be replaced. The standard streams are none even where the shell
// has led them into a file: replacing that would lose what else is written to it.
func stream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && !info.Mode().IsRegular() ||
		slices.Contains([]string{"/dev/stdout", "/dev/stderr"}, filepath.Clean(path))
}

// followed gives the file that a link leads to, so that the file is replaced and not the link.
func followed(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

// beside makes a new file in the directory of path, with the permissions that path has, or that the user's umask
// gives. (os.CreateTemp would shut everybody else out from the report.)
func beside(path string) (*os.File, error) {
	name := filepath.Join(filepath.Dir(path), ".report-"+rand.Text())
	draft, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	if old, err := os.Stat(path); err == nil {
		_ = draft.Chmod(old.Mode().Perm()) // as good as it gets: not every file system has permissions
	}
	return draft, nil
}

// reason gives an error without the name of the file that was tried, which nobody knows.
func reason(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return path.Err
	}
	return err
}
