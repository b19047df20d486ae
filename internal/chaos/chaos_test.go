package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/internal/lab"
)

// TestChaos: a short run of the whole with traffic over the pinned fast path, TS 23.007 §25. It needs root.
func TestChaos(t *testing.T) {
	limpid, err := lab.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	o := options{limpid: limpid, kills: 5, ues: 50, gnbs: 2, seed: 1, think: time.Second, life: time.Second, sctp: "raw", nodes: 1, users: 2}
	var out bytes.Buffer
	err = o.run(ctx, &out)
	t.Log(out.String())
	if err != nil {
		t.Fatal(err)
	}
}

// TestVerdict: what is broken is told.
func TestVerdict(t *testing.T) {
	var fine, broken, reused tally
	fine.count("registration", nil)
	broken.violation("a phone was forgotten")
	reused.reuse("%d", 1)
	if fine.verdict() != nil || broken.verdict() == nil || reused.verdict() == nil {
		t.Fatalf("%v, %v, %v", fine.verdict(), broken.verdict(), reused.verdict())
	}
	for _, want := range []int{1, 0} { // each once
		var out bytes.Buffer
		broken.report(&out, 20)
		if n := strings.Count(out.String(), "a phone was forgotten"); n != want {
			t.Errorf("told %d times, want %d: %s", n, want, out.String())
		}
	}
}
