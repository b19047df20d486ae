package flows

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// inMemory is where Linux keeps files in memory, and roomy how many octets must be free there.
const (
	inMemory = "/dev/shm"
	roomy    = 256 << 20
)

// folder is a folder for the stores of a flow, which ends with the test. Nothing here asks whether a store outlives the machine, so
// it need not wait for a disk: it is in memory where there is room.
func folder(t testing.TB) string {
	t.Helper()
	var fs unix.Statfs_t
	if err := unix.Statfs(inMemory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < roomy {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(inMemory, "limpid-flows-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("folder of the stores: %v", err)
		}
	})
	return dir
}
