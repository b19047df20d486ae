package amf

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// connection is the N2 connection of one UE: a logical NG-connection of TS 38.413 §5.
type connection struct {
	gnb    *gnb
	link   *tnla              // the UE's binding, under gnb.mu
	ue     atomic.Pointer[ue] // another one where the UE turns out not to be who it said
	amfID  ngap.AMFUENGAPID
	ranID  ngap.RANUENGAPID
	epoch  uint64 // of the gNB's association, in which the gNB asked for the connection
	stream uint16 // on link, TS 38.412 §7
	// under gnb.mu: the gNB was told to release the UE and has not confirmed it yet
	released bool
	// under gnb.mu: the gNB has not yet said by which identity it will know the UE, TS 38.413 §8.4.2
	expected bool
	// under gnb.mu: the UE has gone to another gNB and this one goes on forwarding for a while
	handedOff bool
	// set by the UE's goroutine:
	movedTo      *connection // the one that took the UE over
	contextSetUp bool        // the gNB holds a UE context
	contextAsked bool        // it was asked for one and has not answered
	tai          ident.TAI   // where the UE was last heard
	secured      bool        // secure exchange of NAS messages is established, TS 24.501 §4.4.2.5
	// what the gNB is told anew with the next NAS message, TS 38.413 §8.6.2
	restrictions *ngap.MobilityRestrictionList
	slices       ngap.AllowedNSSAI
}

// initialUE takes an INITIAL UE MESSAGE, TS 38.413 §8.6.1: its UE begins at once, or when it is its turn, or is turned away.
func (l *tnla) initialUE(m *ngap.InitialUEMessage) {
	a, g := l.amf, l.gnb.Load()
	defer a.watchLoad()
	if old := g.connectionByRAN(m.RANUENGAPID); old != nil {
		g.lose(old, "the gNB uses its RAN UE NGAP ID again")
	}
	begin := (*ue).deliver
	free := privileged(m.RRCEstablishmentCause)
	if free {
		begin = (*ue).follow
	} else if !a.admission.hasRoom() {
		l.turnAway(m)
		return
	}
	u := a.ueOf(m)
	conn := g.newConnection(a.ngapIDs.allot(), u, l)
	conn.ranID = m.RANUENGAPID
	g.open(conn)
	first := &initialMessage{conn: conn, n2: m, pdu: m.NASPDU}
	if a.cfg.Reroute || a.taking.Sessions != nil {
		first.original = slices.Clone(m.NASPDU) // it is deciphered in place
	}
	start := func() {
		if err := begin(u, first); err != nil {
			g.log.Debug("UE turned away", "reason", err)
			g.congested(conn, m.NASPDU)
		}
	}
	if free {
		start()
		return
	}
	// Another UE's goroutine may find that this one has waited too long, and must not wait for this one's gNB to take an answer.
	a.admission.enter(start, func() { go g.congested(conn, m.NASPDU) })
}

// turnAway answers an INITIAL UE MESSAGE for which there is no room. Nothing is looked up or kept of its UE: the connection lasts until
// the gNB confirms its release.
func (l *tnla) turnAway(m *ngap.InitialUEMessage) {
	g := l.gnb.Load()
	conn := g.newConnection(l.amf.ngapIDs.allot(), l.amf.restingUE(), l)
	conn.ranID = m.RANUENGAPID
	g.open(conn)
	g.congested(conn, m.NASPDU)
}

// newConnection makes a connection that is bound to an association; nil: to the one that the weights choose.
func (g *gnb) newConnection(id ngap.AMFUENGAPID, u *ue, l *tnla) *connection {
	c := &connection{gnb: g, amfID: id, epoch: g.now()}
	c.ue.Store(u)
	if l != nil {
		c.bind(l)
	}
	return c
}

// congested answers an initial NAS message that finds no room, TS 24.501 §5.3.9, without any context for the UE.
func (g *gnb) congested(conn *connection, pdu []byte) {
	backoff := g.amf.backoff()
	h, _ := nas.Peek(pdu) // what cannot be read has no type and gets no answer but the release
	switch gmm.MessageType(h.MessageType) {
	case gmm.TypeRegistrationRequest:
		conn.sendPlain(&gmm.RegistrationReject{Cause: gmm.CauseCongestion, T3346: &backoff})
	case gmm.TypeServiceRequest:
		conn.sendPlain(&gmm.ServiceReject{Cause: gmm.CauseCongestion, T3346: &backoff})
	}
	g.release(conn, ngap.CauseMiscControlProcessingOverload)
}

// sendPlain sends an unprotected message on a connection that belongs to no context.
func (c *connection) sendPlain(m gmm.Message) {
	pdu, err := gmm.Append(nil, m)
	if err != nil {
		c.gnb.log.Error("cannot encode", "message", m.Name(), "error", err)
		return
	}
	c.gnb.amf.traceNAS(toUE, c, m)
	c.gnb.send(c, &ngap.DownlinkNASTransport{AMFUENGAPID: c.amfID, RANUENGAPID: c.ranID, NASPDU: pdu})
}

// deliver hands a UE-associated message to its UE, TS 38.413 §10.6. What is about warnings, positioning, interference or
// broadcasts is refused: nobody behind this AMF has to do with TS 38.413 §8.9, TS 38.413 §8.10, TS 38.413 §8.16,
// TS 38.413 §8.17 and TS 38.413 §8.18.
func (l *tnla) deliver(m ngap.Message) {
	g := l.gnb.Load()
	ids, ok := idsOf(m)
	if !ok {
		l.errorIndication(nil, nil, ngap.CauseProtocolAbstractSyntaxErrorReject)
		l.log.Warn("message refused: nothing is done with it here", "message", m.Name())
		return
	}
	if ids.amf == nil { // only an Error Indication may come without
		l.log.Warn("error indication", "message", describe(m))
		return
	}
	conn := g.connection(*ids.amf)
	switch {
	case conn == nil:
		l.unknownID(m, ids, ngap.CauseRadioNetworkUnknownLocalUENGAPID)
	case !g.knows(conn, m, ids.ran):
		l.unknownID(m, ids, ngap.CauseRadioNetworkInconsistentRemoteUENGAPID)
	case g.isReleased(conn):
		g.afterRelease(conn, m)
	default:
		g.bound(conn, l)
		l.deliverTo(conn, m)
	}
}

// afterRelease takes what a gNB says of a UE that it was told to release: what crossed the command has no effect, the
// confirmation ends the connection, TS 38.413 §8.3.3.2.
func (g *gnb) afterRelease(conn *connection, m ngap.Message) {
	switch m.(type) {
	case *ngap.UEContextReleaseComplete, *ngap.ErrorIndication:
		g.close(conn)
	default:
		g.log.Debug("message for a released UE ignored", "message", m.Name())
	}
}

func (l *tnla) deliverTo(conn *connection, m ngap.Message) {
	if err := conn.ue.Load().follow(&n2Message{conn: conn, message: m}); err != nil {
		l.log.Warn("message for a UE dropped", "message", m.Name(), "reason", err)
		if _, isError := m.(*ngap.ErrorIndication); !isError {
			l.errorIndication(&conn.amfID, &conn.ranID, ngap.CauseMiscControlProcessingOverload)
		}
	}
}

func (l *tnla) unknownID(m ngap.Message, ids ueIDs, cause ngap.Cause) {
	l.log.Warn("message for an unknown UE", "message", m.Name(), "cause", cause)
	if _, isError := m.(*ngap.ErrorIndication); isError {
		return // never answered with another, TS 38.413 §10.5
	}
	if _, isAnswer := m.(*ngap.UEContextReleaseComplete); isAnswer {
		return // a release that both sides started
	}
	l.errorIndication(ids.amf, ids.ran, cause)
}

// release tells the gNB to release a UE about which nothing more is to be said, TS 38.413 §8.3.3. The identities stay
// taken until the gNB confirms it, and its silence is bounded.
func (g *gnb) release(c *connection, cause ngap.Cause) {
	g.mu.Lock()
	gone := g.conns[c.amfID] != c || c.released
	c.released = true
	command := releaseCommand(c, cause)
	g.mu.Unlock()
	if gone {
		return
	}
	g.send(c, command)
	time.AfterFunc(ueContextRelease.Duration, func() { g.close(c) })
}

// knows tells whether a message names the UE as the gNB did before. The answer to a HANDOVER REQUEST says how it will.
func (g *gnb) knows(c *connection, m ngap.Message, id *ngap.RANUENGAPID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if id == nil {
		return true
	}
	if _, first := m.(*ngap.HandoverRequestAcknowledge); first && c.expected && g.byRAN[*id] == nil {
		c.ranID, c.expected = *id, false
		g.byRAN[*id] = c
	}
	return !c.expected && c.ranID == *id
}

// handOff notes that the UE has gone to another gNB.
func (g *gnb) handOff(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.handedOff = true
}

func (g *gnb) isReleased(c *connection) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return c.released
}

// lives tells whether the gNB still holds the connection, as far as is known.
func (c *connection) lives() bool {
	c.gnb.mu.Lock()
	defer c.gnb.mu.Unlock()
	return c.gnb.conns[c.amfID] == c && !c.released
}

// isHeard is lives for a gNB that may just have been lost, of which the UE's goroutine has not heard.
func (c *connection) isHeard() bool {
	c.gnb.mu.Lock()
	defer c.gnb.mu.Unlock()
	return c.gnb.conns[c.amfID] == c && !c.released && c.epoch == c.gnb.epoch
}

// isGone tells whether the UE need not hear what becomes of the connection.
func (g *gnb) isGone(c *connection) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return c.released || c.handedOff
}

// now is the epoch of the association: it ends when all connections are dropped.
func (g *gnb) now() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.epoch
}

// open enters a connection, and loses it at once if the gNB has been dropped since it was asked for, or is gone: one of its
// associations may still have messages that came before.
func (g *gnb) open(c *connection) {
	g.mu.Lock()
	g.conns[c.amfID] = c
	if !c.expected {
		g.byRAN[c.ranID] = c
	}
	g.amf.connections.put(c)
	late := c.epoch != g.epoch || g.isOver()
	g.mu.Unlock()
	if late {
		g.lose(c, "its gNB was dropped meanwhile")
	}
}

func (g *gnb) close(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns[c.amfID] == c {
		delete(g.conns, c.amfID)
	}
	g.amf.connections.drop(c)
	if g.byRAN[c.ranID] == c {
		delete(g.byRAN, c.ranID)
	}
}

func (g *gnb) connection(id ngap.AMFUENGAPID) *connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns[id]
}

func (g *gnb) connectionByRAN(id ngap.RANUENGAPID) *connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.byRAN[id]
}

func (g *gnb) connections() []*connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := make([]*connection, 0, len(g.conns))
	for _, c := range g.conns {
		all = append(all, c)
	}
	return all
}

// dropConnections tells every UE of the gNB that its connection is gone.
func (g *gnb) dropConnections(why string) {
	g.mu.Lock()
	g.epoch++
	g.mu.Unlock()
	for _, c := range g.connections() {
		g.lose(c, why)
	}
}

// lose tells a UE that its connection is gone. A UE that has left the connection before need not know.
func (g *gnb) lose(c *connection, why string) {
	released := g.isGone(c)
	g.close(c)
	if released {
		return
	}
	if err := c.ue.Load().insist(&connectionLost{conn: c, why: why}); err != nil {
		g.log.Debug("UE not told of its lost connection", "why", why, "reason", err)
	}
}
