package amf

import (
	"fmt"
	"strings"
	"time"

	"github.com/limpid-5g/limpid/ident"
	"github.com/limpid-5g/limpid/wire/ngap"
)

// setUp is the NG Setup procedure, TS 38.413 §8.7.1. It erases what the association knew before, UE contexts included.
func (g *gnb) setUp(m *ngap.NGSetupRequest) {
	g.dropConnections("NG Setup")
	g.reset()
	tas := supportedTAs(m.SupportedTAList)
	if refusal := g.amf.refuseTAs(tas); refusal != nil {
		g.log.Warn("NG Setup refused", "reason", refusal.why, "asked", listTAs(tas), "allowed", g.amf.listTAs(), "change", refusal.change)
		wait := ngap.TimeToWaitV10s
		g.send(nil, &ngap.NGSetupFailure{Cause: refusal.cause, TimeToWait: &wait})
		return
	}
	if g.takeOverID(m.GlobalRANNodeID.String()) {
		return
	}
	g.mu.Lock()
	g.ready, g.id, g.name, g.tas = true, m.GlobalRANNodeID.String(), string(m.RANNodeName), tas
	g.mu.Unlock()
	g.log.Info("gNB set up", "id", m.GlobalRANNodeID.String(), "name", m.RANNodeName, "areas", listTAs(tas))
	g.send(nil, g.amf.setupResponse())
	g.amf.greetLoaded(g)
	g.amf.absent.back(m.GlobalRANNodeID.String())
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

// takeOverID makes the association the one of its global RAN node identity, TS 38.413 §8.7.1.1: what an older
// association with it held is erased, in the UEs' contexts too, and that association is ended. It tells whether the
// identity is contended and NG Setup was refused for it.
func (g *gnb) takeOverID(id string) (refused bool) {
	older := g.amf.gnbByID(id)
	if older == nil || older == g {
		return false
	}
	here, there := g.assoc.RemoteAddr().String(), older.assoc.RemoteAddr().String()
	if g.amf.contended(id) {
		g.log.Error("NG Setup refused: two gNBs use one identity", "id", id, "older", there, "change", "the gNB identity of one of them")
		wait := ngap.TimeToWaitV60s
		g.send(nil, &ngap.NGSetupFailure{Cause: ngap.CauseMiscUnspecified, TimeToWait: &wait})
		return true
	}
	g.log.Warn("gNB has set up anew: its older association is ended", "id", id, "older", there, "newer", here)
	older.reset()
	older.dropConnections("its gNB has set up anew")
	_ = older.assoc.Abort("NG Setup on another association") // it is gone whatever it says
	return false
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

// updateConfiguration is the RAN Configuration Update procedure, TS 38.413 §8.7.2.
func (g *gnb) updateConfiguration(m *ngap.RANConfigurationUpdate) {
	if len(m.SupportedTAList) > 0 {
		tas := supportedTAs(m.SupportedTAList)
		if refusal := g.amf.refuseTAs(tas); refusal != nil {
			g.log.Warn("RAN Configuration Update refused", "reason", refusal.why, "asked", listTAs(tas), "allowed", g.amf.listTAs(), "change", refusal.change)
			g.send(nil, &ngap.RANConfigurationUpdateFailure{Cause: refusal.cause, TimeToWait: new(ngap.TimeToWaitV10s)})
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
	g.send(nil, &ngap.RANConfigurationUpdateAcknowledge{})
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
	for t, slices := range tas {
		support, known := a.plmnSupport(t.PLMN)
		if !known {
			continue
		}
		plmn = true
		if !a.serves(t) {
			continue
		}
		area = true
		for _, s := range slices {
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

func contains(slices []ident.SNSSAI, s ident.SNSSAI) bool {
	for _, have := range slices {
		if have == s {
			return true
		}
	}
	return false
}

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
	for t, slices := range tas {
		parts = append(parts, fmt.Sprintf("%v slices %v", t, slices))
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
