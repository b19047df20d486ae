// Package postgres is the shared engine of package store: any database that speaks PostgreSQL's protocol and its plain SQL.
// It needs no extension, no advisory lock and no LISTEN, so that CockroachDB and YugabyteDB serve too. Several nodes use
// one database at the same time.
//
// A statement that may be repeated without harm is repeated while the database is away (its primary dies and another is
// promoted), for as long as Options.Patience and the caller's context allow.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/limpid-5g/limpid/store"
)

var _ store.Store = (*Store)(nil)

// Options are the choices of Open.
type Options struct {
	// Patience is how long a write goes on trying while the database is away; 0 means 30 s.
	Patience time.Duration
}

const (
	defaultPatience = 30 * time.Second
	connectTimeout  = 5 * time.Second
	// minConnections is enough for the writers of each group and for readers beside them.
	minConnections = 12
	application    = "limpid"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	pool     *pgxpool.Pool
	patience time.Duration
	closed   atomic.Bool
	lives    atomic.Pointer[ownLife] // nil: none was begun

	ues    *group[*store.UEContext]
	sms    *group[*store.SMContext]
	leases *group[*sqnLease]
	// One writer: of two calls for one session the first takes effect first, and the turn is everybody's anyway.
	guarantees *group[*guarantee]
}

// Open connects to the database that a URL or a list of key=value pairs names, as libpq reads them; several hosts with
// target_session_attrs=read-write find the primary. It brings the schema up to date. Errors: store.ErrVersion,
// store.ErrInvalid for a connection that would show keys to the network, or that of the database. No error names a password.
func Open(ctx context.Context, source string, opts Options) (*Store, error) {
	cfg, err := pgxpool.ParseConfig(source)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrInvalid, err) // pgx leaves the password out
	}
	if err := checkTransport(cfg.ConnConfig); err != nil {
		return nil, err
	}
	cfg.MaxConns = max(cfg.MaxConns, minConnections)
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	if _, ok := cfg.ConnConfig.RuntimeParams["application_name"]; !ok {
		cfg.ConnConfig.RuntimeParams["application_name"] = application
	}
	cfg.AfterConnect = beDurable
	if opts.Patience == 0 {
		opts.Patience = defaultPatience
	}
	s := &Store{patience: opts.Patience}
	if s.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, err
	}
	if err := s.again(ctx, s.migrate); err != nil {
		s.pool.Close()
		return nil, err
	}
	s.ues = newGroup(writers, s.again, keyOfUE, s.storeUEs)
	s.sms = newGroup(writers, s.again, keyOfSM, s.storeSMs)
	s.leases = newGroup(writers, s.again, keyOfLease, s.leaseSQNs)
	s.guarantees = newGroup(1, s.again, keyOfGuarantee, s.storeGuarantees)
	return s, nil
}

// checkTransport refuses a connection over a network on which the keys of subscribers could be read or the database
// be somebody else's, TS 33.501 §5.8.1.
func checkTransport(cfg *pgx.ConnConfig) error {
	bare := func(host string, encrypted bool) error {
		if encrypted || strings.HasPrefix(host, "/") || host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" {
			return nil
		}
		return fmt.Errorf("%w: the connection to %s may be unencrypted and carries the keys of subscribers: set sslmode=verify-full and sslrootcert", store.ErrInvalid, host)
	}
	encrypted := cfg.TLSConfig != nil && (!cfg.TLSConfig.InsecureSkipVerify || cfg.TLSConfig.VerifyPeerCertificate != nil)
	if err := bare(cfg.Host, encrypted); err != nil {
		return err
	}
	for _, f := range cfg.Fallbacks {
		encrypted := f.TLSConfig != nil && (!f.TLSConfig.InsecureSkipVerify || f.TLSConfig.VerifyPeerCertificate != nil)
		if err := bare(f.Host, encrypted); err != nil {
			return err
		}
	}
	return nil
}

// beDurable sees to it that a commit is on stable storage when it is answered, whatever the server's default is. With
// synchronous standbys it is on theirs too.
func beDurable(ctx context.Context, c *pgx.Conn) error {
	var mode string
	if err := c.QueryRow(ctx, "SHOW synchronous_commit").Scan(&mode); err != nil {
		return err
	}
	if mode == "on" || mode == "remote_apply" {
		return nil
	}
	_, err := c.Exec(ctx, "SET synchronous_commit = on")
	return err
}

// Close implements store.Store.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return store.ErrClosed
	}
	s.ues.close()
	s.sms.close()
	s.leases.close()
	s.guarantees.close()
	s.pool.Close()
	return nil
}

// write runs a transaction and repeats it where the database asks for that. Body may run several times.
func (s *Store) write(ctx context.Context, body func(pgx.Tx) error) error {
	return s.try(ctx, conflicted, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, body)
	})
}

// read runs a query and repeats it while the database is away.
func (s *Store) read(ctx context.Context, query func(context.Context) error) error {
	return s.again(ctx, query)
}

// again runs what may be repeated without harm.
func (s *Store) again(ctx context.Context, f func(context.Context) error) error {
	return s.try(ctx, func(err error) bool { return conflicted(err) || away(err) }, f)
}

const (
	firstPause = 20 * time.Millisecond
	lastPause  = time.Second
)

// try runs f until it succeeds, fails for good, or patience or the context ends.
func (s *Store) try(ctx context.Context, worthwhile func(error) bool, f func(context.Context) error) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	end := time.Now().Add(s.patience)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := f(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case s.closed.Load() && away(err):
			return store.ErrClosed
		case !worthwhile(err) || time.Now().Add(pause).After(end):
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(ctx.Err(), err)
		}
	}
}
