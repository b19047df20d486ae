package ue

import (
	"context"
	"time"
)

// Timers of a UE, TS 24.501 §10.2 (5GMM) and TS 24.501 §10.3 (5GSM).
const (
	T3510 = 15 * time.Second
	T3511 = 10 * time.Second
	T3517 = 15 * time.Second
	T3521 = 15 * time.Second
	T3540 = 10 * time.Second
	T3580 = 16 * time.Second
	T3581 = 16 * time.Second
	T3582 = 16 * time.Second
)

// Attempts that the standard lets a UE make, TS 24.501 §5.6.1.7, TS 24.501 §5.5.2.2.6, TS 24.501 §6.4.1.6 and
// TS 24.501 §6.4.3.5.
const (
	maxTransmissions  = 5
	maxServiceRequest = 5
)

// transaction is a procedure that somebody waits for. It ends once.
type transaction struct {
	done chan error // buffered, one
}

func newTransaction() *transaction { return &transaction{done: make(chan error, 1)} }

func (t *transaction) finish(err error) {
	select {
	case t.done <- err:
	default:
	}
}

// begin starts the one 5GMM procedure of this UE.
func (u *UE) begin() (*transaction, error) {
	if u.mm != nil {
		return nil, ErrBusy
	}
	if u.cell == nil {
		return nil, ErrNoCell
	}
	u.mm = newTransaction()
	return u.mm, nil
}

// end ends the running 5GMM procedure, if any.
func (u *UE) end(err error) {
	if u.mm != nil {
		u.mm.finish(err)
		u.mm = nil
	}
	u.change()
}

// ask sends and waits for the end of t. At the end of a timer it sends again, up to tries in all.
func (u *UE) ask(ctx context.Context, t *transaction, timer string, d time.Duration, message string, tries int,
	send func() error,
) error {
	clock := time.NewTimer(d)
	defer clock.Stop()
	for try := 1; ; try++ {
		u.mu.Lock()
		err := send()
		u.mu.Unlock()
		if err != nil {
			return err
		}
		clock.Reset(d)
		select {
		case err := <-t.done:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-clock.C:
			if try == tries {
				return &TimeoutError{Timer: timer, Message: message, Tries: try}
			}
		}
	}
}

// sleep waits for d. The error is ctx's.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// startT3540 drops the connection if the network does not, TS 24.501 §5.3.1.3.
func (u *UE) startT3540() {
	own := u.connections
	time.AfterFunc(T3540, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		if u.conn != nil && u.connections == own {
			u.lose()
		}
	})
}
