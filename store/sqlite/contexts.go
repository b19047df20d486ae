package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	keepUESQL = `INSERT INTO ue_context (supi, tmsi, old_tmsi, node, epoch, record) VALUES (?, ?, nullif(?, 0), ?, ?, ?)
	ON CONFLICT (supi) DO UPDATE SET tmsi = excluded.tmsi, old_tmsi = excluded.old_tmsi, node = excluded.node,
	epoch = excluded.epoch, record = excluded.record WHERE ue_context.epoch < excluded.epoch
	OR ue_context.epoch = excluded.epoch AND ue_context.node = excluded.node AND ue_context.tmsi = excluded.tmsi`
	keepKnownUESQL = `UPDATE ue_context SET tmsi = ?2, old_tmsi = nullif(?3, 0), record = ?6 WHERE supi = ?1 AND node = ?4 AND epoch = ?5`
	// keepUERecordSQL is keepKnownUESQL where the rest stays: SQLite would take what is set out of the indexes and put it in again.
	// A + says that the column is not to be looked up in one.
	keepUERecordSQL = `UPDATE ue_context SET record = ?6 WHERE supi = ?1 AND node = ?4 AND epoch = ?5 AND +tmsi = ?2 AND +old_tmsi IS nullif(?3, 0)`
	removeUESQL     = `DELETE FROM ue_context WHERE supi = ? AND node = ? AND epoch <= ?`
	noteMovedSQL    = `INSERT INTO ue_moved (node, supi) SELECT node, supi FROM ue_context WHERE supi = ?1 AND node <> ?2
	UNION SELECT node, supi FROM sm_context WHERE supi = ?1 AND node <> ?2 ON CONFLICT DO NOTHING`
	movedSQL      = `DELETE FROM ue_moved WHERE node = ? RETURNING supi`
	clearMovedSQL = `DELETE FROM ue_moved WHERE node = ?`
	beatSQL       = `UPDATE core_node SET beat = beat + 1, leaving = ? WHERE node = ?`
	takeUESQL     = `UPDATE ue_context SET node = ?2, epoch = ?3 + 1, record = coalesce(?5, record)
	WHERE supi = ?1 AND (epoch = ?3 AND (?5 IS NULL OR record = ?4) OR epoch = ?3 + 1 AND node = ?2 AND tmsi = ?6)
	RETURNING supi, tmsi, coalesce(old_tmsi, 0), node, epoch, record`
	byTMSISQL   = selectUESQL + `WHERE tmsi = ?1 OR old_tmsi = ?1 ORDER BY tmsi = ?1 DESC LIMIT 1`
	selectUESQL = `SELECT supi, tmsi, coalesce(old_tmsi, 0), node, epoch, record FROM ue_context `

	insertSMSQL  = `INSERT INTO sm_context (supi, pdu_session_id, seid, node, dnn, upf, ipv4, ipv6, record) `
	replaceSMSQL = ` ON CONFLICT (supi, pdu_session_id) DO UPDATE SET node = excluded.node, dnn = excluded.dnn, upf = excluded.upf,
	ipv4 = excluded.ipv4, ipv6 = excluded.ipv6, record = excluded.record WHERE sm_context.seid = excluded.seid`
	keepSMSQL       = insertSMSQL + `VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), ?)` + replaceSMSQL
	keepSMWithUESQL = insertSMSQL + `SELECT ?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, ''), nullif(?8, ''), ?9
	WHERE NOT EXISTS (SELECT 1 FROM ue_context WHERE supi = ?1 AND node <> ?4)` + replaceSMSQL
	keepKnownSMSQL = `UPDATE sm_context SET node = ?4, dnn = ?5, upf = ?6, ipv4 = nullif(?7, ''), ipv6 = nullif(?8, ''), record = ?9
	WHERE supi = ?1 AND pdu_session_id = ?2 AND seid = ?3`
	// keepSMRecordSQL is keepKnownSMSQL as keepUERecordSQL is keepKnownUESQL.
	keepSMRecordSQL = `UPDATE sm_context SET record = ?9 WHERE supi = ?1 AND pdu_session_id = ?2 AND seid = ?3
	AND node = ?4 AND +dnn = ?5 AND upf = ?6 AND +ipv4 IS nullif(?7, '') AND +ipv6 IS nullif(?8, '')`
	removeSMSQL = `DELETE FROM sm_context WHERE supi = ? AND pdu_session_id = ? AND seid = ?`
	takeSMsSQL  = `UPDATE sm_context SET node = ?2, seid = ?3 + pdu_session_id WHERE supi = ?1 AND node <> ?2`
	selectSMSQL = `SELECT supi, pdu_session_id, seid, node, dnn, upf, coalesce(ipv4, ''), coalesce(ipv6, ''), record FROM sm_context `

	beginLifeSQL = `INSERT INTO core_node (node, life, started) VALUES (?, (SELECT coalesce(max(life), 0) + 1 FROM core_node), ?)
	ON CONFLICT (node) DO UPDATE SET life = excluded.life, leaving = 0, started = max(excluded.started, core_node.started + 1)
	RETURNING life, started`
)

const constraintUnique = 2067 // SQLITE_CONSTRAINT_UNIQUE: of an index that is no primary key

// breaksRule tells whether a statement failed by a rule of the tables, and not by the disk.
func breaksRule(err error) bool {
	const constraint = 19 // SQLITE_CONSTRAINT
	e, ok := errors.AsType[*sqlite3.Error](err)
	return ok && e.Code()&0xff == constraint
}

// uniqueViolated returns SQLite's words for the index that err is about, "" if it is about none.
func uniqueViolated(err error) string {
	if e, ok := errors.AsType[*sqlite3.Error](err); ok && e.Code() == constraintUnique {
		return e.Error()
	}
	return ""
}

// KeepUEs implements store.Contexts.
func (s *Store) KeepUEs(ctx context.Context, list []store.UEContext) ([]error, error) {
	o := &keepUEs{list: list}
	if err := s.operate(ctx, o); err != nil { // the write may still be under way
		return nil, err
	}
	return o.errs, nil
}

func (o *keepUEs) apply(t *transaction) error {
	o.errs = make([]error, len(o.list))
	for i := range o.list {
		u, statements := &o.list[i], []string{keepUESQL}
		if u.Known {
			statements = []string{keepUERecordSQL, keepKnownUESQL}
		}
		n, err := t.execFirst(statements, string(u.SUPI), int64(u.TMSI), int64(u.OldTMSI), u.Node, int64(u.Epoch), u.Record)
		switch {
		case uniqueViolated(err) != "":
			o.errs[i] = fmt.Errorf("%s: %w", u.SUPI.Conceal(), store.ErrTMSITaken)
		case err != nil:
			return err
		case n == 0:
			o.errs[i] = fmt.Errorf("%s: %w", u.SUPI.Conceal(), store.ErrNotOwner)
		}
	}
	return nil
}

// RemoveUE implements store.Contexts.
func (s *Store) RemoveUE(ctx context.Context, supi ident.SUPI, node string, epoch uint64) error {
	o := &removeUE{supi: supi, node: node, epoch: epoch}
	if err := s.operate(ctx, o); err != nil { // the write may still be under way
		return err
	}
	return o.refused
}

func (o *removeUE) apply(t *transaction) error {
	o.refused = nil
	n, err := t.exec(removeUESQL, string(o.supi), o.node, int64(o.epoch))
	if err != nil || n > 0 {
		return err
	}
	switch err := t.notOwner(o.supi); {
	case errors.Is(err, store.ErrNotOwner):
		o.refused = err
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return nil
}

// UE implements store.Contexts.
func (s *Store) UE(ctx context.Context, supi ident.SUPI) (store.UEContext, error) {
	return one(rowsOf(ctx, s, columns.UE, selectUESQL+"WHERE supi = ?", string(supi)))
}

// UEByTMSI implements store.Contexts.
func (s *Store) UEByTMSI(ctx context.Context, tmsi uint32) (store.UEContext, error) {
	return one(rowsOf(ctx, s, columns.UE, byTMSISQL, int64(tmsi)))
}

// TakeUE implements store.Contexts.
func (s *Store) TakeUE(ctx context.Context, seen *store.UEContext, node string, seids uint64, record []byte) (store.UEContext, error) {
	var u store.UEContext
	err := s.write(ctx, func(t *transaction) error {
		if _, err := t.exec(noteMovedSQL, string(seen.SUPI), node); err != nil {
			return err
		}
		dest, finish := columns.UE(&u)
		err := t.scan(takeUESQL, []any{string(seen.SUPI), node, int64(seen.Epoch), seen.Record, orNull(record), int64(seen.TMSI)}, dest...)
		if errors.Is(err, sql.ErrNoRows) {
			return t.notOwner(seen.SUPI)
		}
		if err := errors.Join(err, finish()); err != nil {
			return err
		}
		return t.takeSMs(seen.SUPI, node, seids)
	})
	if err != nil { // the write may still be under way
		return store.UEContext{}, err
	}
	return u, nil
}

// orNull is octets, or NULL where there are none.
func orNull(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// notOwner is why a UE is not the one that was meant: ErrNotOwner, or ErrNotFound where its context is gone.
func (t *transaction) notOwner(supi ident.SUPI) error {
	var n int64
	if err := t.scan("SELECT count(*) FROM ue_context WHERE supi = ?", []any{string(supi)}, &n); err != nil {
		return err
	}
	if n == 0 {
		return store.ErrNotFound
	}
	return store.ErrNotOwner
}

// UEs implements store.Contexts.
func (s *Store) UEs(ctx context.Context, node string) iter.Seq2[store.UEContext, error] {
	return rowsOf(ctx, s, columns.UE, selectUESQL+"WHERE ?1 = '' OR node = ?1", node)
}

// KeepSMs implements store.Contexts.
func (s *Store) KeepSMs(ctx context.Context, list []store.SMContext) ([]error, error) {
	o := &keepSMs{list: list}
	if err := s.operate(ctx, o); err != nil { // the write may still be under way
		return nil, err
	}
	return o.errs, nil
}

func (o *keepSMs) apply(t *transaction) error {
	o.errs = make([]error, len(o.list))
	for i := range o.list {
		n, statements := &o.list[i], []string{keepSMSQL}
		switch {
		case n.Known:
			statements = []string{keepSMRecordSQL, keepKnownSMSQL}
		case n.WithUE:
			statements = []string{keepSMWithUESQL}
		}
		changed, err := t.execFirst(statements, string(n.SUPI), int64(n.PDUSessionID), int64(n.SEID), n.Node, string(n.DNN), n.UPF,
			columns.Address(n.IPv4), columns.Prefix(n.IPv6), n.Record)
		switch index := uniqueViolated(err); {
		case index != "":
			o.errs[i] = &store.LeasedError{Address: leased(n, index)}
		case err != nil:
			return err
		case changed == 0:
			o.errs[i] = fmt.Errorf("%s, session %d: %w", n.SUPI.Conceal(), n.PDUSessionID, store.ErrNotOwner)
		}
	}
	return nil
}

func leased(n *store.SMContext, index string) netip.Addr {
	if strings.Contains(index, "ipv6") {
		return n.IPv6.Addr()
	}
	return n.IPv4
}

// RemoveSM implements store.Contexts.
func (s *Store) RemoveSM(ctx context.Context, supi ident.SUPI, pduSessionID uint8, seid uint64) error {
	return s.operate(ctx, &removeSM{supi: supi, pduSessionID: pduSessionID, seid: seid})
}

func (o *removeSM) apply(t *transaction) error {
	_, err := t.exec(removeSMSQL, string(o.supi), int64(o.pduSessionID), int64(o.seid))
	return err
}

// SMsOf implements store.Contexts.
func (s *Store) SMsOf(ctx context.Context, supi ident.SUPI) (list []store.SMContext, err error) {
	for n, err := range rowsOf(ctx, s, columns.SM, selectSMSQL+"WHERE supi = ? ORDER BY pdu_session_id", string(supi)) {
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// SMs implements store.Contexts.
func (s *Store) SMs(ctx context.Context, node string) iter.Seq2[store.SMContext, error] {
	return rowsOf(ctx, s, columns.SM, selectSMSQL+"WHERE ?1 = '' OR node = ?1", node)
}

// BeginLife implements store.Contexts.
func (s *Store) BeginLife(ctx context.Context, node string, now time.Time) (store.Life, error) {
	var life store.Life
	err := s.write(ctx, func(t *transaction) error {
		if _, err := t.exec(clearMovedSQL, node); err != nil {
			return err
		}
		var number, started int64
		err := t.scan(beginLifeSQL, []any{node, now.Unix()}, &number, &started)
		life = store.Life{Number: uint64(number), Started: time.Unix(started, 0)}
		return err
	})
	if err != nil { // the write may still be under way
		return store.Life{}, err
	}
	return life, nil
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
		if err := s.seeAnswered(ctx); err != nil {
			yield(none, err)
			return
		}
		rows, err := s.readers.QueryContext(ctx, query, args...)
		if err != nil {
			yield(none, s.readError(err))
			return
		}
		defer func() { _ = rows.Close() }()
		dest, finish := scan(&v)
		for i := range dest {
			if b, ok := dest[i].(*[]byte); ok {
				dest[i] = (*own)(b)
			}
		}
		for rows.Next() {
			err := rows.Scan(dest...)
			if err == nil {
				err = finish()
			}
			if err != nil {
				yield(none, s.readError(err))
				return
			}
			if !yield(v, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, s.readError(err))
		}
	}
}

// own are octets that are kept as they come: the driver makes them for each row anew.
type own []byte

// Scan implements sql.Scanner.
func (o *own) Scan(v any) error {
	b, ok := v.([]byte)
	if !ok && v != nil {
		return fmt.Errorf("%T instead of octets", v)
	}
	*o = b
	return nil
}

// one returns the only element.
func one[T any](seq iter.Seq2[T, error]) (T, error) {
	for v, err := range seq {
		return v, err
	}
	var none T
	return none, store.ErrNotFound
}

// Count implements store.Contexts.
func (s *Store) Count(ctx context.Context) (ues, sessions int, err error) {
	c, err := one(rowsOf(ctx, s, columns.Counts, columns.SelectCounts))
	return c[0], c[1], err
}

// Nodes implements store.Contexts.
func (s *Store) Nodes(ctx context.Context) (list []store.Node, err error) {
	for n, err := range rowsOf(ctx, s, columns.Node, columns.SelectNodes) {
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

// Beat implements store.Contexts.
func (s *Store) Beat(ctx context.Context, node string, leaving bool) (list []store.Pulse, err error) {
	err = s.write(ctx, func(t *transaction) error {
		_, err := t.exec(beatSQL, leaving, node)
		return err
	})
	if err != nil {
		return nil, err
	}
	for p, err := range rowsOf(ctx, s, columns.Pulse, columns.SelectPulses) {
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// Moved implements store.Contexts.
func (s *Store) Moved(ctx context.Context, node string) ([]ident.SUPI, error) {
	var list []ident.SUPI
	err := s.write(ctx, func(t *transaction) (err error) {
		list, err = t.column(movedSQL, node)
		return err
	})
	if err != nil { // the write may still be under way
		return nil, err
	}
	return list, nil
}
