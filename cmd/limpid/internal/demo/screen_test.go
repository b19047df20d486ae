package demo

import (
	"bytes"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/ladder"
)

// TestScreen: arrows of two processes are shown in order of time, and none after the end.
func TestScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := newScreen(&out)
		at := time.Now()
		s.show(ladder.Event{Time: at.Add(2 * time.Millisecond), Message: "second"})
		s.show(ladder.Event{Time: at.Add(time.Millisecond), Message: "first"})
		s.end()
		s.show(ladder.Event{Time: at.Add(3 * time.Millisecond), Message: "late"})
		s.end()
		if got := out.String(); strings.Index(got, "first") > strings.Index(got, "second") || !strings.Contains(got, "second") || strings.Contains(got, "late") {
			t.Errorf("shown:\n%s", got)
		}
	})
}

// TestPrintResults: the table has every UE in order, and counts those that got through.
func TestPrintResults(t *testing.T) {
	var out bytes.Buffer
	good := printResults(&out, []result{
		{UE: 2, IMSI: "001010000000002", Error: "registration: RegistrationReject"},
		{UE: 1, IMSI: "001010000000001", Address: netip.MustParseAddr("10.45.0.2"), Registration: 3500 * time.Microsecond,
			Session: time.Millisecond, RTT: 250 * time.Microsecond, Page: 867},
	}, 1500*time.Millisecond)
	want := `
  UE             IMSI    address  registration  session    ping   page                              result
   1  001010000000001  10.45.0.2        3.5 ms   1.0 ms  0.2 ms  867 B                                  ok
   2  001010000000002          -             -        -       -      -    registration: RegistrationReject

1 of 2 UEs got through in 1.5 s.
`
	if good != 1 || out.String() != want {
		t.Errorf("%d good:%s\nwant:%s", good, out.String(), want)
	}
}

// TestStale: only what a demo made whose process is gone may be removed.
func TestStale(t *testing.T) {
	const nobody = "999999999" // above the largest process number
	for name, want := range map[string]bool{
		"limpid-demo-" + nobody + "-ran": true, "limpid-demo-" + nobody + "-ue17": true,
		"limpid-demo-" + strconv.Itoa(os.Getpid()) + "-ran": false, "limpid-demo-1-ran": false,
		"limpid-demo-" + nobody: false, "limpid-demo-x-ran": false, "limpid-demo--5-ran": false, "limpid-demo-0-ran": false,
		"limpid-ue-001010000000001": false, "ran": false, "": false,
	} {
		if got := stale(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
