package amf

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/limpid-5g/limpid/wire/ngap"
	"github.com/limpid-5g/limpid/wire/sctp"
)

// tnla is one TNL association with a gNB, TS 38.412 §7. A gNB may have several, TS 23.501 §5.21.1.2: the first sets the NG
// interface up, a further one joins it with a RAN CONFIGURATION UPDATE.
type tnla struct {
	amf    *AMF
	assoc  sctp.Association
	log    *slog.Logger
	gnb    atomic.Pointer[gnb] // whose it is; its own goroutine alone changes it
	number int                 // among those of its gNB, from 1; under the gNB's lock
	usage  ngap.TNLAssociationUsage
	weight uint8       // as the AMF told the gNB, TS 38.413 §9.3.2.10
	ended  atomic.Bool // nothing can be sent any more
}

// ServeAssociation speaks NGAP with one gNB until the association ends or ctx does.
func (a *AMF) ServeAssociation(ctx context.Context, assoc sctp.Association) {
	log := a.log.With("gnb", assoc.RemoteAddr().String())
	l := &tnla{amf: a, assoc: assoc, log: log}
	l.usage, l.weight = a.endpoints.of(assoc.LocalAddr())
	g := a.newGNB(log)
	a.addGNB(g)
	g.link(l)
	l.log.Info("gNB connected")
	unset := time.AfterFunc(setupPatience, l.endUnlessReady)
	err := l.read(ctx)
	unset.Stop()
	l.leave()
	switch {
	case ctx.Err() != nil:
		_ = assoc.Abort("AMF is shutting down") // best effort: the process ends
	case errors.Is(err, io.EOF):
		l.log.Info("gNB disconnected")
	default:
		l.log.Warn("gNB lost", "error", err)
	}
}

// leave takes an association that has ended away. UEs bound to it go on over the gNB's others, TS 38.412 §7; with the last
// one they are lost.
func (l *tnla) leave() {
	l.ended.Store(true)
	g := l.gnb.Load()
	switch left, mine := g.unlink(l); {
	case !mine && left > 0: // another has taken its place
	case left > 0:
		l.log.Warn("one of the gNB's associations is gone: its UEs go over to another", "left", left)
	default:
		g.end("N2 association lost")
	}
}

func (l *tnla) over() bool { return l.ended.Load() }

func (l *tnla) read(ctx context.Context) error {
	for {
		m, err := l.assoc.Receive(ctx)
		if err == nil {
			err = l.slowDown(ctx)
		}
		switch {
		case errors.Is(err, sctp.ErrRestarted):
			l.restarted()
		case err != nil:
			return err
		case m.PPID != sctp.PPIDNGAP:
			l.log.Warn("message dropped: not NGAP", "ppid", m.PPID)
		default:
			l.receive(m.Data)
		}
	}
}

// restarted deals with a gNB that has begun an association anew: its UE contexts are gone with the last of its
// associations; with one of several, only that one begins anew.
func (l *tnla) restarted() {
	g := l.gnb.Load()
	if len(g.associations()) > 1 {
		l.log.Warn("gNB restarted one of its associations")
		g.unlink(l)
		fresh := l.amf.newGNB(l.log)
		l.amf.addGNB(fresh)
		l.gnb.Store(fresh)
		fresh.link(l)
		return
	}
	l.log.Warn("gNB restarted its association: its UE contexts are gone")
	g.dropConnections("gNB restarted")
	g.reset()
}

// receive decodes and dispatches one NGAP message; what cannot be decoded is answered as TS 38.413 §10 asks.
func (l *tnla) receive(b []byte) {
	m, report, err := ngap.DecodeReport(b)
	if err != nil {
		l.refuse(err)
		return
	}
	l.trace(fromGNB, m)
	if report != nil {
		l.notify(m, report)
	}
	g := l.gnb.Load()
	if !g.isReady() && !begins(m) {
		l.log.Warn("message before NG Setup refused", "message", m.Name())
		if _, isError := m.(*ngap.ErrorIndication); !isError { // never answered with another
			l.errorIndication(nil, nil, ngap.CauseProtocolMessageNotCompatibleWithReceiverState)
		}
		return
	}
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		l.setUp(m)
	case *ngap.RANConfigurationUpdate:
		l.updateConfiguration(m)
	case *ngap.NGReset:
		l.receiveReset(m)
	case *ngap.NGResetAcknowledge, *ngap.AMFConfigurationUpdateAcknowledge, *ngap.AMFConfigurationUpdateFailure:
		g.answered(m)
	case *ngap.OverloadStart, *ngap.OverloadStop:
		l.log.Debug("received", "message", m.Name())
	case *ngap.RetrieveUEInformation:
		l.retrieve(m)
	case *ngap.RANCPRelocationIndication:
		l.refuseRelocation(m)
	case *ngap.InitialUEMessage:
		l.initialUE(m)
	case *ngap.PathSwitchRequest:
		l.switchPath(m)
	case *ngap.UplinkRANConfigurationTransfer:
		l.relayConfiguration(m)
	default:
		l.deliver(m)
	}
}

// begins tells whether an association may begin with m: as the first of a gNB or as a further one.
func begins(m ngap.Message) bool {
	switch m := m.(type) {
	case *ngap.NGSetupRequest:
		return true
	case *ngap.RANConfigurationUpdate:
		return m.GlobalRANNodeID != nil
	}
	return false
}

// send sends a message that concerns no UE on this very association: an outcome goes where the question came from.
func (l *tnla) send(m ngap.Message) { _ = l.transmit(0, m) } // why it cannot is logged there

// transmit encodes and sends a message: a UE's on its stream, others on stream 0, TS 38.412 §7.
func (l *tnla) transmit(stream uint16, m ngap.Message) error {
	b, err := ngap.Append(nil, m)
	if err != nil {
		l.log.Error("cannot encode", "message", m.Name(), "error", err)
		return err
	}
	l.trace(toGNB, m)
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	err = l.assoc.Send(ctx, sctp.Message{PPID: sctp.PPIDNGAP, Data: b, Stream: stream})
	if err != nil {
		l.log.Warn("cannot send", "message", m.Name(), "error", err)
		if ctx.Err() == nil {
			l.ended.Store(true)
		}
	}
	return err
}

// endpoint is where gNBs reach the AMF.
func (l *tnla) endpoint() netip.AddrPort { return l.assoc.LocalAddr() }
