package gnb

import (
	"context"
	"errors"
	"net/netip"
	"slices"
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

// link is one TNL association with the AMF, TS 38.412 §7.
type link struct {
	assoc  sctp.Association
	at     netip.AddrPort // the AMF's end
	usage  ngap.TNLAssociationUsage
	weight uint8 // as the AMF says, TS 38.413 §9.3.2.10
}

func newLink(assoc sctp.Association) *link {
	return &link{assoc: assoc, at: assoc.RemoteAddr(), usage: ngap.TNLAssociationUsageBoth, weight: 1}
}

// Setup dials the AMF and runs the NG Setup procedure, TS 38.413 §8.7.1. The error is a *SetupError, ErrTimeout, the
// association's, or ctx's; the association is then gone.
func (g *GNB) Setup(ctx context.Context) error {
	assoc, err := g.cfg.Dial(ctx)
	if err != nil {
		return err
	}
	l := newLink(assoc)
	g.mu.Lock()
	if g.closed || len(g.links) > 0 {
		g.mu.Unlock()
		return errors.Join(ErrClosed, assoc.Abort("closed"))
	}
	g.links, g.err = []*link{l}, nil
	g.mu.Unlock()
	accepted := make(chan bool, 1)
	go g.receive(l, accepted)
	if err := g.setup(ctx, l, g.setupRequest()); err != nil {
		g.unlink(l)
		accepted <- false
		return errors.Join(err, assoc.Shutdown(ctx))
	}
	accepted <- true
	return nil
}

// setup runs the NG Setup procedure on an association.
func (g *GNB) setup(ctx context.Context, l *link, m *ngap.NGSetupRequest) error {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SetupTimeout)
	defer cancel()
	answer, err := g.ask(ctx, l, m)
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

// ask sends a message of a non-UE-associated procedure, on an association of its choice or on l, and waits for its outcome.
func (g *GNB) ask(ctx context.Context, l *link, m ngap.Message) (ngap.Message, error) {
	answer := make(chan ngap.Message, 1)
	g.mu.Lock()
	g.answers[m.ProcedureCode()] = answer
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.answers, m.ProcedureCode())
		g.mu.Unlock()
	}()
	if err := g.send(m, l, nil); err != nil {
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
func (g *GNB) receive(l *link, accepted <-chan bool) {
	for {
		m, err := l.assoc.Receive(g.life)
		if errors.Is(err, sctp.ErrRestarted) {
			// The AMF has lost its state, TS 38.412 §7: set up again.
			l.assoc.Abort("the peer restarted")
		}
		if err != nil {
			last := g.lost(l, err)
			if <-accepted && g.cfg.Reconnect && last {
				g.reconnect()
			}
			return
		}
		if m.PPID == sctp.PPIDNGAP || m.PPID == 0 {
			g.take(l, m.Data, m.Arrived)
		}
	}
}

// unlink forgets an association: UEs bound to it are bound anew with what they say next. It tells whether it was one, and
// how many are left.
func (g *GNB) unlink(l *link) (was bool, left int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.links)
	g.links = slices.DeleteFunc(g.links, func(o *link) bool { return o == l })
	return len(g.links) < before, len(g.links)
}

// lost takes an association away; with the last one goes everything that hung on them. It tells whether it was the last.
func (g *GNB) lost(l *link, err error) (last bool) {
	was, left := g.unlink(l)
	if was && left > 0 {
		g.cfg.Log.Warn("one of the associations with the AMF is lost", "at", l.at, "left", left, "err", err)
		return false
	}
	g.mu.Lock()
	if !was {
		if g.closed {
			g.finish()
		}
		g.mu.Unlock()
		return left == 0
	}
	known := g.amf != nil
	g.amf, g.err = nil, err
	for code, answer := range g.answers {
		close(answer)
		delete(g.answers, code)
	}
	contexts := g.allContexts()
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
	return true
}

// allContexts are those of all UEs. The lock is held.
func (g *GNB) allContexts() []*ueContext {
	contexts := make([]*ueContext, 0, len(g.contexts))
	for _, c := range g.contexts {
		contexts = append(contexts, c)
	}
	return contexts
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

// send encodes and sends a message: about a UE on the association to which it is bound, another on via, or, if that is nil,
// on one for such messages.
func (g *GNB) send(m ngap.Message, via *link, c *ueContext) error {
	messages := []ngap.Message{m}
	if g.cfg.Hooks.Uplink != nil {
		messages = g.cfg.Hooks.Uplink(m)
	}
	var t radio.Terminal
	if c != nil {
		t = c.terminal
	}
	for _, m := range messages {
		pdu, err := ngap.Append(nil, m)
		if err != nil {
			return err
		}
		g.arrow(m, t, true)
		if err := g.transmit(pdu, via, c); err != nil {
			return err
		}
	}
	return nil
}

func (g *GNB) transmit(pdu []byte, via *link, c *ueContext) error {
	pdus := [][]byte{pdu}
	if g.cfg.Hooks.UplinkPDU != nil {
		pdus = g.cfg.Hooks.UplinkPDU(pdu)
	}
	l, stream := g.choose(via, c)
	if l == nil {
		return ErrNoAMF
	}
	for _, pdu := range pdus {
		if c != nil {
			c.mu.Lock()
			c.turns.sent()
			c.mu.Unlock()
		}
		if err := l.assoc.Send(g.life, sctp.Message{Stream: stream, PPID: sctp.PPIDNGAP, Data: pdu}); err != nil {
			return err
		}
	}
	return nil
}

// Send sends any message on stream 0. It changes no state.
func (g *GNB) Send(m ngap.Message) error { return g.send(m, nil, nil) }

// SendPDU sends any octets on stream 0.
func (g *GNB) SendPDU(pdu []byte) error { return g.transmit(pdu, nil, nil) }
