package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	sqlite3 "modernc.org/sqlite"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/columns"
)

const (
	nextRevisionSQL = `UPDATE provisioning SET revision = revision + 1 WHERE id = 1 RETURNING revision`

	insertSubscriberSQL = `INSERT INTO subscriber
	(supi, auth_method, algorithm, k, opc, amf_field, sqn_ceiling, ambr_uplink, ambr_downlink, revision,
	barred, no_mico, registration_timer, service_area, forbidden_tacs, forbidden_rats, gpsi, sqn_life)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ` + columns.SelectLife + `) ON CONFLICT (supi) DO NOTHING`

	insertSliceSQL = `INSERT INTO subscriber_slice (supi, sst, sd, is_default, authenticate) VALUES (?, ?, ?, ?, ?)`

	insertDNNSQL = `INSERT INTO subscriber_dnn
	(supi, sst, sd, dnn, is_default, session_types, ssc_modes, ambr_uplink, ambr_downlink,
	five_qi, arp_priority, arp_may_preempt, arp_preemptable, static_ipv4,
	static_ipv6, framed_routes, up_integrity, up_confidentiality)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	insertRemovedSQL = `INSERT INTO subscriber_removed (supi, revision) VALUES (?, ?)`
	deleteRemovedSQL = `DELETE FROM subscriber_removed WHERE supi = ?`

	deleteSubscriberSQL = `DELETE FROM subscriber WHERE supi = ?`
	selectCeilingSQL    = `SELECT sqn_ceiling, sqn_life, ` + columns.SelectLife + ` FROM subscriber WHERE supi = ?`
	updateCeilingSQL    = `UPDATE subscriber SET sqn_ceiling = ?, sqn_life = ` + columns.SelectLife + ` WHERE supi = ?`
)

// AddSubscribers implements store.Subscribers.
func (s *Store) AddSubscribers(ctx context.Context, subs []store.Subscriber) error {
	for i := range subs {
		if err := subs[i].Validate(); err != nil {
			return fmt.Errorf("%s: %w", subs[i].SUPI.Conceal(), err)
		}
	}
	return s.write(ctx, func(t *transaction) error {
		revision, err := nextRevision(t)
		if err != nil {
			return err
		}
		var taken []ident.SUPI
		for i := range subs {
			exists, err := insert(t, &subs[i], revision)
			if err != nil {
				return err
			}
			if exists {
				taken = append(taken, subs[i].SUPI)
			}
		}
		if len(taken) > 0 {
			return &store.ExistsError{SUPIs: taken}
		}
		return nil
	})
}

// ReplaceSubscriber implements store.Subscribers.
func (s *Store) ReplaceSubscriber(ctx context.Context, sub store.Subscriber) error {
	if err := sub.Validate(); err != nil {
		return fmt.Errorf("%s: %w", sub.SUPI.Conceal(), err)
	}
	return s.write(ctx, func(t *transaction) error {
		ceiling, err := ceilingOf(t, sub.SUPI)
		if err != nil {
			return err
		}
		revision, err := nextRevision(t)
		if err != nil {
			return err
		}
		if _, err := t.exec(deleteSubscriberSQL, string(sub.SUPI)); err != nil {
			return err
		}
		kept := sub
		kept.Authentication.SQN = max(ceiling, sub.Authentication.SQN)
		_, err = insert(t, &kept, revision)
		return err
	})
}

// RemoveSubscriber implements store.Subscribers.
func (s *Store) RemoveSubscriber(ctx context.Context, supi ident.SUPI) error {
	return s.write(ctx, func(t *transaction) error {
		n, err := t.exec(deleteSubscriberSQL, string(supi))
		if err != nil {
			return err
		}
		if n == 0 {
			return notFound(supi)
		}
		// The revision moves on, so that a subscriber added again under this SUPI is told from this one.
		revision, err := nextRevision(t)
		if err != nil {
			return err
		}
		_, err = t.exec(insertRemovedSQL, string(supi), revision)
		return err
	})
}

// LeaseSQN implements store.Subscribers.
func (s *Store) LeaseSQN(ctx context.Context, supi ident.SUPI, n uint64) (aka.SQN, error) {
	var before aka.SQN
	err := s.write(ctx, func(t *transaction) (err error) {
		if before, err = ceilingOf(t, supi); err != nil {
			return err
		}
		after, err := before.Advance(n, before.IND())
		if err != nil {
			return fmt.Errorf("%s: %w", supi.Conceal(), err)
		}
		_, err = t.exec(updateCeilingSQL, int64(after), string(supi))
		return err
	})
	if err != nil {
		return 0, err
	}
	return before, nil
}

// ResetSQN implements store.Subscribers.
func (s *Store) ResetSQN(ctx context.Context, supi ident.SUPI, ceiling aka.SQN) error {
	if ceiling > aka.MaxSQN {
		return fmt.Errorf("%w: SQN has more than 48 bits", store.ErrInvalid)
	}
	return s.write(ctx, func(t *transaction) error {
		n, err := t.exec(updateCeilingSQL, int64(ceiling), string(supi))
		if err == nil && n == 0 {
			return notFound(supi)
		}
		return err
	})
}

func (s *Store) write(ctx context.Context, c change) error { return s.explainWrite(s.batch.do(ctx, c)) }

// operate is write for an operation, which needs not be read by others at once.
func (s *Store) operate(ctx context.Context, o operation) error {
	return s.explainWrite(s.batch.operate(ctx, o))
}

func (s *Store) explainWrite(err error) error {
	if _, ok := errors.AsType[*sqlite3.Error](err); ok {
		return s.explain(err)
	}
	return err
}

func nextRevision(t *transaction) (int64, error) {
	var revision int64
	err := t.scan(nextRevisionSQL, nil, &revision)
	return revision, err
}

func ceilingOf(t *transaction, supi ident.SUPI) (aka.SQN, error) {
	var written, writtenIn, life int64
	err := t.scan(selectCeilingSQL, []any{string(supi)}, &written, &writtenIn, &life)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound(supi)
	}
	ceiling, _ := columns.Ceiling(written, writtenIn, life)
	return ceiling, err
}

func notFound(supi ident.SUPI) error {
	return fmt.Errorf("subscriber %s: %w", supi.Conceal(), store.ErrNotFound)
}

// insert stores one subscriber; exists tells that its SUPI is taken.
func insert(t *transaction, sub *store.Subscriber, revision int64) (exists bool, err error) {
	n, err := t.exec(insertSubscriberSQL, columns.SubscriberValues(sub, revision)...)
	if uniqueViolated(err) != "" { // a SUPI that is there is no violation
		return false, fmt.Errorf("%s: %w", sub.SUPI.Conceal(), store.ErrGPSITaken)
	}
	if err != nil || n == 0 {
		return err == nil, err
	}
	if _, err := t.exec(deleteRemovedSQL, string(sub.SUPI)); err != nil {
		return false, err
	}
	for i := range sub.Slices {
		slice := &sub.Slices[i]
		if _, err := t.exec(insertSliceSQL, columns.SliceValues(sub.SUPI, slice)...); err != nil {
			return false, err
		}
		for j := range slice.DNNs {
			if err := insertDNN(t, sub.SUPI, slice.SNSSAI, &slice.DNNs[j]); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

func insertDNN(t *transaction, supi ident.SUPI, slice ident.SNSSAI, d *store.DNN) error {
	_, err := t.exec(insertDNNSQL, columns.DNNValues(supi, slice, d)...)
	if index := uniqueViolated(err); index != "" { // those on static addresses are the only ones that are no key
		taken := d.StaticIPv4.String()
		if strings.Contains(index, "static_ipv6") {
			taken = d.StaticIPv6.String()
		}
		return fmt.Errorf("%s: %s on slice %s, DNN %s: %w", supi.Conceal(), taken, slice, d.Name, store.ErrAddressTaken)
	}
	return err
}
