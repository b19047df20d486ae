package sqlite

import (
	"context"
	"database/sql"
	"sync"
)

// What is committed stands in the write-ahead log and has to be copied into the file at times, or the log grows without
// end. SQLite would do it inside a commit, and whoever waits for that commit waits for the sync of the whole file. So another
// connection copies beside the commits that go on; what these have added is little, and the writer copies it between two
// commits, which lets the log begin anew.

const (
	// copyAfter is how many writes start a copy.
	copyAfter = 2048
	// copyLog copies what is committed and nobody reads in an older form.
	copyLog = "PRAGMA wal_checkpoint(PASSIVE)"
	// mostFrames is a log, in pages, that SQLite does not let grow further whatever happens beside it.
	mostFrames = 32 << 10
)

// copying is the work of moving the log into the file. Its methods are the writer's.
type copying struct {
	db       *sql.DB
	pending  int           // writes since the last copy began
	finished chan struct{} // nil: none is under way
	running  sync.WaitGroup
}

func newCopying(db *sql.DB) *copying { return &copying{db: db} }

// written says that so many writes were committed.
func (c *copying) written(tx *transaction, n int) {
	c.pending += n
	if c.finished == nil {
		if c.pending >= copyAfter {
			c.begin()
		}
		return
	}
	select {
	case <-c.finished:
		c.finished = nil
		// A failure keeps the log, which loses nothing: the next copy tries again, and SQLite at mostFrames.
		_, _ = tx.conn.ExecContext(context.Background(), copyLog)
	default:
	}
}

func (c *copying) begin() {
	finished := make(chan struct{})
	c.pending, c.finished = 0, finished
	c.running.Go(func() {
		defer close(finished)
		_, _ = c.db.ExecContext(context.Background(), copyLog) // as above
	})
}

// wait returns when no copy is under way.
func (c *copying) wait() { c.running.Wait() }
