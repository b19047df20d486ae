package load

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// coarse is left to the kernel's sleep: the runtime's timers are rounded up to whole milliseconds when all is idle.
const coarse = 3 * time.Millisecond

// PreciseWait is a Plan.Wait that is mostly within 0.1 ms. Its last milliseconds hold a thread, so it is of no use in
// virtual time.
func PreciseWait(ctx context.Context, until time.Time) error {
	if time.Until(until) > coarse {
		if err := wait(ctx, until.Add(-coarse)); err != nil {
			return err
		}
	}
	for d := time.Until(until); d > 0; d = time.Until(until) {
		t := unix.NsecToTimespec(int64(d))
		if err := unix.Nanosleep(&t, nil); err != nil && err != unix.EINTR {
			return err
		}
	}
	return ctx.Err()
}
