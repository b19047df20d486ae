package smf

import (
	"github.com/limpid-5g/limpid/sbi/nudm"
	"github.com/limpid-5g/limpid/wire/pfcp"
)

// The rules of every session, TS 29.244 §5.2. Rule i of the session's PCC rules has the PDRs 2i+1 (uplink) and 2i+2
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

// establishmentRequest holds all rules of the session as it is now, TS 29.244 §7.5.2. Call it with s.mu held.
func (s *session) establishmentRequest() *pfcp.SessionEstablishmentRequest {
	dnn := pfcp.NetworkInstance(s.network.Name)
	req := &pfcp.SessionEstablishmentRequest{
		NodeID: s.smf.nodeID(), CPFSEID: s.smf.fseid(s.seid),
		CreatePDR: make([]pfcp.CreatePDR, 0, 2*len(s.qos.rules)),
		CreateFAR: []pfcp.CreateFAR{{
			FARID: uplinkFAR, ApplyAction: pfcp.ApplyFORW,
			ForwardingParameters: pfcp.Some(pfcp.ForwardingParameters{
				DestinationInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(dnn)}),
		}, s.downlinkFAR()},
		CreateQER: s.qos.qers(),
		CreateURR: []pfcp.CreateURR{s.usageRule()},
		PDNType:   pfcp.Some(pfcp.PDNTypeIPv4),
		APNDNN:    pfcp.Some(dnn),
		SNSSAI:    pfcp.Some(pfcp.SNSSAI(s.slice)),
	}
	local := pfcp.FTEID{ChooseIPv4: true}
	if len(s.qos.rules) > 1 {
		local.ChooseID = pfcp.Some(uplinkChoice)
	}
	if s.uplink.valid() {
		local = pfcp.FTEID{TEID: s.uplink.teid, IPv4: s.uplink.addr}
		req.PFCPSEReqFlags = pfcp.Some(restorationIndication)
	}
	for i := range s.qos.rules {
		req.CreatePDR = append(req.CreatePDR, s.uplinkPDR(i, local), s.downlinkPDR(i))
	}
	return req
}

// uplinkPDR matches what comes from the gNB: tunnel, source address, service data flow and QFI, TS 29.244 §5.2.1A.
func (s *session) uplinkPDR(i int, local pfcp.FTEID) pfcp.CreatePDR {
	r := &s.qos.rules[i]
	return pfcp.CreatePDR{
		PDRID: pfcp.PDRID(2*i + 1), Precedence: pfcp.Precedence(r.precedence),
		PDI: pfcp.PDI{
			SourceInterface: pfcp.InterfaceAccess, LocalFTEID: pfcp.Some(local),
			UEIPAddress: []pfcp.UEIPAddress{{IPv4: s.address}}, SDFFilter: r.sdf(),
			QFI: []pfcp.QFI{pfcp.QFI(r.flow.qfi)}, SourceInterfaceType: pfcp.Some(pfcp.InterfaceTypeN33GPP),
		},
		OuterHeaderRemoval: pfcp.Some(pfcp.OuterHeaderRemoval{Description: pfcp.RemoveGTPUUDPIPv4}),
		FARID:              pfcp.Some(uplinkFAR), URRID: []pfcp.URRID{sessionURR}, QERID: s.qos.qersOf(r.flow),
	}
}

// downlinkPDR matches what the data network sends to the UE.
func (s *session) downlinkPDR(i int) pfcp.CreatePDR {
	r := &s.qos.rules[i]
	return pfcp.CreatePDR{
		PDRID: pfcp.PDRID(2*i + 2), Precedence: pfcp.Precedence(r.precedence),
		PDI: pfcp.PDI{
			SourceInterface: pfcp.InterfaceCore, NetworkInstance: pfcp.Some(pfcp.NetworkInstance(s.network.Name)),
			UEIPAddress: []pfcp.UEIPAddress{{IPv4: s.address, Destination: true}}, SDFFilter: r.sdf(),
			SourceInterfaceType: pfcp.Some(pfcp.InterfaceTypeN6),
		},
		FARID: pfcp.Some(downlinkFAR), URRID: []pfcp.URRID{sessionURR}, QERID: s.qos.qersOf(r.flow),
	}
}

// downlinkFAR forwards to the gNB; without one it buffers, and once the UE could be paged it notifies.
func (s *session) downlinkFAR() pfcp.CreateFAR {
	far := pfcp.CreateFAR{FARID: downlinkFAR, ApplyAction: pfcp.ApplyBUFF}
	switch {
	case s.gnb.valid():
		far.ApplyAction = pfcp.ApplyFORW
		far.ForwardingParameters = pfcp.Some(pfcp.ForwardingParameters{
			DestinationInterface: pfcp.InterfaceAccess, OuterHeaderCreation: pfcp.Some(s.gnb.outerHeader())})
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

// qers are the QERs of a session: the Session-AMBR and one for each flow, TS 29.244 §5.4.4.
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
		list = append(list, qer)
	}
	return list
}

// qersOf are the QERs that a flow's packets pass. The Session-AMBR is of the non-GBR flows, TS 23.501 §5.7.1.8.
func (q *sessionQoS) qersOf(f *qosFlow) []pfcp.QERID {
	if f.guaranteed() {
		return []pfcp.QERID{flowQER(f.qfi)}
	}
	return []pfcp.QERID{ambrQER, flowQER(f.qfi)}
}

// mbr turns bit/s into the kbit/s of TS 29.244 §8.2.8, rounded up so that a small rate is not none.
func mbr(r nudm.AMBR) pfcp.MBR {
	return pfcp.MBR{Uplink: kbit(r.Uplink), Downlink: kbit(r.Downlink)}
}

func kbit(bits uint64) uint64 { return bits/1000 + min(1, bits%1000) }
