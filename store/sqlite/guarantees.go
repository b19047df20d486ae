package sqlite

import (
	"context"
	"database/sql/driver"
	"iter"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	selectGuaranteeSQL = `SELECT ` + columns.Guarantees + ` FROM guarantee `
	othersSQL          = columns.SelectGuaranteeSums + `WHERE seid <> ? ` + columns.GroupGuarantees
	removeGuaranteeSQL = `DELETE FROM guarantee WHERE seid = ?`
	keepGuaranteeSQL   = `INSERT INTO guarantee (` + columns.Guarantees + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (seid) DO UPDATE SET node = excluded.node, dnn = excluded.dnn, sst = excluded.sst, sd = excluded.sd, upf = excluded.upf,
	uplink = excluded.uplink, downlink = excluded.downlink`
	takeGuaranteesSQL = `UPDATE guarantee SET node = ?2, seid = ?3 + pdu_session_id
	WHERE seid IN (SELECT seid FROM sm_context WHERE supi = ?1 AND node <> ?2)`
	forgetGuaranteesSQL = `DELETE FROM guarantee WHERE node = ?1 AND seid NOT IN (SELECT seid FROM sm_context WHERE node = ?1)`
)

// Guarantee implements store.Guarantees.
func (s *Store) Guarantee(ctx context.Context, g store.Guarantee, allow func([]store.GuaranteeSum) error) error {
	var refused error // no failure of the write: its neighbours need not be applied again
	err := s.write(ctx, func(t *transaction) (err error) {
		refused, err = t.guarantee(g, allow)
		return err
	})
	if err != nil { // the write may still be under way
		return err
	}
	return refused
}

func (t *transaction) guarantee(g store.Guarantee, allow func([]store.GuaranteeSum) error) (refused, err error) {
	if g.None() {
		_, err := t.exec(removeGuaranteeSQL, int64(g.SEID))
		return nil, err
	}
	held, err := rowsIn(t, columns.Guarantee, selectGuaranteeSQL+"WHERE seid = ?", int64(g.SEID))
	if err != nil || len(held) == 1 && held[0] == g {
		return nil, err
	}
	if allow != nil {
		others, err := rowsIn(t, columns.GuaranteeSum, othersSQL, int64(g.SEID))
		if err != nil {
			return nil, err
		}
		if err := allow(others); err != nil {
			return err, nil
		}
	}
	_, err = t.exec(keepGuaranteeSQL, int64(g.SEID), string(g.SUPI), int64(g.PDUSessionID), g.Node, string(g.Place.DNN),
		int64(g.Place.Slice.SST), int64(g.Place.Slice.SD), g.Place.UPF, int64(g.Uplink), int64(g.Downlink))
	return nil, err
}

// takeSMs makes the sessions of a subscriber another node's, with what they hold.
func (t *transaction) takeSMs(supi ident.SUPI, node string, seids uint64) error {
	for _, statement := range []string{takeGuaranteesSQL, takeSMsSQL} {
		if _, err := t.exec(statement, string(supi), node, int64(seids)); err != nil {
			return err
		}
	}
	return nil
}

// ForgetGuarantees implements store.Guarantees.
func (s *Store) ForgetGuarantees(ctx context.Context, node string) error {
	return s.write(ctx, func(t *transaction) error {
		_, err := t.exec(forgetGuaranteesSQL, node)
		return err
	})
}

// GuaranteesOf implements store.Guarantees.
func (s *Store) GuaranteesOf(ctx context.Context, node string) iter.Seq2[store.Guarantee, error] {
	return rowsOf(ctx, s, columns.Guarantee, selectGuaranteeSQL+"WHERE ?1 = '' OR node = ?1", node)
}

// GuaranteeSums implements store.Guarantees.
func (s *Store) GuaranteeSums(ctx context.Context) (list []store.GuaranteeSum, err error) {
	for g, err := range rowsOf(ctx, s, columns.GuaranteeSum, columns.SelectGuaranteeSums+columns.GroupGuarantees) {
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

// rowsIn returns what a query returns inside a transaction.
func rowsIn[T any](t *transaction, scan func(*T) ([]any, func() error), query string, args ...any) (list []T, err error) {
	var v T
	dest, finish := scan(&v)
	err = t.rows(query, args, func(got []driver.Value) (bool, error) {
		if err := fill(dest, got); err != nil {
			return false, err
		}
		if err := finish(); err != nil {
			return false, err
		}
		list = append(list, v)
		return true, nil
	})
	return list, err
}
