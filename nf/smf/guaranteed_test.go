package smf

import (
	"math/rand/v2"
	"testing"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// TestAdmissionNeverExceeds asks for and gives back guaranteed rates at random: what is granted never passes a bound, is
// always the sum of what was granted, is refused only where a bound would be passed, and is nothing in the end, TS 23.501
// §5.7.2.5.
func TestAdmissionNeverExceeds(t *testing.T) {
	slices := []ident.SNSSAI{{SST: 1, SD: ident.NoSD}, {SST: 2, SD: ident.NoSD}}
	bounds := []Guaranteed{
		{DNN: "internet", Rate: nudm.AMBR{Uplink: 1000, Downlink: 2000}},
		{Slice: &slices[0], Rate: nudm.AMBR{Uplink: 1500}},
		{DNN: "IMS", Slice: &slices[1], Rate: nudm.AMBR{Downlink: 700}},
		{UPF: "b", Rate: nudm.AMBR{Uplink: 600, Downlink: 600}},
	}
	causes := []gsm.Cause{gsm.CauseInsufficientResources, gsm.CauseInsufficientResourcesForSpecificSlice,
		gsm.CauseInsufficientResourcesForSpecificSliceAndDNN, gsm.CauseInsufficientResources}
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		a := newAdmission(bounds)
		where := make([]reservation, 20)
		held := make([]nudm.AMBR, len(where))
		for i := range where {
			where[i] = reservation{[]ident.DNN{"internet", "ims"}[r.IntN(2)], slices[r.IntN(2)], []string{"a", "b"}[r.IntN(2)]}
		}
		sums := func() []nudm.AMBR {
			list := make([]nudm.AMBR, len(bounds))
			for i := range where {
				for b := range bounds {
					if bounds[b].concerns(where[i]) {
						list[b].Uplink += held[i].Uplink
						list[b].Downlink += held[i].Downlink
					}
				}
			}
			return list
		}
		for range 2000 {
			i := r.IntN(len(where))
			to := nudm.AMBR{Uplink: r.Uint64N(400), Downlink: r.Uint64N(400)}
			if r.IntN(4) == 0 {
				to = nudm.AMBR{}
			}
			before := held[i]
			err := a.change(where[i], before, to)
			if err == nil {
				held[i] = to
			}
			over := gsm.Cause(0)
			for b, sum := range sums() {
				rate := bounds[b].Rate
				if err != nil { // what it would have been
					if !bounds[b].concerns(where[i]) {
						continue
					}
					up, down := sum.Uplink-before.Uplink+to.Uplink, sum.Downlink-before.Downlink+to.Downlink
					if over == 0 && (rate.Uplink != 0 && to.Uplink > before.Uplink && up > rate.Uplink || rate.Downlink != 0 && to.Downlink > before.Downlink && down > rate.Downlink) {
						over = causes[b]
					}
					continue
				}
				if rate.Uplink != 0 && sum.Uplink > rate.Uplink || rate.Downlink != 0 && sum.Downlink > rate.Downlink {
					t.Fatalf("seed %d: %+v granted on %s", seed, sum, &bounds[b])
				}
				if a.used[b] != sum {
					t.Fatalf("seed %d: %+v counted and %+v granted on %s", seed, a.used[b], sum, &bounds[b])
				}
			}
			if err != nil && (over == 0 || asRefusal(err).cause != over) {
				t.Fatalf("seed %d: refused with %v, want %v", seed, err, over)
			}
		}
		for i := range where {
			if err := a.change(where[i], held[i], nudm.AMBR{}); err != nil {
				t.Fatal(err)
			}
		}
		for b := range bounds {
			if a.used[b] != (nudm.AMBR{}) {
				t.Errorf("seed %d: %+v left on %s", seed, a.used[b], &bounds[b])
			}
		}
	}
}

// TestGuaranteesFollowUPF: a session that is set up anew on another UPF gives back what it was granted on the first, TS 23.501
// §5.7.2.5.
func TestGuaranteesFollowUPF(t *testing.T) {
	rate := nudm.AMBR{Uplink: 100, Downlink: 100}
	s := &SMF{admission: newAdmission([]Guaranteed{{UPF: "a", Rate: rate}, {UPF: "b", Rate: rate}})}
	for _, name := range []string{"a", "b"} {
		u := newUPF(UPF{Name: name})
		u.up = true
		s.upfs = append(s.upfs, u)
	}
	n := &session{smf: s, network: &dataNetwork{}}
	on := func(want string, granted ...nudm.AMBR) {
		t.Helper()
		for i, g := range s.admission.uses() {
			if n.upfName != want || g.Granted != granted[i] {
				t.Fatalf("on UPF %s, want %s; %+v is granted on %s, want %+v", n.upfName, want, g.Granted, &g.Guaranteed, granted[i])
			}
		}
	}
	choose := func() {
		t.Helper()
		if err := n.chooseUPF(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n.authorized() {
			return
		}
		n.qos = &sessionQoS{flows: []qosFlow{{1, flowParameters{gbr: rate}}}}
		if err := n.hold(t.Context(), n.qos); err != nil {
			t.Fatal(err)
		}
	}
	choose()
	on("a", rate, nudm.AMBR{})
	s.upfs[1].sessions.Add(2)
	choose()
	on("a", rate, nudm.AMBR{})
	s.upfs[0].sessions.Add(9)
	choose()
	on("b", nudm.AMBR{}, rate)
	n.state = Released
	n.giveRoomBack(t.Context())
	on("b", nudm.AMBR{}, nudm.AMBR{})
}
