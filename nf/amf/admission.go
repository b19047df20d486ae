package amf

import (
	"sync"
	"time"
)

// An AMF that has more to do than its processors can shows it by how long a new UE waits until its goroutine runs. The
// bound of busy UEs follows from that: it falls while they wait too long and rises again while they do not, so that who
// is admitted is served as fast as on any day, and the others are told to come later, TS 23.501 §5.19.
const (
	admissionWindow = 50 * time.Millisecond
	admissionWait   = 5 * time.Millisecond // on average, from when a UE is too late
	admissionLeast  = 32                   // busy UEs that are always let in
)

// admission is the bound.
type admission struct {
	most int // that the operator lets be busy

	mu    sync.Mutex
	limit int
	began time.Time // of the window
	sum   time.Duration
	n     int
}

func newAdmission(most int) *admission {
	return &admission{most: most, limit: most, began: time.Now()}
}

// admits tells whether one more UE may begin while so many are busy.
func (a *admission) admits(busy int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(busy)
	return busy < max(a.limit, admissionLeast)
}

// waited notes how long a UE that was let in waited for its goroutine.
func (a *admission) waited(d time.Duration, busy int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sum += d
	a.n++
	a.turn(busy)
}

// turn ends a window that is over; a.mu is held. A window in which nobody began to be served says nothing bad.
func (a *admission) turn(busy int) {
	since := time.Since(a.began)
	if since < admissionWindow {
		return
	}
	switch {
	case a.n > 0 && a.sum > admissionWait*time.Duration(a.n):
		a.limit = max(min(a.limit, busy)*3/4, admissionLeast)
	case a.limit < a.most:
		windows := int(min(since/admissionWindow, 64))
		a.limit = min(a.limit+windows*(a.limit/16+1), a.most)
	}
	a.began, a.sum, a.n = time.Now(), 0, 0
}

// full tells whether the bound is below what the operator lets be.
func (a *admission) full() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit < a.most
}
