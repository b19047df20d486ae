package amf

import (
	"fmt"
	"net/netip"

	"github.com/limpid-5g/limpid/wire/nas/gmm"
	"github.com/limpid-5g/limpid/wire/ngap"
)

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
		d.keys(m.SecurityContext, m.NewSecurityContextInd)
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
		d.keys(m.SecurityContext, m.NewSecurityContextInd)
		d.container(m.NASC)
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
	case *ngap.HandoverSuccess:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.DownlinkRANStatusTransfer:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.RerouteNASRequest:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
		d.add("set", m.AMFSetID)
	case *ngap.UEContextSuspendRequest:
		d.some("sessions", len(m.PDUSessionResourceSuspendListSUSReq))
	case *ngap.UEContextSuspendResponse:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.UEContextResumeRequest:
		d.some("sessions", len(m.PDUSessionResourceResumeListRESReq))
		d.some("failed", len(m.PDUSessionResourceFailedToResumeListRESReq))
	case *ngap.UEContextResumeResponse:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.some("sessions", len(m.PDUSessionResourceResumeListRESRes))
		d.some("failed", len(m.PDUSessionResourceFailedToResumeListRESRes))
	default:
		d.management(m)
	}
}

// keys is what a radio hears of the keys for it.
func (d *details) keys(s ngap.SecurityContext, fresh *ngap.NewSecurityContextInd) {
	d.add("NCC", s.NextHopChainingCount)
	if fresh != nil {
		d.add("NSCI", true)
	}
}

// container is what a UE hears of NAS security in a handover.
func (d *details) container(b []byte) {
	if c, err := gmm.DecodeIntraN1Container(b); err == nil {
		d.add("new-KAMF", c.NewKAMF)
		d.add("NEA", c.Algorithms.Ciphering())
		d.add("NIA", c.Algorithms.Integrity())
	}
}

// management is the key IEs of what concerns the interface, or what operators want of a UE.
func (d *details) management(m ngap.Message) {
	switch m := m.(type) {
	case *ngap.AMFConfigurationUpdate:
		if m.RelativeAMFCapacity != nil {
			d.add("capacity", *m.RelativeAMFCapacity)
		}
		for _, i := range m.AMFTNLAssociationToAddList {
			d.add("add", fmt.Sprintf("%v(%d)", cpText(&i.AMFTNLAssociationAddress), i.TNLAddressWeightFactor))
		}
		for _, i := range m.AMFTNLAssociationToUpdateList {
			d.add("update", fmt.Sprintf("%v(%d)", cpText(&i.AMFTNLAssociationAddress), value(i.TNLAddressWeightFactor)))
		}
		for _, i := range m.AMFTNLAssociationToRemoveList {
			d.add("remove", cpText(&i.AMFTNLAssociationAddress))
		}
	case *ngap.AMFConfigurationUpdateAcknowledge:
		for _, i := range m.AMFTNLAssociationSetupList {
			d.add("set-up", cpText(&i.AMFTNLAssociationAddress))
		}
		for _, i := range m.AMFTNLAssociationFailedToSetupList {
			d.add("failed", cpText(&i.TNLAssociationAddress))
		}
	case *ngap.AMFConfigurationUpdateFailure:
		d.add("cause", m.Cause)
		d.add("wait", timeToWait(m.TimeToWait))
	case *ngap.RANConfigurationUpdate:
		if m.GlobalRANNodeID != nil {
			d.add("id", m.GlobalRANNodeID.String())
		}
		if len(m.SupportedTAList) > 0 {
			d.add("TAs", listTAs(supportedTAs(m.SupportedTAList)))
		}
		d.some("remove", len(m.NGRANTNLAssociationToRemoveList))
	case *ngap.RANConfigurationUpdateFailure:
		d.add("cause", m.Cause)
		d.add("wait", timeToWait(m.TimeToWait))
	case *ngap.AMFStatusIndication:
		for _, i := range m.UnavailableGUAMIList {
			d.add("unavailable", i.GUAMI.Ident())
			if i.BackupAMFName != "" {
				d.add("backup", i.BackupAMFName)
			}
		}
	case *ngap.NGReset:
		d.add("cause", m.Cause)
		d.some("connections", len(m.ResetType.PartOfNGInterface))
	case *ngap.NGResetAcknowledge:
		d.some("connections", len(m.UEAssociatedLogicalNGConnectionList))
	case *ngap.UETNLABindingReleaseRequest:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.LocationReportingControl:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		d.add("event", m.LocationReportingRequestType.EventType)
	case *ngap.LocationReport:
		d.add("TAI", locationOf(&m.UserLocationInformation).TAI)
	case *ngap.LocationReportingFailureIndication:
		d.add("cause", m.Cause)
	case *ngap.TraceStart:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.TraceFailureIndication:
		d.add("cause", m.Cause)
	case *ngap.DeactivateTrace:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.UERadioCapabilityCheckRequest:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
	case *ngap.UEContextModificationRequest:
		d.both(m.AMFUENGAPID, m.RANUENGAPID)
		if m.SecurityKey != nil {
			d.add("key", "new")
		}
	case *ngap.UEContextModificationFailure:
		d.add("cause", m.Cause)
	case *ngap.NASNonDeliveryIndication:
		d.add("cause", m.Cause)
	case *ngap.RANCPRelocationIndication:
		d.add("RAN-UE-NGAP-ID", m.RANUENGAPID)
	default:
		d.transferred(m)
	}
}

func cpText(i *ngap.CPTransportLayerInformation) netip.AddrPort {
	at, _ := cpAddress(i)
	return at
}

func (d *details) both(amf ngap.AMFUENGAPID, ran ngap.RANUENGAPID) {
	d.add("RAN-UE-NGAP-ID", ran)
	d.add("AMF-UE-NGAP-ID", amf)
}

// value is what an optional element says, 0 without.
func value(w *ngap.TNLAddressWeightFactor) uint8 {
	if w == nil {
		return 0
	}
	return uint8(*w)
}

// some adds a number that is usually none.
func (d *details) some(name string, n int) {
	if n > 0 {
		d.add(name, n)
	}
}

// transferred is who tells whom what of itself.
func (d *details) transferred(m ngap.Message) {
	var octets []byte
	switch m := m.(type) {
	case *ngap.UplinkRANConfigurationTransfer:
		octets = m.SONConfigurationTransferUL
	case *ngap.DownlinkRANConfigurationTransfer:
		octets = m.SONConfigurationTransferDL
	}
	t, err := ngap.DecodeSONConfigurationTransfer(octets)
	if err != nil {
		return // none, or one that cannot be read
	}
	d.add("from", t.SourceRANNodeID.GlobalRANNodeID.String())
	d.add("to", t.TargetRANNodeID.GlobalRANNodeID.String())
	switch i := t.SONInformation; {
	case i.SONInformationRequest != nil:
		d.add("asks", *i.SONInformationRequest)
	case i.SONInformationReply != nil && i.SONInformationReply.XnTNLConfigurationInfo != nil:
		for _, a := range i.SONInformationReply.XnTNLConfigurationInfo.XnTransportLayerAddresses {
			v4, v6, _ := a.Addrs() // the zero address shows that there is none
			d.add("Xn", either(v4, v6))
		}
	}
}
