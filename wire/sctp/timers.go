package sctp

import "time"

// timerID names a timer of an association, RFC 9260 §4.
type timerID int

const (
	timerT1        timerID = iota // T1-init and T1-cookie, RFC 9260 §5.1
	timerT2                       // T2-shutdown, RFC 9260 §9.2
	timerT3                       // T3-rtx, RFC 9260 §6.3.2
	timerT5                       // T5-shutdown-guard, RFC 9260 §9.2
	timerSACK                     // delayed acknowledgement, RFC 9260 §6.2
	timerHeartbeat                // RFC 9260 §8.3
	timerCount
)

// timers keeps an association's deadlines with a single runtime timer: moving a deadline back costs nothing,
// the runtime timer then fires early, finds nothing due and is set again. Times count from the endpoint's start;
// 0 is "not running".
type timers struct {
	deadlines [timerCount]time.Duration
	armed     time.Duration
	runtime   *time.Timer
}

func (a *association) start(t timerID, at time.Duration) {
	a.deadlines[t] = at
	if a.armed == 0 || at < a.armed {
		a.arm()
	}
}

func (a *association) stop(t timerID) { a.deadlines[t] = 0 }

func (a *association) running(t timerID) bool { return a.deadlines[t] != 0 }

// arm sets the runtime timer to the earliest deadline.
func (a *association) arm() {
	var earliest time.Duration
	for _, d := range a.deadlines {
		if d != 0 && (earliest == 0 || d < earliest) {
			earliest = d
		}
	}
	if earliest == 0 {
		return
	}
	a.armed = earliest
	wait := max(earliest-a.ep.now(), 0)
	if a.runtime == nil {
		a.runtime = time.AfterFunc(wait, a.expire)
		return
	}
	a.runtime.Reset(wait)
}

func (a *association) stopTimers() {
	a.deadlines = [timerCount]time.Duration{}
	if a.runtime != nil {
		a.runtime.Stop()
	}
	a.armed = 0
}

// expire runs on the runtime timer.
func (a *association) expire() {
	a.mu.Lock()
	defer a.release()
	a.armed = 0
	now := a.ep.now()
	for t := range timerCount {
		if d := a.deadlines[t]; d == 0 || d > now {
			continue
		}
		a.deadlines[t] = 0
		switch t {
		case timerT1:
			a.expireT1(now)
		case timerT2:
			a.expireT2(now)
		case timerT3:
			a.expireT3(now)
		case timerT5:
			a.abort(CauseUserInitiatedAbort, "T5-shutdown-guard expired", ErrPeerUnreachable)
		case timerSACK:
			a.sendSACK()
		case timerHeartbeat:
			a.expireHeartbeat(now)
		}
	}
	if a.state != stateClosed {
		a.arm()
	}
}
