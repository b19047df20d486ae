package main

import (
	"testing"
	"time"
)

const traces = `File: bench
Type: cpu
-----------+-------------------------------------------------------
      10ms   internal/runtime/syscall/linux.Syscall6
             syscall.sendmsg (inline)
             github.com/limpid-5g/limpid/wire/sctp.(*rawLink).send
             github.com/limpid-5g/limpid/nf/amf.(*ue).send
-----------+-------------------------------------------------------
      1.5s   runtime.scanObject
             runtime.gcDrain
             runtime.gcBgMarkWorker.func2
-----------+-------------------------------------------------------
      20ms   runtime.mallocgc
             github.com/limpid-5g/limpid/nf/udm.(*UDM).Get
             github.com/limpid-5g/limpid/nf/amf.(*ue).register
-----------+-------------------------------------------------------
      30ms   runtime.futex
-----------+-------------------------------------------------------
`

// TestShares: each stack is counted for one part, the innermost, and for every kind of work in it.
func TestShares(t *testing.T) {
	stacks, err := parseTraces([]byte(traces))
	if err != nil {
		t.Fatal(err)
	}
	got := count(stacks, parts(), true)
	for name, want := range map[string]time.Duration{
		"SCTP": 10 * time.Millisecond, "garbage collection": 1500 * time.Millisecond, "UDM, UDR, AUSF, PCF": 20 * time.Millisecond,
		"scheduler": 30 * time.Millisecond, "AMF": 0,
	} {
		if got[name] != want {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
	inside := count(stacks, within(), false)
	if inside["system calls"] != 10*time.Millisecond || inside["allocation"] != 20*time.Millisecond {
		t.Errorf("inside %v", inside)
	}
}
