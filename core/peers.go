package core

import (
	"context"
	"errors"
	"net/http"

	"github.com/limpid-5g/limpid/core/config"
	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/ladder"
	"github.com/limpid-5g/limpid/nf/amf"
	"github.com/limpid-5g/limpid/sbi"
	"github.com/limpid-5g/limpid/sbi/http2"
	"github.com/limpid-5g/limpid/sbi/namf"
	"github.com/limpid-5g/limpid/sbi/nsmf"
)

// own is this core as a peer sees it: AMFs hand UEs over, an AMF reaches the SMF that keeps a UE's sessions, and an SMF the
// AMF that serves the UE.
type own struct {
	*amf.AMF
	nsmf.PDUSession
	namf.TransferFailures
}

// peers are the other cores that this one knows.
type peers struct {
	name    string // of this core
	sink    ladder.Sink
	known   []config.Core
	clients map[string]*http2.Client
	between func(ctx context.Context, to, operation string) error
}

// openPeers gets a way to every peer that the configuration names.
func (c *Core) openPeers() error {
	if err := c.openSBI(); err != nil {
		return err
	}
	c.peers = &peers{name: c.cfg.Name, sink: c.opts.Ladder, known: c.cfg.Peers, between: c.opts.BetweenPeers}
	if c.sbi != nil {
		c.peers.clients = c.sbi.clients
	}
	return nil
}

// amfs are the peers as the AMF knows them.
func (p *peers) amfs() []amf.Peer {
	list := make([]amf.Peer, 0, len(p.known))
	for i := range p.known {
		c := &p.known[i]
		list = append(list, amf.Peer{Name: c.Name, GUAMI: guamiOf(&c.GUAMI), TAIs: c.All(), Peer: tracedPeer{p, c.Name}})
	}
	return list
}

// reach is the way to a peer.
func (p *peers) reach(name string) (http2.Peer, error) {
	if peer := p.clients[name]; peer != nil {
		return peer, nil
	}
	return nil, sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "core %q is none of the peers in the config", name)
}

func guamiOf(g *config.GUAMI) ident.GUAMI {
	return ident.GUAMI{PLMN: g.PLMN, Region: g.Region, Set: g.Set, Pointer: g.Pointer}
}

// sessions is the SMF as the AMF sees it: the own one, or that of the core in whose URI a session lives.
type sessions struct {
	nsmf.PDUSession
	failures namf.TransferFailures
	peers    *peers
}

func (s sessions) of(uri string) (nsmf.PDUSession, string, error) {
	core, ref, err := sbi.ContextRef(uri)
	switch {
	case err != nil:
		return nil, "", sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "%v", err)
	case core == "":
		return s.PDUSession, ref, nil
	}
	peer, err := s.peers.reach(core)
	if err != nil {
		return nil, "", err
	}
	return tracer{s.peers.sink}.smf(s.peers.name, peer), ref, nil
}

func (s sessions) UpdateSMContext(ctx context.Context, uri string, data nsmf.SMContextUpdateData) (nsmf.SMContextUpdatedData, error) {
	smf, ref, err := s.of(uri)
	if err != nil {
		return nsmf.SMContextUpdatedData{}, err
	}
	return smf.UpdateSMContext(ctx, ref, data)
}

func (s sessions) ReleaseSMContext(ctx context.Context, uri string, data nsmf.SMContextReleaseData) error {
	smf, ref, err := s.of(uri)
	if err != nil {
		return err
	}
	return smf.ReleaseSMContext(ctx, ref, data)
}

// N1N2TransferFailureNotify tells the SMF that asked.
func (s sessions) N1N2TransferFailureNotify(ctx context.Context, n namf.N1N2MsgTxfrFailureNotification) error {
	core, ref, err := sbi.ContextRef(n.SMContextRef)
	switch {
	case err != nil:
		return sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "%v", err)
	case core == "":
		return s.failures.N1N2TransferFailureNotify(ctx, n)
	}
	peer, err := s.peers.reach(core)
	if err != nil {
		return err
	}
	n.SMContextRef = ref
	return peer.N1N2TransferFailureNotify(ctx, n)
}

// remoteAMF is the AMF of a peer as the own SMF sees it: there, a session of this core has a URI.
type remoteAMF struct {
	peers *peers
	guami ident.GUAMI
}

func (r remoteAMF) reach() (http2.Peer, error) {
	for i := range r.peers.known {
		if p := &r.peers.known[i]; guamiOf(&p.GUAMI) == r.guami {
			return r.peers.reach(p.Name)
		}
	}
	return nil, sbi.Problem(http.StatusNotFound, sbi.CauseContextNotFound, "AMF %s is none of the peers in the config", r.guami)
}

func (r remoteAMF) N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	peer, err := r.reach()
	if err != nil {
		return namf.N1N2MessageTransferRspData{}, err
	}
	req.SMContextRef = sbi.ContextURI(r.peers.name, req.SMContextRef)
	return peer.N1N2MessageTransfer(ctx, supi, req)
}

func (r remoteAMF) SMContextStatusNotify(ctx context.Context, supi ident.SUPI, pduSessionID uint8, ref string) error {
	peer, err := r.reach()
	if err != nil {
		return err
	}
	return peer.SMContextStatusNotify(ctx, supi, pduSessionID, sbi.ContextURI(r.peers.name, ref))
}

// servingAMF finds the AMF with a GUAMI for the own SMF.
func (c *Core) servingAMF(home namf.Communication) func(ident.GUAMI) namf.Communication {
	self := guami(c.cfg)
	return func(g ident.GUAMI) namf.Communication {
		if g == self {
			return home
		}
		return remoteAMF{c.peers, g}
	}
}

// tracedPeer is a peer's AMF: what goes between the two is on the ladder as N14.
type tracedPeer struct {
	*peers
	to string
}

// asked reaches the peer and shows the request; answered shows the answer, or that there is none.
func (t tracedPeer) asked(ctx context.Context, operation string, details ...any) (peer http2.Peer, answered func(err error, details ...any), err error) {
	short := operation
	operation = "Namf_Communication_" + operation
	t.sink.Emit(ladder.Event{From: t.name, To: t.to, Interface: ladder.N14, Message: operation + " Request", Detail: pairs(details)})
	failed := func(err error) {
		t.sink.Emit(ladder.Event{From: t.name, To: t.name, Interface: ladder.N14, Message: operation + " Failure", Detail: pairs([]any{"cause", sbi.CauseOf(err)})})
	}
	answered = func(err error, details ...any) {
		if _, lost := errors.AsType[*http2.Unanswered](err); lost {
			failed(err)
			return
		}
		if err != nil {
			details = []any{"cause", sbi.CauseOf(err)}
		}
		t.sink.Emit(ladder.Event{From: t.to, To: t.name, Interface: ladder.N14, Message: operation + " Response", Detail: pairs(details)})
	}
	if peer, err = t.reach(t.to); err == nil && t.between != nil {
		if err = t.between(ctx, t.to, short); err != nil {
			err = sbi.Problem(http.StatusGatewayTimeout, sbi.CausePeerNotResponding, "%v", err)
		}
	}
	if err != nil {
		failed(err)
	}
	return peer, answered, err
}

func (t tracedPeer) UEContextTransfer(ctx context.Context, id namf.UEContextID, req namf.UEContextTransferReqData) (namf.UEContextTransferRspData, error) {
	peer, answered, err := t.asked(ctx, "UEContextTransfer", "reason", req.Reason)
	if err != nil {
		return namf.UEContextTransferRspData{}, err
	}
	r, err := peer.UEContextTransfer(ctx, id, req)
	answered(err,
		"sessions", len(r.UEContext.SessionContextList), "derived", r.UEContext.SEAFData != nil && r.UEContext.SEAFData.KeyAMFHDerivationInd)
	return r, err
}

func (t tracedPeer) RegistrationStatusUpdate(ctx context.Context, id namf.UEContextID, req namf.UERegStatusUpdateReqData) (namf.UERegStatusUpdateRspData, error) {
	peer, answered, err := t.asked(ctx, "RegistrationStatusUpdate", "status", req.TransferStatus, "release", req.ToReleaseSessionList)
	if err != nil {
		return namf.UERegStatusUpdateRspData{}, err
	}
	r, err := peer.RegistrationStatusUpdate(ctx, id, req)
	answered(err, "complete", r.RegStatusTransferComplete)
	return r, err
}

func (t tracedPeer) CreateUEContext(ctx context.Context, id namf.UEContextID, req namf.UEContextCreateData) (namf.UEContextCreatedData, error) {
	peer, answered, err := t.asked(ctx, "CreateUEContext", "target", req.TargetID.TAI, "sessions", len(req.PDUSessionList))
	if err != nil {
		return namf.UEContextCreatedData{}, err
	}
	r, err := peer.CreateUEContext(ctx, id, req)
	answered(err, "admitted", len(r.PDUSessionList), "failed", len(r.FailedSessionList))
	return r, err
}

func (t tracedPeer) ReleaseUEContext(ctx context.Context, id namf.UEContextID, req namf.UEContextRelease) error {
	peer, answered, err := t.asked(ctx, "ReleaseUEContext")
	if err != nil {
		return err
	}
	err = peer.ReleaseUEContext(ctx, id, req)
	answered(err)
	return err
}

func (t tracedPeer) N2InfoNotify(ctx context.Context, id namf.UEContextID, n namf.N2InformationNotification) error {
	peer, answered, err := t.asked(ctx, "N2InfoNotify", "reason", n.NotifyReason)
	if err != nil {
		return err
	}
	err = peer.N2InfoNotify(ctx, id, n)
	answered(err)
	return err
}

func (t tracedPeer) N1N2MessageTransfer(ctx context.Context, supi ident.SUPI, req namf.N1N2MessageTransferReqData) (namf.N1N2MessageTransferRspData, error) {
	peer, answered, err := t.asked(ctx, "N1N2MessageTransfer", "n2", req.RANInfo.Type)
	if err != nil {
		return namf.N1N2MessageTransferRspData{}, err
	}
	r, err := peer.N1N2MessageTransfer(ctx, supi, req)
	answered(err, "cause", r.Cause)
	return r, err
}
