package aka_test

import (
	"errors"
	"testing"

	"github.com/limpid-5g/limpid/aka"
)

func sqnOf(seq uint64, ind uint8) aka.SQN { return aka.SQN(seq<<aka.INDBits | uint64(ind)) }

const maxSEQ = uint64(aka.MaxSQN >> aka.INDBits)

// TestSQNEncoding: TS 33.102 §C.1.1.1.
func TestSQNEncoding(t *testing.T) {
	for _, v := range []struct {
		sqn  aka.SQN
		text string
		seq  uint64
		ind  uint8
	}{
		{0, "000000000000", 0, 0},
		{31, "00000000001f", 0, 31},
		{32, "000000000020", 1, 0},
		{0x123456789abc, "123456789abc", 0x91a2b3c4d5, 0x1c},
		{aka.MaxSQN, "ffffffffffff", maxSEQ, 31},
	} {
		if got := aka.NewSQN(v.sqn.Bytes()); got != v.sqn {
			t.Errorf("%v: encoding gives %v", v.sqn, got)
		}
		if got := v.sqn.String(); got != v.text {
			t.Errorf("%v: got text %s", v.text, got)
		}
		if v.sqn.SEQ() != v.seq || v.sqn.IND() != v.ind {
			t.Errorf("%v: got SEQ %x, IND %d", v.sqn, v.sqn.SEQ(), v.sqn.IND())
		}
	}
}

// TestSQNNext: TS 33.102 §C.1.1.2, to the end of the 48-bit range.
func TestSQNNext(t *testing.T) {
	for _, v := range []struct {
		from aka.SQN
		n    uint64
		ind  uint8
		want aka.SQN
		err  error
	}{
		{0, 1, 0, sqnOf(1, 0), nil},
		{sqnOf(7, 3), 1, 4, sqnOf(8, 4), nil},
		{sqnOf(7, 3), 100, 33, sqnOf(107, 1), nil},
		{sqnOf(1<<32, 31), 1, 0, sqnOf(1<<32+1, 0), nil},
		{sqnOf(maxSEQ-1, 0), 1, 31, aka.MaxSQN, nil},
		{sqnOf(maxSEQ-1, 0), 2, 0, 0, aka.ErrSQNExhausted},
		{aka.MaxSQN, 1, 0, 0, aka.ErrSQNExhausted},
		{0, 1 << 63, 0, 0, aka.ErrSQNExhausted},
	} {
		got, err := v.from.Advance(v.n, v.ind)
		if got != v.want || !errors.Is(err, v.err) {
			t.Errorf("%v + %d, IND %d: got %v, %v; want %v, %v", v.from, v.n, v.ind, got, err, v.want, v.err)
		}
	}
	if got, err := sqnOf(7, 3).Next(4); got != sqnOf(8, 4) || err != nil {
		t.Errorf("Next: got %v, %v", got, err)
	}
}

// TestVerifier: TS 33.102 §C.2. Each step is a sequence number that arrives and whether it is accepted.
func TestVerifier(t *testing.T) {
	type step struct {
		sqn aka.SQN
		ok  bool
	}
	for _, v := range []struct {
		name     string
		verifier aka.Verifier
		steps    []step
		highest  aka.SQN
	}{
		{"in order", aka.Verifier{}, []step{{sqnOf(1, 0), true}, {sqnOf(2, 1), true}, {sqnOf(3, 2), true}}, sqnOf(3, 2)},
		{"replay", aka.Verifier{}, []step{{sqnOf(1, 0), true}, {sqnOf(1, 0), false}}, sqnOf(1, 0)},
		{"zero is never fresh", aka.Verifier{}, []step{{0, false}, {31, false}}, 0},
		{"late under another index", aka.Verifier{}, []step{{sqnOf(9, 0), true}, {sqnOf(5, 1), true}, {sqnOf(5, 1), false}},
			sqnOf(9, 0)},
		{"late under the same index", aka.Verifier{}, []step{{sqnOf(9, 3), true}, {sqnOf(8, 3), false}}, sqnOf(9, 3)},
		{"jump of delta", aka.Verifier{}, []step{{sqnOf(aka.DefaultDelta, 0), true}}, sqnOf(aka.DefaultDelta, 0)},
		{"jump beyond delta", aka.Verifier{}, []step{{sqnOf(aka.DefaultDelta+1, 0), false}}, 0},
		{"own delta", aka.Verifier{Delta: 10}, []step{{sqnOf(10, 0), true}, {sqnOf(21, 1), false}, {sqnOf(20, 1), true}},
			sqnOf(20, 1)},
		{"age limit", aka.Verifier{Limit: 5}, []step{{sqnOf(10, 0), true}, {sqnOf(5, 1), false}, {sqnOf(6, 1), true}},
			sqnOf(10, 0)},
		{"end of range", aka.Verifier{Delta: maxSEQ}, []step{{aka.MaxSQN, true}, {sqnOf(maxSEQ, 0), true}, {sqnOf(1, 31), false}},
			aka.MaxSQN},
		{"more than 48 bits", aka.Verifier{Delta: maxSEQ}, []step{{aka.MaxSQN + 33, false}}, 0},
	} {
		t.Run(v.name, func(t *testing.T) {
			for i, s := range v.steps {
				err := v.verifier.Accept(s.sqn)
				if (err == nil) != s.ok || (err != nil && !errors.Is(err, aka.ErrSync)) {
					t.Errorf("step %d, %v: got %v", i, s.sqn, err)
				}
			}
			if got := v.verifier.Highest(); got != v.highest {
				t.Errorf("highest: got %v, want %v", got, v.highest)
			}
		})
	}
}

// TestResync: after any resynchronisation the USIM accepts the home network's next vector under any index,
// TS 33.102 §6.3.5.
func TestResync(t *testing.T) {
	for _, he := range []aka.SQN{0, sqnOf(3, 3), sqnOf(1000, 0), sqnOf(1<<40, 0), sqnOf(maxSEQ-1, 0)} {
		for _, ms := range []aka.SQN{sqnOf(1, 1), sqnOf(1000, 31), sqnOf(1<<40, 7), sqnOf(maxSEQ-1, 2)} {
			v := aka.Verifier{Delta: maxSEQ}
			if err := v.Accept(ms); err != nil {
				t.Fatal(err)
			}
			v.Delta = aka.DefaultDelta
			for ind := range uint8(1 << aka.INDBits) {
				next, err := he.Resync(v.Highest()).Next(ind)
				if err != nil {
					t.Fatalf("HE %v, MS %v: %v", he, ms, err)
				}
				copied := v
				if err := copied.Accept(next); err != nil {
					t.Errorf("HE %v, MS %v, IND %d: %v not accepted", he, ms, ind, next)
				}
			}
		}
	}
}
