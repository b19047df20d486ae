package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/limpid-5g/limpid/store"
)

// oneReaders are connections for the read that every registration makes, with statements of the driver's own.
type oneReaders struct {
	db   *sql.DB
	turn chan struct{} // one for each that is free; closed: no more is read

	mu   sync.Mutex
	free []*transaction // the one that read last is the last: what it has read before it still knows. nil: one that is not open yet
}

func openOneReaders(dsn string, n int) (*oneReaders, error) {
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(n)
	r := &oneReaders{db: db, turn: make(chan struct{}, n)}
	for range n {
		r.put(nil)
	}
	return r, nil
}

func (r *oneReaders) put(t *transaction) {
	r.mu.Lock()
	r.free = append(r.free, t)
	r.mu.Unlock()
	r.turn <- struct{}{}
}

// take is called by whoever has had a turn.
func (r *oneReaders) take() *transaction {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.free) - 1
	t := r.free[last]
	r.free = r.free[:last]
	return t
}

// read runs a query. Places gives where the columns go, and what is to be done with each row.
func (r *oneReaders) read(ctx context.Context, query string, args []any, places func() ([]any, func() error)) (err error) {
	select {
	case _, ok := <-r.turn:
		if !ok {
			return store.ErrClosed
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	t := r.take()
	defer func() { r.put(t) }()
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
	for range cap(r.turn) {
		<-r.turn
		if t := r.take(); t != nil {
			errs = append(errs, t.close())
		}
	}
	close(r.turn)
	return errors.Join(append(errs, r.db.Close())...)
}
