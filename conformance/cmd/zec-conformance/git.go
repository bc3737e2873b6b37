package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/zec-conformance/deletesnapshots/conformance/breaking"
)

// gitTime is how long git may take for one answer, which comes from the disk.
const gitTime = 10 * time.Second

// gitAt is the repository of a directory. It is only read, through git itself.
type gitAt string

// commit finds the commit that a revision names. What might be taken for a flag, or for a file of a revision, is none.
func (g gitAt) commit(ctx context.Context, revision string) (string, error) {
	if revision == "" || strings.ContainsAny(revision[:1], "-.^") || strings.ContainsAny(revision, ":\x00\n") {
		return "", fmt.Errorf("--git %q names no revision; give one such as main, or two as main..HEAD", revision)
	}
	if text, err := g.ask(ctx, 1<<10, "rev-parse", "--git-dir"); err != nil {
		return "", fmt.Errorf("--git: no git repository is found (%s); go into one, or give OLD and NEW", reasonOf(err, text))
	}
	text, err := g.ask(ctx, 1<<10, "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return "", fmt.Errorf("--git: there is no revision %q here; give one that there is, or fetch it first", revision)
	}
	return strings.TrimSpace(string(text)), nil
}

// file gives the text of a file of the directory, as it was at a commit.
func (g gitAt) file(ctx context.Context, commit, revision, name string) ([]byte, error) {
	text, err := g.ask(ctx, breaking.MaxDocument+1, "cat-file", "blob", commit+":./"+name)
	if err != nil {
		return nil, fmt.Errorf("--git: %q has no file %q (%s); give its path as --document", revision, name, reasonOf(err, text))
	}
	return text, nil
}

// ask has git answer, in so many bytes at the most.
func (g gitAt) ask(ctx context.Context, most int64, args ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(ctx, gitTime)
	defer stop()
	git := exec.CommandContext(ctx, "git", args...)
	git.Dir = string(g)
	git.WaitDelay = time.Second
	// Nothing is fetched, nobody is asked, and errors are in English.
	git.Env = append(os.Environ(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "GIT_OPTIONAL_LOCKS=0")
	var complaint bytes.Buffer
	git.Stderr = &limited{to: &complaint, left: 1 << 10}
	output, err := git.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := git.Start(); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(output, most))
	if int64(len(text)) == most {
		stop() // there is more than anybody wants
		_ = git.Wait()
		return text, err
	}
	if waited := git.Wait(); waited != nil {
		return complaint.Bytes(), waited
	}
	return text, err
}

// reasonOf says in a few words why git failed.
func reasonOf(err error, complaint []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(complaint)), "\n")
	line = strings.TrimPrefix(line, "fatal: ")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "git is not installed"
	case line == "":
		return cause(err).Error()
	}
	return line
}

// limited takes the beginning of what is written, and lets go of the rest.
type limited struct {
	to   io.Writer
	left int
}

func (l *limited) Write(text []byte) (int, error) {
	kept := text[:min(len(text), l.left)]
	l.left -= len(kept)
	_, err := l.to.Write(kept)
	return len(text), err
}
