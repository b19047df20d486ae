package amf

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// pace bounds how fast the messages of one association are taken, so that a gNB that floods the AMF slows itself down
// and no other. What is not taken waits in its SCTP association, whose window closes.
type pace struct {
	next     time.Time // when the next message would be due at the full rate
	flooding bool
}

// burst is how far an association may run ahead of its rate.
const burst = time.Second

// slowDown waits while the association is ahead of its rate. The error is ctx's.
func (g *gnb) slowDown(ctx context.Context) error {
	rate := g.amf.cfg.N2MessageRate
	if rate <= 0 {
		return nil
	}
	now := time.Now()
	p := &g.pace
	if p.next.Before(now.Add(-burst)) {
		p.next = now.Add(-burst)
		p.flooding = false
	}
	p.next = p.next.Add(time.Second / time.Duration(rate))
	wait := p.next.Sub(now)
	if wait <= 0 {
		return nil
	}
	if !p.flooding {
		p.flooding = true
		g.log.Warn("gNB sends more than is taken from it", "allowed per second", rate, "change", "amf.n2.message_rate in the config, or the gNB")
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endUnlessReady ends an association whose gNB does not begin with NG Setup: half a connection holds nothing for ever.
func (g *gnb) endUnlessReady() {
	if !g.isReady() {
		g.log.Warn("association ended: no NG Setup", "waited", setupPatience)
		_ = g.assoc.Abort("no NG Setup") // it is gone whatever it says
	}
}

// refuseRelocation answers a RAN CP RELOCATION INDICATION, TS 38.413 §8.3.8: control plane CIoT is not offered here, so
// no UE can have moved within it.
func (g *gnb) refuseRelocation(m *ngap.RANCPRelocationIndication) {
	g.log.Warn("RAN CP relocation refused: control plane CIoT 5GS optimisation is not served")
	g.errorIndication(nil, &m.RANUENGAPID, ngap.CauseRadioNetworkUnspecified)
}
