package sqlite

import (
	"errors"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/storetest"
)

// untilEnded are transactions that go on until somebody ends them, and a small log.
var untilEnded = earlyOptions{atMost: time.Hour, size: 64 << 10}

// openedEarly opens a store with a redo log.
func openedEarly(t *testing.T, path string, how earlyOptions) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{Create: true, Redo: true, early: how})
	if err != nil {
		t.Fatal(err)
	}
	if !s.batch.owner {
		t.Fatal("no redo log")
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// copied copies the files of a store as they are, and without SQLite's log when all of it that was not synced is to be lost.
func copied(t *testing.T, path string, withLog bool) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	for _, suffix := range []string{"", "-wal", redoSuffix} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, fs.ErrNotExist) || suffix == "-wal" && !withLog {
			continue
		}
		if err == nil {
			err = os.WriteFile(to+suffix, b, fileMode)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// contexts is all that a store has of UEs and sessions.
type contexts struct {
	ues map[ident.SUPI]store.UEContext
	sms map[ident.SUPI]store.SMContext
}

func contextsOf(t *testing.T, s *Store) contexts {
	t.Helper()
	c := contexts{make(map[ident.SUPI]store.UEContext), make(map[ident.SUPI]store.SMContext)}
	for u, err := range s.UEs(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		c.ues[u.SUPI] = u
	}
	for n, err := range s.SMs(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		c.sms[n.SUPI] = n
	}
	return c
}

func (c contexts) equal(d contexts) bool {
	return maps.EqualFunc(c.ues, d.ues, func(a, b store.UEContext) bool { return reflect.DeepEqual(a, b) }) &&
		maps.EqualFunc(c.sms, d.sms, func(a, b store.SMContext) bool { return reflect.DeepEqual(a, b) })
}

// has opens a copy of a store's files, as a process after a crash does.
func has(t *testing.T, path string, withLog bool, want contexts) {
	t.Helper()
	s, err := Open(t.Context(), copied(t, path, withLog), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if got := contextsOf(t, s); !got.equal(want) {
		t.Fatalf("after a crash %d UEs and %d sessions, want %d and %d:\n%v\n%v", len(got.ues), len(got.sms), len(want.ues), len(want.sms), got, want)
	}
}

// play makes random writes of a few UEs, some of which are refused, and notes what is stored.
func (c contexts) play(t *testing.T, s *Store, r *rand.Rand, writes int) {
	t.Helper()
	const few = 12
	for range writes {
		i := r.IntN(few)
		supi := storetest.SUPI(i)
		switch r.IntN(5) {
		case 0, 1:
			list := make([]store.UEContext, 1+r.IntN(3))
			for j := range list {
				u := storetest.UE((i + j) % few)
				u.TMSI, u.OldTMSI = 1+uint32(r.IntN(2*few)), 0
				u.Epoch, u.Record = uint64(1+r.IntN(2)), []byte{byte(r.Uint32())}
				if old, ok := c.ues[u.SUPI]; ok && r.IntN(2) == 0 {
					u.Known, u.Epoch, u.TMSI = true, old.Epoch, old.TMSI
				}
				list[j] = u
			}
			errs, err := s.KeepUEs(t.Context(), list)
			if err != nil {
				t.Fatal(err)
			}
			for j, u := range list {
				if errs[j] == nil {
					u.Known = false
					c.ues[u.SUPI] = u
				}
			}
		case 2:
			err := s.RemoveUE(t.Context(), supi, storetest.UE(i).Node, uint64(1+r.IntN(2)))
			if err == nil {
				delete(c.ues, supi)
			} else if !errors.Is(err, store.ErrNotOwner) {
				t.Fatal(err)
			}
		case 3:
			n := storetest.SM(i)
			n.IPv4, n.IPv6 = netip.AddrFrom4([4]byte{10, 0, 0, byte(1 + r.IntN(few))}), netip.Prefix{}
			n.SEID, n.Record = uint64(1+r.IntN(3)), []byte{byte(r.Uint32())}
			errs, err := s.KeepSMs(t.Context(), []store.SMContext{n})
			if err != nil {
				t.Fatal(err)
			}
			if errs[0] == nil {
				c.sms[supi] = n
			}
		case 4:
			if err := s.RemoveSM(t.Context(), supi, storetest.SM(i).PDUSessionID, uint64(1+r.IntN(3))); err != nil {
				t.Fatal(err)
			}
			if n, ok := c.sms[supi]; ok {
				now, err := s.SMsOf(t.Context(), supi)
				if err != nil {
					t.Fatal(err)
				}
				if len(now) == 0 {
					delete(c.sms, n.SUPI)
				}
			}
		}
	}
}

// TestAnsweredIsDurable: whatever was answered is there after a crash in any moment, with SQLite's log as it is or lost from the last sync on.
func TestAnsweredIsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, earlyOptions{atMost: time.Hour, size: 4 << 20}) // which is not filled
	r := rand.New(rand.NewPCG(1, uint64(time.Now().UnixNano())))
	c := contextsOf(t, s)
	for round := range 30 {
		c.play(t, s, r, 1+r.IntN(20))
		has(t, path, true, c)
		if round%5 == 4 {
			// All that is committed goes to the file, which the log's loss then takes nothing from but what comes after.
			if err := s.write(t.Context(), func(*transaction) error { return nil }); err != nil {
				t.Fatal(err)
			}
			var busy, log, moved int
			if err := s.copier.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil || busy != 0 {
				t.Fatal(busy, log, moved, err)
			}
			c.play(t, s, r, 1+r.IntN(20))
			has(t, path, false, c)
		}
		if got := contextsOf(t, s); !got.equal(c) {
			t.Fatalf("round %d: %v, want %v", round, got, c)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	has(t, path, true, c)
	if err := os.Remove(path + redoSuffix); err != nil { // what was closed needs none
		t.Fatal(err)
	}
	has(t, path, true, c)
}

// TestRedoLogFull: the log begins anew when it is full, and what does not fit at all is committed.
func TestRedoLogFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	c := contextsOf(t, s)
	rounds := 0
	for i := range 200 {
		u := storetest.UE(i % 20)
		u.Record = make([]byte, 100+(i*i)%9000)
		u.Record[0] = byte(i)
		if i%30 == 7 {
			u.Record = make([]byte, untilEnded.size)
		}
		if errs, err := s.KeepUEs(t.Context(), []store.UEContext{u}); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
		c.ues[u.SUPI] = u
		if i%10 == 0 {
			has(t, path, true, c)
		}
	}
	if err := s.batch.do(t.Context(), func(tx *transaction) error {
		var round int64
		err := tx.scan("SELECT round FROM redo", nil, &round)
		rounds = int(round)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if rounds < 5 {
		t.Errorf("the log began anew %d times", rounds)
	}
	has(t, path, true, c)
}

// TestFullDiskWithRedoLog: what was answered before the file could not grow any more is kept, through a crash and without one; what comes is refused; and
// writes go on once there is room.
func TestFullDiskWithRedoLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, earlyOptions{})
	c := contextsOf(t, s)
	setPages(t, s, "PRAGMA max_page_count = 60")
	refused := 0
	for i := range 400 {
		u := storetest.UE(i)
		u.Record = make([]byte, 900)
		switch errs, err := s.KeepUEs(t.Context(), []store.UEContext{u}); {
		case err != nil:
			refused++
		case errs[0] != nil:
			t.Fatal(errs[0])
		default:
			c.ues[u.SUPI] = u
		}
		if i%50 == 49 {
			has(t, path, true, c)
		}
	}
	if refused == 0 || len(c.ues) == 0 {
		t.Fatalf("%d refused, %d answered", refused, len(c.ues))
	}
	if got := contextsOf(t, s); !got.equal(c) {
		t.Fatalf("%d UEs, want %d", len(got.ues), len(c.ues))
	}
	setPages(t, s, "PRAGMA max_page_count = 1000000")
	for i := 400; i < 410; i++ {
		if errs, err := s.KeepUEs(t.Context(), []store.UEContext{storetest.UE(i)}); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
		c.ues[storetest.SUPI(i)] = storetest.UE(i)
	}
	has(t, path, true, c)
}

// TestTransactionLost: what was answered in a transaction that cannot be committed is made again.
func TestTransactionLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	r := rand.New(rand.NewPCG(2, uint64(time.Now().UnixNano())))
	c := contextsOf(t, s)
	for range 10 {
		c.play(t, s, r, 10)
		// Behind the back of all: SQLite has rolled back, as it does where a disk fails.
		back := &rollBack{}
		if err := s.operate(t.Context(), back); err == nil && back.times < 2 {
			t.Fatal("the transaction was not lost")
		}
		has(t, path, true, c)
		if got := contextsOf(t, s); !got.equal(c) {
			t.Fatalf("%v, want %v", got, c)
		}
	}
}

// rollBack is an operation at which, the first time, the transaction is lost.
type rollBack struct {
	removeSM
	times int
}

func (o *rollBack) apply(t *transaction) error {
	if o.times++; o.times > 1 {
		return nil
	}
	_, err := t.exec("ROLLBACK")
	return errors.Join(errors.New("the disk fails"), err)
}

// TestRedoLogFails: where the log cannot be written all is committed as if there was none.
func TestRedoLogFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	r := rand.New(rand.NewPCG(3, uint64(time.Now().UnixNano())))
	c := contextsOf(t, s)
	c.play(t, s, r, 20)
	if err := s.batch.log.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		c.play(t, s, r, 5)
		has(t, path, true, c)
	}
	if got := contextsOf(t, s); !got.equal(c) {
		t.Fatalf("%v, want %v", got, c)
	}
}

// TestRedoLogDamaged: a store whose redo log is not whole is refused with the name of that file.
func TestRedoLogDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	for i := range 3 {
		if _, err := s.KeepUEs(t.Context(), []store.UEContext{storetest.UE(i)}); err != nil {
			t.Fatal(err)
		}
	}
	to := copied(t, path, true)
	log, err := os.ReadFile(to + redoSuffix)
	if err != nil {
		t.Fatal(err)
	}
	log[4096+100] ^= 1
	if err := os.WriteFile(to+redoSuffix, log, fileMode); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), to, Options{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("error %v, want ErrDamaged", err)
		if err == nil {
			_ = s.Close()
		}
	} else {
		t.Log(err)
	}
	if err := os.Chmod(to+redoSuffix, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), to, Options{}); !errors.Is(err, store.ErrPermissions) {
		t.Errorf("error %v, want ErrPermissions", err)
	}
}

// TestWantedByOther: another process that writes again and again waits for no transaction that goes on for longer than openAtMost.
func TestWantedByOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, earlyOptions{})
	stop := make(chan struct{})
	ended := make(chan error)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				ended <- nil
				return
			default:
			}
			if _, err := s.KeepUEs(t.Context(), []store.UEContext{storetest.UE(i)}); err != nil {
				ended <- err
				return
			}
		}
	}()
	opened := time.Now()
	other, err := Open(t.Context(), path, Options{BusyTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	t.Logf("opened after %v", time.Since(opened))
	var took []time.Duration
	for i := range 20 {
		begun := time.Now()
		if err := other.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(i)}); err != nil {
			t.Fatal(err)
		}
		took = append(took, time.Since(begun))
	}
	close(stop)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	slices.Sort(took)
	t.Logf("another process's writes: median %v, slowest %v", took[len(took)/2], took[len(took)-1])
}

// TestWantedIsCommitted: while another handle wants to write no transaction goes on, and afterwards one does again.
func TestWantedIsCommitted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	keep := func(i int, goesOn bool) {
		t.Helper()
		if errs, err := s.KeepUEs(t.Context(), []store.UEContext{storetest.UE(i)}); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
		if got := s.batch.unseen.Load(); got != goesOn {
			t.Errorf("after write %d a transaction goes on: %v", i, got)
		}
	}
	keep(0, true)
	other := &early{file: path + redoSuffix}
	defer func() { _ = other.close() }()
	end := other.want()
	keep(1, false)
	end()
	keep(2, true)
}

// TestRuleBrokenInRedoLog: a process is killed when an operation that breaks a rule of the tables is in the log, and nothing more is known of it. It does not keep the store
// from being opened.
func TestRuleBrokenInRedoLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	bad := storetest.UE(0)
	bad.TMSI = 0
	operations := []operation{&keepUEs{list: []store.UEContext{bad}}, &keepUEs{list: []store.UEContext{storetest.UE(1)}}}
	if err := s.batch.log.Append(s.batch.log.Entry(func(w *record.Writer) {
		for _, o := range operations {
			o.write(w)
		}
	})); err != nil {
		t.Fatal(err)
	}
	has(t, path, true, contexts{ues: map[ident.SUPI]store.UEContext{storetest.SUPI(1): storetest.UE(1)}})
	if _, err := s.KeepUEs(t.Context(), []store.UEContext{bad}); err == nil {
		t.Error("the rule was not broken")
	}
}

// TestTakenUpIsSynced: a process that goes on with the redo log of a killed one has SQLite's log synced before it writes over what stands there. The machine may lose power
// after it.
func TestTakenUpIsSynced(t *testing.T) {
	size := func(path string) int64 {
		t.Helper()
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	keep := func(s *Store, c contexts, i int) {
		t.Helper()
		if errs, err := s.KeepUEs(t.Context(), []store.UEContext{storetest.UE(i)}); err != nil || errs[0] != nil {
			t.Fatal(err, errs)
		}
		c.ues[storetest.SUPI(i)] = storetest.UE(i)
	}
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, untilEnded)
	synced := size(path)
	c := contextsOf(t, s)
	for i := range 3 {
		keep(s, c, i)
	}
	c = contextsOf(t, s) // commits, without a sync
	killed := copied(t, path, true)
	committed := size(killed)
	if committed <= synced {
		t.Fatal("nothing was committed")
	}
	next := openedEarly(t, killed, untilEnded)
	if now := size(killed); now > committed {
		synced = now
	}
	keep(next, c, 3)
	after := copied(t, killed, true)
	if err := os.Truncate(after+"-wal", synced); err != nil {
		t.Fatal(err)
	}
	has(t, after, true, c)
}

// TestSpiltTransaction: a transaction of which pages were written before its end, and again at it, is whole for other connections although nothing syncs it.
func TestSpiltTransaction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "limpid.db")
	s := openedEarly(t, path, earlyOptions{atMost: time.Hour, size: 128 << 20})
	c := contextsOf(t, s)
	for round := range 2 {
		for i := range 40 {
			u := storetest.UE(i)
			u.Record = make([]byte, 1<<20)
			u.Record[0] = byte(round)
			if errs, err := s.KeepUEs(t.Context(), []store.UEContext{u}); err != nil || errs[0] != nil {
				t.Fatal(err, errs)
			}
			c.ues[u.SUPI] = u
		}
	}
	if got := contextsOf(t, s); !got.equal(c) {
		t.Fatalf("%d UEs, want %d", len(got.ues), len(c.ues))
	}
	other, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if got := contextsOf(t, other); !got.equal(c) {
		t.Fatalf("another handle sees %d UEs, want %d", len(got.ues), len(c.ues))
	}
}
