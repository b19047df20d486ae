package gnb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/aka"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// Forwarding says what becomes of downlink packets that reach the source of a handover when the UE has left.
type Forwarding uint8

// The ways of forwarding.
const (
	DirectForwarding   Forwarding = iota // from the source to the target
	IndirectForwarding                   // through the UPF; N2 only, TS 23.502 §4.9.1.3
	NoForwarding                         // they are lost
)

// HandoverError says that the AMF refuses a handover.
type HandoverError struct{ Cause ngap.Cause }

func (e *HandoverError) Error() string { return fmt.Sprintf("handover refused: %v", e.Cause) }

// ErrPathSwitch says that the AMF refused a path switch: the UE is released, TS 38.413 §8.4.4.3.
var ErrPathSwitch = errors.New("gnb: PathSwitchRequestFailure")

// arfcn is the downlink carrier of every simulated cell, TS 38.104 §5.4.2.1.
const arfcn = 632628

// pci is the physical cell identity of the gNB's cell.
func (g *GNB) pci() uint16 { return uint16(g.cfg.ID % 1008) }

// accessStratum is the gNB's end of the AS key chain, TS 33.501 §6.9.2.1.1.
type accessStratum struct {
	key aka.KAN
	ncc uint8
	nh  *nextHop // given by the AMF and not used yet
	// changed says that the UE has to begin anew with a KgNB for this key, TS 33.501 §6.9.2.3.3.
	changed bool
}

type nextHop struct {
	nh    aka.NH
	ncc   uint8
	fresh bool // it is a KgNB
}

// target derives the key for a target cell: vertically if there is an NH that was not used, TS 33.501 §6.9.2.3.2.
func (a *accessStratum) target(g *GNB) accessStratum {
	if a.nh != nil {
		return a.nh.target(g)
	}
	return accessStratum{key: a.key.Target(g.pci(), arfcn), ncc: a.ncc}
}

// target derives the key for a target cell from an NH, TS 33.501 §6.9.2.3.3.
func (n *nextHop) target(g *GNB) accessStratum {
	return accessStratum{key: n.nh.Target(g.pci(), arfcn), ncc: n.ncc, changed: n.fresh}
}

func newNextHop(s ngap.SecurityContext, fresh *ngap.NewSecurityContextInd) *nextHop {
	return &nextHop{aka.NH(s.NextHopNH), uint8(s.NextHopChainingCount), fresh != nil}
}

// context finds the context of a UE that the AMF knows.
func (g *GNB) context(t radio.Terminal) (*ueContext, error) {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return nil, ErrNoContext
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.amf == nil || c.gone {
		return nil, ErrNoContext
	}
	return c, nil
}

// newContext makes the context of a UE that comes from another gNB. The UE itself is not here yet.
func (g *GNB) newContext(t radio.Terminal, amf ngap.AMFUENGAPID) *ueContext {
	g.mu.Lock()
	for g.lastID++; g.contexts[g.lastID] != nil; g.lastID++ {
	}
	c := &ueContext{g: g, id: g.lastID, terminal: t, amf: &amf, lost: true}
	g.contexts[c.id] = c
	g.mu.Unlock()
	return c
}

// admit makes the bearer of a session of a UE that comes: nil and a cause if the gNB cannot.
func (c *ueContext) admit(session uint8, qfis []uint8, remote netip.AddrPort, teid uint32, forwarding bool) (*bearer, *ngap.Cause) {
	if refuse := c.g.cfg.Hooks.RefuseSession; refuse != nil {
		if cause := refuse(session); cause != nil {
			return nil, cause
		}
	}
	b := &bearer{session: session, terminal: c.terminal, data: c.g.data, qfis: qfis, remote: remote, remoteTEID: teid}
	b.expect(forwarding)
	c.g.openTunnel(b)
	if forwarding {
		c.g.openForwarding(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bearers = append(c.bearers, b)
	return b, nil
}

// order is what the UE hears, as the target composes it.
func (c *ueContext) order() radio.Handover {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := radio.Handover{
		Cell: c.g, Connection: c, NCC: c.as.ncc, PCI: c.g.pci(), ARFCN: arfcn,
		Container: c.container, KeyChange: c.as.changed, Key: c.as.key,
	}
	for _, b := range c.bearers {
		h.Bearers = append(h.Bearers, b)
	}
	return h
}

// arrive makes the UE that has come the context's.
func (c *ueContext) arrive() {
	c.mu.Lock()
	c.lost = false
	c.mu.Unlock()
	c.g.mu.Lock()
	c.g.terminals[c.terminal] = c
	c.g.mu.Unlock()
	for _, b := range c.allBearers() {
		b.arrive()
	}
}

// leave notes that the UE has gone: the context hears nothing of it any more, and goes on forwarding.
func (c *ueContext) leave() {
	c.mu.Lock()
	c.lost, c.moved = true, true
	c.mu.Unlock()
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if c.g.terminals[c.terminal] == c {
		delete(c.g.terminals, c.terminal)
	}
}

// stay takes back what forwardTo and forwardAs did: the UE has not left.
func (c *ueContext) stay() {
	for _, b := range c.allBearers() {
		b.detour.Store(nil)
	}
}

func (c *ueContext) allBearers() []*bearer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*bearer(nil), c.bearers...)
}

// askAMF sends a message of a UE-associated procedure and waits for its outcome.
func (c *ueContext) askAMF(ctx context.Context, m ngap.Message) (ngap.Message, error) {
	answer := c.expectAnswer(m.ProcedureCode())
	if err := c.send(m); err != nil {
		return nil, err
	}
	return c.await(ctx, answer)
}

func (c *ueContext) expectAnswer(code ngap.ProcedureCode) <-chan ngap.Message {
	answer := make(chan ngap.Message, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers = make(map[ngap.ProcedureCode]chan ngap.Message)
	}
	c.answers[code] = answer
	if c.left == nil {
		c.left = make(chan struct{})
	}
	return answer
}

func (c *ueContext) await(ctx context.Context, answer <-chan ngap.Message) (ngap.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, c.g.cfg.SetupTimeout)
	defer cancel()
	select {
	case m := <-answer:
		return m, nil
	case <-c.left:
		return nil, ErrNoContext
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrTimeout
		}
		return nil, ctx.Err()
	}
}

// outcome gives the answer of the AMF to who waits for it.
func (c *ueContext) outcome(m ngap.Message) {
	c.mu.Lock()
	answer := c.answers[m.ProcedureCode()]
	delete(c.answers, m.ProcedureCode())
	c.mu.Unlock()
	if answer == nil {
		c.g.cfg.Log.Warn("outcome that nobody waits for", "message", m.Name())
		return
	}
	answer <- m
}

// xn tells the ladder of a message between gNBs, which here is a function call.
func (g *GNB) xn(to *GNB, message string, detail ...any) {
	if !g.cfg.Ladder.On() {
		return
	}
	g.cfg.Ladder.Emit(ladder.Event{From: g.cfg.Name, To: to.cfg.Name, Interface: ladder.Xn, Message: message, Detail: fmt.Sprint(detail...)})
}
