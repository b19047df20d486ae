package ngap

import "slices"

// ExpectedActivityPeriod is part of Expected UE Activity Behaviour, TS 38.413 §9.3.1.94: seconds, 181 for more than 180.
//
//aper:custom
type ExpectedActivityPeriod uint8

// ExpectedIdlePeriod is part of Expected UE Activity Behaviour, TS 38.413 §9.3.1.94: seconds, 181 for more than 180.
//
//aper:custom
type ExpectedIdlePeriod uint8

// longPeriods are the values above 30 of INTEGER (1..30|40|50|60|80|100|120|150|180|181, ...).
var longPeriods = [...]uint8{40, 50, 60, 80, 100, 120, 150, 180, 181}

// period appends a value of that INTEGER: its root spans 1 to 181, but a value in a gap is outside it, X.691 §13.1.
func (e *encoder) period(seconds uint8) {
	if seconds >= 1 && seconds <= 30 || slices.Contains(longPeriods[:], seconds) {
		e.UintExt(uint64(seconds), 1, 181)
		return
	}
	e.Bool(true)
	e.Unconstrained(uint64(seconds))
}

func (p *ExpectedActivityPeriod) encode(e *encoder) { e.period(uint8(*p)) }

func (p *ExpectedActivityPeriod) decode(d *decoder) {
	*p = ExpectedActivityPeriod(d.uintExt(1, 181, 255))
}

func (p *ExpectedIdlePeriod) encode(e *encoder) { e.period(uint8(*p)) }

func (p *ExpectedIdlePeriod) decode(d *decoder) { *p = ExpectedIdlePeriod(d.uintExt(1, 181, 255)) }
