package ngap

import (
	"encoding/hex"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

// encodable is a transfer or a container, which travels as an OCTET STRING.
type encodable interface {
	Append(dst []byte) ([]byte, error)
}

// tunnel127 is 127.0.0.8 and TEID 0x01020304.
func tunnel127(t *testing.T) UPTransportLayerInformation {
	t.Helper()
	a, err := NewTransportLayerAddress(netip.MustParseAddr("127.0.0.8"), netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	return UPTransportLayerInformation{GTPTunnel: &GTPTunnel{TransportLayerAddress: a, GTPTEID: 0x01020304}}
}

func octetsOf(t *testing.T, a encodable) []byte {
	t.Helper()
	b, err := a.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mobilityGoldens are what SMF and gNBs tell each other in a handover, as octets of TS 38.413 §9.4.5 in ALIGNED PER: a preamble of
// an extension bit and a bit for each optional component, then the components. A tunnel is a bit for its kind, two of its own
// preamble, one whether the address is longer than 160 bits and 8 bits of its length, then, aligned, 127.0.0.8 and the TEID.
func mobilityGoldens(t *testing.T) map[string]encodable {
	t.Helper()
	tunnel := tunnel127(t)
	return map[string]encodable{
		"00":                     &HandoverRequiredTransfer{},
		"40":                     &HandoverRequiredTransfer{DirectForwardingPathAvailability: new(DirectForwardingPathAvailabilityDirectPathAvailable)},
		"00a0":                   &HandoverPreparationUnsuccessfulTransfer{Cause: CauseRadioNetworkTngrelocprepExpiry},
		"00b0":                   &HandoverResourceAllocationUnsuccessfulTransfer{Cause: CauseRadioNetworkRadioResourcesNotAvailable},
		"0160":                   &PathSwitchRequestSetupFailedTransfer{Cause: CauseRadioNetworkRadioResourcesNotAvailable},
		"0000":                   &PathSwitchRequestUnsuccessfulTransfer{Cause: CauseRadioNetworkUnspecified},
		"400f807f00000801020304": &HandoverCommandTransfer{DLForwardingUPTNLInformation: &tunnel},
		"401f7f00000801020304":   &PathSwitchRequestAcknowledgeTransfer{ULNGUUPTNLInformation: &tunnel},
		"001f7f000008010203040002": &PathSwitchRequestTransfer{
			DLNGUUPTNLInformation: tunnel, QosFlowAcceptedList: QosFlowAcceptedList{{QosFlowIdentifier: 1}}},
		"0007c07f00000801020304010100": &HandoverRequestAcknowledgeTransfer{DLNGUUPTNLInformation: tunnel, QosFlowSetupResponseList: QosFlowListWithDataForwarding{
			{QosFlowIdentifier: 1, DataForwardingAccepted: new(DataForwardingAcceptedDataForwardingAccepted)}}},
		"000180":                   &TargetNGRANNodeToSourceNGRANNodeTransparentContainer{RRCContainer: RRCContainer{0x80}},
		"000000012300070004560009": statusOfOneBearer(),
		"000180" + "00" + "00f110" + "0000000100" + "00" + "00" + "00f110" + "0000000201" + "000005": sourceToTarget(),
	}
}

func statusOfOneBearer() *RANStatusTransferTransparentContainer {
	return &RANStatusTransferTransparentContainer{DRBsSubjectToStatusTransferList: DRBsSubjectToStatusTransferList{{
		DRBID:       1,
		DRBStatusUL: DRBStatusUL{DRBStatusUL12: &DRBStatusUL12{ULCOUNTValue: COUNTValueForPDCPSN12{PDCPSN12: 0x123, HFNPDCPSN12: 7}}},
		DRBStatusDL: DRBStatusDL{DRBStatusDL12: &DRBStatusDL12{DLCOUNTValue: COUNTValueForPDCPSN12{PDCPSN12: 0x456, HFNPDCPSN12: 9}}},
	}}}
}

func sourceToTarget() *SourceNGRANNodeToTargetNGRANNodeTransparentContainer {
	cell := func(n NRCellIdentity) NGRANCGI {
		return NGRANCGI{NRCGI: &NRCGI{PLMNIdentity: PLMNIdentity{0x00, 0xf1, 0x10}, NRCellIdentity: n}}
	}
	return &SourceNGRANNodeToTargetNGRANNodeTransparentContainer{
		RRCContainer: RRCContainer{0x80}, TargetCellID: cell(16),
		UEHistoryInformation: UEHistoryInformation{{LastVisitedCellInformation: LastVisitedCellInformation{
			NGRANCell: &LastVisitedNGRANCellInformation{GlobalCellID: cell(32), CellType: CellType{CellSize: CellSizeMedium}, TimeUEStayedInCell: 5},
		}}},
	}
}

// TestMobilityTransfers: the octets are those, and are read as what they were.
func TestMobilityTransfers(t *testing.T) {
	for want, a := range mobilityGoldens(t) {
		b := octetsOf(t, a)
		if got := hex.EncodeToString(b); got != want {
			t.Errorf("%T: %s, want %s", a, got, want)
		}
	}
}

// TestMobilityContainers: an independent decoder opens what NGAP carries as octets in a handover and reads what was meant.
func TestMobilityContainers(t *testing.T) {
	tunnel := tunnel127(t)
	request := &HandoverRequest{}
	for _, m := range samples(t, false) {
		if r, ok := m.(*HandoverRequest); ok {
			request = r
		}
	}
	request.NASC = NASPDU{1, 2, 3, 4, 0x21, 0x15, 0x2a} // TS 24.501 §9.11.2.6
	request.SourceToTargetTransparentContainer = octetsOf(t, sourceToTarget())
	for name, c := range map[string]struct {
		message Message
		want    []string
	}{
		"what the target and the UE hear": {request, []string{
			"Message authentication code: 0x01020304", "Type of ciphering algorithm: 128-5G-EA2 (2)", "Type of integrity protection algorithm: 128-5G-IA1 (1)",
			"K_AMF change flag: A new K_AMF has been calculated by the network", "NAS key set identifier: 5", "Sequence number: 42",
			"rRCContainer: 80", "nRCellIdentity: 0x0000000010", "nRCellIdentity: 0x0000000020", "cellSize: medium (2)", "timeUEStayedInCell: 5s"}},
		"what the source hears": {&HandoverCommand{
			AMFUENGAPID: 1, RANUENGAPID: 2, HandoverType: HandoverTypeIntra5GS,
			PDUSessionResourceHandoverList: PDUSessionResourceHandoverList{{PDUSessionID: 1,
				HandoverCommandTransfer: octetsOf(t, &HandoverCommandTransfer{DLForwardingUPTNLInformation: &tunnel})}},
			PDUSessionResourceToReleaseListHOCmd: PDUSessionResourceToReleaseListHOCmd{{PDUSessionID: 2,
				HandoverPreparationUnsuccessfulTransfer: octetsOf(t, &HandoverPreparationUnsuccessfulTransfer{Cause: CauseRadioNetworkTngrelocprepExpiry})}},
			TargetToSourceTransparentContainer: octetsOf(t, &TargetNGRANNodeToSourceNGRANNodeTransparentContainer{RRCContainer: RRCContainer{0x80}}),
		}, []string{"TransportLayerAddress (IPv4): 127.0.0.8", "gTP-TEID: 01020304", "radioNetwork: tngrelocprep-expiry (10)", "rRCContainer: 80"}},
		"where the bearers stand": {&UplinkRANStatusTransfer{AMFUENGAPID: 1, RANUENGAPID: 2, RANStatusTransferTransparentContainer: *statusOfOneBearer()},
			[]string{"dRB-ID: 1", "pDCP-SN12: 291", "hFN-PDCP-SN12: 7", "pDCP-SN12: 1110", "hFN-PDCP-SN12: 9"}},
		"what a path switch leads to": {&PathSwitchRequestAcknowledge{
			AMFUENGAPID: 1, RANUENGAPID: 2, SecurityContext: SecurityContext{NextHopChainingCount: 3}, NewSecurityContextInd: new(NewSecurityContextIndTrue),
			PDUSessionResourceSwitchedList: PDUSessionResourceSwitchedList{{PDUSessionID: 1,
				PathSwitchRequestAcknowledgeTransfer: octetsOf(t, &PathSwitchRequestAcknowledgeTransfer{ULNGUUPTNLInformation: &tunnel})}},
			PDUSessionResourceReleasedListPSAck: PDUSessionResourceReleasedListPSAck{{PDUSessionID: 2,
				PathSwitchRequestUnsuccessfulTransfer: octetsOf(t, &PathSwitchRequestUnsuccessfulTransfer{Cause: CauseRadioNetworkUnspecified})}},
			AllowedNSSAI: request.AllowedNSSAI,
		}, []string{"TransportLayerAddress (IPv4): 127.0.0.8", "gTP-TEID: 01020304", "NewSecurityContextInd: true (0)", "nextHopChainingCount: 3", "radioNetwork: unspecified (0)"}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := Append(nil, c.message)
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("tshark", "-r", capture(t, [][]byte{b}), "-V").Output()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range append(c.want, "procedureCode") {
				if !strings.Contains(string(out), want) {
					t.Errorf("tshark does not read %q in\n%s", want, out)
				}
			}
			if strings.Contains(string(out), "Malformed") || strings.Contains(string(out), "Expert Info (Error") {
				t.Errorf("tshark finds it malformed:\n%s", out)
			}
		})
	}
}
