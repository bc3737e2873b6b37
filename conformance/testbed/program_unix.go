//go:build unix

package testbed

import (
	"os"
	"os/exec"
	"syscall"
)

// inGroup puts a child into a process group of its own: Ctrl-C at the terminal is not for it, since the run has snapshots
// to release first, and whatever it starts can be ended together with it.
func inGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends what is left of a child and of its own children. A group of which nobody is left is no fault; its number
// is not given to another one so soon after the child has ended.
func killGroup(child *os.Process) { _ = syscall.Kill(-child.Pid, syscall.SIGKILL) }
