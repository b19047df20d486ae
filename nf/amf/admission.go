package amf

import (
	"sync"
	"time"
)

// A core that has more to do than its processors and its store can shows it by how long a new UE waits for the first answer,
// which takes a read of the store and a write. One that waits long says nothing: something was in the way. When in a whole
// window not one was answered soon, there is a queue that does not go away, and the bound of busy UEs falls, until there is
// none. So who is let in is served in about the same time under any load, and the others are told at once to come later,
// TS 23.501 §5.19.5.2.
const (
	admissionWindow = 250 * time.Millisecond
	admissionWait   = 50 * time.Millisecond // for the soonest answer, from when there is a queue
	admissionLeast  = 128                   // busy UEs that are always let in
	admissionLasts  = 8                     // windows in a row in which UEs are turned away: the gNBs are asked for help
)

// admission is the bound.
type admission struct {
	most int // that the operator lets be busy

	mu    sync.Mutex
	limit int
	began time.Time     // of the window
	least time.Duration // that a UE has waited for its answer in the window
	n     int           // UEs that were answered in it
	away  bool          // in the window a UE was turned away, though the operator would let it in
	lasts int           // windows in a row of which that is true
}

func newAdmission(most int) *admission {
	return &admission{most: most, limit: most, began: time.Now()}
}

// admits tells whether one more UE may begin while so many are busy.
func (a *admission) admits(busy int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(busy)
	in := busy < a.limit
	if !in && busy < a.most {
		a.away = true
	}
	return in
}

// overrun tells whether UEs have been turned away for some time because those that were let in wait.
func (a *admission) overrun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lasts >= admissionLasts && time.Since(a.began) < 2*admissionWindow
}

// answered notes how long a UE that was let in waited for the first answer.
func (a *admission) answered(d time.Duration, busy int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(busy)
	if a.n == 0 || d < a.least {
		a.least = d
	}
	a.n++
}

// turn ends a window that is over; a.mu is held. A window in which nobody was answered says nothing bad.
func (a *admission) turn(busy int) {
	since := time.Since(a.began)
	if since < admissionWindow {
		return
	}
	switch {
	case a.n > 0 && a.least > admissionWait:
		a.limit = min(max(min(a.limit, busy)*3/4, admissionLeast), a.most)
	case a.limit < a.most:
		windows := int(min(since/admissionWindow, 64))
		a.limit = min(a.limit+windows*(a.limit/16+1), a.most)
	}
	if a.lasts++; !a.away || since >= 2*admissionWindow {
		a.lasts = 0
	}
	a.began, a.least, a.n, a.away = time.Now(), 0, 0, false
}
