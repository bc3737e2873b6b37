//go:build !unix

package testbed

import (
	"os"
	"os/exec"
)

// Where there are no process groups, a child's own children have to end with its pipes.
func inGroup(*exec.Cmd) {}

func killGroup(child *os.Process) { _ = child.Kill() }
