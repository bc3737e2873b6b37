package report_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/zec-conformance/deletesnapshots/conformance/report"
)

// as calls something as another user, on a thread that ends with it.
func as(user uintptr, call func() error) error {
	const same = ^uintptr(0)
	ended := make(chan error)
	go func() {
		runtime.LockOSThread()
		if _, _, failed := syscall.RawSyscall(syscall.SYS_SETRESUID, same, user, same); failed != 0 {
			ended <- failed
			return
		}
		ended <- call()
	}()
	return <-ended
}

func TestWritableSeesAFileThatOnlyItsOwnerCanReplace(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	g := NewWithT(t)
	const owner, other = 65533, 65534
	folder, err := os.MkdirTemp(os.TempDir(), "sticky") // a test's own is below one that others may not enter
	g.Expect(err).NotTo(HaveOccurred())
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "report.json")
	g.Expect(errors.Join(
		os.WriteFile(path, []byte("old"), 0o666), os.Chmod(path, 0o666), os.Chown(path, owner, owner), os.Chmod(folder, 0o777|os.ModeSticky),
	)).To(Succeed())
	writable := func() error { return report.Writable(path) }
	g.Expect(as(other, writable)).To(MatchError(ContainSubstring("only its owner can replace it")))
	g.Expect(as(owner, writable)).To(Succeed())
	g.Expect(writable()).To(Succeed())
	g.Expect(os.Chmod(folder, 0o777)).To(Succeed())
	g.Expect(as(other, writable)).To(Succeed(), "anybody may replace it there")
	holds(t, folder, map[string]string{"report.json": "old"})
}
