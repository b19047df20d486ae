package udr_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/nf/udr"
	"github.com/limpid-5g/limpid/store"
	"github.com/limpid-5g/limpid/store/faults"
	"github.com/limpid-5g/limpid/store/sqlite"
	"github.com/limpid-5g/limpid/store/storetest"
)

// reborn is a store's file that outlives the processes which open it.
type reborn struct {
	*testing.T
	file string
}

// live begins a life of the node over the file.
func (r *reborn) live() (*udr.UDR, *faults.Store) {
	r.Helper()
	st, err := sqlite.Open(r.Context(), r.file, sqlite.Options{Create: true})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = st.Close() })
	disk := faults.New(st)
	life, err := disk.BeginLife(r.Context(), "node", time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return udr.New(udr.Config{Life: life.Number}, disk, slog.New(slog.DiscardHandler)), disk
}

// TestFirstSQNsTakeNoWrite: a life's first sequence numbers of a subscriber are accounted for by its start, the others by
// leases, TS 33.102 §C.1.2.
func TestFirstSQNsTakeNoWrite(t *testing.T) {
	r := &reborn{t, filepath.Join(t.TempDir(), "limpid.db")}
	_, disk := r.live()
	if err := disk.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(1)}); err != nil {
		t.Fatal(err)
	}
	u, disk := r.live()
	next := func() aka.SQN {
		t.Helper()
		if _, err := u.AuthenticationSubscription(t.Context(), storetest.SUPI(1)); err != nil {
			t.Fatal(err)
		}
		sqn, err := u.NextSQN(t.Context(), storetest.SUPI(1))
		if err != nil {
			t.Fatal(err)
		}
		return sqn
	}
	before := disk.Writes()
	last := next()
	for range store.SQNsOfLife - 1 {
		sqn := next()
		if sqn.SEQ() != last.SEQ()+1 {
			t.Fatalf("%s after %s", sqn, last)
		}
		last = sqn
	}
	if n := disk.Writes() - before; n != 0 {
		t.Fatalf("%d writes", n)
	}
	if sqn := next(); sqn.SEQ() != last.SEQ()+1 || disk.Writes() != before+1 {
		t.Fatalf("%s after %s with %d writes, want 1", sqn, last, disk.Writes()-before)
	}
}

// TestNoSQNTwice: whatever happens to the store and whenever the node is killed, no sequence number is given out twice, and
// each is greater than those before unless the USIM was behind, TS 33.102 §C.1.2 and TS 33.102 §6.3.5. A backup, or whoever
// looks, always sees a ceiling above all that were used.
func TestNoSQNTwice(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { playSQNs(t, rand.New(rand.NewPCG(seed, 5))) })
	}
}

func playSQNs(t *testing.T, random *rand.Rand) {
	const phones, lives, steps = 3, 6, 60
	r := &reborn{t, filepath.Join(t.TempDir(), "limpid.db")}
	u, disk := r.live()
	used, last := make(map[ident.SUPI]map[aka.SQN]bool), make(map[ident.SUPI]aka.SQN)
	for i := range phones {
		sub := storetest.Subscriber(i)
		sub.Authentication.SQN = aka.SQN(i) * 777777
		used[sub.SUPI], last[sub.SUPI] = make(map[aka.SQN]bool), sub.Authentication.SQN
		if err := disk.AddSubscribers(t.Context(), []store.Subscriber{sub}); err != nil {
			t.Fatal(err)
		}
	}
	for range lives {
		disk.Plan(func(string) faults.Fault {
			return faults.Fault{Fail: random.IntN(8) == 0, Torn: random.IntN(8) == 0}
		})
		for range random.IntN(steps) {
			supi := storetest.SUPI(random.IntN(phones))
			sub, err := disk.Subscriber(t.Context(), supi)
			if err != nil {
				t.Fatal(err)
			}
			if sub.Authentication.SQN.SEQ() < last[supi].SEQ() {
				t.Fatalf("ceiling %s, but %s was used", sub.Authentication.SQN, last[supi])
			}
			switch random.IntN(12) {
			case 0: // a USIM that is ahead; one that is behind changes nothing
				ahead := last[supi] + aka.SQN(random.IntN(4000))
				if u.ResynchroniseSQN(t.Context(), supi, ahead) == nil {
					last[supi] = max(last[supi], ahead)
				}
				continue
			case 1: // the operator changes the subscriber
				_ = disk.ReplaceSubscriber(t.Context(), *sub)
			}
			if _, err := u.AuthenticationSubscription(t.Context(), supi); err != nil {
				t.Fatal(err)
			}
			sqn, err := u.NextSQN(t.Context(), supi)
			if err != nil {
				continue // the store refused
			}
			if used[supi][sqn] || sqn.SEQ() <= last[supi].SEQ() {
				t.Fatalf("%s after %s; given before: %v", sqn, last[supi], used[supi][sqn])
			}
			used[supi][sqn], last[supi] = true, sqn
		}
		disk.Plan(func(string) faults.Fault { return faults.Fault{Fail: true} }) // a killed node writes nothing more
		u, disk = r.live()
	}
}

// TestLifeOfAnother: what belongs to a life is not taken by a node that runs another one, nor from a reading that is older than
// a change.
func TestLifeOfAnother(t *testing.T) {
	r := &reborn{t, filepath.Join(t.TempDir(), "limpid.db")}
	_, disk := r.live()
	if err := disk.AddSubscribers(t.Context(), []store.Subscriber{storetest.Subscriber(1)}); err != nil {
		t.Fatal(err)
	}
	first, _ := r.live()
	second, disk := r.live()
	seen := make(map[aka.SQN]bool)
	take := func(u *udr.UDR) {
		t.Helper()
		if _, err := u.AuthenticationSubscription(t.Context(), storetest.SUPI(1)); err != nil {
			t.Fatal(err)
		}
		sqn, err := u.NextSQN(t.Context(), storetest.SUPI(1))
		if err != nil || seen[sqn] {
			t.Fatalf("%s, error %v, seen before: %v", sqn, err, seen[sqn])
		}
		seen[sqn] = true
	}
	for range 3 * store.SQNsOfLife {
		take(first)
		take(second)
	}
	if err := disk.RemoveSubscriber(t.Context(), storetest.SUPI(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := second.AuthenticationSubscription(t.Context(), storetest.SUPI(1)); err == nil {
		t.Fatal("a removed subscriber is there")
	}
	if _, err := second.NextSQN(t.Context(), storetest.SUPI(1)); err == nil || errors.Is(err, faults.ErrInjected) {
		t.Fatalf("sequence number of a removed subscriber: %v", err)
	}
}
