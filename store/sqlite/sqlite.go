// Package sqlite is the embedded engine of package store: one SQLite file that its owner can read with the sqlite3
// shell. Commits go to the write-ahead log and are synced one by one (synchronous=FULL); writers share commits.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	sqlite3 "modernc.org/sqlite" // also registers the driver

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

var _ store.Store = (*Store)(nil)

// Options are the choices of Open. The zero value opens an existing file.
type Options struct {
	// Create makes the file where there is none.
	Create bool
	// Redo is for the process that keeps contexts: their writes return once they are in a redo log, which is durable, and are committed
	// within 100 ms. Every Store sees them at once all the same; another that wants to write may wait for that long.
	Redo bool
	// BusyTimeout is how long a write waits for another process's transaction; 0 means 30 s.
	BusyTimeout time.Duration

	early earlyOptions
}

const (
	driverName         = "sqlite"
	defaultBusyTimeout = 30 * time.Second
	redoSuffix         = "-redo"
)

// Store is an open file. It is safe for concurrent use.
type Store struct {
	path    string
	writer  *sql.DB
	readers *sql.DB
	copier  *sql.DB // moves the log into the file
	batch   *batcher
	closed  atomic.Bool

	one *oneReaders

	selectRevision *sql.Stmt
	selectPage     *sql.Stmt
}

// Open opens the file at path, bringing its schema up to date. Errors: fs.ErrNotExist, store.ErrPermissions,
// store.ErrVersion, store.ErrDamaged, or that of the file system.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if opts.BusyTimeout == 0 {
		opts.BusyTimeout = defaultBusyTimeout
	}
	if opts.early == (earlyOptions{}) {
		opts.early = earlyOptions{atMost: openAtMost, size: redoSize}
	}
	if err := checkFile(path, opts.Create); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if err := s.open(ctx, opts); err != nil {
		s.release()
		return nil, s.explain(err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, opts Options) error {
	keepMemory()
	if err := registerLogVFS(); err != nil {
		return err
	}
	dsn, err := dataSource(s.path, opts.BusyTimeout)
	if err != nil {
		return err
	}
	if s.writer, err = sql.Open(driverName, dsn); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	if s.copier, err = sql.Open(driverName, dsn); err != nil {
		return errors.Join(err, conn.Close())
	}
	s.copier.SetMaxOpenConns(1)
	e := &early{file: s.path + redoSuffix, earlyOptions: opts.early}
	tx, err := openWriter(ctx, conn, s.path, e, opts.Redo)
	if err != nil {
		return errors.Join(err, e.close(), conn.Close())
	}
	s.batch = startBatcher(tx, e, s.copier)
	if s.readers, err = sql.Open(driverName, dsn+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	n := max(4, runtime.GOMAXPROCS(0))
	s.readers.SetMaxOpenConns(n)
	s.readers.SetMaxIdleConns(n)
	if s.selectRevision, err = s.readers.PrepareContext(ctx, columns.SelectRevision); err != nil {
		return err
	}
	if s.one, err = openOneReaders(dsn+"&_pragma=query_only(1)", n); err != nil {
		return err
	}
	s.selectPage, err = s.readers.PrepareContext(ctx, selectPageSQL)
	return err
}

// openWriter brings the file up to date with conn, which alone writes afterwards.
func openWriter(ctx context.Context, conn *sql.Conn, path string, e *early, own bool) (*transaction, error) {
	defer e.want()()
	if err := prepareFile(ctx, conn, path, migrations); err != nil {
		return nil, err
	}
	tx, err := newTransaction(conn, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
	if err != nil {
		return nil, err
	}
	return tx, e.openRedo(tx, own)
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return store.ErrClosed
	}
	return s.release()
}

func (s *Store) release() error {
	var errs []error
	if s.batch != nil {
		errs = append(errs, s.batch.close())
	}
	if s.copier != nil {
		errs = append(errs, s.copier.Close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.one != nil {
		errs = append(errs, s.one.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(errs...)
}

// dataSource is the driver's name for the file: pragmas that every connection needs.
func dataSource(path string, busy time.Duration) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{"vfs": {logVFS}, "_pragma": {
		"busy_timeout(" + strconv.FormatInt(busy.Milliseconds(), 10) + ")",
		"foreign_keys(1)", "synchronous(FULL)", "trusted_schema(0)", "cache_size(-16384)",
		"wal_autocheckpoint(" + strconv.Itoa(mostFrames) + ")",
	}}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: abs}).String() + "?" + q.Encode(), nil
}

// explain turns the driver's words for a damaged file into ErrDamaged, and adds the path.
func (s *Store) explain(err error) error {
	const corrupt, notADB = 11, 26 // SQLITE_CORRUPT, SQLITE_NOTADB
	if e, ok := errors.AsType[*sqlite3.Error](err); ok && (e.Code()&0xff == corrupt || e.Code()&0xff == notADB) {
		return fmt.Errorf("%s: %w: %w; restore it from a backup", s.path, store.ErrDamaged, err)
	}
	return fmt.Errorf("%s: %w", s.path, err)
}
