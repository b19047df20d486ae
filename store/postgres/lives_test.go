package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/postgres"
	"github.com/limpid-5g/limpid/store/storetest"
)

// TestLifeEnds: TS 23.007 §25: what a process that was killed had still under way is there for the next life of its node, or comes to
// nothing.
func TestLifeEnds(t *testing.T) {
	db, s := mortal(t)
	ctx := t.Context()
	begin := func(s store.Store) {
		if _, err := s.BeginLife(ctx, "a", time.Now()); err != nil {
			t.Error(err)
		}
	}
	begin(s)
	if errs, err := s.KeepUEs(ctx, []store.UEContext{storetest.UE(1)}); err != nil || errs[0] != nil {
		t.Fatal(errs, err)
	}
	next, err := postgres.Open(ctx, db.source("public"), postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	c, err := pgx.Connect(ctx, db.source("public"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background()) // before the stores, which wait for it
	tx, err := c.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "SELECT 1 FROM ue_context WHERE supi = $1 FOR UPDATE", string(storetest.SUPI(1))); err != nil {
		t.Fatal(err)
	}
	n := storetest.SM(1)
	n.WithUE = true
	kept, begun := make(chan error, 1), make(chan struct{})
	go func() {
		errs, err := s.KeepSMs(ctx, []store.SMContext{n})
		kept <- errors.Join(append(errs, err)...)
	}()
	wait(t, c, 1)
	go func() {
		begin(next)
		close(begun)
	}()
	wait(t, c, 2)
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	<-begun
	found := 0
	for _, err := range next.SMs(ctx, "a") {
		if err != nil {
			t.Fatal(err)
		}
		found++
	}
	if err := <-kept; err != nil || found != 1 {
		t.Errorf("the next life finds %d sessions, %v", found, err)
	}

	errs, err := s.KeepSMs(ctx, []store.SMContext{storetest.SM(2)})
	if err != nil || !errors.Is(errs[0], store.ErrNotOwner) {
		t.Errorf("session of a life that has ended: %v, %v", errs, err)
	}
	for i := 1; i < 3; i++ {
		if errs, err := s.KeepUEs(ctx, []store.UEContext{storetest.UE(i)}); err != nil || !errors.Is(errs[0], store.ErrNotOwner) {
			t.Errorf("UE of a life that has ended: %v, %v", errs, err)
		}
	}
	if _, err := s.TakeUE(ctx, &store.UEContext{SUPI: storetest.SUPI(1), Epoch: 1}, "a", 64, nil); !errors.Is(err, store.ErrNotOwner) {
		t.Errorf("taken by a life that has ended: %v", err)
	}
	if errs, err := next.KeepUEs(ctx, []store.UEContext{storetest.UE(1)}); err != nil || errs[0] != nil {
		t.Error(errs, err)
	}
}

// wait returns once so many statements wait for a lock.
func wait(t *testing.T, c *pgx.Conn, want int) {
	t.Helper()
	n := 0
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		const waiting = "SELECT count(*) FROM pg_stat_activity, pg_stat_clear_snapshot() WHERE wait_event_type = 'Lock'"
		if err := c.QueryRow(t.Context(), waiting).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == want {
			return
		}
	}
	t.Fatalf("%d statements wait, want %d", n, want)
}
