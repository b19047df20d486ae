package amf

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/limpid-5g/limpid/ident"
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
	epoch uint64                                   // counts how often all connections were dropped
	asked map[ngap.ProcedureCode]chan ngap.Message // procedures that the AMF began
	gone  chan struct{}                            // closed when the association has ended
	pace  pace
	tas   map[ident.TAI][]ident.SNSSAI // what it serves: slices by tracking area
	conns map[ngap.AMFUENGAPID]*connection
	byRAN map[ngap.RANUENGAPID]*connection // the same connections
}

// ServeAssociation speaks NGAP with one gNB until the association ends or ctx does.
func (a *AMF) ServeAssociation(ctx context.Context, assoc sctp.Association) {
	g := &gnb{
		amf: a, assoc: assoc,
		log:   a.log.With("gnb", assoc.RemoteAddr().String()),
		asked: make(map[ngap.ProcedureCode]chan ngap.Message), gone: make(chan struct{}),
		conns: make(map[ngap.AMFUENGAPID]*connection), byRAN: make(map[ngap.RANUENGAPID]*connection),
	}
	a.addGNB(g)
	g.log.Info("gNB connected")
	unset := time.AfterFunc(setupPatience, g.endUnlessReady)
	err := g.read(ctx)
	unset.Stop()
	close(g.gone)
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
		if err == nil {
			err = g.slowDown(ctx)
		}
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
		g.log.Warn("message before NG Setup refused", "message", m.Name())
		if _, isError := m.(*ngap.ErrorIndication); !isError { // never answered with another
			g.errorIndication(nil, nil, ngap.CauseProtocolMessageNotCompatibleWithReceiverState)
		}
		return
	}
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		g.setUp(m)
	case *ngap.NGReset:
		g.receiveReset(m)
	case *ngap.NGResetAcknowledge, *ngap.AMFConfigurationUpdateAcknowledge, *ngap.AMFConfigurationUpdateFailure:
		g.answered(m)
	case *ngap.OverloadStart, *ngap.OverloadStop:
		g.log.Debug("received", "message", m.Name())
	case *ngap.RANCPRelocationIndication:
		g.refuseRelocation(m)
	case *ngap.RANConfigurationUpdate:
		g.updateConfiguration(m)
	case *ngap.InitialUEMessage:
		g.initialUE(m)
	case *ngap.PathSwitchRequest:
		g.switchPath(m)
	default:
		g.deliver(m)
	}
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

func (g *gnb) is(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ready && g.id == id
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

// identity is the global RAN node identity as text, "" before NG Setup.
func (g *gnb) identity() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.id
}

// servesAny tells whether the gNB serves one of the tracking areas.
func (g *gnb) servesAny(list []ident.TAI) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(list, func(t ident.TAI) bool { _, ok := g.tas[t]; return ok })
}
