package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
	"github.com/limpid-5g/limpid/store/redo"
)

// A registration waits for its write, and most of what that takes is SQLite's commit: pages are written where a few hundred octets
// are to be kept. So operations are written to a redo log, which is synced while SQLite makes them, and answered; the transaction goes on
// and is committed for many of them together, without a sync. After a crash the entries that no commit has are made again. Whoever reads what was
// answered has it committed first; whoever else wants to write says so, and then all is committed as it comes.

const (
	// openAtMost is how long a transaction goes on, and writesOfOne how many writes it takes.
	openAtMost  = 100 * time.Millisecond
	writesOfOne = maxBatch
	// way is how long the lock is left to another handle that wants it before each batch.
	way = time.Millisecond
	// redoSize is how many octets of entries come between two syncs of SQLite's log.
	redoSize = 1 << 20
)

const (
	redoOfSQL    = `SELECT identity, applied FROM redo`
	setRedoneSQL = `UPDATE redo SET applied = ?`
	// newRoundSQL changes something in any case: SQLite writes and syncs nothing for a row that stays the same.
	newRoundSQL = `UPDATE redo SET applied = ?, round = round + 1`
)

// earlyOptions are openAtMost and redoSize, but for tests.
type earlyOptions struct {
	atMost time.Duration
	size   int64
}

// early answers operations before SQLite commits them. Its methods are the writer's, but for unseen.
type early struct {
	earlyOptions
	file  string // of the redo log
	owner bool   // this handle appends to it

	mu  sync.Mutex
	log *redo.Log // nil: there is none, so far

	timer    *time.Timer
	begun    time.Time
	open     bool        // a transaction goes on
	made     int         // in it
	answered [][]byte    // the entries that are answered and not committed
	lost     bool        // the transaction is, and answered is to be made again
	unseen   atomic.Bool // others do not see all that was answered
	last     error       // how the last commit went

	toMake  chan []*write // for makeAll, which answers by outcome
	outcome chan error
}

// openRedo opens the redo log beside a store, and makes again what it has and the store has not. Own says that this handle is to be
// the one that appends to it; where another is, or there is no room for one, it commits like all others.
func (e *early) openRedo(t *transaction, own bool) error {
	if e.log == nil {
		log, err := redo.Open(e.file, false)
		if errors.Is(err, fs.ErrNotExist) {
			if !own {
				return nil
			}
			if log, err = redo.Open(e.file, true); err != nil {
				return nil // nothing is lost with one that never was
			}
		}
		if err != nil {
			return err
		}
		e.log = log
	}
	if err := checkMode(e.file); err != nil {
		return err
	}
	end, err := e.log.Opening()
	if err != nil {
		return err
	}
	return errors.Join(e.takeUp(t, own), end())
}

// takeUp is openRedo while no other handle is in it.
func (e *early) takeUp(t *transaction, own bool) error {
	free, err := e.log.Own()
	if err != nil || !free {
		return err
	}
	identity, applied, err := t.redoAgain(e.log)
	if err == nil && own {
		// The log is written over from its beginning: what the store has of it was perhaps never synced.
		err = t.newRound(applied)
		e.owner = err == nil && e.log.Begin(identity, applied, e.size) == nil
	}
	if e.owner {
		return nil
	}
	return errors.Join(err, e.log.Disown())
}

// redoAgain makes the entries of a log that the store has not.
func (t *transaction) redoAgain(log *redo.Log) (identity []byte, applied uint64, err error) {
	err = t.use(func() error {
		var n int64
		if err := t.scan(redoOfSQL, nil, &identity, &n); err != nil {
			return err
		}
		applied = uint64(n)
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	entries, err := log.Read(identity, applied)
	if errors.Is(err, redo.ErrDamaged) {
		err = fmt.Errorf("%w: %w; restore the store from a backup", store.ErrDamaged, err)
	}
	if err != nil || len(entries) == 0 {
		return identity, applied, err
	}
	applied += uint64(len(entries))
	return identity, applied, t.within(func() error { return t.allRedone(entries, applied) })
}

// allRedone makes entries. Once it is committed the log may begin anew behind the one with the number last.
func (t *transaction) allRedone(entries [][]byte, last uint64) error {
	for _, entry := range entries {
		if err := t.redone(entry); err != nil {
			return err
		}
	}
	_, err := t.exec(newRoundSQL, int64(last))
	return err
}

// newRound has SQLite's log synced with the entries up to the one with the number last.
func (t *transaction) newRound(last uint64) error {
	return t.within(func() error { return t.allRedone(nil, last) })
}

// want says, where another handle may have a transaction open, that this one wants to write, until what it returns is called.
func (e *early) want() (end func()) {
	none := func() {}
	if e.owner || e.guard() == nil {
		return none
	}
	unlock, err := e.log.Want()
	if err != nil {
		return none // it takes longer
	}
	return func() { _ = unlock() }
}

// guard is the redo log of a handle that does not append; nil: there is none yet.
func (e *early) guard() *redo.Log {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.log == nil {
		if log, err := redo.Open(e.file, false); err == nil {
			e.log = log
		}
	}
	return e.log
}

func (e *early) close() error {
	if e.log == nil {
		return nil
	}
	return e.log.Close()
}

// due is when the transaction that goes on is to be committed.
func (e *early) due() <-chan time.Time {
	if !e.open {
		return nil
	}
	return e.timer.C
}

// answer makes a batch of operations durable in the redo log and answers them; false: it is to be committed at once.
func (b *batcher) answer(batch []*write) bool {
	if !b.owner {
		return false
	}
	for _, w := range batch {
		if w.operation == nil {
			return false
		}
	}
	switch wanted, err := b.log.Wanted(); {
	case err != nil:
		return false
	case wanted:
		if b.catchUp() == nil {
			time.Sleep(way) // whoever waits for SQLite's lock looks for it only now and then
		}
		return false
	}
	entry := b.log.Entry(func(r *record.Writer) {
		for _, w := range batch {
			w.operation.write(r)
		}
	})
	if !b.log.Fits(entry) && (b.settle() != nil || !b.log.Fits(entry)) || b.begin() != nil {
		return false
	}
	if err := b.makeAndLog(batch, entry); err != nil {
		b.lose()
		return false
	}
	b.answered = append(b.answered, entry)
	b.unseen.Store(true)
	for _, w := range batch {
		w.done <- nil
	}
	if b.made += len(batch); b.made >= writesOfOne || time.Since(b.begun) >= b.atMost {
		_ = b.catchUp() // as in run
	}
	return true
}

// makeAndLog applies a batch while its entry is synced. The sync begins at once, and while it blocks its thread another applies.
func (b *batcher) makeAndLog(batch []*write, entry []byte) error {
	b.toMake <- batch
	err := b.log.Append(entry)
	return errors.Join(<-b.outcome, err)
}

// makeAll applies the batches of makeAndLog, on one goroutine: SQLite needs much stack, which a new one would have to get each time.
func (b *batcher) makeAll() {
	for batch := range b.toMake {
		b.outcome <- b.tx.use(func() error { return b.applyAll(batch) })
	}
}

// begin has a transaction go on.
func (b *batcher) begin() error {
	if b.lost {
		if err := b.catchUp(); err != nil {
			return err
		}
	}
	if b.open {
		return nil
	}
	if err := b.tx.syncAtCommit(false); err != nil {
		return err
	}
	if err := b.tx.use(func() error { _, err := b.tx.exec("BEGIN IMMEDIATE"); return err }); err != nil {
		return err
	}
	b.commits.Add(1)
	b.open, b.begun, b.made = true, time.Now(), 0
	if b.timer == nil {
		b.timer = time.NewTimer(b.atMost)
	} else {
		b.timer.Reset(b.atMost)
	}
	return nil
}

// lose gives up the transaction that goes on. What was answered is in the redo log.
func (b *batcher) lose() {
	// SQLite may have rolled back by itself already.
	_ = b.tx.use(func() error { _, err := b.tx.exec("ROLLBACK"); return err })
	b.open, b.lost = false, true
}

// catchUp commits what was answered.
func (b *batcher) catchUp() error {
	if b.open {
		err := b.tx.use(func() error {
			if _, err := b.tx.exec(setRedoneSQL, int64(b.log.Last())); err != nil {
				return err
			}
			_, err := b.tx.exec("COMMIT")
			return err
		})
		if err != nil {
			b.lose()
		} else {
			b.open = false
			b.committed()
			b.copying.written(b.tx, b.made)
		}
	}
	if !b.lost {
		return nil
	}
	if err := b.tx.syncAtCommit(true); err != nil {
		return err
	}
	// With the number of the last entry those that failed are passed over.
	if err := b.tx.within(func() error { return b.tx.allRedone(b.answered, b.log.Last()) }); err != nil {
		return err
	}
	b.log.Rewind()
	b.lost = false
	b.committed()
	return nil
}

func (b *batcher) committed() {
	clear(b.answered)
	b.answered = b.answered[:0]
	b.unseen.Store(false)
}

// settle has SQLite's own log synced with all that was answered, so that the redo log can begin anew.
func (b *batcher) settle() error {
	if err := b.catchUp(); err != nil || !b.owner || b.log.IsEmpty() {
		return err
	}
	if err := b.tx.syncAtCommit(true); err != nil {
		return err
	}
	if err := b.tx.newRound(b.log.Last()); err != nil {
		return err
	}
	b.log.Rewind()
	return nil
}

// seeAnswered returns once every reader sees what was answered before, by this handle or another.
func (s *Store) seeAnswered(ctx context.Context) error {
	b := s.batch
	if b.owner {
		if !b.unseen.Load() {
			return nil
		}
	} else if log := b.guard(); log == nil {
		return nil
	} else if others, err := log.HasOwner(); err == nil && !others {
		return nil
	}
	return s.write(ctx, func(*transaction) error { return nil })
}
