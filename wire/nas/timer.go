package nas

import "time"

// GPRSTimer is a timer of TS 24.008 §10.5.7.3 (TS 24.501 §9.11.2.3): three bits of unit, five of value.
type GPRSTimer uint8

// GPRSTimer2 is a timer of TS 24.008 §10.5.7.4 (TS 24.501 §9.11.2.4), coded as GPRSTimer.
type GPRSTimer2 uint8

// GPRSTimer3 is a timer of TS 24.008 §10.5.7.4a (TS 24.501 §9.11.2.5): three bits of unit, five of value.
type GPRSTimer3 uint8

// The value of each timer that says "deactivated".
const (
	GPRSTimerDeactivated  GPRSTimer  = 0xE0
	GPRSTimer2Deactivated GPRSTimer2 = 0xE0
	GPRSTimer3Deactivated GPRSTimer3 = 0xE0
)

const timerValueMax = 31

type timerUnit struct {
	bits uint8
	unit time.Duration
}

// Units in ascending order, so that the first that fits is the finest. A reserved unit of GPRS timer counts as one
// minute, of GPRS timer 3 as one hour (TS 24.008 §10.5.7.3 and TS 24.008 §10.5.7.4a).
var (
	gprsTimerUnits  = [...]timerUnit{{0, 2 * time.Second}, {1, time.Minute}, {2, 6 * time.Minute}}
	gprsTimer3Units = [...]timerUnit{
		{3, 2 * time.Second}, {4, 30 * time.Second}, {5, time.Minute}, {0, 10 * time.Minute},
		{1, time.Hour}, {2, 10 * time.Hour}, {6, 320 * time.Hour},
	}
)

// Duration returns the time, and false if the timer is deactivated.
func (t GPRSTimer) Duration() (time.Duration, bool) {
	return timerDuration(uint8(t), gprsTimerUnits[:], time.Minute)
}

// Duration returns the time, and false if the timer is deactivated.
func (t GPRSTimer2) Duration() (time.Duration, bool) { return GPRSTimer(t).Duration() }

// Duration returns the time, and false if the timer is deactivated.
func (t GPRSTimer3) Duration() (time.Duration, bool) {
	return timerDuration(uint8(t), gprsTimer3Units[:], time.Hour)
}

func timerDuration(v uint8, units []timerUnit, other time.Duration) (time.Duration, bool) {
	bits, n := v>>5, time.Duration(v&timerValueMax)
	if bits == 7 {
		return 0, false
	}
	for _, u := range units {
		if u.bits == bits {
			return n * u.unit, true
		}
	}
	return n * other, true
}

// NewGPRSTimer codes d, rounded up to the finest unit that holds it; the longest is 3 h 6 min.
func NewGPRSTimer(d time.Duration) GPRSTimer { return GPRSTimer(codeTimer(d, gprsTimerUnits[:])) }

// NewGPRSTimer2 codes d as NewGPRSTimer does.
func NewGPRSTimer2(d time.Duration) GPRSTimer2 { return GPRSTimer2(codeTimer(d, gprsTimerUnits[:])) }

// NewGPRSTimer3 codes d, rounded up to the finest unit that holds it; the longest is 9,920 h.
func NewGPRSTimer3(d time.Duration) GPRSTimer3 { return GPRSTimer3(codeTimer(d, gprsTimer3Units[:])) }

func codeTimer(d time.Duration, units []timerUnit) uint8 {
	d = max(d, 0)
	for _, u := range units {
		if n := (d + u.unit - 1) / u.unit; n <= timerValueMax {
			return u.bits<<5 | uint8(n)
		}
	}
	return units[len(units)-1].bits<<5 | timerValueMax
}
