package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/store"
)

const (
	// maxBatch bounds the writes of one commit, so that none waits long for its neighbours.
	maxBatch = 512
	// queueLength bounds the writes that wait for the next commit before their callers do.
	queueLength = 2 * maxBatch
)

// A change applies one write inside the transaction of a batch. It touches nothing but t and its own results, which
// it sets anew each time: it may run twice. After an error nothing of it is stored.
type change func(t *transaction) error

// batcher is the only writer. While one commit is being synced to disk, later writes gather, and go together into
// the next.
type batcher struct {
	tx    *transaction
	queue chan *write
	riding

	commits atomic.Int64 // transactions begun
	copying *copying
	*early

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
	done   chan struct{} // closed when run has ended
}

type write struct {
	ctx       context.Context
	apply     change
	operation operation // that apply is; nil: it is none
	done      chan error
}

// startBatcher takes tx and e over.
func startBatcher(tx *transaction, e *early, copier *sql.DB) *batcher {
	b := &batcher{tx: tx, queue: make(chan *write, queueLength), done: make(chan struct{}), copying: newCopying(copier), early: e}
	e.toMake, e.outcome = make(chan []*write, 1), make(chan error, 1)
	go b.makeAll()
	go b.run()
	return b
}

// do applies c and returns once it is on stable storage. When ctx ends first the outcome is open.
func (b *batcher) do(ctx context.Context, c change) error {
	return b.await(&write{ctx: ctx, apply: c, done: make(chan error, 1)})
}

// operate is do for an operation.
func (b *batcher) operate(ctx context.Context, o operation) error {
	return b.await(&write{ctx: ctx, apply: o.apply, operation: o, done: make(chan error, 1)})
}

func (b *batcher) await(w *write) error {
	ctx := w.ctx
	if !b.ride(w) {
		if err := b.send(w); err != nil {
			return err
		}
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *batcher) send(w *write) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return store.ErrClosed
	}
	b.passed(time.Now())
	select {
	case b.queue <- w:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (b *batcher) close() error {
	b.riding.end()
	b.mu.Lock()
	b.closed = true
	close(b.queue)
	b.mu.Unlock()
	<-b.done
	return errors.Join(b.last, b.tx.close(), b.early.close())
}

func (b *batcher) run() {
	defer close(b.done)
	defer close(b.toMake)
	defer b.copying.wait()
	batch := make([]*write, 0, maxBatch)
	for {
		select {
		case w, ok := <-b.queue:
			if !ok {
				b.commitAll(b.join(batch[:0]))
				b.last = b.settle()
				return
			}
			b.commitAll(b.gather(append(b.join(batch[:0]), w)))
		case <-b.due():
			_ = b.catchUp() // what is in the redo log is lost by no failure; the next write tries again
		}
	}
}

// commitAll makes durable what is still wanted of a batch.
func (b *batcher) commitAll(batch []*write) {
	if kept := dropCancelled(batch); len(kept) > 0 && !b.answer(kept) {
		b.commitDurably(kept)
	}
	clear(batch)
}

// commitDurably commits a batch with a sync of SQLite's own log.
func (b *batcher) commitDurably(batch []*write) {
	err := b.catchUp()
	if err == nil {
		err = b.tx.syncAtCommit(true)
	}
	if err != nil {
		refuse(batch, err)
		return
	}
	defer b.want()()
	b.commit(batch)
	b.copying.written(b.tx, len(batch))
}

func refuse(batch []*write, err error) {
	for _, w := range batch {
		w.done <- fmt.Errorf("commit: %w", err)
	}
}

// gather takes what has queued up, without waiting for more.
func (b *batcher) gather(batch []*write) []*write {
	for len(batch) < maxBatch {
		select {
		case w, ok := <-b.queue:
			if !ok {
				return batch
			}
			batch = append(batch, w)
		default:
			return batch
		}
	}
	return batch
}

func dropCancelled(batch []*write) []*write {
	kept := batch[:0]
	for _, w := range batch {
		if err := w.ctx.Err(); err != nil {
			w.done <- err
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// commit applies batch in one transaction. Savepoints cost time, so they are used only when a write of the batch
// turned out to fail: then the others are applied again without it.
func (b *batcher) commit(batch []*write) {
	b.commits.Add(1)
	errs := make([]error, len(batch))
	err := b.tx.within(func() error { return b.applyAll(batch) })
	var failed *changeError
	if errors.As(err, &failed) {
		if len(batch) == 1 {
			batch[0].done <- failed.err
			return
		}
		clear(errs)
		err = b.tx.within(func() error { return b.applyEach(batch, errs) })
	}
	for i, w := range batch {
		if err != nil {
			w.done <- fmt.Errorf("commit: %w", err)
			continue
		}
		w.done <- errs[i]
	}
}

// changeError is the error of one change, as against one of the transaction around it.
type changeError struct{ err error }

func (e *changeError) Error() string { return e.err.Error() }

func (b *batcher) applyAll(batch []*write) error {
	for _, w := range batch {
		if err := w.apply(b.tx); err != nil {
			return &changeError{err}
		}
	}
	return nil
}

func (b *batcher) applyEach(batch []*write, errs []error) error {
	for i, w := range batch {
		if _, err := b.tx.exec("SAVEPOINT change"); err != nil {
			return err
		}
		if errs[i] = w.apply(b.tx); errs[i] != nil {
			if _, err := b.tx.exec("ROLLBACK TO change"); err != nil {
				return err
			}
		}
		if _, err := b.tx.exec("RELEASE change"); err != nil {
			return err
		}
	}
	return nil
}
