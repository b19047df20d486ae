package smf

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpid-5g/limpid/sbi/npcf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
)

// bearer is a session of TestPreemption with the rule that it wants.
type bearer struct {
	ref  string
	rule npcf.PCCRule
	has  bool // its guaranteed flow
}

// TestPreemption lets sessions with random ARPs and rates come and go under one bound. Never is more granted than that, a
// flow loses its room only to one that may pre-empt it and only if that then fits, no more of them than needed, and one that
// stays without its flow could not have got it, TS 23.501 §5.7.2.2.
func TestPreemption(t *testing.T) {
	const bound = 1000e3
	for seed := range uint64(40) {
		inWorld(t, func(w *world, c *Config) {
			c.DNNs[0].Pools = []netip.Prefix{netip.MustParsePrefix("10.45.0.0/24")}
			c.Guaranteed = []Guaranteed{{DNN: internet, Rate: nudm.AMBR{Uplink: bound, Downlink: bound}}}
		}, func(w *world) {
			r := rand.New(rand.NewPCG(seed, 11))
			var all [16]*bearer
			lost, left := 0, 0
			for range 120 {
				id := uint8(1 + r.IntN(15))
				if old := all[id]; old != nil {
					if err := w.smf.ReleaseSMContext(w.t.Context(), old.ref, nsmf.SMContextReleaseData{}); err != nil {
						t.Error(err)
					}
					all[id] = nil
					w.obeyed(all[:])
				}
				if r.IntN(4) == 0 {
					continue
				}
				b := &bearer{rule: randomRule(r)}
				all[id] = b
				w.pcf.mu.Lock()
				w.pcf.rules = []npcf.PCCRule{b.rule}
				w.pcf.mu.Unlock()
				d := createData(request(id, func(m *gsm.PDUSessionEstablishmentRequest) { m.PDUSessionID = id }))
				d.PDUSessionID = id
				created, err := w.smf.CreateSMContext(w.t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				b.ref = created.Ref
				synctest.Wait()
				w.obeyed(all[:])
				l, without := w.judgePreemption(all[:], b, bound)
				lost, left = lost+l, left+without
			}
			if lost == 0 || left == 0 {
				t.Errorf("seed %d: %d flows pre-empted, %d left out: this shows nothing", seed, lost, left)
			}
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

func randomRule(r *rand.Rand) npcf.PCCRule {
	rate := nudm.AMBR{Uplink: 1e3 * (10 + r.Uint64N(390)), Downlink: 1e3 * (10 + r.Uint64N(390))}
	return npcf.PCCRule{ID: "own", Precedence: 10, FlowDescriptions: []string{"permit out 17 from 203.0.113.0/24 to assigned"}, FiveQI: 1,
		ARP:        nudm.ARP{PriorityLevel: uint8(1 + r.IntN(15)), MayPreempt: r.IntN(2) == 0, Preemptable: r.IntN(3) > 0},
		MaxBitRate: rate, GuaranteedBitRate: rate}
}

// obeyed lets UE and gNB answer everything, and looks at each moment that not too much is granted.
func (w *world) obeyed(all []*bearer) {
	w.t.Helper()
	for range 20 {
		synctest.Wait()
		for _, g := range w.smf.View().Guaranteed {
			if g.Granted != g.Held || g.Granted.Uplink > 1000e3 || g.Granted.Downlink > 1000e3 {
				w.t.Errorf("%+v is granted, sessions hold %+v", g.Granted, g.Held)
			}
		}
		sent := w.amf.take()
		for _, m := range sent {
			switch m.N2SMInfo.Type {
			case nsmf.PDUResSetupReq:
				w.update(m.SMContextRef, gnbAccepts(7))
			case nsmf.PDUResModReq:
				w.update(m.SMContextRef, gnbModifies())
			}
			if n1, ok := w.decode(m.N1SMMsg).(*gsm.PDUSessionModificationCommand); ok {
				w.fromUE(m.SMContextRef, &gsm.PDUSessionModificationComplete{PDUSessionID: n1.PDUSessionID, PTI: n1.PTI})
			}
		}
		if w.pass(10 * time.Millisecond); len(sent) == 0 {
			break
		}
	}
}

// judgePreemption looks what a new session has changed: how many flows went, and whether it is left without its own.
func (w *world) judgePreemption(all []*bearer, came *bearer, bound uint64) (lost, without int) {
	w.t.Helper()
	var used, takeable nudm.AMBR
	var victims []*bearer
	for _, b := range all {
		if b == nil {
			continue
		}
		has := len(w.info(b.ref).QFIs) == 2
		switch {
		case b.has && !has:
			victims = append(victims, b)
			if !came.rule.ARP.MayPreempt || !b.rule.ARP.Preemptable || b.rule.ARP.PriorityLevel <= came.rule.ARP.PriorityLevel {
				w.t.Errorf("%+v lost its room to %+v", b.rule.ARP, came.rule.ARP)
			}
		case has:
			used.Uplink, used.Downlink = used.Uplink+b.rule.GuaranteedBitRate.Uplink, used.Downlink+b.rule.GuaranteedBitRate.Downlink
			if b != came && b.rule.ARP.Preemptable && b.rule.ARP.PriorityLevel > came.rule.ARP.PriorityLevel {
				takeable.Uplink, takeable.Downlink = takeable.Uplink+b.rule.GuaranteedBitRate.Uplink, takeable.Downlink+b.rule.GuaranteedBitRate.Downlink
			}
		}
		b.has = has
	}
	need := came.rule.GuaranteedBitRate
	for _, v := range victims {
		if r := v.rule.GuaranteedBitRate; !came.has || used.Uplink+r.Uplink <= bound && used.Downlink+r.Downlink <= bound {
			w.t.Errorf("%+v lost its room in vain", v.rule)
		}
	}
	if came.has {
		return len(victims), 0
	}
	fits := func(room nudm.AMBR) bool {
		return used.Uplink+need.Uplink <= bound+room.Uplink && used.Downlink+need.Downlink <= bound+room.Downlink
	}
	if fits(nudm.AMBR{}) || came.rule.ARP.MayPreempt && fits(takeable) {
		w.t.Errorf("%+v is without its flow: %+v is used, and %+v could be taken", came.rule, used, takeable)
	}
	return len(victims), 1
}
