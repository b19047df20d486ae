package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/limpid-5g/limpid/store"
)

const (
	// maxBatch bounds the rows of one statement, so that none waits long for its neighbours.
	maxBatch = 512
	// writers is how many statements of a group are under way at the same time; the database shares their commits too.
	writers = 3
	// queueLength bounds the calls that wait for the next statement before their callers do.
	queueLength = 1024
)

// group gathers writes of one kind that come while others are under way, and stores them with one statement.
type group[T any] struct {
	again func(context.Context, func(context.Context) error) error
	key   func(T) string // no two rows of a statement have the same
	store func(ctx context.Context, rows []T) ([]error, error)
	queue chan *call[T]

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
	ended  sync.WaitGroup

	turn chan struct{} // holds one while a writer takes calls
	last latest
}

// latest is the last batch of each key that has not ended.
type latest struct {
	mu sync.Mutex
	of map[string]chan struct{}
}

// batch is what a writer stores next. A caller whose context ends does not end what is under way: what it says after that must
// not come before it, so that a batch waits for those before it that have a key of it.
type batch[T any] struct {
	calls []*call[T]
	keys  []string
	after []chan struct{}
	ended chan struct{}
}

// call is one caller's rows.
type call[T any] struct {
	ctx  context.Context
	rows []T
	errs []error
	done chan error
}

// newGroup starts a group of so many writers. Store is repeated by again while the database is away.
func newGroup[T any](writers int, again func(context.Context, func(context.Context) error) error, key func(T) string,
	store func(context.Context, []T) ([]error, error)) *group[T] {
	g := &group[T]{again: again, key: key, store: store, queue: make(chan *call[T], queueLength),
		turn: make(chan struct{}, 1), last: latest{of: make(map[string]chan struct{})}}
	for range writers {
		g.ended.Go(g.run)
	}
	return g
}

// do stores rows and returns once they are durable: an error for each row, or one that says that all are open.
func (g *group[T]) do(ctx context.Context, rows []T) ([]error, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &call[T]{ctx: ctx, rows: rows, errs: make([]error, len(rows)), done: make(chan error, 1)}
	if err := g.send(c); err != nil {
		return nil, err
	}
	select {
	case err := <-c.done:
		if err != nil {
			return nil, err
		}
		return c.errs, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *group[T]) send(c *call[T]) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return store.ErrClosed
	}
	select {
	case g.queue <- c:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// close waits for the writes that have begun.
func (g *group[T]) close() {
	g.mu.Lock()
	g.closed = true
	close(g.queue)
	g.mu.Unlock()
	g.ended.Wait()
}

func (g *group[T]) run() {
	for b := g.next(); b != nil; b = g.next() {
		for _, earlier := range b.after {
			<-earlier
		}
		g.commit(b.calls)
		g.last.end(b.keys, b.ended)
	}
}

// next waits for calls. There are none any more when it is nil.
func (g *group[T]) next() *batch[T] {
	g.turn <- struct{}{}
	defer func() { <-g.turn }()
	c, ok := <-g.queue
	if !ok {
		return nil
	}
	b := &batch[T]{calls: g.gather(c), ended: make(chan struct{})}
	for _, c := range b.calls {
		for _, row := range c.rows {
			b.keys = append(b.keys, g.key(row))
		}
	}
	b.after = g.last.begin(b.keys, b.ended)
	return b
}

// begin puts a batch behind those that have keys of it.
func (l *latest) begin(keys []string, ended chan struct{}) (after []chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if earlier, ok := l.of[k]; ok && earlier != ended && !slices.Contains(after, earlier) {
			after = append(after, earlier)
		}
		l.of[k] = ended
	}
	return after
}

func (l *latest) end(keys []string, ended chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if l.of[k] == ended {
			delete(l.of, k)
		}
	}
	close(ended)
}

// gather adds to c what has queued up, without waiting for more.
func (g *group[T]) gather(c *call[T]) []*call[T] {
	calls, rows := []*call[T]{c}, len(c.rows)
	for rows < maxBatch {
		select {
		case c, ok := <-g.queue:
			if !ok {
				return calls
			}
			calls, rows = append(calls, c), rows+len(c.rows)
		default:
			return calls
		}
	}
	return calls
}

// place is where a row of a statement came from.
type place[T any] struct {
	call *call[T]
	row  int
}

// commit stores the rows of calls, those of one key one after the other.
func (g *group[T]) commit(calls []*call[T]) {
	calls = slices.DeleteFunc(calls, func(c *call[T]) bool {
		err := c.ctx.Err()
		if err != nil {
			c.done <- err
		}
		return err != nil
	})
	var waiting []place[T]
	for _, c := range calls {
		for i := range c.rows {
			waiting = append(waiting, place[T]{c, i})
		}
	}
	failed := make(map[*call[T]]error)
	for len(waiting) > 0 {
		var now []place[T]
		now, waiting = g.round(waiting)
		if err := g.statement(now); err != nil {
			for _, p := range now {
				failed[p.call] = err
			}
		}
	}
	for _, c := range calls {
		c.done <- failed[c]
	}
}

// round takes the first row of each key, as many as one statement may have, in the order of their keys, so that two
// statements never wait for each other's rows.
func (g *group[T]) round(waiting []place[T]) (now, later []place[T]) {
	taken := make(map[string]bool, len(waiting))
	for _, p := range waiting {
		k := g.key(p.call.rows[p.row])
		if taken[k] || len(now) == maxBatch {
			taken[k] = true // what comes after it of the same key stays behind it
			later = append(later, p)
			continue
		}
		taken[k] = true
		now = append(now, p)
	}
	slices.SortFunc(now, func(a, b place[T]) int {
		x, y := g.key(a.call.rows[a.row]), g.key(b.call.rows[b.row])
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return now, later
}

// statement stores rows of which no two have the same key. Those that wait for it are many, so that it ends with
// patience and not with the context of one.
func (g *group[T]) statement(places []place[T]) error {
	rows := make([]T, len(places))
	for i, p := range places {
		rows[i] = p.call.rows[p.row]
	}
	var errs []error
	err := g.again(context.Background(), func(ctx context.Context) (err error) {
		errs, err = g.store(ctx, rows)
		return err
	})
	if err != nil {
		return err
	}
	for i, p := range places {
		p.call.errs[p.row] = errs[i]
	}
	return nil
}
