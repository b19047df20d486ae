package nsacf

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nnsacf"
)

var (
	wide   = ident.SNSSAI{SST: 1, SD: ident.NoSD}
	narrow = ident.SNSSAI{SST: 2, SD: 0x010203}
)

// heard notes what a consumer is told.
type heard map[ident.SNSSAI][]bool

func (h heard) EACNotify(s ident.SNSSAI, early bool) { h[s] = append(h[s], early) }

func update(n *NSACF, supi ident.SUPI, what nnsacf.Operation, slices ...ident.SNSSAI) int {
	req := nnsacf.UEACRequest{SUPI: supi}
	for _, s := range slices {
		req.Slices = append(req.Slices, nnsacf.UEACRequestInfo{SNSSAI: s, Operation: what})
	}
	return len(n.NumOfUEsUpdate(context.Background(), req))
}

// TestEachCountsOnce: TS 23.502 §4.2.11.2 and TS 23.502 §4.2.11.4.
func TestEachCountsOnce(t *testing.T) {
	n := New(Config{Slices: []Slice{{SNSSAI: wide, UEs: 2, Sessions: 1}, {SNSSAI: narrow, Sessions: 1}}, EarlyCheck: 100}, slog.New(slog.DiscardHandler))
	told := make(heard)
	n.Subscribe(told)
	for i, c := range []struct {
		supi    ident.SUPI
		what    nnsacf.Operation
		refused int
		ues     int
	}{
		{"imsi-1", nnsacf.Increase, 0, 1}, {"imsi-1", nnsacf.Increase, 0, 1}, {"imsi-2", nnsacf.Increase, 0, 2},
		{"imsi-3", nnsacf.Increase, 1, 2}, {"imsi-1", nnsacf.Increase, 0, 2}, {"imsi-3", nnsacf.Decrease, 0, 2},
		{"imsi-3", nnsacf.Update, 0, 3}, {"imsi-1", nnsacf.Decrease, 0, 2}, {"imsi-1", nnsacf.Increase, 1, 2},
		{"imsi-2", nnsacf.Decrease, 0, 1}, {"imsi-2", nnsacf.Decrease, 0, 1}, {"imsi-1", nnsacf.Increase, 0, 2},
	} {
		if refused := update(n, c.supi, c.what, wide, narrow); refused != c.refused || n.Uses()[0].UEs != c.ues {
			t.Errorf("%d: %s %s: refused %d, %d UEs, want %d and %d", i, c.supi, c.what, refused, n.Uses()[0].UEs, c.refused, c.ues)
		}
	}
	if want := "[false true false true]"; fmt.Sprint(told[wide]) != want || len(told[narrow]) != 1 {
		t.Errorf("early check told %v, want %s; of a slice without a bound on UEs %v", told[wide], want, told[narrow])
	}
	session := func(id uint8, what nnsacf.Operation) nnsacf.Reason {
		return n.NumOfPDUsUpdate(context.Background(), nnsacf.PDUACRequest{SUPI: "imsi-1", PDUSessionID: id, SNSSAI: wide, Operation: what})
	}
	if session(1, nnsacf.Increase) != "" || session(1, nnsacf.Increase) != "" || session(2, nnsacf.Increase) != nnsacf.MaximumSessions ||
		session(1, nnsacf.Decrease) != "" || session(2, nnsacf.Increase) != "" {
		t.Errorf("sessions: %+v", n.Uses()[0])
	}
	if u := n.Uses()[0]; u.RefusedUEs != 2 || u.RefusedSessions != 1 || u.Sessions != 1 {
		t.Errorf("%+v", u)
	}
}

// TestCountsNeverExceed has many ask at once, TS 23.501 §5.15.11: never are more in a slice than may be.
func TestCountsNeverExceed(t *testing.T) {
	const most = 20
	n := New(Config{Slices: []Slice{{SNSSAI: wide, UEs: most, Sessions: most}}}, slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			for range 2000 {
				supi, what := ident.SUPI(fmt.Sprintf("imsi-%d", r.IntN(60))), nnsacf.Increase
				if r.IntN(2) == 0 {
					what = nnsacf.Decrease
				}
				update(n, supi, what, wide)
				n.NumOfPDUsUpdate(context.Background(), nnsacf.PDUACRequest{SUPI: supi, PDUSessionID: 1, SNSSAI: wide, Operation: what})
				if u := n.Uses()[0]; u.UEs > most || u.Sessions > most {
					t.Errorf("%+v", u)
					return
				}
			}
		})
	}
	wg.Wait()
	if u := n.Uses()[0]; u.RefusedUEs == 0 || u.RefusedSessions == 0 {
		t.Errorf("nobody was refused: %+v", u)
	}
}
