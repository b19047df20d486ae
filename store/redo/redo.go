// Package redo keeps a redo log: what is written to it is durable at once, and is read again after a crash by a store whose own
// commits follow later. It is a file of one size that is written from its beginning time and again, so that a sync has nothing to
// tell the file system but the data.
//
// The file is of pages of 4 KiB. The first tells of which store it is. Then come entries, each from the beginning of a page: the
// length in four octets and a record of package record, whose fields are the number of the entry, 1 more than that of the entry
// before, and the identity of the store; the others are the store's. An entry that is not whole, or whose number does not follow, ends
// the log: what stands behind it was written in an earlier round. One that is whole and of a greater number is no remnant but shows that the
// file is damaged.
package redo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/limpid-5g/limpid/store/record"
)

const (
	page     = 4 << 10
	lenLen   = 4
	fileMode = 0o600
	mostRead = 1 << 30 // of a file, far more than any has

	fieldNumber   = 1
	fieldIdentity = 2
	// FirstField is the least number of a store's own fields in an entry.
	FirstField = 3
)

// ErrDamaged says that entries are missing which were there.
var ErrDamaged = errors.New("redo log is damaged")

// Log is an open redo log. Its methods that read and write the log itself are for one goroutine at a time.
type Log struct {
	f        *os.File
	direct   *os.File // past the page cache, each write synced; nil: the file system has no such
	identity []byte   // of the store
	end      int64    // of what may be written
	at       int64    // where the next entry goes
	last     uint64   // number of the last entry
	pages    []byte   // room for what is written, of the system's own pages, as what goes past the page cache has to be
}

// Open opens the file, and makes it where there is none and create says so. Errors: fs.ErrNotExist, that of the file system.
func Open(path string, create bool) (*Log, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, fileMode)
	if err != nil {
		return nil, err
	}
	return &Log{f: f}, nil
}

// Close gives the file back, with all locks.
func (l *Log) Close() error {
	var errs []error
	if l.pages != nil {
		errs = append(errs, unix.Munmap(l.pages))
		l.pages = nil
	}
	if l.direct != nil {
		errs = append(errs, l.direct.Close())
	}
	return errors.Join(append(errs, l.f.Close())...)
}

// Read returns the records of all entries whose number is greater than after, in order. A log of another store is empty. Error: ErrDamaged.
func (l *Log) Read(identity []byte, after uint64) ([][]byte, error) {
	info, err := l.f.Stat()
	if err != nil || info.Size() == 0 {
		return nil, err
	}
	if info.Size() > mostRead {
		return nil, fmt.Errorf("%s: %w: it has %d octets", l.f.Name(), ErrDamaged, info.Size())
	}
	file := make([]byte, info.Size())
	if _, err := l.f.ReadAt(file, 0); err != nil {
		return nil, err
	}
	head, ok := parse(file, 0)
	switch {
	case !ok && isZero(file):
		return nil, nil // its making was interrupted
	case !ok:
		return nil, fmt.Errorf("%s: %w: its first page is", l.f.Name(), ErrDamaged)
	case !bytes.Equal(head.identity, identity):
		return nil, nil
	}
	return l.entries(file, identity, after)
}

func (l *Log) entries(file, identity []byte, after uint64) (list [][]byte, err error) {
	at, next := int64(page), uint64(0)
	for {
		e, ok := parse(file, at)
		if !ok || !bytes.Equal(e.identity, identity) || next != 0 && e.number != next {
			break
		}
		if next == 0 && e.number > after+1 {
			return nil, fmt.Errorf("%s: %w: it begins with entry %d and the store has those up to %d", l.f.Name(), ErrDamaged, e.number, after)
		}
		if e.number > after {
			list = append(list, e.record)
		}
		at, next = at+padded(len(e.record)), e.number+1
	}
	for ; at < int64(len(file)); at += page {
		if e, ok := parse(file, at); ok && bytes.Equal(e.identity, identity) && e.number > after && e.number >= next {
			return nil, fmt.Errorf("%s: %w: entry %d is there and one before it is not", l.f.Name(), ErrDamaged, e.number)
		}
	}
	return list, nil
}

// entry is what parse finds.
type entry struct {
	number   uint64
	identity []byte
	record   []byte
}

// parse reads the entry that begins at an offset, if one does.
func parse(file []byte, at int64) (entry, bool) {
	if at+lenLen > int64(len(file)) {
		return entry{}, false
	}
	n := int64(binary.BigEndian.Uint32(file[at:]))
	if n == 0 || at+lenLen+n > int64(len(file)) {
		return entry{}, false
	}
	e := entry{record: file[at+lenLen:][:n:n]}
	r, err := record.Open(e.record)
	if err != nil || !r.Next() || r.Field() != fieldNumber {
		return entry{}, false
	}
	e.number = r.Uint()
	if !r.Next() || r.Field() != fieldIdentity {
		return entry{}, false
	}
	e.identity = r.Bytes()
	return e, r.Err() == nil
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// padded is how much of the file an entry takes.
func padded(record int) int64 { return (int64(lenLen+record) + page - 1) / page * page }

// Begin makes the log ready for the entry behind the last, which the store has like all before it. Size is how many octets of entries it holds
// before it must be begun anew.
func (l *Log) Begin(identity []byte, last uint64, size int64) error {
	l.identity, l.last, l.at, l.end = identity, last, page, page+(size+page-1)/page*page
	var err error
	if l.pages, err = unix.Mmap(-1, 0, int(l.end), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		return os.NewSyscallError("mmap", err)
	}
	ready, err := l.isReady()
	if err != nil {
		return err
	}
	if !ready {
		if err := l.make(); err != nil {
			return err
		}
	}
	if l.direct == nil {
		l.direct, err = os.OpenFile(l.f.Name(), os.O_RDWR|unix.O_DIRECT|unix.O_DSYNC, 0)
		if err != nil {
			l.direct = nil
		}
	}
	return nil
}

// make writes a file without entries.
func (l *Log) make() error {
	// The first page comes last: while it is zero, nothing has been promised of what stands behind it.
	if err := errors.Join(l.f.Truncate(0), l.f.Sync()); err != nil {
		return err
	}
	zero := make([]byte, 64*page)
	for at := int64(0); at < l.end; at += int64(len(zero)) {
		if _, err := l.f.WriteAt(zero[:min(int64(len(zero)), l.end-at)], at); err != nil {
			return err
		}
	}
	if err := l.f.Sync(); err != nil {
		return err
	}
	var w record.Writer
	w.Uint(fieldNumber, 1)
	w.Bytes(fieldIdentity, l.identity)
	if err := l.write(0, w.Record(nil)); err != nil {
		return err
	}
	folder, err := os.Open(filepath.Dir(l.f.Name()))
	if err != nil {
		return err
	}
	return errors.Join(l.f.Sync(), folder.Sync(), folder.Close())
}

// isReady tells whether the file is of this store and all its size, to be written over.
func (l *Log) isReady() (bool, error) {
	info, err := l.f.Stat()
	if err != nil || info.Size() != l.end {
		return false, err
	}
	head := make([]byte, page)
	if _, err := l.f.ReadAt(head, 0); err != nil {
		return false, err
	}
	e, ok := parse(head, 0)
	return ok && bytes.Equal(e.identity, l.identity), nil
}

// Last is the number of the last entry.
func (l *Log) Last() uint64 { return l.last }

// Entry makes the record of the next entry, whose fields from FirstField on fill writes.
func (l *Log) Entry(fill func(*record.Writer)) []byte {
	w := record.NewWriter()
	w.Uint(fieldNumber, l.last+1)
	w.Bytes(fieldIdentity, l.identity)
	fill(w)
	return w.Done()
}

// Fits tells whether there is room for an entry without Rewind.
func (l *Log) Fits(entry []byte) bool { return l.at+padded(len(entry)) <= l.end }

// Append writes what Entry made and returns once it is durable. After an error the entry may be in the log or not, and nothing may be
// appended before the store has all entries that it is to have, and Rewind.
func (l *Log) Append(entry []byte) error {
	err := l.write(l.at, entry)
	l.at, l.last = l.at+padded(len(entry)), l.last+1
	return err
}

// Rewind says that the store has every entry, durably: the next is the first in the file.
func (l *Log) Rewind() { l.at = page }

// IsEmpty tells whether there was no entry since Rewind.
func (l *Log) IsEmpty() bool { return l.at == page }

func (l *Log) write(at int64, record []byte) error {
	n := int(padded(len(record)))
	if n > len(l.pages) {
		return fmt.Errorf("%s: %d octets: %w", l.f.Name(), n, os.ErrInvalid)
	}
	pages := l.pages[:n]
	binary.BigEndian.PutUint32(pages, uint32(len(record)))
	clear(pages[lenLen+copy(pages[lenLen:], record):])
	if l.direct != nil {
		_, err := l.direct.WriteAt(pages, at)
		if !errors.Is(err, unix.EINVAL) {
			return err
		}
		err = l.direct.Close() // it wants pages of another size
		if l.direct = nil; err != nil {
			return err
		}
	}
	if _, err := l.f.WriteAt(pages, at); err != nil {
		return err
	}
	if err := unix.Fdatasync(int(l.f.Fd())); err != nil {
		return fmt.Errorf("%s: %w", l.f.Name(), os.NewSyscallError("fdatasync", err))
	}
	return nil
}
