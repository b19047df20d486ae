package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/storetest"
)

func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "limpid.db"), Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// setPages runs a query on the writer's connection about how many pages the file may have.
func setPages(t *testing.T, s *Store, query string) {
	t.Helper()
	if err := s.batch.do(t.Context(), func(tx *transaction) error {
		var got int64
		return tx.scan(query, nil, &got)
	}); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk: when the file cannot grow, no write is acknowledged and none is half stored; once it can, writes
// go on.
func TestFullDisk(t *testing.T) {
	s := opened(t)
	setPages(t, s, "PRAGMA max_page_count = 1") // SQLite takes it as the present size
	const writers, each = 8, 50
	errs := make([]error, writers)
	batchOf := func(w int) []store.Subscriber {
		subs := make([]store.Subscriber, each)
		for i := range subs {
			subs[i] = storetest.Subscriber(w*each + i)
		}
		return subs
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { errs[w] = s.AddSubscribers(t.Context(), batchOf(w)) })
	}
	wg.Wait()
	refused := 0
	for w, err := range errs {
		for i := range each {
			_, readErr := s.Subscriber(t.Context(), storetest.SUPI(w*each+i))
			if (err == nil) != (readErr == nil) {
				t.Fatalf("write says %v, reading it back says %v", err, readErr)
			}
		}
		if err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("no write was refused: the fault did not happen")
	}
	setPages(t, s, "PRAGMA max_page_count = 1000000")
	for w, err := range errs {
		if err == nil {
			continue
		}
		if err := s.AddSubscribers(t.Context(), batchOf(w)); err != nil {
			t.Fatalf("after the disk has room again: %v", err)
		}
	}
}

// TestCommitsAreShared: writes that wait together go to disk together.
func TestCommitsAreShared(t *testing.T) {
	s := opened(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.batch.do(t.Context(), func(*transaction) error { close(entered); <-release; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-entered // the first batch is being written; all others must gather behind it
	const waiting = 100
	for i := range waiting {
		w := &write{ctx: t.Context(), done: make(chan error, 1), apply: func(tx *transaction) error {
			_, err := insert(tx, new(storetest.Subscriber(i)), 1)
			return err
		}}
		if err := s.batch.send(w); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if err := <-w.done; err != nil {
				t.Error(err)
			}
		})
	}
	before := s.batch.commits.Load()
	close(release)
	wg.Wait()
	if commits := s.batch.commits.Load() - before; commits != 1 {
		t.Fatalf("%d commits for %d writes that waited together, want 1", commits, waiting)
	}
}

// TestCancelledWhileWaiting: a write whose caller gave up before its turn came is not made.
func TestCancelledWhileWaiting(t *testing.T) {
	s := opened(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.batch.do(t.Context(), func(*transaction) error { close(entered); <-release; return nil }); err != nil {
			t.Error(err)
		}
	})
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	wg.Go(func() {
		if err := s.AddSubscribers(ctx, []store.Subscriber{storetest.Subscriber(1)}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
	cancel()
	close(release)
	wg.Wait()
	if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(2)}); err != nil {
		t.Fatal(err)
	}
	subs, err := s.ListSubscribers(t.Context(), "", 10)
	if err != nil || len(subs) != 1 {
		t.Fatalf("%d subscribers, error %v, want the second alone", len(subs), err)
	}
}

// TestMigration: a step brings an older file forward with its data; a step that fails leaves it as it was.
func TestMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s, err := Open(t.Context(), path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	dsn, err := dataSource(path, defaultBusyTimeout)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(driverName, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	state := func() (version, columns int, supi string) {
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), `SELECT (SELECT user_version FROM pragma_user_version),
			(SELECT count(*) FROM pragma_table_info('subscriber')), (SELECT supi FROM subscriber)`).Scan(&version, &columns, &supi); err != nil {
			t.Fatal(err)
		}
		return version, columns, supi
	}
	version, columns, supi := state()
	bad := append(append([]string(nil), migrations...), "ALTER TABLE subscriber ADD COLUMN note TEXT", "no such statement")
	if err := prepareFile(t.Context(), conn, path, bad); err == nil {
		t.Fatal("a broken migration was accepted")
	}
	if v, c, _ := state(); v != version || c != columns {
		t.Fatalf("a broken migration left version %d with %d columns, want %d and %d", v, c, version, columns)
	}
	if err := prepareFile(t.Context(), conn, path, bad[:len(bad)-1]); err != nil {
		t.Fatal(err)
	}
	if v, c, who := state(); v != version+1 || c != columns+1 || who != supi {
		t.Fatalf("after migration: version %d, %d columns, subscriber %q", v, c, who)
	}
	if err := prepareFile(t.Context(), conn, path, migrations); !errors.Is(err, store.ErrVersion) {
		t.Fatalf("error %v, want ErrVersion", err)
	}
}

// TestDurability: the settings that make a commit durable are in force, TestCrash cannot tell as the kernel lives on.
func TestDurability(t *testing.T) {
	s := opened(t)
	if err := s.batch.do(t.Context(), func(tx *transaction) error {
		var synchronous int64
		var journal string
		if err := tx.scan("PRAGMA synchronous", nil, &synchronous); err != nil {
			return err
		}
		if err := tx.scan("PRAGMA journal_mode", nil, &journal); err != nil {
			return err
		}
		if synchronous != 2 || journal != "wal" {
			t.Errorf("synchronous %d, journal %q, want 2 (FULL) and wal", synchronous, journal)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestGivenUpUnderWay: who gives up while its write is under way gets nothing of what that still finds.
func TestGivenUpUnderWay(t *testing.T) {
	for name, ask := range map[string]func(ctx context.Context, s *Store) (nothing bool, err error){
		"moved": func(ctx context.Context, s *Store) (bool, error) {
			list, err := s.Moved(ctx, "node")
			return list == nil, err
		},
		"taken": func(ctx context.Context, s *Store) (bool, error) {
			u, err := s.TakeUE(ctx, &store.UEContext{SUPI: storetest.SUPI(1), Epoch: 1}, "node", 64, nil)
			return u.SUPI == "" && u.Record == nil, err
		},
		"life": func(ctx context.Context, s *Store) (bool, error) {
			life, err := s.BeginLife(ctx, "node", time.Unix(1000, 0))
			return life == store.Life{}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t)
			var wg sync.WaitGroup
			blocks := func(until func()) (entered chan struct{}) {
				entered = make(chan struct{})
				enter := sync.OnceFunc(func() { close(entered) }) // a batch in which one fails is applied again
				w := &write{ctx: t.Context(), done: make(chan error, 1), apply: func(*transaction) error { enter(); until(); return nil }}
				if err := s.batch.send(w); err != nil {
					t.Fatal(err)
				}
				return entered
			}
			release := make(chan struct{})
			<-blocks(func() { <-release })
			// The next batch, in which the write is too, goes on by itself: the race detector is to see no order.
			entered := blocks(func() { time.Sleep(20 * time.Millisecond) })
			ctx, cancel := context.WithCancel(t.Context())
			queued := len(s.batch.queue)
			wg.Go(func() {
				if nothing, err := ask(ctx, s); !nothing || !errors.Is(err, context.Canceled) {
					t.Errorf("nothing: %v, error %v", nothing, err)
				}
			})
			for len(s.batch.queue) == queued {
				time.Sleep(time.Millisecond)
			}
			close(release)
			<-entered
			cancel()
			wg.Wait()
		})
	}
}

// TestGuaranteesComeToOlderFile: a file of before guaranteed bit rates were counted (version 7) keeps its sessions and counts.
func TestGuaranteesComeToOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s, err := Open(t.Context(), path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.KeepSMs(t.Context(), []store.SMContext{storetest.SM(1)}); err != nil {
		t.Fatal(err)
	}
	err = s.batch.do(t.Context(), func(t *transaction) error {
		_, err := t.exec("DROP TABLE guarantee")
		_, younger := t.exec("DROP TABLE redo")
		_, version := t.exec("PRAGMA user_version = 7")
		return errors.Join(err, younger, version)
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), path, Options{}); err != nil {
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
