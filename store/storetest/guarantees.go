package storetest

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// errNoRoom is what refuses in these tests.
var errNoRoom = errors.New("no room")

func guarantee(i int, node string, rate uint64) store.Guarantee {
	return store.Guarantee{SEID: SM(i).SEID, SUPI: SUPI(i), PDUSessionID: 5, Node: node, Uplink: rate, Downlink: 2 * rate,
		Place: store.GuaranteePlace{DNN: "internet", Slice: ident.SNSSAI{SST: 1, SD: ident.NoSD}, UPF: "upf1"}}
}

// guarantees are what a node holds, "" for all, by SEID.
func (h *harness) guarantees(node string) []store.Guarantee {
	h.Helper()
	list := collect(h, h.GuaranteesOf(h.Context(), node))
	slices.SortFunc(list, func(a, b store.Guarantee) int { return cmp.Compare(a.SEID, b.SEID) })
	return list
}

func (h *harness) sums() []store.GuaranteeSum {
	h.Helper()
	list, err := h.GuaranteeSums(h.Context())
	h.must(err)
	slices.SortFunc(list, func(a, b store.GuaranteeSum) int { return cmp.Compare(a.Place.UPF, b.Place.UPF) })
	return list
}

// guarantees: each is one session's, who grants is told what the others hold, and what is refused stays as it was.
func guarantees(t *testing.T, h *harness) {
	one, other := guarantee(1, "a", 100), guarantee(2, "b", 7)
	other.Place.UPF, other.SEID = "upf2", 9
	h.must(h.Guarantee(h.Context(), one, nil))
	h.must(h.Guarantee(h.Context(), other, func(others []store.GuaranteeSum) error {
		same(h, others, []store.GuaranteeSum{{Place: one.Place, Uplink: 100, Downlink: 200}})
		return nil
	}))
	more := one
	more.Uplink = 150
	h.want(h.Guarantee(h.Context(), more, func(others []store.GuaranteeSum) error {
		same(h, others, []store.GuaranteeSum{{Place: other.Place, Uplink: 7, Downlink: 14}})
		return errNoRoom
	}), errNoRoom)
	never := func([]store.GuaranteeSum) error {
		t.Error("asked")
		return errNoRoom
	}
	h.must(h.Guarantee(h.Context(), one, never))
	same(h, h.guarantees(""), []store.Guarantee{other, one})
	same(h, h.guarantees("b"), []store.Guarantee{other})
	same(h, h.sums(), []store.GuaranteeSum{{Place: one.Place, Uplink: 100, Downlink: 200}, {Place: other.Place, Uplink: 7, Downlink: 14}})

	moved := more
	moved.Place.UPF = "upf2"
	h.must(h.Guarantee(h.Context(), moved, nil))
	same(h, h.sums(), []store.GuaranteeSum{{Place: other.Place, Uplink: 157, Downlink: 214}})
	stranger := guarantee(1, "a", 0) // of the same PDU session identity
	stranger.SEID++
	h.must(h.Guarantee(h.Context(), stranger, never))
	same(h, h.guarantees("a"), []store.Guarantee{moved})
	h.must(h.Guarantee(h.Context(), store.Guarantee{SEID: moved.SEID}, never))
	same(h, h.guarantees(""), []store.Guarantee{other})
	h.must(h.Guarantee(h.Context(), store.Guarantee{SEID: moved.SEID}, never))

	ctx, cancel := context.WithCancel(h.Context())
	cancel()
	h.want(h.Guarantee(ctx, one, nil), context.Canceled)
	h.must(h.Close())
	h.want(h.Guarantee(h.Context(), one, nil), store.ErrClosed)
	h.want(h.ForgetGuarantees(h.Context(), "a"), store.ErrClosed)
	_, err := h.GuaranteeSums(h.Context())
	h.want(err, store.ErrClosed)
}

// guaranteesForgotten: a node loses what it holds for sessions that are not stored as its own, and nothing else.
func guaranteesForgotten(_ *testing.T, h *harness) {
	h.must(h.keepSM(SM(1)))
	h.must(h.keepSM(SM(2)))
	stored, foreign, replaced := guarantee(1, "a", 100), guarantee(3, "b", 300), guarantee(2, "a", 200)
	replaced.SEID = 5 // of the session that was here before
	gone := guarantee(4, "a", 400)
	for _, g := range []store.Guarantee{stored, foreign, replaced, gone} {
		h.must(h.Guarantee(h.Context(), g, nil))
	}
	h.must(h.ForgetGuarantees(h.Context(), "a"))
	same(h, h.guarantees(""), []store.Guarantee{stored, foreign})
	h.must(h.ForgetGuarantees(h.Context(), "b"))
	same(h, h.guarantees(""), []store.Guarantee{stored})
}

// guaranteesTaken: what sessions hold goes with them to another node, at once and once; what is held for a session that is not
// stored yet does not.
func guaranteesTaken(_ *testing.T, h *harness) {
	h.must(h.keepUE(UE(1)))
	other := SM(1)
	other.PDUSessionID, other.SEID, other.IPv4, other.IPv6 = 6, 66, SM(6).IPv4, SM(6).IPv6
	for _, n := range []store.SMContext{SM(1), SM(2), other} {
		h.must(h.keepSM(n))
	}
	first, second, foreign, begun := guarantee(1, "a", 100), guarantee(1, "a", 10), guarantee(2, "a", 1), guarantee(1, "a", 1000)
	second.PDUSessionID, second.SEID = 6, 66
	begun.PDUSessionID, begun.SEID = 7, 77
	for _, g := range []store.Guarantee{first, second, foreign, begun} {
		h.must(h.Guarantee(h.Context(), g, nil))
	}
	before := h.sums()
	first.Node, first.SEID, second.Node, second.SEID = "b", 4096+5, "b", 4096+6
	for range 2 { // the answer was lost
		_, err := h.TakeUE(h.Context(), seenAt(1, 1), "b", 4096, nil)
		h.must(err)
		same(h, h.guarantees("b"), []store.Guarantee{first, second})
		same(h, h.guarantees("a"), []store.Guarantee{begun, foreign})
		same(h, h.sums(), before)
	}
	h.must(h.Guarantee(h.Context(), store.Guarantee{SEID: SM(1).SEID}, nil)) // what the node says that had it has no effect
	same(h, h.sums(), before)
}

// rivals are two nodes that grant, change, give back and take from each other at random and at once.
type rivals struct {
	*harness
	handles []store.Store
	seed    uint64
	mu      sync.Mutex
	granted int
	refused int
}

const (
	rivalBound    = 1000
	rivalWorkers  = 8
	rivalSteps    = 40
	rivalSessions = 12
)

// guaranteesBounded: whatever rivals do, at no moment is more held than the bound, and nothing in the end.
func guaranteesBounded(t *testing.T, h *harness) {
	r := &rivals{harness: h, handles: []store.Store{h.Store, h.handle()}, seed: rand.Uint64()}
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", r.seed)
		}
	}()
	for i := range rivalSessions {
		h.must(h.keepUE(UE(i)))
		h.must(h.keepSM(SM(i)))
	}
	ended := make(chan struct{})
	var wg, watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ended:
				return
			default:
				r.look()
			}
		}
	})
	for w := range rivalWorkers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(r.seed, uint64(w)))
			for n := range rivalSteps {
				if err := r.step(random, w%2, uint64(1+w*rivalSteps+n)*store.SEIDsOfUE); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	close(ended)
	watching.Wait()
	if r.granted < rivalSteps || r.refused < rivalSteps/4 {
		t.Errorf("%d granted, %d refused: this shows nothing", r.granted, r.refused)
	}
	for _, g := range h.guarantees("") {
		h.must(h.Guarantee(h.Context(), store.Guarantee{SEID: g.SEID}, nil))
	}
	if left := h.sums(); len(left) != 0 {
		t.Errorf("%+v is left", left)
	}
}

func (r *rivals) look() {
	list, err := r.GuaranteeSums(r.Context())
	if err != nil {
		r.Error(err)
	}
	for _, sum := range list {
		if sum.Uplink > rivalBound || sum.Downlink != 2*sum.Uplink {
			r.Errorf("%d/%d are held of %d", sum.Uplink, sum.Downlink, rivalBound)
		}
	}
}

// step is what one of the nodes does; seids are for what it takes.
func (r *rivals) step(random *rand.Rand, of int, seids uint64) error {
	s, i, node := r.handles[of], random.IntN(rivalSessions), []string{"a", "b"}[of]
	list, err := s.SMsOf(r.Context(), SUPI(i))
	if err != nil {
		return err
	}
	g := guarantee(i, list[0].Node, 0)
	g.SEID = list[0].SEID
	switch random.IntN(8) {
	case 0:
		u, err := s.UE(r.Context(), SUPI(i))
		if err == nil {
			_, err = s.TakeUE(r.Context(), seenAt(i, u.Epoch), node, seids, nil)
		}
		if errors.Is(err, store.ErrNotOwner) {
			return nil
		}
		return err
	case 1:
		return s.ForgetGuarantees(r.Context(), node)
	case 2, 3:
	default:
		g.Uplink = 1 + random.Uint64N(400)
		g.Downlink = 2 * g.Uplink
	}
	err = s.Guarantee(r.Context(), g, func(others []store.GuaranteeSum) error {
		sum := g.Uplink
		for _, o := range others {
			sum += o.Uplink
		}
		if sum > rivalBound {
			return errNoRoom
		}
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case errors.Is(err, errNoRoom):
		r.refused++
		return nil
	case err == nil && !g.None():
		r.granted++
	}
	return err
}
