package storetest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

const (
	crashDir    = "STORETEST_CRASH_DIR"
	crashRounds = 5
	crashBlock  = 32
)

// Crash runs the calling test again in a child process that writes without end, kills it with SIGKILL in the middle,
// opens the store again, and checks that every write that the child acknowledged is there.
func Crash(t *testing.T, open Open) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeForever(t, open, dir)
		return
	}
	h := &harness{T: t, open: open, dir: t.TempDir()}
	h.Store = h.handle()
	h.add(Subscriber(0))
	h.must(h.Close())
	var ceiling aka.SQN
	for round := range crashRounds {
		acks := killWriter(t, h.dir, 200+100*round)
		s, err := open(t.Context(), h.dir)
		h.must(err)
		h.Store = s
		for _, supi := range acks.added {
			if _, err := s.Subscriber(t.Context(), supi); err != nil {
				t.Fatalf("round %d: acknowledged subscriber is lost: %v", round, err)
			}
		}
		for i, version := range acks.kept {
			u, err := s.UE(t.Context(), SUPI(i))
			if err != nil || binary.BigEndian.Uint64(u.Record) < version {
				t.Fatalf("round %d: UE %d is %x, %v, but the child was told of version %d", round, i, u.Record, err, version)
			}
		}
		base, err := s.LeaseSQN(t.Context(), SUPI(0), crashBlock)
		h.must(err)
		if base.SEQ() < acks.leased+crashBlock || base < ceiling {
			t.Fatalf("round %d: lease after SEQ %d, but the child leased from %d: reuse", round, base.SEQ(), acks.leased)
		}
		ceiling = base
		h.must(s.Close())
		t.Logf("round %d: %d acknowledged subscribers", round, len(acks.added))
	}
}

// acknowledged is what a child said is stored.
type acknowledged struct {
	added  []ident.SUPI
	leased uint64         // SEQ before the last block
	kept   map[int]uint64 // version of each UE's context
}

// killWriter starts the child, kills it after n acknowledgements, and returns all of them.
func killWriter(t *testing.T, dir string, n int) acknowledged {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acks := acknowledged{kept: make(map[int]uint64)}
	lines := bufio.NewScanner(out)
	for count := 1; lines.Scan(); count++ {
		var supi string
		var seq uint64
		var ue int
		var version uint64
		switch {
		case scans(lines.Text(), "keep %d %d", &ue, &version):
			acks.kept[ue] = version
		case scans(lines.Text(), "add %s", &supi):
			acks.added = append(acks.added, ident.SUPI(supi))
		case scans(lines.Text(), "lease %d", &seq):
			acks.leased = max(acks.leased, seq)
		default:
			t.Errorf("child says %q", lines.Text())
		}
		if count == n {
			if err := child.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // "signal: killed" is what we want; that it lived until then is checked below
	if len(acks.added) == 0 || acks.leased == 0 || len(acks.kept) == 0 {
		t.Fatalf("child ended after %d subscribers, SEQ %d and %d UEs", len(acks.added), acks.leased, len(acks.kept))
	}
	return acks
}

func scans(line, format string, into ...any) bool {
	n, err := fmt.Sscanf(line, format, into...)
	return err == nil && n == len(into)
}

// writeForever is the child: it says each write on standard output once it is acknowledged.
func writeForever(t *testing.T, open Open, dir string) {
	s, err := open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	var next atomic.Int64
	next.Store(time.Now().UnixNano() % 1e9) // other subscribers than the child before
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			first := uint64(time.Now().UnixNano()) // greater than what the child before kept
			for version := first; t.Context().Err() == nil; version++ {
				u := UE(i)
				u.Record = binary.BigEndian.AppendUint64(nil, version)
				u.Known = version != first
				if errs, err := s.KeepUEs(t.Context(), []store.UEContext{u}); err != nil || errs[0] != nil {
					t.Error(err, errs)
					return
				}
				fmt.Printf("keep %d %d\n", i, version)
			}
		})
	}
	for range 16 {
		wg.Go(func() {
			for t.Context().Err() == nil {
				sub := Subscriber(int(next.Add(1)))
				if err := s.AddSubscribers(t.Context(), []store.Subscriber{sub}); err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("add %s\n", sub.SUPI)
				base, err := s.LeaseSQN(t.Context(), SUPI(0), crashBlock)
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Printf("lease %d\n", base.SEQ())
			}
		})
	}
	wg.Wait()
}
