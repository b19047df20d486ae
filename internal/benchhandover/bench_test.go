package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestStream: lost, repeated and overtaken packets are told apart.
func TestStream(t *testing.T) {
	var s stream
	s.reset()
	s.sent.Store(6)
	s.begin()
	for _, n := range []uint32{1, 2, 4, 3, 3, 6} { // 5 is lost, 3 overtaken and repeated
		s.take(n)
	}
	var sum total
	sum.add(&s, 0)
	if sum.sent != 6 || sum.lost != 1 || sum.reordered != 1 {
		t.Errorf("%+v", sum)
	}
	sum.gaps = []time.Duration{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond}
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
