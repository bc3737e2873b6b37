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
	if err := put(path, write); err != nil {
		return fmt.Errorf("write the report %q: %w", path, reason(err))
	}
	return nil
}

func put(path string, write func(io.Writer) error) error {
	draft, err := draft(path)
	if err != nil {
		return err
	}
	if err := write(draft); err != nil {
		return errors.Join(err, draft.discard())
	}
	return draft.finish()
}

// Draft is a file under way, for what is written in the course of a run. It takes its place when it is complete.
type Draft struct {
	path   string // of its place; empty where it is written to in place
	file   *os.File
	shared bool  // it is a standard stream, and others write to it as well
	err    error // the first
	done   bool
}

// NewDraft begins a file. Finish or Discard has to be called, the first of which counts.
func NewDraft(path string) (*Draft, error) {
	d, err := draft(path)
	if err != nil {
		return nil, fmt.Errorf("write the file %q: %w", path, reason(err))
	}
	return d, nil
}

func draft(path string) (*Draft, error) {
	if own := standard(path); own != nil {
		return &Draft{file: own, shared: true}, nil
	}
	if Stream(path) {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		return &Draft{file: file}, err
	}
	path = followed(path)
	file, err := beside(path)
	return &Draft{path: path, file: file}, err
}

// Write writes on. After an error it does nothing.
func (d *Draft) Write(p []byte) (n int, err error) {
	if d.err == nil {
		n, d.err = d.file.Write(p)
	}
	return n, d.err
}

// Finish puts the file in its place, or takes it away if it is not complete: what stood there before still does then.
func (d *Draft) Finish() error {
	name := d.path
	if name == "" {
		name = d.file.Name()
	}
	if err := d.finish(); err != nil {
		return fmt.Errorf("write the file %q: %w", name, reason(err))
	}
	return nil
}

func (d *Draft) finish() error {
	d.done = true
	switch {
	case d.shared:
		return d.err
	case d.path == "":
		return errors.Join(d.err, d.file.Close())
	case d.err == nil:
		d.err = d.file.Sync()
	}
	if err := d.file.Close(); d.err == nil {
		d.err = err
	}
	if d.err == nil {
		d.err = os.Rename(d.file.Name(), d.path)
	}
	if d.err != nil {
		return errors.Join(d.err, os.Remove(d.file.Name()))
	}
	return nil
}

// Discard takes the file away, unless it is finished.
func (d *Draft) Discard() {
	if !d.done {
		_ = d.discard()
	}
}

func (d *Draft) discard() error {
	if d.shared {
		return nil
	}
	err := d.file.Close()
	if d.path != "" {
		err = errors.Join(err, os.Remove(d.file.Name()))
	}
	return err
}

// Writable tells whether WriteFile could write there, so that a run does not end without its report. An error says
// in one line what to do about it. Nothing is left behind.
func Writable(path string) error {
	if err := probe(path); err != nil {
		return fmt.Errorf("nothing can be written to %q: %w", path, err)
	}
	return nil
}

func probe(path string) error {
	switch path {
	case "":
		return errors.New("the path is empty; name a file")
	case "-":
		return errors.New("it is no file; give /dev/stdout for standard output, or ./- for a file of that name")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir(), os.IsPathSeparator(path[len(path)-1]):
		return errors.New("this names a directory; name a file in it")
	case err == nil && info.Mode().Type() == fs.ModeSocket:
		return errors.New("this is a socket; name a file")
	case err == nil && Stream(path):
		return probeStream(path, info)
	case err != nil && opened(path):
		return errors.New("nothing is open under this number; name a file")
	case err == nil && info.Mode().Perm()&0o222 == 0:
		return errors.New("the file is read-only; make it writable (chmod u+w), or name another")
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w; name another file", reason(err))
	}
	path = followed(path)
	if !replaceable(path) {
		return fmt.Errorf("it is somebody else's, and in the directory %q only its owner can replace it; name another file", filepath.Dir(path))
	}
	draft, err := beside(path)
	switch directory := filepath.Dir(path); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no directory %q; make it (mkdir -p), or name another", directory)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%q is not a directory; name a file in one", directory)
	case err != nil:
		return fmt.Errorf("the directory %q takes no new file (%w); make it writable, or name another", directory, reason(err))
	}
	_, full := draft.Write(make([]byte, leastRoom))
	if err := errors.Join(draft.Close(), os.Remove(draft.Name())); err != nil {
		return err
	}
	if full != nil {
		return fmt.Errorf("in the directory %q, there is no room (%w); make some, or name another", filepath.Dir(path), reason(full))
	}
	return nil
}

// probeStream opens what it is safe to open: opening a pipe would wait for its reader.
func probeStream(path string, info fs.FileInfo) error {
	if standard(path) != nil || info.Mode().Type() == fs.ModeNamedPipe {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("%w; name another file", reason(err))
	}
	return file.Close()
}

// leastRoom is how many bytes have to fit where a report is to go: most take less. Many a full disk has room for a file's name.
const leastRoom = 64 << 10

// Stream tells whether a path is nothing that can be replaced. What the shell has opened for the process is none even where it
// leads into a file: replacing that would lose what else is written to it.
func Stream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && (!info.Mode().IsRegular() || opened(path))
}

// opened tells whether a path names a file by the number that it has in this process.
func opened(path string) bool {
	path = filepath.Clean(path)
	return standard(path) != nil || slices.Contains([]string{"/dev/fd", "/proc/self/fd"}, filepath.Dir(path))
}

// standard gives the standard stream that a path names. A file behind it, opened anew, would be written to from another place
// than by all else that uses the stream, and one would overwrite the other.
func standard(path string) *os.File {
	switch filepath.Clean(path) {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return os.Stdout
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return os.Stderr
	}
	return nil
}

// SameFile tells whether two paths lead to one place, which need not exist.
func SameFile(a, b string) bool {
	if place(a) == place(b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// place gives a path without links and steps back, as far as it exists.
func place(path string) string {
	path = followed(path)
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return filepath.Join(followed(filepath.Dir(path)), filepath.Base(path))
}

// followed gives the file that a link leads to, so that the file is replaced and not the link. It need not exist yet.
func followed(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	target, err := os.Readlink(path)
	switch {
	case err != nil:
		return path
	case filepath.IsAbs(target):
		return target
	}
	return filepath.Join(filepath.Dir(path), target)
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
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		return link.Err
	}
	return err
}
