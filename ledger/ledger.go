// Package ledger is an append-only log of sensitive acts in a folder: whoever kept an earlier checkpoint can tell whether
// a record was changed, taken out or put in since. The records are leaves of the Merkle tree of RFC 6962 §2.1.
package ledger

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Files of the folder.
const (
	recordsFile    = "records"    // one record a line, as JSON; the line without its end is the leaf
	hashesFile     = "hashes"     // of the tree, 32 octets each, in the order of tlog.StoredHashes
	checkpointFile = "checkpoint" // number of records and root, signed
	keyFile        = "key"        // that signs, for the ledger's owner alone
	verifierFile   = "key.pub"    // that verifies
)

// Record is one act.
type Record struct {
	Index  int64     `json:"index"` // from 0, without gaps
	Time   time.Time `json:"time"`
	From   string    `json:"from"` // process that told it: the kernel named its user
	Act    string    `json:"act"`
	By     string    `json:"by,omitempty"` // whoever asked that process for it, as it says
	Detail string    `json:"detail,omitempty"`
}

// maxRecord bounds one line, in octets.
const maxRecord = 64 << 10

// Ledger is the folder, open for appending. Its methods may be called from several goroutines.
type Ledger struct {
	mu      sync.Mutex
	dir     string
	records *os.File
	hashes  *os.File
	size    int64
	signer  note.Signer
	clock   func() time.Time
}

// Open makes the ledger of a folder, or goes on with the one there. origin names it in checkpoints. A line that was not
// finished when the machine stopped was promised to nobody and is cut off. A ledger that contradicts its checkpoint is an
// error: nothing is added to it.
func Open(dir, origin string, clock func() time.Time) (_ *Ledger, err error) {
	l := &Ledger{dir: dir, clock: clock}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("ledger %s: %w", dir, err), l.Close())
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return l, err
	}
	if err := l.openKey(origin); err != nil {
		return l, err
	}
	for file, to := range map[string]**os.File{recordsFile: &l.records, hashesFile: &l.hashes} {
		if *to, err = os.OpenFile(filepath.Join(dir, file), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			return l, err
		}
	}
	if err := l.recover(); err != nil {
		return l, err
	}
	return l, nil
}

// openKey reads the key, or makes one for a ledger that is new.
func (l *Ledger) openKey(origin string) error {
	secret, err := os.ReadFile(filepath.Join(l.dir, keyFile))
	if errors.Is(err, os.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(l.dir, checkpointFile)); err == nil {
			return fmt.Errorf("the file %s is gone: begin a new ledger in another folder", keyFile)
		}
		made, public, err := note.GenerateKey(rand.Reader, origin)
		if err != nil {
			return err
		}
		secret = []byte(made)
		err = errors.Join(l.replace(verifierFile, []byte(public+"\n")), l.replace(keyFile, secret))
		if err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	l.signer, err = note.NewSigner(string(secret))
	return err
}

// recover counts the records, holds them against the checkpoint and brings the hashes up to them.
func (l *Ledger) recover() error {
	public, err := os.ReadFile(filepath.Join(l.dir, verifierFile))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(string(bytes.TrimSpace(public)))
	if err != nil {
		return err
	}
	var known Checkpoint
	text, err := os.ReadFile(filepath.Join(l.dir, checkpointFile))
	if err == nil {
		known, err = ParseCheckpoint(text, verifier)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	t := tree{}
	end, err := t.read(l.records, func(Record) error { return nil })
	if err != nil {
		return err
	}
	if err := t.extends(known); err != nil {
		return err
	}
	l.size = t.size
	if err := l.records.Truncate(end); err != nil {
		return err
	}
	var all []byte
	for _, h := range t.hashes {
		all = append(all, h[:]...)
	}
	if err := errors.Join(l.hashes.Truncate(0), writeAt(l.hashes, all, 0), l.hashes.Sync()); err != nil {
		return err
	}
	return l.sign()
}

func writeAt(f *os.File, b []byte, at int64) error {
	_, err := f.WriteAt(b, at)
	return err
}

// Append adds a record; once it returns, the record and a checkpoint that covers it are on the disk.
func (l *Ledger) Append(r Record) (Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records == nil {
		return r, os.ErrClosed
	}
	r.Index, r.Time = l.size, l.clock().UTC()
	line, err := json.Marshal(r)
	if err != nil {
		return r, err
	}
	if len(line) > maxRecord {
		return r, fmt.Errorf("ledger: a record of %d octets, at most %d are possible", len(line), maxRecord)
	}
	hashes, err := tlog.StoredHashes(l.size, line, l)
	if err != nil {
		return r, err
	}
	end, err := l.records.Seek(0, io.SeekEnd)
	if err != nil {
		return r, err
	}
	var all []byte
	for _, h := range hashes {
		all = append(all, h[:]...)
	}
	err = errors.Join(writeAt(l.records, append(line, '\n'), end), l.records.Sync())
	if err == nil {
		err = errors.Join(writeAt(l.hashes, all, tlog.StoredHashCount(l.size)*tlog.HashSize), l.hashes.Sync())
	}
	if err != nil { // nobody was promised the record
		return r, errors.Join(err, l.records.Truncate(end))
	}
	l.size++
	return r, l.sign()
}

// ReadHashes serves the tree.
func (l *Ledger) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if _, err := l.hashes.ReadAt(out[i][:], at*tlog.HashSize); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sign writes the checkpoint of what is there.
func (l *Ledger) sign() error {
	c := Checkpoint{Origin: l.signer.Name(), Size: l.size}
	if l.size > 0 {
		root, err := tlog.TreeHash(l.size, l)
		if err != nil {
			return err
		}
		c.Root = root
	}
	text, err := note.Sign(&note.Note{Text: c.String()}, l.signer)
	if err != nil {
		return err
	}
	return l.replace(checkpointFile, text)
}

// replace puts a file in the place of another at once.
func (l *Ledger) replace(name string, text []byte) error {
	young := filepath.Join(l.dir, name+".new")
	f, err := os.OpenFile(young, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(young, filepath.Join(l.dir, name))
}

// IsFile tells whether a name is that of a file of a ledger.
func IsFile(name string) bool {
	switch strings.TrimSuffix(name, ".new") {
	case recordsFile, hashesFile, checkpointFile, keyFile, verifierFile:
		return true
	}
	return false
}

// Close ends appending.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, f := range []**os.File{&l.records, &l.hashes} {
		if *f != nil {
			errs = append(errs, (*f).Close())
			*f = nil
		}
	}
	return errors.Join(errs...)
}

// tree is the Merkle tree over records, in memory.
type tree struct {
	size   int64
	hashes []tlog.Hash
}

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at < 0 || at >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("ledger: no hash %d", at)
		}
		out[i] = t.hashes[at]
	}
	return out, nil
}

// read adds the records of a file, and returns where the last whole one ends.
func (t *tree) read(f io.Reader, each func(Record) error) (end int64, err error) {
	lines := bufio.NewReaderSize(f, maxRecord+1)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, fmt.Errorf("record %d: %w", t.size, err)
		}
		var r Record
		text := line[:len(line)-1]
		if err := json.Unmarshal(text, &r); err != nil {
			return end, fmt.Errorf("record %d is none: %w", t.size, err)
		}
		if r.Index != t.size {
			return end, fmt.Errorf("record %d stands where record %d should", r.Index, t.size)
		}
		hashes, err := tlog.StoredHashes(t.size, text, t)
		if err != nil {
			return end, err
		}
		t.hashes, t.size, end = append(t.hashes, hashes...), t.size+1, end+int64(len(line))
		if err := each(r); err != nil {
			return end, err
		}
	}
}

// root is the hash of the first n records.
func (t *tree) root(n int64) (tlog.Hash, error) {
	if n == 0 {
		return tlog.Hash{}, nil
	}
	return tlog.TreeHash(n, t)
}

// extends tells whether the records begin with those that a checkpoint covers.
func (t *tree) extends(c Checkpoint) error {
	if c.Size > t.size {
		return fmt.Errorf("there are %d records, and a checkpoint covers %d: records were taken away", t.size, c.Size)
	}
	root, err := t.root(c.Size)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("the first %d records are not those that a checkpoint covers: a record was changed, taken out or put in", c.Size)
	}
	return nil
}
