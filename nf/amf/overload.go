package amf

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/ngap"
)

const (
	// loadTick is how often an AMF with too many busy UEs looks whether it still has.
	loadTick = time.Second
	// loadLook is how often an AMF that turns UEs away looks how many.
	loadLook = loadTick / 4
	// loadRelief and loadReliefLeast are how many more UEs gNBs may send each time nobody was turned away: so many times what they may
	// send, and a share of all, so that the last overload is over within seconds.
	loadRelief      = 1.1
	loadReliefLeast = 0.05
	// loadFew is how many UEs are thought to have been let in beside those who were: few who are turned away say little.
	loadFew = 8
	// loadStep is the least change of a reduction, in percent, of which gNBs are told.
	loadStep = 5
	// loadAll is a reduction by all that the overload action names.
	loadAll = 100
)

// load is by how much gNBs have been asked to keep UEs away, TS 23.501 §5.19.5.2.
type load struct {
	life    context.Context // ends with the AMF
	end     context.CancelFunc
	watches sync.WaitGroup

	mu      sync.Mutex
	watched bool    // somebody looks how it goes on
	full    bool    // too many UEs are busy
	kept    float64 // share of their new UEs that gNBs may send so that nobody has to be turned away
	told    int     // the reduction in percent that gNBs know; 0: no overload
}

func newLoad() *load {
	l := &load{kept: 1}
	l.life, l.end = context.WithCancel(context.Background())
	return l
}

func (l *load) close() {
	l.end()
	l.watches.Wait()
}

// watchLoad starts overload control once as many UEs are busy as the operator says, and watches those who are turned away because the
// core has too much to do, TS 38.413 §8.7.7. It ends, with some distance so that it does not flutter, by itself.
func (a *AMF) watchLoad() {
	start := a.cfg.Overload.Start
	if start < 0 {
		return
	}
	full := a.pool.Running() >= start
	if !full && !a.admission.turnsAway() {
		return
	}
	l := a.load
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.life.Err() != nil {
		return
	}
	if full && !l.full {
		l.full = true
		a.tellLoad()
	}
	if !l.watched {
		l.watched = true
		l.watches.Go(a.watch)
	}
}

// watch follows an overload to its end, TS 38.413 §8.7.8.
func (a *AMF) watch() {
	tick := time.NewTicker(loadLook)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-a.load.life.Done():
			return
		case <-tick.C:
		}
		if a.look(n%int(loadTick/loadLook) == 0) {
			return
		}
	}
}

// look tells gNBs what has changed, and returns whether the overload is over.
func (a *AMF) look(count bool) (over bool) {
	l := a.load
	l.mu.Lock()
	defer l.mu.Unlock()
	if count && a.pool.Running() <= a.cfg.Overload.Stop {
		l.full = false
	}
	if s := a.admission.takeStock(); s.away > 0 {
		l.kept = max(l.kept*float64(s.came-s.away+loadFew)/float64(s.came+loadFew), 0.01)
	} else {
		l.kept = min(l.kept*loadRelief+loadReliefLeast, 1)
	}
	a.tellLoad()
	l.watched = l.full || l.kept < 1
	return !l.watched
}

// tellLoad tells gNBs by how much to reduce what they send, if that is not what they know; a.load.mu is held.
func (a *AMF) tellLoad() {
	l := a.load
	reduction := int((1 - l.kept) * 100)
	if l.full {
		reduction = a.reduction()
	}
	change := reduction - l.told
	if change == 0 || reduction != 0 && reduction != loadAll && max(change, -change) < loadStep {
		return
	}
	switch {
	case l.told == 0:
		a.log.Warn("overload starts: gNBs are asked to keep UEs away", "percent", reduction, "busy", a.pool.Running(),
			"start", a.cfg.Overload.Start, "stop", a.cfg.Overload.Stop)
	case reduction == 0:
		a.log.Info("overload ends", "busy", a.pool.Running())
	default:
		a.log.Debug("overload goes on", "percent", reduction)
	}
	l.told = reduction
	a.eachGNB(func(g *gnb) { a.tellOverload(g, reduction) })
}

// reduction is by how much gNBs reduce what they send when too many UEs are busy, in percent.
func (a *AMF) reduction() int {
	if r := a.cfg.Overload.Reduction; r > 0 {
		return int(r)
	}
	return loadAll
}

// relieveOne ends overload control at one gNB, unless all are under it.
func (a *AMF) relieveOne(g *gnb) {
	a.load.mu.Lock()
	defer a.load.mu.Unlock()
	a.tellOverload(g, a.load.told)
}

// tellOverload tells one gNB. Emergency calls, high priority access and answers to paging are let through.
func (a *AMF) tellOverload(g *gnb, reduction int) {
	switch {
	case !g.isReady():
	case reduction == 0:
		g.send(nil, &ngap.OverloadStop{})
	default:
		action := ngap.OverloadActionRejectRRCCrSignalling
		m := &ngap.OverloadStart{AMFOverloadResponse: &ngap.OverloadResponse{OverloadAction: &action}}
		if reduction < loadAll {
			r := ngap.TrafficLoadReductionIndication(reduction)
			m.AMFTrafficLoadReductionIndication = &r
		}
		g.send(nil, m)
	}
}

// greetLoaded tells a gNB that has just set its interface up of an overload that lasts.
func (a *AMF) greetLoaded(g *gnb) {
	a.load.mu.Lock()
	defer a.load.mu.Unlock()
	if a.load.told > 0 {
		a.tellOverload(g, a.load.told)
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
