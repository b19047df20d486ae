package amf

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// loadTick is how often an overloaded AMF looks whether it still is.
const loadTick = time.Second

// load is whether gNBs have been asked to keep UEs away, TS 23.501 §5.19.5.2.
type load struct {
	life    context.Context // ends with the AMF
	end     context.CancelFunc
	watches sync.WaitGroup

	mu   sync.Mutex
	high bool
}

func newLoad() *load {
	l := &load{}
	l.life, l.end = context.WithCancel(context.Background())
	return l
}

func (l *load) close() {
	l.end()
	l.watches.Wait()
}

// watchLoad starts overload control once as many UEs are busy as the operator says, or when UEs have been turned away for some
// time, TS 38.413 §8.7.7. It ends, with some distance so that it does not flutter, by itself.
func (a *AMF) watchLoad() {
	if start := a.cfg.Overload.Start; start < 0 || a.pool.Running() < start && !a.admission.overrun() {
		return
	}
	l := a.load
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.high || l.life.Err() != nil {
		return
	}
	l.high = true
	a.log.Warn("overload starts: gNBs are asked to keep UEs away", "busy", a.pool.Running(), "start", a.cfg.Overload.Start, "stop", a.cfg.Overload.Stop)
	a.eachGNB(func(g *gnb) { a.startOverload(g) })
	l.watches.Go(a.relieve)
}

// relieve waits until few enough UEs are busy and ends overload control, TS 38.413 §8.7.8.
func (a *AMF) relieve() {
	l := a.load
	tick := time.NewTicker(loadTick)
	defer tick.Stop()
	for {
		select {
		case <-l.life.Done():
			return
		case <-tick.C:
		}
		if a.pool.Running() > a.cfg.Overload.Stop {
			continue
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.high = false
		a.log.Info("overload ends", "busy", a.pool.Running())
		a.eachGNB(func(g *gnb) {
			if g.isReady() {
				g.send(nil, &ngap.OverloadStop{})
			}
		})
		return
	}
}

// relieveOne ends overload control at one gNB, unless all are under it.
func (a *AMF) relieveOne(g *gnb) {
	a.load.mu.Lock()
	defer a.load.mu.Unlock()
	if !a.load.high && g.isReady() {
		g.send(nil, &ngap.OverloadStop{})
	}
}

// startOverload tells one gNB. Emergency calls, high priority access and answers to paging are let through.
func (a *AMF) startOverload(g *gnb) {
	if !g.isReady() {
		return
	}
	action := ngap.OverloadActionRejectRRCCrSignalling
	m := &ngap.OverloadStart{AMFOverloadResponse: &ngap.OverloadResponse{OverloadAction: &action}}
	if r := a.cfg.Overload.Reduction; r > 0 {
		reduction := ngap.TrafficLoadReductionIndication(r)
		m.AMFTrafficLoadReductionIndication = &reduction
	}
	g.send(nil, m)
}

// greetLoaded tells a gNB that has just set its interface up of an overload that lasts.
func (a *AMF) greetLoaded(g *gnb) {
	a.load.mu.Lock()
	defer a.load.mu.Unlock()
	if a.load.high {
		a.startOverload(g)
	}
}

// privileged tells whether an access is not turned away for congestion, TS 24.501 §5.3.9: emergencies, high priority
// access and UEs that the network has called itself.
func privileged(cause ngap.RRCEstablishmentCause) bool {
	switch cause {
	case ngap.RRCEstablishmentCauseEmergency, ngap.RRCEstablishmentCauseHighPriorityAccess, ngap.RRCEstablishmentCauseMTAccess,
		ngap.RRCEstablishmentCauseMPSPriorityAccess, ngap.RRCEstablishmentCauseMCSPriorityAccess:
		return true
	}
	return false
}

// backoff is T3346 for one UE: up to a quarter longer than the operator says, so that not all come back at once,
// TS 24.501 §5.3.9.
func (a *AMF) backoff() nas.GPRSTimer2 {
	d := a.cfg.CongestionBackoff
	if d > 0 {
		d += rand.N(d/4 + 1)
	}
	return nas.NewGPRSTimer2(d)
}

// longestBackoff is the longest T3346 that a UE may be given.
func (a *AMF) longestBackoff() time.Duration {
	longest := nas.NewGPRSTimer2(a.cfg.CongestionBackoff + a.cfg.CongestionBackoff/4)
	d, _ := longest.Duration()
	return d
}
