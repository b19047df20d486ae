package udr

import (
	"context"
	"sync"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// lease is a block of sequence numbers of one subscriber that is accounted for on disk: by a write of its own, or by the
// life of the node.
type lease struct {
	revision int64 // of the subscriber that it was taken for; does not change

	mu   sync.Mutex
	last aka.SQN // the last one given out, or the ceiling before the block
	left uint64  // how many follow it
}

// NextSQN implements nudr.DataRepository. SEQ and IND both grow with every vector, TS 33.102 §C.1.1.1 and TS 33.102 §C.1.2.
func (u *UDR) NextSQN(ctx context.Context, supi ident.SUPI) (aka.SQN, error) {
	l := u.leaseOf(supi)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := u.fill(ctx, l, supi); err != nil {
		return 0, err
	}
	next, err := l.last.Next(uint8((l.last.SEQ() + 1) % (1 << aka.INDBits)))
	if err != nil {
		return 0, u.problem(supi, err)
	}
	l.last = next
	l.left--
	return next, nil
}

// ResynchroniseSQN implements nudr.DataRepository, TS 33.102 §6.3.5: sqnMS comes from an AUTS that verified.
func (u *UDR) ResynchroniseSQN(ctx context.Context, supi ident.SUPI, sqnMS aka.SQN) error {
	l := u.leaseOf(supi)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := u.fill(ctx, l, supi); err != nil {
		return err
	}
	target := l.last.Resync(sqnMS)
	switch {
	case target == l.last: // the next vector is acceptable as it is
		return nil
	case target < l.last: // the USIM is so far behind that it would refuse the jump
		u.log.Warn("USIM is far behind: sequence numbers go back to its own", "supi", supi.Conceal(), "clause", "TS 33.102 §6.3.5")
		l.left = 0
		return u.problem(supi, u.store.ResetSQN(ctx, supi, target))
	case target.SEQ()-l.last.SEQ() <= l.left: // still inside the block
		l.left -= target.SEQ() - l.last.SEQ()
		l.last = target
		return nil
	}
	// Lease what lies between, which only ever raises the ceiling.
	ahead := target.SEQ() - l.last.SEQ() - l.left
	l.left = 0
	_, err := u.store.LeaseSQN(ctx, supi, ahead)
	return u.problem(supi, err)
}

// fill makes l hold at least one sequence number.
func (u *UDR) fill(ctx context.Context, l *lease, supi ident.SUPI) error {
	if l.left > 0 {
		return nil
	}
	base, err := u.store.LeaseSQN(ctx, supi, u.cfg.SQNBlock)
	if err != nil {
		return u.problem(supi, err)
	}
	l.last, l.left = base, u.cfg.SQNBlock
	return nil
}

// provisioned takes note of a subscriber that was just read. The sequence numbers of this life are taken with the first
// reading, and never again: a later reading may be from before they were used up. A lease of another revision is given up:
// its USIM may be another.
func (u *UDR) provisioned(sub *store.Subscriber) {
	u.mu.Lock()
	defer u.mu.Unlock()
	l, ok := u.leases[sub.SUPI]
	if ok && l.revision == sub.Revision {
		return
	}
	l = &lease{revision: sub.Revision}
	if a := &sub.Authentication; !ok && a.OfLife != 0 && a.OfLife == u.cfg.Life {
		l.last, l.left = a.SQN-store.SQNsOfLife<<aka.INDBits, store.SQNsOfLife
	}
	u.leases[sub.SUPI] = l
}

func (u *UDR) leaseOf(supi ident.SUPI) *lease {
	u.mu.Lock()
	defer u.mu.Unlock()
	l, ok := u.leases[supi]
	if !ok {
		l = new(lease)
		u.leases[supi] = l
	}
	return l
}

// forget gives up the lease of a subscriber that is gone, and remembers that there was one.
func (u *UDR) forget(supi ident.SUPI) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, ok := u.leases[supi]; ok {
		u.leases[supi] = new(lease)
	}
}
