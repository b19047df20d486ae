package gmm

import (
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
)

// TimeZone is the offset of local time from UTC in quarters of an hour, TS 24.008 §10.5.3.8 (TS 24.501 §9.11.3.52):
// the tens and the sign in the lower half octet, the ones in the upper.
type TimeZone uint8

const quarter = 15 * time.Minute

// NewTimeZone codes an offset, rounded down to quarters of an hour.
func NewTimeZone(offset time.Duration) TimeZone {
	sign := TimeZone(0)
	if offset < 0 {
		sign, offset = 8, -offset
	}
	q := min(int(offset/quarter), 79)
	return TimeZone(q%10<<4|q/10) | sign
}

// Offset returns the offset, east of Greenwich positive.
func (z TimeZone) Offset() time.Duration {
	d := time.Duration(int(z&7)*10+int(z>>4)) * quarter
	if z&8 != 0 {
		return -d
	}
	return d
}

// DaylightSavingTime is TS 24.008 §10.5.3.12 (TS 24.501 §9.11.3.19): 0, 1 or 2 hours in the offset.
type DaylightSavingTime uint8

// TimeZoneAndTime is the time with the offset of its location, TS 24.008 §10.5.3.9 (TS 24.501 §9.11.3.53), in whole
// seconds of the years 2000 to 2099.
type TimeZoneAndTime struct {
	Time time.Time
}

const timeZoneAndTimeLen = 7

// Parse reads the value part: universal time and the offset of local time.
func (t *TimeZoneAndTime) Parse(b []byte) error {
	if len(b) < timeZoneAndTimeLen {
		return nas.ErrLength
	}
	var f [6]int
	for i := range f {
		low, high := int(b[i]&0x0f), int(b[i]>>4)
		if low > 9 || high > 9 {
			return nas.ErrDigit
		}
		f[i] = 10*low + high
	}
	utc := time.Date(2000+f[0], time.Month(f[1]), f[2], f[3], f[4], f[5], 0, time.UTC)
	if int(utc.Month()) != f[1] || utc.Day() != f[2] || utc.Hour() != f[3] || utc.Minute() != f[4] || utc.Second() != f[5] {
		return nas.ErrReserved
	}
	offset := TimeZone(b[6]).Offset()
	t.Time = utc.In(time.FixedZone("", int(offset/time.Second)))
	return nil
}

// Append writes the value part.
func (t TimeZoneAndTime) Append(dst []byte) ([]byte, error) {
	utc := t.Time.UTC()
	if utc.Year() < 2000 || utc.Year() > 2099 {
		return dst, nas.ErrReserved
	}
	for _, v := range [...]int{utc.Year() - 2000, int(utc.Month()), utc.Day(), utc.Hour(), utc.Minute(), utc.Second()} {
		dst = append(dst, byte(v%10<<4|v/10))
	}
	_, offset := t.Time.Zone()
	return append(dst, byte(NewTimeZone(time.Duration(offset)*time.Second))), nil
}
