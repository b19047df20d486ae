package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

const fileName = "limpid.db"

func open(ctx context.Context, dir string) (store.Store, error) {
	return sqlite.Open(ctx, filepath.Join(dir, fileName), sqlite.Options{Create: true})
}

// openForCore is open with a redo log, for the handle that is first.
func openForCore(ctx context.Context, dir string) (store.Store, error) {
	return sqlite.Open(ctx, filepath.Join(dir, fileName), sqlite.Options{Create: true, Redo: true})
}

func TestContract(t *testing.T) { storetest.Run(t, open) }

func TestContractWithRedoLog(t *testing.T) { storetest.Run(t, openForCore) }

func TestCrash(t *testing.T) { storetest.Crash(t, open) }

func TestCrashWithRedoLog(t *testing.T) { storetest.Crash(t, openForCore) }

// made returns the path of a closed store with ten subscribers.
func made(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), fileName)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused opens path, which must fail with target and name the file in one line.
func refused(t *testing.T, path string, target error) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		_ = s.Close()
	}
	if !errors.Is(err, target) {
		t.Fatalf("error %v, want %v", err, target)
	}
	if !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
		t.Errorf("want one line with the file's name: %q", err)
	}
}

func edit(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAbsentFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	refused(t, path, fs.ErrNotExist)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("a refused opening left a file behind")
	}
	refused(t, t.TempDir(), store.ErrDamaged)
}

// TestFileMode: the file and the logs beside it hold keys, so they are for their owner alone.
func TestFileMode(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(1)}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(filepath.Join(dir, fileName+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %04o, want 0600", info.Name(), info.Mode().Perm())
		}
	}
}

func TestOpenPermissionsAreRefused(t *testing.T) {
	path := made(t)
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o620} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		refused(t, path, store.ErrPermissions)
	}
}

func TestNewerVersionIsRefused(t *testing.T) {
	path := made(t)
	edit(t, path, "PRAGMA user_version = 9999")
	refused(t, path, store.ErrVersion)
}

func TestOtherFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, path, "CREATE TABLE bookmarks (url TEXT)")
	refused(t, path, store.ErrDamaged)
	text := []byte("store:\n  path: limpid.db\n")
	for _, content := range [][]byte{text[:1], text, bytes.Repeat(text, 1000)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, path, store.ErrDamaged)
		if left, err := os.ReadFile(path); err != nil || !bytes.Equal(left, content) {
			t.Fatal("a refused opening changed the file")
		}
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	whole, err := os.ReadFile(made(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"truncated by a page": func(b []byte) []byte { return b[:len(b)-4096] },
		"truncated to one":    func(b []byte) []byte { return b[:4096] },
		"page of zeros":       func(b []byte) []byte { clear(b[4096:8192]); return b },
		"schema page":         func(b []byte) []byte { copy(b[100:], bytes.Repeat([]byte{0xff}, 64)); return b },
		"noise":               func(b []byte) []byte { copy(b[len(b)-4096:], bytes.Repeat([]byte{0x5a}, 512)); return b },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), fileName)
			if err := os.WriteFile(path, damage(bytes.Clone(whole)), 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, path, store.ErrDamaged)
		})
	}
}

// TestOwnerEdits: what an owner broke with the sqlite3 shell is told, and does not crash.
func TestOwnerEdits(t *testing.T) {
	for column, statement := range map[string]string{
		"k":           "UPDATE subscriber SET k = 'secret'",
		"opc":         "UPDATE subscriber SET opc = 'secret'",
		"amf_field":   "UPDATE subscriber SET amf_field = '80'",
		"sd":          "PRAGMA foreign_keys = 0; UPDATE subscriber_slice SET sd = '1'; UPDATE subscriber_dnn SET sd = '1'",
		"ssc_modes":   "UPDATE subscriber_dnn SET ssc_modes = 'one'",
		"static_ipv4": "UPDATE subscriber_dnn SET static_ipv4 = supi",
	} {
		path := made(t)
		edit(t, path, statement)
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Subscriber(t.Context(), storetest.SUPI(1))
		if !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "column "+column) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", column, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBusy: while another process holds the file, a write waits its time, fails, and leaves the store working.
func TestBusy(t *testing.T) {
	path := made(t)
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(100)}); err == nil {
		t.Fatal("a write got past another process's transaction")
	}
	if _, err := s.Subscriber(t.Context(), storetest.SUPI(1)); err != nil {
		t.Fatalf("a reader must not wait for a writer: %v", err)
	}
	if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(100)}); err != nil {
		t.Fatal(err)
	}
}
