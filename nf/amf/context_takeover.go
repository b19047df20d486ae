package amf

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/record"
)

// A UE of a node that died, or is leaving, comes over without having spoken, TS 23.501 §5.21.2: what arrives for it from
// now on is paged by this node.

// takersAtOnce is how many UEs come over at the same time.
const takersAtOnce = 16

// TakenOver is what TakeFrom did.
type TakenOver struct {
	UEs  int // that came over
	Left int // that stayed with the other node: not asked for, connected, or not to be had at the moment
}

// TakeFrom takes UEs of another node of the set over: those that want names, and only those in CM-IDLE unless the node is
// dead. Of several nodes that do so at once each UE gets one. Call it after JoinSet.
func (a *AMF) TakeFrom(ctx context.Context, node string, dead bool, want func(ident.SUPI) bool) (TakenOver, error) {
	var sum TakenOver
	var list []store.UEContext // without their records
	for c, err := range a.keeper.contexts.UEs(ctx, node) {
		if err != nil {
			return sum, fmt.Errorf("UEs of node %q: %w", node, err)
		}
		if !want(c.SUPI) || !dead && isConnected(c.Record) {
			sum.Left++
			continue
		}
		c.Record = nil
		list = append(list, c)
	}
	sum.UEs = takersOf(ctx, len(list), func(i int) bool { return a.takeUnasked(ctx, &list[i]) })
	sum.Left += len(list) - sum.UEs
	return sum, ctx.Err()
}

// isConnected tells whether a record is of a UE in CM-CONNECTED.
func isConnected(kept []byte) bool {
	r, err := record.Open(kept)
	if err != nil {
		return false
	}
	for r.Next() {
		if r.Field() == fieldConnectedTo {
			return r.String() != ""
		}
	}
	return false
}

// takeUnasked takes one UE over and tells whether it came.
func (a *AMF) takeUnasked(ctx context.Context, c *store.UEContext) bool {
	end := a.takes.begin(c.SUPI)
	if end == nil {
		return false // it speaks to this node at the moment
	}
	defer end()
	if a.ues.bySUPI.get(c.SUPI) != nil {
		a.Moved(c.SUPI) // an old context, which the other node had taken, or one that replaces the other's: it finds out
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, keepPatience)
	defer cancel()
	taken, err := a.takeInStore(ctx, c, nil)
	if err != nil {
		if !errors.Is(err, store.ErrNotOwner) && !errors.Is(err, store.ErrNotFound) {
			a.log.Warn("UE not taken over", "supi", c.SUPI.Conceal(), "from", c.Node, "error", err)
		}
		return false
	}
	u, err := a.readRecord(&taken)
	if err != nil {
		a.log.Error("UE context cannot be taken over: the UE will have to register anew", "supi", c.SUPI.Conceal(), "from", c.Node, "error", err)
		return false
	}
	done := make(chan bool, 1)
	if u.insist(&settling{c.Node, done}) != nil {
		return false // at shutdown: the store has it as this node's
	}
	select {
	case came := <-done:
		return came
	case <-ctx.Done(): // its own goroutine goes on
		return false
	}
}

// SettleRest brings in what this node has taken in the store alone: the answer was lost, or its sessions could not come then.
func (a *AMF) SettleRest(ctx context.Context) {
	rest := a.takes.unsettled()
	takersOf(ctx, len(rest), func(i int) bool {
		ctx, cancel := context.WithTimeout(ctx, keepPatience)
		defer cancel()
		c, err := a.keeper.contexts.UE(ctx, rest[i])
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && c.Node != a.cfg.Name, a.ues.bySUPI.get(rest[i]) != nil:
			a.takes.settled(rest[i]) // it has gone on, or come by itself
			return false
		case err != nil:
			return false
		}
		return a.takeUnasked(ctx, &c)
	})
}

// takersOf calls take for 0 to n-1, some at the same time, until ctx ends, and returns how often it said that a UE came.
func takersOf(ctx context.Context, n int, take func(i int) bool) int {
	var next, came atomic.Int64
	var wg sync.WaitGroup
	for range min(takersAtOnce, n) {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < n && ctx.Err() == nil; i = next.Add(1) - 1 {
				if take(int(i)) {
					came.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(came.Load())
}

// settling makes a UE that was taken over unasked one of this node, before anything else reaches it.
type settling struct {
	from string
	done chan<- bool // whether it came; has room for it
}

// settleIn serves settling. Where the subscriber has registered anew at this node meanwhile, that context wins and only
// the sessions of the other node are to be forgotten.
func (ue *ue) settleIn(ctx context.Context, m *settling) {
	a := ue.amf
	came := a.ues.bySUPI.claim(ue.supi, ue)
	var err error
	if came {
		if err = a.settle(ctx, ue, m.from); err != nil {
			a.ues.bySUPI.drop(ue.supi, ue)
			came = false
		}
	} else {
		err = a.taking.Ended(ctx, ue.supi)
	}
	if err != nil {
		ue.log().Warn("UE of another node of the set has not come over in full", "from", m.from, "error", err)
	}
	m.done <- came
	if !came {
		ue.registered, ue.known, ue.kept.stored = false, false, false
		ue.kept.held.Store(false)
		return
	}
	ue.loseRadio(ctx, &radioErased{node: ue.kept.connectedTo}) // its gNB has lost the AMF, and with it the UE
}

// Moved tells that another node of the set may have taken a UE: what is held of it here is given up if so.
func (a *AMF) Moved(supi ident.SUPI) {
	if u := a.ues.bySUPI.get(supi); u != nil {
		_ = u.insist(taken{}) // refused only at shutdown
	}
}

// takes are the UEs that come over at the moment, each once, and those that have to come yet.
type takes struct {
	mu   sync.Mutex
	busy map[ident.SUPI]chan struct{}
	// rest are UEs that are this node's in the store, or may be, and not in its tables.
	rest map[ident.SUPI]struct{}
}

// leave notes a UE that is unsettled.
func (t *takes) leave(supi ident.SUPI) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rest == nil {
		t.rest = make(map[ident.SUPI]struct{})
	}
	t.rest[supi] = struct{}{}
}

// settled says that a UE is not unsettled, or not this node's.
func (t *takes) settled(supi ident.SUPI) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rest, supi)
}

func (t *takes) unsettled() []ident.SUPI {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.rest))
}

// begin returns what ends the taking of a UE, nil if it is being taken.
func (t *takes) begin(supi ident.SUPI) (end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, busy := t.busy[supi]; busy {
		return nil
	}
	if t.busy == nil {
		t.busy = make(map[ident.SUPI]chan struct{})
	}
	done := make(chan struct{})
	t.busy[supi] = done
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.busy, supi)
		close(done)
	}
}

// wait waits until a UE is not being taken any more.
func (t *takes) wait(ctx context.Context, supi ident.SUPI) error {
	t.mu.Lock()
	done := t.busy[supi]
	t.mu.Unlock()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
