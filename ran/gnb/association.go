package gnb

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// Back-off between attempts to reach a lost AMF.
const (
	firstBackOff = time.Second
	lastBackOff  = 30 * time.Second
)

// Setup dials the AMF and runs the NG Setup procedure, TS 38.413 §8.7.1. The error is a *SetupError, ErrTimeout, the
// association's, or ctx's; the association is then gone.
func (g *GNB) Setup(ctx context.Context) error {
	assoc, err := g.cfg.Dial(ctx)
	if err != nil {
		return err
	}
	g.mu.Lock()
	if g.closed || g.assoc != nil {
		g.mu.Unlock()
		return errors.Join(ErrClosed, assoc.Abort("closed"))
	}
	g.assoc, g.err = assoc, nil
	g.mu.Unlock()
	accepted := make(chan bool, 1)
	go g.receive(assoc, accepted)
	if err := g.setup(ctx); err != nil {
		g.mu.Lock()
		if g.assoc == assoc {
			g.assoc = nil
		}
		g.mu.Unlock()
		accepted <- false
		return errors.Join(err, assoc.Shutdown(ctx))
	}
	accepted <- true
	return nil
}

// setup runs the NG Setup procedure on the association.
func (g *GNB) setup(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SetupTimeout)
	defer cancel()
	answer, err := g.ask(ctx, g.setupRequest())
	if err != nil {
		return err
	}
	switch m := answer.(type) {
	case *ngap.NGSetupResponse:
		g.mu.Lock()
		g.amf, g.overload = m, nil
		g.mu.Unlock()
		return nil
	case *ngap.NGSetupFailure:
		e := &SetupError{Cause: m.Cause}
		if m.TimeToWait != nil {
			e.Wait = waits[min(int(*m.TimeToWait), len(waits)-1)]
		}
		return e
	}
	return ErrTimeout
}

// waits are the values of the Time to Wait IE, TS 38.413 §9.3.1.56.
var waits = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 60 * time.Second,
}

// ask sends a message of a non-UE-associated procedure and waits for its outcome.
func (g *GNB) ask(ctx context.Context, m ngap.Message) (ngap.Message, error) {
	answer := make(chan ngap.Message, 1)
	g.mu.Lock()
	g.answers[m.ProcedureCode()] = answer
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.answers, m.ProcedureCode())
		g.mu.Unlock()
	}()
	if err := g.send(m, 0, nil); err != nil {
		return nil, err
	}
	select {
	case a, ok := <-answer:
		if !ok {
			return nil, g.Err()
		}
		return a, nil
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrTimeout
		}
		return nil, ctx.Err()
	}
}

// receive takes the messages of an association until it ends; accepted tells whether the AMF accepted the gNB on it.
func (g *GNB) receive(assoc sctp.Association, accepted <-chan bool) {
	for {
		m, err := assoc.Receive(g.life)
		if errors.Is(err, sctp.ErrRestarted) {
			// The AMF has lost its state, TS 38.412 §7: set up again.
			assoc.Abort("the peer restarted")
		}
		if err != nil {
			g.lost(assoc, err)
			if <-accepted && g.cfg.Reconnect {
				g.reconnect()
			}
			return
		}
		if m.PPID == sctp.PPIDNGAP || m.PPID == 0 {
			g.take(m.Data)
		}
	}
}

// lost releases everything that hung on the association.
func (g *GNB) lost(assoc sctp.Association, err error) {
	g.mu.Lock()
	if g.assoc != assoc || assoc == nil {
		if g.closed {
			g.finish()
		}
		g.mu.Unlock()
		return
	}
	known := g.amf != nil
	g.assoc, g.amf, g.err = nil, nil, err
	for code, answer := range g.answers {
		close(answer)
		delete(g.answers, code)
	}
	contexts := make([]*ueContext, 0, len(g.contexts))
	for _, c := range g.contexts {
		contexts = append(contexts, c)
	}
	closed := g.closed
	if closed || known && !g.cfg.Reconnect {
		g.finish()
	}
	g.mu.Unlock()
	for _, c := range contexts {
		c.remove()
	}
	if !closed {
		g.cfg.Log.Warn("association with the AMF lost", "err", err)
	}
}

// reconnect dials with back-off until the AMF accepts the gNB again or the gNB is closed.
func (g *GNB) reconnect() {
	for wait := firstBackOff; ; wait = min(2*wait, lastBackOff) {
		if pause(g.life, wait) != nil {
			return
		}
		err := g.Setup(g.life)
		if err == nil || errors.Is(err, ErrClosed) {
			return
		}
		g.cfg.Log.Warn("AMF not reached", "err", err)
		var refused *SetupError
		if errors.As(err, &refused) && pause(g.life, refused.Wait) != nil {
			return
		}
	}
}

// pause waits for d. The error is ctx's.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send encodes and sends a message on a stream; t is the UE that it concerns, nil for none.
func (g *GNB) send(m ngap.Message, stream uint16, t radio.Terminal) error {
	messages := []ngap.Message{m}
	if g.cfg.Hooks.Uplink != nil {
		messages = g.cfg.Hooks.Uplink(m)
	}
	for _, m := range messages {
		pdu, err := ngap.Append(nil, m)
		if err != nil {
			return err
		}
		g.arrow(m, t, true)
		if err := g.transmit(pdu, stream); err != nil {
			return err
		}
	}
	return nil
}

func (g *GNB) transmit(pdu []byte, stream uint16) error {
	pdus := [][]byte{pdu}
	if g.cfg.Hooks.UplinkPDU != nil {
		pdus = g.cfg.Hooks.UplinkPDU(pdu)
	}
	g.mu.Lock()
	assoc := g.assoc
	g.mu.Unlock()
	if assoc == nil {
		return ErrNoAMF
	}
	for _, pdu := range pdus {
		if err := assoc.Send(g.life, sctp.Message{Stream: stream, PPID: sctp.PPIDNGAP, Data: pdu}); err != nil {
			return err
		}
	}
	return nil
}

// Send sends any message on stream 0. It changes no state.
func (g *GNB) Send(m ngap.Message) error { return g.send(m, 0, nil) }

// SendPDU sends any octets on stream 0.
func (g *GNB) SendPDU(pdu []byte) error { return g.transmit(pdu, 0) }

// stream chooses the stream of a UE: never that of the messages without UE, TS 38.412 §7.
func (g *GNB) stream(id ngap.RANUENGAPID) uint16 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.assoc == nil {
		return 0
	}
	n := g.assoc.OutboundStreams()
	if n < 2 {
		return 0
	}
	return 1 + uint16(uint32(id)%uint32(n-1))
}
