package sqlite

import (
	"sync"
	"time"

	"github.com/limpid-5g/limpid/store"
)

// rideAtMost is how long a write that nobody waits for may wait for one that somebody waits for, whose commit it shares.
const rideAtMost = 25 * time.Millisecond

// shareAtMost is how long one that is store.Sharing may, where others come briskly.
const shareAtMost = 4 * time.Millisecond

const (
	// paceWindow is how long the others are counted, and briskly how many of them, so that one comes within shareAtMost nearly always.
	paceWindow = 250 * time.Millisecond
	briskly    = 125
)

// riding holds the writes that nobody waits for, or no phone, until the next commit.
type riding struct {
	mu     sync.Mutex
	writes []*write
	ended  bool // what rides is taken by the last commit, and nothing more comes

	since time.Time // when the count began
	count int       // of writes that did not ride
	brisk bool      // in the window before there were enough of them
}

// passed counts a write that does not ride.
func (r *riding) passed(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn(now)
	r.count++
}

// turn ends a window that is over. Call it with r.mu held.
func (r *riding) turn(now time.Time) {
	if over := now.Sub(r.since); over >= paceWindow {
		r.since, r.count, r.brisk = now, 0, over < 2*paceWindow && r.count >= briskly
	}
}

// patience is how long w may wait for the next commit; 0: it is to be sent at once.
func (r *riding) patience(w *write) (hurry <-chan struct{}, most time.Duration) {
	if hurry, ok := store.Hurry(w.ctx); ok {
		return hurry, rideAtMost
	}
	if !store.IsSharing(w.ctx) {
		return nil, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn(time.Now()); r.brisk {
		most = shareAtMost
	}
	return nil, most
}

// ride lets w wait for the next commit. It returns when w is in one, whose outcome comes by w.done, or, with false, when w is
// to be sent like any other.
func (r *riding) ride(w *write) bool {
	hurry, most := r.patience(w)
	if most == 0 || !r.mount(w) {
		return false
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case err := <-w.done:
		w.done <- err // there is room for one
		return true
	case <-hurry:
	case <-timer.C:
	case <-w.ctx.Done():
	}
	return !r.dismount(w)
}

func (r *riding) mount(w *write) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	r.writes = append(r.writes, w)
	return true
}

// dismount takes w back; false: a commit has it, or the last will.
func (r *riding) dismount(w *write) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	for i, one := range r.writes {
		if one == w {
			r.writes = append(r.writes[:i], r.writes[i+1:]...)
			return true
		}
	}
	return false
}

// join adds all that ride to a batch. They come before what begins later, so that the order of the writes of one key is kept.
func (r *riding) join(batch []*write) []*write {
	r.mu.Lock()
	defer r.mu.Unlock()
	batch = append(batch, r.writes...)
	clear(r.writes)
	r.writes = r.writes[:0]
	return batch
}

// end leaves what rides to the last commit, and lets nothing more on.
func (r *riding) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}
