package redo

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/limpid-5g/limpid/store/record"
)

var ours = []byte("identity of ours")

const size = 16 * page

func opened(t *testing.T, path string) *Log {
	t.Helper()
	l, err := Open(path, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// begun is a log in a new file whose store has entries up to last.
func begun(t *testing.T, last uint64) *Log {
	t.Helper()
	l := opened(t, filepath.Join(t.TempDir(), "log"))
	if err := l.Begin(ours, last, size); err != nil {
		t.Fatal(err)
	}
	return l
}

// texts appends an entry for each text.
func (l *Log) texts(t *testing.T, list ...string) {
	t.Helper()
	for _, text := range list {
		if err := l.Append(l.Entry(func(w *record.Writer) { w.String(FirstField, text) })); err != nil {
			t.Fatal(err)
		}
	}
}

// reads returns the texts behind a number that a new handle finds.
func reads(t *testing.T, path string, identity []byte, after uint64) (list []string, err error) {
	t.Helper()
	l := opened(t, path)
	entries, err := l.Read(identity, after)
	for _, e := range entries {
		r, err := record.Open(e)
		if err != nil {
			t.Fatal(err)
		}
		for r.Next() {
			if r.Field() == FirstField {
				list = append(list, r.String())
			}
		}
	}
	return list, err
}

func want(t *testing.T, path string, after uint64, texts ...string) {
	t.Helper()
	if got, err := reads(t, path, ours, after); err != nil || !slices.Equal(got, texts) {
		t.Errorf("%q behind %d, want %q; error %v", got, after, texts, err)
	}
}

func damaged(t *testing.T, path string, after uint64) {
	t.Helper()
	if got, err := reads(t, path, ours, after); !errors.Is(err, ErrDamaged) {
		t.Errorf("%q behind %d, error %v, want ErrDamaged", got, after, err)
	}
}

func TestEntries(t *testing.T) {
	l := begun(t, 7)
	path := l.f.Name()
	want(t, path, 7)
	long := string(bytes.Repeat([]byte{'x'}, 2*page))
	l.texts(t, "a", long, "c")
	want(t, path, 7, "a", long, "c")
	want(t, path, 8, long, "c")
	want(t, path, 10)
	if list, err := reads(t, path, []byte("another identity"), 0); err != nil || list != nil {
		t.Errorf("another store reads %q, %v", list, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != fileMode || info.Size() != page+size {
		t.Errorf("%v, %v", info, err)
	}
	// Once the store has all, the log begins anew, in this life and in the next, and what stands behind is of before.
	l.Rewind()
	l.texts(t, "d")
	want(t, path, 10, "d")
	next := opened(t, path)
	if err := next.Begin(ours, 11, size); err != nil {
		t.Fatal(err)
	}
	want(t, path, 11)
	next.texts(t, "e", "f")
	want(t, path, 11, "e", "f")
}

func TestFull(t *testing.T) {
	l := begun(t, 0)
	entry := l.Entry(func(w *record.Writer) { w.String(FirstField, "x") })
	n := 0
	for ; l.Fits(entry); n++ {
		l.texts(t, "x")
	}
	if want := size / page; n != want {
		t.Errorf("%d entries of a page, want %d", n, want)
	}
	l.Rewind()
	if !l.Fits(entry) || !l.IsEmpty() {
		t.Error("no room after Rewind")
	}
}

// TestTorn: an entry of which only a beginning is written is not there, whatever stood in its place before; those before it are.
func TestTorn(t *testing.T) {
	l := begun(t, 0)
	path := l.f.Name()
	for range 2 { // once over zeros, once over older entries
		before := l.Last()
		l.texts(t, "a", "b")
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := int(l.at)
		l.texts(t, string(bytes.Repeat([]byte{'y'}, page)))
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		end := at + int(padded(page+30))
		for cut := at; cut < at+page+40; cut += 37 {
			torn := slices.Concat(whole[:cut], old[cut:])
			copied := filepath.Join(t.TempDir(), "torn")
			if err := os.WriteFile(copied, torn, fileMode); err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(torn[at:end], whole[at:end]) {
				continue
			}
			want(t, copied, before, "a", "b")
		}
		l.texts(t, "later", "and later")
		l.Rewind()
	}
}

// TestDamaged: an entry that was durable and is not there any more is never passed over.
func TestDamaged(t *testing.T) {
	l := begun(t, 4)
	path := l.f.Name()
	l.texts(t, "a", "b", "c")
	damaged(t, path, 3) // the store is older than the log
	flip := func(at int64) {
		t.Helper()
		b := make([]byte, 1)
		if _, err := l.f.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 0x20
		if _, err := l.f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{page + 9, 2*page + 9} {
		flip(at)
		damaged(t, path, 4)
		flip(at)
	}
	flip(3*page + 9)
	want(t, path, 4, "a", "b") // as if it had been torn
	flip(9)
	damaged(t, path, 4)
}

// TestMakingInterrupted: a file that did not become a log has no entries, and becomes one.
func TestMakingInterrupted(t *testing.T) {
	for _, n := range []int{0, page, page + size} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, make([]byte, n), fileMode); err != nil {
			t.Fatal(err)
		}
		want(t, path, 0)
		l := opened(t, path)
		if err := l.Begin(ours, 0, size); err != nil {
			t.Fatal(err)
		}
		l.texts(t, "a")
		want(t, path, 0, "a")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "log"), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want ErrNotExist", err)
	}
}

// TestFileSystemWithoutDirect: where nothing is written past the page cache, entries are synced.
func TestFileSystemWithoutDirect(t *testing.T) {
	l := begun(t, 0)
	if l.direct != nil {
		if err := l.direct.Close(); err != nil {
			t.Fatal(err)
		}
		l.direct = nil
	}
	l.texts(t, "a", "b")
	want(t, l.f.Name(), 0, "a", "b")
}

func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	a, b := opened(t, path), opened(t, path)
	says := func(what string, want bool, f func() (bool, error)) {
		t.Helper()
		if got, err := f(); err != nil || got != want {
			t.Errorf("%s: %v, %v", what, got, err)
		}
	}
	says("nobody owns", false, b.HasOwner)
	says("a owns", true, a.Own)
	says("b does not", false, b.Own)
	says("b knows", true, b.HasOwner)
	says("nobody wants", false, a.Wanted)
	end, err := b.Want()
	if err != nil {
		t.Fatal(err)
	}
	says("b wants", true, a.Wanted)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	says("b wants no more", false, a.Wanted)
	opening, err := a.Opening()
	if err != nil {
		t.Fatal(err)
	}
	opens := make(chan error, 1)
	go func() {
		end, err := b.Opening()
		if err == nil {
			err = end()
		}
		opens <- err
	}()
	select {
	case err := <-opens:
		t.Errorf("b opens while a does, %v", err)
	default:
	}
	if err := errors.Join(opening(), <-opens, a.Close()); err != nil {
		t.Fatal(err)
	}
	says("b owns once a is gone", true, b.Own)
}
