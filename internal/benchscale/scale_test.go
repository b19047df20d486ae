package main

import (
	"context"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
)

// TestMeasure: the whole measurement, small. It needs root.
func TestMeasure(t *testing.T) {
	limpid, err := lab.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	o := options{limpid: limpid, pairs: 20, runs: 1, sctp: "raw", path: "soft"}
	r, err := o.measure(ctx, 700)
	if err != nil {
		t.Fatal(err)
	}
	if r.memory <= 0 || r.pair <= 0 || r.start <= 0 {
		t.Errorf("%+v", r)
	}
}

// TestAddresses: every address is one that a UE may have, and its slot is its own.
func TestAddresses(t *testing.T) {
	a := newAddresses(pools()[0].Addr().Next())
	seen := make(map[uint32]bool)
	for range maxUEs {
		addr := a.next()
		slot := offset(addr)
		if seen[slot] || slot == 0 {
			t.Fatalf("%s has slot %d", addr, slot)
		}
		seen[slot] = true
	}
}
