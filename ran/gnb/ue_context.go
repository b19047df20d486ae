package gnb

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// ueContext is a UE in connected mode. Messages for it are handled one after the other by a goroutine that lives only as
// long as there are any.
type ueContext struct {
	g        *GNB
	id       ngap.RANUENGAPID
	link     *link          // the UE's binding, under the gNB's lock; nil: none yet
	terminal radio.Terminal // see ue

	mu    sync.Mutex
	amf   *ngap.AMFUENGAPID // nil until the AMF has named the UE
	inbox []ngap.Message
	busy  bool
	gone  bool // the context is released
	lost  bool // the radio link to the terminal is
	// TS 38.413 §8.3.1.2 and TS 38.413 §8.3.11:
	suspendable, suspended bool
	reports                bool // the AMF wants to know the RRC state
	bearers                []*bearer
	left                   chan struct{} // closed when the context is gone; nil if nobody waits
	moved                  bool          // the UE has gone to another gNB
	turns                  turns
	answers                map[ngap.ProcedureCode]chan ngap.Message
	// of the initial context setup or the handover:
	as           accessStratum
	container    []byte // for the UE, of NAS security, TS 24.501 §9.11.2.6
	capabilities ngap.UESecurityCapabilities
}

// TAI is radio.Cell.
func (g *GNB) TAI() ident.TAI { return ident.TAI{PLMN: g.cfg.PLMN, TAC: g.cfg.TAC} }

// Monitor is radio.Cell.
func (g *GNB) Monitor(t radio.Terminal, id ident.STMSI) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ignore(t)
	g.paging[id], g.monitors[t] = t, id
}

// Ignore is radio.Cell.
func (g *GNB) Ignore(t radio.Terminal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ignore(t)
}

func (g *GNB) ignore(t radio.Terminal) {
	if id, ok := g.monitors[t]; ok {
		delete(g.monitors, t)
		if g.paging[id] == t {
			delete(g.paging, id)
		}
	}
}

// Connect is radio.Cell: it makes a context and sends INITIAL UE MESSAGE, TS 38.413 §8.6.1.
func (g *GNB) Connect(t radio.Terminal, s radio.Setup) (radio.Connection, error) {
	g.mu.Lock()
	switch {
	case g.amf == nil:
		g.mu.Unlock()
		return nil, radio.ErrNoService
	case g.overload != nil && g.overload.bars(s.Cause):
		g.mu.Unlock()
		return nil, radio.ErrBarred
	}
	old := g.terminals[t]
	for g.lastID++; g.contexts[g.lastID] != nil; g.lastID++ {
	}
	c := &ueContext{g: g, id: g.lastID, terminal: t}
	c.turns.ask()
	g.contexts[c.id], g.terminals[t] = c, c
	g.mu.Unlock()
	if old != nil {
		old.Lose()
	}
	if err := c.send(g.initialUEMessage(c.id, s)); err != nil {
		c.forget()
		return nil, err
	}
	return c, nil
}

// overload is what an AMF does not want, TS 38.413 §8.7.6.2.
type overload struct {
	action  ngap.OverloadAction
	percent int // of it
	owed    int // percent of an access that are still to be barred
}

func overloadOf(m *ngap.OverloadStart) *overload {
	o := &overload{action: ngap.OverloadActionRejectNonEmergencyMODt, percent: 100}
	if r := m.AMFOverloadResponse; r != nil && r.OverloadAction != nil {
		o.action = *r.OverloadAction
	}
	if r := m.AMFTrafficLoadReductionIndication; r != nil {
		o.percent = int(*r)
	}
	return o
}

// bars tells whether an access is to be barred: of those that the AMF does not want the share that it names, in turn.
func (o *overload) bars(cause radio.EstablishmentCause) bool {
	if !barred(o.action, cause) {
		return false
	}
	if o.owed += o.percent; o.owed < 100 {
		return false
	}
	o.owed -= 100
	return true
}

// barred tells which accesses an action is about.
func barred(a ngap.OverloadAction, cause radio.EstablishmentCause) bool {
	switch a {
	case ngap.OverloadActionRejectNonEmergencyMODt:
		return cause == radio.MOData
	case ngap.OverloadActionRejectRRCCrSignalling:
		return cause == radio.MOData || cause == radio.MOSignalling
	case ngap.OverloadActionPermitEmergencySessionsAndMobileTerminatedServicesOnly:
		return cause != radio.Emergency && cause != radio.MTAccess
	}
	return cause != radio.Emergency && cause != radio.HighPriorityAccess && cause != radio.MTAccess
}

func (g *GNB) initialUEMessage(id ngap.RANUENGAPID, s radio.Setup) *ngap.InitialUEMessage {
	m := &ngap.InitialUEMessage{
		RANUENGAPID: id, NASPDU: s.NAS, UserLocationInformation: g.location(),
		RRCEstablishmentCause: ngap.RRCEstablishmentCause(s.Cause),
	}
	requested := ngap.UEContextRequestRequested
	m.UEContextRequest = &requested
	if s.STMSI != nil {
		stmsi := ngap.NewFiveGSTMSI(*s.STMSI)
		m.FiveGSTMSI = &stmsi
	}
	return m
}

// location is the User Location Information IE, TS 38.413 §9.3.1.16. The NR cell identity holds the gNB's in its first
// bits, TS 38.413 §9.3.1.7.
func (g *GNB) location() ngap.UserLocationInformation {
	plmn := ngap.PLMNIdentity(g.cfg.PLMN)
	return ngap.UserLocationInformation{UserLocationInformationNR: &ngap.UserLocationInformationNR{
		NRCGI: ngap.NRCGI{PLMNIdentity: plmn, NRCellIdentity: ngap.NRCellIdentity(uint64(g.cfg.ID) << (36 - g.cfg.IDBits))},
		TAI:   ngap.NewTAI(g.TAI()),
	}}
}

// Send is radio.Connection: UPLINK NAS TRANSPORT, TS 38.413 §8.6.3.
func (c *ueContext) Send(nas []byte) error {
	c.mu.Lock()
	amf, gone := c.amf, c.gone
	c.turns.ask()
	c.mu.Unlock()
	switch {
	case gone:
		return radio.ErrReleased
	case amf == nil:
		return ErrNoContext
	}
	return c.send(&ngap.UplinkNASTransport{
		AMFUENGAPID: *amf, RANUENGAPID: c.id, NASPDU: nas, UserLocationInformation: c.g.location(),
	})
}

// Lose is radio.Connection: the gNB asks the AMF to release the UE, TS 38.413 §8.3.2.
func (c *ueContext) Lose() {
	c.mu.Lock()
	amf, gone := c.amf, c.gone
	c.lost = true
	c.mu.Unlock()
	c.g.mu.Lock()
	if c.g.terminals[c.terminal] == c {
		delete(c.g.terminals, c.terminal)
	}
	c.g.mu.Unlock()
	switch {
	case gone:
	case amf == nil:
		c.forget()
	default:
		if err := c.request(*amf, ngap.CauseRadioNetworkRadioConnectionWithUELost); err != nil {
			c.forget()
		}
	}
}

// request sends UE CONTEXT RELEASE REQUEST, TS 38.413 §8.3.2.2.
func (c *ueContext) request(amf ngap.AMFUENGAPID, cause ngap.Cause) error {
	m := &ngap.UEContextReleaseRequest{AMFUENGAPID: amf, RANUENGAPID: c.id, Cause: cause}
	c.mu.Lock()
	for _, b := range c.bearers {
		m.PDUSessionResourceListCxtRelReq = append(m.PDUSessionResourceListCxtRelReq,
			ngap.PDUSessionResourceItemCxtRelReq{PDUSessionID: ngap.PDUSessionID(b.session)})
	}
	c.mu.Unlock()
	return c.send(m)
}

// ReleaseUE asks the AMF to release the UE's connection (AN release, TS 23.502 §4.2.6) and waits until it is released.
// The error is ErrNoContext, ErrNoAMF, or ctx's.
func (g *GNB) ReleaseUE(ctx context.Context, t radio.Terminal, cause ngap.Cause) error {
	g.mu.Lock()
	c := g.terminals[t]
	g.mu.Unlock()
	if c == nil {
		return ErrNoContext
	}
	c.mu.Lock()
	if c.amf == nil || c.gone {
		c.mu.Unlock()
		return ErrNoContext
	}
	if c.left == nil {
		c.left = make(chan struct{})
	}
	left, amf := c.left, *c.amf
	c.mu.Unlock()
	if err := c.request(amf, cause); err != nil {
		return err
	}
	select {
	case <-left:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *ueContext) send(m ngap.Message) error { return c.g.send(m, nil, c) }

// answer sends an outcome; that it cannot is told by the association.
func (c *ueContext) answer(m ngap.Message) {
	if err := c.send(m); err != nil {
		c.g.cfg.Log.Warn("answer not sent", "message", m.Name(), "err", err)
	}
}

func (c *ueContext) named(id ngap.AMFUENGAPID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.amf != nil && *c.amf == id
}

func (c *ueContext) connection() ngap.UEAssociatedLogicalNGConnectionItem {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.id
	return ngap.UEAssociatedLogicalNGConnectionItem{AMFUENGAPID: c.amf, RANUENGAPID: &id}
}

// ue is the terminal, or one that hears nothing if the radio link is lost.
func (c *ueContext) ue() radio.Terminal {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost {
		return absent{}
	}
	return c.terminal
}

// deliver queues a message and starts the context's goroutine if it is at rest. It refuses one for another identity of
// the AMF than the first named, TS 38.413 §10.6.
func (c *ueContext) deliver(m ngap.Message, amf *ngap.AMFUENGAPID, arrived time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return true
	}
	if c.amf == nil && amf != nil {
		id := *amf
		c.amf = &id
	}
	if amf != nil && *amf != *c.amf {
		return false
	}
	c.turns.answer(arrived)
	c.inbox = append(c.inbox, m)
	if !c.busy {
		c.busy = true
		go c.run()
	}
	return true
}

func (c *ueContext) run() {
	for {
		c.mu.Lock()
		if len(c.inbox) == 0 || c.gone {
			c.inbox, c.busy = nil, false
			c.mu.Unlock()
			return
		}
		m := c.inbox[0]
		c.inbox[0] = nil
		c.inbox = c.inbox[1:]
		c.mu.Unlock()
		c.g.arrow(m, c.terminal, false)
		c.handle(m)
	}
}

// forget drops the context and what hangs on it. It tells whether this call did it.
func (c *ueContext) forget() bool {
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return false
	}
	c.gone = true
	bearers := c.bearers
	c.bearers = nil
	if c.left != nil {
		defer close(c.left)
	}
	c.mu.Unlock()
	for _, b := range bearers {
		c.g.closeTunnel(b)
	}
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	delete(c.g.contexts, c.id)
	if c.g.terminals[c.terminal] == c {
		delete(c.g.terminals, c.terminal)
	}
	return true
}

// remove drops the context and tells the UE.
func (c *ueContext) remove() {
	ue := c.ue()
	if c.forget() {
		ue.Released()
	}
}

func (c *ueContext) hasMoved() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.moved
}

func (c *ueContext) bearer(session uint8) *bearer {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.bearers {
		if b.session == session {
			return b
		}
	}
	return nil
}

// dropBearer takes the user plane of a session away. It tells whether there was one.
func (c *ueContext) dropBearer(session uint8) bool {
	b := c.bearer(session)
	if b == nil {
		return false
	}
	c.mu.Lock()
	c.bearers = slices.DeleteFunc(c.bearers, func(o *bearer) bool { return o == b })
	c.mu.Unlock()
	c.g.closeTunnel(b)
	return true
}

// absent is a terminal that does not hear the gNB.
type absent struct{}

func (absent) Receive([]byte)                {}
func (absent) Secure([32]byte) error         { return radio.ErrReleased }
func (absent) AddBearer(radio.Bearer) error  { return radio.ErrReleased }
func (absent) RemoveBearer(uint8)            {}
func (absent) Packet(uint8, uint8, []byte)   {}
func (absent) HandOver(radio.Handover) error { return radio.ErrReleased }
func (absent) Released()                     {}
func (absent) Suspended()                    {}

func (absent) Rerouted(radio.Cell, radio.Connection) {}

func (absent) Resumed(radio.Connection, []radio.Bearer) {}
func (absent) Paged()                                   {}

// Identities are those of a UE's connection, TS 38.413 §3.1. The error is ErrNoContext.
func (g *GNB) Identities(t radio.Terminal) (ngap.AMFUENGAPID, ngap.RANUENGAPID, error) {
	c, err := g.context(t)
	if err != nil {
		return 0, 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return *c.amf, c.id, nil
}
