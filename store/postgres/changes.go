package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

// Revision implements store.Subscribers.
func (s *Store) Revision(ctx context.Context) (revision int64, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, columns.SelectRevision).Scan(&revision)
	})
	return revision, err
}

// Changes implements store.Subscribers.
func (s *Store) Changes(ctx context.Context, after store.Place, limit int) (changes []store.Change, err error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	query := columns.SelectChanges("$1::bigint", "$2::text", "$3::bigint")
	err = s.read(ctx, func(ctx context.Context) error {
		changes = nil
		rows, err := s.pool.Query(ctx, query, after.Revision, string(after.SUPI), int64(limit))
		if err != nil {
			return err
		}
		var c store.Change
		var supi string
		_, err = pgx.ForEachRow(rows, []any{&supi, &c.Revision, &c.Removed}, func() error {
			c.SUPI = ident.SUPI(supi)
			changes = append(changes, c)
			return nil
		})
		return err
	})
	return changes, err
}
