package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	selectOneSQL  = columns.SelectSubscriberOfLife + `WHERE s.supi = ?` + columns.OrderSubscriber
	selectPageSQL = columns.SelectSubscriberOfLife + `WHERE s.supi IN (SELECT supi FROM subscriber WHERE supi > ? ORDER BY supi LIMIT ?)` + columns.OrderSubscriber
)

// Subscriber implements store.Subscribers.
func (s *Store) Subscriber(ctx context.Context, supi ident.SUPI) (*store.Subscriber, error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	var subs []store.Subscriber
	err := s.one.read(ctx, selectOneSQL, []any{string(supi)}, func() ([]any, func() error) {
		var r columns.Subscriber
		return r.Dest(), func() (err error) {
			subs, err = r.AppendTo(subs)
			return err
		}
	})
	if err != nil {
		return nil, s.readError(err)
	}
	if len(subs) == 0 {
		return nil, notFound(supi)
	}
	return &subs[0], nil
}

// SUPIOf implements store.Subscribers.
func (s *Store) SUPIOf(ctx context.Context, gpsi string) (supi ident.SUPI, err error) {
	if s.closed.Load() {
		return "", store.ErrClosed
	}
	err = s.readers.QueryRowContext(ctx, columns.SelectSUPI+`?`, gpsi).Scan(&supi)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("subscriber of a GPSI: %w", store.ErrNotFound)
	case err != nil:
		return "", s.readError(err)
	}
	return supi, nil
}

// ListSubscribers implements store.Subscribers.
func (s *Store) ListSubscribers(ctx context.Context, after ident.SUPI, limit int) ([]store.Subscriber, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	return s.query(ctx, s.selectPage, string(after), int64(limit))
}

// AllSubscribers implements store.Subscribers.
func (s *Store) AllSubscribers(ctx context.Context) iter.Seq2[store.Subscriber, error] {
	return func(yield func(store.Subscriber, error) bool) {
		if s.closed.Load() {
			yield(store.Subscriber{}, store.ErrClosed)
			return
		}
		rows, err := s.readers.QueryContext(ctx, columns.SelectSubscriberOfLife+columns.OrderSubscriber)
		if err != nil {
			yield(store.Subscriber{}, s.readError(err))
			return
		}
		defer func() { _ = rows.Close() }()
		var r columns.Subscriber
		dest := r.Dest()
		for sub, err := range columns.Assemble(&r, func() (bool, error) {
			if !rows.Next() {
				return false, rows.Err()
			}
			return true, rows.Scan(dest...)
		}) {
			if err != nil {
				err = s.readError(err)
			}
			if !yield(sub, err) {
				return
			}
		}
	}
}

func (s *Store) query(ctx context.Context, stmt *sql.Stmt, args ...any) (subs []store.Subscriber, err error) {
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, s.readError(err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			subs, err = nil, s.readError(closeErr)
		}
	}()
	var r columns.Subscriber
	dest := r.Dest()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, s.readError(err)
		}
		if subs, err = r.AppendTo(subs); err != nil {
			return nil, fmt.Errorf("%s: subscriber %s: %w", s.path, ident.SUPI(r.SUPI).Conceal(), err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, s.readError(err)
	}
	return subs, nil
}

func (s *Store) readError(err error) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return s.explain(err)
}
