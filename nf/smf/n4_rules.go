package smf

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/nas/gsm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The rules of every session, TS 29.244 §5.2. The QoS rule with identity i has the PDRs 2i-1 (uplink) and 2i
// (downlink); all share two FARs, one QER for the Session-AMBR and one URR, and each QoS flow has a QER of its own.
const (
	uplinkFAR   pfcp.FARID = 1
	downlinkFAR pfcp.FARID = 2
	ambrQER     pfcp.QERID = 1
	sessionURR  pfcp.URRID = 1
	// uplinkChoice makes the UPF choose the same F-TEID for all uplink PDRs, TS 29.244 §8.2.3.
	uplinkChoice uint8 = 1
	// restorationIndication is RESTI: the session existed before and so did its F-TEID, TS 29.244 §8.2.125.
	restorationIndication pfcp.SessionEstablishmentReqFlags = 1
)

// bufferAndNotify keeps downlink packets and reports the first of them, TS 23.501 §5.8.3.2.
const bufferAndNotify = pfcp.ApplyBUFF | pfcp.ApplyNOCP

func flowQER(qfi uint8) pfcp.QERID { return ambrQER + pfcp.QERID(qfi) }

// n4Rules are the PDRs and QERs of a session on its UPF. The values are not changed once made.
type n4Rules struct {
	pdrs map[pfcp.PDRID]pfcp.CreatePDR
	qers map[pfcp.QERID]pfcp.CreateQER
}

// rules are those that the UPF is to have for q. Call it with s.mu held.
func (s *session) rules(q *sessionQoS, local pfcp.FTEID) n4Rules {
	r := n4Rules{make(map[pfcp.PDRID]pfcp.CreatePDR, 2*len(q.rules)), make(map[pfcp.QERID]pfcp.CreateQER, 1+len(q.flows))}
	for _, pdr := range s.pdrs(q, local) {
		r.pdrs[pdr.PDRID] = pdr
	}
	for _, qer := range q.qers() {
		r.qers[qer.QERID] = qer
	}
	return r
}

// pdrs are the PDRs that the UPF is to have for q, in order. Call it with s.mu held.
func (s *session) pdrs(q *sessionQoS, local pfcp.FTEID) []pfcp.CreatePDR {
	list := make([]pfcp.CreatePDR, 0, 2*len(q.rules))
	for i := range q.rules {
		list = append(list, s.uplinkPDR(&q.rules[i], local), s.downlinkPDR(&q.rules[i]))
	}
	if len(q.rules) > 1 {
		slices.SortFunc(list, func(a, b pfcp.CreatePDR) int { return cmp.Compare(a.PDRID, b.PDRID) })
	}
	return list
}

// with are the rules while a change is under way: those of now, and of next what lets the uplink of new flows through,
// so that a UE may use what it has just been given, TS 23.502 §4.3.3.2 step 2.
func (r n4Rules) with(next n4Rules) n4Rules {
	both := n4Rules{maps.Clone(r.pdrs), maps.Clone(r.qers)}
	for id, q := range next.qers {
		if _, there := both.qers[id]; !there {
			both.qers[id] = q
		}
	}
	for id, p := range next.pdrs {
		if _, there := both.pdrs[id]; !there && p.PDI.SourceInterface == pfcp.InterfaceAccess {
			both.pdrs[id] = p
		}
	}
	return both
}

// inOrder are the values of a map by their keys.
func inOrder[K cmp.Ordered, V any](m map[K]V) []V {
	list := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[k])
	}
	return list
}

// changes is what turns the rules r into next, TS 29.244 §7.5.4; nil if that is nothing.
func (r n4Rules) changes(next n4Rules) *pfcp.SessionModificationRequest {
	m, qers := &pfcp.SessionModificationRequest{}, maps.Clone(r.qers)
	for _, old := range inOrder(r.pdrs) {
		if _, there := next.pdrs[old.PDRID]; !there {
			m.RemovePDR = append(m.RemovePDR, pfcp.RemovePDR{PDRID: old.PDRID})
		}
	}
	for _, p := range inOrder(next.pdrs) {
		switch old, there := r.pdrs[p.PDRID]; {
		case !there:
			m.CreatePDR = append(m.CreatePDR, p)
		case !reflect.DeepEqual(old, p):
			m.UpdatePDR = append(m.UpdatePDR, pfcp.UpdatePDR{PDRID: p.PDRID, Precedence: pfcp.Some(p.Precedence), PDI: pfcp.Some(p.PDI), QERID: p.QERID})
		}
	}
	for _, old := range inOrder(r.qers) {
		if now, there := next.qers[old.QERID]; !there || old.MBR.Present() && !now.MBR.Present() || old.GBR.Present() && !now.GBR.Present() {
			m.RemoveQER = append(m.RemoveQER, pfcp.RemoveQER{QERID: old.QERID})
			delete(qers, old.QERID)
		}
	}
	for _, q := range inOrder(next.qers) {
		switch old, there := qers[q.QERID]; {
		case !there:
			m.CreateQER = append(m.CreateQER, q)
		case old != q:
			m.UpdateQER = append(m.UpdateQER, pfcp.UpdateQER{QERID: q.QERID, MBR: q.MBR, GBR: q.GBR, QFI: q.QFI,
				RQI: pfcp.Some(q.RQI.Value()), AveragingWindow: q.AveragingWindow})
		}
	}
	if reflect.DeepEqual(m, &pfcp.SessionModificationRequest{}) {
		return nil
	}
	return m
}

// establishmentRequest holds all rules of the session as it is now, TS 29.244 §7.5.2. Call it with s.mu held.
func (s *session) establishmentRequest() *pfcp.SessionEstablishmentRequest {
	dnn := pfcp.NetworkInstance(s.network.Name)
	local := pfcp.FTEID{ChooseIPv4: true}
	if len(s.qos.rules) > 1 {
		local.ChooseID = pfcp.Some(uplinkChoice)
	}
	req := &pfcp.SessionEstablishmentRequest{
		NodeID: s.smf.nodeID(), CPFSEID: s.smf.fseid(s.seid),
		CreateFAR: []pfcp.CreateFAR{{
			FARID: uplinkFAR, ApplyAction: pfcp.ApplyFORW,
			ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
				DestinationInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(dnn),
				DestinationInterfaceType: pfcp.Some(pfcp.InterfaceTypeN6), OuterHeaderCreation: s.serverTunnel()}),
		}, s.downlinkFAR()},
		CreateURR: []pfcp.CreateURR{s.usageRule()},
		PDNType:   pfcp.Some(s.pdnType()),
		APNDNN:    pfcp.Some(dnn),
		SNSSAI:    pfcp.Some(pfcp.SNSSAI(s.slice)),

		UserPlaneInactivityTimer: s.inactivityTimer(),
	}
	if s.uplink.valid() {
		local = s.uplink.fteid()
		req.PFCPSEReqFlags = pfcp.Some(restorationIndication)
	}
	q := s.wanted()
	req.CreatePDR, req.CreateQER = s.pdrs(q, local), q.qers()
	return req
}

// wanted is the QoS that the user plane is to have: what the UE has, or while that is being changed what it gets.
func (s *session) wanted() *sessionQoS {
	if s.next != nil {
		return s.next
	}
	return s.qos
}

func (t tunnel) fteid() pfcp.FTEID {
	if t.addr.Is4() {
		return pfcp.FTEID{TEID: t.teid, IPv4: t.addr}
	}
	return pfcp.FTEID{TEID: t.teid, IPv6: t.addr}
}

// uplinkPDR matches what comes from the gNB: tunnel, source address, service data flow and QFI, TS 29.244 §5.2.1A.
func (s *session) uplinkPDR(r *qosRule, local pfcp.FTEID) pfcp.CreatePDR {
	return pfcp.CreatePDR{
		PDRID: 2*pfcp.PDRID(r.id) - 1, Precedence: pfcp.Precedence(r.precedence),
		PDI: pfcp.PDI{
			SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(local),
			UEIPAddress: s.address.pdi(false), SDFFilter: r.sdf(), EthernetPacketFilter: r.frames(true), FramedRoute: s.address.framedRoutes(true), FramedIPv6Route: s.address.framedRoutes(false),
			QFI: []pfcp.QFI{pfcp.QFI(r.flow.qfi)}, SourceInterfaceType: pfcp.Some(pfcp.InterfaceTypeN33GPP),
		},
		OuterHeaderRemoval: pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveGTPUUDPIPv4}),
		FARID:              pfcp.Some(uplinkFAR), URRID: []pfcp.URRID{sessionURR}, QERID: qersOf(r.flow),
	}
}

// downlinkPDR matches what the data network sends to the UE.
func (s *session) downlinkPDR(r *qosRule) pfcp.CreatePDR {
	return pfcp.CreatePDR{
		PDRID: 2 * pfcp.PDRID(r.id), Precedence: pfcp.Precedence(r.precedence),
		PDI: pfcp.PDI{
			SourceInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(pfcp.NetworkInstance(s.network.Name)),
			UEIPAddress: s.address.pdi(true), SDFFilter: r.sdf(), EthernetPacketFilter: r.frames(false), FramedRoute: s.address.framedRoutes(true), FramedIPv6Route: s.address.framedRoutes(false),
			SourceInterfaceType: pfcp.Some(pfcp.InterfaceTypeN6), EthernetPDUSessionInformation: s.ethernetInformation(),
		},
		OuterHeaderRemoval: s.serverHeader(), FARID: pfcp.Some(downlinkFAR), URRID: []pfcp.URRID{sessionURR}, QERID: qersOf(r.flow),
	}
}

// ethernetInformation makes a downlink PDR take the frames for whatever addresses the UE uses, TS 29.244 §8.2.101.
func (s *session) ethernetInformation() pfcp.Opt[pfcp.EthernetPDUSessionInformation] {
	if s.kind != gsm.Ethernet {
		return pfcp.Opt[pfcp.EthernetPDUSessionInformation]{}
	}
	return pfcp.Some(pfcp.EthernetPDUSessionETHI)
}

// downlinkFAR forwards to the gNB; without one it buffers, and once the UE could be paged it notifies.
func (s *session) downlinkFAR() pfcp.CreateFAR {
	far := pfcp.CreateFAR{FARID: downlinkFAR, ApplyAction: pfcp.ApplyBUFF}
	switch {
	case s.gnb.valid():
		far.ApplyAction = pfcp.ApplyFORW
		far.ForwardingParameters = pfcp.Some(pfcp.ForwardingParameters{
			DestinationInterface: pfcp.InterfaceAccess, OuterHeaderCreation: pfcp.Some(s.gnb.outerHeader()),
			DestinationInterfaceType: pfcp.Some(pfcp.InterfaceTypeN33GPP)})
	case s.state != Establishing:
		far.ApplyAction = bufferAndNotify
	}
	return far
}

// outerHeader is the GTP-U header towards the tunnel end.
func (t tunnel) outerHeader() pfcp.OuterHeaderCreation {
	if t.addr.Is4() {
		return pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv4, TEID: t.teid, IPv4: t.addr}
	}
	return pfcp.OuterHeaderCreation{Description: pfcp.CreateGTPUUDPIPv6, TEID: t.teid, IPv6: t.addr}
}

// usageRule measures the whole session, TS 29.244 §5.2.2.2. It always reports at the end of the session.
func (s *session) usageRule() pfcp.CreateURR {
	u := pfcp.CreateURR{URRID: sessionURR, MeasurementMethod: pfcp.MeasureVOLUM | pfcp.MeasureDURAT}
	if period := s.smf.cfg.Timers.UsageReport; period > 0 {
		u.ReportingTriggers = pfcp.TriggerPERIO
		u.MeasurementPeriod = pfcp.Some(pfcp.Seconds(max(1, period.Seconds())))
	}
	return u
}

// qers are the QERs of a session in order: the Session-AMBR and one for each flow, TS 29.244 §5.4.4.
func (q *sessionQoS) qers() []pfcp.CreateQER {
	list := make([]pfcp.CreateQER, 0, 1+len(q.flows))
	list = append(list, pfcp.CreateQER{QERID: ambrQER, MBR: pfcp.Some(mbr(q.ambr))})
	for i := range q.flows {
		f := &q.flows[i]
		qer := pfcp.CreateQER{QERID: flowQER(f.qfi), QFI: pfcp.Some(pfcp.QFI(f.qfi))}
		if f.mbr != (nudm.AMBR{}) {
			qer.MBR = pfcp.Some(mbr(f.mbr))
		}
		if f.guaranteed() {
			qer.GBR = pfcp.Some(pfcp.GBR(mbr(f.gbr)))
		}
		if f.window != 0 {
			qer.AveragingWindow = pfcp.Some(uint32(f.window))
		}
		if f.reflective { // TS 23.501 §5.7.5.3: the UPF marks what it sends to the UE
			qer.RQI = pfcp.Some(pfcp.RQI(1))
		}
		list = append(list, qer)
	}
	slices.SortFunc(list, func(a, b pfcp.CreateQER) int { return cmp.Compare(a.QERID, b.QERID) })
	return list
}

// qersOf are the QERs that a flow's packets pass. The Session-AMBR is of the non-GBR flows, TS 23.501 §5.7.1.8. The flow's own
// goes first: UPFs that take one QER of a PDR and no more (Open5GS, eUPF) then mark the packets with its QFI at least.
func qersOf(f *qosFlow) []pfcp.QERID {
	if f.guaranteed() {
		return []pfcp.QERID{flowQER(f.qfi)}
	}
	return []pfcp.QERID{flowQER(f.qfi), ambrQER}
}

// mbr turns bit/s into the kbit/s of TS 29.244 §8.2.8, rounded up so that a small rate is not none.
func mbr(r nudm.AMBR) pfcp.MBR {
	return pfcp.MBR{Uplink: kbit(r.Uplink), Downlink: kbit(r.Downlink)}
}

func kbit(bits uint64) uint64 { return bits/1000 + min(1, bits%1000) }
