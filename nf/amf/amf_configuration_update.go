package amf

import (
	"context"
	"fmt"
	"time"

	"github.com/limpid-5g/limpid/wire/ngap"
)

// timeToWait is the value of a Time to Wait IE, TS 38.413 §9.3.1.56.
func timeToWait(t *ngap.TimeToWait) time.Duration {
	values := [...]time.Duration{1, 2, 5, 10, 20, 60}
	if t == nil || int(*t) >= len(values) {
		return 0
	}
	return values[*t] * time.Second
}

// SetCapacity changes the AMF's weight among those that a gNB may choose from, TS 23.501 §5.19.3, and tells every gNB.
// It returns before they have answered.
func (a *AMF) SetCapacity(capacity uint8) {
	a.capacity.Store(uint32(capacity))
	a.log.Info("relative capacity changed", "capacity", capacity)
	a.eachGNB(func(g *gnb) {
		if g.isReady() {
			go g.update(&ngap.AMFConfigurationUpdate{RelativeAMFCapacity: new(ngap.RelativeAMFCapacity(capacity))})
		}
	})
}

// Drain prepares the AMF to be taken out of service, TS 23.501 §5.21.2.2.1: gNBs choose it for no new UE and learn that
// its GUAMI is served by the backup from now on; "" for none. The bindings of connected UEs are released, so that what
// they say next goes there.
func (a *AMF) Drain(backup string) {
	indication := &ngap.AMFStatusIndication{UnavailableGUAMIList: ngap.UnavailableGUAMIList{
		{GUAMI: ngap.NewGUAMI(a.cfg.GUAMI), BackupAMFName: ngap.AMFName(backup)}}}
	a.eachGNB(func(g *gnb) {
		if g.isReady() {
			g.send(nil, indication)
		}
	})
	a.SetCapacity(0)
	if backup == "" {
		return
	}
	a.eachGNB(func(g *gnb) {
		if !g.isReady() {
			return
		}
		for _, c := range g.connections() {
			g.releaseBinding(c)
		}
	})
}

// releaseBinding is the UE TNLA Binding Release procedure, TS 38.413 §8.13.1: the gNB keeps the UE's context and says
// what it has next of it to another AMF of the set.
func (g *gnb) releaseBinding(c *connection) {
	release := func(_ context.Context, ue *ue) error {
		if ue.conn == c {
			g.send(c, &ngap.UETNLABindingReleaseRequest{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID})
		}
		return nil
	}
	_ = c.ue.Load().follow(&order{"binding release", release, make(chan error, 1)}) // refused only at shutdown
}

// update is the AMF Configuration Update procedure, TS 38.413 §8.7.3. A gNB that cannot take it now is asked once more
// when it says.
func (g *gnb) update(m *ngap.AMFConfigurationUpdate) {
	for range 2 {
		answer, err := g.ask(m)
		if err != nil {
			g.log.Warn("gNB does not answer the AMF Configuration Update", "reason", err)
			return
		}
		failure, failed := answer.(*ngap.AMFConfigurationUpdateFailure)
		if !failed {
			return
		}
		g.log.Warn("gNB refuses the AMF Configuration Update", "cause", failure.Cause)
		wait := timeToWait(failure.TimeToWait)
		if wait == 0 {
			return
		}
		select {
		case <-time.After(wait):
		case <-g.gone:
			return
		}
	}
}

// ask sends a message that concerns no UE and waits for its outcome. At most one is asked at a time of each procedure.
func (g *gnb) ask(m ngap.Message) (ngap.Message, error) {
	code := m.ProcedureCode()
	answer := make(chan ngap.Message, 1)
	g.mu.Lock()
	if _, asked := g.asked[code]; asked {
		g.mu.Unlock()
		return nil, fmt.Errorf("%s is under way", m.Name())
	}
	g.asked[code] = answer
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.asked, code)
		g.mu.Unlock()
	}()
	g.send(nil, m)
	ctx, cancel := context.WithTimeout(context.Background(), ranProcedure.Duration)
	defer cancel()
	select {
	case out := <-answer:
		return out, nil
	case <-g.gone:
		return nil, errTargetGone
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answered gives the outcome of a procedure that concerns no UE to who asked.
func (g *gnb) answered(m ngap.Message) {
	g.mu.Lock()
	answer := g.asked[m.ProcedureCode()]
	g.mu.Unlock()
	if answer == nil {
		g.log.Warn("outcome of a procedure that nobody began", "message", m.Name())
		return
	}
	select {
	case answer <- m:
	default: // twice
	}
}
