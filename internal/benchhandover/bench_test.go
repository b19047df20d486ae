package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/internal/probe"
)

// TestTotal: the streams of a direction are summed up, and their interruptions told by the middle one and the longest.
func TestTotal(t *testing.T) {
	var sum total
	for _, gap := range []time.Duration{5, 3, 4} {
		sum.add(probe.Outcome{Sent: 6, Lost: 1, Reordered: 2, Gap: gap * time.Millisecond}, 2*time.Millisecond)
	}
	if sum.sent != 18 || sum.lost != 3 || sum.reordered != 6 {
		t.Errorf("%+v", sum)
	}
	if got := sum.gap(); got != "2.0, 3.0" {
		t.Errorf("gap %s", got)
	}
}

// TestOptions: what cannot be measured is refused.
func TestOptions(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "limpid")
	if err := os.WriteFile(binary, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	good := options{limpid: binary, ues: 10, rate: 100, rounds: 1, sctp: "raw"}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []options{{limpid: binary, ues: 0, rate: 1, rounds: 1}, {limpid: binary, ues: 1, rate: 2000, rounds: 1}, {limpid: binary + "x", ues: 1, rate: 1, rounds: 1}} {
		if bad.check() == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
	if len(rows()) != 6 || network().String() != "00101" || !pool().Contains(gateway()) {
		t.Error("rows, network or pool")
	}
	if _, err := good.provision(t.TempDir()); err != nil {
		t.Error(err)
	}
}
