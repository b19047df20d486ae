package postgres

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	// nextRevisionSQL also locks out every other change of subscriber data until the transaction ends.
	nextRevisionSQL = `UPDATE provisioning SET revision = revision + 1 WHERE id = 1 RETURNING revision`

	selectTakenSQL      = `SELECT supi FROM subscriber WHERE supi = ANY($1::text[]) ORDER BY supi`
	lockCeilingSQL      = `SELECT sqn_ceiling FROM subscriber WHERE supi = $1 FOR UPDATE`
	insertRemovedSQL    = `INSERT INTO subscriber_removed (supi, revision) VALUES ($1, $2)`
	deleteRemovedSQL    = `DELETE FROM subscriber_removed WHERE supi = ANY($1::text[])`
	deleteSubscriberSQL = `DELETE FROM subscriber WHERE supi = $1`
	resetCeilingSQL     = `UPDATE subscriber SET sqn_ceiling = $1 WHERE supi = $2`
	leaseSQNSQL         = `UPDATE subscriber SET sqn_ceiling = subscriber.sqn_ceiling + l.step
	FROM unnest($1::text[], $2::bigint[]) AS l (supi, step)
	WHERE subscriber.supi = l.supi AND subscriber.sqn_ceiling <= 281474976710655 - l.step
	RETURNING subscriber.supi, subscriber.sqn_ceiling`
	selectCeilingSQL = `SELECT count(*) FROM subscriber WHERE supi = $1`

	selectOneSQL  = columns.SelectSubscriber + `WHERE s.supi = $1` + columns.OrderSubscriber
	selectPageSQL = columns.SelectSubscriber + `WHERE s.supi IN (SELECT supi FROM subscriber WHERE supi > $1 ORDER BY supi LIMIT $2)` + columns.OrderSubscriber

	indexStaticIPv4 = "subscriber_dnn_static_ipv4"
	indexStaticIPv6 = "subscriber_dnn_static_ipv6"
	indexGPSI       = "subscriber_gpsi"
)

var errNoRow = errors.New("no row")

// AddSubscribers implements store.Subscribers.
func (s *Store) AddSubscribers(ctx context.Context, subs []store.Subscriber) error {
	for i := range subs {
		if err := subs[i].Validate(); err != nil {
			return fmt.Errorf("%s: %w", subs[i].SUPI.Conceal(), err)
		}
	}
	return s.write(ctx, func(tx pgx.Tx) error {
		revision, err := nextRevision(ctx, tx)
		if err != nil {
			return err
		}
		if err := clearWay(ctx, tx, subs); err != nil {
			return err
		}
		return insert(ctx, tx, subs, revision)
	})
}

// clearWay makes room for new subscribers: it names those that exist, and those that are there twice.
func clearWay(ctx context.Context, tx pgx.Tx, subs []store.Subscriber) error {
	supis, seen := make([]string, len(subs)), make(map[ident.SUPI]bool, len(subs))
	var taken []ident.SUPI
	for i := range subs {
		supis[i] = string(subs[i].SUPI)
		if seen[subs[i].SUPI] {
			taken = append(taken, subs[i].SUPI)
		}
		seen[subs[i].SUPI] = true
	}
	rows, err := tx.Query(ctx, selectTakenSQL, supis)
	if err != nil {
		return err
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, supi := range there {
		taken = append(taken, ident.SUPI(supi))
	}
	if len(taken) > 0 {
		return &store.ExistsError{SUPIs: taken}
	}
	_, err = tx.Exec(ctx, deleteRemovedSQL, supis) // who comes back is no longer one who was removed
	return err
}

func insert(ctx context.Context, tx pgx.Tx, subs []store.Subscriber, revision int64) error {
	var subscribers, slices, dnns [][]any
	for i := range subs {
		sub := &subs[i]
		subscribers = append(subscribers, columns.SubscriberValues(sub, revision))
		for j := range sub.Slices {
			slice := &sub.Slices[j]
			slices = append(slices, columns.SliceValues(sub.SUPI, slice))
			for k := range slice.DNNs {
				dnns = append(dnns, columns.DNNValues(sub.SUPI, slice.SNSSAI, &slice.DNNs[k]))
			}
		}
	}
	for _, table := range []struct {
		name, columns string // in the order in which package columns gives their values
		rows          [][]any
	}{
		{"subscriber", "supi auth_method algorithm k opc amf_field sqn_ceiling ambr_uplink ambr_downlink revision barred no_mico registration_timer service_area forbidden_tacs forbidden_rats gpsi", subscribers},
		{"subscriber_slice", "supi sst sd is_default authenticate", slices},
		{"subscriber_dnn", "supi sst sd dnn is_default session_types ssc_modes ambr_uplink ambr_downlink five_qi arp_priority arp_may_preempt arp_preemptable static_ipv4 static_ipv6 framed_routes up_integrity up_confidentiality", dnns},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, strings.Fields(table.columns), pgx.CopyFromRows(table.rows)); err != nil {
			return explain(err)
		}
	}
	return nil
}

// explain says whose static address is taken; the database's words name the data network, the slice and the address.
func explain(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == uniqueViolation && (e.ConstraintName == indexStaticIPv4 || e.ConstraintName == indexStaticIPv6) {
		return fmt.Errorf("%s: %w", e.Detail, store.ErrAddressTaken)
	} else if ok && e.Code == uniqueViolation && e.ConstraintName == indexGPSI {
		return fmt.Errorf("%s: %w", e.Detail, store.ErrGPSITaken)
	}
	return err
}

// ReplaceSubscriber implements store.Subscribers.
func (s *Store) ReplaceSubscriber(ctx context.Context, sub store.Subscriber) error {
	if err := sub.Validate(); err != nil {
		return fmt.Errorf("%s: %w", sub.SUPI.Conceal(), err)
	}
	return s.write(ctx, func(tx pgx.Tx) error {
		revision, err := nextRevision(ctx, tx)
		if err != nil {
			return err
		}
		var ceiling int64
		err = tx.QueryRow(ctx, lockCeilingSQL, string(sub.SUPI)).Scan(&ceiling)
		if errors.Is(err, pgx.ErrNoRows) {
			return notFound(sub.SUPI)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, deleteSubscriberSQL, string(sub.SUPI)); err != nil {
			return err
		}
		kept := sub
		kept.Authentication.SQN = max(aka.SQN(ceiling), sub.Authentication.SQN)
		return insert(ctx, tx, []store.Subscriber{kept}, revision)
	})
}

// RemoveSubscriber implements store.Subscribers.
func (s *Store) RemoveSubscriber(ctx context.Context, supi ident.SUPI) error {
	return s.write(ctx, func(tx pgx.Tx) error {
		// The revision moves on, so that a subscriber added again under this SUPI is told from this one.
		revision, err := nextRevision(ctx, tx)
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, deleteSubscriberSQL, string(supi))
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return notFound(supi)
		}
		_, err = tx.Exec(ctx, insertRemovedSQL, string(supi), revision)
		return err
	})
}

func nextRevision(ctx context.Context, tx pgx.Tx) (revision int64, err error) {
	err = tx.QueryRow(ctx, nextRevisionSQL).Scan(&revision)
	return revision, err
}

func notFound(supi ident.SUPI) error {
	return fmt.Errorf("subscriber %s: %w", supi.Conceal(), store.ErrNotFound)
}

// Subscriber implements store.Subscribers.
func (s *Store) Subscriber(ctx context.Context, supi ident.SUPI) (*store.Subscriber, error) {
	subs, err := s.query(ctx, selectOneSQL, string(supi))
	if err != nil {
		return nil, err
	}
	if len(subs) == 0 {
		return nil, notFound(supi)
	}
	return &subs[0], nil
}

// SUPIOf implements store.Subscribers.
func (s *Store) SUPIOf(ctx context.Context, gpsi string) (supi ident.SUPI, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		err := s.pool.QueryRow(ctx, columns.SelectSUPI+`$1`, gpsi).Scan(&supi)
		if errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("subscriber of a GPSI: %w", store.ErrNotFound)
		}
		return err
	})
	return supi, err
}

// ListSubscribers implements store.Subscribers.
func (s *Store) ListSubscribers(ctx context.Context, after ident.SUPI, limit int) ([]store.Subscriber, error) {
	if limit < 1 {
		return nil, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	return s.query(ctx, selectPageSQL, string(after), int64(limit))
}

// AllSubscribers implements store.Subscribers.
func (s *Store) AllSubscribers(ctx context.Context) iter.Seq2[store.Subscriber, error] {
	return func(yield func(store.Subscriber, error) bool) {
		if s.closed.Load() {
			yield(store.Subscriber{}, store.ErrClosed)
			return
		}
		rows, err := s.pool.Query(ctx, columns.SelectSubscriber+columns.OrderSubscriber)
		if err != nil {
			yield(store.Subscriber{}, err)
			return
		}
		defer rows.Close()
		var r columns.Subscriber
		dest := r.Dest()
		for sub, err := range columns.Assemble(&r, func() (bool, error) {
			if !rows.Next() {
				return false, rows.Err()
			}
			return true, rows.Scan(dest...)
		}) {
			if !yield(sub, err) {
				return
			}
		}
	}
}

func (s *Store) query(ctx context.Context, query string, args ...any) (subs []store.Subscriber, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		subs = nil
		rows, err := s.pool.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		var r columns.Subscriber
		dest := r.Dest()
		for rows.Next() {
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			if subs, err = r.AppendTo(subs); err != nil {
				return fmt.Errorf("subscriber %s: %w", ident.SUPI(r.SUPI).Conceal(), err)
			}
		}
		return rows.Err()
	})
	return subs, err
}

// sqnLease is a block of sequence numbers that somebody wants.
type sqnLease struct {
	supi   ident.SUPI
	n      uint64
	before aka.SQN // set with a nil error
}

func keyOfLease(l *sqnLease) string { return string(l.supi) }

// LeaseSQN implements store.Subscribers. A lease whose answer was lost is lost with it: numbers are skipped, never used twice.
func (s *Store) LeaseSQN(ctx context.Context, supi ident.SUPI, n uint64) (aka.SQN, error) {
	if n > uint64(aka.MaxSQN)>>aka.INDBits {
		return 0, fmt.Errorf("%s: %w", supi.Conceal(), aka.ErrSQNExhausted)
	}
	l := &sqnLease{supi: supi, n: n}
	errs, err := s.leases.do(ctx, []*sqnLease{l})
	if err != nil {
		return 0, err
	}
	return l.before, errs[0]
}

func (s *Store) leaseSQNs(ctx context.Context, rows []*sqnLease) ([]error, error) {
	supis, steps := make([]string, len(rows)), make([]int64, len(rows))
	for i, l := range rows {
		supis[i], steps[i] = string(l.supi), int64(l.n<<aka.INDBits)
	}
	raised, err := s.pool.Query(ctx, leaseSQNSQL, supis, steps)
	if err != nil {
		return nil, err
	}
	after := make(map[string]int64, len(rows))
	var supi string
	var ceiling int64
	if _, err := pgx.ForEachRow(raised, []any{&supi, &ceiling}, func() error { after[supi] = ceiling; return nil }); err != nil {
		return nil, err
	}
	errs := make([]error, len(rows))
	for i, l := range rows {
		if c, ok := after[string(l.supi)]; ok {
			l.before = aka.SQN(c - steps[i])
			continue
		}
		var n int64
		if err := s.pool.QueryRow(ctx, selectCeilingSQL, string(l.supi)).Scan(&n); err != nil {
			return nil, err
		}
		if errs[i] = notFound(l.supi); n > 0 {
			errs[i] = fmt.Errorf("%s: %w", l.supi.Conceal(), aka.ErrSQNExhausted)
		}
	}
	return errs, nil
}

// ResetSQN implements store.Subscribers.
func (s *Store) ResetSQN(ctx context.Context, supi ident.SUPI, ceiling aka.SQN) error {
	if ceiling > aka.MaxSQN {
		return fmt.Errorf("%w: SQN has more than 48 bits", store.ErrInvalid)
	}
	return s.again(ctx, func(ctx context.Context) error {
		done, err := s.pool.Exec(ctx, resetCeilingSQL, int64(ceiling), string(supi))
		if err == nil && done.RowsAffected() == 0 {
			return notFound(supi)
		}
		return err
	})
}
