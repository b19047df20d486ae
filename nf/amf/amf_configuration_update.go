package amf

import (
	"context"
	"time"

	"github.com/limpid-5g/limpid/ident"
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

// Drain prepares the AMF to be taken out of service, TS 23.501 §5.21.2.2.1 and TS 38.413 §8.7.6: gNBs choose it for no new UE and learn that
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

// ReleaseBinding has the gNB choose anew over which association it speaks of a UE, TS 23.501 §5.21.1.2. Errors:
// CauseContextNotFound, CauseUEInCMIdle.
func (a *AMF) ReleaseBinding(ctx context.Context, supi ident.SUPI) error {
	return a.order(ctx, supi, "binding release", func(_ context.Context, ue *ue) error {
		ue.conn.gnb.send(ue.conn, &ngap.UETNLABindingReleaseRequest{AMFUENGAPID: ue.conn.amfID, RANUENGAPID: ue.conn.ranID})
		return nil
	})
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
		if done, ok := answer.(*ngap.AMFConfigurationUpdateAcknowledge); ok {
			g.associationsMade(done)
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

// ask sends a message that concerns no UE and waits for its outcome. One at a time is asked of each procedure: the next waits for
// its turn.
func (g *gnb) ask(m ngap.Message) (ngap.Message, error) {
	q, err := g.turn(m.ProcedureCode())
	if err != nil {
		return nil, err
	}
	defer g.endTurn(m.ProcedureCode(), q)
	g.send(nil, m)
	ctx, cancel := context.WithTimeout(context.Background(), ranProcedure.Duration)
	defer cancel()
	select {
	case out := <-q.answer:
		return out, nil
	case <-g.gone:
		return nil, errNoAssociation
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// question is a procedure that the AMF began and that concerns no UE.
type question struct {
	answer chan ngap.Message // has room for one
	over   chan struct{}
}

func (g *gnb) turn(code ngap.ProcedureCode) (question, error) {
	for {
		g.mu.Lock()
		before, asked := g.asked[code]
		if !asked {
			q := question{answer: make(chan ngap.Message, 1), over: make(chan struct{})}
			g.asked[code] = q
			g.mu.Unlock()
			return q, nil
		}
		g.mu.Unlock()
		select {
		case <-before.over:
		case <-g.gone:
			return question{}, errNoAssociation
		}
	}
}

func (g *gnb) endTurn(code ngap.ProcedureCode, q question) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.asked, code)
	close(q.over)
}

// answered gives the outcome of a procedure that concerns no UE to who asked.
func (g *gnb) answered(m ngap.Message) {
	g.mu.Lock()
	q, asked := g.asked[m.ProcedureCode()]
	g.mu.Unlock()
	if !asked {
		g.log.Warn("outcome of a procedure that nobody began", "message", m.Name())
		return
	}
	select {
	case q.answer <- m:
	default: // twice
	}
}
