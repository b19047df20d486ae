package amf

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones of the test are here wherever it runs

	"github.com/limpid-5g/limpid/wire/nas/gmm"
)

// TestLocalTime: the offset that a phone is told contains daylight saving, and how much of it that is, TS 24.501 §8.2.19.
func TestLocalTime(t *testing.T) {
	for _, test := range []struct {
		zone  string
		month time.Month
		want  time.Duration
		dst   gmm.DaylightSavingTime
	}{
		{"UTC", time.July, 0, 0},
		{"Europe/Berlin", time.January, time.Hour, 0},
		{"Europe/Berlin", time.July, 2 * time.Hour, 1},
		{"America/St_Johns", time.January, -3*time.Hour - 30*time.Minute, 0},
		{"America/St_Johns", time.July, -2*time.Hour - 30*time.Minute, 1},
		{"Asia/Kathmandu", time.July, 5*time.Hour + 45*time.Minute, 0},
	} {
		zone, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, test.month, 15, 12, 30, 15, 500, zone)
		var m gmm.ConfigurationUpdateCommand
		setTime(&m, now)
		if m.LocalTimeZone == nil || *m.LocalTimeZone != gmm.NewTimeZone(test.want) {
			t.Errorf("%s in %v: local time zone %v, want %v", test.zone, test.month, m.LocalTimeZone, test.want)
		}
		if m.NetworkDaylightSavingTime == nil || *m.NetworkDaylightSavingTime != test.dst {
			t.Errorf("%s in %v: daylight saving %v, want %d h", test.zone, test.month, m.NetworkDaylightSavingTime, test.dst)
		}
		if m.UniversalTimeAndLocalTimeZone == nil || !m.UniversalTimeAndLocalTimeZone.Time.Equal(now.Truncate(time.Second)) {
			t.Errorf("%s in %v: time %v, want %v", test.zone, test.month, m.UniversalTimeAndLocalTimeZone, now)
		}
	}
}
