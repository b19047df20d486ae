package amf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/procedure"
	"github.com/limpid-5g/limpid/wire/nas"
	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// sendTimeout bounds how long a message may wait for room in a gNB's send buffer.
const sendTimeout = 5 * time.Second

// gnb is the AMF's end of one N2 association.
type gnb struct {
	amf   *AMF
	assoc sctp.Association
	log   *slog.Logger

	mu    sync.Mutex
	ready bool   // NG Setup has succeeded
	id    string // global RAN node id, as text
	name  string
	tas   map[ident.TAI][]ident.SNSSAI // what it serves: slices by tracking area
	conns map[uint64]*connection       // by AMF UE NGAP ID
}

// connection is the N2 connection of one UE: a logical NG-connection of TS 38.413 §5.
type connection struct {
	gnb    *gnb
	ue     atomic.Pointer[ue] // another one where the UE turns out not to be who it said
	amfID  ngap.AMFUENGAPID
	ranID  ngap.RANUENGAPID
	stream uint16 // the same for the connection's whole life, TS 38.412 §7
	// set by the UE's goroutine:
	contextSetUp bool      // the gNB holds a UE context
	tai          ident.TAI // where the UE was last heard
	secured      bool      // secure exchange of NAS messages is established, TS 24.501 §4.4.2.5
}

// ServeAssociation speaks NGAP with one gNB until the association ends or ctx does.
func (a *AMF) ServeAssociation(ctx context.Context, assoc sctp.Association) {
	g := &gnb{
		amf: a, assoc: assoc,
		log:   a.log.With("gnb", assoc.RemoteAddr().String()),
		conns: make(map[uint64]*connection),
	}
	a.addGNB(g)
	g.log.Info("gNB connected")
	err := g.read(ctx)
	a.removeGNB(g)
	g.dropConnections("N2 association lost")
	switch {
	case ctx.Err() != nil:
		_ = assoc.Abort("AMF is shutting down") // best effort: the process ends
	case errors.Is(err, io.EOF):
		g.log.Info("gNB disconnected")
	default:
		g.log.Warn("gNB lost", "error", err)
	}
}

func (g *gnb) read(ctx context.Context) error {
	for {
		m, err := g.assoc.Receive(ctx)
		switch {
		case errors.Is(err, sctp.ErrRestarted):
			g.log.Warn("gNB restarted its association: its UE contexts are gone")
			g.dropConnections("gNB restarted")
			g.reset()
		case err != nil:
			return err
		case m.PPID != sctp.PPIDNGAP:
			g.log.Warn("message dropped: not NGAP", "ppid", m.PPID)
		default:
			g.receive(m.Data)
		}
	}
}

// receive decodes and dispatches one NGAP message; what cannot be decoded is answered as TS 38.413 §10 asks.
func (g *gnb) receive(b []byte) {
	m, report, err := ngap.DecodeReport(b)
	if err != nil {
		g.refuse(err)
		return
	}
	g.trace(fromGNB, m)
	if report != nil {
		g.notify(m, report)
	}
	if _, setup := m.(*ngap.NGSetupRequest); !setup && !g.isReady() {
		g.errorIndication(nil, nil, ngap.CauseProtocolMessageNotCompatibleWithReceiverState)
		g.log.Warn("message before NG Setup refused", "message", m.Name())
		return
	}
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		g.setUp(m)
	case *ngap.NGReset:
		g.receiveReset(m)
	case *ngap.NGResetAcknowledge, *ngap.OverloadStart, *ngap.OverloadStop:
		g.log.Debug("received", "message", m.Name())
	case *ngap.RANConfigurationUpdate:
		g.updateConfiguration(m)
	case *ngap.InitialUEMessage:
		g.initialUE(m)
	default:
		g.deliver(m)
	}
}

// initialUE opens a connection for a UE and finds out which UE it is, TS 38.413 §8.6.1.
func (g *gnb) initialUE(m *ngap.InitialUEMessage) {
	a := g.amf
	u := a.ueOf(m)
	conn := &connection{gnb: g, amfID: ngap.AMFUENGAPID(a.nextNGAPID.Add(1)), ranID: m.RANUENGAPID}
	conn.ue.Store(u)
	if n := g.assoc.OutboundStreams(); n > 1 {
		conn.stream = 1 + uint16(uint64(conn.amfID)%uint64(n-1))
	}
	g.open(conn)
	if err := u.deliver(&initialMessage{conn: conn, n2: m, pdu: m.NASPDU}); err != nil {
		g.close(conn)
		g.log.Warn("UE turned away", "reason", err)
		g.congested(conn, m.NASPDU)
	}
}

// congested answers an initial NAS message that finds no room, TS 24.501 §5.3.9, without any context for the UE.
func (g *gnb) congested(conn *connection, pdu []byte) {
	h, err := nas.Peek(pdu)
	if err != nil {
		return
	}
	backoff := nas.NewGPRSTimer2(g.amf.cfg.CongestionBackoff)
	var answer gmm.Message
	switch gmm.MessageType(h.MessageType) {
	case gmm.TypeRegistrationRequest:
		answer = &gmm.RegistrationReject{Cause: gmm.CauseCongestion, T3346: &backoff}
	case gmm.TypeServiceRequest:
		answer = &gmm.ServiceReject{Cause: gmm.CauseCongestion, T3346: &backoff}
	default:
		return
	}
	plain, err := gmm.Append(nil, answer)
	if err != nil {
		g.log.Error("cannot encode", "message", answer.Name(), "error", err)
		return
	}
	g.send(conn, &ngap.DownlinkNASTransport{AMFUENGAPID: conn.amfID, RANUENGAPID: conn.ranID, NASPDU: plain})
	g.send(conn, releaseCommand(conn, ngap.CauseMiscControlProcessingOverload))
}

// deliver hands a UE-associated message to its UE, TS 38.413 §10.6.
func (g *gnb) deliver(m ngap.Message) {
	ids, ok := idsOf(m)
	if !ok {
		g.errorIndication(nil, nil, ngap.CauseProtocolAbstractSyntaxErrorReject)
		g.log.Warn("message refused: nothing is done with it here", "message", m.Name())
		return
	}
	if ids.amf == nil { // only an Error Indication may come without
		g.log.Warn("error indication", "message", describe(m))
		return
	}
	conn := g.connection(*ids.amf)
	switch {
	case conn == nil:
		g.unknownID(m, ids, ngap.CauseRadioNetworkUnknownLocalUENGAPID)
	case ids.ran != nil && *ids.ran != conn.ranID:
		g.unknownID(m, ids, ngap.CauseRadioNetworkInconsistentRemoteUENGAPID)
	default:
		g.deliverTo(conn, m)
	}
}

func (g *gnb) deliverTo(conn *connection, m ngap.Message) {
	err := conn.ue.Load().deliver(&n2Message{conn: conn, message: m})
	switch {
	case err == nil:
	case errors.Is(err, procedure.ErrCongested), errors.Is(err, procedure.ErrInboxFull):
		g.log.Warn("message for a UE dropped", "message", m.Name(), "reason", err)
		g.errorIndication(&conn.amfID, &conn.ranID, ngap.CauseMiscControlProcessingOverload)
	default:
		g.log.Debug("message for a UE dropped", "message", m.Name(), "reason", err)
	}
}

func (g *gnb) unknownID(m ngap.Message, ids ueIDs, cause ngap.Cause) {
	g.log.Warn("message for an unknown UE", "message", m.Name(), "cause", cause)
	if _, isError := m.(*ngap.ErrorIndication); isError {
		return // never answered with another, TS 38.413 §10.5
	}
	if _, isAnswer := m.(*ngap.UEContextReleaseComplete); isAnswer {
		return // a release that both sides started
	}
	g.errorIndication(ids.amf, ids.ran, cause)
}

// send encodes and sends a message: on conn's stream, or on stream 0 where it concerns no UE (TS 38.412 §7).
func (g *gnb) send(conn *connection, m ngap.Message) {
	b, err := ngap.Append(nil, m)
	if err != nil {
		g.log.Error("cannot encode", "message", m.Name(), "error", err)
		return
	}
	out := sctp.Message{PPID: sctp.PPIDNGAP, Data: b}
	if conn != nil {
		out.Stream = conn.stream
	}
	g.trace(toGNB, m)
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	if err := g.assoc.Send(ctx, out); err != nil {
		g.log.Warn("cannot send", "message", m.Name(), "error", err)
	}
}

func (g *gnb) isReady() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ready
}

func (g *gnb) reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready = false
}

// label is how the gNB appears in ladders and logs.
func (g *gnb) label() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.name != "" {
		return g.name
	}
	return "gNB"
}

// slicesIn returns the slices that the gNB supports in a tracking area.
func (g *gnb) slicesIn(t ident.TAI) ([]ident.SNSSAI, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.tas[t]
	return s, ok
}

func (g *gnb) open(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[uint64(c.amfID)] = c
}

func (g *gnb) close(c *connection) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, uint64(c.amfID))
}

func (g *gnb) connection(id ngap.AMFUENGAPID) *connection {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns[uint64(id)]
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
	for _, c := range g.connections() {
		g.lose(c, why)
	}
}

func (g *gnb) lose(c *connection, why string) {
	g.close(c)
	if err := c.ue.Load().deliver(&connectionLost{conn: c, why: why}); err != nil {
		g.log.Warn("UE not told of its lost connection", "reason", fmt.Errorf("%s: %w", why, err))
	}
}
