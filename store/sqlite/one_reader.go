package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/limpid-5g/limpid/store"
)

// oneReaders are connections for the read that every registration makes, with statements of the driver's own.
type oneReaders struct {
	db   *sql.DB
	free chan *transaction // nil: one that is not open yet
}

func openOneReaders(dsn string, n int) (*oneReaders, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	r := &oneReaders{db: db, free: make(chan *transaction, n)}
	for range n {
		r.free <- nil
	}
	return r, nil
}

// read runs a query. Places gives where the columns go, and what is to be done with each row.
func (r *oneReaders) read(ctx context.Context, query string, args []any, places func() ([]any, func() error)) (err error) {
	var t *transaction
	select {
	case got, ok := <-r.free:
		if !ok {
			return store.ErrClosed
		}
		t = got
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.free <- t }()
	if t == nil {
		conn, err := r.db.Conn(ctx)
		if err != nil {
			return err
		}
		opened, err := newTransaction(conn, query)
		if err != nil {
			return errors.Join(err, conn.Close())
		}
		t = opened
	}
	dest, take := places()
	return t.use(func() error {
		return t.rows(query, args, func(got []driver.Value) (bool, error) {
			if err := fill(dest, got); err != nil {
				return false, err
			}
			return true, take()
		})
	})
}

// close waits for the reads that go on.
func (r *oneReaders) close() error {
	var errs []error
	for range cap(r.free) {
		if t := <-r.free; t != nil {
			errs = append(errs, t.close())
		}
	}
	close(r.free)
	return errors.Join(append(errs, r.db.Close())...)
}
