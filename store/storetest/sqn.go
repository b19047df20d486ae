package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/store"
)

func leaseSQN(t *testing.T, h *harness) {
	_, err := h.LeaseSQN(h.Context(), SUPI(1), 32)
	h.want(err, store.ErrNotFound)
	s := Subscriber(1)
	s.Authentication.SQN = 1000<<aka.INDBits | 5
	h.add(s)
	for i, n := range []uint64{1, 32, 1, 1 << 20} {
		base, err := h.LeaseSQN(h.Context(), SUPI(1), n)
		h.must(err)
		if want := []uint64{1000, 1001, 1033, 1034}[i]; base.SEQ() != want {
			t.Fatalf("lease %d begins after SEQ %d, want %d", i, base.SEQ(), want)
		}
	}
	if got, want := h.get(1).Authentication.SQN.SEQ(), uint64(1034+1<<20); got != want {
		t.Fatalf("ceiling at SEQ %d, want %d", got, want)
	}
}

// leaseSQNExhausted: the 48 bits end, TS 33.102 §6.3.7, and nothing wraps round.
func leaseSQNExhausted(t *testing.T, h *harness) {
	s := Subscriber(1)
	s.Authentication.SQN = aka.MaxSQN - 8<<aka.INDBits
	h.add(s)
	_, err := h.LeaseSQN(h.Context(), SUPI(1), 9)
	h.want(err, aka.ErrSQNExhausted)
	_, err = h.LeaseSQN(h.Context(), SUPI(1), 8)
	h.must(err)
	_, err = h.LeaseSQN(h.Context(), SUPI(1), 1)
	h.want(err, aka.ErrSQNExhausted)
	if got := h.get(1).Authentication.SQN; got != aka.MaxSQN {
		t.Fatalf("ceiling %s, want %s", got, aka.MaxSQN)
	}
}

func resetSQN(t *testing.T, h *harness) {
	h.want(h.ResetSQN(h.Context(), SUPI(1), 0), store.ErrNotFound)
	h.add(rich(1))
	for _, ceiling := range []aka.SQN{aka.MaxSQN, 0, 7 << aka.INDBits} {
		h.must(h.ResetSQN(h.Context(), SUPI(1), ceiling))
		if got := h.get(1).Authentication.SQN; got != ceiling {
			t.Fatalf("ceiling %s, want %s", got, ceiling)
		}
	}
	base, err := h.LeaseSQN(h.Context(), SUPI(1), 1)
	h.must(err)
	if base.SEQ() != 7 {
		t.Fatalf("lease begins after SEQ %d, want 7", base.SEQ())
	}
}

// leasesNeverOverlap: many writers on a few subscribers, over two handles, get blocks that touch but never overlap.
func leasesNeverOverlap(t *testing.T, h *harness) {
	const writers, each, subscribers, block = 16, 20, 3, 4
	for i := range subscribers {
		h.add(Subscriber(i))
	}
	handles := []store.Store{h.Store, h.handle()}
	var mu sync.Mutex
	var bases [subscribers]map[uint64]int
	for i := range bases {
		bases[i] = make(map[uint64]int)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				i := (w + n) % subscribers
				base, err := handles[w%len(handles)].LeaseSQN(h.Context(), SUPI(i), block)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				bases[i][base.SEQ()]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	total := 0
	for i := range bases {
		for n := range uint64(len(bases[i])) {
			if got := bases[i][n*block]; got != 1 {
				t.Fatalf("subscriber %d: block after SEQ %d leased %d times", i, n*block, got)
			}
			total++
		}
	}
	if total != writers*each {
		t.Fatalf("%d leases, want %d", total, writers*each)
	}
}

// sqnsOfLife: what a life has of sequence numbers without a lease is nobody else's: no lease, no other life, and nothing that
// is written by hand goes below it. A write of the subscriber takes it away.
func sqnsOfLife(t *testing.T, h *harness) {
	const start = 1000
	s := Subscriber(1)
	s.Authentication.SQN = start<<aka.INDBits | 5
	h.add(s)
	if a := h.get(1).Authentication; a.SQN != s.Authentication.SQN || a.OfLife != 0 {
		t.Fatalf("before the first life %+v", a)
	}
	used := uint64(start) // no greater SEQ was given out
	give := func(step string, first, n uint64) {
		t.Helper()
		if first <= used {
			t.Fatalf("%s: SEQ %d is given out again, %d was", step, first, used)
		}
		used = first + n - 1
		if got := h.get(1).Authentication.SQN.SEQ(); got < used {
			t.Fatalf("%s: ceiling %d, but %d was given out", step, got, used)
		}
	}
	var number uint64
	begin := func() {
		life, err := h.BeginLife(h.Context(), "a", time.Now())
		h.must(err)
		number = life.Number
	}
	take := func(step string) bool {
		t.Helper()
		a := h.get(1).Authentication
		if a.OfLife == 0 {
			return false
		}
		if a.OfLife != number {
			t.Fatalf("%s: life %d is told of what life %d has", step, number, a.OfLife)
		}
		give(step, a.SQN.SEQ()-store.SQNsOfLife+1, store.SQNsOfLife)
		return true
	}
	lease := func(step string, n uint64) {
		t.Helper()
		base, err := h.LeaseSQN(h.Context(), SUPI(1), n)
		h.must(err)
		give(step, base.SEQ()+1, n)
		if h.get(1).Authentication.OfLife != 0 {
			t.Fatalf("%s: the life has some still", step)
		}
	}
	begin()
	has := take("first life")
	lease("lease of the first life", 7)
	for range 3 { // killed before anything is written
		begin()
		if take("next life") != has {
			t.Fatal("one life has some and another has not")
		}
		h.must(h.Close())
		h.Store = h.handle()
	}
	begin()
	lease("lease of a life that used none", 32)
	begin()
	take("before a change")
	h.must(h.ReplaceSubscriber(h.Context(), Subscriber(1)))
	lease("after a change", 1)
	begin()
	h.must(h.RemoveSubscriber(h.Context(), SUPI(1)))
	s.Authentication.SQN = 5000 << aka.INDBits
	h.add(s)
	if a := h.get(1).Authentication; a.SQN != s.Authentication.SQN || a.OfLife != 0 {
		t.Fatalf("added while a life goes on: %+v", a)
	}
	h.must(h.ResetSQN(h.Context(), SUPI(1), 6000<<aka.INDBits))
	if a := h.get(1).Authentication; a.SQN.SEQ() != 6000 || a.OfLife != 0 {
		t.Fatalf("set while a life goes on: %+v", a)
	}
	h.must(h.ResetSQN(h.Context(), SUPI(1), aka.MaxSQN-store.SQNsOfLife/2<<aka.INDBits))
	begin()
	if take("at the end") {
		t.Fatal("a life has more than there are")
	}
}
