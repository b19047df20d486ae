package sqlite

import (
	"context"
	"fmt"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

// Revision implements store.Subscribers.
func (s *Store) Revision(ctx context.Context) (revision int64, err error) {
	if s.closed.Load() {
		return 0, store.ErrClosed
	}
	if err := s.selectRevision.QueryRowContext(ctx).Scan(&revision); err != nil {
		return 0, s.readError(err)
	}
	return revision, nil
}

// Changes implements store.Subscribers.
func (s *Store) Changes(ctx context.Context, after store.Place, limit int) (changes []store.Change, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	rows, err := s.readers.QueryContext(ctx, columns.SelectChanges("?1", "?2", "?3"), after.Revision, string(after.SUPI), int64(limit))
	if err != nil {
		return nil, s.readError(err)
	}
	defer func() {
		if closeErr := rows.Close(); err == nil && closeErr != nil {
			changes, err = nil, s.readError(closeErr)
		}
	}()
	for rows.Next() {
		var c store.Change
		var supi string
		if err := rows.Scan(&supi, &c.Revision, &c.Removed); err != nil {
			return nil, s.readError(err)
		}
		c.SUPI = ident.SUPI(supi)
		changes = append(changes, c)
	}
	if err := rows.Err(); err != nil {
		return nil, s.readError(err)
	}
	return changes, nil
}
