package aka_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

// anywhere is a sequence number anywhere in the 48-bit range, its ends as often as its middle.
func anywhere(r *rand.Rand) aka.SQN {
	seq := r.Uint64N(maxSEQ + 1)
	switch r.IntN(4) {
	case 0:
		seq = r.Uint64N(1 << r.IntN(44))
	case 1:
		seq = maxSEQ - 1 - r.Uint64N(1<<r.IntN(43))
	}
	return sqnOf(min(seq, maxSEQ-1), uint8(r.IntN(1<<aka.INDBits)))
}

// TestResynchronisationProperty: TS 33.102 §C.2.2, §C.2.3 and §6.3.5 over the whole 48-bit range. Whatever the home network
// and the USIM think, after one resynchronisation the next vector is accepted, no vector is accepted twice, and none that
// the USIM has seen the better of under its index.
func TestResynchronisationProperty(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		home, card := anywhere(r), anywhere(r)
		usim := aka.Verifier{Delta: maxSEQ}
		if card.SEQ() > 0 {
			if err := usim.Accept(card); err != nil {
				t.Fatalf("card at %v: %v", card, err)
			}
		}
		usim.Delta = 0 // as a card in the field, TS 33.102 §C.3.2
		next, err := home.Next(uint8(r.IntN(1 << aka.INDBits)))
		if err != nil {
			t.Fatalf("home at %v: %v", home, err)
		}
		if err := usim.Accept(next); err != nil {
			if !errors.Is(err, aka.ErrSync) {
				t.Fatal(err)
			}
			if usim.Highest() != card && card.SEQ() > 0 {
				t.Fatalf("a refused %v moved the card from %v to %v", next, card, usim.Highest())
			}
			if next, err = home.Resync(usim.Highest()).Next(uint8(r.IntN(1 << aka.INDBits))); err != nil {
				t.Fatalf("home %v, card %v: %v", home, card, err)
			}
			if err := usim.Accept(next); err != nil {
				t.Fatalf("home %v, card %v: %v after resynchronisation: %v", home, card, next, err)
			}
		}
		if usim.Accept(next) == nil {
			t.Fatalf("home %v, card %v: %v accepted twice", home, card, next)
		}
		if older := sqnOf(r.Uint64N(next.SEQ()+1), next.IND()); usim.Accept(older) == nil {
			t.Fatalf("%v accepted after %v of the same index", older, next)
		}
		// The home network goes on from there, through every index. One that was accepted although it is behind meets the
		// better one under its index at last, and one resynchronisation mends that for good.
		resyncs := 0
		for range 2 << aka.INDBits {
			if next, err = next.Next(uint8(next.SEQ() + 1)); err != nil {
				break // at the very end of the range
			}
			if usim.Accept(next) == nil {
				continue
			}
			resyncs++
			if next, err = next.Resync(usim.Highest()).Next(uint8(next.SEQ() + 1)); err != nil {
				break
			}
			if err := usim.Accept(next); err != nil || resyncs > 1 {
				t.Fatalf("home %v, card %v: then %v: %v, %d resynchronisations", home, card, next, err, resyncs)
			}
		}
	}
}
