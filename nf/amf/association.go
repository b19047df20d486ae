package amf

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// pace bounds how fast the messages of one gNB are taken, so that a gNB that floods the AMF slows itself down and no
// other. What is not taken waits in its SCTP associations, whose windows close.
type pace struct {
	next     time.Time // when the next message would be due at the full rate
	flooding bool
}

// burst is how far a gNB may run ahead of its rate.
const burst = time.Second

// slowDown waits while the gNB is ahead of its rate. The error is ctx's.
func (l *tnla) slowDown(ctx context.Context) error {
	rate := l.amf.cfg.N2MessageRate
	if rate <= 0 {
		return nil
	}
	wait, began := l.gnb.Load().count(rate, time.Now())
	if began {
		l.flooded(rate)
	}
	if wait <= 0 {
		return nil
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

// count takes one message into account: how long it has to wait, and whether a flood begins with it.
func (g *gnb) count(rate int, now time.Time) (wait time.Duration, began bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := &g.pace
	if p.next.Before(now.Add(-burst)) {
		p.next = now.Add(-burst)
	}
	p.next = p.next.Add(time.Second / time.Duration(rate))
	wait = p.next.Sub(now)
	if wait > 0 && !p.flooding {
		p.flooding, began = true, true
	}
	return wait, began
}

// flooded asks the gNB that sends too much, and it alone, to keep UEs away until it is calm again, TS 38.413 §8.7.7.
func (l *tnla) flooded(rate int) {
	g := l.gnb.Load()
	l.log.Warn("gNB sends more than is taken from it", "allowed per second", rate, "change", "amf.n2.message_rate in the config, or the gNB")
	l.amf.tellOverload(g, l.amf.reduction())
	time.AfterFunc(loadTick, g.calm)
}

// calm ends the overload control of a gNB that has sent no more than its rate for a while, TS 38.413 §8.7.8.
func (g *gnb) calm() {
	g.mu.Lock()
	if g.isOver() {
		g.mu.Unlock()
		return
	}
	if g.pace.next.After(time.Now().Add(-burst / 2)) {
		g.mu.Unlock()
		time.AfterFunc(loadTick, g.calm)
		return
	}
	g.pace.flooding = false
	g.mu.Unlock()
	g.log.Info("gNB sends no more than is taken from it")
	g.amf.relieveOne(g)
}

// endUnlessReady ends an association that does not begin with NG Setup, or joins a gNB that has: half a connection holds
// nothing for ever.
func (l *tnla) endUnlessReady() {
	if !l.gnb.Load().isReady() {
		l.log.Warn("association ended: no NG Setup", "waited", setupPatience)
		_ = l.assoc.Abort("no NG Setup") // it is gone whatever it says
	}
}

// refuseRelocation answers a RAN CP RELOCATION INDICATION, TS 38.413 §8.3.8: control plane CIoT is not offered here, so
// no UE can have moved within it. For the same reason no AMF CP RELOCATION INDICATION (TS 38.413 §8.3.7) is sent, nor a
// CONNECTION ESTABLISHMENT INDICATION (TS 38.413 §8.3.6), for each connection has its NAS message.
func (l *tnla) refuseRelocation(m *ngap.RANCPRelocationIndication) {
	l.log.Warn("RAN CP relocation refused: control plane CIoT 5GS optimisation is not served")
	l.errorIndication(nil, &m.RANUENGAPID, ngap.CauseRadioNetworkUnspecified)
}
