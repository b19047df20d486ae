package postgres

import (
	"context"
	"errors"
	"iter"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	// Who grants anything holds the one row of guarantee_turn. A node that dies with it is cut off soon.
	patienceSQL = `SELECT set_config('lock_timeout', '2s', true), set_config('idle_in_transaction_session_timeout', '5s', true)`
	turnSQL     = `SELECT id FROM guarantee_turn WHERE id = 1 FOR UPDATE`

	selectGuaranteeSQL = `SELECT ` + columns.Guarantees + ` FROM guarantee `
	// What is held is kept as it is until the end, so that nobody takes it over meanwhile.
	heldSQL            = selectGuaranteeSQL + `WHERE seid = ANY($1::bigint[]) FOR UPDATE`
	othersSQL          = columns.SelectGuaranteeSums + `WHERE seid <> ALL($1::bigint[]) ` + columns.GroupGuarantees
	removeGuaranteeSQL = `DELETE FROM guarantee WHERE seid = ANY($1::bigint[])`
	keepGuaranteeSQL   = `INSERT INTO guarantee (` + columns.Guarantees + `) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[],
	$4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[])
	ON CONFLICT (seid) DO UPDATE SET node = excluded.node, dnn = excluded.dnn, sst = excluded.sst, sd = excluded.sd, upf = excluded.upf,
	uplink = excluded.uplink, downlink = excluded.downlink`
	forgetGuaranteesSQL = `DELETE FROM guarantee WHERE node = $1 AND NOT EXISTS (SELECT 1 FROM sm_context s
	WHERE s.supi = guarantee.supi AND s.pdu_session_id = guarantee.pdu_session_id AND s.seid = guarantee.seid AND s.node = $1)`
)

// guarantee is a call of Guarantee.
type guarantee struct {
	store.Guarantee
	allow func([]store.GuaranteeSum) error
}

func keyOfGuarantee(g *guarantee) string { return strconv.FormatUint(g.SEID, 16) }

// Guarantee implements store.Guarantees. What is asked for while another transaction is under way goes together into the next,
// so that many wait for one turn.
func (s *Store) Guarantee(ctx context.Context, g store.Guarantee, allow func([]store.GuaranteeSum) error) error {
	errs, err := s.guarantees.do(ctx, []*guarantee{{g, allow}})
	if err != nil {
		return err
	}
	return errs[0]
}

// storeGuarantees decides over rows one after the other. It may be repeated: what was granted is then held as it is.
func (s *Store) storeGuarantees(ctx context.Context, rows []*guarantee) (errs []error, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		b, err := readGuarantees(ctx, tx, rows)
		if err != nil {
			return err
		}
		errs = make([]error, len(rows))
		var change pgx.Batch
		var kept []*guarantee
		var removed []int64
		for i, g := range rows {
			switch {
			case g.Guarantee == b.held[g.SEID]:
				continue
			case g.None():
				if _, there := b.held[g.SEID]; there {
					removed = append(removed, int64(g.SEID))
				}
			default:
				if g.allow != nil {
					if errs[i] = g.allow(b.others(g.SEID)); errs[i] != nil {
						continue
					}
				}
				kept = append(kept, g)
			}
			b.held[g.SEID] = g.Guarantee
		}
		if len(removed) > 0 {
			change.Queue(removeGuaranteeSQL, removed)
		}
		if len(kept) > 0 {
			change.Queue(keepGuaranteeSQL, guaranteeArrays(kept)...)
		}
		if change.Len() == 0 {
			return nil
		}
		return tx.SendBatch(ctx, &change).Close()
	})
	if err != nil {
		return nil, err
	}
	return errs, nil
}

// balance is what sessions hold in a turn.
type balance struct {
	held map[uint64]store.Guarantee // of the sessions that are decided over
	rest []store.GuaranteeSum       // all others
}

// readGuarantees takes the turn and reads what sessions hold.
func readGuarantees(ctx context.Context, tx pgx.Tx, rows []*guarantee) (*balance, error) {
	seids := make([]int64, len(rows))
	for i, g := range rows {
		seids[i] = int64(g.SEID)
	}
	b := &balance{held: make(map[uint64]store.Guarantee, len(rows))}
	var batch pgx.Batch
	batch.Queue(patienceSQL)
	batch.Queue(turnSQL)
	batch.Queue(heldSQL, seids).Query(func(rows pgx.Rows) error {
		return scanAll(rows, columns.Guarantee, func(g store.Guarantee) { b.held[g.SEID] = g })
	})
	batch.Queue(othersSQL, seids).Query(func(rows pgx.Rows) error {
		return scanAll(rows, columns.GuaranteeSum, func(g store.GuaranteeSum) { b.rest = append(b.rest, g) })
	})
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, err
	}
	return b, nil
}

// others is what all sessions but one hold.
func (b *balance) others(seid uint64) []store.GuaranteeSum {
	list := append([]store.GuaranteeSum(nil), b.rest...)
	for other, g := range b.held {
		if other != seid && !g.None() {
			list = append(list, store.GuaranteeSum{Place: g.Place, Uplink: g.Uplink, Downlink: g.Downlink})
		}
	}
	return list
}

func guaranteeArrays(rows []*guarantee) []any {
	n := len(rows)
	seid, supi, id, node := make([]int64, n), make([]string, n), make([]int64, n), make([]string, n)
	dnn, sst, sd, upf := make([]string, n), make([]int64, n), make([]int64, n), make([]string, n)
	uplink, downlink := make([]int64, n), make([]int64, n)
	for i, g := range rows {
		seid[i], supi[i], id[i], node[i] = int64(g.SEID), string(g.SUPI), int64(g.PDUSessionID), g.Node
		dnn[i], sst[i], sd[i], upf[i] = string(g.Place.DNN), int64(g.Place.Slice.SST), int64(g.Place.Slice.SD), g.Place.UPF
		uplink[i], downlink[i] = int64(g.Uplink), int64(g.Downlink)
	}
	return []any{seid, supi, id, node, dnn, sst, sd, upf, uplink, downlink}
}

// scanAll reads all rows of a query.
func scanAll[T any](rows pgx.Rows, scan func(*T) ([]any, func() error), each func(T)) error {
	var v T
	dest, finish := scan(&v)
	for rows.Next() {
		if err := errors.Join(rows.Scan(dest...), finish()); err != nil {
			return err
		}
		each(v)
	}
	return rows.Err()
}

// ForgetGuarantees implements store.Guarantees. It takes its turn too: who is granted something either sees it or makes it stored
// before.
func (s *Store) ForgetGuarantees(ctx context.Context, node string) error {
	return s.again(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
			var batch pgx.Batch
			batch.Queue(patienceSQL)
			batch.Queue(turnSQL)
			batch.Queue(forgetGuaranteesSQL, node)
			return tx.SendBatch(ctx, &batch).Close()
		})
	})
}

// GuaranteesOf implements store.Guarantees.
func (s *Store) GuaranteesOf(ctx context.Context, node string) iter.Seq2[store.Guarantee, error] {
	return rowsOf(ctx, s, columns.Guarantee, selectGuaranteeSQL+"WHERE $1::text = '' OR node = $1", node)
}

// GuaranteeSums implements store.Guarantees.
func (s *Store) GuaranteeSums(ctx context.Context) ([]store.GuaranteeSum, error) {
	return listOf(ctx, s, columns.GuaranteeSum, columns.SelectGuaranteeSums+columns.GroupGuarantees)
}
