package amf

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/procedure/wheel"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// idleTick is how precise the timers of UEs in CM-IDLE are.
const idleTick = time.Second

// reachableMargin is by how much the mobile reachable timer is longer than T3512, TS 24.501 §5.3.7.
const reachableMargin = 4 * time.Minute

// idleTimer is which timer watches over a UE in CM-IDLE.
type idleTimer uint8

const (
	noIdleTimer            idleTimer = iota
	activeTime                       // T3324: a UE in MICO mode can still be paged, TS 23.501 §5.31.7
	mobileReachable                  // the UE can be paged
	implicitDeregistration           // the UE is taken for unreachable
)

// reachability is what the AMF knows of whether a UE in CM-IDLE can be reached, TS 23.501 §5.4.1.1.
type reachability struct {
	timer   wheel.Timer // in the AMF's one wheel
	running idleTimer
	t3512   time.Duration // as the UE has it; 0: no periodic registration
	mico    bool          // MICO mode was agreed
	active  time.Duration // T3324 as the UE has it, 0: none
}

// idleTimerExpired says that a UE's idle timer has ended.
type idleTimerExpired struct{}

// Expire lets the UE's own goroutine look at what its timer's end means.
func (ue *ue) Expire(*wheel.Timer) { _ = ue.insist(idleTimerExpired{}) } // refused only at shutdown

// supervise starts the timers of TS 24.501 §5.3.7 when a registered UE has gone to CM-IDLE and stops them otherwise. It
// runs after whatever was done for the UE, so that no way into CM-IDLE can forget it.
func (ue *ue) supervise() {
	r := &ue.reach
	if !ue.registered || ue.conn != nil {
		ue.unsupervise()
		return
	}
	switch {
	case r.running != noIdleTimer || r.t3512 == 0:
	case r.mico && r.active > 0:
		ue.startIdleTimer(activeTime, r.active)
	case r.mico:
		ue.startIdleTimer(implicitDeregistration, r.t3512+reachableMargin+ue.turnedAway())
	default:
		ue.startIdleTimer(mobileReachable, r.t3512+reachableMargin)
	}
}

// unsupervise stops the timers: the UE has shown itself.
func (ue *ue) unsupervise() {
	if ue.reach.running != noIdleTimer {
		ue.reach.running = noIdleTimer
		ue.amf.wheel.Stop(&ue.reach.timer)
	}
}

// turnedAway is by how much the timers are longer because a UE whose periodic registration met congestion must wait longer
// than T3512 until it may try again, TS 24.501 §5.3.7. Who is turned away at the door has proved nothing, so that this holds
// for every UE.
func (ue *ue) turnedAway() time.Duration {
	if d := ue.amf.longestBackoff(); d > ue.reach.t3512 {
		return d
	}
	return 0
}

func (ue *ue) startIdleTimer(t idleTimer, d time.Duration) {
	ue.reach.running = t
	ue.amf.wheel.Start(&ue.reach.timer, ue, d)
}

// idleTimerExpired is what follows the end of a timer in CM-IDLE, TS 24.501 §5.3.7.
func (ue *ue) idleTimerExpired(ctx context.Context) {
	r := &ue.reach
	if _, again := ue.amf.wheel.Left(&r.timer); again {
		return // it was stopped and started while its end was on the way
	}
	switch r.running {
	case noIdleTimer:
	case activeTime:
		ue.startIdleTimer(implicitDeregistration, max(r.t3512+reachableMargin-r.active, 0)+ue.turnedAway())
	case mobileReachable:
		ue.log().Info("UE is late with its periodic registration and not paged any more")
		ue.startIdleTimer(implicitDeregistration, ue.amf.cfg.ImplicitDeregistration+ue.turnedAway())
	case implicitDeregistration:
		ue.log().Info("implicitly deregistered", "reason", "no periodic registration")
		ue.forget(ctx, ngap.CauseNASDeregister)
	}
}

// NextIdle is when the AMF looks at the timers of UEs in CM-IDLE next; it is false without any.
func (a *AMF) NextIdle() (time.Duration, bool) { return a.wheel.Next() }

// PassIdle lets d pass for the timers of UEs in CM-IDLE alone, which a flow in real time cannot wait for; see wheel.Pass.
func (a *AMF) PassIdle(d time.Duration) { a.wheel.Pass(d) }

// pageable tells whether paging can reach a UE in CM-IDLE, TS 23.501 §5.4.3.1 (paging proceed flag) and §5.4.1.3 (MICO).
func (ue *ue) pageable() bool { return ue.reach.running != implicitDeregistration }
