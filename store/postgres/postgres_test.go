package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/postgres"
	"github.com/limpid-5g/limpid/store/storetest"
)

// schemaOf gives every folder of a test a schema.
func schemaOf(dir string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir)) // never fails
	return fmt.Sprintf("t%016x", h.Sum64())
}

func open(ctx context.Context, dir string) (store.Store, error) {
	s := &server{dir: os.Getenv(shared)}
	if err := s.schema(ctx, schemaOf(dir)); err != nil {
		return nil, err
	}
	return postgres.Open(ctx, s.source(schemaOf(dir)), postgres.Options{})
}

func TestContract(t *testing.T) { storetest.Run(t, open) }

func TestCrash(t *testing.T) { storetest.Crash(t, open) }

func TestNewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), (&server{dir: os.Getenv(shared)}).source(schemaOf(dir)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), "UPDATE limpid_schema SET version = 9999"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t.Context(), dir); !errors.Is(err, store.ErrVersion) {
		t.Errorf("%v, want the newer schema refused", err)
	}
}

// TestGuaranteesComeToOlderDatabase: a database of before guaranteed bit rates were counted (version 6) keeps its sessions and counts.
func TestGuaranteesComeToOlderDatabase(t *testing.T) {
	dir := t.TempDir()
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.KeepSMs(t.Context(), []store.SMContext{storetest.SM(1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), (&server{dir: os.Getenv(shared)}).source(schemaOf(dir)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), "DROP TABLE guarantee, guarantee_turn"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "UPDATE limpid_schema SET version = 6"); err != nil {
		t.Fatal(err)
	}
	if s, err = open(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	g := store.Guarantee{SEID: storetest.SM(1).SEID, SUPI: storetest.SUPI(1), PDUSessionID: 5, Node: "a", Uplink: 1, Downlink: 2}
	if err := s.Guarantee(t.Context(), g, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetGuarantees(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if sums, err := s.GuaranteeSums(t.Context()); err != nil || len(sums) != 1 || sums[0].Downlink != 2 {
		t.Fatalf("%+v, %v", sums, err)
	}
}

// TestTogether: nodes that start on an empty database at the same time all get the schema.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	if err := (&server{dir: os.Getenv(shared)}).schema(t.Context(), schemaOf(dir)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := open(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestBareNetworkIsRefused: the keys of subscribers go over no network unencrypted, nor to whoever claims to be the database.
func TestBareNetworkIsRefused(t *testing.T) {
	for _, source := range []string{
		"postgres://limpid:secret@192.0.2.1/limpid?sslmode=disable",
		"postgres://limpid:secret@192.0.2.1/limpid?sslmode=prefer",
		"postgres://limpid:secret@192.0.2.1/limpid?sslmode=require",
		"host=/run/postgresql,192.0.2.1 user=limpid sslmode=allow",
	} {
		_, err := postgres.Open(t.Context(), source, postgres.Options{})
		if !errors.Is(err, store.ErrInvalid) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "verify-full") {
			t.Errorf("%v, want it refused, told what to change, and no password told", err)
		}
	}
	if _, err := postgres.Open(t.Context(), "postgres://limpid:secret@[", postgres.Options{}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v, want a bad source refused without the password", err)
	}
}

// mortal is a store over a database of the test's own, which it may let die.
func mortal(t *testing.T) (*server, *postgres.Store) {
	t.Helper()
	dir, err := os.MkdirTemp("", "limpid-postgres-") // t.TempDir's path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	db, err := newServer(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.kill() })
	s, err := postgres.Open(t.Context(), db.source("public"), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return db, s
}

// TestDatabaseDies: the database dies again and again under writers. What was acknowledged is there afterwards, and a
// write that meets the outage waits for its end.
func TestDatabaseDies(t *testing.T) {
	db, s := mortal(t)

	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	const writers = 16
	var kept [writers]atomic.Int64 // the last acknowledged write of each
	for w := range writers {
		wg.Go(func() {
			u := storetest.UE(w)
			for n := int64(1); ctx.Err() == nil; n++ {
				u.Record = fmt.Append(nil, n)
				errs, err := s.KeepUEs(ctx, []store.UEContext{u})
				if ctx.Err() != nil {
					return
				}
				if err = errors.Join(append(errs, err)...); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
				kept[w].Store(n)
			}
		})
	}
	for range 4 {
		time.Sleep(300 * time.Millisecond)
		if err := db.kill(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		if err := db.start(); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(300 * time.Millisecond)
	stop()
	wg.Wait()
	for w := range writers {
		u, err := s.UE(t.Context(), storetest.SUPI(w))
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		if _, err := fmt.Sscan(string(u.Record), &n); err != nil || n < kept[w].Load() {
			t.Errorf("writer %d: write %d is stored (%v), write %d was acknowledged", w, n, err, kept[w].Load())
		}
		if kept[w].Load() < 10 {
			t.Errorf("writer %d got %d writes through, so this test shows little", w, kept[w].Load())
		}
	}
}
