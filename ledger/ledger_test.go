package ledger

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func noon() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

// filled is a ledger of n records, and its checkpoint at half that size.
func filled(t testing.TB, n int) (dir string, half []byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ledger")
	l, err := Open(dir, "core.example/ledger", noon)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		r, err := l.Append(Record{From: "control plane", Act: "ue.locate", By: "ann", Detail: fmt.Sprint("phone ", i)})
		if err != nil || r.Index != int64(i) {
			t.Fatal(r, err)
		}
		if i == n/2 {
			half = read(t, dir, checkpointFile)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, half
}

func read(t testing.TB, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func nothing(Record) error { return nil }

func TestLedger(t *testing.T) {
	dir, half := filled(t, 13)
	var shown []string
	v, err := Verify(dir, "", [][]byte{half}, func(r Record) error { shown = append(shown, r.Detail); return nil })
	if err != nil || v.Checkpoint.Size != 13 || v.Unsigned != 0 || len(v.Since) != 1 || v.Since[0] != 7 || len(shown) != 13 || shown[12] != "phone 12" {
		t.Fatalf("%+v %v %v", v, shown, err)
	}
	// Another process goes on with it.
	l, err := Open(dir, "core.example/ledger", noon)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := l.Append(Record{Act: "start"}); err != nil || r.Index != 13 {
		t.Error(r, err)
	}
	if _, err := l.Append(Record{Detail: strings.Repeat("x", maxRecord)}); err == nil {
		t.Error("a record without bounds is taken")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(Record{}); err == nil {
		t.Error("a closed ledger takes records")
	}
	if v, err := Verify(dir, v.Key, [][]byte{half}, nothing); err != nil || v.Checkpoint.Size != 14 {
		t.Errorf("%+v %v", v, err)
	}
}

// TestCutShort: what a machine that stopped left half written was promised to nobody.
func TestCutShort(t *testing.T) {
	dir, half := filled(t, 5)
	records, hashes, checkpoint := read(t, dir, recordsFile), read(t, dir, hashesFile), read(t, dir, checkpointFile)
	for name, crash := range map[string]func(){
		"a line begun":               func() { write(t, dir, recordsFile, append(bytes.Clone(records), `{"index":5,`...)) },
		"hashes missing":             func() { write(t, dir, hashesFile, hashes[:40]) },
		"hashes wrong":               func() { write(t, dir, hashesFile, bytes.Repeat([]byte{1}, 400)) },
		"a record behind its signer": func() { write(t, dir, checkpointFile, half) },
	} {
		t.Run(name, func(t *testing.T) {
			write(t, dir, recordsFile, records)
			write(t, dir, hashesFile, hashes)
			write(t, dir, checkpointFile, checkpoint)
			crash()
			l, err := Open(dir, "core.example/ledger", noon)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := l.Append(Record{Act: "start"}); err != nil || r.Index != 5 {
				t.Error(r, err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if v, err := Verify(dir, "", [][]byte{half}, nothing); err != nil || v.Checkpoint.Size != 6 {
				t.Errorf("%+v %v", v, err)
			}
		})
	}
}

// TestMutantLedgers: whoever writes into the files is found out by the ledger's next start and by who verifies; whoever has
// the key too, by a checkpoint that an outsider kept.
func TestMutantLedgers(t *testing.T) {
	swap := func(b []byte, i, j int) []byte {
		lines := bytes.SplitAfter(b, []byte("\n"))
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil)
	}
	for name, m := range map[string]struct {
		change func(dir string)
		want   string
	}{
		"a record changed": {func(d string) {
			write(t, d, recordsFile, bytes.Replace(read(t, d, recordsFile), []byte("phone 3"), []byte("phone 9"), 1))
		}, "changed, taken out or put in"},
		"the last record taken out": {func(d string) {
			b := read(t, d, recordsFile)
			write(t, d, recordsFile, b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1])
		}, "taken away"},
		"a record taken out":  {func(d string) { b := read(t, d, recordsFile); write(t, d, recordsFile, b[bytes.IndexByte(b, '\n')+1:]) }, "stands where record 0 should"},
		"two records swapped": {func(d string) { write(t, d, recordsFile, swap(read(t, d, recordsFile), 2, 3)) }, "record 3 stands where record 2 should"},
		"the checkpoint changed": {func(d string) {
			write(t, d, checkpointFile, bytes.Replace(read(t, d, checkpointFile), []byte("\n10\n"), []byte("\n9\n"), 1))
		}, "checkpoint"},
		"no record is one": {func(d string) { write(t, d, recordsFile, append([]byte("no\n"), read(t, d, recordsFile)...)) }, "record 0 is none"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := filled(t, 10)
			m.change(dir)
			if _, err := Verify(dir, "", nil, nothing); err == nil || !strings.Contains(err.Error(), m.want) {
				t.Errorf("verified: %v, want %q", err, m.want)
			}
			if _, err := Open(dir, "core.example/ledger", noon); err == nil || !strings.Contains(err.Error(), m.want) {
				t.Errorf("opened: %v, want %q", err, m.want)
			}
		})
	}
	t.Run("everything written anew with the key", func(t *testing.T) {
		dir, half := filled(t, 10)
		for _, file := range []string{recordsFile, hashesFile, checkpointFile} {
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		l, err := Open(dir, "core.example/ledger", noon)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err := l.Append(Record{Act: "nothing at all"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Verify(dir, "", nil, nothing); err != nil {
			t.Errorf("the folder alone cannot tell: %v", err)
		}
		if _, err := Verify(dir, "", [][]byte{half}, nothing); err == nil || !strings.Contains(err.Error(), "a checkpoint that was kept") {
			t.Errorf("%v", err)
		}
	})
	t.Run("another key", func(t *testing.T) {
		dir, half := filled(t, 10)
		other, _ := filled(t, 10)
		if _, err := Verify(other, string(bytes.TrimSpace(read(t, dir, verifierFile))), nil, nothing); err == nil {
			t.Error("another's ledger is taken for this one")
		}
		if _, err := Verify(other, "", [][]byte{half}, nothing); err == nil {
			t.Error("another's checkpoint is taken")
		}
	})
}

func TestNoKeyNoLedger(t *testing.T) {
	dir, _ := filled(t, 3)
	if err := os.Remove(filepath.Join(dir, keyFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "core.example/ledger", noon); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("%v", err)
	}
}

// FuzzCheckpoint: what outsiders hand in is bounded and told apart.
func FuzzCheckpoint(f *testing.F) {
	dir, half := filled(f, 4)
	f.Add(half)
	f.Fuzz(func(t *testing.T, text []byte) {
		if v, err := Verify(dir, "", [][]byte{text}, nothing); err == nil && v.Since[0] > 4 {
			t.Errorf("%+v", v)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	l, err := Open(filepath.Join(b.TempDir(), "ledger"), "core.example/ledger", noon)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := l.Append(Record{Act: "ue.locate", Detail: "phone"}); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
}
