package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/store"
)

// UE is a UE context that uses every column.
func UE(i int) store.UEContext {
	return store.UEContext{
		SUPI: SUPI(i), TMSI: 0xf0000000 + uint32(i), OldTMSI: 0xe0000000 + uint32(i), Node: "a", Epoch: 1,
		Record: bytes.Repeat([]byte{byte(i), 0xff, 0}, 100),
	}
}

// seenAt is a UE's context as it was seen in an epoch.
func seenAt(i int, epoch uint64) *store.UEContext {
	u := UE(i)
	u.Epoch = epoch
	return &u
}

// SM is an SM context that uses every column.
func SM(i int) store.SMContext {
	return store.SMContext{
		SUPI: SUPI(i), PDUSessionID: 5, SEID: 1<<63 + uint64(i), Node: "a", DNN: "internet", UPF: "upf1",
		IPv4: netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), IPv6: netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::/64", i)),
		Record: bytes.Repeat([]byte{1, byte(i)}, 50),
	}
}

func (h *harness) keepUE(u store.UEContext) error {
	h.Helper()
	errs, err := h.KeepUEs(h.Context(), []store.UEContext{u})
	h.must(err)
	return errs[0]
}

func (h *harness) keepSM(n store.SMContext) error {
	h.Helper()
	errs, err := h.KeepSMs(h.Context(), []store.SMContext{n})
	h.must(err)
	return errs[0]
}

func same[T any](h *harness, got, want T) {
	h.Helper()
	if !reflect.DeepEqual(got, want) {
		h.Fatalf("got\n%+v\nwant\n%+v", got, want)
	}
}

func collect[T any](h *harness, seq iter.Seq2[T, error]) (list []T) {
	h.Helper()
	for v, err := range seq {
		h.must(err)
		list = append(list, v)
	}
	return list
}

func ueContexts(_ *testing.T, h *harness) {
	_, err := h.UE(h.Context(), SUPI(1))
	h.want(err, store.ErrNotFound)
	h.must(h.RemoveUE(h.Context(), SUPI(1), UE(1).Node, 1))
	bare := store.UEContext{SUPI: SUPI(2), TMSI: 7, Node: "b", Epoch: 3, Record: []byte{1}}
	h.must(h.keepUE(UE(1)))
	h.must(h.keepUE(bare))
	for _, u := range []store.UEContext{UE(1), bare} {
		got, err := h.UE(h.Context(), u.SUPI)
		h.must(err)
		same(h, got, u)
	}
	for _, tmsi := range []uint32{UE(1).TMSI, UE(1).OldTMSI} {
		got, err := h.UEByTMSI(h.Context(), tmsi)
		h.must(err)
		same(h, got, UE(1))
	}
	_, err = h.UEByTMSI(h.Context(), 8)
	h.want(err, store.ErrNotFound)
	same(h, collect(h, h.UEs(h.Context(), "b")), []store.UEContext{bare})
	if n := len(collect(h, h.UEs(h.Context(), ""))); n != 2 {
		h.Fatalf("%d UEs, want 2", n)
	}
	changed := UE(1)
	changed.OldTMSI, changed.Record = 0, []byte{2}
	h.must(h.keepUE(changed))
	_, err = h.UEByTMSI(h.Context(), UE(1).OldTMSI)
	h.want(err, store.ErrNotFound)
	h.must(h.RemoveUE(h.Context(), SUPI(1), UE(1).Node, 1))
	_, err = h.UEByTMSI(h.Context(), UE(1).TMSI)
	h.want(err, store.ErrNotFound)
}

// ueOwnership: what an older context says has no effect, and of many who want a UE one gets it.
func ueOwnership(t *testing.T, h *harness) {
	newer := UE(1)
	newer.Epoch = 5
	h.must(h.keepUE(newer))
	h.want(h.keepUE(UE(1)), store.ErrNotOwner)
	h.want(h.RemoveUE(h.Context(), SUPI(1), newer.Node, 4), store.ErrNotOwner)
	h.want(h.RemoveUE(h.Context(), SUPI(1), "b", 9), store.ErrNotOwner) // which had the UE before, and says again that it has left
	h.must(h.RemoveUE(h.Context(), SUPI(2), newer.Node, 4))
	another := newer
	another.TMSI++
	h.want(h.keepUE(another), store.ErrNotOwner) // it is of the same node and epoch, and was not stored before
	h.must(h.keepUE(newer))                      // the answer was lost
	known := newer
	known.Known = true
	another.Known = true
	h.must(h.keepUE(another)) // a new 5G-GUTI
	h.must(h.keepUE(known))
	_, err := h.TakeUE(h.Context(), seenAt(1, 4), "b", 64, nil)
	h.want(err, store.ErrNotOwner)
	_, err = h.TakeUE(h.Context(), seenAt(2, 1), "b", 64, nil)
	h.want(err, store.ErrNotFound)

	handles := []store.Store{h.Store, h.handle()}
	var mu sync.Mutex
	var won []store.UEContext
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			u, err := handles[i%2].TakeUE(h.Context(), seenAt(1, 5), fmt.Sprint("node", i), uint64(i)*store.SEIDsOfUE, nil)
			if errors.Is(err, store.ErrNotOwner) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			won = append(won, u)
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d took the UE, want 1", len(won))
	}
	newer.Epoch, newer.Node = 6, won[0].Node
	same(h, won[0], newer)
	rival := newer
	rival.Node = "rival" // with the same epoch it has never taken it
	h.want(h.keepUE(rival), store.ErrNotOwner)
	stale := newer
	stale.Epoch = 5
	h.want(h.keepUE(stale), store.ErrNotOwner)
	h.must(h.keepUE(newer))
}

// known: what has been stored before is changed only where it still is, and does not come back where it was removed or
// somebody else's since, whatever the epochs.
func known(t *testing.T, h *harness) {
	u, n := UE(1), SM(1)
	u.Known, n.Known = true, true
	h.want(h.keepUE(u), store.ErrNotOwner) // it was not
	h.want(h.keepSM(n), store.ErrNotOwner)
	h.must(h.keepUE(UE(1)))
	h.must(h.keepSM(SM(1)))
	u.TMSI, u.Record, n.UPF, n.Record = 4711, []byte{2}, "upf2", []byte{3}
	mixed := UE(2)
	errs, err := h.KeepUEs(h.Context(), []store.UEContext{u, mixed}) // the one not known beside it
	h.must(errors.Join(append(errs, err)...))
	h.must(h.keepSM(n))
	want, session := u, n
	want.Known, session.Known = false, false
	got, err := h.UE(h.Context(), SUPI(1))
	h.must(err)
	same(h, got, want)
	list, err := h.SMsOf(h.Context(), SUPI(1))
	h.must(err)
	same(h, list, []store.SMContext{session})
	clash := u
	clash.TMSI = UE(2).TMSI
	h.want(h.keepUE(clash), store.ErrTMSITaken)
	ahead := u
	ahead.Epoch++
	h.want(h.keepUE(ahead), store.ErrNotOwner)
	h.must(h.RemoveUE(h.Context(), SUPI(1), u.Node, u.Epoch))
	h.must(h.RemoveSM(h.Context(), SUPI(1), n.PDUSessionID, n.SEID))
	h.want(h.keepUE(u), store.ErrNotOwner)
	h.want(h.keepSM(n), store.ErrNotOwner)
	_, err = h.UE(h.Context(), SUPI(1))
	h.want(err, store.ErrNotFound)
	anew := UE(1) // of another node, that has never heard of the epochs before
	anew.Node, anew.Epoch, u.Epoch = "b", 1, 9
	h.must(h.keepUE(anew))
	h.want(h.keepUE(u), store.ErrNotOwner)
	got, err = h.UE(h.Context(), SUPI(1))
	h.must(err)
	same(h, got, anew)
	if list, err = h.SMsOf(h.Context(), SUPI(1)); err != nil || len(list) != 0 {
		t.Fatalf("a session came back: %v, %v", list, err)
	}
}

// knownChanges: of what has been stored before each column may change alone, and what it was is free for others.
func knownChanges(_ *testing.T, h *harness) {
	u, n := UE(1), SM(1)
	h.must(h.keepUE(u))
	h.must(h.keepSM(n))
	for _, change := range []func(){
		func() {},
		func() { u.Record = []byte{2} },
		func() { u.TMSI = 4711 },
		func() { u.OldTMSI = 0 },
		func() { u.Record = []byte{4} },
		func() { u.OldTMSI = 4712 },
		func() { u.OldTMSI, u.Record = 4713, []byte{3} },
		func() { n.Record = []byte{2} },
		func() { n.Node = "b" },
		func() { n.DNN = "ims" },
		func() { n.UPF = "upf2" },
		func() { n.IPv4 = netip.Addr{} },
		func() { n.Record = []byte{4} },
		func() { n.IPv4 = SM(2).IPv4 },
		func() { n.IPv6 = netip.Prefix{} },
		func() { n.Record = []byte{3} },
		func() { n.IPv6 = SM(2).IPv6 },
	} {
		before := []uint32{u.TMSI, u.OldTMSI}
		change()
		u.Known, n.Known = true, true
		h.must(h.keepUE(u))
		h.must(h.keepSM(n))
		u.Known, n.Known = false, false
		for _, tmsi := range append(before, u.TMSI, u.OldTMSI) {
			switch got, err := h.UEByTMSI(h.Context(), tmsi); {
			case tmsi != 0 && (tmsi == u.TMSI || tmsi == u.OldTMSI):
				h.must(err)
				same(h, got, u)
			default:
				h.want(err, store.ErrNotFound)
			}
		}
		list, err := h.SMsOf(h.Context(), SUPI(1))
		h.must(err)
		same(h, list, []store.SMContext{n})
	}
	after, session := UE(2), SM(3)
	after.TMSI, session.IPv4, session.IPv6 = UE(1).TMSI, SM(1).IPv4, SM(1).IPv6
	h.must(h.keepUE(after))
	h.must(h.keepSM(session))
}

// tmsiIsOfOne: a 5G-TMSI that another UE has is refused, and the rest of the list is kept.
func tmsiIsOfOne(_ *testing.T, h *harness) {
	h.must(h.keepUE(UE(1)))
	clash := UE(2)
	clash.TMSI = UE(1).TMSI
	errs, err := h.KeepUEs(h.Context(), []store.UEContext{clash, UE(3)})
	h.must(err)
	h.want(errs[0], store.ErrTMSITaken)
	h.must(errs[1])
	_, err = h.UE(h.Context(), SUPI(2))
	h.want(err, store.ErrNotFound)
	_, err = h.UE(h.Context(), SUPI(3))
	h.must(err)
}

func smContexts(_ *testing.T, h *harness) {
	bare := store.SMContext{SUPI: SUPI(1), PDUSessionID: 6, SEID: 9, Node: "b", DNN: "ims", UPF: "", Record: []byte{1}}
	h.must(h.keepSM(SM(1)))
	h.must(h.keepSM(bare))
	list, err := h.SMsOf(h.Context(), SUPI(1))
	h.must(err)
	same(h, list, []store.SMContext{SM(1), bare})
	same(h, collect(h, h.SMs(h.Context(), "b")), []store.SMContext{bare})
	changed := SM(1)
	changed.Record, changed.IPv6 = []byte{3}, netip.Prefix{}
	h.must(h.keepSM(changed))
	same(h, collect(h, h.SMs(h.Context(), "a")), []store.SMContext{changed})

	other := SM(1)
	other.SEID++
	h.want(h.keepSM(other), store.ErrNotOwner)
	h.must(h.RemoveSM(h.Context(), SUPI(1), 5, other.SEID)) // it is not that one
	h.must(h.RemoveSM(h.Context(), SUPI(1), 5, changed.SEID))
	list, err = h.SMsOf(h.Context(), SUPI(1))
	h.must(err)
	same(h, list, []store.SMContext{bare})
}

// taking: a UE and all its sessions change hands at once, whoever asks again in the same way is recognised, and what the nodes
// that had them still say has no effect.
func taking(t *testing.T, h *harness) {
	other := h.handle()
	session := func(id uint8, node string, seid uint64) store.SMContext {
		n := SM(int(id))
		n.SUPI, n.PDUSessionID, n.Node, n.SEID = SUPI(1), id, node, seid
		return n
	}
	first, anchored, own, foreign := session(1, "a", 901), session(15, "c", 902), session(7, "b", 903), SM(2)
	h.must(h.keepUE(UE(1)))
	for _, n := range []store.SMContext{first, anchored, own, foreign} {
		h.must(h.keepSM(n))
	}
	_, err := h.TakeUE(h.Context(), seenAt(1, 7), "b", 4096, nil) // not the epoch
	h.want(err, store.ErrNotOwner)
	for _, node := range []string{"a", "c"} {
		got, err := other.Moved(h.Context(), node)
		h.must(err)
		if len(got) != 0 {
			t.Fatalf("moved from %s by what was refused: %v", node, got)
		}
	}
	want := UE(1)
	want.Node, want.Epoch = "b", 2
	sessions := []store.SMContext{session(1, "b", 4097), own, session(15, "b", 4111)}
	for _, seids := range []uint64{4096, 4096, 8192} { // the answer was lost twice, and a new life asks with new SEIDs
		got, err := other.TakeUE(h.Context(), seenAt(1, 1), "b", seids, nil)
		h.must(err)
		same(h, got, want)
		list, err := h.SMsOf(h.Context(), SUPI(1))
		h.must(err)
		same(h, list, sessions)
	}
	same(h, collect(h, h.SMs(h.Context(), "a")), []store.SMContext{foreign})
	_, err = h.TakeUE(h.Context(), seenAt(1, 1), "c", 64, nil) // it has seen the same epoch
	h.want(err, store.ErrNotOwner)
	before := seenAt(1, 1)
	before.TMSI++
	_, err = h.TakeUE(h.Context(), before, "b", 64, nil) // what it has now has come another way: the UE has registered anew there
	h.want(err, store.ErrNotOwner)
	h.want(h.keepUE(UE(1)), store.ErrNotOwner)
	h.want(h.keepSM(first), store.ErrNotOwner)
	h.must(h.RemoveSM(h.Context(), SUPI(1), 1, first.SEID))
	list, err := h.SMsOf(h.Context(), SUPI(1))
	h.must(err)
	same(h, list, sessions)
	for _, node := range []string{"a", "c"} { // each once
		got, err := h.Moved(h.Context(), node)
		h.must(err)
		if !slices.Equal(got, []ident.SUPI{SUPI(1)}) {
			t.Fatalf("moved from %s: %v", node, got)
		}
	}
	got, err := h.Moved(h.Context(), "b")
	h.must(err)
	if len(got) != 0 {
		t.Fatalf("moved from the node that has it: %v", got)
	}
}

// takingWrites: who takes a UE with a record of its own does so only while what it has seen is still stored, as a whole, also
// where it has to ask twice.
func takingWrites(t *testing.T, h *harness) {
	seen, stale := UE(1), UE(1)
	stale.Record = []byte("older")
	h.must(h.keepUE(seen))
	_, err := h.TakeUE(h.Context(), &stale, "b", 64, []byte("new"))
	h.want(err, store.ErrNotOwner)
	got, err := h.UE(h.Context(), SUPI(1))
	h.must(err)
	same(h, got, seen)
	moved, err := h.Moved(h.Context(), "a")
	h.must(err)
	if len(moved) != 0 {
		t.Fatalf("moved by what was refused: %v", moved)
	}
	want := seen
	want.Node, want.Epoch, want.Record = "b", 2, []byte("new")
	for range 2 { // the answer was lost
		got, err := h.TakeUE(h.Context(), &seen, "b", 64, []byte("new"))
		h.must(err)
		same(h, got, want)
	}
	for _, seen := range []*store.UEContext{&seen, &stale, seenAt(1, 1)} { // too late
		_, err = h.TakeUE(h.Context(), seen, "c", 64, []byte("newer"))
		h.want(err, store.ErrNotOwner)
	}
	got, err = h.UE(h.Context(), SUPI(1))
	h.must(err)
	same(h, got, want)
}

// sessionGoesWithUE: what is to be stored with its UE goes with that to the node that takes it, or is refused, whatever comes first.
func sessionGoesWithUE(t *testing.T, h *harness) {
	session := func(i int, node string) store.SMContext {
		n := SM(i)
		n.Node, n.WithUE = node, true
		return n
	}
	h.must(h.keepSM(session(1, "b"))) // there is no UE
	h.must(h.RemoveSM(h.Context(), SUPI(1), SM(1).PDUSessionID, SM(1).SEID))
	const ues = 40
	var here []store.SMContext
	for i := range ues {
		h.must(h.keepUE(UE(i)))
		h.want(h.keepSM(session(i, "b")), store.ErrNotOwner)
		here = append(here, session(i, "a"))
	}
	other := h.handle()
	var refused []error
	var wg sync.WaitGroup
	wg.Go(func() {
		for chunk := range slices.Chunk(here, 4) {
			errs, err := h.KeepSMs(h.Context(), chunk)
			if err != nil {
				t.Error(err)
				return
			}
			refused = append(refused, errs...)
		}
	})
	wg.Go(func() {
		for i := range ues {
			if _, err := other.TakeUE(h.Context(), seenAt(i, 1), "b", uint64(i+1)*store.SEIDsOfUE, nil); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	for i, err := range refused {
		list, failed := h.SMsOf(h.Context(), SUPI(i))
		h.must(failed)
		switch {
		case err == nil && (len(list) != 1 || list[0].Node != "b" || list[0].SEID != uint64(i+1)*store.SEIDsOfUE+uint64(SM(i).PDUSessionID)):
			t.Errorf("session of UE %d was stored, and is %+v", i, list)
		case err != nil && (!errors.Is(err, store.ErrNotOwner) || len(list) > 0):
			t.Errorf("session of UE %d: %v, and there is %+v", i, err, list)
		}
	}
	known := session(0, "a") // long stored, and gone with its UE
	known.Known = true
	h.want(h.keepSM(known), store.ErrNotOwner)
}

// leaseIsOfOne: no two sessions of a data network have an address, over two handles, until it is given back.
func leaseIsOfOne(t *testing.T, h *harness) {
	second := h.handle()
	h.must(h.keepSM(SM(1)))
	for name, clash := range map[string]store.SMContext{
		"IPv4": {SUPI: SUPI(2), PDUSessionID: 1, SEID: 2, DNN: "internet", IPv4: SM(1).IPv4},
		"IPv6": {SUPI: SUPI(2), PDUSessionID: 1, SEID: 2, DNN: "internet", IPv6: SM(1).IPv6},
	} {
		clash.Record = []byte{1}
		errs, err := second.KeepSMs(h.Context(), []store.SMContext{clash})
		h.must(err)
		leased, ok := errors.AsType[*store.LeasedError](errs[0])
		if !ok || leased.Address.Is4() != (name == "IPv4") {
			t.Errorf("%s: %v, want the address that is leased", name, errs[0])
		}
	}
	elsewhere := SM(2)
	elsewhere.DNN, elsewhere.IPv4, elsewhere.IPv6 = "ims", SM(1).IPv4, SM(1).IPv6
	h.must(h.keepSM(elsewhere))
	h.must(h.RemoveSM(h.Context(), SUPI(1), 5, SM(1).SEID))
	again := SM(3)
	again.IPv4, again.IPv6 = SM(1).IPv4, SM(1).IPv6
	h.must(h.keepSM(again))
}

// lives: the numbers of starts grow over all nodes, and a node's time of start whatever the clock says.
func lives(t *testing.T, h *harness) {
	now := time.Unix(1_700_000_000, 5)
	var last uint64
	started := make(map[string]time.Time)
	for i, step := range []struct {
		node string
		now  time.Time
	}{{"a", now}, {"b", now}, {"a", now}, {"a", now.Add(-time.Hour)}, {"b", now.Add(time.Hour)}} {
		life, err := h.BeginLife(h.Context(), step.node, step.now)
		h.must(err)
		if life.Number <= last || !life.Started.After(started[step.node]) || life.Started.Before(step.now.Truncate(time.Second)) {
			t.Fatalf("start %d: %+v after number %d and start %v", i, life, last, started[step.node])
		}
		last, started[step.node] = life.Number, life.Started
	}
	h.must(h.keepUE(UE(1)))
	h.must(h.keepSM(SM(1)))
	list, err := h.Nodes(h.Context())
	h.must(err)
	if ues, sessions, err := h.Count(h.Context()); err != nil || ues != 1 || sessions != 1 {
		t.Errorf("%d UEs and %d sessions counted, %v", ues, sessions, err)
	}
	if len(list) != 2 || list[0].Name != "a" || list[0].UEs != 1 || list[0].Sessions != 1 || list[1].Name != "b" || list[1].UEs != 0 ||
		list[1].Number != last || !list[1].Started.Equal(started["b"]) {
		t.Fatalf("nodes %+v", list)
	}
}

// pulses: each beat is seen by all, a start is another life, and a node hears once of whom it was relieved.
func pulses(t *testing.T, h *harness) {
	other := h.handle()
	for _, node := range []string{"a", "b"} {
		_, err := h.BeginLife(h.Context(), node, time.Now())
		h.must(err)
	}
	first, err := h.Beat(h.Context(), "a", false)
	h.must(err)
	second, err := other.Beat(h.Context(), "b", true)
	h.must(err)
	if len(first) != 2 || len(second) != 2 || second[0] != first[0] || second[1].Beat != first[1].Beat+1 || !second[1].Leaving || first[1].Leaving {
		t.Fatalf("%+v, then %+v", first, second)
	}
	life, err := h.BeginLife(h.Context(), "b", time.Now())
	h.must(err)
	third, err := h.Beat(h.Context(), "a", false)
	h.must(err)
	if third[0].Beat != first[0].Beat+1 || third[1].Life != life.Number || third[1].Leaving {
		t.Fatalf("after another start %+v", third)
	}

	moved := func(node string, want ...ident.SUPI) {
		t.Helper()
		got, err := other.Moved(h.Context(), node)
		h.must(err)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("moved from %s: %v, want %v", node, got, want)
		}
	}
	for i := range 3 {
		h.must(h.keepUE(UE(i))) // of node a
		_, err := h.TakeUE(h.Context(), seenAt(i, 1), "b", 64, nil)
		h.must(err)
	}
	_, err = h.TakeUE(h.Context(), seenAt(0, 2), "b", 64, nil) // from itself
	h.must(err)
	_, err = h.TakeUE(h.Context(), seenAt(1, 1), "c", 64, nil) // too late
	h.want(err, store.ErrNotOwner)
	moved("b")
	moved("a", SUPI(0), SUPI(1), SUPI(2))
	moved("a")
	_, err = h.TakeUE(h.Context(), seenAt(1, 2), "a", 64, nil)
	h.must(err)
	_, err = h.BeginLife(h.Context(), "b", time.Now())
	h.must(err)
	moved("b") // it begins with what the store says
}
