package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	// What is there is held while the statement runs, so that nobody removes it in between and it comes back, or puts another context of
	// the same epoch in its place. The life of the node is too: the next one, whose number is that of no other, waits for what this one
	// has still under way, and the rest is refused. Here and below rows are locked in the order of their keys, so that no two statements
	// wait for each other.
	keepUESQL = `WITH mine AS (SELECT life FROM core_node WHERE node = $8 AND life = $9 FOR KEY SHARE),
	u AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bytea[], $7::boolean[])
	AS u (supi, tmsi, old_tmsi, node, epoch, record, known)),
	held AS (SELECT c.supi, c.node, c.epoch, c.tmsi FROM ue_context c JOIN u ON c.supi = u.supi ORDER BY c.supi FOR NO KEY UPDATE OF c)
	INSERT INTO ue_context (supi, tmsi, old_tmsi, node, epoch, record)
	SELECT u.supi, u.tmsi, nullif(u.old_tmsi, 0), u.node, u.epoch, u.record FROM u LEFT JOIN held ON held.supi = u.supi
	WHERE ($9::bigint = 0 OR EXISTS (SELECT 1 FROM mine)) AND CASE WHEN u.known THEN held.node = u.node AND held.epoch = u.epoch
	ELSE held.supi IS NULL OR held.node <> u.node OR held.epoch <> u.epoch OR held.tmsi = u.tmsi END ORDER BY u.supi
	ON CONFLICT (supi) DO UPDATE SET tmsi = excluded.tmsi, old_tmsi = excluded.old_tmsi, node = excluded.node,
	epoch = excluded.epoch, record = excluded.record WHERE ue_context.epoch < excluded.epoch
	OR ue_context.epoch = excluded.epoch AND ue_context.node = excluded.node RETURNING supi, ''`
	removeUESQL  = `DELETE FROM ue_context WHERE supi = $1 AND node = $2 AND epoch <= $3`
	noteMovedSQL = `INSERT INTO ue_moved (node, supi) SELECT node, supi FROM ue_context WHERE supi = $1 AND node <> $2
	UNION SELECT node, supi FROM sm_context WHERE supi = $1 AND node <> $2 ON CONFLICT DO NOTHING`
	movedSQL      = `DELETE FROM ue_moved WHERE node = $1 RETURNING supi`
	clearMovedSQL = `DELETE FROM ue_moved WHERE node = $1`
	beatSQL       = `UPDATE core_node SET beat = beat + 1, leaving = $1 WHERE node = $2`
	takeUESQL     = `WITH mine AS (SELECT life FROM core_node WHERE node = $4 AND life = $5 FOR KEY SHARE)
	UPDATE ue_context SET node = $2, epoch = $3::bigint + 1, record = coalesce($7::bytea, record)
	WHERE supi = $1 AND (epoch = $3 AND ($7::bytea IS NULL OR record = $6) OR epoch = $3 + 1 AND node = $2 AND tmsi = $8)
	AND ($5::bigint = 0 OR EXISTS (SELECT 1 FROM mine))
	RETURNING supi, tmsi, coalesce(old_tmsi, 0), node, epoch, record`
	byTMSISQL   = selectUESQL + `WHERE tmsi = $1 OR old_tmsi = $1 ORDER BY tmsi = $1 DESC LIMIT 1`
	selectUESQL = `SELECT supi, tmsi, coalesce(old_tmsi, 0), node, epoch, record FROM ue_context `

	// A UE that lockUESQL locks has no session come WithUE meanwhile; what keepUESQL writes does not wait for one that comes.
	lockUESQL = `SELECT supi FROM ue_context WHERE supi = $1 FOR UPDATE`
	keepSMSQL = `WITH mine AS (SELECT life FROM core_node WHERE node = $12 AND life = $13 FOR KEY SHARE),
	n AS (SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
	$9::bytea[], $10::boolean[], $11::boolean[]) AS n (supi, pdu_session_id, seid, node, dnn, upf, ipv4, ipv6, record, known, with_ue)),
	ue AS (SELECT u.supi, u.node FROM ue_context u WHERE u.supi IN (SELECT supi FROM n WHERE with_ue AND NOT known)
	AND (SELECT count(*) FROM mine) >= 0 ORDER BY u.supi FOR KEY SHARE OF u),
	held AS (SELECT c.seid FROM sm_context c JOIN n ON c.supi = n.supi AND c.pdu_session_id = n.pdu_session_id AND c.seid = n.seid
	WHERE n.known AND (SELECT count(*) FROM ue) >= 0 ORDER BY c.supi, c.pdu_session_id FOR UPDATE OF c),
	ready AS (SELECT supi, pdu_session_id, seid, node, dnn, upf, nullif(ipv4, '') AS ipv4, nullif(ipv6, '') AS ipv6, record
	FROM n WHERE ($13::bigint = 0 OR EXISTS (SELECT 1 FROM mine)) AND (known AND seid IN (SELECT seid FROM held)
	OR NOT known AND NOT (with_ue AND EXISTS (SELECT 1 FROM ue WHERE ue.supi = n.supi AND ue.node <> n.node)))),
	leased AS (SELECT r.supi, r.pdu_session_id, '` + indexIPv4 + `' AS by_index FROM ready r JOIN sm_context o ON o.dnn = r.dnn AND o.ipv4 = r.ipv4
	WHERE o.supi <> r.supi OR o.pdu_session_id <> r.pdu_session_id UNION ALL
	SELECT r.supi, r.pdu_session_id, '` + indexIPv6 + `' FROM ready r JOIN sm_context o ON o.dnn = r.dnn AND o.ipv6 = r.ipv6
	WHERE o.supi <> r.supi OR o.pdu_session_id <> r.pdu_session_id),
	kept AS (INSERT INTO sm_context (supi, pdu_session_id, seid, node, dnn, upf, ipv4, ipv6, record)
	SELECT * FROM ready r WHERE NOT EXISTS (SELECT 1 FROM leased l WHERE l.supi = r.supi AND l.pdu_session_id = r.pdu_session_id)
	ORDER BY supi, pdu_session_id ON CONFLICT (supi, pdu_session_id) DO UPDATE SET node = excluded.node, dnn = excluded.dnn, upf = excluded.upf,
	ipv4 = excluded.ipv4, ipv6 = excluded.ipv6, record = excluded.record WHERE sm_context.seid = excluded.seid
	RETURNING supi, pdu_session_id)
	SELECT supi || '/' || pdu_session_id::text, '' FROM kept UNION ALL SELECT supi || '/' || pdu_session_id::text, by_index FROM leased`
	removeSMSQL = `DELETE FROM sm_context WHERE supi = $1 AND pdu_session_id = $2 AND seid = $3`
	takeSMsSQL  = `WITH held AS (UPDATE guarantee SET node = $2, seid = $3::bigint + pdu_session_id
	WHERE seid IN (SELECT seid FROM sm_context WHERE supi = $1 AND node <> $2))
	UPDATE sm_context SET node = $2, seid = $3::bigint + pdu_session_id WHERE supi = $1 AND node <> $2`
	selectSMSQL = `SELECT supi, pdu_session_id, seid, node, dnn, upf, coalesce(ipv4, ''), coalesce(ipv6, ''), record FROM sm_context `

	beginLifeSQL = `INSERT INTO core_node (node, life, started) VALUES ($1, (SELECT coalesce(max(life), 0) + 1 FROM core_node), $2)
	ON CONFLICT (node) DO UPDATE SET life = excluded.life, leaving = FALSE, started = greatest(excluded.started, core_node.started + 1)
	RETURNING life, started`

	// The unique indexes that a context can run into.
	indexTMSI = "ue_context_tmsi"
	indexIPv4 = "sm_context_ipv4"
	indexIPv6 = "sm_context_ipv6"
)

// KeepUEs implements store.Contexts.
func (s *Store) KeepUEs(ctx context.Context, list []store.UEContext) ([]error, error) {
	return s.ues.do(ctx, pointers(list))
}

func pointers[T any](list []T) []*T {
	to := make([]*T, len(list))
	for i := range list {
		to[i] = &list[i]
	}
	return to
}

func keyOfUE(u *store.UEContext) string { return string(u.SUPI) }

// storeUEs is one statement; where one row of many runs into another UE's 5G-TMSI, each gets a statement of its own.
func (s *Store) storeUEs(ctx context.Context, rows []*store.UEContext) ([]error, error) {
	errs := make([]error, len(rows))
	stored, err := s.keys(ctx, keepUESQL, append(ueArrays(rows), s.life()...)...)
	switch {
	case uniqueViolated(err) == indexTMSI && len(rows) == 1:
		errs[0] = fmt.Errorf("%s: %w", rows[0].SUPI.Conceal(), store.ErrTMSITaken)
		return errs, nil
	case uniqueViolated(err) != "":
		return s.oneByOne(len(rows), func(i int) ([]error, error) { return s.storeUEs(ctx, rows[i:i+1]) })
	case err != nil:
		return nil, err
	}
	for i, u := range rows {
		if _, ok := stored[keyOfUE(u)]; !ok {
			errs[i] = fmt.Errorf("%s: %w", u.SUPI.Conceal(), store.ErrNotOwner)
		}
	}
	return errs, nil
}

func ueArrays(rows []*store.UEContext) []any {
	n := len(rows)
	supi, node, record := make([]string, n), make([]string, n), make([][]byte, n)
	tmsi, old, epoch, known := make([]int64, n), make([]int64, n), make([]int64, n), make([]bool, n)
	for i, u := range rows {
		supi[i], tmsi[i], old[i], node[i] = string(u.SUPI), int64(u.TMSI), int64(u.OldTMSI), u.Node
		epoch[i], record[i], known[i] = int64(u.Epoch), u.Record, u.Known
	}
	return []any{supi, tmsi, old, node, epoch, record, known}
}

// oneByOne runs n statements of one row.
func (s *Store) oneByOne(n int, one func(i int) ([]error, error)) ([]error, error) {
	all := make([]error, 0, n)
	for i := range n {
		errs, err := one(i)
		if err != nil {
			return nil, err
		}
		all = append(all, errs...)
	}
	return all, nil
}

// keys runs a statement that returns the keys of rows: with each the index that it ran into, "" where it is stored.
func (s *Store) keys(ctx context.Context, statement string, args ...any) (map[string]string, error) {
	rows, err := s.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	done := make(map[string]string)
	var key, index string
	_, err = pgx.ForEachRow(rows, []any{&key, &index}, func() error {
		done[key] = index
		return nil
	})
	return done, err
}

// RemoveUE implements store.Contexts.
func (s *Store) RemoveUE(ctx context.Context, supi ident.SUPI, node string, epoch uint64) error {
	return s.again(ctx, func(ctx context.Context) error {
		done, err := s.pool.Exec(ctx, removeUESQL, string(supi), node, int64(epoch))
		if err != nil || done.RowsAffected() > 0 {
			return err
		}
		if err := notOwner(ctx, s.pool, supi); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}

// exec runs a statement that may be repeated without harm.
func (s *Store) exec(ctx context.Context, statement string, args ...any) error {
	return s.again(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, statement, args...)
		return err
	})
}

// UE implements store.Contexts.
func (s *Store) UE(ctx context.Context, supi ident.SUPI) (store.UEContext, error) {
	return first(ctx, s, columns.UE, selectUESQL+"WHERE supi = $1", string(supi))
}

// UEByTMSI implements store.Contexts.
func (s *Store) UEByTMSI(ctx context.Context, tmsi uint32) (store.UEContext, error) {
	return first(ctx, s, columns.UE, byTMSISQL, int64(tmsi))
}

// TakeUE implements store.Contexts. A primary that dies with the answer may have committed: the transaction that is repeated
// at its successor finds its own work done.
func (s *Store) TakeUE(ctx context.Context, seen *store.UEContext, node string, seids uint64, record []byte) (u store.UEContext, err error) {
	err = s.again(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			u, err = s.takeUE(ctx, tx, seen, node, seids, record)
			return err
		})
	})
	return u, err
}

func (s *Store) takeUE(ctx context.Context, tx pgx.Tx, seen *store.UEContext, node string, seids uint64, record []byte) (u store.UEContext, err error) {
	supi := string(seen.SUPI)
	if _, err := tx.Exec(ctx, lockUESQL, supi); err != nil {
		return u, err
	}
	if _, err := tx.Exec(ctx, noteMovedSQL, supi, node); err != nil {
		return u, err
	}
	dest, finish := columns.UE(&u)
	err = tx.QueryRow(ctx, takeUESQL, append(append([]any{supi, node, int64(seen.Epoch)}, s.life()...), seen.Record, record, int64(seen.TMSI))...).Scan(dest...)
	if errors.Is(err, pgx.ErrNoRows) {
		return u, notOwner(ctx, tx, seen.SUPI)
	}
	if err := errors.Join(err, finish()); err != nil {
		return u, err
	}
	_, err = tx.Exec(ctx, takeSMsSQL, supi, node, int64(seids))
	return u, err
}

// notOwner is why a UE is not the one that was meant: ErrNotOwner, or ErrNotFound where its context is gone.
func notOwner(ctx context.Context, q interface {
	QueryRow(ctx context.Context, statement string, args ...any) pgx.Row
}, supi ident.SUPI) error {
	var n int64
	if err := q.QueryRow(ctx, "SELECT count(*) FROM ue_context WHERE supi = $1", string(supi)).Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return store.ErrNotFound
	}
	return store.ErrNotOwner
}

// UEs implements store.Contexts.
func (s *Store) UEs(ctx context.Context, node string) iter.Seq2[store.UEContext, error] {
	return inOrder(ctx, s, columns.UE, selectUESQL+"WHERE ($1::text = '' OR node = $1) AND supi > $2 ORDER BY supi", node,
		func(u *store.UEContext) []any { return []any{string(u.SUPI)} })
}

// KeepSMs implements store.Contexts.
func (s *Store) KeepSMs(ctx context.Context, list []store.SMContext) ([]error, error) {
	return s.sms.do(ctx, pointers(list))
}

func keyOfSM(n *store.SMContext) string {
	return string(n.SUPI) + "/" + strconv.Itoa(int(n.PDUSessionID))
}

// storeSMs is one statement. Where one row of many runs into another session's address that is stored at the same moment, each gets a
// statement of its own.
func (s *Store) storeSMs(ctx context.Context, rows []*store.SMContext) ([]error, error) {
	errs := make([]error, len(rows))
	stored, err := s.keys(ctx, keepSMSQL, append(smArrays(rows), s.life()...)...)
	index := uniqueViolated(err)
	switch {
	case index != "" && len(rows) == 1:
		errs[0] = &store.LeasedError{Address: leased(rows[0], index)}
		return errs, nil
	case index != "":
		return s.oneByOne(len(rows), func(i int) ([]error, error) { return s.storeSMs(ctx, rows[i:i+1]) })
	case err != nil:
		return nil, err
	}
	for i, n := range rows {
		switch index, answered := stored[keyOfSM(n)]; {
		case index != "":
			errs[i] = &store.LeasedError{Address: leased(n, index)}
		case !answered:
			errs[i] = fmt.Errorf("%s, session %d: %w", n.SUPI.Conceal(), n.PDUSessionID, store.ErrNotOwner)
		}
	}
	return errs, nil
}

func leased(n *store.SMContext, index string) netip.Addr {
	if index == indexIPv6 {
		return n.IPv6.Addr()
	}
	return n.IPv4
}

func smArrays(rows []*store.SMContext) []any {
	n := len(rows)
	supi, node, dnn, upf := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	ipv4, ipv6, record := make([]string, n), make([]string, n), make([][]byte, n)
	id, seid, known, withUE := make([]int64, n), make([]int64, n), make([]bool, n), make([]bool, n)
	for i, c := range rows {
		supi[i], id[i], seid[i], node[i], known[i], withUE[i] = string(c.SUPI), int64(c.PDUSessionID), int64(c.SEID), c.Node, c.Known, c.WithUE
		dnn[i], upf[i], ipv4[i], ipv6[i], record[i] = string(c.DNN), c.UPF, columns.Address(c.IPv4), columns.Prefix(c.IPv6), c.Record
	}
	return []any{supi, id, seid, node, dnn, upf, ipv4, ipv6, record, known, withUE}
}

// RemoveSM implements store.Contexts.
func (s *Store) RemoveSM(ctx context.Context, supi ident.SUPI, pduSessionID uint8, seid uint64) error {
	return s.exec(ctx, removeSMSQL, string(supi), int64(pduSessionID), int64(seid))
}

// SMsOf implements store.Contexts.
func (s *Store) SMsOf(ctx context.Context, supi ident.SUPI) ([]store.SMContext, error) {
	return listOf(ctx, s, columns.SM, selectSMSQL+"WHERE supi = $1 ORDER BY pdu_session_id", string(supi))
}

// SMs implements store.Contexts.
func (s *Store) SMs(ctx context.Context, node string) iter.Seq2[store.SMContext, error] {
	return inOrder(ctx, s, columns.SM, selectSMSQL+"WHERE ($1::text = '' OR node = $1) AND (supi, pdu_session_id) > ($2, $3) ORDER BY supi, pdu_session_id", node,
		func(n *store.SMContext) []any { return []any{string(n.SUPI), int64(n.PDUSessionID)} })
}

// BeginLife implements store.Contexts. Two nodes that start together see the same greatest life: one tries again.
func (s *Store) BeginLife(ctx context.Context, node string, now time.Time) (life store.Life, err error) {
	worthwhile := func(err error) bool { return conflicted(err) || away(err) || uniqueViolated(err) != "" }
	err = s.try(ctx, worthwhile, func(ctx context.Context) error {
		if _, err := s.pool.Exec(ctx, clearMovedSQL, node); err != nil {
			return err
		}
		var number, started int64
		err := s.pool.QueryRow(ctx, beginLifeSQL, node, now.Unix()).Scan(&number, &started)
		life = store.Life{Number: uint64(number), Started: time.Unix(started, 0)}
		return err
	})
	if err == nil {
		s.lives.Store(&ownLife{node, int64(life.Number)})
	}
	return life, err
}

// ownLife is the life that a process has begun.
type ownLife struct {
	node   string
	number int64
}

// life is the life in which this process writes contexts, as arguments: a node and a number, 0 for none, in which nothing is refused.
func (s *Store) life() []any {
	if l := s.lives.Load(); l != nil {
		return []any{l.node, l.number}
	}
	return []any{"", int64(0)}
}

// rowsOf yields what a query returns. Scan gives the places of a row's columns and what is to be done once they are
// filled.
func rowsOf[T any](ctx context.Context, s *Store, scan func(*T) ([]any, func() error), query string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none, v T
		if s.closed.Load() {
			yield(none, store.ErrClosed)
			return
		}
		var rows pgx.Rows
		err := s.read(ctx, func(ctx context.Context) (err error) { // afterwards it is too late: some were yielded
			rows, err = s.pool.Query(ctx, query, args...)
			return err
		})
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		dest, finish := scan(&v)
		for rows.Next() {
			if err := errors.Join(rows.Scan(dest...), finish()); err != nil {
				yield(none, err)
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, err)
		}
	}
}

// inOrder is rowsOf for contexts of a node in the order of their keys: where the database goes away in the middle, it goes on behind the
// last one that was yielded. It gives up when none has come for as long as the store is patient.
func inOrder[T any](ctx context.Context, s *Store, scan func(*T) ([]any, func() error), query, node string, key func(*T) []any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		last, since := key(&none), time.Now()
		for {
			var broken error
			for v, err := range rowsOf(ctx, s, scan, query, append([]any{node}, last...)...) {
				if err != nil {
					broken = err
					break
				}
				last, since = key(&v), time.Now()
				if !yield(v, nil) {
					return
				}
			}
			switch {
			case broken == nil:
				return
			case ctx.Err() != nil || s.closed.Load() || !away(broken) || time.Since(since) > s.patience:
				yield(none, broken)
				return
			}
			time.Sleep(firstPause)
		}
	}
}

// first returns the only row of a query. Error: store.ErrNotFound.
func first[T any](ctx context.Context, s *Store, scan func(*T) ([]any, func() error), query string, args ...any) (v T, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		for row, err := range rowsOf(ctx, s, scan, query, args...) {
			v = row
			return err
		}
		return errNoRow
	})
	if errors.Is(err, errNoRow) {
		return v, store.ErrNotFound
	}
	return v, err
}

// Count implements store.Contexts.
func (s *Store) Count(ctx context.Context) (ues, sessions int, err error) {
	c, err := first(ctx, s, columns.Counts, columns.SelectCounts)
	return c[0], c[1], err
}

// Nodes implements store.Contexts.
func (s *Store) Nodes(ctx context.Context) ([]store.Node, error) {
	return listOf(ctx, s, columns.Node, columns.SelectNodes)
}

// Beat implements store.Contexts.
func (s *Store) Beat(ctx context.Context, node string, leaving bool) ([]store.Pulse, error) {
	if err := s.exec(ctx, beatSQL, leaving, node); err != nil {
		return nil, err
	}
	return listOf(ctx, s, columns.Pulse, columns.SelectPulses)
}

// Moved implements store.Contexts.
func (s *Store) Moved(ctx context.Context, node string) ([]ident.SUPI, error) {
	return listOf(ctx, s, columns.SUPI, movedSQL, node)
}

// listOf returns all rows of a query that may be repeated.
func listOf[T any](ctx context.Context, s *Store, scan func(*T) ([]any, func() error), query string, args ...any) (list []T, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		list = nil
		for v, err := range rowsOf(ctx, s, scan, query, args...) {
			if err != nil {
				return err
			}
			list = append(list, v)
		}
		return nil
	})
	return list, err
}
