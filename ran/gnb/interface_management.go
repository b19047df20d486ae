package gnb

import (
	"context"
	"errors"
	"time"

	"github.com/limpid-5g/limpid/ran/radio"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// setupRequest composes NG SETUP REQUEST, TS 38.413 §9.2.6.1.
func (g *GNB) setupRequest() *ngap.NGSetupRequest {
	m := &ngap.NGSetupRequest{GlobalRANNodeID: g.globalID(), RANNodeName: ngap.RANNodeName(g.cfg.Name), DefaultPagingDRX: ngap.PagingDRXV128}
	for _, a := range append([]Area{{g.TAI(), g.cfg.Slices}}, g.cfg.Also...) {
		slices := make(ngap.SliceSupportList, len(a.Slices))
		for i, s := range a.Slices {
			slices[i].SNSSAI = ngap.NewSNSSAI(s)
		}
		m.SupportedTAList = append(m.SupportedTAList, ngap.SupportedTAItem{
			TAC:               ngap.TAC(a.TAI.TAC),
			BroadcastPLMNList: ngap.BroadcastPLMNList{{PLMNIdentity: ngap.PLMNIdentity(a.TAI.PLMN), TAISliceSupportList: slices}},
		})
	}
	return m
}

// take decodes a message from the AMF and gives it to who it is for, TS 38.413 §10.
func (g *GNB) take(l *link, b []byte, arrived time.Time) {
	m, err := ngap.Decode(b)
	if err != nil {
		g.refuse(l, err)
		return
	}
	if ids, ok := idsOf(m); ok {
		if g.cfg.Hooks.Downlink != nil && g.cfg.Hooks.Downlink(m) {
			return
		}
		g.deliver(l, m, ids, arrived)
		return
	}
	if m.PDUType() != ngap.InitiatingMessage {
		g.arrow(m, nil, false)
		g.mu.Lock()
		if answer := g.answers[m.ProcedureCode()]; answer != nil {
			answer <- m
			delete(g.answers, m.ProcedureCode())
		}
		g.mu.Unlock()
		return
	}
	g.arrow(m, nil, false)
	g.dispatch(l, m)
}

// refuse reports an erroneous message, TS 38.413 §8.7.5.2.
func (g *GNB) refuse(l *link, err error) {
	g.cfg.Log.Warn("NGAP message refused", "err", err)
	var e *ngap.DecodeError
	if !errors.As(err, &e) || e.Silent {
		return
	}
	g.report(l, &ngap.ErrorIndication{
		AMFUENGAPID: e.AMFUENGAPID, RANUENGAPID: e.RANUENGAPID, Cause: &e.Cause, CriticalityDiagnostics: e.Diagnostics,
	})
}

func (g *GNB) report(l *link, m *ngap.ErrorIndication) {
	if err := g.send(m, l, nil); err != nil {
		g.cfg.Log.Warn("error indication not sent", "err", err)
	}
}

// deliver gives a message to the context that it names, or reports that there is none, TS 38.413 §10.6.
func (g *GNB) deliver(l *link, m ngap.Message, ids ids, arrived time.Time) {
	g.mu.Lock()
	var c *ueContext
	if ids.ran != nil {
		c = g.contexts[*ids.ran]
	} else {
		for _, o := range g.contexts {
			if ids.amf != nil && o.named(*ids.amf) {
				c = o
			}
		}
	}
	g.mu.Unlock()
	cause := ngap.CauseRadioNetworkUnknownLocalUENGAPID
	if c != nil {
		g.bind(c, l) // the AMF may have changed the binding, TS 23.502 §4.2.7.2
		if c.deliver(m, ids.amf, arrived) {
			return
		}
		cause = ngap.CauseRadioNetworkInconsistentRemoteUENGAPID
	}
	g.arrow(m, nil, false)
	if m.PDUType() != ngap.InitiatingMessage {
		return // an outcome is never answered
	}
	if _, ok := m.(*ngap.ErrorIndication); ok {
		g.cfg.Log.Warn("error indication", "detail", detail(m))
		return
	}
	g.report(l, &ngap.ErrorIndication{AMFUENGAPID: ids.amf, RANUENGAPID: ids.ran, Cause: &cause})
}

// dispatch handles the messages that concern no single UE's context.
func (g *GNB) dispatch(l *link, m ngap.Message) {
	switch m := m.(type) {
	case *ngap.Paging:
		g.page(m)
	case *ngap.HandoverRequest:
		g.allocate(l, m)
	case *ngap.NGReset:
		g.reset(l, m)
	case *ngap.AMFConfigurationUpdate:
		g.amfUpdate(l, m)
	case *ngap.OverloadStart:
		g.setOverload(overloadOf(m))
	case *ngap.UEInformationTransfer:
		g.informed(m)
	case *ngap.OverloadStop:
		g.setOverload(nil)
	case *ngap.DownlinkRANConfigurationTransfer:
		g.configurationTransferred(l, m)
	case *ngap.ErrorIndication:
		g.cfg.Log.Warn(m.Name(), "detail", detail(m))
		g.xnIs(xnAnswer{err: ErrNotTransferred})
	case *ngap.AMFStatusIndication:
		g.cfg.Log.Warn(m.Name(), "detail", detail(m))
	default:
		g.cfg.Log.Warn("NGAP message has no use here", "message", m.Name())
	}
}

func (g *GNB) answer(l *link, m ngap.Message) {
	if err := g.send(m, l, nil); err != nil {
		g.cfg.Log.Warn("answer not sent", "message", m.Name(), "err", err)
	}
}

// setOverload obeys the last that the AMF said; nil: its overload is over.
func (g *GNB) setOverload(o *overload) {
	if g.cfg.Hooks.IgnoreOverload {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.overload = o
}

// page calls the UE that monitors the paged identity, TS 38.413 §8.5.1.
func (g *GNB) page(m *ngap.Paging) {
	if m.UEPagingIdentity.FiveGSTMSI == nil {
		return
	}
	here := false
	for _, t := range m.TAIListForPaging {
		here = here || t.TAI.Ident() == g.TAI()
	}
	g.mu.Lock()
	t := g.paging[m.UEPagingIdentity.FiveGSTMSI.Ident()]
	_, leaves := g.releasing[t]
	if leaves && here { // the AMF pages as soon as it has the release's completion: the UE hears of both in that order
		g.releasing[t] = true
	}
	g.mu.Unlock()
	if t != nil && here && !leaves {
		t.Paged()
	}
}

// reset obeys the AMF, TS 38.413 §8.7.4.2.1.
func (g *GNB) reset(l *link, m *ngap.NGReset) {
	list := m.ResetType.PartOfNGInterface
	g.mu.Lock()
	var gone []*ueContext
	for _, c := range g.contexts {
		if m.ResetType.NGInterface != nil || listed(list, c) {
			gone = append(gone, c)
		}
	}
	g.mu.Unlock()
	for _, c := range gone {
		c.remove()
	}
	g.answer(l, &ngap.NGResetAcknowledge{UEAssociatedLogicalNGConnectionList: list})
}

func listed(list ngap.UEAssociatedLogicalNGConnectionList, c *ueContext) bool {
	for _, i := range list {
		if i.RANUENGAPID != nil && *i.RANUENGAPID == c.id || i.AMFUENGAPID != nil && c.named(*i.AMFUENGAPID) {
			return true
		}
	}
	return false
}

// Reset runs the NG Reset procedure for the given UEs, or for the whole interface without any, TS 38.413 §8.7.4.2.2.
// The error is ErrNoAMF, ErrTimeout, or ctx's.
func (g *GNB) Reset(ctx context.Context, cause ngap.Cause, ts ...radio.Terminal) error {
	m := &ngap.NGReset{Cause: cause}
	g.mu.Lock()
	var gone []*ueContext
	for _, c := range g.contexts {
		gone = append(gone, c)
	}
	if len(ts) == 0 {
		all := ngap.ResetAllResetAll
		m.ResetType.NGInterface = &all
	} else {
		gone = gone[:0]
		for _, t := range ts {
			if c := g.terminals[t]; c != nil {
				gone = append(gone, c)
				m.ResetType.PartOfNGInterface = append(m.ResetType.PartOfNGInterface, c.connection())
			}
		}
	}
	g.mu.Unlock()
	if len(ts) > 0 && len(gone) == 0 {
		return ErrNoContext
	}
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SetupTimeout)
	defer cancel()
	_, err := g.ask(ctx, nil, m)
	for _, c := range gone {
		c.remove()
	}
	return err
}
