package amf

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// setUp is the NG Setup procedure, TS 38.413 §8.7.1. It erases what was known of the gNB before, UE contexts included, unless
// the gNB proposes to retain them; its older associations are over in either case.
func (l *tnla) setUp(m *ngap.NGSetupRequest) {
	g, id := l.gnb.Load(), m.GlobalRANNodeID.String()
	retain := m.UERetentionInformation != nil
	if !retain || g.isReady() && !g.is(id) {
		g.dropConnections("NG Setup")
		g.reset()
	}
	tas := supportedTAs(m.SupportedTAList)
	if refusal := l.amf.refuseTAs(tas); refusal != nil {
		l.log.Warn("NG Setup refused", "reason", refusal.why, "asked", listTAs(tas), "allowed", l.amf.listTAs(), "change", refusal.change)
		g.dropConnections("NG Setup refused")
		g.reset()
		wait := ngap.TimeToWaitV10s
		l.send(&ngap.NGSetupFailure{Cause: refusal.cause, TimeToWait: &wait})
		return
	}
	if l.takeOverID(id, retain) {
		return
	}
	g = l.gnb.Load()
	g.mu.Lock()
	g.ready, g.id, g.name, g.tas = true, id, string(m.RANNodeName), tas
	held := len(g.conns)
	g.mu.Unlock()
	l.log.Info("gNB set up", "id", id, "name", m.RANNodeName, "areas", listTAs(tas), "retained UEs", held)
	response := l.amf.setupResponse()
	if retain && held > 0 {
		response.UERetentionInformation = new(ngap.UERetentionInformationUesRetained)
	}
	l.send(response)
	l.amf.greetLoaded(g)
	l.amf.absent.back(id)
	l.announceEndpoints()
}

// takeover counts how often a global RAN node identity has come from another address of late.
type takeover struct {
	since time.Time
	count int
}

// Two gNBs that both use one identity take it from each other for ever; the AMF stops that after some rounds.
const (
	maxTakeovers   = 4
	takeoverPeriod = time.Minute
)

// takeOverID makes the association the one of its global RAN node identity, TS 38.413 §8.7.1.1: what older associations
// with it held is erased, in the UEs' contexts too, or retained where the gNB proposes it, and those associations are ended.
// It tells whether the identity is contended and NG Setup was refused for it.
func (l *tnla) takeOverID(id string, retain bool) (refused bool) {
	older, mine := l.amf.gnbByID(id), l.gnb.Load()
	if older == nil {
		return false
	}
	links := slices.DeleteFunc(older.associations(), func(o *tnla) bool { return o == l })
	if len(links) == 0 && older == mine {
		return false
	}
	here, there := l.assoc.RemoteAddr().String(), addresses(links)
	if older != mine && l.amf.contended(id) {
		l.log.Error("NG Setup refused: two gNBs use one identity", "id", id, "older", there, "change", "the gNB identity of one of them")
		wait := ngap.TimeToWaitV60s
		l.send(&ngap.NGSetupFailure{Cause: ngap.CauseMiscUnspecified, TimeToWait: &wait})
		return true
	}
	l.log.Warn("gNB has set up anew: its older associations are ended", "id", id, "older", there, "newer", here, "UEs retained", retain)
	if !retain {
		older.reset()
		older.dropConnections("its gNB has set up anew")
	}
	if retain && older != mine {
		l.joinGNB(older)
	}
	for _, o := range links {
		if retain {
			older.unlink(o)
		}
		_ = o.assoc.Abort("NG Setup on another association") // it is gone whatever it says
	}
	return false
}

func addresses(links []*tnla) []string {
	list := make([]string, len(links))
	for i, l := range links {
		list[i] = l.assoc.RemoteAddr().String()
	}
	return list
}

// contended counts a takeover and tells whether there were too many.
func (a *AMF) contended(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.takeovers[id]
	if now := time.Now(); now.Sub(t.since) > takeoverPeriod {
		t = takeover{since: now}
	}
	t.count++
	a.takeovers[id] = t
	return t.count > maxTakeovers
}

// updateConfiguration is the RAN Configuration Update procedure, TS 38.413 §8.7.2. With the identity of a gNB it makes a further
// association one of that gNB's.
func (l *tnla) updateConfiguration(m *ngap.RANConfigurationUpdate) {
	if m.GlobalRANNodeID != nil {
		if refusal := l.join(m.GlobalRANNodeID.String()); refusal != nil {
			l.refuseUpdate(refusal, m)
			return
		}
	}
	g := l.gnb.Load()
	if len(m.SupportedTAList) > 0 {
		tas := supportedTAs(m.SupportedTAList)
		if refusal := l.amf.refuseTAs(tas); refusal != nil {
			l.refuseUpdate(refusal, m)
			return
		}
		g.mu.Lock()
		g.tas = tas
		g.mu.Unlock()
	}
	if m.RANNodeName != "" {
		g.mu.Lock()
		g.name = string(m.RANNodeName)
		g.mu.Unlock()
	}
	l.send(&ngap.RANConfigurationUpdateAcknowledge{})
	g.removeLinks(m.NGRANTNLAssociationToRemoveList)
}

func (l *tnla) refuseUpdate(r *setupRefusal, m *ngap.RANConfigurationUpdate) {
	l.log.Warn("RAN Configuration Update refused", "reason", r.why, "asked", listTAs(supportedTAs(m.SupportedTAList)),
		"allowed", l.amf.listTAs(), "change", r.change)
	l.send(&ngap.RANConfigurationUpdateFailure{Cause: r.cause, TimeToWait: new(ngap.TimeToWaitV10s)})
}

func (a *AMF) setupResponse() *ngap.NGSetupResponse {
	r := &ngap.NGSetupResponse{
		AMFName:             ngap.AMFName(a.cfg.Name),
		ServedGUAMIList:     ngap.ServedGUAMIList{{GUAMI: ngap.NewGUAMI(a.cfg.GUAMI)}},
		RelativeAMFCapacity: ngap.RelativeAMFCapacity(a.capacity.Load()),
	}
	for _, p := range a.cfg.PLMNs {
		r.PLMNSupportList = append(r.PLMNSupportList, ngap.PLMNSupportItem{
			PLMNIdentity: ngap.PLMNIdentity(p.PLMN), SliceSupportList: toSliceSupport(p.Slices),
		})
	}
	return r
}

// setupRefusal says why a gNB's tracking areas will not do.
type setupRefusal struct {
	cause       ngap.Cause
	why, change string
}

// refuseTAs checks that the gNB has something in common with this AMF: a PLMN (TS 38.413 §8.7.1.4), a tracking area
// and a slice.
func (a *AMF) refuseTAs(tas map[ident.TAI][]ident.SNSSAI) *setupRefusal {
	var plmn, area, slice bool
	for t, list := range tas {
		support, known := a.plmnSupport(t.PLMN)
		if !known {
			continue
		}
		plmn = true
		if !a.serves(t) {
			continue
		}
		area = true
		for _, s := range list {
			slice = slice || contains(support.Slices, s)
		}
	}
	switch {
	case !plmn:
		return &setupRefusal{ngap.CauseMiscUnknownPLMNOrSNPN, "no PLMN of the gNB is served here", "the gNB's PLMN, or amf.plmns in the config"}
	case !area:
		return &setupRefusal{ngap.CauseMiscUnspecified, "no tracking area of the gNB is served here", "the gNB's TAC, or amf.plmns tacs in the config"}
	case !slice:
		return &setupRefusal{ngap.CauseRadioNetworkSliceNotSupported, "no slice of the gNB is supported here", "the gNB's slices (SST, SD), or amf.plmns slices in the config"}
	}
	return nil
}

func contains(list []ident.SNSSAI, s ident.SNSSAI) bool { return slices.Contains(list, s) }

func supportedTAs(list ngap.SupportedTAList) map[ident.TAI][]ident.SNSSAI {
	tas := make(map[ident.TAI][]ident.SNSSAI)
	for _, ta := range list {
		for _, p := range ta.BroadcastPLMNList {
			t := ident.TAI{PLMN: p.PLMNIdentity.PLMN(), TAC: ident.TAC(ta.TAC)}
			for _, s := range p.TAISliceSupportList {
				tas[t] = append(tas[t], s.SNSSAI.Ident())
			}
			for _, s := range p.ExtendedTAISliceSupportList {
				tas[t] = append(tas[t], s.SNSSAI.Ident())
			}
		}
	}
	return tas
}

func listTAs(tas map[ident.TAI][]ident.SNSSAI) string {
	parts := make([]string, 0, len(tas))
	for t, list := range tas {
		parts = append(parts, fmt.Sprintf("%v slices %v", t, list))
	}
	return strings.Join(sorted(parts), ", ")
}

func (a *AMF) listTAs() string {
	tas := make(map[ident.TAI][]ident.SNSSAI)
	for _, t := range a.cfg.TAIs {
		s, _ := a.plmnSupport(t.PLMN)
		tas[t] = s.Slices
	}
	return listTAs(tas)
}
