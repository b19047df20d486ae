package amf

import "github.com/limpid-5g/limpid/wire/ngap"

// mobility is the key IEs of what a handover says.
func (d *details) mobility(m ngap.Message) {
	switch m := m.(type) {
	case *ngap.PathSwitchRequest:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("source-AMF-UE-NGAP-ID", m.SourceAMFUENGAPID)
		d.add("sessions", len(m.PDUSessionResourceToBeSwitchedDLList))
		d.some("failed", len(m.PDUSessionResourceFailedToSetupListPSReq))
	case *ngap.PathSwitchRequestAcknowledge:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.add("NCC", m.SecurityContext.NextHopChainingCount)
		d.add("sessions", len(m.PDUSessionResourceSwitchedList))
		d.some("released", len(m.PDUSessionResourceReleasedListPSAck))
		if m.UESecurityCapabilities != nil {
			d.add("capabilities", "corrected")
		}
	case *ngap.PathSwitchRequestFailure:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.some("released", len(m.PDUSessionResourceReleasedListPSFail))
	case *ngap.HandoverRequired:
		if t := m.TargetID.TargetRANNodeID; t != nil {
			d.add("target", t.GlobalRANNodeID.String())
			d.add("TAI", t.SelectedTAI.Ident())
		}
		d.add("sessions", len(m.PDUSessionResourceListHORqd))
	case *ngap.HandoverRequest:
		d.add("AMF-UE-NGAP-ID", m.AMFUENGAPID)
		d.add("NCC", m.SecurityContext.NextHopChainingCount)
		d.add("sessions", len(m.PDUSessionResourceSetupListHOReq))
	case *ngap.HandoverRequestAcknowledge:
		d.add("sessions", len(m.PDUSessionResourceAdmittedList))
		d.some("failed", len(m.PDUSessionResourceFailedToSetupListHOAck))
	case *ngap.HandoverFailure:
		d.add("cause", m.Cause)
	case *ngap.HandoverCommand:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.add("sessions", len(m.PDUSessionResourceHandoverList))
		d.some("released", len(m.PDUSessionResourceToReleaseListHOCmd))
	case *ngap.HandoverPreparationFailure:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.add("cause", m.Cause)
	case *ngap.HandoverCancel:
		d.add("cause", m.Cause)
	case *ngap.HandoverCancelAcknowledge:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.DownlinkRANStatusTransfer:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	}
}

func (d *details) both(amf ngap.AMFUENGAPID, ran ngap.RANUENGAPID) {
	d.add("RAN-UE-NGAP-ID", ran)
	d.add("AMF-UE-NGAP-ID", amf)
}

// some adds a number that is usually none.
func (d *details) some(name string, n int) {
	if n > 0 {
		d.add(name, n)
	}
}
