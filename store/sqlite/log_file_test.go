package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

// TestLogIsOnDisk: what a write was acknowledged for is in the log as a copy of the files shows it, whether it is small, larger
// than what is gathered, or spilt from the cache before its commit.
func TestLogIsOnDisk(t *testing.T) {
	s := opened(t)
	var want int
	for _, size := range []int{100, mostGathered + 5000, 20 << 20} {
		var list []store.UEContext
		for range max(1, size/(1<<20)) {
			u := storetest.UE(want)
			u.Record = make([]byte, min(size, 1<<20))
			u.Record[0] = byte(want)
			list = append(list, u)
			want++
		}
		if errs, err := s.KeepUEs(t.Context(), list); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
		dir := t.TempDir()
		copied := filepath.Join(dir, "copy.db")
		for _, end := range []string{"", "-wal"} {
			b, err := os.ReadFile(s.path + end)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(copied+end, b, fileMode); err != nil {
				t.Fatal(err)
			}
		}
		other, err := Open(context.Background(), copied, Options{})
		if err != nil {
			t.Fatal(err)
		}
		var got int
		for u, err := range other.UEs(t.Context(), "") {
			if err != nil || u.Record[0] > byte(want) {
				t.Fatal(err)
			}
			got++
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("%d contexts in the copy after %d octets, want %d", got, size, want)
		}
	}
}
